package heat

import (
	"image/color"
	"strconv"
)

// A Map is a colour map prepared for one depth and one kind of background:
// everything that a cell needs stands in tables. It is never changed after
// [NewMap] and may be shared.
type Map struct {
	name      string
	depth     Depth
	dark      bool
	diverging bool
	n         int // distinct levels

	slot [256]uint8 // pixel → slot: 0..n-1 a level, n no data

	// Two pixels a cell (ANSI256, TrueColor): SGR parameters for a slot. The
	// slots from n+slotCount(n)… on repeat all of them, lit.
	fg, bg []string

	// One pixel a cell (Mono, ANSI16): a whole SGR sequence and a glyph a slot.
	sgr, glyph []string
	solid      []uint8 // ANSI16: the one palette colour nearest to a level, for text to stand on

	rgb    []color.RGBA // what a level looks like, n of them; in Mono, its ink on the background
	blank  string       // SGR of a cell whose pixels are all without data
	dot    string       // its glyph
	cursor string       // one pixel a cell: SGR of the cursor cell
}

// Slots after the levels.
const (
	slotNoData  = iota // n: a pixel without data
	slotCursor         // n+1: the cursor's pixel
	slotOutside        // n+2: below the last pixel row, the terminal's own background
	extraSlots
)

// NewMap prepares the named map (see [Names]) for a depth. dark says what the
// background of the terminal is: zero-centred maps have black in the middle on
// a dark one and white on a light one. An unknown name is an error.
func NewMap(name string, d Depth, dark bool) (*Map, error) {
	p, err := paletteOf(name, dark)
	if err != nil {
		return nil, err
	}
	m := &Map{name: name, depth: d, dark: dark, diverging: p.diverging, dot: "·"}
	switch d {
	case TrueColor:
		m.trueColour(p)
	case ANSI256:
		m.ansi256(p)
	case ANSI16:
		m.ansi16(p)
	default:
		m.depth = Mono
		m.mono()
	}
	for i := range m.slot {
		m.slot[i] = m.levelOf(uint8(i))
	}
	return m, nil
}

// levelOf maps a pixel to a slot. The levels 1..255 fall into n bins; in a
// diverging map the bins are centred, so that pixel 128 is the middle level.
func (m *Map) levelOf(pix uint8) uint8 {
	if pix == 0 {
		return uint8(m.n + slotNoData)
	}
	if m.diverging {
		return uint8(((int(pix)-1)*(m.n-1)*2 + 254) / (2 * 254))
	}
	return uint8((int(pix) - 1) * m.n / 255)
}

// Name is the map's name, one of [Names].
func (m *Map) Name() string { return m.name }

// Depth is the depth the map was prepared for.
func (m *Map) Depth() Depth { return m.depth }

// Diverging says whether the map is centred on zero.
func (m *Map) Diverging() bool { return m.diverging }

// Levels is the number of levels that can be told apart.
func (m *Map) Levels() int { return m.n }

// RGB is about what pixel 1..255 looks like; with 16 colours and none it is the
// ramp's mean colour under the xterm palette. Pixel 0 is read as 1.
func (m *Map) RGB(pix uint8) color.RGBA { return m.rgb[m.slot[max(pix, 1)]] }

// Background is the SGR parameter list that sets the background of a cell to a
// pixel's colour, such as "48;5;53"; "" where the depth has no colours. Pixel 0
// gives the terminal's own background.
func (m *Map) Background(pix uint8) string {
	switch {
	case m.depth == Mono:
		return ""
	case pix == 0:
		return "49"
	case m.depth == ANSI16:
		return back16(m.solid[m.slot[pix]])
	}
	return m.bg[m.slot[pix]]
}

func (m *Map) trueColour(p palette) {
	m.n = sequentialLevels
	if p.diverging {
		m.n = divergingLevels
	}
	m.rgb = p.rgb(m.n)
	param := func(c color.RGBA) string {
		return "2;" + strconv.Itoa(int(c.R)) + ";" + strconv.Itoa(int(c.G)) + ";" + strconv.Itoa(int(c.B))
	}
	m.pairs(p, func(c color.RGBA, _ int, lit bool) string {
		if lit {
			c = m.lit(c)
		}
		return param(c)
	})
	dim := rgb(0x3d3d4d)
	if !m.dark {
		dim = rgb(0xc4c4ce)
	}
	m.blank = "\x1b[38;" + param(dim) + ";49m"
}

func (m *Map) ansi256(p palette) {
	m.n = len(p.p256)
	m.rgb = make([]color.RGBA, m.n)
	for i, x := range p.p256 {
		m.rgb[i] = xterm256(x)
	}
	index := func(slot int) uint8 {
		switch slot {
		case m.n + slotNoData:
			return p.nodata256
		case m.n + slotCursor:
			return p.cursor256
		}
		return p.p256[slot]
	}
	m.pairs(p, func(_ color.RGBA, slot int, lit bool) string {
		x := index(slot)
		if lit {
			if y := nearest256(m.lit(xterm256(x))); y != x {
				x = y
			} else {
				x = nearest256(blend(xterm256(x), rgb(0x808080), 0.4))
			}
		}
		return "5;" + strconv.Itoa(int(x))
	})
	m.blank = "\x1b[38;5;238;49m"
	if !m.dark {
		m.blank = "\x1b[38;5;251;49m"
	}
}

// pairs fills fg and bg: every slot, then every slot lit.
func (m *Map) pairs(p palette, param func(c color.RGBA, slot int, lit bool) string) {
	for _, lit := range []bool{false, true} {
		for s := range m.n + extraSlots {
			var c color.RGBA
			switch {
			case s < m.n:
				c = m.rgb[s]
			case s == m.n+slotNoData:
				c = p.nodata
			case s == m.n+slotCursor:
				c = p.cursor
			default: // outside
				m.fg, m.bg = append(m.fg, "39"), append(m.bg, "49")
				continue
			}
			v := param(c, s, lit && s != m.n+slotCursor)
			m.fg, m.bg = append(m.fg, "38;"+v), append(m.bg, "48;"+v)
		}
	}
}

// lit is a colour under the "now" column or a guide line: drawn towards white,
// or towards black where it is bright already.
func (m *Map) lit(c color.RGBA) color.RGBA {
	if luminance(c) > 0.45 {
		return blend(c, rgb(0), 0.28)
	}
	return blend(c, rgb(0xffffff), 0.28)
}

// Foreground is black or white, whichever reads better on a colour.
func Foreground(bg color.RGBA) color.RGBA {
	black, white := rgb(0), rgb(0xffffff)
	if Contrast(black, bg) >= Contrast(white, bg) {
		return black
	}
	return white
}

// Foreground is the SGR parameter list of text that reads well on a pixel's
// Background; "" where the depth has no colours.
func (m *Map) Foreground(pix uint8) string {
	switch {
	case m.depth == Mono:
		return ""
	case pix == 0:
		return "39"
	case m.depth == ANSI16:
		if Foreground(xterm16[m.solid[m.slot[pix]]]).R == 0 {
			return "30"
		}
		return "97"
	case Foreground(m.RGB(pix)).R == 0:
		return black[m.depth]
	}
	return white[m.depth]
}
