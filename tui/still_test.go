package tui

import (
	"bytes"
	"context"
	"image/png"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui/snapshot"
)

// A picture without a terminal is the screen that a person with the same keys
// sees: settled, and without what only a terminal has.
func TestStill(t *testing.T) {
	p, err := Still(context.Background(), header(t)(), Options{Profile: colorprofile.TrueColor}, 120, 40, nil)
	if err != nil {
		t.Fatal(err)
	}
	text := ansi.Strip(p.Text)
	for _, want := range []string{"header-exact", "hand-written", "token 27/27", "9 0.97", "16 of 64 channels", "parity –", "h[9,0] = exp("} {
		if !strings.Contains(text, want) {
			t.Errorf("the picture does not say %q:\n%s", want, text)
		}
	}
	if p.W != 120 || p.H != 40 || strings.Count(p.Text, "\n") != 39 {
		t.Errorf("the picture is %d×%d with %d lines", p.W, p.H, 1+strings.Count(p.Text, "\n"))
	}
	data, err := p.Encode(snapshot.KindPNG)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(data)); err != nil {
		t.Errorf("the PNG cannot be read: %v", err)
	}
}

// Each key waits for what the one before it asked for.
func TestStillPressesKeys(t *testing.T) {
	keys := strings.Fields("x i ¶ 7 b ? esc f")
	p, err := Still(context.Background(), header(t)(), Options{Profile: colorprofile.ASCII}, 100, 30, keys)
	if err != nil {
		t.Fatal(err)
	}
	text := ansi.Strip(p.Text)
	for _, want := range []string{"WHAT-IF", "token 3/3", "the answer after ? changes from 7"} {
		if !strings.Contains(text, want) {
			t.Errorf("the picture does not say %q:\n%s", want, text)
		}
	}
	zoomed, err := Still(context.Background(), header(t)(), Options{}, 100, 30, []string{"z"})
	if err != nil {
		t.Fatal(err)
	}
	if zoomed.H >= 30 || !strings.Contains(ansi.Strip(zoomed.Text), "step size") {
		t.Errorf("a zoomed panel is %d lines:\n%s", zoomed.H, ansi.Strip(zoomed.Text))
	}
}

func TestStillRefuses(t *testing.T) {
	for name, keys := range map[string][]string{"no key": {"leftward"}, "an empty name": {""}, "bad UTF-8": {"\xff"}, "ctrl and two": {"ctrl+ab"}} {
		if _, err := Still(context.Background(), header(t)(), Options{}, 80, 24, keys); err == nil || !strings.Contains(err.Error(), "is no key") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Still(context.Background(), header(t)(), Options{}, 80, 24, []string{"q"}); err == nil {
		t.Error("keys that quit give a picture")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Still(ctx, header(t)(), Options{}, 80, 24, nil); err == nil {
		t.Error("a cancelled picture is taken")
	}
}

// An empty prompt is an empty history, not the model's example.
func TestBlank(t *testing.T) {
	p, err := Still(context.Background(), header(t)(), Options{Blank: true}, 80, 24, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := ansi.Strip(p.Text); !strings.Contains(text, "no tokens") {
		t.Errorf("the picture of an empty history:\n%s", text)
	}
}

// The help says what the model is and what was measured of it.
func TestHelpTellsTheModel(t *testing.T) {
	p, err := Still(context.Background(), func() Engine { return builtin(t, "header") }(), Options{}, 200, 60, []string{"?"})
	if err != nil {
		t.Fatal(err)
	}
	text := ansi.Strip(p.Text)
	for _, want := range []string{"This model trained", "¶ h noise", "measured: "} {
		if !strings.Contains(text, want) {
			t.Errorf("the help does not say %q:\n%s", want, text)
		}
	}
}
