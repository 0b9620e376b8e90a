package model_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// parity is the demand on the distance to the float64 oracle.
const parity = 1e-5

// identical says where two arrays first differ in a bit, or −1.
func identical(a, b []float32) int {
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return i
		}
	}
	return -1
}

func sameState(t *testing.T, what string, a, b model.Snapshot) {
	t.Helper()
	for i := range a.H {
		if at := identical(a.H[i], b.H[i]); at >= 0 {
			t.Fatalf("%s: h of layer %d differs at %d: %g and %g", what, i, at, a.H[i][at], b.H[i][at])
		}
		if at := identical(a.Conv[i], b.Conv[i]); at >= 0 {
			t.Fatalf("%s: window of layer %d differs at %d: %g and %g", what, i, at, a.Conv[i][at], b.Conv[i][at])
		}
	}
}

// TestAgainstNaive: the model on either backend against the equations written
// down a second time, on random weights of odd shapes, with random reset
// marks and every kind of tweak.
func TestAgainstNaive(t *testing.T) {
	const L = 41
	for shape, cfg := range oddShapes() {
		all := knobs(cfg, rand.New(rand.NewPCG(77, uint64(shape))))
		for variant := range 3 + len(all) {
			r := rand.New(rand.NewPCG(uint64(shape), uint64(variant)))
			w := livelyWeights(cfg, uint64(variant))
			ref := newNaive(cfg, w)
			var tw *model.Tweaks
			what := "no tweak"
			if variant >= 3 {
				tw, what = all[variant-3].tweaks, all[variant-3].name
			}
			ref.tweaks = tw
			tokens := randomTokens(r, cfg, L)
			resets := make([]int32, L)
			for i := range resets {
				if variant > 0 && r.IntN(5) == 0 {
					resets[i] = r.Int32N(4)
				}
			}
			var want []float32
			for i, id := range tokens {
				logits, _ := ref.step(id, resets[i])
				want = append(want, rounded(logits)...)
			}
			for _, dtype := range []scan.DType{scan.Float32, scan.Float64} {
				name := fmt.Sprintf("shape %d, %s, variant %d, dtype %d", shape, what, variant, dtype)
				m, s := open(t, dtype, cfg, w)
				have := make([]float32, L*cfg.VocabSize)
				if err := m.Forward(s, tokens, model.Options{Logits: have, Resets: resets, Tweaks: tw}); err != nil {
					t.Fatal(err)
				}
				tolerance := parity
				if dtype == scan.Float64 {
					tolerance = 1e-6 // A is rounded to float32 in the model
				}
				if d := relative(have, want); !(d <= tolerance) {
					t.Errorf("%s: logits are %.2e from the equations, want %.0e", name, d, tolerance)
				}
				snap := save(t, s)
				for i := range ref.h {
					if d := relative(snap.H[i], rounded(ref.h[i])); !(d <= tolerance) {
						t.Errorf("%s: h of layer %d is %.2e from the equations", name, i, d)
					}
					if cfg.DConv == 1 {
						continue
					}
					if d := relative(snap.Conv[i], rounded(ref.window[i])); !(d <= tolerance) {
						t.Errorf("%s: window of layer %d is %.2e from the equations", name, i, d)
					}
				}
			}
		}
	}
}

// TestParity: the float32 model against the same model on the float64 backend,
// over more than one chunk.
func TestParity(t *testing.T) {
	for shape, cfg := range oddShapes() {
		w := livelyWeights(cfg, uint64(shape))
		tokens := randomTokens(rand.New(rand.NewPCG(1, uint64(shape))), cfg, 300)
		var logits [2][]float32
		var states [2]model.Snapshot
		for i, dtype := range []scan.DType{scan.Float32, scan.Float64} {
			m, s := open(t, dtype, cfg, w)
			logits[i] = make([]float32, len(tokens)*cfg.VocabSize)
			if err := m.Forward(s, tokens, model.Options{Logits: logits[i]}); err != nil {
				t.Fatal(err)
			}
			states[i] = save(t, s)
		}
		d := relative(logits[0], logits[1])
		for i := range states[0].H {
			d = max(d, relative(states[0].H[i], states[1].H[i]))
		}
		t.Logf("shape %d: %.1e", shape, d)
		if !(d <= parity) {
			t.Errorf("shape %d: %.2e from the float64 oracle, want %.0e", shape, d, parity)
		}
	}
}

