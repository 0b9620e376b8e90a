package main

import (
	"bufio"
	"math"
	"strconv"
	"unicode/utf8"

	"mamba-tui/model/session"
	"mamba-tui/model/tokenizer"
)

// schema is the version of the JSON this program prints. A member that is
// added does not change it; one that changes its meaning does.
const schema = 1

// jsonReport writes a run as lines of JSON. A long run has many steps, so they
// are written by hand.
type jsonReport struct {
	out  *bufio.Writer
	line []byte
}

func (r *jsonReport) begin(in *input, o runOptions) error {
	l := append(r.line[:0], `{"schema":`...)
	l = strconv.AppendInt(l, schema, 10)
	l = append(l, `,"type":"run","version":`...)
	l = appendString(l, version())
	l = append(l, `,"model":{"name":`...)
	l = appendString(l, in.file.Card.Name)
	l = append(l, `,"provenance":`...)
	l = appendString(l, string(in.file.Card.Kind))
	l = append(l, `,"task":`...)
	l = appendString(l, in.file.Card.Task)
	l = append(l, `,"sha256":`...)
	l = appendString(l, in.file.SHA256)
	l = append(l, `,"parameters":`...)
	l = strconv.AppendInt(l, int64(in.file.Parameters), 10)
	c := in.file.Config
	for _, d := range []struct {
		name string
		n    int
	}{
		{"vocab_size", c.VocabSize}, {"d_model", c.DModel}, {"n_layer", c.NLayer}, {"d_inner", c.DInner},
		{"d_state", c.DState}, {"d_conv", c.DConv}, {"dt_rank", c.DtRank},
	} {
		l = append(l, `,"`+d.name+`":`...)
		l = strconv.AppendInt(l, int64(d.n), 10)
	}
	l = append(l, `},"backend":`...)
	l = appendString(l, in.backend.Name())
	l = append(l, `,"backend_note":`...)
	l = appendString(l, in.note)
	l = append(l, `,"resumed":`...)
	l = strconv.AppendInt(l, int64(o.from.steps), 10)
	l = append(l, `,"prompt_tokens":`...)
	l = strconv.AppendInt(l, int64(len(in.tokens)), 10)
	l = append(l, `,"other_tokens":`...)
	l = strconv.AppendInt(l, int64(in.others()), 10)
	l = append(l, `,"steps":`...)
	l = strconv.AppendInt(l, int64(o.steps), 10)
	l = append(l, `,"temperature":`...)
	l = appendFloat(l, o.sampler.Temperature, 64)
	l = append(l, `,"top_k":`...)
	l = strconv.AppendInt(l, int64(o.sampler.TopK), 10)
	l = append(l, `,"seed":`...)
	l = strconv.AppendUint(l, o.sampler.Seed, 10)
	return r.write(append(l, '}'))
}

func (r *jsonReport) step(s *step) error {
	l := append(r.line[:0], `{"type":"step","step":`...)
	l = strconv.AppendInt(l, int64(s.index), 10)
	l = append(l, `,"source":"`+s.source+`","id":`...)
	l = strconv.AppendInt(l, int64(s.token.ID), 10)
	l = append(l, `,"text":`...)
	l = appendString(l, s.text)
	if s.token.Text != s.text {
		l = append(l, `,"typed":`...)
		l = appendString(l, s.token.Text)
	}
	l = append(l, `,"other":`...)
	l = strconv.AppendBool(l, s.token.Other)
	l = append(l, `,"layers":[`...)
	for i, layer := range s.layers {
		if i > 0 {
			l = append(l, ',')
		}
		l = append(l, `{"layer":`...)
		l = strconv.AppendInt(l, int64(i), 10)
		for _, f := range []struct {
			name string
			v    float32
		}{
			{"delta_mean", layer.DeltaMean}, {"delta_max", layer.DeltaMax},
			{"retention", layer.Retention}, {"kept", layer.Kept}, {"write", layer.Write},
		} {
			l = append(l, `,"`+f.name+`":`...)
			l = appendFloat(l, float64(f.v), 32)
		}
		l = append(l, `,"reset":`...)
		l = strconv.AppendBool(l, session.TickOf(layer.Kept) == session.TickWipe)
		l = append(l, '}')
	}
	l = append(l, `],"top":[`...)
	for i, g := range s.top {
		if i > 0 {
			l = append(l, ',')
		}
		l = append(l, `{"id":`...)
		l = strconv.AppendInt(l, int64(g.ID), 10)
		l = append(l, `,"text":`...)
		l = appendString(l, s.texts[i])
		l = append(l, `,"p":`...)
		l = appendFloat(l, g.P, 64)
		l = append(l, '}')
	}
	return r.write(append(l, "]}"...))
}

func (r *jsonReport) end() error { return nil }

func (r *jsonReport) write(line []byte) error {
	r.line = append(line, '\n')
	_, err := r.out.Write(r.line)
	return err
}

// appendFloat writes the shortest number that reads back as v, and null for
// what JSON has no number for.
func appendFloat(b []byte, v float64, bits int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, "null"...)
	}
	format := byte('g')
	if abs := math.Abs(v); abs == 0 || abs >= 1e-4 && abs < 1e15 {
		format = 'f'
	}
	return strconv.AppendFloat(b, v, format, -1, bits)
}

// appendString writes s as a JSON string in which every character that a
// terminal might obey is escaped: not only those that JSON forbids, but C1
// controls, DEL and characters that draw nothing. What is not UTF-8 becomes
// U+FFFD.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case tokenizer.Printable(r):
			b = utf8.AppendRune(b, r)
		default:
			units := []rune{r}
			if r >= 0x10000 { // two UTF-16 units
				units = []rune{0xd800 + (r-0x10000)>>10, 0xdc00 + (r-0x10000)&0x3ff}
			}
			for _, u := range units {
				b = append(b, '\\', 'u', hex[u>>12&15], hex[u>>8&15], hex[u>>4&15], hex[u&15])
			}
		}
	}
	return append(b, '"')
}

// escapeJSON escapes in finished JSON what appendString would have escaped.
// Outside of strings JSON is plain ASCII, so only strings can change.
func escapeJSON(text []byte) []byte {
	var b []byte
	for _, r := range string(text) {
		if r < 0x80 && r != 0x7f || tokenizer.Printable(r) {
			b = utf8.AppendRune(b, r)
			continue
		}
		s := appendString(nil, string(r))
		b = append(b, s[1:len(s)-1]...)
	}
	return b
}
