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

	hMax float32 // the largest finite |h| after the token
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
	var held, left, bar, rate, wrote, most, norm, sum, peak float64
	deltaMax := math.Inf(-1)
	var taken float64 // ‖B‖²
	for _, x := range b {
		taken += float64(x) * float64(x)
	}
	for d := range delta {
		dt, ud := float64(delta[d]), float64(u[d])
		sum += dt
		deltaMax = math.Max(deltaMax, dt)
		ad, hd, nd := a[d*N:][:N], before[d*N:][:N], after[d*N:][:N]
		var here float64 // what channel d writes, squared
		if rule == scan.Released {
			// B̄ = Δ·B: one gain for all states.
			here = dt * ud * dt * ud * taken
		}
		for n, h := range nd {
			an := float64(ad[n])
			var abar float64
			if rule == scan.Released {
				abar = decay(dt * an)
			} else {
				var gain float64
				abar, gain = rule.Coefficients(dt, an)
				w := gain * float64(b[n]) * ud
				here += w * w
			}
			was := float64(hd[n])
			kept := abar * was
			held += was * was
			left += kept * kept
			bar += abar
			rate -= dt * an
			now := float64(h) * float64(h)
			norm += now
			if now > peak && now <= maxSquare {
				peak = now
			}
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
		hMax:      float32(math.Sqrt(peak)), // the square of a float32 is exact, and so is this
	}
	if held != 0 {
		m.Kept = float32(math.Sqrt(left / held))
	}
	return m
}

// maxSquare is the square of the largest finite float32.
const maxSquare = math.MaxFloat32 * math.MaxFloat32

// fraction is 2^(i/32).
var fraction = func() (t [32]float64) {
	for i := range t {
		t[i] = math.Exp2(float64(i) / 32)
	}
	return t
}()

// decay is exp(x) to 2·10⁻¹² of itself, for the measures, which are float32: with
// math.Exp they would take several times as long as the model itself. x is
// n·ln2/32 + r, and exp(r) the first terms of its series.
func decay(x float64) float64 {
	if !(x > -708 && x <= 0) {
		return math.Exp(x)
	}
	n := int(x*(32/math.Ln2) - 0.5) // to the nearest: x is not above 0
	r := x - float64(n)*(math.Ln2/32)
	p := 1 + r*(1+r*(1./2+r*(1./6+r*(1./24))))
	return p * fraction[n&31] * math.Float64frombits(uint64(1023+n>>5)<<52)
}
