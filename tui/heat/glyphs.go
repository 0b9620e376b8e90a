package heat

import (
	"image/color"
	"math"
	"strconv"
)

// Glyph ramps of the terminals without colours. Ink grows with the value; in
// the signed ramp the glyph says the sign: horizontal strokes below zero, the
// family of the plus above.
var (
	inkRamp    = []string{" ", "░", "▒", "▓", "█"}
	signedRamp = []string{"≡", "=", "~", "-", " ", "+", "*", "#", "@"}
)

// Shades that mix two of the 16 colours, with the share of the foreground.
var shades = []struct {
	glyph string
	share float64
}{{"░", 0.25}, {"▒", 0.5}, {"▓", 0.75}, {"█", 1}}

// xterm16 is xterm's default palette. A terminal may have another: only the
// order of lightness is leant on.
var xterm16 = [16]color.RGBA{
	rgb(0x000000), rgb(0xcd0000), rgb(0x00cd00), rgb(0xcdcd00), rgb(0x0000ee), rgb(0xcd00cd), rgb(0x00cdcd), rgb(0xe5e5e5),
	rgb(0x7f7f7f), rgb(0xff0000), rgb(0x00ff00), rgb(0xffff00), rgb(0x5c5cff), rgb(0xff00ff), rgb(0x00ffff), rgb(0xffffff),
}

func fore16(c uint8) string {
	if c < 8 {
		return strconv.Itoa(30 + int(c))
	}
	return strconv.Itoa(90 + int(c) - 8)
}

func back16(c uint8) string {
	if c < 8 {
		return strconv.Itoa(40 + int(c))
	}
	return strconv.Itoa(100 + int(c) - 8)
}

func (m *Map) mono() {
	m.glyph = inkRamp
	if m.diverging {
		m.glyph = signedRamp
	}
	m.n = len(m.glyph)
	paper, ink := rgb(0x111118), rgb(0xffffff)
	if !m.dark {
		paper, ink = rgb(0xfafafa), rgb(0)
	}
	share := m.inkOf
	for s := range m.n {
		m.rgb = append(m.rgb, dither(paper, ink, share(s)))
	}
	m.sgr = make([]string, m.n)
	for i := range m.sgr {
		m.sgr[i] = "\x1b[m"
	}
	m.blank = "\x1b[m"
	m.cursor = "\x1b[0;1;7m"
}

// inkOf is how much of a cell the glyph of a level covers, roughly.
func (m *Map) inkOf(s int) float64 {
	if !m.diverging {
		return float64(s) / float64(m.n-1)
	}
	half := m.n / 2
	return 0.5 * math.Abs(float64(s-half)) / float64(half)
}

// ansi16 builds the ramp that walks from stop to stop of the palette by shades:
// one stop's colour on the one before.
func (m *Map) ansi16(p palette) {
	arm := func(stops []uint8) (sgr, glyph []string, c []color.RGBA, solid []uint8) {
		for i := 1; i < len(stops); i++ {
			from, to := stops[i-1], stops[i]
			for _, sh := range shades {
				sgr = append(sgr, "\x1b[0;"+fore16(to)+";"+back16(from)+"m")
				glyph = append(glyph, sh.glyph)
				c = append(c, dither(xterm16[from], xterm16[to], sh.share))
				if sh.share < 0.5 {
					solid = append(solid, from)
				} else {
					solid = append(solid, to)
				}
			}
		}
		return sgr, glyph, c, solid
	}
	first := p.c16[0][0]
	m.sgr, m.glyph = []string{"\x1b[0;39;" + back16(first) + "m"}, []string{" "}
	m.rgb, m.solid = []color.RGBA{xterm16[first]}, []uint8{first}
	up := p.c16[0]
	if m.diverging {
		sgr, glyph, c, solid := arm(p.c16[0])
		for i := range sgr {
			m.sgr = append([]string{sgr[i]}, m.sgr...)
			m.glyph = append([]string{glyph[i]}, m.glyph...)
			m.rgb = append([]color.RGBA{c[i]}, m.rgb...)
			m.solid = append([]uint8{solid[i]}, m.solid...)
		}
		up = p.c16[1]
	}
	sgr, glyph, c, solid := arm(up)
	m.sgr, m.glyph = append(m.sgr, sgr...), append(m.glyph, glyph...)
	m.rgb, m.solid = append(m.rgb, c...), append(m.solid, solid...)
	m.n = len(m.sgr)
	m.blank = "\x1b[0;90m"
	m.cursor = "\x1b[0;30;" + back16(p.cursor16) + "m"
}
