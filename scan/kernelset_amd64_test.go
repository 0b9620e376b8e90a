//go:build !noasm

package scan

import (
	"math"
	"testing"
)

// fastKernels are the kernel sets of assembly that this machine has.
func fastKernels() []KernelSet { return KernelSets()[1:] }

// TestRowKernelAccuracy: softplus, SiLU and the gate of every set are within a
// few units in the last place of their float64 originals, relative to the
// value. Below 2^-126 a result counts as zero.
func TestRowKernelAccuracy(t *testing.T) {
	for _, set := range fastKernels() {
		k := kernels32(set)
		softplus := func(x float32) float32 {
			v := []float32{x}
			k.softplus(v, v, nil)
			return v[0]
		}
		silu := func(x float32) float32 {
			v := []float32{x}
			k.silu(v)
			return v[0]
		}
		gate := func(x float32) float32 {
			v := []float32{1}
			k.gate(v, []float32{x})
			return v[0]
		}
		for _, c := range []struct {
			name   string
			lo, hi float64
			got    func(float32) float32
			want   func(float64) float64
			tol    float64
		}{
			{"softplus", -87, 100, softplus, softplus64, 3.5e-7},
			{"softplus near 20", 19.9, 20.1, softplus, softplus64, 1e-7},
			{"silu", -80, 100, silu, silu64, 3e-7},
			{"gate", -80, 100, gate, silu64, 3e-7},
		} {
			worst, at := worstRelative(c.lo, c.hi, c.got, c.want)
			t.Logf("%v: %s: %.3g", set, c.name, worst)
			if worst > c.tol {
				t.Errorf("%v: %s: relative error %.3g at %v, want at most %g", set, c.name, worst, at, c.tol)
			}
		}
		inf, nan := float32(math.Inf(1)), float32(math.NaN())
		for _, c := range []struct {
			name    string
			got     func(float32) float32
			x, want float32
		}{
			{"softplus", softplus, 0, 0.6931472},
			{"softplus", softplus, -inf, 0},
			{"softplus", softplus, inf, inf},
			{"softplus", softplus, nan, nan},
			{"softplus", softplus, -200, 0},
			{"softplus", softplus, 3.4e38, 3.4e38},
			{"silu", silu, 0, 0},
			{"silu", silu, inf, inf},
			{"silu", silu, nan, nan},
			{"silu", silu, -200, 0},
			{"silu", silu, -3.4e38, 0},
			{"gate", gate, nan, nan},
			{"gate", gate, 0, 0},
		} {
			if got := c.got(c.x); got != c.want && (got == got || c.want == c.want) {
				t.Errorf("%v: %s(%v) is %v, want %v", set, c.name, c.x, got, c.want)
			}
		}
	}
}
