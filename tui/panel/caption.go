package panel

import (
	"fmt"
	"math"
	"strings"

	"mamba-tui/model/session"
	"mamba-tui/tui/theme"
)

// caption is the one sentence under the picture.
type caption struct{ base }

// NewCaption is one sentence about the cursor's token, computed from what is
// shown: how far Δ opened and where, how much of h was kept, what was written.
// Where two runs are compared, what that did to the answer comes first.
func NewCaption() Panel { return &caption{base{id: "caption"}} }

// Lines draws the sentences, wrapped at words.
func (s *caption) Lines(c *Context) []string {
	return s.draw(c, func(p *page) {
		role := theme.Text
		if c.Focus == s.id {
			role = theme.Focus
		}
		if c.Opt.Compare {
			for _, l := range words(WhatIf(c), p.w-2) {
				p.row().pad(1).put(theme.Changed, l)
			}
		}
		for _, l := range words(Caption(c), p.w-2) {
			p.row().pad(1).put(role, l)
		}
	})
}

// words wraps a sentence at spaces to lines of at most w cells.
func words(s string, w int) []string {
	var lines []string
	for _, word := range strings.Fields(s) {
		if n := len(lines); n > 0 && width(lines[n-1])+1+width(word) <= w {
			lines[n-1] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}

// A token leaves h alone in the caption's words when it keeps at least
// keptAbove of it and writes less than wroteBelow of what h then holds; below
// none it is said to have written nothing.
const (
	keptAbove  = 0.99
	wroteBelow = 1e-3
	none       = 1e-6
)

// Caption is the sentence of NewCaption for any frame: one line of text
// without control characters.
func Caption(c *Context) string {
	f, w := c.Frame, run(c)
	m := moment(w)
	if m == nil {
		if f.Tokens.Len() > 0 {
			return "computing …"
		}
		return "no tokens yet: h is 0"
	}
	var b strings.Builder
	b.WriteString("token " + subject(f, m.T))
	if m.T > 0 {
		b.WriteString(" after " + clip(text(f, m.T-1), 12))
	}
	if f.Tokens.Len() > m.T && m.T >= 0 && outside(f.Tokens.At(m.T)) {
		b.WriteString(" (outside the alphabet, read as " + symbol(f, f.Tokens.At(m.T).ID) + ")")
	}
	rho, total, norm := math.NaN(), 0.0, 0.0
	if l := lane(w, w.Layer); l != nil {
		rho = laneAt(w, l.Kept, m.T, rho)
		total = laneAt(w, l.Write, m.T, total)
		norm = laneAt(w, l.HNorm, m.T, norm)
	}
	quiet := total == 0 || total <= wroteBelow*norm && !math.IsInf(total, 0)
	b.WriteString(": " + opened(m.Delta, quiet && !(rho < keptAbove)))
	switch {
	case isZero(m.HPrev):
		b.WriteString("; h was 0")
	default:
		b.WriteString("; kept " + percent(rho) + " of h")
	}
	b.WriteString("; " + wrote(at(w, w.Write, m.T, w.D), total, norm, quiet))
	return b.String()
}

// subject names the token of the sentence.
func subject(f *session.Frame, t int) string {
	if s := text(f, t); s != "" {
		return clip(s, 12)
	}
	return fmt.Sprint(t)
}

func laneAt(w *session.Window, v []float32, t int, missing float64) float64 {
	if x, ok := one(w, v, t); ok {
		return float64(x)
	}
	return missing
}

func isZero(v []float32) bool {
	for _, x := range v {
		if x != 0 {
			return false
		}
	}
	return true
}

// opened says how large Δ is and in how many channels it is at least half of
// its largest; for a token that did nothing, only its largest.
func opened(delta []float32, quiet bool) string {
	hi, bad := 0.0, 0
	for _, x := range delta {
		if v := float64(x); math.IsNaN(v) {
			bad++
		} else {
			hi = max(hi, v)
		}
	}
	if bad > 0 {
		return fmt.Sprintf("Δ is NaN in %d of %d channels", bad, len(delta))
	}
	if quiet {
		return "Δ at most " + sig(hi, 3)
	}
	n, lo := 0, hi
	for _, x := range delta {
		if v := float64(x); v >= hi/2 {
			n++
			lo = min(lo, v)
		}
	}
	s := sig(hi, 3)
	if l := sig(lo, 3); l != s {
		s = l + "…" + s
	}
	if n == len(delta) {
		return fmt.Sprintf("Δ %s in all %d channels", s, n)
	}
	return fmt.Sprintf("Δ %s in %d of %d channels", s, n, len(delta))
}

// most is the share of what was written (by its squared norm) above which one
// channel is said to have taken it all.
const most = 0.99

// wrote says how much was written and to which channel. write holds the norm
// over states for each channel, total that over all of them, norm is ‖h‖ after
// the token.
func wrote(write []float32, total, norm float64, quiet bool) string {
	switch {
	case math.IsNaN(total):
		return "wrote NaN"
	case quiet && total > none*norm:
		return "wrote almost nothing (‖ΔBu‖ " + short(total) + ")"
	case quiet:
		return "wrote nothing (‖ΔBu‖ " + short(total) + ")"
	}
	best := -1
	for d, x := range write {
		if best < 0 || x > write[best] {
			best = d
		}
	}
	if best < 0 {
		return "wrote " + sig(total, 3)
	}
	v := float64(write[best])
	if v*v >= most*total*total {
		return fmt.Sprintf("wrote %s to channel %d", sig(v, 3), best)
	}
	return fmt.Sprintf("wrote %s in all, most (%s) to channel %d", sig(total, 3), sig(v, 3), best)
}

// Hit never moves the cursor.
func (s *caption) Hit(c *Context, x, y int) (Cursor, bool) { return c.Cursor, false }

// Wants says how many lines the sentence takes at the panel's width.
func (s *caption) Wants(c *Context) (least, best int) {
	return 1, max(1, len(words(Caption(c), s.w-2)))
}
