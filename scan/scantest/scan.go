package scantest

import (
	"math"

	"mamba-tui/scan"
)

// run is one call of Scan over steps [from, to) of s, carrying h. It gives y
// and the taps.
func (r *rig) scan(s *scan.Sequence, h *array, from, to int) (y, taps []float64) {
	r.t.Helper()
	return r.scanInto(s, h, r.out(to-from, s.D), from, to)
}

// scanInto is scan with a chosen output.
func (r *rig) scanInto(s *scan.Sequence, h, out *array, from, to int) (y, taps []float64) {
	r.t.Helper()
	L, D, N := to-from, s.D, s.N
	a := scan.ScanArgs{
		L: L, D: D, N: N, Rule: s.Rule, Softplus: s.Softplus,
		U:     r.matrix(L, D, s.U[from*D:to*D]).View,
		Delta: r.matrix(L, D, s.Delta[from*D:to*D]).View,
		A:     r.matrix(D, N, s.A).View,
		B:     r.matrix(L, N, s.B[from*N:to*N]).View,
		C:     r.matrix(L, N, s.C[from*N:to*N]).View,
		H:     h.View, Y: out.View,
	}
	if s.Bias != nil {
		a.Bias = r.vector(s.Bias)
	}
	if s.Skip != nil {
		a.Skip = r.vector(s.Skip)
	}
	if s.Z != nil {
		a.Z = r.matrix(L, D, s.Z[from*D:to*D]).View
	}
	if s.Resets != nil {
		a.Resets = r.marks(s.Resets[from:to])
	}
	if s.Taps == nil {
		r.b.Scan(a)
		return out.get(), nil
	}
	var steps []int
	for _, t := range s.Taps {
		if t >= from && t < to {
			steps = append(steps, t-from)
		}
	}
	tap := r.tap(len(steps) * D * N)
	a.Tap = &scan.ScanTap{Steps: steps, H: tap.Buf}
	r.b.Scan(a)
	return out.get(), tap.get()
}

// initial is the array of s's initial state.
func (r *rig) initial(s *scan.Sequence) *array {
	r.t.Helper()
	return r.state(s.D, s.N, s.H)
}

// all runs s in one call: y, the final state, the taps.
func (r *rig) all(s *scan.Sequence) (y, h, taps []float64) {
	r.t.Helper()
	state := r.initial(s)
	y, taps = r.scan(s, state, 0, s.L)
	return y, state.get(), taps
}

// options are the optional parts of a scan, as bits.
const (
	withSoftplus = 1 << iota
	withBias
	withSkip
	withGate
	withState
	withResets
	withTaps
	allOptions = 1<<iota - 1
)

// random makes a sequence whose state neither dies nor explodes under the rule:
// Δ|A| stays below 2.
func (r *rig) random(rule scan.Rule, L, D, N, options int) *scan.Sequence {
	s := &scan.Sequence{L: L, D: D, N: N, Rule: rule,
		U: r.uniform(L*D, -2, 2), Delta: r.uniform(L*D, 0.001, 1),
		A: r.uniform(D*N, -1.5, -0.05), B: r.uniform(L*N, -1, 1), C: r.uniform(L*N, -1, 1)}
	if options&withSoftplus != 0 {
		s.Softplus, s.Delta = true, r.uniform(L*D, -6, 0)
		if options&withBias != 0 {
			s.Bias = r.uniform(D, -0.5, 0.5)
		}
	}
	if options&withSkip != 0 {
		s.Skip = r.uniform(D, -1, 1)
	}
	if options&withGate != 0 {
		s.Z = r.uniform(L*D, -3, 3)
	}
	if options&withState != 0 {
		s.H = r.uniform(D*N, -2, 2)
	}
	if options&withResets != 0 {
		s.Resets = make([]int32, L)
		for t := range s.Resets {
			s.Resets[t] = int32(r.rng.IntN(12)) & 3 // both bits, in every mix
		}
	}
	if options&withTaps != 0 {
		for t := range L {
			if r.rng.IntN(3) == 0 || t == L-1 {
				s.Taps = append(s.Taps, t)
			}
		}
	}
	return s
}