// TestSplitAnywhere: one call, one call a token, and random splits give the
// same bits of every logit, h and window, across the chunks Forward makes.
func TestSplitAnywhere(t *testing.T) {
	for shape, cfg := range oddShapes() {
		for _, dtype := range []scan.DType{scan.Float32, scan.Float64} {
			r := rand.New(rand.NewPCG(2, uint64(shape)))
			m, s := open(t, dtype, cfg, livelyWeights(cfg, uint64(shape)))
			tokens := randomTokens(r, cfg, 530)
			V := cfg.VocabSize
			whole := make([]float32, len(tokens)*V)
			if err := m.Forward(s, tokens, model.Options{Logits: whole}); err != nil {
				t.Fatal(err)
			}
			want := save(t, s)

			s.Reset()
			one := make([]float32, V)
			for i, id := range tokens {
				if err := m.Step(s, id, one); err != nil {
					t.Fatal(err)
				}
				if at := identical(one, whole[i*V:(i+1)*V]); at >= 0 {
					t.Fatalf("shape %d: Step %d: logit %d is %g, Forward has %g", shape, i, at, one[at], whole[i*V+at])
				}
			}
			sameState(t, fmt.Sprintf("shape %d: Step", shape), save(t, s), want)

			for range 4 {
				s.Reset()
				for a := 0; a < len(tokens); {
					b := min(len(tokens), a+r.IntN(300)) // 0 is a split too
					logits := make([]float32, (b-a)*V)
					last := b-a > 1 && r.IntN(2) == 0
					if last {
						logits = logits[:V]
					}
					if err := m.Forward(s, tokens[a:b], model.Options{Logits: logits}); err != nil {
						t.Fatal(err)
					}
					from := a
					if last {
						from = b - 1
					}
					if at := identical(logits, whole[from*V:b*V]); at >= 0 {
						t.Fatalf("shape %d: tokens %d to %d: logit %d differs", shape, a, b, at)
					}
					a = b
				}
				sameState(t, fmt.Sprintf("shape %d: split", shape), save(t, s), want)
			}
		}
	}
}

// TestNothing: zero tokens change nothing, and logits after no token are an
// error.
func TestNothing(t *testing.T) {
	cfg := oddShapes()[0]
	m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, 1))
	if err := m.Forward(s, []int32{1, 2, 3}, model.Options{}); err != nil {
		t.Fatal(err)
	}
	before := save(t, s)
	called := 0
	if err := m.Forward(s, nil, model.Options{Resets: []int32{}, Tap: &model.Tap{What: model.TapAll, Func: func(r *model.Record) {
		called++
		if r.From != 0 || r.To != 0 || r.Delta == nil || len(r.Delta) != 0 {
			t.Errorf("record of no tokens: %d to %d, %d of Δ", r.From, r.To, len(r.Delta))
		}
		if at := identical(r.H0, before.H[r.Layer]); at >= 0 {
			t.Errorf("layer %d: h before nothing differs from h at %d", r.Layer, at)
		}
	}}}); err != nil {
		t.Fatal(err)
	}
	if called != cfg.NLayer {
		t.Errorf("the tap was called %d times, want once a layer: %d", called, cfg.NLayer)
	}
	sameState(t, "no tokens", save(t, s), before)
	err := m.Forward(s, nil, model.Options{Logits: make([]float32, cfg.VocabSize)})
	if err == nil || !strings.Contains(err.Error(), "11 logits asked for after 0 tokens") {
		t.Errorf("logits after no token: %v", err)
	}
}

