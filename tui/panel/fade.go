package panel

import (
	"image/color"
	"strconv"
	"strings"

	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// fade brings every 24-bit colour of a line nearer to the background: an old
// picture, until the new one is there. Poorer depths have no colours between;
// there the text alone is dimmed.
func fade(t *theme.Theme, line string) string {
	if t.Depth != heat.TrueColor {
		return line
	}
	bg := theme.LightBackground
	if t.Dark {
		bg = theme.DarkBackground
	}
	var b strings.Builder
	b.Grow(len(line))
	for {
		i := strings.Index(line, "8;2;") // 38 or 48: both are colours
		if i < 0 {
			b.WriteString(line)
			return b.String()
		}
		b.WriteString(line[:i+4])
		line = line[i+4:]
		rgb, n := readRGB(line)
		if n == 0 {
			continue
		}
		mixed := color.RGBA{R: mix(rgb.R, bg.R), G: mix(rgb.G, bg.G), B: mix(rgb.B, bg.B)}
		b.WriteString(strconv.Itoa(int(mixed.R)) + ";" + strconv.Itoa(int(mixed.G)) + ";" + strconv.Itoa(int(mixed.B)))
		line = line[n:]
	}
}

// mix is two parts of the background and one of the colour.
func mix(v, bg uint8) uint8 { return uint8((int(v) + 2*int(bg)) / 3) }

// readRGB reads "r;g;b" and says how long it is; 0: it is none.
func readRGB(s string) (c color.RGBA, n int) {
	parts := [3]*uint8{&c.R, &c.G, &c.B}
	for i, p := range parts {
		v, digits := 0, 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' && digits < 3 {
			v, n, digits = 10*v+int(s[n]-'0'), n+1, digits+1
		}
		if digits == 0 || v > 255 {
			return c, 0
		}
		*p = uint8(v)
		if i < 2 {
			if n >= len(s) || s[n] != ';' {
				return c, 0
			}
			n++
		}
	}
	return c, n
}
