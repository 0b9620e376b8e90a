package scantest

import (
	"math"

	"mamba-tui/scan"
)

// scanSplit: cut anywhere, the final state of one call is the initial state of
// the next, and nothing else is needed.
func scanSplit(r *rig) {
	for _, rule := range scan.Rules() {
		s := r.random(rule, 7, 19, 5, allOptions&^withTaps)
		whole, final, _ := r.all(s)
		for cut := range s.L + 1 {
			h := r.initial(s)
			first, _ := r.scan(s, h, 0, cut)
			second, _ := r.scan(s, h, cut, s.L)
			r.equal("y in two calls", append(first, second...), whole)
			r.equal("h after two calls", h.get(), final)
		}
		h := r.initial(s)
		var y []float64
		for t := range s.L {
			row, _ := r.scan(s, h, t, t+1)
			y = append(y, row...)
		}
		r.equal("y step by step", y, whole)
		r.equal("h step by step", h.get(), final)
	}
}

// scanReset: sequences stitched together with marks are the sequences apart,
// whatever was in the state before.
func scanReset(r *rig) {
	starts := []int{2, 3, 7}
	for _, rule := range scan.Rules() {
		for _, poison := range []float64{1, math.NaN(), math.Inf(1), math.Inf(-1)} {
			s := r.random(rule, 9, 18, 3, withSoftplus|withBias|withSkip|withGate|withState)
			for i := range s.H {
				s.H[i] *= poison
			}
			s.Resets = make([]int32, s.L)
			for _, t := range starts {
				s.Resets[t] = scan.ResetState | scan.ResetConv*int32(t&1)
			}
			y, h, _ := r.all(s)
			for i, from := range starts {
				to := s.L
				if i+1 < len(starts) {
					to = starts[i+1]
				}
				alone := *s
				alone.Resets, alone.H = nil, nil
				fresh := r.initial(&alone)
				want, _ := r.scan(&alone, fresh, from, to)
				r.equal("y after a reset", y[from*s.D:to*s.D], want)
				if to == s.L {
					r.equal("h after the last reset", h, fresh.get())
				}
			}
		}
	}
	// The cleared state is +0, not −0.
	s := &scan.Sequence{L: 1, D: 1, N: 1, U: []float64{0}, Delta: []float64{1}, A: []float64{-1},
		B: []float64{1}, C: []float64{1}, H: []float64{-1}, Resets: []int32{scan.ResetState}}
	_, h, _ := r.all(s)
	r.identical("h = −1 after a reset and no input", h, []float64{0})
	// The other bit is not for Scan.
	s = r.random(scan.Released, 4, 3, 2, withState)
	want, wantH, _ := r.all(s)
	s.Resets = []int32{scan.ResetConv, 0, scan.ResetConv, scan.ResetConv}
	y, h, _ := r.all(s)
	r.equal("y with ResetConv alone", y, want)
	r.equal("h with ResetConv alone", h, wantH)
}

// scanTaps: a tap is the state a call would end with there; no steps, no taps.
func scanTaps(r *rig) {
	for _, rule := range scan.Rules() {
		s := r.random(rule, 6, 35, 3, withState|withResets)
		s.Taps = []int{0, 2, 3, 5}
		_, final, taps := r.all(s)
		size := s.D * s.N
		for i, t := range s.Taps {
			prefix := *s
			prefix.Taps = nil
			h := r.initial(s)
			r.scan(&prefix, h, 0, t+1)
			r.equal("h at a tap", taps[i*size:(i+1)*size], h.get())
		}
		r.identical("h at the last step's tap", taps[3*size:], final)
		s.Taps = []int{}
		if _, _, taps := r.all(s); len(taps) != 0 {
			r.t.Errorf("no tap steps gave %d values", len(taps))
		}
	}
}

