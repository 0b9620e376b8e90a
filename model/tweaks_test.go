package model_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// knob is one way to change a pass.
type knob struct {
	name   string
	tweaks *model.Tweaks
}

// knobs are every kind of tweak but SetH, in the last layer, in all layers or
// in several kinds at once, with random values.
func knobs(cfg model.Config, r *rand.Rand) []knob {
	D, N, K := cfg.DInner, cfg.DState, cfg.DConv
	random := func(n int, low, high float64) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(low + (high-low)*r.Float64())
		}
		return v
	}
	nan := float32(math.NaN())
	half := random(D, 0, 1)
	half[0] = nan
	for d := range half {
		if r.IntN(3) == 0 {
			half[d] = nan
		}
	}
	bias := random(D, -2, 2)
	gain := random(D, 0, 2)
	gain[D-1] = 0
	states := []int{N / 2}
	channels := []int{D - 1, D / 2, 0, D / 2} // in no order, one twice
	last := func(t model.LayerTweaks) *model.Tweaks {
		l := make([]model.LayerTweaks, cfg.NLayer)
		l[cfg.NLayer-1] = t
		return &model.Tweaks{Layers: l}
	}
	all := func(t model.LayerTweaks) *model.Tweaks { return model.Everywhere(cfg, t) }
	return []knob{
		{"gain", last(model.LayerTweaks{DeltaGain: gain})},
		{"bias", all(model.LayerTweaks{DeltaBias: bias})},
		{"gain and bias", all(model.LayerTweaks{DeltaGain: gain, DeltaBias: bias})},
		{"freeze Δ", last(model.LayerTweaks{FreezeDelta: random(D, 0, 1)})},
		{"freeze Δ of some channels", all(model.LayerTweaks{FreezeDelta: half, DeltaGain: gain, DeltaBias: bias})},
		{"freeze B", all(model.LayerTweaks{FreezeB: random(N, -1, 1)})},
		{"freeze C", last(model.LayerTweaks{FreezeC: random(N, -1, 1)})},
		{"freeze all", all(model.LayerTweaks{FreezeDelta: random(D, 0, 1), FreezeB: random(N, -1, 1), FreezeC: random(N, -1, 1)})},
		{"gate off", all(model.LayerTweaks{GateOff: true})},
		{"1 tap", all(model.LayerTweaks{ConvTaps: 1})},
		{"2 taps", last(model.LayerTweaks{ConvTaps: min(2, K)})},
		{"A scale", all(model.LayerTweaks{AScale: 1.75})},
		{"zoh", all(model.LayerTweaks{Rule: scan.ZOH})},
		{"bilinear", last(model.LayerTweaks{Rule: scan.Bilinear})},
		{"euler", all(model.LayerTweaks{Rule: scan.Euler, AScale: 0.05})}, // stable
		{"backward euler, 1 tap", all(model.LayerTweaks{Rule: scan.BackwardEuler, ConvTaps: 1})},
		{"first states", all(model.LayerTweaks{States: max(1, N-2)})},
		{"a state off", last(model.LayerTweaks{OffStates: states})},
		{"states off", all(model.LayerTweaks{OffStates: []int{0, N / 2}, States: max(1, N-1)})},
		{"channels off", all(model.LayerTweaks{OffChannels: channels})},
		{"several at once", all(model.LayerTweaks{
			Rule: scan.ZOH, DeltaGain: gain, FreezeDelta: half, FreezeC: random(N, -1, 1), GateOff: true,
			ConvTaps: min(2, K), AScale: 0.5, OffStates: states, OffChannels: channels,
		})},
	}
}

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

// filled is n times x.
func filled(n int, x float32) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = x
	}
	return v
}