// TestResetsAreSeparateSequences: a mark of both bits is a fresh state, bit
// for bit; one bit alone is not (§4 trap 3: the convolution leaks).
func TestResetsAreSeparateSequences(t *testing.T) {
	for shape, cfg := range oddShapes() {
		r := rand.New(rand.NewPCG(3, uint64(shape)))
		m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, uint64(shape)))
		tokens := randomTokens(r, cfg, 300)
		const cut = 270 // inside the second chunk
		V := cfg.VocabSize
		alone := make([]float32, (len(tokens)-cut)*V)
		if err := m.Forward(s, tokens[cut:], model.Options{Logits: alone}); err != nil {
			t.Fatal(err)
		}
		want := save(t, s)
		for mark := int32(0); mark < 4; mark++ {
			s.Reset()
			resets := make([]int32, len(tokens))
			resets[cut] = mark
			logits := make([]float32, len(tokens)*V)
			if err := m.Forward(s, tokens, model.Options{Logits: logits, Resets: resets}); err != nil {
				t.Fatal(err)
			}
			same := identical(logits[cut*V:], alone) < 0
			full := mark == scan.ResetState|scan.ResetConv || cfg.DConv == 1 && mark&scan.ResetState != 0
			if same != full {
				t.Errorf("shape %d mark %d: equal to a separate sequence: %v, want %v", shape, mark, same, full)
			}
			if full {
				sameState(t, fmt.Sprintf("shape %d mark %d", shape, mark), save(t, s), want)
			}
		}
	}
}

