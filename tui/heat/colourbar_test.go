package heat

import (
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestColourbarText(t *testing.T) {
	lin, sym := Range{0, 20, Linear}, Range{-0.5, 2.5, Symmetric}
	for _, c := range []struct {
		width int
		r     Range
		notes []string
		want  string
	}{
		{30, lin, nil, "0                       20 lin"},
		{30, lin, []string{"frozen"}, "0                20 lin frozen"},
		{20, lin, []string{"frozen"}, "0             20 lin"},
		{14, lin, nil, "0           20"},
		{12, lin, nil, "            "},
		{1, lin, nil, " "},
		{0, lin, nil, ""},
		{-4, lin, nil, ""},
		{28, sym, nil, "-2.5        0        2.5 sym"},
		{30, Range{0.001, 8, Log}, nil, "0.001                    8 log"},
		{30, Range{-1, 3, Linear}, nil, "-1      0                3 lin"},
	} {
		name := "viridis"
		if c.r.Scale.Signed() {
			name = "blue-red"
		}
		for _, d := range []Depth{ANSI256, TrueColor} {
			if got := ansi.Strip(Colourbar(c.width, mustMap(t, name, d, true), c.r, c.notes...)); got != c.want {
				t.Errorf("%d columns, %v: %q, want %q", c.width, d, got, c.want)
			}
		}
	}
	if got, want := ansi.Strip(Colourbar(20, mustMap(t, "grey", Mono, true), lin)), "0    ░░░▒▒▒▓▓▓███ 20"; got[:4] != want[:4] || !strings.Contains(got, "░░") {
		t.Errorf("without colours: %q", got)
	}
}

// The gradient runs over the whole map, from its first level to its last, and
// zero stands on the map's middle.
func TestColourbarGradient(t *testing.T) {
	m := mustMap(t, "viridis", TrueColor, true)
	s := cells([]string{Colourbar(34, m, Range{0, 1, Linear})}, 34) // "0 " + 26 + " 1 lin"
	same(t, "first", s.CellAt(2, 0).Style.Bg, m.rgb[0])
	same(t, "last", s.CellAt(27, 0).Style.Bg, m.rgb[m.n-1])
	for x := 2; x < 27; x++ {
		a, b := s.CellAt(x, 0).Style.Bg, s.CellAt(x+1, 0).Style.Bg
		if a == nil || b == nil || a == b {
			t.Fatalf("columns %d and %d are %v and %v", x, x+1, a, b)
		}
	}
	m = mustMap(t, "blue-red", TrueColor, false)
	s = cells([]string{Colourbar(29, m, Range{-1, 1, Symmetric})}, 29) // 20 columns of gradient become 19
	zero := -1
	for x := range 29 {
		if c := s.CellAt(x, 0); c.Content == "0" {
			zero = x
		}
	}
	if zero < 0 {
		t.Fatal("no zero on the bar")
	}
	if e := deltaE(m.rgb[m.n/2], rgbOf(t, s.CellAt(zero, 0).Style.Bg)); e > 0 {
		t.Errorf("zero stands %.1f away from the middle of the map", e)
	}
}

func FuzzColourbar(f *testing.F) {
	f.Add(40, -1.0, 1.0, uint8(2), uint8(19), "frozen")
	f.Add(7, 0.0, 0.0, uint8(1), uint8(3), "")
	f.Add(200, math.NaN(), math.Inf(1), uint8(3), uint8(8), "x")
	f.Add(15, -1e300, 1e300, uint8(0), uint8(0), "世界")
	f.Fuzz(func(t *testing.T, width int, lo, hi float64, scale, which uint8, note string) {
		if width > 500 || ansi.Strip(note) != note || strings.ContainsFunc(note, func(r rune) bool { return r < ' ' || r > 0x2fff }) {
			t.Skip()
		}
		names := Names()
		m := mustMap(t, names[int(which)%len(names)], depths[int(which/8)%4], which%2 == 0)
		got := Colourbar(width, m, Range{lo, hi, Scale(scale % 4)}, note)
		if w := ansi.StringWidth(got); w != max(width, 0) {
			t.Fatalf("%q is %d columns wide, want %d", got, w, width)
		}
		if width > 0 && !strings.HasSuffix(got, "\x1b[m") {
			t.Fatalf("%q does not end with a reset", got)
		}
	})
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want string
	}{
		{0, "0"}, {math.Copysign(0, -1), "0"}, {20, "20"}, {78.5, "78.5"}, {78.54, "78.5"}, {0.0314159, "0.0314"},
		{-2.5, "-2.5"}, {0.001, "0.001"}, {12345.6, "12346"}, {0.5, "0.5"}, {1e-6, "1e-6"}, {-3.456e12, "-3.46e12"},
		{100000, "1e5"}, {0.000999, "9.99e-4"}, {math.Inf(1), "Inf"}, {math.Inf(-1), "-Inf"}, {math.NaN(), "NaN"}, {9.999, "10"},
	} {
		if got := Number(c.v); got != c.want {
			t.Errorf("Number(%v) = %q, want %q", c.v, got, c.want)
		}
	}
}