// TestNeutralTweaks: tweaks that change nothing are bit-identical to none, knob
// by knob and together, on either type; every other tweak is not, and leaves
// nothing behind.
func TestNeutralTweaks(t *testing.T) {
	for shape, cfg := range oddShapes() {
		for _, dtype := range []scan.DType{scan.Float32, scan.Float64} {
			D, N := cfg.DInner, cfg.DState
			m, s := open(t, dtype, cfg, livelyWeights(cfg, uint64(shape)))
			r := rand.New(rand.NewPCG(10, uint64(shape)))
			tokens := randomTokens(r, cfg, 270)
			want, state := run(t, m, s, tokens, nil)
			nan := filled(D, float32(math.NaN()))
			for name, c := range map[string]model.LayerTweaks{
				"zero":          {},
				"empty":         {DeltaGain: []float32{}, FreezeB: []float32{}, OffStates: []int{}, SetH: []model.Cell{}},
				"gain 1":        {DeltaGain: filled(D, 1)},
				"bias 0":        {DeltaBias: make([]float32, D)},
				"frozen NaN":    {FreezeDelta: nan},
				"A scale 1":     {AScale: 1},
				"every tap":     {ConvTaps: cfg.DConv},
				"every state":   {States: N},
				"released rule": {Rule: scan.Released},
				"all of them": {DeltaGain: filled(D, 1), DeltaBias: make([]float32, D), FreezeDelta: nan, AScale: 1,
					ConvTaps: cfg.DConv, States: N},
			} {
				for _, tw := range []*model.Tweaks{model.Everywhere(cfg, c), {Layers: []model.LayerTweaks{c}}, {}} {
					logits, after := run(t, m, s, tokens, tw)
					if at := identical(logits, want); at >= 0 {
						t.Errorf("shape %d, dtype %d: %s: logit %d is %g, want %g", shape, dtype, name, at, logits[at], want[at])
					}
					sameState(t, name, after, state)
				}
			}
			for _, k := range knobs(cfg, r) {
				logits, _ := run(t, m, s, tokens, k.tweaks)
				if cfg.DModel == 1 {
					continue // the last norm makes every x a 1
				}
				// With one tap there are no fewer.
				same := cfg.DConv == 1 && k.name == "1 tap" || cfg.DConv <= 2 && k.name == "2 taps" ||
					N == 1 && k.name == "first states"
				if got := identical(logits, want) < 0; got != same {
					t.Errorf("shape %d: %s: the same bits as none: %v, want %v", shape, k.name, got, same)
				}
				again, after := run(t, m, s, tokens, nil)
				if at := identical(again, want); at >= 0 {
					t.Fatalf("shape %d: after %s a clean run differs at %d", shape, k.name, at)
				}
				sameState(t, k.name, after, state)
			}
		}
	}
}

// TestTweaksSplit: with every knob, splits anywhere and taps of everything give
// the same bits as one call without a tap.
func TestTweaksSplit(t *testing.T) {
	for shape, cfg := range oddShapes() {
		r := rand.New(rand.NewPCG(20, uint64(shape)))
		m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, uint64(shape)))
		const L = 265 // more than one chunk
		tokens := randomTokens(r, cfg, L)
		V := cfg.VocabSize
		for _, k := range knobs(cfg, r) {
			want, state := run(t, m, s, tokens, k.tweaks)
			s.Reset()
			for a := 0; a < L; {
				b := min(L, a+1+r.IntN(150))
				logits := make([]float32, (b-a)*V)
				o := model.Options{Logits: logits, Tweaks: k.tweaks}
				if r.IntN(2) == 0 {
					o.Tap = &model.Tap{What: model.TapAll, Func: func(*model.Record) {}}
				}
				if err := m.Forward(s, tokens[a:b], o); err != nil {
					t.Fatal(err)
				}
				if at := identical(logits, want[a*V:b*V]); at >= 0 {
					t.Fatalf("shape %d, %s: tokens %d to %d: logit %d differs", shape, k.name, a, b, at)
				}
				a = b
			}
			sameState(t, fmt.Sprintf("shape %d, %s", shape, k.name), save(t, s), state)
		}
	}
}

