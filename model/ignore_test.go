package model_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// awkward is a state whose h has −0 and subnormal numbers among ordinary ones.
func awkward(t *testing.T, s *model.State, r *rand.Rand) model.Snapshot {
	t.Helper()
	snap := save(t, s)
	odd := []float32{float32(math.Copysign(0, -1)), 0, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32}
	for i := range snap.H {
		for j := range snap.H[i] {
			snap.H[i][j] = float32(r.NormFloat64())
			if k := r.IntN(2 * len(odd)); k < len(odd) {
				snap.H[i][j] = odd[k]
			}
		}
		for j := range snap.Conv[i] {
			snap.Conv[i][j] = float32(r.NormFloat64())
		}
	}
	if err := s.Load(&snap); err != nil {
		t.Fatal(err)
	}
	return snap
}

// TestDeltaZeroKeeps: with Δ = 0, by a frozen Δ or by a gain, h keeps every
// bit, −0 too, over any tokens and in every tap; the convolution's window
// moves on (§3.5.2).
func TestDeltaZeroKeeps(t *testing.T) {
	for shape, cfg := range oddShapes() {
		for _, dtype := range []scan.DType{scan.Float32, scan.Float64} {
			r := rand.New(rand.NewPCG(11, uint64(shape)))
			m, s := open(t, dtype, cfg, livelyWeights(cfg, uint64(shape)))
			D := cfg.DInner
			zero := make([]float32, D)
			for name, tw := range map[string]model.LayerTweaks{
				"frozen":           {FreezeDelta: zero},
				"gain":             {DeltaGain: zero, DeltaBias: filled(D, 3)},
				"frozen, bilinear": {FreezeDelta: zero, Rule: scan.Bilinear, DeltaGain: filled(D, 2)},
				"frozen, zoh":      {FreezeDelta: zero, Rule: scan.ZOH, GateOff: true},
			} {
				for _, L := range []int{1, 300} {
					before := awkward(t, s, r)
					tokens := randomTokens(r, cfg, L)
					err := m.Forward(s, tokens, model.Options{Tweaks: model.Everywhere(cfg, tw), Tap: &model.Tap{
						From: L / 2, To: L, What: model.TapH,
						Func: func(rec *model.Record) {
							h := before.H[rec.Layer]
							if at := identical(rec.H0, h); at >= 0 {
								t.Errorf("shape %d, %s: the tap's h before has another bit at %d", shape, name, at)
							}
							for i := range rec.To - rec.From {
								if at := identical(rec.H[i*len(h):(i+1)*len(h)], h); at >= 0 {
									t.Fatalf("shape %d, %s: the tap's h after token %d has another bit at %d", shape, name, rec.From+i, at)
								}
							}
						},
					}})
					if err != nil {
						t.Fatal(err)
					}
					after := save(t, s)
					for i := range after.H {
						if at := identical(after.H[i], before.H[i]); at >= 0 {
							t.Errorf("shape %d, %s: Δ = 0 changed h[%d] of layer %d from %g to %g",
								shape, name, at, i, before.H[i][at], after.H[i][at])
						}
						if cfg.DConv > 1 && identical(after.Conv[i], before.Conv[i]) < 0 {
							t.Errorf("shape %d, %s: the window of layer %d did not move", shape, name, i)
						}
					}
				}
			}
			// A reset still resets: h is +0 from the mark on.
			awkward(t, s, r)
			marks := make([]int32, 9)
			marks[4] = scan.ResetState
			tw := model.Everywhere(cfg, model.LayerTweaks{FreezeDelta: zero})
			if err := m.Forward(s, randomTokens(r, cfg, 9), model.Options{Tweaks: tw, Resets: marks}); err != nil {
				t.Fatal(err)
			}
			for i, h := range save(t, s).H {
				if at := identical(h, make([]float32, len(h))); at >= 0 {
					t.Errorf("shape %d: after a reset and Δ = 0 h[%d] of layer %d is %g, want +0", shape, at, i, h[at])
				}
			}
		}
	}
}

