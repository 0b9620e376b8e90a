package panel

import (
	"fmt"
	"strings"
	"testing"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
)

// tweaked is a frame with three tweaks in force, one of them off.
func tweaked() *session.Frame {
	f := made{D: 4, N: 2, M: 1, K: 1, T: 5, changed: true}.frame()
	f.Tweaks = []session.Tweak{
		{ID: 1, Kind: session.DeltaGain, Layer: 1, Channel: -1, State: -1, From: 14, To: session.End, Value: 2},
		{ID: 2, Kind: session.GateOff, Layer: -1, Channel: -1, State: -1, To: session.End, Off: true},
		{ID: 3, Kind: session.ResetAt, Layer: -1, Channel: -1, State: -1, From: 3, Reset: session.ResetState},
	}
	return f
}

func textOf(t *testing.T, p Panel, c *Context, w, h int) string {
	t.Helper()
	buf := cells(t, p, c, w, h)
	var b strings.Builder
	for y := range h {
		b.WriteString(strings.TrimRight(rowText(buf, y), " ") + "\n")
	}
	return b.String()
}

// The list in force is always there, each with its scope, however little room
// the knobs leave; the chosen row stays in sight.
func TestTweaksPanel(t *testing.T) {
	f := tweaked()
	c := contextFor(f, themed(t, heat.TrueColor, true), 60, 2)
	for i := range 16 {
		c.Knobs.Rows = append(c.Knobs.Rows, Knob{Name: fmt.Sprintf("knob %d", i), Value: fmt.Sprintf("value %d", i), Steps: true})
	}
	c.Knobs.Scope = []Choice{{Key: "n", Value: "from t=0"}, {Key: "d", Value: "channel 3", Set: true}, {Key: "l", Value: "all layers"}}
	scopes := []string{"≠ Δ×2.0", "layer 1 · all channels · from t=14", "gate off (off)", "reset: Ā = 0", "at t=3"}
	full := textOf(t, NewTweaks(), c, 60, 40)
	for _, want := range append(scopes, "2 in force", "knob 15", "t opens") {
		if !strings.Contains(full, want) {
			t.Errorf("lacks %q:\n%s", want, full)
		}
	}
	closed := textOf(t, NewTweaks(), c, 44, 9)
	for _, want := range scopes[:2] {
		if !strings.Contains(closed, want) {
			t.Errorf("nobody turns knobs, and the list lacks %q:\n%s", want, closed)
		}
	}
	c.Knobs.Open = true
	for at := range 19 {
		c.Knobs.At = at
		c.Rev++
		p := NewTweaks().(*tweaks)
		text := textOf(t, p, c, 44, 14)
		if !strings.Contains(text, "▸ ") {
			t.Errorf("row %d is out of sight:\n%s", at, text)
		}
		if !strings.Contains(text, "≠ ") && at < 16 {
			t.Errorf("with row %d chosen nothing in force is seen:\n%s", at, text)
		}
		for _, want := range []string{"n from t=0", "d channel 3", "l all layers"} {
			if !strings.Contains(text, want) {
				t.Errorf("lacks %q:\n%s", want, text)
			}
		}
		found := false
		for y := range 14 {
			found = found || p.Row(y) == at
		}
		if !found {
			t.Errorf("no line belongs to row %d", at)
		}
	}
	c.Knobs.At, c.Knobs.Typed = 2, "1.5"
	c.Rev++
	if got := textOf(t, NewTweaks(), c, 44, 14); !strings.Contains(got, "knob 2   1.5▏") {
		t.Errorf("a typed number is not shown:\n%s", got)
	}
}

// One line names what is changed with its scope, shortens, and counts the rest.
func TestInForceLine(t *testing.T) {
	c := contextFor(tweaked(), themed(t, heat.TrueColor, true), 60, 2)
	wide := textOf(t, NewInForce(), c, 160, 1)
	for _, want := range []string{"≠ Δ×2.0 · layer 1 · all channels · from t=14", "gate off (off)", "reset: Ā = 0 · all layers · at t=3"} {
		if !strings.Contains(wide, want) {
			t.Errorf("lacks %q: %s", want, wide)
		}
	}
	if narrow := textOf(t, NewInForce(), c, 40, 1); !strings.Contains(narrow, "≠ Δ×2.0") || !strings.Contains(narrow, "and 1 more") {
		t.Errorf("at 40 cells: %s", narrow)
	}
}
