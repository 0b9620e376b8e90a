package main

import (
	"math"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/scan"
)

// layerStep is what one token did in one layer.
type layerStep struct {
	deltaMean, deltaMax float32 // of Δ over the channels
	retention           float32 // mean of Ā over channels and states
	kept                float32 // ρ = ‖Ā⊙h‖/‖h‖ of h before the token; NaN when h was 0
	write               float32 // ‖Δ·B·u‖
	reset               bool    // kept below the threshold of a wipe
}

// measure computes them for token t of a record that holds Δ, u, B and h; a is
// A, (D, N). The formulas are those of the lanes of session.Frame, summed in
// float64.
func measure(r *model.Record, t int, a []float32) layerStep {
	T := r.To - r.From
	D, N := len(r.Delta)/T, len(r.B)/T
	before := r.H0
	if t > 0 {
		before = r.H[(t-1)*D*N:][:D*N]
	}
	delta, u, b := r.Delta[t*D:][:D], r.U[t*D:][:D], r.B[t*N:][:N]
	var sum, held, left, bar, wrote float64
	largest := math.Inf(-1)
	for d := range delta {
		dt, ud := float64(delta[d]), float64(u[d])
		sum += dt
		largest = math.Max(largest, dt)
		for n := range N {
			h := float64(before[d*N+n])
			abar, gain := scan.Released.Coefficients(dt, float64(a[d*N+n]))
			kept, write := abar*h, gain*float64(b[n])*ud
			held += h * h
			left += kept * kept
			bar += abar
			wrote += write * write
		}
	}
	s := layerStep{
		deltaMean: float32(sum / float64(D)),
		deltaMax:  float32(largest),
		retention: float32(bar / float64(D*N)),
		kept:      float32(math.NaN()),
		write:     float32(math.Sqrt(wrote)),
	}
	if held != 0 {
		s.kept = float32(math.Sqrt(left / held))
	}
	s.reset = session.TickOf(s.kept) == session.TickWipe
	return s
}
