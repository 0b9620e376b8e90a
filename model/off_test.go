package model_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// TestOffStates: h of a state that is off is exactly +0, in the state, in every
// tap and whatever was in it, NaN too; the other states keep their bits in the
// first layer, which sees the same input.
func TestOffStates(t *testing.T) {
	cfg := oddShapes()[2] // N 16
	m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, 4))
	r := rand.New(rand.NewPCG(14, 0))
	tokens := randomTokens(r, cfg, 20)
	D, N := cfg.DInner, cfg.DState
	for name, c := range map[string]struct {
		tw  model.LayerTweaks
		off func(n int) bool
	}{
		"the first 3": {model.LayerTweaks{States: 3}, func(n int) bool { return n >= 3 }},
		"two":         {model.LayerTweaks{OffStates: []int{15, 4}}, func(n int) bool { return n == 4 || n == 15 }},
		"both":        {model.LayerTweaks{OffStates: []int{4}, States: 10}, func(n int) bool { return n == 4 || n >= 10 }},
		"none left":   {model.LayerTweaks{OffStates: []int{0}, States: 1}, func(int) bool { return true }},
	} {
		s.Reset()
		start := save(t, s)
		for i := range start.H {
			for j := range start.H[i] {
				start.H[i][j] = float32(r.NormFloat64())
			}
		}
		load := func(poison bool) {
			from := start
			if poison {
				from = model.Snapshot{Conv: start.Conv}
				for i := range start.H {
					from.H = append(from.H, append([]float32(nil), start.H[i]...))
					for j := range from.H[i] {
						if c.off(j % N) {
							from.H[i][j] = float32(math.NaN())
						}
					}
				}
			}
			if err := s.Load(&from); err != nil {
				t.Fatal(err)
			}
		}
		load(false)
		if err := m.Forward(s, tokens, model.Options{}); err != nil {
			t.Fatal(err)
		}
		clean := save(t, s).H[0]

		tw := model.Everywhere(cfg, c.tw)
		var logits [2][]float32
		var h []float32
		for i := range logits {
			load(i == 1)
			logits[i] = make([]float32, cfg.VocabSize)
			tap := &model.Tap{From: 7, To: 20, What: model.TapH | model.TapY, Func: func(rec *model.Record) {
				for j, x := range rec.H {
					if c.off(j%N) && math.Float32bits(x) != 0 {
						t.Fatalf("%s: the tap has %g in state %d", name, x, j%N)
					}
				}
			}}
			if err := m.Forward(s, tokens, model.Options{Logits: logits[i], Tweaks: tw, Tap: tap}); err != nil {
				t.Fatal(err)
			}
			h = save(t, s).H[0]
		}
		if at := identical(logits[0], logits[1]); at >= 0 {
			t.Errorf("%s: logit %d is %g with NaN in the states that are off, %g without", name, at, logits[1][at], logits[0][at])
		}
		for d := range D {
			for n := range N {
				x := h[d*N+n]
				if c.off(n) && math.Float32bits(x) != 0 {
					t.Errorf("%s: h[%d,%d] is %g, want +0", name, d, n, x)
				}
				if !c.off(n) && math.Float32bits(x) != math.Float32bits(clean[d*N+n]) {
					t.Errorf("%s: h[%d,%d] is %g, want %g as without the tweak", name, d, n, x, clean[d*N+n])
				}
			}
		}
	}
}

// TestOffChannels: a channel that is off gives exactly 0 to out_proj; its h, and
// everything else of its layer, keeps its bits.
func TestOffChannels(t *testing.T) {
	cfg := oddShapes()[0]
	m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, 6))
	tokens := randomTokens(rand.New(rand.NewPCG(15, 0)), cfg, 12)
	what := model.Tap{What: model.TapAll, Layers: []int{0}}
	clean := tapped(t, m, s, tokens, model.Options{}, what)[0]
	tw := &model.Tweaks{Layers: []model.LayerTweaks{{OffChannels: []int{8, 2}}}}
	have := tapped(t, m, s, tokens, model.Options{Tweaks: tw}, what)[0]
	D := cfg.DInner
	for name, x := range have {
		same := identical(x, clean[name]) < 0
		if want := name != "Gated" && name != "Out"; same != want {
			t.Errorf("%s has the same bits: %v, want %v", name, same, want)
		}
	}
	for i, x := range have["Gated"] {
		want := clean["Gated"][i]
		if d := i % D; d == 8 || d == 2 {
			want = 0
		}
		if math.Float32bits(x) != math.Float32bits(want) {
			t.Errorf("channel %d gives %g, want %g", i%D, x, want)
		}
	}
}

