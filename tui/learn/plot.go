package learn

import (
	"math"

	"mamba-tui/tui/heat"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

// plot is a picture of braille dots, 2×4 to a cell. A cell has the role of what
// was drawn into it last.
type plot struct {
	w, h  int // cells
	dots  []uint8
	roles []theme.Role
	text  []rune // over the dots; 0 is none
	plain bool   // dots have no roles: without colours those are underlines
}

func newPlot(w, h int) *plot {
	w, h = max(w, 0), max(h, 0)
	return &plot{w: w, h: h, dots: make([]uint8, w*h), roles: make([]theme.Role, w*h), text: make([]rune, w*h)}
}

// brailleBits are the bits of the dots of U+2800, by row and column.
var brailleBits = [4][2]uint8{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

// dot sets one dot; outside the picture nothing happens.
func (p *plot) dot(x, y int, role theme.Role) {
	if x < 0 || y < 0 || x >= 2*p.w || y >= 4*p.h {
		return
	}
	i := y/4*p.w + x/2
	p.dots[i] |= brailleBits[y%4][x%2]
	p.roles[i] = role
	if p.plain {
		p.roles[i] = theme.Text
	}
}

// line joins two dots (Bresenham); of a dashed line every third is left out.
func (p *plot) line(x0, y0, x1, y1 int, role theme.Role, dashed bool) {
	dx, dy := abs(x1-x0), -abs(y1-y0)
	sx, sy := sign(x1-x0), sign(y1-y0)
	for e := dx + dy; ; {
		if !dashed || (x0+y0)%3 != 0 {
			p.dot(x0, y0, role)
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

// put writes text into a line of cells, over what is there.
func (p *plot) put(x, y int, role theme.Role, s string) {
	if y < 0 || y >= p.h {
		return
	}
	for _, r := range s {
		if x >= 0 && x < p.w {
			p.text[y*p.w+x], p.roles[y*p.w+x] = r, role
		}
		x++
	}
}

// cursor draws a vertical line where nothing else is.
func (p *plot) cursor(x int) {
	if x < 0 || x >= p.w {
		return
	}
	for y := range p.h {
		if i := y*p.w + x; p.dots[i] == 0 && p.text[i] == 0 {
			p.text[i], p.roles[i] = '│', theme.Focus
		}
	}
}

// row appends line y to a row of a page.
func (p *plot) row(r *panel.Row, y int) {
	run := make([]rune, 0, p.w)
	role := theme.Dim
	for x := range p.w {
		i := y*p.w + x
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

// axes place steps and values in a plot.
type axes struct {
	p     *plot
	steps int // the right end
	rng   heat.Range
}

// x is the dot column of a step.
func (a *axes) x(step int) int {
	return int(math.Round(float64(step) / float64(max(a.steps, 1)) * float64(2*a.p.w-1)))
}

// y is the dot row of a value, or −1 for what is no number.
func (a *axes) y(v float64) int {
	l := a.rng.Level(v)
	if l < 0 {
		return -1
	}
	return int(math.Round((1 - l) * float64(4*a.p.h-1)))
}

// stepAt is the step in the middle of a cell.
func (a *axes) stepAt(cell int) int {
	return int(math.Round((2*float64(cell) + 0.5) / float64(max(2*a.p.w-1, 1)) * float64(a.steps)))
}

// curve joins the points of a series; what is no number leaves a gap.
func (a *axes) curve(steps []int, value func(i int) float64, role theme.Role, dashed bool) {
	px, py, have := 0, 0, false
	for i, s := range steps {
		if s > a.steps {
			return
		}
		x, y := a.x(s), a.y(value(i))
		switch {
		case y < 0:
		case have:
			a.p.line(px, py, x, y, role, dashed)
		default:
			a.p.dot(x, y, role)
		}
		px, py, have = x, y, y >= 0
	}
}

// scatter sets a dot for each point.
func (a *axes) scatter(steps []int, value func(i int) float64, role theme.Role) {
	for i, s := range steps {
		if y := a.y(value(i)); y >= 0 && s <= a.steps {
			a.p.dot(a.x(s), y, role)
		}
	}
}

// marks writes a sign for each point, at least gap cells apart.
func (a *axes) marks(steps []int, value func(i int) float64, role theme.Role, sign string, gap int) {
	last := -gap - 1
	for i, s := range steps {
		y := a.y(value(i))
		if x := a.x(s) / 2; y >= 0 && s <= a.steps && (x-last >= gap || i == len(steps)-1) {
			a.p.put(x, y/4, role, sign)
			last = x
		}
	}
}

// nameEnds writes names behind the ends of curves at a step, where there is
// room: each in the line of its dot row, or the nearest one that is free.
func (a *axes) nameEnds(step int, names []key, rows []int) {
	x := a.x(min(step, a.steps))/2 + 2
	taken := map[int]bool{}
	for i, k := range names {
		text := panel.Clip(k.text, 6)
		if rows[i] < 0 || x+panel.Width(text) > a.p.w {
			continue
		}
		y := rows[i] / 4
		for off := 0; taken[y] && off < 2*a.p.h; off++ { // 1 up, 1 down, 2 up …
			if y = rows[i]/4 - off/2 - 1; off%2 == 1 {
				y = rows[i]/4 + off/2 + 1
			}
			taken[y] = taken[y] || y < 0 || y >= a.p.h
		}
		if taken[y] {
			continue
		}
		taken[y] = true
		a.p.put(x, y, k.role, text)
	}
}
