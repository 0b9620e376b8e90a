package scan

import (
	"math"
	"testing"
)

// each calls f with float32 numbers over [lo, hi], some 70,000 of them, spaced
// by an irrational step so that no pattern of bits repeats.
func each(lo, hi float64, f func(x float32)) {
	step := (hi - lo) / 70000 * math.Sqrt2 / 1.4
	for x := lo; x <= hi; x += step {
		f(float32(x))
	}
}

// worstRelative is max|got−want|/|want| over [lo, hi].
func worstRelative(lo, hi float64, got func(float32) float32, want func(float64) float64) (worst float64, at float32) {
	each(lo, hi, func(x float32) {
		w := want(float64(x))
		if e := math.Abs(float64(got(x))-w) / math.Abs(w); !(e <= worst) && w != 0 {
			worst, at = e, x
		}
	})
	return worst, at
}

// TestExp32Accuracy: every function is within a few units in the last place of
// its float64 original, relative to the value, however small it is.
func TestExp32Accuracy(t *testing.T) {
	for _, c := range []struct {
		name   string
		lo, hi float64
		got    func(float32) float32
		want   func(float64) float64
		tol    float64
	}{
		{"2^r", -125.9, 125.9, exp2Core, math.Exp2, 1.3e-7},
		{"2^r near 0", -0.51, 0.51, exp2Core, math.Exp2, 1.3e-7},
		{"exp", -87.3, 88.7, exp32, math.Exp, 1.5e-7},
		{"exp near 0", -1e-3, 1e-3, exp32, math.Exp, 1.2e-7},
		{"softplus", -87, 100, softplus32, softplus64, 2.5e-7},
		{"softplus near 20", 19.9, 20.1, softplus32, softplus64, 1e-7},
		{"silu", -80, 100, silu32, silu64, 2e-7},
	} {
		if worst, at := worstRelative(c.lo, c.hi, c.got, c.want); worst > c.tol {
			t.Errorf("%s: relative error %.3g at %v, want at most %g", c.name, worst, at, c.tol)
		}
	}
}

// TestExp32Subnormal: between 2^-126 and 2^-149 results are rounded to what
// float32 has there.
func TestExp32Subnormal(t *testing.T) {
	each(-103.9, -87.3, func(x float32) {
		want := float32(math.Exp(float64(x)))
		if got := exp32(x); math.Abs(float64(got-want)) > 1.5e-45 {
			t.Fatalf("exp(%v) is %v, want %v", x, got, want)
		}
	})
	each(-149, -126, func(r float32) {
		want := float32(math.Exp2(float64(r)))
		if got := exp2Edge(r); got != want {
			t.Fatalf("2^%v is %v, want %v", r, got, want)
		}
	})
}

// TestExp32Ends: the values at which nothing may be approximate.
func TestExp32Ends(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct {
		name    string
		got     func(float32) float32
		x, want float32
	}{
		{"exp", exp32, 0, 1},
		{"exp", exp32, -inf, 0},
		{"exp", exp32, inf, inf},
		{"exp", exp32, nan, nan},
		{"exp", exp32, -104, 0},
		{"exp", exp32, -1e30, 0},
		{"exp", exp32, 89, inf},
		{"exp", exp32, 3.4e38, inf},
		{"2^r", exp2Edge, -inf, 0},
		{"2^r", exp2Edge, -150.1, 0},
		{"2^r", exp2Edge, -149, 0x1p-149},
		{"2^r", exp2Edge, -126, 0x1p-126},
		{"2^r", exp2Edge, 128, inf},
		{"2^r", exp2Edge, inf, inf},
		{"2^r", exp2Edge, nan, nan},
		{"2^r", exp2Core, 0, 1},
		{"2^r", exp2Core, 1, 2},
		{"2^r", exp2Core, -125, 0x1p-125},
		{"2^r", exp2Core, 125, 0x1p125},
		{"2^r", exp2Edge, 127, 0x1p127},
		{"2^r", exp2Edge, -3, 0.125},
		{"softplus", softplus32, 0, 0.6931472},
		{"softplus", softplus32, -inf, 0},
		{"softplus", softplus32, inf, inf},
		{"softplus", softplus32, nan, nan},
		{"softplus", softplus32, -200, 0},
		{"softplus", softplus32, 20.000002, 20.000002},
		{"softplus", softplus32, 1e30, 1e30},
		{"silu", silu32, 0, 0},
		{"silu", silu32, inf, inf},
		{"silu", silu32, nan, nan},
		{"silu", silu32, 50, 50},
		{"silu", silu32, -inf, nan}, // −Inf/Inf, as the formula has it
	} {
		got := c.got(c.x)
		if got != c.want && (got == got || c.want == c.want) {
			t.Errorf("%s(%v) is %v, want %v", c.name, c.x, got, c.want)
		}
	}
	// Δ of an ignored token is small but never 0 while float32 can hold it.
	for _, x := range []float32{-20, -80, -87, -100} {
		if softplus32(x) <= 0 {
			t.Errorf("softplus(%v) is %v, want a positive number", x, softplus32(x))
		}
	}
}

// TestInCore: the one comparison is |r| < maxExp2.
func TestInCore(t *testing.T) {
	if math.Float32frombits(maxExp2Bits) != maxExp2 {
		t.Errorf("maxExp2Bits are those of %v, want %v", math.Float32frombits(maxExp2Bits), maxExp2)
	}
	below := math.Nextafter32(maxExp2, 0)
	for r, want := range map[float32]bool{0: true, below: true, -below: true, maxExp2: false, -maxExp2: false,
		1e30: false, float32(math.Inf(-1)): false} {
		if inCore(r) != want {
			t.Errorf("inCore(%v) is %v", r, !want)
		}
	}
	if inCore(float32(math.NaN())) {
		t.Error("NaN is in range")
	}
}

// TestReleasedEdges: released32 takes exp2Core for a tile inside its range and
// exp2Edge for one that is not; around both borders it is what Coefficients
// says, also for the neighbours in the tile.
func TestReleasedEdges(t *testing.T) {
	for _, x := range []float32{-150, -104, -100, -87.4, -87.336, -87.33, -1e-30, 0, 1, 88, 88.7, 88.73, 200} {
		const N = 37 // two tiles and a bit
		h, a, zero := make([]float32, N), make([]float32, N), make([]float32, N)
		for n := range h {
			h[n], a[n] = 1, -float32(n)/8
		}
		a[20] = x
		released32(h, a, zero, zero, 1, 0)
		for n, got := range h {
			want := float32(math.Exp(float64(a[n])))
			tol := 1e-5*float64(want) + 3e-45
			if !(got == want || math.Abs(float64(got-want)) <= tol) {
				t.Errorf("exp(%v) in the scan is %v, want %v", a[n], got, want)
			}
		}
	}
}

// TestZOHGain32: (exp(x)−1)/a without loss for small x, on both sides of the
// border between series and quotient.
func TestZOHGain32(t *testing.T) {
	for _, delta := range []float32{1e-6, 0.01, 0.3, 0.499, 0.5, 0.501, 3, 30} {
		for _, a := range []float32{-16, -1, -0.99, -1e-3, -1e-20, 0, 0.5} {
			x := delta * a
			got := zohGain32(delta, a, x, exp32(x))
			_, want := ZOH.Coefficients(float64(delta), float64(a))
			if e := math.Abs(float64(got)-want) / want; !(e < 1e-6) {
				t.Errorf("g(%v, %v) is %v, want %v: relative error %.2g", delta, a, got, want, e)
			}
		}
	}
}
