package session

import (
	"context"
	"errors"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// A second run whose tweaks change nothing is the first one, bit for bit.
func TestNeutralTweaksAreTheCleanRun(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	for name, tweaks := range map[string]*model.Tweaks{
		"zero":        {},
		"nil entries": {Layers: make([]model.LayerTweaks, small.NLayer)},
	} {
		s := newSession(t, m, Options{KeyframeEvery: 16})
		mustAppend(t, s, ids(100, 11))
		if err := s.change(context.Background(), tweaks); err != nil {
			t.Fatal(err)
		}
		s.frozen = &frozen{}
		mustAppend(t, s, ids(20, 11))
		sameRun(t, s.changed, s.clean)
		f := mustFrame(t, s, Look{T: 80, From: 70, To: 110})
		t.Log(name)
		sameWindow(t, f.Changed, f.Clean)
	}
}

func TestFreezeDelta(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	s := newSession(t, m, Options{KeyframeEvery: 16})
	tokens := ids(100, 11)
	mustAppend(t, s, tokens)
	all := mustFrame(t, s, Look{T: 99, Layer: 1, To: 100})
	if err := s.FreezeDelta(true); err != nil {
		t.Fatal(err)
	}
	constant := s.frozen.delta
	for d := range small.DInner {
		var column []float64
		for i := range 100 {
			column = append(column, float64(all.Clean.Delta[i*small.DInner+d]))
		}
		want := stat.Mean(column, nil)
		if got := float64(constant[1][d]); math.Abs(got-want) > 1e-6*want {
			t.Errorf("channel %d frozen at %v, the mean is %v", d, got, want)
		}
	}
	check := func(layer int) {
		t.Helper()
		l := s.resolve(Look{T: s.Len() - 1, Layer: layer, From: s.Len() - 30, To: s.Len()})
		f := mustFrame(t, s, l)
		sameWindow(t, f.Clean, direct(t, m, s.tokens.all(), nil, l, s.groups))
		sameWindow(t, f.Changed, direct(t, m, s.tokens.all(), s.changed.tweaks, l, s.groups))
		for i, x := range f.Changed.Delta {
			if x != constant[layer][i%small.DInner] {
				t.Fatalf("Δ of token %d is %v, want the constant %v", f.Look.From+i/small.DInner, x, constant[layer][i%small.DInner])
			}
		}
		if len(f.Tweaks) != 1 || f.Tweaks[0].Scope() != "all layers · all channels · from t=0 · mean of 100 tokens of branch 1" {
			t.Errorf("tweaks %+v", f.Tweaks)
		}
	}
	check(0)
	// Typing advances both; the constant stays what it was.
	mustAppend(t, s, tokens[:33])
	check(1)
	if err := s.Truncate(70); err != nil {
		t.Fatal(err)
	}
	check(1)
	if err := s.TypeAt(context.Background(), 40, "1 2 3", 0); err != nil {
		t.Fatal(err)
	}
	check(0)
	if err := s.FreezeDelta(true); err != nil { // again: nothing changes
		t.Fatal(err)
	}
	if &constant[0][0] != &s.changed.tweaks.Layers[0].FreezeDelta[0] {
		t.Error("a second press froze Δ at another mean")
	}
	if err := s.FreezeDelta(false); err != nil {
		t.Fatal(err)
	}
	if f := mustFrame(t, s, Look{T: 3, To: 9}); f.Changed != nil || f.Tweaks != nil {
		t.Error("the changed run is still there")
	}
	want := newSession(t, m, Options{})
	mustAppend(t, want, s.tokens.all())
	sameState(t, s, want)
}

// A freeze that is stopped on its way leaves no tweak and no trace.
func TestFreezeStopped(t *testing.T) {
	s := newSession(t, newModel(t, small, scan.Float32), Options{KeyframeEvery: 16})
	mustAppend(t, s, ids(100, 11))
	ctx, cancel := context.WithCancel(context.Background())
	s.between = func() {
		if s.pending != 84 {
			t.Errorf("%d pending, want 84", s.pending)
		}
		cancel()
	}
	if err := s.freeze(ctx, true); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	s.between = nil
	if s.changed != nil || s.frozen != nil || s.pending != 0 {
		t.Error("half a tweak is in force")
	}
	if f := mustFrame(t, s, Look{T: 3, To: 9}); f.Changed != nil || f.Tweaks != nil {
		t.Error("half a tweak is on the screen")
	}
}
