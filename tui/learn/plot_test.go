package learn

import (
	"math"
	"math/bits"
	"strings"
	"testing"

	"mamba-tui/tui/heat"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/plot"
	"mamba-tui/tui/theme"
)

// picture is the text of a plot.
func picture(t *testing.T, p *plot.Picture) []string {
	t.Helper()
	th, err := theme.New(heat.Mono, true, "viridis", "blue-red")
	if err != nil {
		t.Fatal(err)
	}
	page := panel.NewPage(th, p.W, p.H)
	for y := range p.H {
		p.Row(page.Row(), y)
	}
	var out []string
	for _, s := range page.Lines() {
		out = append(out, plain(s))
	}
	return out
}

// dots counts the dots of a picture.
func dots(t *testing.T, p *plot.Picture) int {
	n := 0
	for _, r := range strings.Join(picture(t, p), "") {
		if r >= 0x2800 && r < 0x2900 {
			n += bits.OnesCount32(uint32(r - 0x2800))
		}
	}
	return n
}

// Steps and values stand where the axis says, and a click finds the step back.
func TestAxes(t *testing.T) {
	a := &axes{p: plot.New(50, 5), steps: 1000, rng: heat.Range{Max: 2}}
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
	if n := dots(t, a.p); n != 2 {
		t.Errorf("%d dots of a curve with a gap, want its two ends", n)
	}
}

// Names of curves that end in one line move to the next free one; none is
// written over another, and none where it does not fit.
func TestNameEnds(t *testing.T) {
	a := &axes{p: plot.New(12, 4), steps: 100}
	names := []key{{text: "one"}, {text: "two"}, {text: "three"}, {text: "four"}, {text: "five"}}
	a.nameEnds(0, names, []int{8, 8, 9, 15, 12})
	want := []string{"  five      ", "  two       ", "  one       ", "  three     "}
	// one stands in line 2; two above it, three below; four belongs into line 3,
	// line 2, 4 and 1 are taken or outside, so 0 is left; five finds nothing.
	want[0] = "  four      "
	if got := picture(t, a.p); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q, want %q", got, want)
	}
	a = &axes{p: plot.New(12, 4), steps: 100}
	a.nameEnds(90, names, []int{0, 4, 8, 12, 12})
	if got := strings.TrimSpace(strings.Join(picture(t, a.p), "")); got != "" {
		t.Errorf("%q is written where there is no room", got)
	}
}
