package scan

// Result is what a scan leaves behind.
type Result struct {
	Y    []float64 // (L, D)
	H    []float64 // (D, N) state after the last step
	Taps []float64 // (len(Sequence.Taps), D, N), nil without taps
}

// Reference is the recurrence as the paper writes it (eq. 2, §3.2 algorithm 2),
// step by step in float64. Every fast path is held against it. It is written
// to be read, not to be fast, and changes nothing in s.
//
// Per step t and channel d, with Ā and g from Rule.Coefficients:
//
//	h[n] = Ā(Δ, A[n])·h[n] + g(Δ, A[n])·u·B[n]
//	y    = Σ_n C[n]·h[n] + Skip·u, times SiLU(z)
func Reference(s *Sequence) Result {
	s.check()
	L, D, N := s.L, s.D, s.N
	r := Result{Y: make([]float64, L*D), H: make([]float64, D*N)}
	copy(r.H, s.H)
	tapped := 0
	for t := range L {
		if s.resetAt(t) {
			clear(r.H) // by selection: 0·NaN would be NaN
		}
		B, C := s.B[t*N:(t+1)*N], s.C[t*N:(t+1)*N]
		for d := range D {
			delta, u, y := s.step(t, d), s.U[t*D+d], 0.0
			A, h := s.A[d*N:(d+1)*N], r.H[d*N:(d+1)*N]
			for n := range N {
				abar, bgain := s.Rule.Coefficients(delta, A[n])
				h[n] = abar*h[n] + bgain*u*B[n]
				y += C[n] * h[n]
			}
			if s.Skip != nil {
				y += s.Skip[d] * u
			}
			if s.Z != nil {
				y *= silu64(s.Z[t*D+d])
			}
			r.Y[t*D+d] = y
		}
		if tapped < len(s.Taps) && s.Taps[tapped] == t {
			r.Taps = append(r.Taps, r.H...)
			tapped++
		}
	}
	return r
}
