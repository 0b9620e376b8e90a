package snapshot

import (
	"math"
	"strings"
)

// arms lists U+2500–257F by their arms in the order up, right, down, left: 0
// none, 1 light, 2 heavy. "" is drawn another way (dashes, arcs, diagonals) or
// left to the font (double lines).
var arms = strings.Split("0101,0202,1010,2020,,,,,,,,,"+ // ─ ━ │ ┃ and dashes
	"0110,0210,0120,0220,0011,0012,0021,0022,"+ // ┌ ┐
	"1100,1200,2100,2200,1001,1002,2001,2002,"+ // └ ┘
	"1110,1210,2110,1120,2120,2210,1220,2220,"+ // ├
	"1011,1012,2011,1021,2021,2012,1022,2022,"+ // ┤
	"0111,0112,0211,0212,0121,0122,0221,0222,"+ // ┬
	"1101,1102,1201,1202,2101,2102,2201,2202,"+ // ┴
	"1111,1112,1211,1212,2111,1121,2121,2112,2211,1122,1221,2212,1222,2122,2221,2222,"+ // ┼
	",,,,"+ // dashes
	strings.Repeat(",", 29)+ // double lines
	",,,,,,,"+ // arcs, diagonals
	"0001,1000,0100,0010,0002,2000,0200,0020,0201,1020,0102,2010", ",") // halves

// Dashed lines: thickness, pieces, upright.
var dashes = map[rune]struct {
	thick, pieces int
	upright       bool
}{
	'┄': {1, 3, false}, '┅': {2, 3, false}, '┆': {1, 3, true}, '┇': {2, 3, true},
	'┈': {1, 4, false}, '┉': {2, 4, false}, '┊': {1, 4, true}, '┋': {2, 4, true},
	'╌': {1, 2, false}, '╍': {2, 2, false}, '╎': {1, 2, true}, '╏': {2, 2, true},
}

// boxLine draws the lines of U+2500–257F, except the double ones.
func boxLine(r rune, w, h float64) (ink, bool) {
	light := math.Max(1, math.Round(w/9))
	thick := func(weight int) float64 {
		if weight == 2 {
			return math.Round(light * 2.6)
		}
		return light
	}
	// A bar of some thickness round the middle, on whole units.
	across := func(size, t float64) (a, b float64) {
		a = math.Round((size - t) / 2)
		return a, a + t
	}
	if d, ok := dashes[r]; ok {
		var in ink
		t, n := thick(d.thick), float64(d.pieces)
		for i := range d.pieces {
			if d.upright {
				x0, x1 := across(w, t)
				in.rects = append(in.rects, rect{x0, math.Round(h * (float64(i) + 0.15) / n), x1, math.Round(h * (float64(i) + 0.75) / n), 1})
			} else {
				y0, y1 := across(h, t)
				in.rects = append(in.rects, rect{math.Round(w * (float64(i) + 0.15) / n), y0, math.Max(math.Round(w*(float64(i)+0.15)/n)+1, math.Round(w*(float64(i)+0.75)/n)), y1, 1})
			}
		}
		return in, true
	}
	x0, x1 := across(w, light)
	y0, y1 := across(h, light)
	cx, cy := (x0+x1)/2, (y0+y1)/2
	switch r {
	case '╭':
		return bend(point{w, cy}, point{cx, h}, point{cx, cy}, light), true
	case '╮':
		return bend(point{0, cy}, point{cx, h}, point{cx, cy}, light), true
	case '╯':
		return bend(point{0, cy}, point{cx, 0}, point{cx, cy}, light), true
	case '╰':
		return bend(point{w, cy}, point{cx, 0}, point{cx, cy}, light), true
	case '╱':
		return ink{polys: stroke([]point{{0, h}, {w, 0}}, light, false)}, true
	case '╲':
		return ink{polys: stroke([]point{{0, 0}, {w, h}}, light, false)}, true
	case '╳':
		return ink{polys: append(stroke([]point{{0, h}, {w, 0}}, light, false), stroke([]point{{0, 0}, {w, h}}, light, false)...)}, true
	}
	a := arms[r-0x2500]
	if a == "" {
		return ink{}, false
	}
	weight := [4]int{int(a[0] - '0'), int(a[1] - '0'), int(a[2] - '0'), int(a[3] - '0')}
	vx := thick(max(weight[0], weight[2])) // the widest upright arm: how far level arms reach
	hy := thick(max(weight[1], weight[3]))
	var in ink
	for i, wt := range weight {
		if wt == 0 {
			continue
		}
		t := thick(wt)
		ax0, ax1 := across(w, t)
		ay0, ay1 := across(h, t)
		jx0, jx1 := across(w, vx)
		jy0, jy1 := across(h, hy)
		switch i {
		case 0:
			in.rects = append(in.rects, rect{ax0, 0, ax1, jy1, 1})
		case 1:
			in.rects = append(in.rects, rect{jx0, ay0, w, ay1, 1})
		case 2:
			in.rects = append(in.rects, rect{ax0, jy0, ax1, h, 1})
		case 3:
			in.rects = append(in.rects, rect{0, ay0, jx1, ay1, 1})
		}
	}
	return in, true
}

// bend is a rounded corner: from side to end, turning near mid.
func bend(side, end, mid point, thick float64) ink {
	r := math.Min(math.Abs(side.x-mid.x), math.Abs(end.y-mid.y))
	sx, sy := math.Copysign(1, side.x-mid.x), math.Copysign(1, end.y-mid.y)
	centre := point{mid.x + sx*r, mid.y + sy*r}
	from := math.Atan2(-sy, 0) * 180 / math.Pi // touching the level line
	to := math.Atan2(0, -sx) * 180 / math.Pi   // touching the upright line
	if d := to - from; d > 180 {
		to -= 360
	} else if d < -180 {
		to += 360
	}
	pts := append([]point{side}, arc(centre.x, centre.y, r, r, from, to, 10)...)
	pts = append(pts, end)
	// The ends stand on the cell's edge: what stroke adds there is cut off.
	return ink{polys: stroke(pts, thick, false)}
}
