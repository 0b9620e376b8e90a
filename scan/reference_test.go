package scan

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// worst is max|a−b|.
func worst(a, b []float64) float64 {
	w := 0.0
	for i := range a {
		w = max(w, math.Abs(a[i]-b[i]))
	}
	return w
}

// sequence makes a random Sequence with everything in it.
func sequence(rng *rand.Rand, rule Rule, L, D, N int) *Sequence {
	uniform := func(n int, lo, hi float64) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = lo + (hi-lo)*rng.Float64()
		}
		return x
	}
	return &Sequence{L: L, D: D, N: N, Rule: rule, Softplus: true,
		U: uniform(L*D, -2, 2), Delta: uniform(L*D, -4, 1), Bias: uniform(D, -0.5, 0.5),
		A: uniform(D*N, -1.2, -0.05), B: uniform(L*N, -1, 1), C: uniform(L*N, -1, 1),
		Skip: uniform(D, -1, 1), Z: uniform(L*D, -2, 2), H: uniform(D*N, -2, 2)}
}

// TestReferenceByHand: the table of scantest, in the reference itself.
//
//	forward Euler, A = (−1, −½), h₀ = (8, −4), Skip = ¼
//	step 0: Δ = ½, u = 4, B = (1, 2):  h = (4+2, −3+4) = (6, 1),  y = 6+1+1
//	step 1: Δ = 1, u = 2, B = (3, −1): h = (0+6, ½−2) = (6, −1½), y = 12−15+½
func TestReferenceByHand(t *testing.T) {
	s := &Sequence{L: 2, D: 1, N: 2, Rule: Euler, U: []float64{4, 2}, Delta: []float64{0.5, 1},
		A: []float64{-1, -0.5}, B: []float64{1, 2, 3, -1}, C: []float64{1, 1, 2, 10},
		Skip: []float64{0.25}, H: []float64{8, -4}, Taps: []int{0, 1}}
	r := Reference(s)
	if want := []float64{8, -2.5}; !slices.Equal(r.Y, want) {
		t.Errorf("y is %v, want %v", r.Y, want)
	}
	if want := []float64{6, -1.5}; !slices.Equal(r.H, want) {
		t.Errorf("h is %v, want %v", r.H, want)
	}
	if want := []float64{6, 1, 6, -1.5}; !slices.Equal(r.Taps, want) {
		t.Errorf("taps are %v, want %v", r.Taps, want)
	}
	if want := []float64{8, -4}; !slices.Equal(s.H, want) {
		t.Errorf("Reference changed the initial state to %v", s.H)
	}
	s.Resets = []int32{ResetConv, ResetState} // h = (6, −2), y = 12−20+½
	if r := Reference(s); r.Y[1] != -7.5 {
		t.Errorf("y after a reset is %v, want −7.5", r.Y[1])
	}
	// Softplus with bias: softplus(0.5 − 0.5) = ln 2; gate: SiLU(1).
	s = &Sequence{L: 1, D: 1, N: 1, U: []float64{3}, Delta: []float64{0.5}, Bias: []float64{-0.5},
		Softplus: true, A: []float64{-1}, B: []float64{1}, C: []float64{1}, H: []float64{4},
		Z: []float64{1}}
	// Ā = exp(−ln 2) = ½, so h = 2 + 3·ln 2.
	r = Reference(s)
	closeTo(t, "h", r.H[0], 2+3*math.Ln2, 1e-15)
	closeTo(t, "y", r.Y[0], (2+3*math.Ln2)*0.7310585786300049, 1e-15)
}

// TestTheorem1: with N = 1, A = −1, B = 1 and Δ = softplus(z), the ZOH scan is
// the gated recurrence h = (1−σ(z))·h + σ(z)·x (§3.5.1). Under the released
// rule it is not: there the write is softplus(z)·x.
func TestTheorem1(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const L = 1000
	s := &Sequence{L: L, D: 1, N: 1, Softplus: true, A: []float64{-1}}
	for range L {
		s.U = append(s.U, rng.NormFloat64())
		s.Delta = append(s.Delta, 3*rng.NormFloat64())
		s.B, s.C = append(s.B, 1), append(s.C, 1)
	}
	gated := make([]float64, L)
	h := 0.0
	for i, z := range s.Delta {
		g := 1 / (1 + math.Exp(-z))
		h = (1-g)*h + g*s.U[i]
		gated[i] = h
	}
	s.Rule = ZOH
	// Above 20 the released softplus is linear and σ is 1 − 2e-9: no z is there.
	if off := worst(Reference(s).Y, gated); off > 1e-12 {
		t.Errorf("Theorem 1 under zoh is off by %g, want at most 1e-12", off)
	}
	s.Rule = Released
	if off := worst(Reference(s).Y, gated); off < 1 {
		t.Errorf("Theorem 1 under the released rule is off by %g only: it must not hold", off)
	}
}

// TestLSSLLemma: Δ = exp(z) with backward Euler is the gated recurrence too.
func TestLSSLLemma(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const L = 500
	s := &Sequence{L: L, D: 1, N: 1, Rule: BackwardEuler, A: []float64{-1}}
	gated := make([]float64, L)
	h := 0.0
	for i := range L {
		z, x := 2*rng.NormFloat64(), rng.NormFloat64()
		s.Delta, s.U = append(s.Delta, math.Exp(z)), append(s.U, x)
		s.B, s.C = append(s.B, 1), append(s.C, 1)
		g := 1 / (1 + math.Exp(-z))
		h = (1-g)*h + g*x
		gated[i] = h
	}
	if off := worst(Reference(s).Y, gated); off > 1e-12 {
		t.Errorf("the lemma is off by %g, want at most 1e-12", off)
	}
}

