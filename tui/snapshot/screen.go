package snapshot

import (
	"image"
	"image/color"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// Screen is a grid of cells. Ultraviolet's buffers and the x/vt emulators are
// screens. A nil cell is blank.
type Screen interface {
	CellAt(x, y int) *uv.Cell
	Bounds() uv.Rectangle
}

// Options say how a picture looks. The zero value is light grey on the dark
// background of the theme, one image pixel a unit.
type Options struct {
	Foreground, Background color.Color // where a cell says nothing
	Scale                  int         // PNG: 9×18 pixels a cell, times 1..8
	Title                  string      // SVG: what the picture shows, for those who cannot see it
	Notes                  []Note      // PNG, SVG, GIF: what the file says of itself
}

// The unit size of a cell. Go Mono at 15 units is exactly 9 wide.
const (
	cellW    = 9
	cellH    = 18
	baseline = 14
	fontSize = 15
)

func (o Options) filled() Options {
	if o.Foreground == nil {
		o.Foreground = color.RGBA{R: 0xd8, G: 0xda, B: 0xe5, A: 0xff}
	}
	if o.Background == nil {
		o.Background = color.RGBA{R: 0x11, G: 0x11, B: 0x18, A: 0xff}
	}
	o.Scale = min(max(o.Scale, 1), 8)
	return o
}

// Parse lays text with escape codes out on a screen of width×height cells. Lines
// that are too long are cut, lines past the height dropped.
func Parse(text string, width, height int) Screen {
	width, height = max(width, 0), max(height, 0)
	buf := uv.NewScreenBuffer(width, height)
	buf.Method = ansi.GraphemeWidth
	uv.NewStyledString(text).Draw(buf, uv.Rect(0, 0, width, height))
	return buf
}

// Crop is the part of a screen inside a rectangle, one panel for instance.
func Crop(s Screen, area uv.Rectangle) Screen {
	return part{s, area.Intersect(s.Bounds())}
}

type part struct {
	s    Screen
	area uv.Rectangle
}

func (p part) Bounds() uv.Rectangle { return image.Rect(0, 0, p.area.Dx(), p.area.Dy()) }

func (p part) CellAt(x, y int) *uv.Cell {
	if !image.Pt(x, y).In(p.Bounds()) {
		return nil
	}
	return p.s.CellAt(x+p.area.Min.X, y+p.area.Min.Y)
}

// look is a cell with everything decided.
type look struct {
	content       string // "" for a blank
	width         int
	fg, bg        color.RGBA
	attrs         uint8
	underline     bool
	strikethrough bool
}

// row reads row y as looks from left to right. Cells covered by a wide character
// are left out; a wide character at the right edge is blank.
func row(s Screen, y int, o Options) []look {
	b := s.Bounds()
	out := make([]look, 0, b.Dx())
	for x := 0; x < b.Dx(); {
		l := lookOf(s.CellAt(b.Min.X+x, b.Min.Y+y), o)
		if x+l.width > b.Dx() {
			l.content, l.width = "", b.Dx()-x
		}
		out = append(out, l)
		x += l.width
	}
	return out
}

func lookOf(c *uv.Cell, o Options) look {
	l := look{width: 1, fg: opaque(o.Foreground), bg: opaque(o.Background)}
	if c == nil {
		return l
	}
	l.width = max(c.Width, 1)
	if c.Style.Fg != nil {
		l.fg = opaque(c.Style.Fg)
	}
	if c.Style.Bg != nil {
		l.bg = opaque(c.Style.Bg)
	}
	l.attrs = c.Style.Attrs
	if l.attrs&uv.AttrReverse != 0 {
		l.fg, l.bg = l.bg, l.fg
	}
	if l.attrs&uv.AttrFaint != 0 {
		l.fg = mix(l.fg, l.bg)
	}
	l.underline = c.Style.Underline != uv.UnderlineNone
	l.strikethrough = l.attrs&uv.AttrStrikethrough != 0
	if c.Content != " " && l.attrs&uv.AttrConceal == 0 {
		l.content = c.Content
	}
	return l
}

// palette16 is what the 16 colours look like in a picture; terminals differ.
var palette16 = [16]color.RGBA{
	hex(0x15161e), hex(0xd9484f), hex(0x3fb068), hex(0xd0a53a), hex(0x3b6fd9), hex(0xb65fcf), hex(0x35a8b8), hex(0xc9cbd6),
	hex(0x777b8f), hex(0xff7b80), hex(0x76e09a), hex(0xffe066), hex(0x7aa2ff), hex(0xe29bff), hex(0x7fe3ee), hex(0xffffff),
}

func hex(v uint32) color.RGBA {
	return color.RGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

// opaque is a cell's colour as RGB.
func opaque(c color.Color) color.RGBA {
	switch c := c.(type) {
	case color.RGBA:
		c.A = 255
		return c
	case ansi.BasicColor:
		if int(c) < len(palette16) {
			return palette16[c]
		}
	case ansi.IndexedColor:
		if int(c) < len(palette16) {
			return palette16[c]
		}
	}
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return color.RGBA{R: n.R, G: n.G, B: n.B, A: 255}
}

// mix is the colour halfway.
func mix(a, b color.RGBA) color.RGBA {
	half := func(x, y uint8) uint8 { return uint8((int(x) + int(y)) / 2) }
	return color.RGBA{R: half(a.R, b.R), G: half(a.G, b.G), B: half(a.B, b.B), A: 255}
}
