package panel

import (
	"fmt"
	"strings"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// diff draws what a tweak changed over time.
type diff struct {
	base
	delta, h timeHeat
	hFirst   int // first line of h's map
	dFirst   int // first line of Δ's map
	memo     diffMemo
}

// NewDiff is changed − clean over time, for Δ and for h (for what was written
// where h is not kept), on the shared axis, above them one sentence: what the
// change did to the answer.
func NewDiff() Panel { return &diff{base: base{id: "diff"}} }

// diffMemo keeps the differences between frames' redraws.
type diffMemo struct {
	frame    *session.Frame
	n        int
	delta, h []float32
	name     string
}

// of computes changed − clean for the frame, once.
func (m *diffMemo) of(c *Context, clean, changed *session.Window) {
	n := stateOf(c, clean)
	if m.frame == c.Frame && m.n == n {
		return
	}
	m.frame, m.n = c.Frame, n
	m.delta = minusRows(changed.Delta, clean.Delta)
	switch {
	case clean.H != nil && changed.H != nil:
		m.name = fmt.Sprintf("h  n = %d", n)
		m.h = minusRows(ofState(changed.H, clean.D, clean.N, n), ofState(clean.H, clean.D, clean.N, n))
	default:
		m.name = "write  ‖Δ·B·u‖"
		m.h = minusRows(changed.Write, clean.Write)
	}
}

// minusRows is a − b, or nil when they are not of one size.
func minusRows(a, b []float32) []float32 {
	if len(a) != len(b) {
		return nil
	}
	out := make([]float32, len(a))
	for i := range a {
		out[i] = a[i] - b[i]
	}
	return out
}

// Lines draws the sentence and the two maps.
func (s *diff) Lines(c *Context) []string {
	return s.draw(c, func(p *page) {
		clean, changed := c.Frame.Clean, c.Frame.Changed
		parts := []part{{long: "changed − clean", keep: 6}}
		for _, t := range c.Frame.Tweaks {
			parts = append(parts, part{long: phrase(t.Name()) + " · " + phrase(t.Scope()), short: phrase(t.Name()), keep: 5, role: theme.Changed})
		}
		if changed == nil || clean == nil {
			parts = append(parts, part{long: "no tweak in force", keep: 9})
		}
		if c.Stale {
			parts = append(parts, part{long: "computing …", short: "…", keep: 3})
		}
		p.title(c.Focus == s.id, "what changed", parts...)
		s.delta.rows, s.h.rows = heat.Rows{}, heat.Rows{}
		if changed == nil || clean == nil || clean.To <= clean.From {
			return
		}
		for _, l := range words(WhatIf(c), p.w-2) {
			p.row().pad(1).put(theme.Text, l)
		}
		if clean.From != changed.From || clean.To != changed.To || clean.Layer != changed.Layer || clean.D != changed.D || clean.N != changed.N {
			p.row().pad(1).put(theme.Dim, "the two runs do not show the same tokens yet: computing …")
			return
		}
		s.memo.of(c, clean, changed)
		p.flush()
		each := (p.room() - 2) / 2
		if each < 1 {
			each = p.room() - 1
		}
		s.dFirst = s.part(c, p, &s.delta, clean, s.memo.delta, "Δ", each)
		s.hFirst = s.part(c, p, &s.h, clean, s.memo.h, s.memo.name, each)
	})
}

// part draws one map under a title of its own and returns its first line.
func (s *diff) part(c *Context, p *page, th *timeHeat, w *session.Window, data []float32, name string, n int) int {
	if p.room() < 2 || n < 1 {
		return p.h
	}
	ser := series{data: data, rows: w.D, noun: "channels", letter: "d", cursor: c.Cursor.D, signed: true, group: inGroup(c.Frame, w.D), only: OnlyGroup(c, w.D)}
	rng := th.observe(c, w, &ser)
	rows := ser.spread(c, w, n)
	r := p.row().pad(min(c.Axis.Gutter, 1))
	txt := []part{{long: name, keep: 9}, {long: "changed − clean", keep: 5}, {long: fmt.Sprintf("%d channels", w.D), keep: 4}, {long: rangeText(rng, c.Opt.Frozen), keep: 8}}
	if reduced(&ser, rows) {
		txt[2] = part{long: rows.Title, short: ser.few(rows), keep: 50}
	}
	same := true
	for _, v := range data {
		if v != 0 { // NaN counts as a difference
			same = false
			break
		}
	}
	if same {
		txt = append(txt, part{long: "no difference", keep: 8})
	}
	var out []string
	for _, t := range fit(txt, 3, r.left) {
		if t != "" {
			out = append(out, t)
		}
	}
	r.put(theme.Dim, strings.Join(out, " · "))
	p.flush()
	first := len(p.lines)
	th.lines(c, p, w, &ser, rng, rows, min(n, p.room()), c.Focus == s.id)
	p.flush()
	return first
}

// WhatIf is one sentence: what the tweaks in force did to the answer at the
// cursor. It is "" without a changed run.
func WhatIf(c *Context) string {
	f := c.Frame
	if f.Changed == nil {
		return ""
	}
	a, b := moment(f.Clean), moment(f.Changed)
	var names []string
	for _, t := range f.Tweaks {
		names = append(names, phrase(t.Name()))
	}
	what := strings.Join(names, ", ")
	if what == "" {
		what = "changed run"
	}
	if a == nil || b == nil || len(a.Top) == 0 || len(b.Top) == 0 || a.T != b.T {
		return what + ": the answer is being computed …"
	}
	say := func(g session.Guess) string {
		return clip(symbol(f, g.ID), 12) + " (" + probability(float64(g.P)) + ")"
	}
	after := "the answer after " + clip(subject(f, a.T), 12)
	if a.Top[0].ID != b.Top[0].ID {
		return what + ": " + after + " changes from " + say(a.Top[0]) + " to " + say(b.Top[0])
	}
	return what + ": " + after + " stays " + clip(symbol(f, a.Top[0].ID), 12) + ", its probability goes from " +
		probability(float64(a.Top[0].P)) + " to " + probability(float64(b.Top[0].P))
}

// Hit maps a cell to its token and channel.
func (s *diff) Hit(c *Context, x, y int) (Cursor, bool) {
	cur, ok := hitToken(c, &s.base, x, y)
	if !ok {
		return cur, false
	}
	if d, ok := s.h.rowAt(c, y-s.hFirst); ok {
		cur.D = d
	} else if d, ok := s.delta.rowAt(c, y-s.dFirst); ok && y < s.hFirst {
		cur.D = d
	}
	return cur, true
}

// Wants says how many lines the panel can do with and how many show all.
func (s *diff) Wants(c *Context) (least, best int) {
	w := c.Frame.Clean
	if w == nil {
		return 6, 6
	}
	per := heat.RowsPerLine(c.Theme.Depth)
	return 6, 4 + 2*max(1, (w.D+per-1)/per)
}
