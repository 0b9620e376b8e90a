package model

import (
	"fmt"
	"math"

	"mamba-tui/scan"
)

// Tweaks change a forward pass. The zero value changes nothing.
type Tweaks struct {
	// FreezeDelta[layer] is a constant Δ (D) used at every token instead of
	// the selected one; a nil slice or entry leaves the layer alone.
	FreezeDelta [][]float32
	// ConvOff keeps only the current tap of the short convolution, its bias
	// and SiLU.
	ConvOff bool
	// GateOff leaves y as it is instead of multiplying by SiLU(z).
	GateOff bool
	// Rule replaces the released discretisation.
	Rule scan.Rule
}

// delta is layer's constant Δ, or nil.
func (t *Tweaks) delta(layer int) []float32 {
	if layer >= len(t.FreezeDelta) {
		return nil
	}
	return t.FreezeDelta[layer]
}

// check refuses constants of a wrong shape, and those that no softplus gives.
func (t *Tweaks) check(c Config) error {
	if len(t.FreezeDelta) > c.NLayer {
		return fmt.Errorf("model: FreezeDelta has %d layers, the model %d", len(t.FreezeDelta), c.NLayer)
	}
	for i, v := range t.FreezeDelta {
		if v == nil {
			continue
		}
		if len(v) != c.DInner {
			return fmt.Errorf("model: FreezeDelta of layer %d has %d channels, want %d", i, len(v), c.DInner)
		}
		for d, x := range v {
			if !(x >= 0 && x <= math.MaxFloat32) {
				return fmt.Errorf("model: FreezeDelta of layer %d channel %d is %g, want a finite Δ of 0 or more", i, d, x)
			}
		}
	}
	if t.Rule > scan.BackwardEuler {
		return fmt.Errorf("model: discretisation rule %d is none of the %d known", t.Rule, scan.BackwardEuler+1)
	}
	return nil
}

// upload writes the frozen Δ of every layer that has one to the backend.
func (m *Model) upload(t *Tweaks) error {
	for i := range m.layers {
		v := t.delta(i)
		if v == nil {
			continue
		}
		if err := need(m.b, &m.layers[i].frozen, m.b.DType(), len(v)); err != nil {
			return err
		}
		m.b.Write(m.layers[i].frozen, 0, v)
	}
	return nil
}
