package snapshot

import "math"

// point is a place in a cell, from its upper left corner.
type point struct{ x, y float64 }

// rect is a filled rectangle in a cell. alpha below 1 is a shade.
type rect struct {
	x0, y0, x1, y1 float64
	alpha          float64
}

// ink is a drawn glyph: rectangles, and filled polygons for what is not upright.
type ink struct {
	rects []rect
	polys [][]point
}

// drawn is the ink of a rune that is not left to a font, for a cell of w×h
// units; ok is false for all others.
func drawn(r rune, w, h float64) (ink, bool) {
	switch {
	case r >= 0x2580 && r <= 0x259f:
		return block(r, w, h), true
	case r >= 0x2800 && r <= 0x28ff:
		return braille(r, w, h), true
	case r >= 0x2500 && r <= 0x257f:
		return boxLine(r, w, h)
	}
	return symbol(r, w, h)
}

// stroke turns a line through points into polygons of the given thickness.
// Corners are covered because every piece is longer by half the thickness at
// both ends.
func stroke(pts []point, thick float64, closed bool) [][]point {
	var out [][]point
	if closed {
		pts = append(pts[:len(pts):len(pts)], pts[0])
	}
	for i := 1; i < len(pts); i++ {
		a, b := pts[i-1], pts[i]
		dx, dy := b.x-a.x, b.y-a.y
		n := math.Hypot(dx, dy)
		if n == 0 {
			continue
		}
		ux, uy := dx/n*thick/2, dy/n*thick/2
		a, b = point{a.x - ux, a.y - uy}, point{b.x + ux, b.y + uy}
		out = append(out, []point{{a.x - uy, a.y + ux}, {b.x - uy, b.y + ux}, {b.x + uy, b.y - ux}, {a.x + uy, a.y - ux}})
	}
	return out
}

// arc is points along an ellipse quarter or more, from angle a0 to a1 in
// degrees, y downwards.
func arc(cx, cy, rx, ry, a0, a1 float64, steps int) []point {
	out := make([]point, steps+1)
	for i := range out {
		s, c := math.Sincos((a0 + (a1-a0)*float64(i)/float64(steps)) * math.Pi / 180)
		out[i] = point{cx + rx*c, cy + ry*s}
	}
	return out
}
