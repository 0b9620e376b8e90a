package snapshot

import "math"

// block draws U+2580–259F: halves, eighths, shades and quadrants.
func block(r rune, w, h float64) ink {
	one := func(x0, y0, x1, y1 float64) ink {
		return ink{rects: []rect{{math.Round(x0 * w), math.Round(y0 * h), math.Round(x1 * w), math.Round(y1 * h), 1}}}
	}
	switch {
	case r == '▀':
		return one(0, 0, 1, 0.5)
	case r <= '█': // ▁ … █, from below
		return one(0, 1-float64(r-0x2580)/8, 1, 1)
	case r <= '▏': // ▉ … ▏, from the left
		// Rounded up: the thinnest must not vanish in a small cell.
		in := one(0, 0, 1, 1)
		in.rects[0].x1 = math.Ceil(w * float64(0x2590-r) / 8)
		return in
	case r == '▐':
		return one(0.5, 0, 1, 1)
	case r <= '▓':
		in := one(0, 0, 1, 1)
		in.rects[0].alpha = float64(r-0x2590) / 4
		return in
	case r == '▔':
		return one(0, 0, 1, 0.125)
	case r == '▕':
		in := one(0, 0, 1, 1)
		in.rects[0].x0 = math.Floor(w * 7 / 8)
		return in
	}
	// Quadrants: 1 upper left, 2 upper right, 4 lower left, 8 lower right.
	bits := [...]uint8{4, 8, 1, 13, 9, 7, 11, 2, 6, 14}[r-0x2596]
	var in ink
	for i := range 4 {
		if bits&(1<<i) != 0 {
			x, y := float64(i%2)/2, float64(i/2)/2
			in.rects = append(in.rects, one(x, y, x+0.5, y+0.5).rects...)
		}
	}
	return in
}

// braille draws U+2800–28FF: two columns of four dots.
func braille(r rune, w, h float64) ink {
	var in ink
	size := math.Max(1, math.Round(w*2/9))
	for i, p := range [8][2]float64{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {0, 3}, {1, 3}} {
		if (r-0x2800)&(1<<i) != 0 {
			x := math.Round(w*(0.28+0.44*p[0]) - size/2)
			y := math.Round(h*(0.125+0.25*p[1]) - size/2)
			in.rects = append(in.rects, rect{x, y, x + size, y + size, 1})
		}
	}
	return in
}
