package heat

import (
	"fmt"
	"image/color"
	"strings"
)

// A palette is one colour map before it is prepared for a depth, on one kind of
// background.
type palette struct {
	diverging bool
	rgb       func(n int) []color.RGBA // n levels, true colour
	p256      []uint8                  // levels among the 256 colours
	c16       [2][]uint8               // low→high stops among the 16 colours; diverging: the arms from the middle, negative and positive
	cursor    color.RGBA
	nodata    color.RGBA // a pixel without data beside a pixel with data
	cursor256 uint8
	nodata256 uint8
	cursor16  uint8 // background of the cursor cell, among the 16 colours
}

// Level counts. On the screen 64 levels are enough (numbers are read in the
// inspector, not from hue) and cost fewer bytes than 256: neighbours are equal
// more often. A diverging map has an odd number, so that zero has a level.
const (
	sequentialLevels = 64
	divergingLevels  = 65
)

// Sequential lists the maps for data without a sign; Diverging those centred on
// zero.
func Sequential() []string { return []string{"viridis", "cividis", "magma", "grey"} }

// Diverging lists the maps centred on zero.
func Diverging() []string { return []string{"blue-red"} }

// Names lists every map that [NewMap] knows, sequential first.
func Names() []string { return append(Sequential(), Diverging()...) }

func paletteOf(name string, dark bool) (palette, error) {
	switch name {
	case "viridis":
		return palette{
			rgb:       table(viridisHex),
			p256:      []uint8{53, 54, 55, 24, 30, 36, 71, 107, 77, 113, 149, 184, 220, 226},
			c16:       [2][]uint8{{0, 4, 2, 11}},
			cursor:    rgb(0xff2f92),
			nodata:    rgb(0x54473c),
			cursor256: 198,
			nodata256: 52,
			cursor16:  13,
		}, nil
	case "magma":
		return palette{
			rgb:       table(magmaHex),
			p256:      []uint8{232, 17, 53, 54, 90, 126, 162, 168, 204, 209, 216, 222, 229},
			c16:       [2][]uint8{{0, 5, 3, 15}},
			cursor:    rgb(0x22e0ff),
			nodata:    rgb(0x2f4a44),
			cursor256: 51,
			nodata256: 23,
			cursor16:  14,
		}, nil
	case "cividis":
		return palette{
			rgb:       table(cividisHex),
			p256:      []uint8{17, 18, 237, 239, 60, 243, 101, 143, 179, 185, 221, 227},
			c16:       [2][]uint8{{0, 4, 8, 11}},
			cursor:    rgb(0xff2f92),
			nodata:    rgb(0x542f3c),
			cursor256: 198,
			nodata256: 52,
			cursor16:  13,
		}, nil
	case "grey":
		return palette{
			rgb:       greys,
			p256:      []uint8{232, 233, 234, 235, 236, 237, 238, 239, 240, 241, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255, 231},
			c16:       [2][]uint8{{0, 8, 7, 15}},
			cursor:    rgb(0xff2f92),
			nodata:    rgb(0x1f3d66),
			cursor256: 198,
			nodata256: 24,
			cursor16:  13,
		}, nil
	case "blue-red":
		if dark {
			return palette{
				diverging: true,
				rgb:       blueBlackOrange,
				p256:      []uint8{117, 111, 39, 32, 26, 25, 20, 19, 232, 52, 88, 94, 130, 166, 208, 214, 222},
				c16:       [2][]uint8{{0, 4, 6}, {0, 1, 3}},
				cursor:    rgb(0x35ff5e),
				nodata:    rgb(0x4a4a4a),
				cursor256: 46,
				nodata256: 240,
				cursor16:  10,
			}, nil
		}
		return palette{
			diverging: true,
			rgb:       blueWhiteRed,
			p256:      []uint8{18, 20, 25, 26, 69, 75, 147, 189, 231, 224, 217, 210, 203, 160, 124, 88, 52},
			c16:       [2][]uint8{{7, 12, 4}, {7, 9, 1}},
			cursor:    rgb(0x00a03c),
			nodata:    rgb(0xb4b4a8),
			cursor256: 34,
			nodata256: 249,
			cursor16:  10,
		}, nil
	}
	return palette{}, fmt.Errorf("heat: no colour map %q; there are %s", name, strings.Join(Names(), ", "))
}

func rgb(v uint32) color.RGBA {
	return color.RGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

// table samples a 256-colour table, given as rrggbb after rrggbb, at n evenly
// spaced places that include both ends.
func table(hex string) func(n int) []color.RGBA {
	digit := func(b byte) uint32 {
		if b >= 'a' {
			return uint32(b-'a') + 10
		}
		return uint32(b - '0')
	}
	return func(n int) []color.RGBA {
		out := make([]color.RGBA, n)
		for i := range out {
			at := 6 * ((i*255 + (n-1)/2) / (n - 1))
			var v uint32
			for _, b := range []byte(hex[at : at+6]) {
				v = v<<4 | digit(b)
			}
			out[i] = rgb(v)
		}
		return out
	}
}

// greys runs from near black to white, even in OKLab lightness.
func greys(n int) []color.RGBA {
	out := make([]color.RGBA, n)
	for i := range out {
		out[i] = oklch(0.12+0.88*float64(i)/float64(n-1), 0, 0)
	}
	return out
}

// blueBlackOrange is the zero-centred map for dark backgrounds: zero is black,
// and both arms grow brighter by the same lightness.
func blueBlackOrange(n int) []color.RGBA {
	return arms(n, func(t float64, negative bool) color.RGBA {
		l := 0.13 + 0.75*t
		c := 0.175 * t * (2.6 - 1.9*t) / (2.6 * 2.6 / (4 * 1.9))
		if negative {
			return oklch(l, c, 265-30*t)
		}
		return oklch(l, c, 42+38*t)
	})
}

// blueWhiteRed is the zero-centred map for light backgrounds: zero is white,
// and both arms grow darker by the same lightness.
func blueWhiteRed(n int) []color.RGBA {
	return arms(n, func(t float64, negative bool) color.RGBA {
		l := 0.985 - 0.63*t
		c := 0.20 * t * (2.4 - 1.6*t) / (2.4 * 2.4 / (4 * 1.6))
		if negative {
			return oklch(l, c, 250+12*t)
		}
		return oklch(l, c, 22+5*t)
	})
}

// arms builds a diverging map of n (odd) levels from a colour for each distance
// t in 0..1 from the middle.
func arms(n int, at func(t float64, negative bool) color.RGBA) []color.RGBA {
	out := make([]color.RGBA, n)
	half := n / 2
	for i := range out {
		d := i - half
		out[i] = at(float64(max(d, -d))/float64(half), d < 0)
	}
	return out
}
