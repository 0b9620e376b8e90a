package session

import (
	"math"

	"mamba-tui/model"
)

// take raises the magnitudes to those of rec; writes and states hold the largest
// write of a channel and the largest |h|, one a token.
func (g *Largest) take(rec *model.Record, writes, states []float32) {
	raise(&g.Delta, rec.Delta)
	raise(&g.Write, writes)
	raise(&g.B, rec.B)
	raise(&g.C, rec.C)
	raise(&g.H, states)
}

// raise makes *most at least the magnitude of every finite value.
func raise(most *float32, values []float32) {
	for _, v := range values {
		if v < 0 {
			v = -v
		}
		if v > *most && !math.IsInf(float64(v), 1) { // a NaN is never larger
			*most = v
		}
	}
}

// join raises the magnitudes to those of h.
func (g *Largest) join(h Largest) {
	g.Delta, g.Write = max(g.Delta, h.Delta), max(g.Write, h.Write)
	g.B, g.C, g.H = max(g.B, h.B), max(g.C, h.C), max(g.H, h.H)
}
