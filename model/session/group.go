package session

import (
	"fmt"
	"math"
)

// spread is the running mean and variance of Δ, per channel of one layer
// (Welford's recurrence, in float64):
//
//	mean_n = mean_{n−1} + (x_n − mean_{n−1})/n
//	m2_n   = m2_{n−1} + (x_n − mean_{n−1})·(x_n − mean_n)
//
// and the variance is m2/n. It depends on the order of the tokens only through
// rounding, and a roll-back restores it from a keyframe, so that equal histories
// have equal bits.
type spread struct {
	mean, m2 []float64 // (D)
}

func newSpread(D int) spread {
	return spread{mean: make([]float64, D), m2: make([]float64, D)}
}

// add takes Δ of rows tokens (rows, D); n tokens were there before.
func (s *spread) add(delta []float32, n int) {
	D := len(s.mean)
	for r := 0; r < len(delta); r += D {
		n++
		for d, x := range delta[r : r+D] {
			diff := float64(x) - s.mean[d]
			s.mean[d] += diff / float64(n)
			// The conversion forbids a fused multiply-add: equal bits everywhere.
			s.m2[d] += float64(diff * (float64(x) - s.mean[d]))
		}
	}
}

func (s *spread) copyFrom(src spread) {
	s.mean = append(s.mean[:0], src.mean...)
	s.m2 = append(s.m2[:0], src.m2...)
}

func (s *spread) zero() {
	clear(s.mean)
	clear(s.m2)
}

// group names the channels whose Δ varies at least half as much (by variance)
// as that of the channel where it varies most. A mean over all channels hides
// selection, because some channels open where others close. Where Δ does not
// vary at all, the group is all channels.
func (s *spread) group() Group {
	D := len(s.m2)
	top := 0.0
	for _, v := range s.m2 {
		if v > top && !math.IsInf(v, 1) { // NaN compares false
			top = v
		}
	}
	g := Group{}
	for d, v := range s.m2 {
		if top == 0 || v >= top/2 {
			g.Channels = append(g.Channels, d)
		}
	}
	if top == 0 {
		g.Name = fmt.Sprintf("all %d channels, Δ does not vary", D)
	} else {
		g.Name = fmt.Sprintf("%d of %d channels, Δ varies most", len(g.Channels), D)
	}
	return g
}
