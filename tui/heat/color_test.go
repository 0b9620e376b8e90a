package heat

import (
	"image/color"
	"math"
	"strconv"
	"strings"
	"testing"
)

// lab is CIELAB under D65, written apart from the OKLab of the package.
func lab(c color.RGBA) (L, a, b float64) {
	r, g, bl := linear(c.R), linear(c.G), linear(c.B)
	x := (0.4124564*r + 0.3575761*g + 0.1804375*bl) / 0.95047
	y := 0.2126729*r + 0.7151522*g + 0.0721750*bl
	z := (0.0193339*r + 0.1191920*g + 0.9503041*bl) / 1.08883
	f := func(t float64) float64 {
		if t > 216.0/24389 {
			return math.Cbrt(t)
		}
		return (24389.0/27*t + 16) / 116
	}
	return 116*f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))
}

func lightness(c color.RGBA) float64 { L, _, _ := lab(c); return L }

// deltaE is the CIE 1976 distance.
func deltaE(p, q color.RGBA) float64 {
	l1, a1, b1 := lab(p)
	l2, a2, b2 := lab(q)
	return math.Sqrt((l1-l2)*(l1-l2) + (a1-a2)*(a1-a2) + (b1-b2)*(b1-b2))
}

func TestLab(t *testing.T) {
	for _, c := range []struct {
		rgb     color.RGBA
		l, a, b float64
	}{
		{rgb(0x000000), 0, 0, 0},
		{rgb(0xffffff), 100, 0, 0},
		{rgb(0xff0000), 53.24, 80.09, 67.20},
		{rgb(0x0000ff), 32.30, 79.19, -107.86},
	} {
		if l, a, b := lab(c.rgb); math.Hypot(math.Hypot(l-c.l, a-c.a), b-c.b) > 0.05 {
			t.Errorf("lab(%v) = %.2f %.2f %.2f, want %.2f %.2f %.2f", c.rgb, l, a, b, c.l, c.a, c.b)
		}
	}
}

func TestContrast(t *testing.T) {
	for _, c := range []struct {
		a, b uint32
		want float64
	}{
		{0x000000, 0xffffff, 21},
		{0xffffff, 0x000000, 21},
		{0x777777, 0xffffff, 4.478},
		{0x123456, 0x123456, 1},
	} {
		if got := Contrast(rgb(c.a), rgb(c.b)); math.Abs(got-c.want) > 0.001 {
			t.Errorf("Contrast(%06x, %06x) = %.4f, want %.4f", c.a, c.b, got, c.want)
		}
	}
}

func TestOklch(t *testing.T) {
	for _, c := range []struct {
		l, ch, h float64
		want     uint32
	}{
		{0, 0, 0, 0x000000},
		{1, 0, 0, 0xffffff},
		{0.62796, 0.25768, 29.234, 0xff0000}, // red, from Ottosson's definition
		{0.45201, 0.31321, 264.052, 0x0000ff},
	} {
		got, want := oklch(c.l, c.ch, c.h), rgb(c.want)
		if deltaE(got, want) > 1.5 {
			t.Errorf("oklch(%v %v %v) = %v, want %v", c.l, c.ch, c.h, got, want)
		}
	}
	// Far outside the gamut chroma gives way, lightness does not.
	grey := lightness(oklch(0.7, 0, 0))
	for h := 0.0; h < 360; h += 30 {
		if l := lightness(oklch(0.7, 0.9, h)); math.Abs(l-grey) > 9 {
			t.Errorf("hue %v: lightness %.1f, the grey has %.1f", h, l, grey)
		}
	}
}

// The ends and the middle of the published tables.
func TestTables(t *testing.T) {
	for _, c := range []struct {
		name, hex         string
		first, mid, final uint32
	}{
		{"viridis", viridisHex, 0x440154, 0x21918c, 0xfde725},
		{"magma", magmaHex, 0x000004, 0xb73779, 0xfcfdbf},
		{"cividis", cividisHex, 0x00224e, 0x7d7c78, 0xfee838},
	} {
		if len(c.hex) != 256*6 {
			t.Fatalf("%s has %d digits, want %d", c.name, len(c.hex), 256*6)
		}
		all := table(c.hex)(256)
		for i, want := range map[int]uint32{0: c.first, 128: c.mid, 255: c.final} {
			if d := deltaE(all[i], rgb(want)); d > 1.5 {
				t.Errorf("%s[%d] = %v, want %06x", c.name, i, all[i], want)
			}
		}
		if few := table(c.hex)(64); few[0] != all[0] || few[63] != all[255] {
			t.Errorf("%s sampled at 64 places misses an end", c.name)
		}
	}
}

