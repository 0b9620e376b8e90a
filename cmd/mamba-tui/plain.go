package main

import (
	"bufio"
	"fmt"
	"strings"

	"mamba-tui/model/session"
	"mamba-tui/model/tokenizer"
)

// plainReport writes a run as sentences: no cursor movement, no colour, no
// drawing, one line a token, for people, pipes and screen readers.
type plainReport struct {
	out  *bufio.Writer
	in   *input
	line strings.Builder

	steps  int
	resets []int // steps that wiped a layer, the first maxListed
	wiped  int
	answer string // what the model says last
}

// maxListed bounds a list in the closing sentence.
const maxListed = 20

func (r *plainReport) begin(in *input, o runOptions) error {
	r.in = in
	c := in.file.Card
	fmt.Fprintf(r.out, "Model %s, %s, %d parameters.\n", tokenizer.Visible(c.Name), provenance(c.Kind), in.file.Parameters)
	for _, line := range []struct{ name, text string }{{"Task", c.Task}, {"Note", c.Note}} {
		if line.text != "" {
			fmt.Fprintf(r.out, "%s: %s\n", line.name, sentence(line.text))
		}
	}
	note := ""
	if in.note != "" {
		note = " (" + in.note + ")"
	}
	fmt.Fprintf(r.out, "Backend %s%s.\n", in.backend.Name(), note)
	d := in.file.Config
	fmt.Fprintf(r.out, "%s, %s, %s.\n", plural(d.NLayer, "layer"), plural(d.DInner, "channel"), plural(d.DState, "state")+" a channel")
	if o.from.what != "" {
		fmt.Fprintf(r.out, "%s.\n", o.from.what)
	}
	fmt.Fprintf(r.out, "Prompt of %s.\n", plural(len(in.tokens), "token"))
	if n := in.others(); n > 0 {
		fmt.Fprintf(r.out, "%s outside the alphabet, read as %s.\n", plural(n, "token"),
			tokenizer.Visible(in.tokenizer.Text(in.tokenizer.Other())))
	}
	if o.steps > 0 {
		fmt.Fprintf(r.out, "Then %s: temperature %v, top-k %d, seed %d.\n",
			plural(o.steps, "generated token"), o.sampler.Temperature, o.sampler.TopK, o.sampler.Seed)
	}
	return r.out.WriteByte('\n')
}

func (r *plainReport) step(s *step) error {
	l := &r.line
	l.Reset()
	what := "Token"
	if s.source == sourceGenerated {
		what = "Generated token"
	}
	fmt.Fprintf(l, "%s %d, %s", what, s.index, tokenizer.Visible(s.text))
	if s.token.Other {
		fmt.Fprintf(l, " for %s, which is outside the alphabet", tokenizer.Visible(s.token.Text))
	} else if s.token.Text != s.text {
		fmt.Fprintf(l, " typed as %s", tokenizer.Visible(s.token.Text))
	}
	l.WriteByte('.')
	reset := false
	for i, layer := range s.layers {
		if len(s.layers) > 1 {
			fmt.Fprintf(l, " Layer %d:", i)
		}
		fmt.Fprintf(l, " Delta mean %.3g, max %.3g.", layer.DeltaMean, layer.DeltaMax)
		switch {
		case layer.Kept != layer.Kept:
			l.WriteString(" The state was empty.")
		case session.TickOf(layer.Kept) == session.TickWipe:
			fmt.Fprintf(l, " Reset: kept %s of the state.", percent(float64(layer.Kept)))
		default:
			fmt.Fprintf(l, " Kept %s of the state.", percent(float64(layer.Kept)))
		}
		fmt.Fprintf(l, " Retention %.3g, wrote %.3g.", layer.Retention, layer.Write)
		reset = reset || session.TickOf(layer.Kept) == session.TickWipe
	}
	r.answer = ""
	for i, g := range s.top {
		if i > 0 {
			r.answer += ", "
		}
		r.answer += tokenizer.Visible(s.texts[i]) + " " + percent(g.P)
	}
	if r.answer != "" {
		l.WriteString(" Next: " + r.answer + ".")
	}
	l.WriteByte('\n')
	r.steps++
	if reset {
		r.wiped++
		if len(r.resets) < maxListed {
			r.resets = append(r.resets, s.index)
		}
	}
	_, err := r.out.WriteString(l.String())
	return err
}

func (r *plainReport) end() error {
	if r.steps == 0 {
		_, err := r.out.WriteString("Nothing to report: the prompt is empty.\n")
		return err
	}
	fmt.Fprintf(r.out, "\n%s done.", plural(r.steps, "token"))
	switch {
	case r.wiped == 0:
		r.out.WriteString(" The state was never reset.")
	default:
		at := strings.Trim(fmt.Sprint(r.resets), "[]")
		if r.wiped > len(r.resets) {
			at += fmt.Sprintf(" and %d more", r.wiped-len(r.resets))
		}
		fmt.Fprintf(r.out, " The state was reset at token %s.", at)
	}
	if r.answer != "" {
		fmt.Fprintf(r.out, " After the last token the model expects: %s.", r.answer)
	}
	return r.out.WriteByte('\n')
}

// percent writes a share for reading aloud. --json has all its digits.
func percent(share float64) string {
	switch {
	case share != share:
		return "not a number"
	case share > 0 && share < 0.001:
		return "less than 0.1 percent"
	case share > 0.999 && share < 1:
		return fmt.Sprintf("%.4g percent", 100*share)
	}
	return fmt.Sprintf("%.3g percent", 100*share)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// sentence is untrusted text that is meant for reading: its words, each made
// visible, with spaces between them.
func sentence(text string) string {
	words := strings.Fields(text)
	for i, w := range words {
		words[i] = tokenizer.Visible(w)
	}
	return strings.Join(words, " ")
}
