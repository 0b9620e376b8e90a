package panel

import (
	"fmt"
	"math"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// xray is one token on its way through one block.
type xray struct {
	base
	shown []stage // as last drawn, a line each
	x0    int     // first column of the strips
	y0    int     // first line of the stages
	ras   heat.Raster
}

// NewXray is the block view: the cursor token's vectors at every stage of the
// block, one row a stage, from the residual stream through in_proj, the
// convolution, Δ, B and C, the state, and the gate back to the residual
// stream. The strips of all stages that have channels share their columns:
// channel d stands in one column from in_proj to the gate.
func NewXray() Panel { return &xray{base: base{id: "xray"}} }

// stage is one row: a vector and what it is.
type stage struct {
	arrow  string // what leads here
	name   string
	shape  string
	v      []float32
	what   kindOf
	signed bool
	keep   int    // rows of low keep go first when there is no room
	text   string // instead of v: an explanation
}

// kindOf says what an element of a stage's vector is.
type kindOf uint8

const (
	ofModel   kindOf = iota // a dimension of the residual stream
	ofChannel               // a channel
	ofStateN                // a state
	ofCell                  // (D, N)
)

// stages lists the block's rows for a moment.
func stages(c *Context, w *session.Window, m *session.Moment) []stage {
	D, N, K := w.D, w.N, 0
	if D > 0 {
		K = len(m.Window) / D
	}
	M := len(m.In)
	sh := func(n int, l string) string { return fmt.Sprintf("%s %d", l, n) }
	s := []stage{
		{"", "in", sh(M, "M"), m.In, ofModel, true, 9, ""},
		{"RMSNorm", "norm", sh(M, "M"), m.Norm, ofModel, true, 4, ""},
		{"in_proj", "x", sh(D, "D"), m.X, ofChannel, true, 6, ""},
	}
	for k := range K {
		name, keep := fmt.Sprintf("tap t−%d", K-1-k), 2
		if k == K-1 {
			name, keep = "tap t", 3
		}
		arrow := ""
		if k == 0 {
			arrow = "conv"
		}
		s = append(s, stage{arrow, name, fmt.Sprintf("K %d/%d", k+1, K), m.Window[k*D : (k+1)*D], ofChannel, true, keep, ""})
	}
	s = append(s,
		stage{"SiLU", "u", sh(D, "D"), m.U, ofChannel, true, 9, ""},
		stage{"x_proj", "Δ", sh(D, "D"), m.Delta, ofChannel, false, 10, ""},
		stage{"", "B", sh(N, "N"), m.B, ofStateN, true, 7, ""},
		stage{"", "C", sh(N, "N"), m.C, ofStateN, true, 7, ""},
		stage{"scan", "h before", fmt.Sprintf("%d×%d", D, N), m.HPrev, ofCell, true, 8, ""},
		stage{"Āh+ΔBu", "h after", fmt.Sprintf("%d×%d", D, N), m.H, ofCell, true, 10, ""},
		stage{"C·h+D·u", "y", sh(D, "D"), m.Y, ofChannel, true, 8, ""},
		stage{"in_proj", "z", sh(D, "D"), m.Z, ofChannel, true, 5, ""},
		stage{"y·SiLU(z)", "gated", sh(D, "D"), m.Gated, ofChannel, true, 7, ""},
		stage{"out_proj", "out", sh(M, "M"), m.Out, ofModel, true, 9, ""},
	)
	return s
}

// Lines draws the title, a heading and the stages.
func (s *xray) Lines(c *Context) []string {
	return s.draw(c, func(p *page) {
		s.shown = s.shown[:0]
		w := run(c)
		m := moment(w)
		focused := c.Focus == s.id
		if m == nil || w.D == 0 || w.N == 0 {
			p.title(focused, "block", part{long: "one token through a block", keep: 5}, part{long: "no tokens yet", keep: 9})
			return
		}
		all := stages(c, w, m)
		n := p.h - 1
		heading := n > len(all)
		if heading {
			n--
		}
		rows := fewer(all, n)
		lay := s.layout(p.w)
		s.x0, s.y0 = lay.x, 1+b2i(heading)
		parts := []part{
			{long: "token " + named(c.Frame, m.T), short: named(c.Frame, m.T), keep: 9},
			{long: fmt.Sprintf("layer %d of %d", m.Layer, max(c.Frame.Info.Config.NLayer, 1)), short: fmt.Sprintf("layer %d", m.Layer), keep: 5},
			{long: fmt.Sprintf("channel %d, state %d marked", c.Cursor.D, stateOf(c, w)), short: cellName(c.Cursor.D, stateOf(c, w), w.N), keep: 4},
		}
		if w.D > lay.strip {
			parts = append(parts, part{long: fmt.Sprintf("strips: %d channels → %d columns, max|·|", w.D, lay.strip), short: fmt.Sprintf("%d → %d, max|·|", w.D, lay.strip), keep: 7})
		}
		if len(rows) < len(all) {
			parts = append(parts, part{long: fmt.Sprintf("%d of %d stages", len(rows), len(all)), keep: 8})
		}
		if c.Frame.Changed != nil && w == c.Frame.Changed {
			parts = append(parts, part{long: "changed run", short: "changed", keep: 10, role: theme.Changed})
		}
		if c.Stale || m.T != c.Cursor.T || m.Layer != c.Cursor.Layer {
			parts = append(parts, part{long: "computing …", short: "…", keep: 3})
		}
		p.title(focused, "block", parts...)
		if heading {
			r := p.row()
			r.put(theme.Dim, fill("", lay.arrow)+fill("stage", lay.name)+fill("shape", lay.shape)).pad(lay.strip + 1)
			r.put(theme.Dim, right("min", lay.num)+right("max", lay.num)+right("rms", lay.num))
			if lay.value > 0 {
				r.put(theme.Dim, right(cellName(c.Cursor.D, stateOf(c, w), w.N), lay.value))
			}
		}
		// Room to spare makes the strips taller.
		tall := 1
		if len(rows) > 0 {
			tall = max(1, min(3, (p.h-1-b2i(heading))/len(rows)))
		}
		for i := range rows {
			s.stage(c, p, w, &rows[i], lay, tall)
		}
	})
}

// fewer leaves out the stages of lowest keep until n remain, in order.
func fewer(all []stage, n int) []stage {
	out := append([]stage(nil), all...)
	for len(out) > max(n, 0) {
		low := 0
		for i := range out {
			if out[i].keep < out[low].keep {
				low = i
			}
		}
		out = append(out[:low], out[low+1:]...)
	}
	return out
}

// columns of the block view, in cells.
type columns struct{ arrow, name, shape, x, strip, num, value int }

// layout spreads the columns over w cells: the strip takes what is left over.
func (s *xray) layout(w int) columns {
	l := columns{name: 9, num: 8}
	if w >= 64 {
		l.value = 11
	}
	if w >= 76 {
		l.arrow = 11
	}
	if w >= 90 {
		l.shape = 8
	}
	if w < 50 {
		l.num = 0
	}
	l.x = l.arrow + l.name + l.shape
	l.strip = max(0, w-l.x-3*l.num-l.value-1)
	return l
}

// stage draws one row, tall lines high.
func (s *xray) stage(c *Context, p *page, w *session.Window, g *stage, l columns, tall int) {
	strip := s.strip(c, w, g, l.strip, tall)
	for i := range tall {
		s.shown = append(s.shown, *g)
		r := p.row()
		if i > 0 {
			r.pad(l.x)
			r.raw(strip[i], l.strip)
			continue
		}
		if l.arrow > 0 {
			arrow := ""
			if g.arrow != "" {
				arrow = "↓ " + g.arrow
			}
			r.put(theme.Dim, fill(arrow, l.arrow))
		}
		role := theme.Text
		if g.name == "Δ" || g.name == "h after" {
			role = theme.Accent
		}
		r.put(role, fill(g.name, l.name))
		if l.shape > 0 {
			r.put(theme.Dim, fill(g.shape, l.shape))
		}
		r.raw(strip[0], l.strip).pad(1)
		if l.num > 0 {
			lo, hi, rms := extent(g.v)
			r.put(theme.Dim, right(sig(lo, 3), l.num)+right(sig(hi, 3), l.num)+right(sig(rms, 3), l.num))
		}
		if l.value > 0 {
			if v, ok := s.value(c, w, g); ok {
				r.put(theme.Accent, right(v, l.value))
			}
		}
	}
}

// extent is the smallest and largest value and the root mean square; NaN in
// any element shows in all three.
func extent(v []float32) (lo, hi, rms float64) {
	if len(v) == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, x := range v {
		f := float64(x)
		lo, hi = math.Min(lo, f), math.Max(hi, f)
		rms += f * f
	}
	return lo, hi, math.Sqrt(rms / float64(len(v)))
}

// value is the stage's element at the cursor.
func (s *xray) value(c *Context, w *session.Window, g *stage) (string, bool) {
	i := -1
	switch g.what {
	case ofChannel:
		i = c.Cursor.D
	case ofStateN:
		i = stateOf(c, w)
	case ofCell:
		i = c.Cursor.D*w.N + stateOf(c, w)
	}
	if i < 0 || i >= len(g.v) {
		return "", false
	}
	return sig(float64(g.v[i]), 3), true
}

// strip draws a stage's vector in cols cells, tall lines high, on a range of
// its own.
func (s *xray) strip(c *Context, w *session.Window, g *stage, cols, tall int) []string {
	blank := make([]string, tall)
	for i := range blank {
		blank[i] = spaces(cols)
	}
	if cols < 1 || len(g.v) == 0 {
		return blank
	}
	rng := heat.AutoRange{Scale: heat.Symmetric}
	m := c.Theme.Div
	if !g.signed {
		rng.Scale = heat.Linear
		if c.Opt.LogDelta {
			rng.Scale = heat.Log
		}
		m = c.Theme.Seq
	}
	rng.Observe(g.v)
	// h is drawn as the largest |h| over states for each channel.
	n, per := len(g.v), 1
	if g.what == ofCell {
		per = w.N
		n /= per
	}
	rows := heat.Reduce(heat.Max, n, cols, nil)
	states := heat.Reduce(heat.Max, per, 1, nil)
	pix := tall * heat.RowsPerLine(c.Theme.Depth)
	var one heat.Raster
	one.Resize(len(rows.Of), 1)
	one.FillMatrix(g.v[:n*per], per, 1, rows, states, rng.Range())
	s.ras.Resize(len(rows.Of), pix)
	for y := range pix {
		copy(s.ras.Pix[y*s.ras.W:(y+1)*s.ras.W], one.Pix)
	}
	cell := max(1, cols/len(rows.Of))
	if g.what == ofStateN {
		cell = min(cell, 4)
	}
	opt := heat.Plain(cell)
	opt.Rows = tall
	switch g.what {
	case ofChannel, ofCell:
		opt.CursorX = rows.Row(c.Cursor.D)
	case ofStateN:
		opt.CursorX = rows.Row(stateOf(c, w))
	}
	if opt.CursorX >= 0 {
		opt.CursorY = 0
	}
	lines := s.ras.Lines(nil, m, opt)
	for i := range lines {
		lines[i] += spaces(cols - s.ras.W*cell)
	}
	return lines
}

// Hit maps a cell of a strip to its channel or state.
func (s *xray) Hit(c *Context, x, y int) (Cursor, bool) {
	cur := c.Cursor
	w := run(c)
	y -= s.y0
	if w == nil || x < s.x0 || x >= s.w {
		return cur, false
	}
	if y < 0 || y >= len(s.shown) {
		return cur, false
	}
	g := s.shown[y]
	l := s.layout(s.w)
	n := len(g.v)
	if g.what == ofCell {
		n = w.D
	}
	if n == 0 || l.strip < 1 {
		return cur, false
	}
	rows := heat.Reduce(heat.Max, n, l.strip, nil)
	cell := max(1, l.strip/len(rows.Of))
	if g.what == ofStateN {
		cell = min(cell, 4)
	}
	of := rows.Channels((x - s.x0) / cell)
	if len(of) == 0 {
		return cur, false
	}
	switch g.what {
	case ofModel:
		return cur, false
	case ofStateN:
		cur.N = of[0]
	default:
		cur.D = of[0]
	}
	return cur, true
}

// Wants says how many lines the block can do with and how many show all.
func (s *xray) Wants(c *Context) (least, best int) {
	m := moment(run(c))
	if m == nil {
		return 8, 16
	}
	return 8, 2 + len(stages(c, run(c), m))
}