func mustMap(t testing.TB, name string, d Depth, dark bool) *Map {
	t.Helper()
	m, err := NewMap(name, d, dark)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var depths = []Depth{Mono, ANSI16, ANSI256, TrueColor}

func everyMap(t *testing.T, f func(t *testing.T, m *Map)) {
	for _, name := range Names() {
		for _, d := range depths {
			for _, dark := range []bool{true, false} {
				m := mustMap(t, name, d, dark)
				t.Run(name+"/"+d.String()+"/dark="+strconv.FormatBool(dark), func(t *testing.T) { f(t, m) })
			}
		}
	}
}

// Order is what a reader sees first: CIELAB lightness rises with every level of
// a sequential map; from the middle of a diverging one it rises on dark and
// falls on light backgrounds, in Mono it is the ink that grows.
func TestLightnessIsMonotone(t *testing.T) {
	everyMap(t, func(t *testing.T, m *Map) {
		L := make([]float64, m.n)
		for i := range L {
			L[i] = lightness(m.rgb[i])
		}
		sign := 1.0
		if !m.dark && (m.diverging || m.depth == Mono) {
			sign = -1
		}
		from := 0
		if m.diverging {
			from = m.n / 2
			for i := from; i > 0; i-- {
				if sign*(L[i-1]-L[i]) < 0.3 {
					t.Errorf("negative arm, level %d: L* goes from %.1f to %.1f", i, L[i], L[i-1])
				}
			}
		}
		for i := from; i+1 < m.n; i++ {
			if sign*(L[i+1]-L[i]) < 0.3 {
				t.Errorf("level %d: L* goes from %.1f to %.1f", i, L[i], L[i+1])
			}
		}
		least := 40.0
		if m.depth == Mono && m.diverging {
			least = 20 // letters cover half a cell at most
		}
		if span := math.Abs(L[m.n-1] - L[from]); span < least {
			t.Errorf("the levels span only %.1f of L*", span)
		}
	})
}

// What is drawn must be the colours that the lightness test looked at.
func TestTablesSayTheColours(t *testing.T) {
	for _, name := range Names() {
		m := mustMap(t, name, TrueColor, true)
		for s := range m.n {
			c := m.rgb[s]
			want := "2;" + strconv.Itoa(int(c.R)) + ";" + strconv.Itoa(int(c.G)) + ";" + strconv.Itoa(int(c.B))
			if m.fg[s] != "38;"+want || m.bg[s] != "48;"+want {
				t.Fatalf("%s level %d: %q and %q for %v", name, s, m.fg[s], m.bg[s], c)
			}
		}
		m = mustMap(t, name, ANSI256, false)
		for s := range m.n {
			x, err := strconv.Atoi(strings.TrimPrefix(m.bg[s], "48;5;"))
			if err != nil || xterm256(uint8(x)) != m.rgb[s] {
				t.Fatalf("%s level %d: %q is not %v", name, s, m.bg[s], m.rgb[s])
			}
		}
	}
}

// Both signs of a diverging map get the same weight.
func TestArmsAreBalanced(t *testing.T) {
	for _, dark := range []bool{true, false} {
		m := mustMap(t, "blue-red", TrueColor, dark)
		for i := range m.n / 2 {
			a, b := lightness(m.rgb[i]), lightness(m.rgb[m.n-1-i])
			if math.Abs(a-b) > 8 {
				t.Errorf("dark=%v ±%d: L* %.1f against %.1f", dark, m.n/2-i, a, b)
			}
		}
	}
}

// Marks must not look like data: the cursor, missing data and lit columns.
func TestMarksStandOut(t *testing.T) {
	for _, name := range Names() {
		for _, dark := range []bool{true, false} {
			p, err := paletteOf(name, dark)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range []Depth{ANSI256, TrueColor} {
				m := mustMap(t, name, d, dark)
				cursor, nodata := p.cursor, p.nodata
				if d == ANSI256 {
					cursor, nodata = xterm256(p.cursor256), xterm256(p.nodata256)
				}
				for s, c := range m.rgb {
					if e := deltaE(c, cursor); e < 28 {
						t.Errorf("%s %v dark=%v level %d: the cursor is only %.1f away", name, d, dark, s, e)
					}
					if e := deltaE(c, nodata); e < 7 {
						t.Errorf("%s %v dark=%v level %d: missing data is only %.1f away", name, d, dark, s, e)
					}
					if m.fg[s] == m.fg[s+m.n+extraSlots] || m.bg[s] == m.bg[s+m.n+extraSlots] {
						t.Errorf("%s %v dark=%v level %d looks the same when lit", name, d, dark, s)
					}
				}
				if e := deltaE(cursor, nodata); e < 28 {
					t.Errorf("%s %v dark=%v: cursor and missing data are only %.1f apart", name, d, dark, e)
				}
			}
			m := mustMap(t, name, ANSI16, dark)
			for s, c := range m.solid {
				if c == p.cursor16 {
					t.Errorf("%s dark=%v level %d has the cursor's colour %d", name, dark, s, c)
				}
			}
		}
	}
}

// Text on any level reads at 4.5:1 or better.
func TestForegroundReads(t *testing.T) {
	for _, name := range Names() {
		for _, dark := range []bool{true, false} {
			for _, d := range []Depth{ANSI256, TrueColor} {
				m := mustMap(t, name, d, dark)
				for pix := 1; pix < 256; pix++ {
					bg := m.RGB(uint8(pix))
					fg := Foreground(bg)
					if c := Contrast(fg, bg); c < 4.5 {
						t.Errorf("%s %v pixel %d: %.2f:1", name, d, pix, c)
					}
					want := black[d]
					if fg.R == 255 {
						want = white[d]
					}
					if got := m.Foreground(uint8(pix)); got != want {
						t.Fatalf("%s %v pixel %d: foreground %q, want %q", name, d, pix, got, want)
					}
				}
			}
		}
	}
}

func TestMapErrors(t *testing.T) {
	_, err := NewMap("jet", TrueColor, true)
	if err == nil || !strings.Contains(err.Error(), "jet") || !strings.Contains(err.Error(), "viridis") {
		t.Errorf("NewMap(jet) says %v; it should name jet and what there is", err)
	}
	for _, name := range Names() {
		m := mustMap(t, name, TrueColor, true)
		if m.Name() != name || m.Depth() != TrueColor || m.Diverging() != (name == "blue-red") {
			t.Errorf("%s calls itself %s, %v, diverging %v", name, m.Name(), m.Depth(), m.Diverging())
		}
	}
}

// Zero is the middle pixel, and the middle pixel is the middle level, alone.
func TestPixelLevels(t *testing.T) {
	everyMap(t, func(t *testing.T, m *Map) {
		seen := map[uint8]int{}
		last := -1
		for pix := 1; pix < 256; pix++ {
			s := m.slot[pix]
			if int(s) < last || int(s) >= m.n {
				t.Fatalf("pixel %d has level %d after %d, of %d", pix, s, last, m.n)
			}
			last = int(s)
			seen[s]++
		}
		if len(seen) != m.n || m.Levels() != m.n {
			t.Errorf("%d of %d levels are used", len(seen), m.n)
		}
		if m.slot[0] != uint8(m.n+slotNoData) {
			t.Errorf("pixel 0 has slot %d", m.slot[0])
		}
		if m.diverging {
			if m.slot[128] != uint8(m.n/2) {
				t.Errorf("pixel 128 has level %d of %d", m.slot[128], m.n)
			}
			for d := range 127 {
				if m.slot[128-d]+m.slot[128+d] != uint8(m.n-1) {
					t.Fatalf("pixels 128±%d have levels %d and %d", d, m.slot[128-d], m.slot[128+d])
				}
			}
		}
	})
}
