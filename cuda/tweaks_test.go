package cuda

import (
	"math"
	"math/rand/v2"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// tweaksOn runs every kind of tweak on b and on the float64 CPU backend, and
// demands the bits of h where a tweak promises them.
func tweaksOn(t *testing.T, b scan.Backend, cfg model.Config) {
	x := newSides(t, b, cfg, model.RandomWeights(cfg, 5))
	defer x.close()
	r := rand.New(rand.NewPCG(9, 9))
	random := func(n int, low, high float64) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(low + (high-low)*r.Float64())
		}
		return v
	}
	D, N := cfg.DInner, cfg.DState
	half := random(D, 0, 1)
	for d := 0; d < D; d += 3 {
		half[d] = float32(math.NaN())
	}
	x.forward("before", tokensOf(cfg, 12), model.Options{})
	resets := make([]int32, 7)
	resets[3], resets[5] = scan.ResetState, scan.ResetConv
	for _, k := range []struct {
		name string
		t    model.LayerTweaks
	}{
		{"gain and bias", model.LayerTweaks{DeltaGain: random(D, 0, 2), DeltaBias: random(D, -1, 1)}},
		{"freeze some Δ", model.LayerTweaks{FreezeDelta: half}},
		{"freeze all", model.LayerTweaks{FreezeDelta: random(D, 0, 1), FreezeB: random(N, -1, 1), FreezeC: random(N, -1, 1)}},
		{"gate off, 2 taps", model.LayerTweaks{GateOff: true, ConvTaps: 2}},
		{"1 tap, A scaled, zoh", model.LayerTweaks{ConvTaps: 1, AScale: 1.5, Rule: scan.ZOH}},
		{"first states", model.LayerTweaks{States: N - 2}},
		{"states and channels off", model.LayerTweaks{OffStates: []int{0, N / 2}, OffChannels: []int{1, D - 1}}},
	} {
		tw := model.Everywhere(cfg, k.t)
		x.forward(k.name, tokensOf(cfg, 7), model.Options{Tweaks: tw, Resets: resets})
		x.states(k.name)
		x.forward("a step of "+k.name, tokensOf(cfg, 1), model.Options{Tweaks: tw})
		x.states("a step of " + k.name)
	}
	set := model.Everywhere(cfg, model.LayerTweaks{OffStates: []int{1}, SetH: []model.Cell{{D: D - 1, N: N - 1, V: -2}, {D: 0, N: 1, V: 9}}})
	x.forward("set h", tokensOf(cfg, 1), model.Options{Tweaks: set})
	x.states("set h")

	// Δ = 0 keeps every bit of h, −0 too.
	var before, after model.Snapshot
	if err := x.s.Save(&before); err != nil {
		t.Fatal(err)
	}
	before.H[0][3] = float32(math.Copysign(0, -1))
	if err := x.s.Load(&before); err != nil {
		t.Fatal(err)
	}
	ignore := model.Everywhere(cfg, model.LayerTweaks{FreezeDelta: make([]float32, D)})
	if err := x.m.Forward(x.s, tokensOf(cfg, 3), model.Options{Tweaks: ignore}); err != nil {
		t.Fatal(err)
	}
	if err := x.s.Save(&after); err != nil {
		t.Fatal(err)
	}
	for l := range before.H {
		for i, h := range before.H[l] {
			if math.Float32bits(h) != math.Float32bits(after.H[l][i]) {
				t.Fatalf("Δ = 0 changed h[%d] of layer %d from %g to %g", i, l, h, after.H[l][i])
			}
		}
	}
	// And a token without tweaks is the token it was.
	if err := x.r.Load(&before); err != nil {
		t.Fatal(err)
	}
	if err := x.ref.Forward(x.r, tokensOf(cfg, 3), model.Options{Tweaks: ignore}); err != nil {
		t.Fatal(err)
	}
	x.forward("afterwards", tokensOf(cfg, 4), model.Options{})
	x.states("afterwards")
}

// TestTweaks: what a model can be told to do otherwise, it does on the device.
func TestTweaks(t *testing.T) {
	for name, cfg := range map[string]model.Config{"odd": odd, "usual": usual} {
		t.Run(name, func(t *testing.T) { tweaksOn(t, simulated(t), cfg) })
	}
}

// TestHardwareTweaks is TestTweaks on this machine's device.
func TestHardwareTweaks(t *testing.T) {
	b := onDevice(t)
	for name, cfg := range map[string]model.Config{"odd": odd, "usual": usual} {
		t.Run(name, func(t *testing.T) { tweaksOn(t, b, cfg) })
	}
}
