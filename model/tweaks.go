package model

import (
	"fmt"
	"math"

	"mamba-tui/scan"
)

// Tweaks change a forward pass: what would have happened instead. They are
// constant over one Forward; what acts on some tokens only is given to a call
// of those tokens, because any split of a sequence gives the same bits.
//
// nil, the zero value and neutral values (a gain of 1, a bias of 0, an AScale
// of 1, every tap, every state) are bit-identical to no tweaks.
type Tweaks struct {
	// Layers are the tweaks of each layer; layers that are not there, because
	// Layers is nil or short, are clean.
	Layers []LayerTweaks
}

// LayerTweaks change one layer. They edit the arrays of a block, Δ (L, D) and
// B, C (L, N), between its operations, never a kernel. A slice that is nil or
// empty changes nothing.
type LayerTweaks struct {
	// Rule replaces the released discretisation.
	Rule scan.Rule
	// DeltaGain (D) multiplies Δ outside the softplus; DeltaBias (D) is added
	// to the layer's bias inside it.
	DeltaGain, DeltaBias []float32
	// FreezeDelta (D) is a constant Δ in place of the selected one, gain and
	// bias included. A channel whose entry is NaN stays selective, so a call of
	// one token can set a single Δ. With Δ = 0 in a channel its h keeps every
	// bit, and the token is ignored there; the convolution's window moves on.
	FreezeDelta []float32
	// FreezeB and FreezeC (N) are constants in place of the selected ones. With
	// all three frozen the layer is linear and time invariant: scan.LTI.
	FreezeB, FreezeC []float32
	// GateOff leaves y as it is instead of multiplying by SiLU(z).
	GateOff bool
	// ConvTaps keeps the newest taps of the short convolution only; its bias
	// and SiLU stay. 1 is the current token alone ("convolution off"), 0 means
	// all K of them.
	ConvTaps int
	// AScale multiplies A; 0 means 1.
	AScale float32
	// States cuts the layer to its first states, 0 meaning all N of them;
	// OffStates are knocked out one by one. h of a state that is off is +0 and
	// y has nothing of it.
	States    int
	OffStates []int
	// OffChannels give nothing to out_proj: y after the gate is 0 there. Their
	// h goes on as before.
	OffChannels []int
	// SetH sets cells of h after the token's own update and before C·h, in
	// calls of one token only. Cells of states that are off stay +0.
	SetH []Cell
}

// Cell is a cell of h: channel D, state N, and the value V it is given.
type Cell struct {
	D, N int
	V    float32
}

// Everywhere are the same tweaks in every layer.
func Everywhere(c Config, t LayerTweaks) *Tweaks {
	all := &Tweaks{Layers: make([]LayerTweaks, c.NLayer)}
	for i := range all.Layers {
		all.Layers[i] = t
	}
	return all
}

// Layer is what changes layer i; the zero value where nothing does. t may be
// nil.
func (t *Tweaks) Layer(i int) LayerTweaks {
	if t == nil || i >= len(t.Layers) {
		return LayerTweaks{}
	}
	return t.Layers[i]
}

// check refuses what has a wrong shape or a value that nothing can be computed
// with, for a call of L tokens.
func (t *Tweaks) check(c Config, L int) error {
	if len(t.Layers) > c.NLayer {
		return fmt.Errorf("model: tweaks of %d layers, the model has %d", len(t.Layers), c.NLayer)
	}
	for i := range t.Layers {
		if err := t.Layers[i].check(c, L); err != nil {
			return fmt.Errorf("model: tweaks of layer %d: %w", i, err)
		}
	}
	return nil
}

// A Δ, a gain or an A of less than 0 would let h grow without bound.
func notNegative(x float32) bool { return x >= 0 && x <= math.MaxFloat32 }

func finite(x float32) bool { return x >= -math.MaxFloat32 && x <= math.MaxFloat32 }

// nanOr is notNegative, or NaN: a channel that is not frozen.
func nanOr(x float32) bool { return x != x || notNegative(x) }

func (t *LayerTweaks) check(c Config, L int) error {
	for _, v := range []struct {
		name string
		x    []float32
		n    int
		ok   func(float32) bool
		want string
	}{
		{"DeltaGain", t.DeltaGain, c.DInner, notNegative, "finite and 0 or more"},
		{"DeltaBias", t.DeltaBias, c.DInner, finite, "finite"},
		{"FreezeDelta", t.FreezeDelta, c.DInner, nanOr, "a finite Δ of 0 or more, or NaN to stay selective"},
		{"FreezeB", t.FreezeB, c.DState, finite, "finite"},
		{"FreezeC", t.FreezeC, c.DState, finite, "finite"},
	} {
		if len(v.x) == 0 {
			continue
		}
		if len(v.x) != v.n {
			return fmt.Errorf("%s has %d values, want %d", v.name, len(v.x), v.n)
		}
		for j, x := range v.x {
			if !v.ok(x) {
				return fmt.Errorf("%s[%d] is %g, want it %s", v.name, j, x, v.want)
			}
		}
	}
	switch {
	case !t.Rule.Valid():
		return fmt.Errorf("discretisation rule %d is none of the %d known", t.Rule, len(scan.Rules()))
	case t.ConvTaps < 0 || t.ConvTaps > c.DConv:
		return fmt.Errorf("ConvTaps is %d, want 0 (all) to %d", t.ConvTaps, c.DConv)
	case !notNegative(t.AScale):
		return fmt.Errorf("AScale is %g, want it finite and above 0", t.AScale)
	case t.States < 0 || t.States > c.DState:
		return fmt.Errorf("cut to %d states, want 0 (all) to %d", t.States, c.DState)
	case len(t.SetH) > 0 && L != 1:
		return fmt.Errorf("cells of h are set in a call of %d tokens, want 1: split the call there", L)
	}
	for _, d := range t.OffChannels {
		if d < 0 || d >= c.DInner {
			return fmt.Errorf("OffChannels has channel %d, want 0 to %d", d, c.DInner-1)
		}
	}
	for _, n := range t.OffStates {
		if n < 0 || n >= c.DState {
			return fmt.Errorf("OffStates has state %d, want 0 to %d", n, c.DState-1)
		}
	}
	for _, h := range t.SetH {
		if h.D < 0 || h.D >= c.DInner || h.N < 0 || h.N >= c.DState {
			return fmt.Errorf("SetH has cell (%d, %d), want channels 0 to %d and states 0 to %d",
				h.D, h.N, c.DInner-1, c.DState-1)
		}
		if !finite(h.V) {
			return fmt.Errorf("SetH sets cell (%d, %d) to %g, want it finite", h.D, h.N, h.V)
		}
	}
	return nil
}
