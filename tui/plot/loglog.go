package plot

import (
	"fmt"
	"math"

	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

// Series is one curve of a chart. Points that are no positive number are left
// out, and the curve has a gap there.
type Series struct {
	Name string
	Sign string // one cell, at every point: curves are told apart without colours
	Role theme.Role
	X, Y []float64
}

// LogLog is a chart with both axes logarithmic: x in powers of two, y in powers
// of ten.
type LogLog struct {
	Title  string
	X, Y   string               // what the axes are, with units
	FormY  func(float64) string // of the labels of y; nil: panel.Short
	Series []Series
	Notes  []string // lines below the legend
}

// superscript writes a small power.
func superscript(n int) string {
	var s []rune
	for _, c := range fmt.Sprint(n) {
		switch c {
		case '-':
			s = append(s, '⁻')
		case '1':
			s = append(s, '¹')
		case '2', '3':
			s = append(s, '²'+c-'2')
		default:
			s = append(s, '⁰'+c-'0')
		}
	}
	return string(s)
}

// bounds are the whole powers of base that hold every positive value.
func bounds(base float64, values func(yield func(float64))) (lo, hi int, ok bool) {
	least, most := math.Inf(1), 0.0
	values(func(v float64) {
		if positive(v) {
			least, most = min(least, v), max(most, v)
		}
	})
	if most == 0 {
		return 0, 1, false
	}
	lo = int(math.Floor(math.Log(least)/math.Log(base) + 1e-9))
	hi = int(math.Ceil(math.Log(most)/math.Log(base) - 1e-9))
	return lo, max(hi, lo+1), true
}

func positive(v float64) bool { return v > 0 && !math.IsInf(v, 1) }

// axisWidth is the width of the labels at the left, the line included.
const axisWidth = 9

// Lines draws the chart in w×h cells: title, picture, axis and a legend of one
// line a curve.
func (c *LogLog) Lines(t *theme.Theme, w, h int) []string {
	p := panel.NewPage(t, w, h)
	p.Title(false, c.Title)
	n := max(p.Room()-3-len(c.Series)-len(c.Notes), 1)
	all := func(pick func(s *Series) []float64) func(func(float64)) {
		return func(yield func(float64)) {
			for i := range c.Series {
				for _, v := range pick(&c.Series[i]) {
					yield(v)
				}
			}
		}
	}
	x0, x1, some := bounds(2, all(func(s *Series) []float64 { return s.X }))
	y0, y1, other := bounds(10, all(func(s *Series) []float64 { return s.Y }))
	pic := New(w-axisWidth, n)
	if some && other {
		c.draw(pic, x0, x1, y0, y1)
	}
	p.Row().Put(theme.Dim, panel.Right(c.Y, min(w, max(axisWidth, panel.Width(c.Y)))))
	for y := range n {
		label := ""
		// The powers of ten that fall into this line.
		for e := y1; e >= y0 && some && other; e-- {
			if rowOf(e, y0, y1, n) == y {
				label = c.label(math.Pow(10, float64(e)))
				break
			}
		}
		tick := "│"
		if label != "" {
			tick = "┤"
		}
		pic.Row(p.Row().Put(theme.Dim, panel.Right(label, axisWidth-1)+tick), y)
	}
	c.axis(p.Row(), pic.W, x0, x1)
	p.Row().Put(theme.Dim, panel.Right(c.X, w))
	for i := range c.Series {
		s := &c.Series[i]
		p.Row().Put(s.Role, "  "+s.Sign).Put(theme.Text, "  "+panel.Clip(panel.Phrase(s.Name), max(w-6, 0)))
	}
	for _, note := range c.Notes {
		p.Row().Put(theme.Dim, "  "+panel.Clip(panel.Phrase(note), max(w-3, 0)))
	}
	return p.Lines()
}

func (c *LogLog) label(v float64) string {
	if c.FormY != nil {
		return c.FormY(v)
	}
	return panel.Short(v)
}

// rowOf is the line of a power of ten.
func rowOf(e, y0, y1, n int) int {
	return int(math.Round(float64(y1-e)/float64(y1-y0)*float64(4*n-1))) / 4
}

// draw puts the curves and then their signs into the picture.
func (c *LogLog) draw(pic *Picture, x0, x1, y0, y1 int) {
	at := func(s *Series, i int) (x, y int, ok bool) {
		if i >= len(s.Y) || !positive(s.X[i]) || !positive(s.Y[i]) {
			return 0, 0, false
		}
		fx := (math.Log2(s.X[i]) - float64(x0)) / float64(x1-x0)
		fy := (float64(y1) - math.Log10(s.Y[i])) / float64(y1-y0)
		return int(math.Round(fx * float64(2*pic.W-1))), int(math.Round(fy * float64(4*pic.H-1))), true
	}
	for i := range c.Series {
		s := &c.Series[i]
		px, py, have := 0, 0, false
		for k := range s.X {
			x, y, ok := at(s, k)
			if ok && have {
				pic.Line(px, py, x, y, s.Role, false)
			}
			px, py, have = x, y, ok
		}
	}
	for i := range c.Series {
		s := &c.Series[i]
		for k := range s.X {
			if x, y, ok := at(s, k); ok {
				pic.Put(x/2, y/4, s.Role, s.Sign)
			}
		}
	}
}

// axis writes the powers of two under the picture, as many as have room.
func (c *LogLog) axis(r *panel.Row, w, x0, x1 int) {
	r.Put(theme.Dim, panel.Right("", axisWidth))
	column := 0
	for e := x0; e <= x1; e++ {
		label := "2" + superscript(e)
		at := int(math.Round(float64(e-x0) / float64(max(x1-x0, 1)) * float64(2*w-1) / 2))
		from := min(at, w-panel.Width(label))
		if from < column || from < 0 {
			continue
		}
		r.Pad(from-column).Put(theme.Dim, label)
		column = from + panel.Width(label) + 1
		r.Pad(1)
	}
}
