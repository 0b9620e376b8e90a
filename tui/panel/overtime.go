package panel

import (
	"fmt"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// overTime is a heatmap on the shared axis: Δ, what is written, B, C or h.
type overTime struct {
	base
	heat   timeHeat
	diff   timeHeat // of the difference of two runs: it has a range of its own
	name   string   // the symbol in the title
	what   string   // what it is, in words
	few    string   // the same when there is little room
	series func(c *Context, w *session.Window) (series, string)
	onN    bool // rows are states, not channels
}

// NewDelta is Δ over time, channels × tokens: the step size after softplus.
func NewDelta() Panel {
	return &overTime{base: base{id: "delta"}, name: "Δ", what: "step size", series: func(c *Context, w *session.Window) (series, string) {
		return series{rows: w.D, noun: "channels", letter: "d", cursor: c.Cursor.D, log: c.Opt.LogDelta, group: inGroup(c.Frame, w.D), only: OnlyGroup(c, w.D),
			data: w.Delta, most: w.Largest.Delta}, ""
	}}
}

// NewWrite is what each token writes, channels × tokens: ‖Δ·B·u‖ over states.
func NewWrite() Panel {
	return &overTime{base: base{id: "write"}, name: "write", what: "‖Δ·B·u‖ over n", few: "‖ΔBu‖", series: func(c *Context, w *session.Window) (series, string) {
		return series{rows: w.D, noun: "channels", letter: "d", cursor: c.Cursor.D, log: c.Opt.LogDelta, group: inGroup(c.Frame, w.D), only: OnlyGroup(c, w.D),
			data: w.Write, most: w.Largest.Write}, ""
	}}
}

// NewB is B over time, states × tokens: what lets u into h.
func NewB() Panel {
	return &overTime{base: base{id: "b"}, name: "B", what: "what enters h", few: "in", onN: true, series: func(c *Context, w *session.Window) (series, string) {
		return series{rows: w.N, noun: "states", letter: "n", cursor: c.Cursor.N, signed: true,
			data: w.B, most: w.Largest.B}, ""
	}}
}

// NewC is C over time, states × tokens: what is read from h.
func NewC() Panel {
	return &overTime{base: base{id: "c"}, name: "C", what: "what is read from h", few: "out", onN: true, series: func(c *Context, w *session.Window) (series, string) {
		return series{rows: w.N, noun: "states", letter: "n", cursor: c.Cursor.N, signed: true,
			data: w.C, most: w.Largest.C}, ""
	}}
}

// NewHTime is h over time for the cursor's state n, channels × tokens: what
// was written stays a bar until it is wiped.
func NewHTime() Panel {
	return &overTime{base: base{id: "htime"}, name: "h", what: "state over time", few: "state", series: func(c *Context, w *session.Window) (series, string) {
		if w.H == nil {
			T := w.To - w.From
			return series{}, fmt.Sprintf("h over time is not kept: %d tokens × %d channels × %d states = %s values are above the session's bound; show fewer tokens",
				T, w.D, w.N, count(T*w.D*w.N))
		}
		n := stateOf(c, w)
		return series{rows: w.D, noun: "channels", letter: "d", cursor: c.Cursor.D, signed: true, group: inGroup(c.Frame, w.D), only: OnlyGroup(c, w.D),
			data: ofState(w.H, w.D, w.N, n), most: w.Largest.H}, ""
	}}
}

// ofState picks state n out of h (T, D, N), as (T, D).
func ofState(h []float32, D, N, n int) []float32 {
	if N == 1 {
		return h
	}
	out := make([]float32, len(h)/N)
	for i := range out {
		out[i] = h[i*N+n]
	}
	return out
}

// stateOf is the cursor's state, kept inside [0, N).
func stateOf(c *Context, w *session.Window) int { return max(0, min(c.Cursor.N, w.N-1)) }

// count writes a number of things: 1234 or 1.2 million.
func count(n int) string {
	if n < 100000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%.1f million", float64(n)/1e6)
}

// Lines draws the title, the map and, where there is room, a colourbar: of one
// run, or of the difference of two.
func (o *overTime) Lines(c *Context) []string {
	return o.draw(c, func(p *page) {
		if c.Opt.Difference && c.Frame.Changed != nil {
			o.difference(c, p)
			return
		}
		w := run(c)
		if w == nil || w.To <= w.From || w.D == 0 || w.N == 0 {
			p.title(c.Focus == o.id, o.name, part{long: o.what, keep: 5}, part{long: "no tokens yet", keep: 9})
			return
		}
		s, why := o.series(c, w)
		if why != "" {
			o.refuse(c, p, why)
			return
		}
		o.paint(c, p, w, &s, &o.heat, nil)
	})
}

// difference draws the second run minus the first.
func (o *overTime) difference(c *Context, p *page) {
	clean, changed, why := both(c)
	if why != "" {
		p.title(c.Focus == o.id, o.name, part{long: o.what, short: o.few, keep: 5}, part{long: why, keep: 9})
		return
	}
	a, why := o.series(c, clean)
	if why == "" {
		var b series
		if b, why = o.series(c, changed); why == "" {
			a = difference(a, b, clean, changed)
		}
	}
	if why != "" {
		o.refuse(c, p, why)
		return
	}
	said := []part{{long: minusNames(c.Frame), keep: 9, role: theme.Changed}}
	if alike(a.data) {
		said = append(said, part{long: "no difference", keep: 9})
	} else if most := largest(a.data); 8*most <= a.most { // a.most is eight times what rounding does
		said = append(said, part{long: "no more than rounding: " + short(float64(most)), short: "rounding", keep: 9})
	}
	o.paint(c, p, clean, &a, &o.diff, said)
}

// refuse says why there is no map.
func (o *overTime) refuse(c *Context, p *page, why string) {
	p.title(c.Focus == o.id, o.name, part{long: o.what, short: o.few, keep: 5})
	for _, l := range words(why, p.w-min(c.Axis.Gutter, p.w/4)-1) {
		if p.room() > 0 {
			p.row().pad(min(c.Axis.Gutter, p.w/4)).put(theme.Dim, l)
		}
	}
}

// paint draws a series of the tokens of w.
func (o *overTime) paint(c *Context, p *page, w *session.Window, s *series, th *timeHeat, said []part) {
	focused := c.Focus == o.id
	n, bar := p.room(), false
	titled := p.h > 1
	if titled {
		n--
	}
	per := heat.RowsPerLine(c.Theme.Depth)
	if n >= 8 && n*per > s.shown() { // a line to spare
		bar, n = true, n-1
	}
	rng := th.observe(c, w, s)
	rows := s.spread(c, w, n)
	if titled {
		p.title(focused, o.name, o.describe(c, w, s, rng, rows, said)...)
	}
	th.lines(c, p, w, s, rng, rows, n, focused)
	o.heat.rows = rows // what Hit looks at
	if bar && p.room() > 0 {
		m := c.Theme.Seq
		if s.signed {
			m = c.Theme.Div
		}
		r := p.row().pad(c.Axis.Gutter)
		wide := min(r.left, 48)
		r.raw(heat.Colourbar(wide, m, rng), wide)
	}
}

// describe is the title: what it is, what was reduced and the colours' range.
func (o *overTime) describe(c *Context, w *session.Window, s *series, rng heat.Range, rows heat.Rows, said []part) []part {
	parts := append([]part{{long: o.what, short: o.few, keep: 3}}, said...)
	if o.id == "htime" {
		parts = append(parts, part{long: fmt.Sprintf("n = %d of %d", stateOf(c, w), w.N), short: fmt.Sprintf("n %d/%d", stateOf(c, w), w.N), keep: 7})
	}
	if reduced(s, rows) {
		parts = append(parts, part{long: rows.Title, short: s.few(rows), keep: 50})
	} else if s.only != nil {
		parts = append(parts, part{long: phrase(c.Frame.Group.Name), short: fmt.Sprintf("%d of %d", len(s.only), s.rows), keep: 50})
	} else {
		parts = append(parts, part{long: fmt.Sprintf("%d %s", s.rows, plural(s.rows, s.noun)), short: fmt.Sprintf("%d", s.rows), keep: 4})
	}
	parts = append(parts, part{long: rangeText(rng, c.Opt.Frozen), keep: 8})
	if o.id == "delta" && s.group != nil && s.only == nil {
		parts = append(parts, part{long: "▐ " + phrase(c.Frame.Group.Name), keep: 1})
	}
	parts = append(parts, runPart(c, w)...)
	if c.Stale {
		parts = append(parts, part{long: "computing …", short: "…", keep: 2})
	}
	return parts
}

// reduced says that not every row of the data has a row of pixels of its own.
func reduced(s *series, rows heat.Rows) bool {
	n := 0
	for y, of := range rows.Of {
		if len(of) > 1 {
			return true
		}
		if y == 0 || of[0] != rows.Of[y-1][0] {
			n++
		}
	}
	return n < s.shown()
}

// few is a reduction's title where there is little room: "64 → 20, max|·|" or
// "16 of 64 → 12, max|·|".
func (s *series) few(rows heat.Rows) string {
	if s.only != nil {
		return few(rows, fmt.Sprintf("%d of %d", len(s.only), s.rows))
	}
	return few(rows, fmt.Sprint(s.rows))
}

// shown is how many rows of the data the picture is about.
func (s *series) shown() int {
	if s.only != nil {
		return len(s.only)
	}
	return s.rows
}

// few names all that is reduced, how many rows of it are left, and how.
func few(rows heat.Rows, all string) string {
	n := 0
	for y, of := range rows.Of {
		if y == 0 || len(of) > 0 && of[0] != rows.Of[y-1][0] {
			n++
		}
	}
	how := map[heat.Reduction]string{heat.Max: "max|·|", heat.Mean: "mean", heat.RMS: "rms", heat.TopK: "top variance"}[rows.Red]
	return fmt.Sprintf("%s → %d, %s", all, n, how)
}

// plural drops the final s of what for one.
func plural(n int, what string) string {
	if n == 1 {
		return what[:len(what)-1]
	}
	return what
}

// rangeText is the colours' range in words: "log 2e-9…20", "±3.9".
func rangeText(r heat.Range, frozen bool) string {
	s := ""
	switch r.Scale {
	case heat.Symmetric:
		s = "±" + short(r.Limit())
	case heat.SymLog:
		s = "symlog ±" + short(r.Limit())
	case heat.Log:
		s = "log " + short(r.Min) + "…" + short(r.Max)
	default:
		s = short(r.Min) + "…" + short(r.Max)
	}
	if frozen {
		s += " frozen"
	}
	return s
}

// Hit maps a cell to its token and its channel or state.
func (o *overTime) Hit(c *Context, x, y int) (Cursor, bool) {
	if x < 0 || y < 0 || x >= o.w || y >= o.h {
		return c.Cursor, false
	}
	if o.h > 1 {
		y--
	}
	t, ok := c.Axis.TokenAt(x - c.Axis.Gutter)
	if !ok {
		return c.Cursor, false
	}
	cur := c.Cursor
	cur.T = t
	if i, ok := o.heat.rowAt(c, y); ok {
		if o.onN {
			cur.N = i
		} else {
			cur.D = i
		}
	}
	return cur, true
}

// Wants says how many lines the panel can do with and how many show all.
func (o *overTime) Wants(c *Context) (least, best int) {
	w := run(c)
	if w == nil {
		return 2, 2
	}
	rows := w.D
	if o.onN {
		rows = w.N
	} else if only := OnlyGroup(c, w.D); only != nil {
		rows = len(only)
	}
	per := heat.RowsPerLine(c.Theme.Depth)
	return 2, 1 + max(1, (rows+per-1)/per)
}
