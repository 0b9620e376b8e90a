package plot

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// chart is a linear and a quadratic curve, the second with a gap and an end.
func chart() *LogLog {
	lin := Series{Name: "linear", Sign: "●", Role: theme.Accent}
	quad := Series{Name: "quadratic", Sign: "▲", Role: theme.Bad}
	for e := 8; e <= 16; e++ {
		L := math.Ldexp(1, e)
		lin.X, lin.Y = append(lin.X, L), append(lin.Y, L*1e-3)
		y := L * L * 1e-5
		if e == 12 || e > 14 {
			y = math.NaN()
		}
		quad.X, quad.Y = append(quad.X, L), append(quad.Y, y)
	}
	return &LogLog{Title: "time of a layer", X: "L", Y: "ms", Series: []Series{lin, quad}, Notes: []string{"one thread"}}
}

// TestLogLog: signs stand where the axes say, curves that are straight lines in
// logarithms have one sign a point, gaps have none, and the lines are exact.
func TestLogLog(t *testing.T) {
	const w, h = 60, 24
	lines := chart().Lines(look(t, heat.Mono), w, h)
	if len(lines) != h {
		t.Fatalf("%d lines, want %d", len(lines), h)
	}
	text := ""
	for i, s := range lines {
		s = plain(s)
		if n := utf8.RuneCountInString(s); n != w {
			t.Errorf("line %d has %d cells, want %d: %q", i, n, w, s)
		}
		text += s + "\n"
	}
	for sign, want := range map[string]int{"●": 9 + 1, "▲": 6 + 1} { // and one in the legend
		if n := strings.Count(text, sign); n != want && n != want-1 { // one may stand on the other
			t.Errorf("%d of %s, want %d\n%s", n, sign, want, text)
		}
	}
	for _, want := range []string{"time of a layer", "2⁸", "2¹⁶", "0.1", "1000", "linear", "quadratic", "one thread"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the chart:\n%s", want, text)
		}
	}
	// The first point of the linear curve: x at the left end, y = 0.256 between
	// 10⁻¹ and 10⁴, in the lines of the picture.
	rows := strings.Split(text, "\n")[2:]
	n := h - 2 - 2 - 2 - 1
	want := int(math.Round((4-math.Log10(0.256))/5*float64(4*n-1))) / 4
	if at := strings.Index(rows[want], "●"); utf8.RuneCountInString(rows[want][:max(at, 0)]) != axisWidth {
		t.Errorf("the first point is not at the left end of line %d:\n%s", want, text)
	}
}

// TestLogLogEmpty: no curve, curves without a number and no room are drawn too.
func TestLogLogEmpty(t *testing.T) {
	none := &LogLog{Title: "nothing"}
	nan := &LogLog{Series: []Series{{Name: "gap", Sign: "x", X: []float64{1, 2}, Y: []float64{math.NaN(), 0}}}}
	one := &LogLog{Series: []Series{{Name: "point", Sign: "x", X: []float64{256}, Y: []float64{1}}}}
	for _, c := range []*LogLog{none, nan, one, chart()} {
		for _, size := range [][2]int{{0, 0}, {1, 1}, {5, 3}, {12, 8}, {80, 30}} {
			if got := len(c.Lines(look(t, heat.Mono), size[0], size[1])); got != size[1] {
				t.Errorf("%d lines, want %d", got, size[1])
			}
		}
	}
}

func TestSuperscript(t *testing.T) {
	for n, want := range map[int]string{0: "⁰", 16: "¹⁶", -23: "⁻²³", 457: "⁴⁵⁷", 89: "⁸⁹"} {
		if got := superscript(n); got != want {
			t.Errorf("superscript(%d) is %q, want %q", n, got, want)
		}
	}
}
