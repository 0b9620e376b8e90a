package learn

import (
	"math"

	"mamba-tui/tui/heat"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/plot"
	"mamba-tui/tui/theme"
)

// axes place steps and values in a plot.
type axes struct {
	p     *plot.Picture
	steps int // the right end
	rng   heat.Range
}

// x is the dot column of a step.
func (a *axes) x(step int) int {
	return int(math.Round(float64(step) / float64(max(a.steps, 1)) * float64(2*a.p.W-1)))
}

// y is the dot row of a value, or −1 for what is no number.
func (a *axes) y(v float64) int {
	l := a.rng.Level(v)
	if l < 0 {
		return -1
	}
	return int(math.Round((1 - l) * float64(4*a.p.H-1)))
}

// stepAt is the step in the middle of a cell.
func (a *axes) stepAt(cell int) int {
	return int(math.Round((2*float64(cell) + 0.5) / float64(max(2*a.p.W-1, 1)) * float64(a.steps)))
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
			a.p.Line(px, py, x, y, role, dashed)
		default:
			a.p.Dot(x, y, role)
		}
		px, py, have = x, y, y >= 0
	}
}

// scatter sets a dot for each point.
func (a *axes) scatter(steps []int, value func(i int) float64, role theme.Role) {
	for i, s := range steps {
		if y := a.y(value(i)); y >= 0 && s <= a.steps {
			a.p.Dot(a.x(s), y, role)
		}
	}
}

// marks writes a sign for each point, at least gap cells apart.
func (a *axes) marks(steps []int, value func(i int) float64, role theme.Role, sign string, gap int) {
	last := -gap - 1
	for i, s := range steps {
		y := a.y(value(i))
		if x := a.x(s) / 2; y >= 0 && s <= a.steps && (x-last >= gap || i == len(steps)-1) {
			a.p.Put(x, y/4, role, sign)
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
		if rows[i] < 0 || x+panel.Width(text) > a.p.W {
			continue
		}
		y := rows[i] / 4
		for off := 0; taken[y] && off < 2*a.p.H; off++ { // 1 up, 1 down, 2 up …
			if y = rows[i]/4 - off/2 - 1; off%2 == 1 {
				y = rows[i]/4 + off/2 + 1
			}
			taken[y] = taken[y] || y < 0 || y >= a.p.H
		}
		if taken[y] {
			continue
		}
		taken[y] = true
		a.p.Put(x, y, k.role, text)
	}
}