// TestIgnoreSomeChannels: Δ = 0 in one channel keeps that channel's h alone.
func TestIgnoreSomeChannels(t *testing.T) {
	cfg := oddShapes()[2]
	m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, 5))
	r := rand.New(rand.NewPCG(12, 0))
	before := awkward(t, s, r)
	const kept = 7
	delta := filled(cfg.DInner, float32(math.NaN()))
	delta[kept] = 0
	tw := &model.Tweaks{Layers: []model.LayerTweaks{{FreezeDelta: delta}}}
	if err := m.Forward(s, []int32{3}, model.Options{Tweaks: tw}); err != nil {
		t.Fatal(err)
	}
	N := cfg.DState
	h, was := save(t, s).H[0], before.H[0]
	for d := range cfg.DInner {
		same := identical(h[d*N:(d+1)*N], was[d*N:(d+1)*N]) < 0
		if same != (d == kept) {
			t.Errorf("channel %d: h has the same bits: %v, want %v", d, same, d == kept)
		}
	}
}

// TestHugeDeltaForgets: a huge Δ leaves nothing of a past, and is not a reset
// all the same: it writes Δ·B·u (the released rule).
func TestHugeDeltaForgets(t *testing.T) {
	for shape, cfg := range oddShapes() {
		r := rand.New(rand.NewPCG(11, uint64(shape)))
		m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, uint64(shape)))
		// A = −exp(−1.5) at the least: exp(−1000·0.22) is 0 in float32. The
		// window is a past of its own.
		tw := model.Everywhere(cfg, model.LayerTweaks{FreezeDelta: filled(cfg.DInner, 1000), ConvTaps: 1})
		off := model.Everywhere(cfg, model.LayerTweaks{ConvTaps: 1})
		token := randomTokens(r, cfg, 1)
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
		if err := m.Forward(s, token, model.Options{Tweaks: off, Resets: []int32{scan.ResetState | scan.ResetConv}}); err != nil {
			t.Fatal(err)
		}
		if identical(save(t, s).H[0], ends[0].H[0]) < 0 {
			t.Errorf("shape %d: Δ = 1000 leaves what a reset leaves", shape)
		}
	}
}

// TestFewerTaps: inputs that the taps do not reach do not get through, not even
// as 0·NaN, and the window is still carried on for when the tweak ends.
func TestFewerTaps(t *testing.T) {
	cfg := oddShapes()[0] // 4 taps, a window of 3
	m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, 2))
	D := cfg.DInner
	for taps := 1; taps < cfg.DConv; taps++ {
		tw := model.Everywhere(cfg, model.LayerTweaks{ConvTaps: taps})
		_, clean := run(t, m, s, []int32{1, 2, 3}, nil)
		logits := make([]float32, cfg.VocabSize)
		want := make([]float32, cfg.VocabSize)
		if err := m.Forward(s, []int32{4}, model.Options{Logits: want, Tweaks: tw}); err != nil {
			t.Fatal(err)
		}
		fresh := save(t, s)
		for i := range clean.Conv {
			for j := range (cfg.DConv - taps) * D { // the oldest, out of reach
				clean.Conv[i][j] = float32(math.NaN())
			}
		}
		if err := s.Load(&clean); err != nil {
			t.Fatal(err)
		}
		if err := m.Forward(s, []int32{4}, model.Options{Logits: logits, Tweaks: tw}); err != nil {
			t.Fatal(err)
		}
		if at := identical(logits, want); at >= 0 {
			t.Errorf("%d taps: logit %d is %g with NaN out of reach, %g without", taps, at, logits[at], want[at])
		}
		after := save(t, s)
		for i := range after.Conv {
			newest := (cfg.DConv - 2) * D
			if at := identical(after.Conv[i][newest:], fresh.Conv[i][newest:]); at >= 0 {
				t.Errorf("%d taps, layer %d: the window was not carried on", taps, i)
			}
			if oldest := after.Conv[i][0]; taps < cfg.DConv-1 && oldest == oldest {
				t.Errorf("%d taps, layer %d: the window lost its NaN, so this test shows nothing", taps, i)
			}
		}
		// A NaN that is still in the window is in reach once the taps are on again.
		if err := m.Forward(s, []int32{4}, model.Options{Logits: logits}); err != nil {
			t.Fatal(err)
		}
		if through := logits[0] != logits[0]; through != (taps < cfg.DConv-1) {
			t.Errorf("%d taps: NaN through the taps afterwards: %v", taps, through)
		}
	}
}
