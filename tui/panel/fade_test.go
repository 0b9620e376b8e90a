package panel

import (
	"testing"

	"mamba-tui/tui/heat"
)

// A stale map keeps its order of colours and loses two thirds of its light.
func TestFade(t *testing.T) {
	dark := themed(t, heat.TrueColor, true) // the background is 17 17 24
	for in, want := range map[string]string{
		"\x1b[38;2;255;0;90;48;2;0;0;0mx\x1b[m": "\x1b[38;2;96;11;46;48;2;11;11;16mx\x1b[m",
		"text 8;2;x 8;2;300;1;1 8;2;1":          "text 8;2;x 8;2;300;1;1 8;2;1",
		"":                                      "",
	} {
		if got := fade(dark, in); got != want {
			t.Errorf("fade(%q) = %q, want %q", in, got, want)
		}
	}
	for _, d := range []heat.Depth{heat.Mono, heat.ANSI16, heat.ANSI256} {
		if in := "\x1b[38;5;3mx"; fade(themed(t, d, true), in) != in {
			t.Errorf("%v: a line without 24-bit colours was changed", d)
		}
	}
}

func TestStaleMapsAreFaded(t *testing.T) {
	c := contextFor(frameAt(t, header(t), 12, 0), themed(t, heat.TrueColor, true), 60, 2)
	light, _ := pair(cells(t, NewDelta(), c, 67, 9), 9, 3) // token 1 opens Δ
	c.Stale = true
	if faint, _ := pair(cells(t, NewDelta(), c, 67, 9), 9, 3); sameColor(faint, light) {
		t.Errorf("a stale map is drawn as a new one, in %v", faint)
	}
}
