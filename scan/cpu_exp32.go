package scan

import "math"

// Exponentials in float32 without a table and, in range, without a branch.
// 2^r = 2^k·2^f with k the integer nearest to r and |f| ≤ ½; 2^f is a
// polynomial of degree 6 whose constant term is 1 (so exp(0) is exactly 1 and
// Δ = 0 keeps h to the bit) and whose error is below 1 ulp; 2^k is added to the
// exponent bits.
const (
	log2e = 1.4426950408889634 // 1/ln 2
	// roundShift added to and taken from r rounds it to an integer, which then
	// stands in the low bits of the sum.
	roundShift = 0x1.8p23
	// Between these exponents 2^k is a normal number; outside lies exp2Edge.
	minExp2, maxExp2 = -126, 128
)

// Coefficients of 2^f on |f| ≤ ½ (Cephes' exp2f).
const (
	exp2c1 = 6.931472028550421e-1
	exp2c2 = 2.402264791363012e-1
	exp2c3 = 5.550332471162809e-2
	exp2c4 = 9.618437357674640e-3
	exp2c5 = 1.339887440266574e-3
	exp2c6 = 1.535336188319500e-4
)

// exp2Core is 2^r for minExp2 < r < maxExp2.
func exp2Core(r float32) float32 {
	k := r + roundShift
	f := r - (k - roundShift)
	return exp2Scale(f, k)
}

// exp2Scale is 2^f·2^k, where k still carries roundShift.
func exp2Scale(f, k float32) float32 {
	p := (((((exp2c6*f+exp2c5)*f+exp2c4)*f+exp2c3)*f+exp2c2)*f+exp2c1)*f + 1
	return math.Float32frombits(math.Float32bits(p) + math.Float32bits(k)<<23)
}

// exp2Edge is 2^r for every other r: 0, subnormal, +Inf or NaN.
//
//go:noinline
func exp2Edge(r float32) float32 {
	if r < -151 {
		return 0
	}
	return float32(math.Exp2(float64(r)))
}

// exp32 is exp(x) to about 1e-7. The reduction uses ln 2 in two parts, so that
// the error does not grow with |x|.
func exp32(x float32) float32 {
	const (
		ln2hi = 0.693359375
		ln2lo = -2.12194440e-4
	)
	r := x * log2e
	if !(r > minExp2 && r < maxExp2-1) {
		return expEdge(x)
	}
	k := r + roundShift
	n := k - roundShift
	return exp2Scale(((x-n*ln2hi)-n*ln2lo)*log2e, k)
}

// expEdge is exp(x) where the result is 0, subnormal, near overflow, +Inf or
// NaN.
//
//go:noinline
func expEdge(x float32) float32 {
	if x < -104 {
		return 0
	}
	return float32(math.Exp(float64(x)))
}

// softplus32 is log(1+exp(x)), and x above 20 as in the released kernel. It
// never reaches 0 before exp underflows: log1p(e) = 2·atanh(e/(2+e)), whose
// series keeps every digit of a small e.
//
//go:noinline
func softplus32(x float32) float32 {
	if !(x <= 20) {
		return x // also NaN
	}
	e := exp32(-abs32(x))
	s := e / (2 + e)
	q := s * s
	p := ((((((1.0/15*q+1.0/13)*q+1.0/11)*q+1.0/9)*q+1.0/7)*q+1.0/5)*q + 1.0/3) * q
	log1p := 2*s + 2*s*p
	if x > 0 {
		return x + log1p
	}
	return log1p
}

// abs32 is |x|.
func abs32(x float32) float32 {
	return math.Float32frombits(math.Float32bits(x) &^ (1 << 31))
}

// silu32 is x/(1+exp(−x)).
//
//go:noinline
func silu32(x float32) float32 { return x / (1 + exp32(-x)) }

// siluRow32 is silu32 over a row.
func siluRow32(x []float32) {
	for i, v := range x {
		x[i] = silu32(v)
	}
}
