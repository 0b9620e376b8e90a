// Package plot draws curves into cells of a terminal, in braille dots, and charts
// of them with axes.
package plot

import (
	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

// Picture is a picture of braille dots, 2×4 to a cell. A cell has the role of what
// was drawn into it last.
type Picture struct {
	W, H  int // cells
	dots  []uint8
	roles []theme.Role
	text  []rune // over the dots; 0 is none
	Plain bool   // dots have no roles: without colours those are underlines
}

// New is an empty picture of w×h cells.
func New(w, h int) *Picture {
	w, h = max(w, 0), max(h, 0)
	return &Picture{W: w, H: h, dots: make([]uint8, w*h), roles: make([]theme.Role, w*h), text: make([]rune, w*h)}
}

// brailleBits are the bits of the dots of U+2800, by row and column.
var brailleBits = [4][2]uint8{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

// Dot sets one dot; outside the picture nothing happens.
func (p *Picture) Dot(x, y int, role theme.Role) {
	if x < 0 || y < 0 || x >= 2*p.W || y >= 4*p.H {
		return
	}
	i := y/4*p.W + x/2
	p.dots[i] |= brailleBits[y%4][x%2]
	p.roles[i] = role
	if p.Plain {
		p.roles[i] = theme.Text
	}
}

// Line joins two dots (Bresenham); of a dashed line every third is left out.
func (p *Picture) Line(x0, y0, x1, y1 int, role theme.Role, dashed bool) {
	dx, dy := abs(x1-x0), -abs(y1-y0)
	sx, sy := sign(x1-x0), sign(y1-y0)
	for e := dx + dy; ; {
		if !dashed || (x0+y0)%3 != 0 {
			p.Dot(x0, y0, role)
		}
		if x0 == x1 && y0 == y1 {
			return
		}
		twice := 2 * e
		if twice >= dy {
			e += dy
			x0 += sx
		}
		if twice <= dx {
			e += dx
			y0 += sy
		}
	}
}

func abs(x int) int { return max(x, -x) }

func sign(x int) int {
	switch {
	case x < 0:
		return -1
	case x > 0:
		return 1
	}
	return 0
}

// Put writes text into a line of cells, over what is there.
func (p *Picture) Put(x, y int, role theme.Role, s string) {
	if y < 0 || y >= p.H {
		return
	}
	for _, r := range s {
		if x >= 0 && x < p.W {
			p.text[y*p.W+x], p.roles[y*p.W+x] = r, role
		}
		x++
	}
}

// Cursor draws a vertical line where nothing else is.
func (p *Picture) Cursor(x int) {
	if x < 0 || x >= p.W {
		return
	}
	for y := range p.H {
		if i := y*p.W + x; p.dots[i] == 0 && p.text[i] == 0 {
			p.text[i], p.roles[i] = '│', theme.Focus
		}
	}
}

// Row appends line y to a row of a page.
func (p *Picture) Row(r *panel.Row, y int) {
	run := make([]rune, 0, p.W)
	role := theme.Dim
	for x := range p.W {
		i := y*p.W + x
		c, is := ' ', role
		switch {
		case p.text[i] != 0:
			c, is = p.text[i], p.roles[i]
		case p.dots[i] != 0:
			c, is = 0x2800+rune(p.dots[i]), p.roles[i]
		}
		if is != role {
			r.Put(role, string(run))
			run, role = run[:0], is
		}
		run = append(run, c)
	}
	r.Put(role, string(run))
}
