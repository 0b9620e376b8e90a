package theme

import (
	"image/color"

	"mamba-tui/tui/heat"
)

// The backgrounds that contrast is reckoned against.
var (
	DarkBackground  = color.RGBA{R: 0x11, G: 0x11, B: 0x18, A: 0xff}
	LightBackground = color.RGBA{R: 0xfa, G: 0xfa, B: 0xfa, A: 0xff}
)

// look is a role's style at every depth; strings are SGR parameters. attr holds the attributes that go with
// the colours of the richer depths.
type look struct {
	dark, light       color.RGBA
	dark256, light256 uint8
	dark16, light16   string
	mono              string
	attr              string
}

func hex(v uint32) color.RGBA {
	return color.RGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

// looks holds the palette. Every text colour keeps 4.5:1 on its background.
var looks = [roles]look{
	Text:    {hex(0xd8dae5), hex(0x24262e), 253, 235, "", "", "", ""},
	Dim:     {hex(0x8b8fa3), hex(0x63677a), 246, 242, "90", "90", "", ""},
	Title:   {hex(0xaab4d4), hex(0x3a4470), 146, 60, "1", "1", "1", "1"},
	Focus:   {hex(0xffd166), hex(0x8a5a00), 221, 94, "1;33", "1;34", "1;7", "1"},
	Accent:  {hex(0x7fd4ff), hex(0x005f9e), 117, 25, "1;36", "1;34", "1", "1"},
	Key:     {hex(0xffd166), hex(0x8a5a00), 221, 94, "1;33", "1;35", "1;4", "1"},
	Good:    {hex(0x7ee2a0), hex(0x0e6b3a), 114, 22, "32", "32", "", ""},
	Warn:    {hex(0xffb454), hex(0x9a4a00), 215, 130, "33", "35", "4", ""},
	Bad:     {hex(0xff8080), hex(0xb3202c), 210, 124, "1;31", "1;31", "1;7", "1"},
	Bar:     {hex(0x5cc8c2), hex(0x007a78), 79, 23, "36", "34", "", ""},
	BarDim:  {hex(0x7d8296), hex(0x6b7084), 245, 242, "90", "90", "", ""},
	Cursor:  {hex(0xffd166), hex(0x8a5a00), 221, 94, "1;7", "1;7", "1;7", "1;7"},
	Half:    {hex(0xffb454), hex(0x9a4a00), 215, 130, "33", "35", "", ""},
	Wipe:    {hex(0xff6f91), hex(0xb3003c), 204, 125, "1;31", "1;31", "1", "1"},
	Changed: {hex(0xd6a2ff), hex(0x7a2bb5), 183, 91, "35", "35", "1;4", ""},
	Clean:   {hex(0x9fd8a8), hex(0x1d6a3c), 151, 22, "32", "32", "", ""},
}

// level is the SGR sequence of a ribbon cell.
func level(m *heat.Map, pix uint8) string {
	if m.Depth() == heat.Mono {
		return monoLevel(m, pix)
	}
	if pix == 0 {
		return "\x1b[m"
	}
	return "\x1b[" + m.Foreground(pix) + ";" + m.Background(pix) + "m"
}

// monoLevel shows four steps of magnitude by attributes: plain, underlined, bold
// and underlined, reversed. What is below zero is in italics as well.
func monoLevel(m *heat.Map, pix uint8) string {
	if pix == 0 {
		return "\x1b[m"
	}
	v := float64(pix-1) / 254
	sign := ""
	if m.Diverging() {
		v = 2*v - 1
		if v < 0 {
			v, sign = -v, ";3"
		}
	}
	switch {
	case v < 0.25:
		return "\x1b[m"
	case v < 0.5:
		return "\x1b[0;4" + sign + "m"
	case v < 0.75:
		return "\x1b[0;1;4" + sign + "m"
	}
	return "\x1b[0;1;7" + sign + "m"
}