// TestSetH: set cells, token by token and among other tweaks, against the
// equations; the tap and the state hold the value itself.
func TestSetH(t *testing.T) {
	for shape, cfg := range oddShapes() {
		for _, dtype := range []scan.DType{scan.Float32, scan.Float64} {
			r := rand.New(rand.NewPCG(16, uint64(shape)))
			w := livelyWeights(cfg, uint64(shape))
			m, s := open(t, dtype, cfg, w)
			ref := newNaive(cfg, w)
			all := append(knobs(cfg, r), knob{"nothing else", &model.Tweaks{}})
			logits := make([]float32, cfg.VocabSize)
			for i, token := range randomTokens(r, cfg, 3*len(all)) {
				k := all[i%len(all)]
				tw := model.Everywhere(cfg, model.LayerTweaks{})
				copy(tw.Layers, k.tweaks.Layers)
				cells := []model.Cell{
					{D: r.IntN(cfg.DInner), N: r.IntN(cfg.DState), V: float32(3 * r.NormFloat64())},
					{D: cfg.DInner - 1, N: cfg.DState - 1, V: -2},
				}
				tw.Layers[0].SetH, ref.tweaks = cells, tw
				mark := int32(r.IntN(8) / 6 * r.IntN(4))
				what := fmt.Sprintf("shape %d, dtype %d, token %d, %s", shape, dtype, i, k.name)
				want, did := ref.step(token, mark)
				o := model.Options{Logits: logits, Tweaks: tw, Resets: []int32{mark}, Tap: &model.Tap{What: model.TapAll, Func: func(rec *model.Record) {
					for name, x := range map[string][2][]float32{
						"h0": {rec.H0, rounded(did[rec.Layer].h0)}, "h": {rec.H, rounded(did[rec.Layer].h)},
						"y": {rec.Y, rounded(did[rec.Layer].y)}, "gated": {rec.Gated, rounded(did[rec.Layer].gated)},
						"Δ": {rec.Delta, rounded(did[rec.Layer].delta)}, "out": {rec.Out, rounded(did[rec.Layer].out)},
					} {
						if d := relative(x[0], x[1]); !(d <= parity) {
							t.Errorf("%s, layer %d: %s is %.2e from the equations", what, rec.Layer, name, d)
						}
					}
				}}}
				if err := m.Forward(s, []int32{token}, o); err != nil {
					t.Fatal(err)
				}
				if d := relative(logits, rounded(want)); !(d <= parity) {
					t.Errorf("%s: logits are %.2e from the equations", what, d)
				}
				snap := save(t, s)
				for l := range ref.h {
					if d := relative(snap.H[l], rounded(ref.h[l])); !(d <= parity) {
						t.Errorf("%s: h of layer %d is %.2e from the equations", what, l, d)
					}
				}
				if tw.Layers[0].States == 0 && tw.Layers[0].OffStates == nil {
					if x := snap.H[0][len(snap.H[0])-1]; x != -2 {
						t.Errorf("%s: the cell that was set to −2 is %g", what, x)
					}
				}
			}
		}
	}
}

// TestSetHIsExact: setting a cell to what it is changes no bit of h or logits,
// −0 in other cells included.
func TestSetHIsExact(t *testing.T) {
	for shape, cfg := range oddShapes() {
		r := rand.New(rand.NewPCG(17, uint64(shape)))
		m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, uint64(shape)))
		before := awkward(t, s, r)
		// With Δ = 0 the −0 cells are there after the token as well.
		frozen := filled(cfg.DInner, float32(math.NaN()))
		frozen[0] = 0
		lt := model.LayerTweaks{FreezeDelta: frozen}
		want := make([]float32, cfg.VocabSize)
		if err := m.Forward(s, []int32{1}, model.Options{Logits: want, Tweaks: model.Everywhere(cfg, lt)}); err != nil {
			t.Fatal(err)
		}
		state := save(t, s)
		if err := s.Load(&before); err != nil {
			t.Fatal(err)
		}
		tw := model.Everywhere(cfg, lt)
		for i := range tw.Layers {
			d, n := cfg.DInner/2, cfg.DState/2
			if v := state.H[i][d*cfg.DState+n]; v == v && !math.IsInf(float64(v), 0) {
				tw.Layers[i].SetH = []model.Cell{{D: d, N: n, V: v}}
			}
		}
		have := make([]float32, cfg.VocabSize)
		if err := m.Forward(s, []int32{1}, model.Options{Logits: have, Tweaks: tw}); err != nil {
			t.Fatal(err)
		}
		if at := identical(have, want); at >= 0 {
			t.Errorf("shape %d: logit %d is %g, want %g", shape, at, have[at], want[at])
		}
		sameState(t, fmt.Sprintf("shape %d", shape), save(t, s), state)
	}
}