// scanRandom: against Reference, for every rule, every option and many shapes.
func scanRandom(r *rig) {
	shapes := []struct{ L, D, N int }{
		{1, 1, 1}, {2, 3, 1}, {5, 7, 16}, {3, 17, 5}, {9, 33, 3}, {4, 1, 19}, {6, 16, 8},
	}
	for _, rule := range scan.Rules() {
		for options := range allOptions + 1 {
			shape := shapes[r.rng.IntN(len(shapes))]
			s := r.random(rule, shape.L, shape.D, shape.N, options)
			want := scan.Reference(s)
			y, h, taps := r.all(s)
			r.near(rule.String()+": y", y, want.Y)
			r.near(rule.String()+": h", h, want.H)
			if s.Taps != nil {
				r.near(rule.String()+": h at the taps", taps, want.Taps)
			}
		}
	}
}

// scanLarge: enough work for several threads, and decay that underflows.
func scanLarge(r *rig) {
	for _, shape := range []struct{ L, D, N int }{{40, 130, 16}, {1, 4000, 16}, {600, 70, 1}} {
		s := r.random(scan.Released, shape.L, shape.D, shape.N, allOptions)
		s.Delta = r.uniform(len(s.Delta), -8, 8)
		s.A = r.uniform(len(s.A), -16, -1)
		want := scan.Reference(s)
		y, h, taps := r.all(s)
		r.near("y", y, want.Y)
		r.near("h", h, want.H)
		r.near("h at the taps", taps, want.Taps)
	}
}

// scanEmpty: no steps change nothing; no states leave the skip and the gate.
func scanEmpty(r *rig) {
	for _, rule := range scan.Rules() {
		s := r.random(rule, 0, 5, 3, withState|withSkip|withGate|withSoftplus|withBias)
		s.Resets = []int32{}
		y, h, _ := r.all(s)
		r.identical("y of no steps", y, nil)
		r.identical("h after no steps", h, s.H)
	}
	s := &scan.Sequence{L: 2, D: 1, U: []float64{3, -4}, Delta: []float64{1, 1},
		Skip: []float64{2}, Z: []float64{0, 1}}
	y, _, _ := r.all(s)
	r.near("y without states", y, []float64{0, -8 * 0.7310585786300049})
}

// scanAlias: y may be written over u.
func scanAlias(r *rig) {
	s := r.random(scan.Released, 6, 21, 5, withState|withSkip|withGate|withSoftplus|withBias)
	want, wantH, _ := r.all(s)
	h, both := r.initial(s), r.state(s.L, s.D, s.U)
	r.b.Scan(scan.ScanArgs{L: s.L, D: s.D, N: s.N, Softplus: true,
		U: both.View, Y: both.View, H: h.View,
		Delta: r.matrix(s.L, s.D, s.Delta).View, Bias: r.vector(s.Bias),
		A: r.matrix(s.D, s.N, s.A).View,
		B: r.matrix(s.L, s.N, s.B).View, C: r.matrix(s.L, s.N, s.C).View,
		Skip: r.vector(s.Skip), Z: r.matrix(s.L, s.D, s.Z).View})
	r.identical("y over u", both.get(), want)
	r.identical("h with y over u", h.get(), wantH)
}

// scanSoftplus: the Δ inside Scan is to the bit the one of Softplus, and Scan
// from that Δ gives the same result.
func scanSoftplus(r *rig) {
	const D = 37
	raw, bias := r.uniform(D, -25, 25), r.uniform(D, -1, 1)
	ones := make([]float64, D)
	for i := range ones {
		ones[i] = 1
	}
	// From h = 0 with A = 0 and B = u = 1, h is Δ.
	s := &scan.Sequence{L: 1, D: D, N: 1, U: ones, Delta: raw, Bias: bias, Softplus: true,
		A: make([]float64, D), B: ones[:1], C: ones[:1]}
	_, inside, _ := r.all(s)
	outside := r.out(1, D)
	r.b.Softplus(outside.View, r.matrix(1, D, raw).View, r.vector(bias), 1, D)
	r.identical("Δ in Scan and from Softplus", inside, outside.get())
	for i, delta := range inside {
		r.near("Δ", []float64{delta}, []float64{softplus(r.round(raw[i] + bias[i]))})
	}
	if math.Abs(inside[0]-raw[0]) < 1e-9 && raw[0] < 10 {
		r.t.Error("Scan did not apply the softplus")
	}
}
