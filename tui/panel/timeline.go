package panel

import (
	"fmt"
	"math"
	"strconv"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// timeline is the whole history, or a stretch of it, in one line of cells.
type timeline struct{ base }

// NewTimeline is the strip of the whole history: many tokens a cell. Its colour
// is the mean Δ over channels, the largest and the mean of the cell's tokens;
// below it stand reset ticks, what the maps show (━), the cursor and the marks.
func NewTimeline() Panel { return &timeline{base{id: "timeline"}} }

// Lines draws as much of title, strip, kept share and marks as there is room
// for: the strip first.
func (k *timeline) Lines(c *Context) []string {
	return k.draw(c, func(p *page) {
		o := c.Frame.Overview
		if o == nil || o.Cells() == 0 {
			p.title(c.Focus == k.id, "timeline", part{long: "no tokens yet", keep: 9})
			return
		}
		if p.h > 2 {
			p.title(c.Focus == k.id, "timeline", k.describe(c, o)...)
		}
		k.strip(c, p, o)
		if p.h > 4 {
			k.kept(c, p, o, min(p.room()-1, 3))
		}
		if p.room() > 0 {
			k.marks(c, p, o)
		}
	})
}

// describe says where the cursor is, and how much a cell holds.
func (k *timeline) describe(c *Context, o *session.Overview) []part {
	n := total(c.Frame)
	per := float64(o.To-o.From) / float64(o.Cells())
	parts := []part{{long: position(c.Cursor.T, n), keep: 9, role: theme.Accent}}
	if per > 1 {
		parts = append(parts, part{long: short(per) + " tokens a cell", short: short(per) + "/cell", keep: 6})
	}
	if o.From > 0 || o.To < n {
		parts = append(parts, part{long: fmt.Sprintf("tokens %d–%d of %d", o.From, o.To-1, n), keep: 7})
	}
	what, few := "background = mean Δ over channels", "Δ"
	if crowded(c, o) {
		what, few = "above the largest Δ of a cell, below its mean", "Δ: most, mean"
	} else if per > 1 {
		what = "background = largest Δ of a cell"
	}
	return append(parts,
		part{long: what, short: few, keep: 3},
		part{long: fmt.Sprintf("┃ wipe %d · ┆ half %d", sum(o.Wipes), sum(o.Halves)), short: fmt.Sprintf("┃%d ┆%d", sum(o.Wipes), sum(o.Halves)), keep: 5})
}

// position is where a token stands in a history of n: "token 35 · 64.2 %".
func position(t, n int) string {
	if n < 2 {
		return "token " + strconv.Itoa(t)
	}
	return "token " + strconv.Itoa(t) + " · " + percent(float64(t)/float64(n-1))
}

func sum(v []int) int {
	n := 0
	for _, x := range v {
		n += x
	}
	return n
}

// column is the cell of the overview that data column x shows; every cell has
// the same number of columns but for rounding.
func (k *timeline) column(c *Context, o *session.Overview, x int) (int, bool) {
	cols := k.cols(c)
	if x < 0 || x >= cols {
		return 0, false
	}
	return x * o.Cells() / cols, true
}

func (k *timeline) cols(c *Context) int { return max(k.w-c.Axis.Gutter, 0) }

// place is the first data column that shows token t.
func (k *timeline) place(c *Context, o *session.Overview, t int) (int, bool) {
	if t < o.From || t >= o.To {
		return 0, false
	}
	cell := int((int64(t-o.From)*int64(o.Cells()) + int64(o.Cells()) - 1) / int64(o.To-o.From))
	for cell > 0 && o.Start(cell) > t {
		cell--
	}
	for cell+1 < o.Cells() && o.Start(cell+1) <= t {
		cell++
	}
	return (cell*k.cols(c) + o.Cells() - 1) / o.Cells(), true
}

// strip draws the cells: Δ behind, ticks before.
func (k *timeline) strip(c *Context, p *page, o *session.Overview) {
	rng := heat.Range{Max: 1}
	if c.Opt.LogDelta {
		rng.Scale = heat.Log
	}
	most, least := 0.0, math.Inf(1)
	for _, e := range o.Delta {
		if v := float64(e.Max); v > most {
			most = v
		}
		if v := float64(e.Min); v > 0 {
			least = min(least, v)
		}
	}
	if most > 0 {
		rng.Max = most
	}
	if rng.Scale == heat.Log {
		rng.Min = max(min(least, rng.Max), rng.Max*1e-6)
	}
	r := p.row()
	name := "all"
	if n := total(c.Frame); p.h < 3 && n > 1 {
		name = strconv.Itoa(int(math.Round(100*float64(c.Cursor.T)/float64(n-1)))) + " %"
	} else if o.From > 0 || o.To < n {
		name = "part"
	}
	label(c, r, name)
	at, seen := k.place(c, o, c.Cursor.T)
	if !seen {
		at = -1
	}
	if crowded(c, o) {
		k.halves(c, r, o, rng, at)
		return
	}
	last := -1
	for x := range k.cols(c) {
		i, _ := k.column(c, o, x)
		sign, pre := " ", ""
		if i != last {
			sign = tickSign(o, i).s
		}
		last = i
		if x == at {
			pre = bold + reverse
			if sign == " " {
				sign = "▲"
			}
		}
		r.raw(c.Theme.Level(true, rng.Pixel(float64(o.Delta[i].Max)), pre+sign), 1)
	}
}

// crowded says that a cell is many tokens and can show two colours: the largest
// Δ above, the mean below, so that how often Δ opens is seen too. The ticks then
// stand a line lower.
func crowded(c *Context, o *session.Overview) bool {
	return o.To-o.From > o.Cells() && heat.RowsPerLine(c.Theme.Depth) == 2
}

// halves draws the cells in two colours.
func (k *timeline) halves(c *Context, r *row, o *session.Overview, rng heat.Range, at int) {
	var ras heat.Raster
	cols := k.cols(c)
	ras.Resize(cols, 2)
	for x := range cols {
		i, _ := k.column(c, o, x)
		ras.Pix[x] = rng.Pixel(float64(o.Delta[i].Max))
		ras.Pix[cols+x] = rng.Pixel(float64(o.Delta[i].Mean))
	}
	opt := heat.Plain(1)
	opt.CursorX = at
	r.raw(guided(nil, &ras, c.Theme.Seq, opt)[0], cols)
}

// tickSign is the sign of the reset ticks in a cell, a space for none.
func tickSign(o *session.Overview, i int) sign {
	switch {
	case o.Wipes[i] > 0:
		return sign{theme.Wipe, "┃"}
	case o.Halves[i] > 0:
		return sign{theme.Half, "┆"}
	}
	return sign{theme.Dim, " "}
}

// kept draws the least kept share of every cell as bars of n lines.
func (k *timeline) kept(c *Context, p *page, o *session.Overview, n int) {
	for y := n - 1; y >= 0; y-- {
		r := p.row()
		switch y {
		case n - 1:
			label(c, r, "ρ min")
		default:
			label(c, r, "")
		}
		for x := range k.cols(c) {
			i, _ := k.column(c, o, x)
			v := float64(o.Kept[i].Min)
			switch e := int(math.Round(v*8*float64(n))) - 8*y; {
			case math.IsNaN(v):
				r.pad(1)
			case y == 0:
				r.put(theme.BarDim, eighths[max(1, min(e, 8))])
			default:
				r.put(theme.BarDim, eighths[max(0, min(e, 8))])
			}
		}
	}
}

// marks draws what the maps show, the marks and the cursor.
func (k *timeline) marks(c *Context, p *page, o *session.Overview) {
	cols := k.cols(c)
	signs := make([]sign, cols)
	if crowded(c, o) {
		last := -1
		for x := range cols {
			if i, _ := k.column(c, o, x); i != last {
				if t := tickSign(o, i); t.s != " " {
					signs[x] = t
				}
				last = i
			}
		}
	}
	from, okFrom := k.place(c, o, max(c.Axis.From, o.From))
	to, okTo := k.place(c, o, min(c.Axis.To-1, o.To-1))
	if okFrom && okTo && c.Axis.To > o.From && c.Axis.From < o.To {
		for x := from; x <= to && x < cols; x++ {
			signs[x] = sign{theme.Bar, "━"}
		}
	}
	for _, m := range c.Frame.Marks {
		if x, ok := k.place(c, o, m.T); ok && x < cols {
			signs[x] = sign{theme.Key, "▾"}
		}
	}
	if x, ok := k.place(c, o, c.Cursor.T); ok && x < cols {
		signs[x] = sign{theme.Focus, "▲"}
	}
	r := p.row()
	label(c, r, "shown")
	for _, s := range signs {
		if s.s == "" {
			r.pad(1)
			continue
		}
		r.put(s.role, s.s)
	}
}

// Hit maps a cell to the first token of what it shows.
func (k *timeline) Hit(c *Context, x, y int) (Cursor, bool) {
	o := c.Frame.Overview
	if x < 0 || y < 0 || x >= k.w || y >= k.h || o == nil || o.Cells() == 0 || k.h > 2 && y == 0 {
		return c.Cursor, false
	}
	i, ok := k.column(c, o, x-c.Axis.Gutter)
	if !ok {
		return c.Cursor, false
	}
	cur := c.Cursor
	cur.T = o.Start(i)
	return cur, true
}

// Wants says how many lines the strip can do with and how many show all.
func (k *timeline) Wants(*Context) (least, best int) { return 1, 6 }
