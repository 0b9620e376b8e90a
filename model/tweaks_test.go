package model_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// run gives all logits and the state of a fresh run.
func run(t *testing.T, m *model.Model, s *model.State, tokens []int32, tw *model.Tweaks) ([]float32, model.Snapshot) {
	t.Helper()
	s.Reset()
	logits := make([]float32, len(tokens)*m.Config().VocabSize)
	if err := m.Forward(s, tokens, model.Options{Logits: logits, Tweaks: tw}); err != nil {
		t.Fatal(err)
	}
	return logits, save(t, s)
}

// TestNeutralTweaks: tweaks that change nothing are bit-identical to none,
// also after others were in force; every other tweak is not.
func TestNeutralTweaks(t *testing.T) {
	for shape, cfg := range oddShapes() {
		m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, uint64(shape)))
		tokens := randomTokens(rand.New(rand.NewPCG(10, uint64(shape))), cfg, 270)
		want, state := run(t, m, s, tokens, nil)
		frozen := make([]float32, cfg.DInner)
		for d := range frozen {
			frozen[d] = 0.25
		}
		last := make([][]float32, cfg.NLayer)
		last[cfg.NLayer-1] = frozen
		for name, c := range map[string]struct {
			tw      *model.Tweaks
			neutral bool
		}{
			"zero":            {&model.Tweaks{}, true},
			"empty freeze":    {&model.Tweaks{FreezeDelta: [][]float32{}}, true},
			"freeze of none":  {&model.Tweaks{FreezeDelta: make([][]float32, cfg.NLayer)}, true},
			"released rule":   {&model.Tweaks{Rule: scan.Released}, true},
			"conv off":        {&model.Tweaks{ConvOff: true}, cfg.DConv == 1},
			"gate off":        {&model.Tweaks{GateOff: true}, false},
			"freeze first":    {&model.Tweaks{FreezeDelta: [][]float32{frozen}}, false},
			"freeze last":     {&model.Tweaks{FreezeDelta: last}, false},
			"zoh":             {&model.Tweaks{Rule: scan.ZOH}, false},
			"bilinear":        {&model.Tweaks{Rule: scan.Bilinear}, false},
			"euler":           {&model.Tweaks{Rule: scan.Euler}, false},
			"backward euler":  {&model.Tweaks{Rule: scan.BackwardEuler}, false},
			"several at once": {&model.Tweaks{FreezeDelta: last, GateOff: true, Rule: scan.ZOH}, false},
		} {
			logits, _ := run(t, m, s, tokens, c.tw)
			if same := identical(logits, want) < 0; same != c.neutral {
				t.Errorf("shape %d: %s: the same bits as none: %v, want %v", shape, name, same, c.neutral)
			}
			again, after := run(t, m, s, tokens, nil)
			if at := identical(again, want); at >= 0 {
				t.Fatalf("shape %d: after %s a clean run differs at %d", shape, name, at)
			}
			sameState(t, name, after, state)
		}
	}
}

// TestFreezeAtWhatItWas: one token's own Δ, frozen, gives that token the same
// h and logits: the tweak replaces Δ after the softplus and nothing else.
func TestFreezeAtWhatItWas(t *testing.T) {
	for shape, cfg := range oddShapes() {
		m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, uint64(shape)))
		tokens := []int32{int32(shape) % int32(cfg.VocabSize)}
		want, state := run(t, m, s, tokens, nil)
		tw := &model.Tweaks{}
		for _, rec := range tapped(t, m, s, tokens, model.Options{}, model.Tap{What: model.TapDelta}) {
			tw.FreezeDelta = append(tw.FreezeDelta, rec["Delta"])
		}
		have, after := run(t, m, s, tokens, tw)
		if at := identical(have, want); at >= 0 {
			t.Errorf("shape %d: logit %d is %g, was %g", shape, at, have[at], want[at])
		}
		sameState(t, "frozen at its own Δ", after, state)
	}
}

