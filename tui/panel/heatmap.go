package panel

import (
	"fmt"
	"slices"
	"strconv"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// series is a matrix over the tokens of a window: (T, rows), row-major, one
// row of the picture a channel or a state. Nil data is "nothing to draw".
type series struct {
	data   []float32
	rows   int     // D or N
	only   []int   // the rows to show, ascending; nil: all
	noun   string  // what a row is: "channels", "states"
	letter string  // its letter on the labels: "d", "n"
	cursor int     // the cursor's row
	signed bool    // zero-centred
	log    bool    // logarithmic, where it is not signed
	group  []bool  // rows of the named channel group, or nil
	most   float32 // the largest magnitude of the whole history
}

// visible is the part of the data that the axis shows, and its first token.
func (s *series) visible(a Axis, w *session.Window) (data []float32, from, T int) {
	from, to := max(a.From, w.From), min(a.To, w.To)
	if to <= from || s.rows <= 0 || (to-w.From)*s.rows > len(s.data) {
		return nil, from, 0
	}
	return s.data[(from-w.From)*s.rows : (to-w.From)*s.rows], from, to - from
}

// timeHeat draws a series on the shared axis and remembers how.
type timeHeat struct {
	rng    heat.AutoRange
	seen   *session.Window // observed last
	layer  int
	branch int
	ras    heat.Raster
	rows   heat.Rows // pixel rows as last drawn, for Hit
	body   []string
}

// observe moves the colour range to the visible values, once a frame. A range
// belongs to a layer and a branch: it starts anew with another one.
func (th *timeHeat) observe(c *Context, w *session.Window, s *series) heat.Range {
	if w.Layer != th.layer || c.Frame.Branch.ID != th.branch {
		th.rng.Frozen = false
		th.rng.Reset()
		th.seen, th.layer, th.branch = nil, w.Layer, c.Frame.Branch.ID
	}
	scale := heat.Linear
	switch {
	case s.signed:
		scale = heat.Symmetric
	case s.log:
		scale = heat.Log
	}
	rescaled := scale != th.rng.Scale
	th.rng.Scale = scale
	th.rng.Frozen = c.Opt.Frozen && th.seen != nil && !rescaled
	if !th.rng.Frozen && (th.seen != w || rescaled) {
		data, _, _ := s.visible(c.Axis, w)
		th.rng.Observe(data, s.most)
		th.seen = w
	}
	return th.rng.Range()
}

// tallest is how many pixel rows a row of data may take.
const tallest = 6

// spread says which data rows each pixel row of lines lines shows. With more
// room than rows each is repeated.
func (s *series) spread(c *Context, w *session.Window, lines int) heat.Rows {
	pix := lines * heat.RowsPerLine(c.Theme.Depth)
	red := reductionOf(c.Opt.Reduction)
	n, noun := s.rows, s.noun
	if s.only != nil {
		n, noun = len(s.only), fmt.Sprintf("of %d %s", s.rows, s.noun)
	}
	var variance []float64
	if data, _, T := s.visible(c.Axis, w); red == heat.TopK && n > pix && T > 0 {
		all := heat.Variance(data, T, s.rows)
		variance = all
		if s.only != nil {
			variance = make([]float64, n)
			for i, d := range s.only {
				variance[i] = all[d]
			}
		}
	}
	rows := heat.ReduceNamed(red, n, pix, variance, noun)
	if s.only != nil {
		rows = rows.Pick(s.only)
	}
	if n > 0 && pix/n > 1 {
		rows = rows.Stretch(min(pix/n, tallest))
	}
	return rows
}

// used is the number of slots up to the last that holds a token.
func used(a Axis) int {
	if a.To-a.From >= a.Slots() {
		return a.Slots()
	}
	n := 0
	for t := a.From; t < a.To; t++ {
		if x, ok := a.Slot(t); ok {
			n = max(n, x+1)
		}
	}
	return n
}

// reductionOf finds a reduction by its name; a name that is none is max.
func reductionOf(name string) heat.Reduction {
	red, err := heat.ParseReduction(name)
	if err != nil {
		return heat.Max
	}
	return red
}

// lines draws the series in at most n lines of gutter and data.
func (th *timeHeat) lines(c *Context, p *page, w *session.Window, s *series, rng heat.Range, rows heat.Rows, n int, focused bool) {
	th.rows = rows
	per := heat.RowsPerLine(c.Theme.Depth)
	n = min(n, (len(rows.Of)+per-1)/per)
	if n <= 0 {
		return
	}
	slots := used(c.Axis)
	th.ras.Resize(slots, len(rows.Of))
	data, from, T := s.visible(c.Axis, w)
	th.ras.Fill(data, T, s.rows, rows, rng, func(t int) (int, bool) { return c.Axis.Slot(from + t) })
	opt := heat.Plain(c.Axis.CellW)
	opt.Rows = n
	switch x, ok := c.Axis.Slot(c.Cursor.T); {
	case c.Axis.Sweep && c.Cursor.T == c.Axis.To-1:
		// The newest column needs no light: the gap after it shows where now
		// is. Lighting it would send two columns a token instead of one.
	case ok && x < slots:
		opt.CursorX = x
	}
	if focused { // the cell's own mark hides its colour: only where one looks
		opt.CursorY = rows.Row(s.cursor)
	}
	m := c.Theme.Seq
	if s.signed {
		m = c.Theme.Div
	}
	th.body = guided(th.body[:0], &th.ras, m, opt)
	for i, l := range th.body {
		r := p.row()
		rowLabel(r, c, s, rows, i*per, i*per+per-1)
		r.raw(l, slots*max(c.Axis.CellW, 1))
	}
}

// guided is the raster's lines with the column of opt.CursorX lit behind the
// data: where a pixel shows something its colour stays what it is, so that a
// wipe under the cursor looks like every other wipe.
func guided(dst []string, ras *heat.Raster, m *heat.Map, opt heat.LineOptions) []string {
	x := opt.CursorX
	if x < 0 || x >= ras.W || heat.RowsPerLine(m.Depth()) == 1 { // glyphs stay glyphs
		opt.Guides = x >= 0
		return ras.Lines(dst, m, opt)
	}
	rest := opt
	rest.CursorX, rest.CursorY = -1, -1
	left := columnsOf(ras, 0, x).Lines(nil, m, rest)
	rest.NowX = -1
	if opt.NowX > x {
		rest.NowX = opt.NowX - x - 1
	}
	right := columnsOf(ras, x+1, ras.W).Lines(nil, m, rest)
	one := heat.Raster{W: 1}
	cell := make([]string, 0, 1)
	for i := range left {
		top := 2 * i
		one.H = min(2, ras.H-top)
		one.Pix = one.Pix[:0]
		o := heat.Plain(opt.CellW)
		o.Guides = true
		dim := 0
		for y := top; y < top+one.H; y++ {
			px := ras.Pix[y*ras.W+x]
			one.Pix = append(one.Pix, px)
			if quiet(m, px) {
				dim++
				o.CursorY = y - top // lights that pixel alone
			}
		}
		switch y := opt.CursorY - top; {
		case opt.CursorY >= 0 && y >= 0 && y < one.H:
			o.CursorX, o.CursorY, o.Guides = 0, y, dim == 2
		case dim == 2:
			o.CursorX, o.CursorY = 0, -1
		}
		cell = one.Lines(cell[:0], m, o)
		dst = append(dst, left[i]+cell[0]+right[i])
	}
	return dst
}

// columnsOf is the raster's columns from a up to b, copied.
func columnsOf(ras *heat.Raster, a, b int) *heat.Raster {
	var out heat.Raster
	out.Resize(b-a, ras.H)
	for y := range ras.H {
		copy(out.Pix[y*out.W:(y+1)*out.W], ras.Pix[y*ras.W+a:y*ras.W+b])
	}
	return &out
}

// quiet says that a pixel shows nearly nothing: an eighth of the scale at most.
func quiet(m *heat.Map, px uint8) bool {
	if m.Diverging() {
		return px >= 128-16 && px <= 128+16
	}
	return px >= 1 && px <= 32
}

// rowLabel labels one line that shows the pixel rows a to b: the number of its
// first row, or the cursor's own, and a mark where it holds channels of the
// named group.
func rowLabel(r *row, c *Context, s *series, rows heat.Rows, a, b int) {
	g := min(c.Axis.Gutter, r.left)
	if g <= 0 {
		return
	}
	name, here, group := -1, false, false
	if of := rows.Channels(a); a > 0 && len(of) > 0 && slices.Equal(of, rows.Channels(a-1)) {
		a = b + 1 // the row goes on: it has its label already
	}
	for y := a; y <= b; y++ {
		for _, k := range rows.Channels(y) {
			if name < 0 {
				name = k
			}
			here = here || k == s.cursor
			group = group || (k < len(s.group) && s.group[k])
		}
	}
	label, mark, role := "", " ", theme.Dim
	if name >= 0 {
		label = s.letter + strconv.Itoa(name)
	}
	if here {
		label, mark, role = s.letter+strconv.Itoa(s.cursor), "›", theme.Accent
	}
	side := " "
	if group && s.only == nil {
		side = "▐"
	}
	if g < 4 {
		r.put(role, right(label, g))
		return
	}
	r.put(role, mark+right(label, g-2)).put(theme.BarDim, side)
}

// rowAt is the data row drawn at line y of the map, or false.
func (th *timeHeat) rowAt(c *Context, y int) (int, bool) {
	if y < 0 {
		return 0, false
	}
	of := th.rows.Channels(y * heat.RowsPerLine(c.Theme.Depth))
	if len(of) == 0 {
		return 0, false
	}
	return of[0], true
}
