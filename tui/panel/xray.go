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

	rng           map[string]*heat.AutoRange // by stage.scale
	layer, branch int                        // that rng belongs to
	seen          *session.Window            // observed last
}

// NewXray is the block view: the cursor token's vectors at every stage of the
// block, one row a stage, from the residual stream through in_proj, the
// convolution, Δ, B and C, the state, and the gate back to the residual
// stream. The strips of all stages that have channels share their columns:
// channel d stands in one column from in_proj to the gate.
func NewXray() Panel { return &xray{base: base{id: "xray"}} }

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
		all := stages(w, m)
		s.observe(c, w, all)
		n := p.h - 1
		heading := n > len(all)
		if heading {
			n--
		}
		rows := fewer(all, n)
		lay := layout(p.w, w.D)
		s.x0, s.y0 = lay.x(), 1+b2i(heading)
		parts := []part{
			{long: "token " + named(c.Frame, m.T), short: named(c.Frame, m.T), keep: 9},
			{long: fmt.Sprintf("layer %d of %d", m.Layer, max(c.Frame.Info.Config.NLayer, 1)), short: fmt.Sprintf("layer %d", m.Layer), keep: 5},
			{long: fmt.Sprintf("channel %d, state %d marked", c.Cursor.D, stateOf(c, w)), short: cellName(c.Cursor.D, stateOf(c, w), w.N), keep: 4},
		}
		if cols := bins(w.D, lay.strip); cols < w.D && lay.strip > 0 {
			parts = append(parts, part{long: fmt.Sprintf("strips: %d channels → %d columns, max|·|", w.D, cols), short: fmt.Sprintf("%d → %d, max|·|", w.D, cols), keep: 7})
		}
		if len(rows) < len(all) {
			parts = append(parts, part{long: fmt.Sprintf("%d of %d stages", len(rows), len(all)), keep: 8})
		}
		parts = append(parts, runPart(c, w)...)
		if lacks := Lacking(c.Frame); lacks != "" {
			parts = append(parts, part{long: "not recorded: " + lacks, short: "not all recorded", keep: 8, role: theme.Warn})
		}
		if c.Stale || m.T != c.Cursor.T || m.Layer != c.Cursor.Layer {
			parts = append(parts, part{long: "computing …", short: "…", keep: 3})
		}
		p.title(focused, "block", parts...)
		if heading {
			r := p.row()
			r.put(theme.Dim, fill("", lay.arrow)+fill("stage", lay.name)+fill("shape", lay.shape)).pad(lay.strip + 1)
			for _, name := range []string{"min", "max", "rms"}[:lay.nums] {
				r.put(theme.Dim, right(name, lay.num))
			}
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
type columns struct {
	arrow, name, shape int
	strip              int // what is left over
	nums, num, digits  int // how many numbers, how wide, how precise
	value              int
	group              int // channels a column of the strip stands for
}

func (l columns) x() int { return l.arrow + l.name + l.shape }

// layout spreads the columns over w cells. Fewer channels to a column of the
// strips is worth more than any other column, but only whole steps count.
func layout(w, D int) columns {
	best := columns{}
	for i, l := range []columns{
		{arrow: 11, name: 7, shape: 8, nums: 3, num: 9, digits: 3, value: 10},
		{arrow: 11, name: 7, shape: 8, nums: 3, num: 8, digits: 2, value: 9},
		{arrow: 11, name: 7, shape: 8, nums: 3, num: 7, digits: 2, value: 8},
		{arrow: 11, name: 7, shape: 0, nums: 3, num: 7, digits: 2, value: 8},
		{arrow: 0, name: 8, shape: 0, nums: 3, num: 7, digits: 2, value: 8},
		{arrow: 0, name: 8, shape: 0, nums: 0, num: 0, digits: 2, value: 8},
		{arrow: 0, name: 8, shape: 0, nums: 0, num: 0, digits: 2, value: 0},
	} {
		l.strip = max(0, w-l.x()-l.nums*l.num-l.value-1)
		l.group = D
		if l.strip > 0 {
			l.group = (D + l.strip - 1) / l.strip
		}
		// Shapes and numbers go only where they would leave no strip.
		if i == 0 || best.strip < 8 || l.group < best.group && l.shape > 0 {
			best = l
		}
	}
	return best
}

// stage draws one row, tall lines high.
func (s *xray) stage(c *Context, p *page, w *session.Window, g *stage, l columns, tall int) {
	strip := s.strip(c, w, g, l.strip, tall)
	for i := range tall {
		s.shown = append(s.shown, *g)
		r := p.row()
		if i > 0 {
			r.pad(l.x())
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
		if g.name == "Δ" || g.name == "h[t]" {
			role = theme.Accent
		}
		r.put(role, fill(g.name, l.name))
		if l.shape > 0 {
			shape := g.shape
			if len(g.v) == 0 {
				shape = "–"
			}
			r.put(theme.Dim, fill(shape, l.shape))
		}
		if len(g.v) == 0 {
			r.put(theme.Dim, "not recorded")
			continue
		}
		r.raw(strip[0], l.strip).pad(1)
		lo, hi, rms := extent(g.v)
		for _, v := range []float64{lo, hi, rms}[:l.nums] {
			r.put(theme.Dim, right(sig(v, l.digits), l.num))
		}
		if l.value > 0 {
			if v, ok := s.value(c, w, g, l.digits); ok {
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
func (s *xray) value(c *Context, w *session.Window, g *stage, digits int) (string, bool) {
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
	return sig(float64(g.v[i]), digits), true
}

// bins is how many columns n values take in cols cells: each its own, or as
// many as equal groups need.
func bins(n, cols int) int {
	if n <= cols || cols < 1 {
		return n
	}
	group := (n + cols - 1) / cols
	return (n + group - 1) / group
}

// strip draws a stage's vector in cols cells, tall lines high.
func (s *xray) strip(c *Context, w *session.Window, g *stage, cols, tall int) []string {
	lines := make([]string, 0, tall)
	if cols < 1 || len(g.v) == 0 {
		for range tall {
			lines = append(lines, spaces(cols))
		}
		return lines
	}
	m := c.Theme.Div
	if !g.signed {
		m = c.Theme.Seq
	}
	rows, states, cell := g.spread(w, cols)
	var one heat.Raster
	one.Resize(len(rows.Of), 1)
	one.FillMatrix(g.v, len(states.Of[0]), 1, rows, states, s.rangeOf(g))
	pix := tall * heat.RowsPerLine(c.Theme.Depth)
	s.ras.Resize(len(rows.Of), pix)
	for y := range pix {
		copy(s.ras.Pix[y*s.ras.W:(y+1)*s.ras.W], one.Pix)
	}
	opt := heat.Plain(cell)
	opt.Rows = tall
	switch {
	case g.what == ofChannel || g.what == ofCell:
		opt.CursorX = rows.Row(c.Cursor.D)
	case g.what == ofStateN && w.N > 1:
		opt.CursorX = rows.Row(stateOf(c, w))
	}
	lines = guided(lines, &s.ras, m, opt)
	for i := range lines {
		lines[i] += spaces(cols - s.ras.W*cell)
	}
	return lines
}

// spread says which elements each column of the strip shows; those of h are
// (channel, state) pairs, the largest |h| over states is drawn.
func (g *stage) spread(w *session.Window, cols int) (rows, states heat.Rows, cell int) {
	n, per := len(g.v), 1
	if g.what == ofCell {
		per = w.N
		n /= per
	}
	rows = heat.Reduce(heat.Max, n, bins(n, cols), nil)
	states = heat.Rows{Of: [][]int{make([]int, per)}, Red: heat.Max}
	for i := range per {
		states.Of[0][i] = i
	}
	most := 4
	if g.what == ofStateN {
		most = 3
	}
	return rows, states, max(1, min(cols/max(len(rows.Of), 1), most))
}

// observe moves the ranges of the strips' colours, once a window and before
// any strip is drawn. A range is shared by stages that hold the same kind of
// value and kept from token to token, so that a small Δ is dark although it is
// the largest of its token.
func (s *xray) observe(c *Context, w *session.Window, all []stage) {
	if s.rng == nil || s.layer != w.Layer || s.branch != c.Frame.Branch.ID {
		s.rng, s.seen = map[string]*heat.AutoRange{}, nil
		s.layer, s.branch = w.Layer, c.Frame.Branch.ID
	}
	over := map[string]bool{}
	for i := range all {
		g := &all[i]
		r := s.rng[g.scale]
		if r == nil {
			r = &heat.AutoRange{}
			s.rng[g.scale] = r
		}
		scale := heat.Symmetric
		switch {
		case !g.signed && c.Opt.LogDelta:
			scale = heat.Log
		case !g.signed:
			scale = heat.Linear
		}
		rescaled := r.Scale != scale
		r.Scale = scale
		r.Frozen = c.Opt.Frozen && s.seen != nil && !rescaled
		if s.seen == w && !rescaled {
			continue
		}
		r.Observe(g.v)
		if !over[g.scale] {
			r.Observe(g.over(w))
			over[g.scale] = true
		}
	}
	s.seen = w
}

// rangeOf is the range of a stage's colours.
func (s *xray) rangeOf(g *stage) heat.Range { return s.rng[g.scale].Range() }

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
	l := layout(s.w, w.D)
	if len(g.v) == 0 || l.strip < 1 || x >= s.x0+l.strip {
		return cur, false
	}
	rows, _, cell := g.spread(w, l.strip)
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
	return 8, 2 + len(stages(run(c), m))
}
