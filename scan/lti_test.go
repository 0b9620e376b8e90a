package scan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// lti makes a random time-invariant channel and an input.
func lti(rng *rand.Rand, rule Rule, N, L int) (*LTI, []float64) {
	s := &LTI{Rule: rule, Delta: 0.05 + rng.Float64()}
	for range N {
		s.A = append(s.A, -0.02-1.5*rng.Float64())
		s.B = append(s.B, rng.NormFloat64())
		s.C = append(s.C, rng.NormFloat64())
	}
	u := make([]float64, L)
	for i := range u {
		u[i] = rng.NormFloat64()
	}
	return s, u
}

// TestKernelByHand: Ā = ½ and ¼, g·B·C = 1 and −2: K̄[k] = 2^−k − 2·4^−k.
func TestKernelByHand(t *testing.T) {
	s := &LTI{Rule: Euler, Delta: 0.5, A: []float64{-1, -1.5}, B: []float64{2, 4}, C: []float64{1, -1}}
	want := []float64{-1, 0, 0.25 - 0.125, 0.125 - 0.03125}
	if k := s.Kernel(4); !slices.Equal(k, want) {
		t.Errorf("the kernel is %v, want %v", k, want)
	}
	// The response to an impulse is the kernel.
	if y := s.Recurrence([]float64{1, 0, 0, 0}); !slices.Equal(y, want) {
		t.Errorf("the impulse response is %v, want %v", y, want)
	}
	if k := s.Kernel(0); len(k) != 0 {
		t.Errorf("a kernel of no steps has %d values", len(k))
	}
}

// TestConvolveByHand: (1, 2, 3) ∗ (1, 10, 100), cut to the input's length, with
// kernels shorter, as long and longer.
func TestConvolveByHand(t *testing.T) {
	u := []float64{1, 10, 100}
	for _, c := range []struct{ k, want []float64 }{
		{[]float64{1, 2, 3}, []float64{1, 12, 123}},
		{[]float64{1, 2}, []float64{1, 12, 120}},
		{[]float64{2}, []float64{2, 20, 200}},
		{[]float64{1, 2, 3, 4, 5}, []float64{1, 12, 123}},
		{nil, []float64{0, 0, 0}},
	} {
		if y := Convolve(c.k, u); !slices.Equal(y, c.want) {
			t.Errorf("%v ∗ %v is %v, want %v", c.k, u, y, c.want)
		}
		if off := worst(ConvolveFFT(c.k, u), c.want); off > 1e-12 {
			t.Errorf("%v ∗ %v by FFT is off by %g", c.k, u, off)
		}
	}
	if y := ConvolveFFT([]float64{1}, nil); len(y) != 0 {
		t.Errorf("an empty input gave %v", y)
	}
}

// TestConvolutionIsRecurrence: time-invariant, the scan is a convolution, direct
// or by FFT, for lengths around powers of two.
func TestConvolutionIsRecurrence(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for _, rule := range Rules() {
		for _, L := range []int{1, 2, 3, 31, 32, 33, 500} {
			s, u := lti(rng, rule, 1+L%7, L)
			if s.Delta *= 0.8; rule == Euler {
				s.Delta = min(s.Delta, 1) // Δ|A| < 2
			}
			y := s.Recurrence(u)
			k := s.Kernel(L)
			if off := worst(Convolve(k, u), y); off > 1e-10 {
				t.Errorf("%v, L %d: the direct convolution is off by %g", rule, L, off)
			}
			if off := worst(ConvolveFFT(k, u), y); off > 1e-10 {
				t.Errorf("%v, L %d: the FFT is off by %g", rule, L, off)
			}
			// The same numbers from the general scan.
			q := &Sequence{L: L, D: 1, N: len(s.A), Rule: rule, U: u, A: s.A}
			for range L {
				q.Delta = append(q.Delta, s.Delta)
				q.B, q.C = append(q.B, s.B...), append(q.C, s.C...)
			}
			if off := worst(Reference(q).Y, y); off > 1e-10 {
				t.Errorf("%v, L %d: the scan is off by %g", rule, L, off)
			}
		}
	}
}

// TestSelectionIsNoConvolution: with a selected Δ no kernel fits. The best one
// in the least-squares sense, the mean of each diagonal, leaves most of the
// matrix's energy.
func TestSelectionIsNoConvolution(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	const L, N = 48, 4
	selective := sequence(rng, Released, L, 1, N)
	constant := *selective
	constant.Delta = slices.Repeat([]float64{-1}, L)
	constant.B = slices.Repeat(selective.B[:N], L)
	constant.C = slices.Repeat(selective.C[:N], L)
	share := func(s *Sequence) float64 {
		c := s.Channel(0)
		var m [L][L]float64
		var mean [L]float64
		for t := range L {
			c.Attention(t, m[t][:])
			for s := range t + 1 {
				mean[t-s] += m[t][s] / float64(L-(t-s))
			}
		}
		var off, all float64
		for t := range L {
			for s := range t + 1 {
				off += math.Pow(m[t][s]-mean[t-s], 2)
				all += m[t][s] * m[t][s]
			}
		}
		return off / all
	}
	if got := share(&constant); got > 1e-20 {
		t.Errorf("constant Δ, B, C: %g of the energy is not Toeplitz, want 0", got)
	}
	if got := share(selective); got < 0.5 {
		t.Errorf("selected Δ, B, C: %g of the energy is not Toeplitz, want most of it", got)
	}
}

func TestLTIShapes(t *testing.T) {
	s := &LTI{A: []float64{1}, B: []float64{1}, C: []float64{1, 2}}
	mustPanic(t, "Kernel with a wrong C", func() { s.Kernel(1) })
	s = &LTI{A: []float64{1}, C: []float64{1}}
	mustPanic(t, "Recurrence without B", func() { s.Recurrence([]float64{1}) })
	s = &LTI{Rule: numRules}
	mustPanic(t, "Kernel of an unknown rule", func() { s.Kernel(1) })
}

// A system without selection is a convolution.
func ExampleLTI() {
	s := &LTI{Rule: Euler, Delta: 1, A: []float64{-0.5}, B: []float64{1}, C: []float64{8}}
	u := []float64{1, 0, 0, 1}
	fmt.Println(s.Kernel(4))
	fmt.Println(s.Recurrence(u))
	fmt.Println(Convolve(s.Kernel(4), u))
	// Output:
	// [8 4 2 1]
	// [8 4 2 9]
	// [8 4 2 9]
}
