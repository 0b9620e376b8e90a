package scan

import (
	"gonum.org/v1/gonum/dsp/fourier"
)

// LTI is a linear time-invariant channel: Δ, B and C do not depend on the
// input (S4, §2 eq. 2–3). It is the one case in which the recurrence is also a
// convolution, y = u ∗ K̄; as soon as one of the three is selected from the
// input, the matrix from u to y has L(L+1)/2 different numbers instead of L and
// no convolution remains.
type LTI struct {
	Rule    Rule
	Delta   float64
	A, B, C []float64 // (N)
}

// check panics when A, B and C are of different lengths.
func (s *LTI) check() {
	if !s.Rule.Valid() {
		panic("scan: LTI: unknown rule")
	}
	mustHave(s.B, len(s.A), false, "scan: LTI: B is not (N)")
	mustHave(s.C, len(s.A), false, "scan: LTI: C is not (N)")
}

// Kernel is K̄ = (CB̄, CĀB̄, …, CĀ^(L−1)B̄) (eq. 3), L values: the response to an
// impulse. Ā is diagonal, so a power is N products and S4's algebra for dense A
// is not needed.
func (s *LTI) Kernel(L int) []float64 {
	s.check()
	k := make([]float64, L)
	for n, a := range s.A {
		abar, bgain := s.Rule.Coefficients(s.Delta, a)
		term := s.C[n] * bgain * s.B[n]
		for t := range k {
			k[t] += term
			term *= abar
		}
	}
	return k
}

// Recurrence is y (L) for u (L) by the scan, from a zero state: O(L·N) and one
// number of memory a state.
func (s *LTI) Recurrence(u []float64) []float64 {
	s.check()
	h := make([]float64, len(s.A))
	y := make([]float64, len(u))
	for t, x := range u {
		for n, a := range s.A {
			abar, bgain := s.Rule.Coefficients(s.Delta, a)
			h[n] = abar*h[n] + bgain*x*s.B[n]
			y[t] += s.C[n] * h[n]
		}
	}
	return y
}

// Convolve is the causal convolution y[t] = Σ_{s≤t} k[t−s]·u[s] as it is
// written: O(L²). A short kernel is one with zeros behind.
func Convolve(k, u []float64) []float64 {
	y := make([]float64, len(u))
	for t := range y {
		for s := max(0, t-len(k)+1); s <= t; s++ {
			y[t] += k[t-s] * u[s]
		}
	}
	return y
}

// ConvolveFFT is Convolve through the frequency domain, O(L log L): the path
// S4 takes. Both sequences are padded with zeros to a power of two of at least
// the length of the full product, so that nothing wraps around into y.
func ConvolveFFT(k, u []float64) []float64 {
	if len(k) == 0 || len(u) == 0 {
		return make([]float64, len(u))
	}
	size := 1
	for size < len(k)+len(u)-1 {
		size *= 2
	}
	fft := fourier.NewFFT(size)
	padded := make([]float64, size)
	copy(padded, k)
	kf := fft.Coefficients(nil, padded)
	clear(padded)
	copy(padded, u)
	uf := fft.Coefficients(nil, padded)
	for i := range uf {
		uf[i] *= kf[i]
	}
	// gonum's inverse is not scaled: it returns size·y.
	fft.Sequence(padded, uf)
	y := padded[:len(u)]
	for i := range y {
		y[i] /= float64(size)
	}
	return y
}
