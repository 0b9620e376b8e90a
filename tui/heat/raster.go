package heat

import "strings"

// Raster is W columns × H rows of pixels: 0 is no data, 1..255 a level. Pix is
// row-major and holds at least W·H bytes.
type Raster struct {
	W, H int
	Pix  []uint8

	buf []byte // scratch of Lines, kept between frames
}

// LineOptions says how a raster becomes lines.
type LineOptions struct {
	CellW            int  // columns of text a raster column takes; below 1 counts as 1
	CursorX, CursorY int  // the pixel under the cursor; −1 none
	NowX             int  // the newest column of a sweep, lit unless it is the last; −1 none
	Rows             int  // exactly so many lines: cut, or filled with blanks; 0 for as many as the raster needs
	Guides           bool // light the cursor's row and column, a crosshair
}

// Plain are the options without cursor and sweep.
func Plain(cellW int) LineOptions {
	return LineOptions{CellW: cellW, CursorX: -1, CursorY: -1, NowX: -1}
}

// Resize sets the size and clears every pixel to "no data". The memory is kept.
func (r *Raster) Resize(w, h int) {
	w, h = max(w, 0), max(h, 0)
	r.W, r.H = w, h
	if cap(r.Pix) < w*h {
		r.Pix = make([]uint8, w*h)
		return
	}
	r.Pix = r.Pix[:w*h]
	clear(r.Pix)
}

// now is the column to light. The last one stays unlit: Bubble Tea's screen diff
// sends a line from its first changed cell to its last, so that turning the last
// column off while the first turns on would send the whole picture again.
func (r *Raster) now(opt LineOptions) int {
	if opt.NowX == r.W-1 {
		return -1
	}
	return opt.NowX
}

// Lines appends the raster's lines to dst: exactly r.W·CellW columns each, each
// ending with a reset. Every cell says its whole style, so that what a cell
// looks like depends on nothing to its left: in a sweep only the columns that
// change are sent.
//
// All lines share one string. The raster's scratch makes Lines unsafe for
// concurrent use of one raster.
func (r *Raster) Lines(dst []string, m *Map, opt LineOptions) []string {
	if r.W < 0 || r.H < 0 || len(r.Pix) < r.W*r.H {
		panic("heat: raster holds fewer pixels than W·H")
	}
	opt.CellW = max(opt.CellW, 1)
	opt.NowX = r.now(opt)
	per := RowsPerLine(m.depth)
	n := (r.H + per - 1) / per
	if opt.Rows > 0 {
		n = opt.Rows
	}
	buf := r.buf[:0]
	ends := make([]int, 0, n)
	for i := range n {
		switch {
		case i*per >= r.H:
			buf = appendSpaces(buf, r.W*opt.CellW)
		case per == 2:
			buf = r.pairLine(buf, m, opt, 2*i)
		default:
			buf = r.glyphLine(buf, m, opt, i)
		}
		buf = append(buf, "\x1b[m"...)
		ends = append(ends, len(buf))
	}
	r.buf = buf
	all := string(buf)
	from := 0
	for _, end := range ends {
		dst = append(dst, all[from:end])
		from = end
	}
	return dst
}

// pairLine draws pixel rows y and y+1 as ▀: the upper pixel is the foreground,
// the lower one the background. Where both are alike it is a space on that
// background: less than half as many bytes for most of most maps.
func (r *Raster) pairLine(buf []byte, m *Map, opt LineOptions, y int) []byte {
	top := r.Pix[y*r.W : (y+1)*r.W]
	var low []uint8
	if y+1 < r.H {
		low = r.Pix[(y+1)*r.W : (y+2)*r.W]
	}
	litFrom := m.n + extraSlots
	noData, outside := m.n+slotNoData, m.n+slotOutside
	guideTop, guideLow := opt.Guides && opt.CursorY == y, opt.Guides && opt.CursorY == y+1
	lastFg, lastBg := -1, -1
	const blank, solid = 1 << 20, 1 << 21
	for x, p := range top {
		a, b := int(m.slot[p]), outside
		if low != nil {
			b = int(m.slot[low[x]])
		}
		marked := false
		if x == opt.CursorX && opt.CursorX >= 0 && (opt.CursorY == y || opt.CursorY == y+1) {
			marked = true
			if opt.CursorY == y {
				a = m.n + slotCursor
			} else if low != nil {
				b = m.n + slotCursor
			} else {
				marked = false
			}
		}
		if !marked && a == noData && (b == noData || b == outside) {
			if lastFg != blank {
				buf = append(buf, m.blank...)
				lastFg, lastBg = blank, blank
			}
			buf = append(buf, m.dot...)
			buf = appendSpaces(buf, opt.CellW-1)
			continue
		}
		if lit := x == opt.NowX || opt.Guides && x == opt.CursorX; lit {
			a, b = a+litFrom, b+litFrom
		} else {
			if guideTop {
				a += litFrom
			}
			if guideLow {
				b += litFrom
			}
		}
		if a == b {
			if lastFg != solid || b != lastBg {
				buf = append(buf, "\x1b[0;"...) // no foreground left over from the left
				buf = append(buf, m.bg[b]...)
				buf = append(buf, 'm')
				lastFg, lastBg = solid, b
			}
			buf = appendSpaces(buf, opt.CellW)
			continue
		}
		switch {
		case a != lastFg && b != lastBg:
			buf = append(buf, "\x1b["...)
			buf = append(buf, m.fg[a]...)
			buf = append(buf, ';')
			buf = append(buf, m.bg[b]...)
			buf = append(buf, 'm')
		case a != lastFg:
			buf = append(buf, "\x1b["...)
			buf = append(buf, m.fg[a]...)
			buf = append(buf, 'm')
		case b != lastBg:
			buf = append(buf, "\x1b["...)
			buf = append(buf, m.bg[b]...)
			buf = append(buf, 'm')
		}
		lastFg, lastBg = a, b
		for range opt.CellW {
			buf = append(buf, "▀"...)
		}
	}
	return buf
}

// glyphLine draws one pixel row, a glyph of the ramp a cell. The cursor is an X
// in reverse video, the lit column bold and underlined.
func (r *Raster) glyphLine(buf []byte, m *Map, opt LineOptions, y int) []byte {
	const (
		lit   = 1000
		blank = 2000
		mark  = 3000
	)
	last := -1
	for x, p := range r.Pix[y*r.W : (y+1)*r.W] {
		s := int(m.slot[p])
		sgr, glyph, fill := m.blank, m.dot, " "
		kind := blank
		if s < m.n {
			sgr, glyph, fill, kind = m.sgr[s], m.glyph[s], m.glyph[s], s
		}
		if x == opt.NowX || opt.Guides && (x == opt.CursorX || y == opt.CursorY) {
			kind += lit / 2
		}
		if x == opt.CursorX && y == opt.CursorY && x >= 0 {
			sgr, glyph, fill, kind = m.cursor, "X", " ", mark
		}
		if kind != last {
			buf = append(buf, sgr...)
			if kind < mark && kind%lit >= lit/2 {
				buf = append(buf, "\x1b[1;4m"...)
			}
			last = kind
		}
		buf = append(buf, glyph...)
		for range opt.CellW - 1 {
			buf = append(buf, fill...)
		}
	}
	return buf
}

func appendSpaces(buf []byte, n int) []byte {
	const some = "                                "
	for ; n > len(some); n -= len(some) {
		buf = append(buf, some...)
	}
	if n > 0 {
		buf = append(buf, some[:n]...)
	}
	return buf
}

// spaces is n spaces, none for n < 1.
func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }
