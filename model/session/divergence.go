package session

import (
	"math"

	"mamba-tui/model"
)

// Divergence is how far the changed run is from the clean one, for the tokens
// of the window that both have: T of them from From on.
type Divergence struct {
	From int
	// H holds, for each layer, ‖h_a − h_b‖ / max(‖h_a‖, ‖h_b‖) after every token
	// (T): 0 where they are the same, √2 where they are as large and have no
	// cell in common, at most 2, NaN where one is not a number. A layer whose
	// states were not kept, because the window is too large, is nil.
	H [][]float32
	// Output is the total variation between the distributions of the next token
	// (T), ½·Σ|p_a − p_b|: 0 to 1. It is nil where logits are not known.
	Output []float32
}

// diverge compares what two runs show.
func diverge(a, b *rows, vocab int) *Divergence {
	from, to := max(a.from, b.from), min(a.to, b.to)
	if a.layer != b.layer || from >= to {
		return nil
	}
	d := &Divergence{From: from, H: make([][]float32, len(a.hs))}
	T, DN := to-from, a.D*a.N
	for l := range d.H {
		x, y := a.hs[l], b.hs[l]
		if x == nil || y == nil {
			continue
		}
		d.H[l] = make([]float32, T)
		each(T, DN, func(t int) {
			d.H[l][t] = distanceOf(x[(from+t-a.from)*DN:][:DN], y[(from+t-b.from)*DN:][:DN])
		})
	}
	if a.logits == nil || b.logits == nil {
		return d
	}
	d.Output = make([]float32, T)
	var p, q []float64
	for t := range T {
		p = model.Softmax(p[:0], a.logits[(from+t-a.from)*vocab:][:vocab])
		q = model.Softmax(q[:0], b.logits[(from+t-b.from)*vocab:][:vocab])
		sum := 0.0
		for i := range p {
			sum += math.Abs(p[i] - q[i])
		}
		d.Output[t] = float32(sum / 2)
	}
	return d
}

// distanceOf is ‖x − y‖ / max(‖x‖, ‖y‖), and 0 of two zeros.
func distanceOf(x, y []float32) float32 {
	var diff, xx, yy float64
	for i, v := range x {
		a, b := float64(v), float64(y[i])
		diff += (a - b) * (a - b)
		xx += a * a
		yy += b * b
	}
	if diff == 0 {
		return 0
	}
	return float32(math.Sqrt(diff / math.Max(xx, yy)))
}
