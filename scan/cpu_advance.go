package scan

import "math"

// The functions of this file move one channel by one step under one rule,
//
//	h[n] = Ā(Δ,a[n])·h[n] + g(Δ,a[n])·u·b[n],
//
// and return Σ_n c[n]·h[n], summed in the order of n. h, a, b and c have N
// values each; h is updated in place. They are the only place where a CPU scan
// touches h, so Forward, Step and every split agree bit for bit.
//
// The write is (g·u)·b, as in Reference: where g does not depend on n, g·u is
// taken once for all states without changing a bit. At a = 0 every rule below
// gives Ā = 1 and g = Δ by its own arithmetic, ZOH by a case of its own. None
// treats Δ = 0 apart: Ā is then exactly 1 and g exactly 0.

// generic32 is the kernel set of plain Go in float32.
func generic32() kernels[float32] {
	return kernels[float32]{
		name:     "cpu generic f32",
		matrix:   genericMatrix[float32](),
		softplus: softplusRow32,
		silu:     siluRow32,
		gate:     gateRow32,
		norm:     normRow[float32],
		advance: [numRules]func(h, a, b, c []float32, delta, u float32) float32{
			Released:      released32,
			ZOH:           zoh32,
			Bilinear:      bilinear[float32],
			Euler:         euler[float32],
			BackwardEuler: backwardEuler[float32],
		},
	}
}

// generic64 is the kernel set of the oracle: float64 and package math.
func generic64() kernels[float64] {
	return kernels[float64]{
		name:     "cpu generic f64",
		matrix:   genericMatrix[float64](),
		softplus: softplusRow64,
		silu:     siluRow64,
		gate:     gateRow64,
		norm:     normRow[float64],
		advance: [numRules]func(h, a, b, c []float64, delta, u float64) float64{
			Released:      released64,
			ZOH:           zoh64,
			Bilinear:      bilinear[float64],
			Euler:         euler[float64],
			BackwardEuler: backwardEuler[float64],
		},
	}
}

// released32 is the rule of the released code: Ā = exp(ΔA), g = Δ. exp(ΔA) is
// 2^(Δ·log2(e)·A), with the first product taken once for all states. First all
// exponentials of a tile, then the updates: in one loop each element would wait
// for the test of its own range.
func released32(h, a, b, c []float32, delta, u float32) float32 {
	rate, write := delta*log2e, delta*u
	var tile [16]float32
	var sum float32
	for from := 0; from < len(h); from += len(tile) {
		to := min(from+len(tile), len(h))
		abar := tile[:to-from]
		exp2Row(abar, a[from:to], rate)
		h, b, c := h[from:to], b[from:to], c[from:to]
		for n, decay := range abar {
			now := decay*h[n] + write*b[n]
			h[n] = now
			sum += c[n] * now
		}
	}
	return sum
}

// zoh32 is the zero-order hold: Ā = exp(ΔA), g = (exp(ΔA)−1)/A. g differs from
// state to state, so this rule costs about twice released32.
func zoh32(h, a, b, c []float32, delta, u float32) float32 {
	a, b, c = a[:len(h)], b[:len(h)], c[:len(h)]
	var sum float32
	for n, old := range h {
		x := delta * a[n]
		abar := exp32(x)
		now := abar*old + zohGain32(delta, a[n], x, abar)*u*b[n]
		h[n] = now
		sum += c[n] * now
	}
	return sum
}

// zohGain32 is (exp(x)−1)/a with x = Δa. For small |x| it is Δ·(exp(x)−1)/x
// by the series of the fraction, which is 1 at 0 and loses no digits there.
func zohGain32(delta, a, x, abar float32) float32 {
	if x < 0.5 && x > -0.5 {
		s := ((((((1.0/40320*x+1.0/5040)*x+1.0/720)*x+1.0/120)*x+1.0/24)*x+1.0/6)*x + 0.5) * x
		return delta + delta*s
	}
	return (abar - 1) / a
}

// released64 is released32 in float64.
func released64(h, a, b, c []float64, delta, u float64) float64 {
	a, b, c = a[:len(h)], b[:len(h)], c[:len(h)]
	write := delta * u
	var sum float64
	for n, old := range h {
		now := math.Exp(delta*a[n])*old + write*b[n]
		h[n] = now
		sum += c[n] * now
	}
	return sum
}

// zoh64 is zoh32 in float64.
func zoh64(h, a, b, c []float64, delta, u float64) float64 {
	a, b, c = a[:len(h)], b[:len(h)], c[:len(h)]
	var sum float64
	for n, old := range h {
		gain, x := delta, delta*a[n]
		if a[n] != 0 {
			gain = math.Expm1(x) / a[n]
		}
		now := math.Exp(x)*old + gain*u*b[n]
		h[n] = now
		sum += c[n] * now
	}
	return sum
}

// bilinear is S4's rule: Ā = (1+ΔA/2)/(1−ΔA/2), g = Δ/(1−ΔA/2). |Ā| < 1 for
// every Δ and A < 0, but Ā → −1 for large Δ: it cannot reset.
func bilinear[T float](h, a, b, c []T, delta, u T) T {
	a, b, c = a[:len(h)], b[:len(h)], c[:len(h)]
	var sum T
	for n, old := range h {
		half := delta * a[n] / 2
		den := 1 - half
		now := (1+half)/den*old + delta/den*u*b[n]
		h[n] = now
		sum += c[n] * now
	}
	return sum
}

// euler is the forward rule: Ā = 1+ΔA, g = Δ. It explodes beyond Δ|A| = 2.
func euler[T float](h, a, b, c []T, delta, u T) T {
	a, b, c = a[:len(h)], b[:len(h)], c[:len(h)]
	write := delta * u
	var sum T
	for n, old := range h {
		now := (1+delta*a[n])*old + write*b[n]
		h[n] = now
		sum += c[n] * now
	}
	return sum
}

// backwardEuler is the implicit rule: Ā = 1/(1−ΔA), g = Δ/(1−ΔA). With
// Δ = exp(z) and A = −1 it is the sigmoid gate of an RNN (the lemma of LSSL).
func backwardEuler[T float](h, a, b, c []T, delta, u T) T {
	a, b, c = a[:len(h)], b[:len(h)], c[:len(h)]
	var sum T
	for n, old := range h {
		den := 1 - delta*a[n]
		now := old/den + delta/den*u*b[n]
		h[n] = now
		sum += c[n] * now
	}
	return sum
}
