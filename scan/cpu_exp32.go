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
	// Where |r| is below this, 2^k is a normal number; beyond lies exp2Edge.
	maxExp2 = 126
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

// exp2Core is 2^r for |r| < maxExp2, and some other number beyond.
func exp2Core(r float32) float32 {
	k := r + roundShift
	f := r - (k - roundShift)
	return exp2Scale(f, k)
}

// exp2Scale is 2^f·2^k, where k still carries roundShift. The terms are paired
// (Estrin) so that fewer of them wait for each other.
func exp2Scale(f, k float32) float32 {
	q := f * f
	p := (exp2c1*f + 1) + q*((exp2c3*f+exp2c2)+q*(exp2c6*q+(exp2c5*f+exp2c4)))
	return math.Float32frombits(math.Float32bits(p) + math.Float32bits(k)<<23)
}

// inCore says that |r| < maxExp2, with one comparison; false for NaN.
func inCore(r float32) bool {
	return math.Float32bits(r)&^(1<<31) < maxExp2Bits
}

// maxExp2Bits is maxExp2 as float32 bits: positive floats are ordered as their
// bits are.
const maxExp2Bits = 0x42fc0000

// exp2Edge is 2^r for any r, also where it is 0, subnormal, +Inf or NaN.
//
//go:noinline
func exp2Edge(r float32) float32 {
	switch {
	case inCore(r):
		return exp2Core(r)
	case r < -151:
		return 0
	}
	return float32(math.Exp2(float64(r)))
}

// exp2Row is dst[i] = 2^(rate·a[i]). The common case has no branch in its loop;
// one exponent out of range sends the row through exp2Edge. It is a function of
// its own so that its loop has the registers to itself.
//
//go:noinline
func exp2Row(dst, a []float32, rate float32) {
	dst = dst[:len(a)]
	largest := uint32(0)
	for i, v := range a {
		r := rate * v
		largest = max(largest, math.Float32bits(r)&^(1<<31))
		dst[i] = exp2Core(r)
	}
	if largest < maxExp2Bits {
		return
	}
	for i, v := range a {
		dst[i] = exp2Edge(rate * v)
	}
}

// exp32 is exp(x) to about 1e-7. The reduction uses ln 2 in two parts, so that
// the error does not grow with |x|.
func exp32(x float32) float32 {
	const (
		ln2hi = 0.693359375
		ln2lo = -2.12194440e-4
	)
	r := x * log2e
	if !inCore(r) {
		return expEdge(x)
	}
	k := r + roundShift
	n := k - roundShift
	return exp2Scale(((x-n*ln2hi)-n*ln2lo)*log2e, k)
}

// expEdge is exp(x) where the result is 0, near either end, +Inf or NaN.
//
//go:noinline
func expEdge(x float32) float32 {
	if x < -104 {
		return 0
	}
	return float32(math.Exp(float64(x)))
}

// softplus32 is log(1+exp(x)), and x above 20 as in the released kernel. It
// does not reach 0 before exp underflows: it is max(x,0) + log1p(e) with
// e = exp(−|x|), and log1p(e) = 2·atanh(e/(2+e)), whose series keeps every digit
// of a small e.
//
//go:noinline
func softplus32(x float32) float32 {
	if !(x <= 20) {
		return x // also NaN
	}
	e := exp32(-abs32(x))
	s := e / (2 + e)
	q := s * s
	r := q * q
	p := (1.0/5*q + 1.0/3) + r*((1.0/9*q+1.0/7)+r*((1.0/13*q+1.0/11)+r*(1.0/15)))
	return positive32(x) + (2*s + 2*s*q*p)
}

// abs32 is |x|.
func abs32(x float32) float32 {
	return math.Float32frombits(math.Float32bits(x) &^ (1 << 31))
}

// positive32 is max(x, 0), without a branch to mispredict: the sign bit, spread
// over the word, masks x.
func positive32(x float32) float32 {
	bits := math.Float32bits(x)
	return math.Float32frombits(bits &^ uint32(int32(bits)>>31))
}

// silu32 is x/(1+exp(−x)).
//
//go:noinline
func silu32(x float32) float32 { return x / (1 + exp32(-x)) }

// softplusRow32 is dst = softplus(x + bias); a nil bias is none. Scan and
// Softplus both come here, so that they agree to the bit.
func softplusRow32(dst, x, bias []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		if bias != nil {
			v += bias[i]
		}
		dst[i] = softplus32(v)
	}
}

// siluRow32 is x = SiLU(x).
func siluRow32(x []float32) {
	for i, v := range x {
		x[i] = silu32(v)
	}
}

// gateRow32 is y = y·SiLU(z).
func gateRow32(y, z []float32) {
	y = y[:len(z)]
	for i, v := range z {
		y[i] *= silu32(v)
	}
}
