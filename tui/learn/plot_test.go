package learn

import (
	"math"
	"strings"
	"testing"

	"mamba-tui/tui/heat"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

// picture is the text of a plot.
func picture(t *testing.T, p *plot) []string {
	t.Helper()
	th, err := theme.New(heat.Mono, true, "viridis", "blue-red")
	if err != nil {
		t.Fatal(err)
	}
	page := panel.NewPage(th, p.w, p.h)
	for y := range p.h {
		p.row(page.Row(), y)
	}
	var out []string
	for _, s := range page.Lines() {
		out = append(out, plain(s))
	}
	return out
}

func TestPlot(t *testing.T) {
	p := newPlot(4, 2)
	p.dot(0, 0, theme.Text)
	p.dot(7, 7, theme.Text)
	p.dot(3, 2, theme.Text)
	p.dot(8, 0, theme.Text) // outside
	p.dot(-1, 3, theme.Text)
	if got := strings.Join(picture(t, p), "\n"); got != "⠁⠠  \n   ⢀" {
		t.Errorf("%q", got)
	}
	p = newPlot(3, 1)
	p.line(0, 3, 5, 0, theme.Text, false)
	if got := picture(t, p)[0]; got != "⡠⠔⠊" {
		t.Errorf("a diagonal is %q", got)
	}
	p.put(1, 0, theme.Text, "ab")
	if got := picture(t, p)[0]; got != "⡠ab" {
		t.Errorf("text over dots is %q", got)
	}
	p = newPlot(2, 2)
	p.dot(0, 0, theme.Text)
	p.cursor(0)
	p.cursor(5)
	if got := strings.Join(picture(t, p), "\n"); got != "⠁ \n│ " {
		t.Errorf("a cursor is %q", got)
	}
}

// A line joins its ends: every dot has a neighbour, whatever the slope.
func TestLineIsConnected(t *testing.T) {
	for dx := -20; dx <= 20; dx++ {
		for dy := -20; dy <= 20; dy++ {
			p := newPlot(25, 13)
			p.line(25, 25, 25+dx, 25+dy, theme.Text, false)
			n := 0
			for _, d := range p.dots {
				for ; d > 0; d &= d - 1 {
					n++
				}
			}
			if want := max(abs(dx), abs(dy)) + 1; n != want {
				t.Fatalf("a line to (%d, %d) has %d dots, want %d", dx, dy, n, want)
			}
		}
	}
}

// Steps and values stand where the axis says, and a click finds the step back.
func TestAxes(t *testing.T) {
	a := &axes{p: newPlot(50, 5), steps: 1000, rng: heat.Range{Max: 2}}
	for _, c := range []struct {
		step, x int
		v       float64
		y       int
	}{{0, 0, 0, 19}, {1000, 99, 2, 0}, {500, 50, 1, 10}, {2000, 198, 5, 0}, {10, 1, -1, 19}} {
		if x, y := a.x(c.step), a.y(c.v); x != c.x || y != c.y {
			t.Errorf("step %d, %g is at (%d, %d), want (%d, %d)", c.step, c.v, x, y, c.x, c.y)
		}
	}
	if a.y(math.NaN()) != -1 {
		t.Error("NaN has a place")
	}
	for cell := range 50 {
		if got := a.x(a.stepAt(cell)) / 2; got != cell {
			t.Errorf("the step of cell %d is drawn in cell %d", cell, got)
		}
	}
	steps := []int{0, 500, 1000, 1500}
	values := []float64{0, math.NaN(), 2, 0}
	a.curve(steps, func(i int) float64 { return values[i] }, theme.Text, false)
	n := 0
	for _, d := range a.p.dots {
		for ; d > 0; d &= d - 1 {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d dots of a curve with a gap, want its two ends", n)
	}
}

// Names of curves that end in one line move to the next free one; none is
// written over another, and none where it does not fit.
func TestNameEnds(t *testing.T) {
	a := &axes{p: newPlot(12, 4), steps: 100}
	names := []key{{text: "one"}, {text: "two"}, {text: "three"}, {text: "four"}, {text: "five"}}
	a.nameEnds(0, names, []int{8, 8, 9, 15, 12})
	want := []string{"  five      ", "  two       ", "  one       ", "  three     "}
	// one stands in line 2; two above it, three below; four belongs into line 3,
	// line 2, 4 and 1 are taken or outside, so 0 is left; five finds nothing.
	want[0] = "  four      "
	if got := picture(t, a.p); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q, want %q", got, want)
	}
	a = &axes{p: newPlot(12, 4), steps: 100}
	a.nameEnds(90, names, []int{0, 4, 8, 12, 12})
	if got := strings.TrimSpace(strings.Join(picture(t, a.p), "")); got != "" {
		t.Errorf("%q is written where there is no room", got)
	}
}