// TestForwardErrors: what cannot be run is refused with its numbers, and the
// state is what it was.
func TestForwardErrors(t *testing.T) {
	cfg := oddShapes()[0] // V 11, D 9, 2 layers
	w := livelyWeights(cfg, 1)
	m, s := open(t, scan.Float32, cfg, w)
	_, foreign := open(t, scan.Float32, cfg, w)
	freed, _ := m.NewState()
	freed.Free()
	if err := m.Forward(s, []int32{1, 2, 3}, model.Options{}); err != nil {
		t.Fatal(err)
	}
	before := save(t, s)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	ok := func(*model.Record) {}
	bad := func(n int, x float32) []float32 {
		v := make([]float32, n)
		v[1] = x
		return v
	}
	in1 := func(t model.LayerTweaks) model.Options {
		return model.Options{Tweaks: &model.Tweaks{Layers: []model.LayerTweaks{{}, t}}}
	}
	for _, c := range []struct {
		name   string
		s      *model.State
		tokens []int32
		o      model.Options
		want   string
	}{
		{"id above", s, []int32{0, 11}, model.Options{}, "token 1 of 2 has id 11, want 0 to 10"},
		{"id below", s, []int32{0, 1, -1}, model.Options{}, "token 2 of 3 has id -1, want 0 to 10"},
		{"logits", s, []int32{0, 1}, model.Options{Logits: make([]float32, 12)}, "room for 12 logits, want 11 (after the last token) or 22 (after each of 2)"},
		{"resets", s, []int32{0, 1}, model.Options{Resets: make([]int32, 3)}, "3 reset marks for 2 tokens"},
		{"no state", nil, []int32{0}, model.Options{}, "freed"},
		{"freed state", freed, []int32{0}, model.Options{}, "freed"},
		{"foreign state", foreign, []int32{0}, model.Options{}, "another model"},
		{"frozen layers", s, []int32{0}, model.Options{Tweaks: &model.Tweaks{Layers: make([]model.LayerTweaks, 3)}}, "3 layers, the model has 2"},
		{"frozen channels", s, []int32{0}, in1(model.LayerTweaks{FreezeDelta: make([]float32, 8)}), "layer 1: FreezeDelta has 8 values, want 9"},
		{"frozen below", s, []int32{0}, in1(model.LayerTweaks{FreezeDelta: bad(9, -1)}), "FreezeDelta[1] is -1, want it a finite Δ of 0 or more"},
		{"frozen Inf", s, []int32{0}, in1(model.LayerTweaks{FreezeDelta: bad(9, inf)}), "FreezeDelta[1] is +Inf"},
		{"gain NaN", s, []int32{0}, in1(model.LayerTweaks{DeltaGain: bad(9, nan)}), "DeltaGain[1] is NaN, want it finite and 0 or more"},
		{"gain below", s, []int32{0}, in1(model.LayerTweaks{DeltaGain: bad(9, -2)}), "DeltaGain[1] is -2"},
		{"bias Inf", s, []int32{0}, in1(model.LayerTweaks{DeltaBias: bad(9, inf)}), "DeltaBias[1] is +Inf, want it finite"},
		{"B channels", s, []int32{0}, in1(model.LayerTweaks{FreezeB: bad(9, 0)}), "FreezeB has 9 values, want 3"},
		{"C NaN", s, []int32{0}, in1(model.LayerTweaks{FreezeC: bad(3, nan)}), "FreezeC[1] is NaN"},
		{"rule", s, []int32{0}, in1(model.LayerTweaks{Rule: 200}), "rule 200 is none of the 5"},
		{"taps", s, []int32{0}, in1(model.LayerTweaks{ConvTaps: 5}), "ConvTaps is 5, want 0 (all) to 4"},
		{"taps below", s, []int32{0}, in1(model.LayerTweaks{ConvTaps: -1}), "ConvTaps is -1"},
		{"A below", s, []int32{0}, in1(model.LayerTweaks{AScale: -1}), "AScale is -1, want it finite and above 0"},
		{"A NaN", s, []int32{0}, in1(model.LayerTweaks{AScale: nan}), "AScale is NaN"},
		{"states", s, []int32{0}, in1(model.LayerTweaks{States: 4}), "cut to 4 states, want 0 (all) to 3"},
		{"states below", s, []int32{0}, in1(model.LayerTweaks{States: -1}), "cut to -1 states"},
		{"off state", s, []int32{0}, in1(model.LayerTweaks{OffStates: []int{0, 3}}), "OffStates has state 3, want 0 to 2"},
		{"off channel", s, []int32{0}, in1(model.LayerTweaks{OffChannels: []int{-1}}), "OffChannels has channel -1, want 0 to 8"},
		{"cell", s, []int32{0}, in1(model.LayerTweaks{SetH: []model.Cell{{D: 9, N: 2}}}), "cell (9, 2), want channels 0 to 8 and states 0 to 2"},
		{"cell NaN", s, []int32{0}, in1(model.LayerTweaks{SetH: []model.Cell{{D: 8, N: 2, V: nan}}}), "cell (8, 2) to NaN"},
		{"cell of many", s, []int32{0, 1}, in1(model.LayerTweaks{SetH: []model.Cell{{}}}), "cells of h are set in a call of 2 tokens, want 1"},
		{"tap range", s, []int32{0, 1}, model.Options{Tap: &model.Tap{From: 1, To: 3, Func: ok}}, "tokens 1 to 3, but the call has 2"},
		{"tap backwards", s, []int32{0, 1}, model.Options{Tap: &model.Tap{From: 2, To: 1, Func: ok}}, "tokens 2 to 1"},
		{"tap before", s, []int32{0, 1}, model.Options{Tap: &model.Tap{From: -1, Func: ok}}, "tokens -1 to 2"},
		{"tap nobody", s, []int32{0, 1}, model.Options{Tap: &model.Tap{}}, "without a Func"},
		{"tap layer", s, []int32{0, 1}, model.Options{Tap: &model.Tap{Layers: []int{0, 2}, Func: ok}}, "layer 2 after layer 0, want ascending layers below 2"},
		{"tap order", s, []int32{0, 1}, model.Options{Tap: &model.Tap{Layers: []int{1, 0}, Func: ok}}, "layer 0 after layer 1"},
	} {
		err := m.Forward(c.s, c.tokens, c.o)
		if err == nil || !strings.HasPrefix(err.Error(), "model: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
		sameState(t, c.name, save(t, s), before)
	}
	if err := m.Step(s, 11, nil); err == nil {
		t.Error("Step of id 11 of 11 gave no error")
	}
	m.Close()
	m.Close()
	if err := m.Step(s, 1, nil); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("Step of a closed model: %v", err)
	}
	if _, err := m.NewState(); err == nil {
		t.Error("NewState of a closed model gave no error")
	}
}

// TestNoAllocation: Step, and Forward over several chunks, allocate nothing
// once they have run.
func TestNoAllocation(t *testing.T) {
	cfg := oddShapes()[2]
	m, err := model.New(scan.NewCPU(scan.Options{Threads: 1}), cfg, livelyWeights(cfg, 1))
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	logits := make([]float32, cfg.VocabSize)
	// Tweaks leave nothing behind that would.
	tw := model.Everywhere(cfg, model.LayerTweaks{AScale: 2, States: 3, OffChannels: []int{1}, ConvTaps: 2})
	if err := m.Forward(s, []int32{1}, model.Options{Tweaks: tw}); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(50, func() {
		if err := m.Step(s, 3, logits); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("Step allocates %g times", n)
	}
	tokens := randomTokens(rand.New(rand.NewPCG(4, 4)), cfg, 600)
	if n := testing.AllocsPerRun(5, func() {
		if err := m.Forward(s, tokens, model.Options{Logits: logits}); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("Forward allocates %g times", n)
	}
}