// TestDeltaZeroKeeps: Δ = 0 leaves h as it is, bit for bit, over
// any tokens; a huge Δ leaves nothing of it (§3.5.2).
func TestDeltaZeroKeeps(t *testing.T) {
	for shape, cfg := range oddShapes() {
		r := rand.New(rand.NewPCG(11, uint64(shape)))
		m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, uint64(shape)))
		if err := m.Forward(s, randomTokens(r, cfg, 30), model.Options{}); err != nil {
			t.Fatal(err)
		}
		before := save(t, s)
		constant := func(x float32) *model.Tweaks {
			tw := &model.Tweaks{}
			for range cfg.NLayer {
				v := make([]float32, cfg.DInner)
				for d := range v {
					v[d] = x
				}
				tw.FreezeDelta = append(tw.FreezeDelta, v)
			}
			return tw
		}
		if err := m.Forward(s, randomTokens(r, cfg, 300), model.Options{Tweaks: constant(0)}); err != nil {
			t.Fatal(err)
		}
		after := save(t, s)
		for i := range after.H {
			if at := identical(after.H[i], before.H[i]); at >= 0 {
				t.Errorf("shape %d: Δ = 0 changed h[%d] of layer %d from %g to %g", shape, at, i, before.H[i][at], after.H[i][at])
			}
		}
		// A = −exp(−1.5) at the least: exp(−1000·0.22) is 0 in float32. The
		// same token after two pasts leaves the same h.
		token := randomTokens(r, cfg, 1)
		tw := constant(1000)
		tw.ConvOff = true // the window is a past of its own
		var ends [2]model.Snapshot
		for i := range ends {
			s.Reset()
			if err := m.Forward(s, randomTokens(r, cfg, 20+i), model.Options{}); err != nil {
				t.Fatal(err)
			}
			if err := m.Forward(s, token, model.Options{Tweaks: tw}); err != nil {
				t.Fatal(err)
			}
			ends[i] = save(t, s)
		}
		if at := identical(ends[0].H[0], ends[1].H[0]); at >= 0 {
			t.Errorf("shape %d: Δ = 1000 left h[%d] of a past: %g and %g", shape, at, ends[0].H[0][at], ends[1].H[0][at])
		}
	}
}

// TestConvOffIgnoresThePast: earlier inputs do not get through, not even as
// 0·NaN, and the window is still carried on for when the tweak ends.
func TestConvOffIgnoresThePast(t *testing.T) {
	cfg := oddShapes()[0]
	m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, 2))
	clean, _ := run(t, m, s, []int32{4}, &model.Tweaks{ConvOff: true})
	fresh := save(t, s)

	var poisoned model.Snapshot
	s.Reset()
	if err := s.Save(&poisoned); err != nil {
		t.Fatal(err)
	}
	for i := range poisoned.Conv {
		for j := range poisoned.Conv[i] {
			poisoned.Conv[i][j] = float32(math.NaN())
		}
	}
	if err := s.Load(&poisoned); err != nil {
		t.Fatal(err)
	}
	logits := make([]float32, cfg.VocabSize)
	if err := m.Forward(s, []int32{4}, model.Options{Logits: logits, Tweaks: &model.Tweaks{ConvOff: true}}); err != nil {
		t.Fatal(err)
	}
	if at := identical(logits, clean); at >= 0 {
		t.Errorf("logit %d is %g with NaN in the window, %g without", at, logits[at], clean[at])
	}
	after := save(t, s)
	D := cfg.DInner
	for i := range after.Conv {
		newest := after.Conv[i][(cfg.DConv-2)*D:]
		if at := identical(newest, fresh.Conv[i][(cfg.DConv-2)*D:]); at >= 0 {
			t.Errorf("layer %d: the window was not carried on", i)
		}
		if after.Conv[i][0] == after.Conv[i][0] {
			t.Errorf("layer %d: the window lost its NaN, so this test shows nothing", i)
		}
	}
	// The NaN is still in reach of the taps once they are on again.
	if err := m.Forward(s, []int32{4}, model.Options{Logits: logits}); err != nil {
		t.Fatal(err)
	}
	if logits[0] == logits[0] {
		t.Error("NaN in the window did not get through the taps")
	}
}