// TestReferenceLaws: split anywhere, resets, taps, poison.
func TestReferenceLaws(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	for _, rule := range Rules() {
		s := sequence(rng, rule, 6, 3, 4)
		s.Taps = []int{1, 4}
		whole := Reference(s)
		for cut := range s.L + 1 {
			first, second := part(s, 0, cut), part(s, cut, s.L)
			a := Reference(first)
			second.H = a.H
			b := Reference(second)
			if !slices.Equal(append(a.Y, b.Y...), whole.Y) || !slices.Equal(b.H, whole.H) {
				t.Errorf("%v: cut at %d gives another result", rule, cut)
			}
			if cut == s.Taps[0]+1 && !slices.Equal(a.H, whole.Taps[:12]) {
				t.Errorf("%v: the first tap is not the state after step %d", rule, s.Taps[0])
			}
		}
		// A reset at step 2 forgets even NaN.
		poisoned := *s
		poisoned.H = []float64{math.NaN(), math.Inf(1), 1, 2, 3, 4, 5, 6, 7, 8, 9, math.Inf(-1)}
		poisoned.Resets = []int32{0, 0, ResetState, 0, 0, 0}
		fresh := part(s, 2, s.L)
		fresh.H = nil
		got, want := Reference(&poisoned), Reference(fresh)
		if !slices.Equal(got.Y[2*s.D:], want.Y) || !slices.Equal(got.H, want.H) {
			t.Errorf("%v: after a reset y and h are not those of a new sequence", rule)
		}
	}
}

// part is steps [from, to) of s, without taps.
func part(s *Sequence, from, to int) *Sequence {
	p := *s
	p.L, p.Taps = to-from, nil
	p.U, p.Delta, p.Z = s.U[from*s.D:to*s.D], s.Delta[from*s.D:to*s.D], s.Z[from*s.D:to*s.D]
	p.B, p.C = s.B[from*s.N:to*s.N], s.C[from*s.N:to*s.N]
	if s.Resets != nil {
		p.Resets = s.Resets[from:to]
	}
	return &p
}

// TestSelectiveNoise: noise of Δ = 0 between two tokens leaves the state the
// same to the bit, however much of it there is; a time-invariant system with
// the noise masked to 0 does not.
func TestSelectiveNoise(t *testing.T) {
	after := func(noise int, delta float64) float64 {
		s := &Sequence{L: noise + 2, D: 1, N: 1, A: []float64{-1}}
		for i := range s.L {
			x, d := 0.0, delta
			if i == 0 || i == s.L-1 {
				x, d = 1.5, 0.5
			}
			s.U, s.Delta = append(s.U, x), append(s.Delta, d)
			s.B, s.C = append(s.B, 1), append(s.C, 1)
		}
		return Reference(s).H[0]
	}
	for _, k := range []int{1, 10, 1000} {
		if after(k, 0) != after(0, 0) {
			t.Errorf("%d tokens of Δ = 0 change h", k)
		}
		if math.Abs(after(k, 0.5)-after(0, 0.5)) < 1e-3 {
			t.Errorf("%d masked tokens of Δ = ½ do not change h", k)
		}
	}
}

func TestSequenceShapes(t *testing.T) {
	good := func() *Sequence { return sequence(rand.New(rand.NewPCG(1, 4)), ZOH, 3, 2, 2) }
	Reference(good())
	for what, change := range map[string]func(s *Sequence){
		"U":             func(s *Sequence) { s.U = s.U[1:] },
		"Delta":         func(s *Sequence) { s.Delta = nil },
		"Bias":          func(s *Sequence) { s.Bias = s.Bias[1:] },
		"Bias, no plus": func(s *Sequence) { s.Softplus = false },
		"A":             func(s *Sequence) { s.A = append(s.A, 0) },
		"B":             func(s *Sequence) { s.B = s.B[1:] },
		"C":             func(s *Sequence) { s.C = s.C[1:] },
		"Skip":          func(s *Sequence) { s.Skip = s.Skip[1:] },
		"Z":             func(s *Sequence) { s.Z = s.Z[1:] },
		"H":             func(s *Sequence) { s.H = s.H[1:] },
		"Resets":        func(s *Sequence) { s.Resets = []int32{1} },
		"Taps":          func(s *Sequence) { s.Taps = []int{1, 1} },
		"a tap at L":    func(s *Sequence) { s.Taps = []int{3} },
		"a tap at −1":   func(s *Sequence) { s.Taps = []int{-1} },
		"Rule":          func(s *Sequence) { s.Rule = numRules },
		"L":             func(s *Sequence) { s.L = -1 },
	} {
		s := good()
		change(s)
		mustPanic(t, "Reference with a wrong "+what, func() { Reference(s) })
		mustPanic(t, "Channel with a wrong "+what, func() { s.Channel(0) })
	}
	mustPanic(t, "Channel(2) of 2", func() { good().Channel(2) })
}