// scanLimits: what Δ and A do at the ends of their ranges.
func scanLimits(r *rig) {
	const D, N = 3, 5
	for _, rule := range scan.Rules() {
		// Δ = 0: the step did not happen, to the bit.
		s := r.random(rule, 3, D, N, withState)
		clear(s.Delta)
		_, h, _ := r.all(s)
		r.identical(rule.String()+": h after Δ = 0", h, s.H)

		// A small Δ: |h' − h| ≤ Δ·(|A||h| + |u||B|), to first order.
		s = r.random(rule, 1, D, N, withState)
		delta := math.Ldexp(1, -12)
		for i := range s.Delta {
			s.Delta[i] = delta
		}
		_, h, _ = r.all(s)
		for i, now := range h {
			d, n := i/N, i%N
			bound := delta * (math.Abs(s.A[i]*s.H[i]) + math.Abs(s.U[d]*s.B[n]))
			if diff := math.Abs(now - s.H[i]); diff > 1.01*bound+1e-6 {
				r.t.Fatalf("%v: Δ = 2^-12 moved h from %v to %v: by %v, at most %v",
					rule, s.H[i], now, diff, bound)
			}
		}

		// A = 0: nothing decays and g is Δ: 7 + 0.5·2·3.
		s = &scan.Sequence{L: 1, D: 1, N: 1, Rule: rule, U: []float64{2}, Delta: []float64{0.5},
			A: []float64{0}, B: []float64{3}, C: []float64{1}, H: []float64{7}}
		_, h, _ = r.all(s)
		r.identical(rule.String()+": A = 0", h, []float64{10})

		// A → 0: g → Δ without losing digits.
		s.A[0], s.H[0] = -math.Ldexp(1, -60), 0
		_, h, _ = r.all(s)
		r.near(rule.String()+": A = −2^-60", h, []float64{3})
	}

	// What is left of h = 1 after one step of Δ = 200, A = −1 and no input.
	for _, c := range []struct {
		rule scan.Rule
		want float64
	}{{scan.Released, 0}, {scan.ZOH, 0}, {scan.Bilinear, -99.0 / 101}, {scan.Euler, -199},
		{scan.BackwardEuler, 1.0 / 201}} {
		s := &scan.Sequence{L: 1, D: 1, N: 1, Rule: c.rule, U: []float64{0}, Delta: []float64{200},
			A: []float64{-1}, B: []float64{1}, C: []float64{1}, H: []float64{1}}
		_, h, _ := r.all(s)
		if c.want == 0 && math.Abs(h[0]) > 1e-80 {
			r.t.Errorf("%v: h after Δ = 200 is %v, want 0", c.rule, h[0])
		}
		if c.want != 0 {
			r.near(c.rule.String()+": h after Δ = 200", h, []float64{c.want})
		}
	}

	// exp overflows to Inf in float32 and not in float64.
	s := &scan.Sequence{L: 1, D: 1, N: 1, U: []float64{0}, Delta: []float64{100},
		A: []float64{1}, B: []float64{1}, C: []float64{1}, H: []float64{1}}
	_, h, _ := r.all(s)
	r.near("h after exp(100)", h, []float64{r.round(2.6881171418161356e43)})
}

// scanNaN: a NaN or an Inf goes where the equations take it, and nowhere else.
func scanNaN(r *rig) {
	const L, D, N, at = 5, 19, 3, 2
	for _, rule := range scan.Rules() {
		for _, bad := range []float64{math.NaN(), math.Inf(1)} {
			clean := r.random(rule, L, D, N, withState|withSkip|withGate)
			y0, h0, _ := r.all(clean)
			poisoned := func(change func(s *scan.Sequence)) (y, h []float64) {
				s := *clean
				for _, x := range []*[]float64{&s.U, &s.B, &s.C, &s.Z, &s.H} {
					*x = append([]float64{}, *x...)
				}
				change(&s)
				y, h, _ = r.all(&s)
				return y, h
			}

			// In u: one channel, from its step on.
			y, h := poisoned(func(s *scan.Sequence) { s.U[at*D+7] = bad })
			r.spread("u", y, y0, func(i int) bool { return i%D == 7 && i/D >= at })
			r.spread("u", h, h0, func(i int) bool { return i/N == 7 })
			// In B: state 1 of every channel, and so every later output.
			y, h = poisoned(func(s *scan.Sequence) { s.B[at*N+1] = bad })
			r.spread("B", y, y0, func(i int) bool { return i/D >= at })
			r.spread("B", h, h0, func(i int) bool { return i%N == 1 })
			// In C: the outputs of its step.
			y, h = poisoned(func(s *scan.Sequence) { s.C[at*N+1] = bad })
			r.spread("C", y, y0, func(i int) bool { return i/D == at })
			r.spread("C", h, h0, func(int) bool { return false })
			// In z: one output. SiLU(+Inf) is +Inf.
			y, h = poisoned(func(s *scan.Sequence) { s.Z[at*D+7] = bad })
			r.spread("z", y, y0, func(i int) bool { return i == at*D+7 })
			r.spread("z", h, h0, func(int) bool { return false })
			// In the initial state: its cell, and its channel's outputs.
			y, h = poisoned(func(s *scan.Sequence) { s.H[7*N+1] = bad })
			r.spread("h", y, y0, func(i int) bool { return i%D == 7 })
			r.spread("h", h, h0, func(i int) bool { return i == 7*N+1 })
		}
		// A NaN in Δ takes its channel; SiLU(−Inf) is NaN, as −Inf/Inf.
		s := r.random(rule, L, D, N, withState|withSkip|withGate)
		y0, h0, _ := r.all(s)
		s.Delta[at*D+7], s.Z[0] = math.NaN(), math.Inf(-1)
		y, h, _ := r.all(s)
		r.spread("Δ and z", y, y0, func(i int) bool { return i%D == 7 && i/D >= at || i == 0 })
		r.spread("Δ", h, h0, func(i int) bool { return i/N == 7 })
	}
}

// spread demands that exactly the elements named by hit are not finite, and
// that all others are what they were.
func (r *rig) spread(where string, got, clean []float64, hit func(i int) bool) {
	r.t.Helper()
	for i, g := range got {
		if hit(i) == finite(g) {
			r.t.Fatalf("NaN or Inf in %s: element %d is %v", where, i, g)
		}
		if !hit(i) {
			r.equal("beside a NaN or Inf in "+where, got[i:i+1], clean[i:i+1])
		}
	}
}