// TestFreezeAtWhatItWas: one token's own Δ, B and C, frozen, give that token
// the same h and logits: they replace what the scan is given and nothing else.
func TestFreezeAtWhatItWas(t *testing.T) {
	for shape, cfg := range oddShapes() {
		m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, uint64(shape)))
		tokens := []int32{int32(shape) % int32(cfg.VocabSize)}
		want, state := run(t, m, s, tokens, nil)
		tw := &model.Tweaks{}
		for _, rec := range tapped(t, m, s, tokens, model.Options{}, model.Tap{What: model.TapDrive}) {
			tw.Layers = append(tw.Layers, model.LayerTweaks{FreezeDelta: rec["Delta"], FreezeB: rec["B"], FreezeC: rec["C"]})
		}
		have, after := run(t, m, s, tokens, tw)
		if at := identical(have, want); at >= 0 {
			t.Errorf("shape %d: logit %d is %g, was %g", shape, at, have[at], want[at])
		}
		sameState(t, "frozen at its own Δ, B and C", after, state)
	}
}

// TestFrozenIsLTI: with Δ, B and C frozen every channel is scan.LTI, so its y
// is also a convolution with a kernel (§2, eq. 2–3); with Δ alone left free it
// is not.
func TestFrozenIsLTI(t *testing.T) {
	cfg := oddShapes()[2]
	w := livelyWeights(cfg, 3)
	m, s := open(t, scan.Float64, cfg, w)
	r := rand.New(rand.NewPCG(13, 1))
	const L = 60
	D, N := cfg.DInner, cfg.DState
	tokens := randomTokens(r, cfg, L)
	tw := model.LayerTweaks{FreezeDelta: make([]float32, D), FreezeB: make([]float32, N), FreezeC: make([]float32, N)}
	for d := range D {
		tw.FreezeDelta[d] = r.Float32()
	}
	for n := range N {
		tw.FreezeB[n], tw.FreezeC[n] = float32(r.NormFloat64()), float32(r.NormFloat64())
	}
	distance := func(tw model.LayerTweaks) float64 {
		worst := 0.0
		o := model.Options{Tweaks: model.Everywhere(cfg, tw)}
		for l, rec := range tapped(t, m, s, tokens, o, model.Tap{What: model.TapU | model.TapY}) {
			a, skip := m.A(l), m.Skip(l)
			for d := range D {
				lti := scan.LTI{Delta: float64(tw.FreezeDelta[d]), A: make([]float64, N), B: make([]float64, N), C: make([]float64, N)}
				for n := range N {
					lti.A[n], lti.B[n], lti.C[n] = float64(a[d*N+n]), float64(tw.FreezeB[n]), float64(tw.FreezeC[n])
				}
				u := make([]float64, L)
				for i := range u {
					u[i] = float64(rec["U"][i*D+d])
				}
				y := scan.Convolve(lti.Kernel(L), u)
				have, want := make([]float32, L), make([]float32, L)
				for i := range y {
					have[i], want[i] = rec["Y"][i*D+d], float32(y[i]+float64(skip[d])*u[i])
				}
				worst = max(worst, relative(have, want))
			}
		}
		return worst
	}
	if d := distance(tw); !(d <= 1e-5) {
		t.Errorf("all three frozen: y is %.2e from the convolution", d)
	}
	free := tw
	free.FreezeDelta = append([]float32(nil), tw.FreezeDelta...)
	free.DeltaGain = filled(D, 1)
	for d := range free.FreezeDelta {
		free.FreezeDelta[d] = float32(math.NaN())
	}
	o := model.Options{Tweaks: model.Everywhere(cfg, free)}
	rec := tapped(t, m, s, tokens, o, model.Tap{What: model.TapDelta})[0]["Delta"]
	if identical(rec[:D], rec[D:2*D]) < 0 {
		t.Error("Δ does not vary without the freeze, so this test shows nothing")
	}
}
