package session

import (
	"math"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// Measures are what one token did in one layer, in the numbers that the lanes
// of a Frame, the plain report and the JSON lines share.
type Measures struct {
	Kept      float32 // ρ = ‖Ā⊙h‖/‖h‖ of h before the token; NaN when h was 0
	Retention float32 // mean of Ā over (d, n)
	HalfLife  float32 // ln2 / mean(Δ|A|), in tokens
	DeltaMean float32 // over all channels
	DeltaMax  float32 // over all channels
	Write     float32 // ‖B̄·u‖ over (d, n): ‖Δ·B·u‖ under the released rule
	HNorm     float32 // ‖h‖ after the token
	WriteMax  float32 // the largest ‖B̄·u‖ over n of one channel
}

// MeasureToken measures row t of rec, which holds Δ, u, B and h (model.TapDelta,
// TapU, TapB, TapH). a is the layer's A, (D, N), and rule the one in force.
func MeasureToken(rec *model.Record, t int, a []float32, rule scan.Rule) Measures {
	T := rec.To - rec.From
	D, N := len(rec.Delta)/T, len(rec.B)/T
	before := rec.H0
	if t > 0 {
		before = rec.H[(t-1)*D*N:][:D*N]
	}
	return measure(rule, a, rec.Delta[t*D:][:D], rec.U[t*D:][:D], rec.B[t*N:][:N], before, rec.H[t*D*N:][:D*N])
}

// columns are the numbers in the order of a summary. Where h was forgotten
// before the token Ā is 0, whatever Δ says.
func (m Measures) columns(forgotten bool) [columns]float32 {
	if forgotten {
		if m.Kept == m.Kept {
			m.Kept = 0
		}
		m.Retention, m.HalfLife = 0, 0
	}
	return [columns]float32{
		colKept: m.Kept, colRetention: m.Retention, colHalfLife: m.HalfLife,
		colDeltaMean: m.DeltaMean, colDeltaMax: m.DeltaMax, colWrite: m.Write, colNorm: m.HNorm,
	}
}

// measure computes them from Δ (D), u (D), B (N), and h before and after
// (D, N). Sums are in float64, where squares of float32 numbers neither
// overflow nor vanish.
func measure(rule scan.Rule, a, delta, u, b, before, after []float32) Measures {
	N := len(b)
	var held, left, bar, rate, wrote, most, norm, sum float64
	deltaMax := math.Inf(-1)
	for d := range delta {
		dt, ud := float64(delta[d]), float64(u[d])
		sum += dt
		deltaMax = math.Max(deltaMax, dt)
		var here float64 // what channel d writes
		for n := range N {
			i := d*N + n
			an := float64(a[i])
			abar, gain := rule.Coefficients(dt, an)
			h := float64(before[i])
			kept := abar * h
			held += h * h
			left += kept * kept
			bar += abar
			rate -= dt * an
			w := gain * float64(b[n]) * ud
			here += w * w
			h = float64(after[i])
			norm += h * h
		}
		wrote += here
		most = math.Max(most, here)
	}
	cells := float64(len(a))
	m := Measures{
		Kept:      float32(math.NaN()),
		Retention: float32(bar / cells),
		HalfLife:  float32(math.Ln2 * cells / rate),
		DeltaMean: float32(sum / float64(len(delta))),
		DeltaMax:  float32(deltaMax),
		Write:     float32(math.Sqrt(wrote)),
		HNorm:     float32(math.Sqrt(norm)),
		WriteMax:  float32(math.Sqrt(most)),
	}
	if held != 0 {
		m.Kept = float32(math.Sqrt(left / held))
	}
	return m
}
