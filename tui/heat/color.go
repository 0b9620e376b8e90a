package heat

import (
	"image/color"
	"math"
)

// Contrast is the WCAG 2 contrast ratio of two opaque colours, 1 to 21. Text
// wants 4.5 or more.
func Contrast(a, b color.RGBA) float64 {
	la, lb := luminance(a), luminance(b)
	if la < lb {
		la, lb = lb, la
	}
	return (la + 0.05) / (lb + 0.05)
}

// luminance is the relative luminance Y of an sRGB colour, 0 to 1.
func luminance(c color.RGBA) float64 {
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// linear undoes the sRGB transfer curve.
func linear(v uint8) float64 {
	c := float64(v) / 255
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}

// companded applies the sRGB transfer curve. The result is not clipped.
func companded(c float64) float64 {
	if c <= 0.0031308 {
		return 12.92 * c
	}
	return 1.055*math.Pow(c, 1/2.4) - 0.055
}

// oklch converts Björn Ottosson's OKLCh (lightness 0..1, chroma, hue in
// degrees) to sRGB. A colour outside the gamut loses chroma, never lightness:
// that keeps the two arms of a diverging map equally bright.
func oklch(l, c, h float64) color.RGBA {
	lo, hi := 0.0, c
	if _, ok := oklab(l, c, h); ok {
		lo = c
	}
	for range 20 {
		mid := (lo + hi) / 2
		if _, ok := oklab(l, mid, h); ok {
			lo = mid
		} else {
			hi = mid
		}
	}
	rgb, _ := oklab(l, lo, h)
	var out [3]uint8
	for i, v := range rgb {
		out[i] = uint8(math.Round(255 * min(max(v, 0), 1)))
	}
	return color.RGBA{R: out[0], G: out[1], B: out[2], A: 255}
}

// oklab gives the sRGB components of an OKLCh colour and whether they all lie
// in [0, 1].
func oklab(L, C, h float64) (rgb [3]float64, ok bool) {
	s, c := math.Sincos(h * math.Pi / 180)
	a, b := C*c, C*s
	l := L + 0.3963377774*a + 0.2158037573*b
	m := L - 0.1055613458*a - 0.0638541728*b
	n := L - 0.0894841775*a - 1.2914855480*b
	l, m, n = l*l*l, m*m*m, n*n*n
	rgb = [3]float64{
		companded(+4.0767416621*l - 3.3077115913*m + 0.2309699292*n),
		companded(-1.2684380046*l + 2.6097574011*m - 0.3413193965*n),
		companded(-0.0041960863*l - 0.7034186147*m + 1.7076147010*n),
	}
	ok = true
	for _, v := range rgb {
		ok = ok && v >= -1e-4 && v <= 1+1e-4
	}
	return rgb, ok
}

// blend mixes a share t of b into a, in sRGB: only for marks on top of a map,
// where a distance that looks even does not matter.
func blend(a, b color.RGBA, t float64) color.RGBA {
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x)*(1-t) + float64(y)*t)) }
	return color.RGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: 255}
}

// dither is what the eye makes of a cell in which a share t of the dots is b and
// the rest a: the mean of the light.
func dither(a, b color.RGBA, t float64) color.RGBA {
	mix := func(x, y uint8) uint8 {
		return uint8(math.Round(255 * companded(linear(x)*(1-t)+linear(y)*t)))
	}
	return color.RGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: 255}
}

// xterm256 is the colour of a palette index ≥ 16, which terminals agree on: the
// 6×6×6 cube, then 24 greys.
func xterm256(i uint8) color.RGBA {
	if i >= 232 {
		g := 8 + 10*(i-232)
		return color.RGBA{R: g, G: g, B: g, A: 255}
	}
	steps := [6]uint8{0, 95, 135, 175, 215, 255}
	j := i - 16
	return color.RGBA{R: steps[j/36], G: steps[j/6%6], B: steps[j%6], A: 255}
}

// nearest256 is the palette index ≥ 16 nearest to c by squared distance in sRGB.
func nearest256(c color.RGBA) uint8 {
	best, at := math.MaxInt, uint8(16)
	for i := 16; i < 256; i++ {
		p := xterm256(uint8(i))
		r, g, b := int(p.R)-int(c.R), int(p.G)-int(c.G), int(p.B)-int(c.B)
		if d := r*r + g*g + b*b; d < best {
			best, at = d, uint8(i)
		}
	}
	return at
}
