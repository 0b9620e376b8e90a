package session

import (
	"fmt"
	"math"

	"mamba-tui/model"
)

// spread is the running mean and variance of Δ, per channel of one layer, and
// the mean of B and C, per state (Welford's recurrence, in float64):
//
//	mean_n = mean_{n−1} + (x_n − mean_{n−1})/n
//	m2_n   = m2_{n−1} + (x_n − mean_{n−1})·(x_n − mean_n)
//
// and the variance is m2/n. It depends on the order of the tokens only through
// rounding, and a roll-back restores it from a keyframe, so that equal histories
// have equal bits.
type spread struct {
	mean, m2 []float64 // (D), of Δ
	b, c     []float64 // (N), means
}

func newSpread(D, N int) spread {
	return spread{mean: make([]float64, D), m2: make([]float64, D), b: make([]float64, N), c: make([]float64, N)}
}

// floats is how many numbers a spread holds.
func (s *spread) floats() int { return 2 * (len(s.mean) + len(s.b)) }

// take takes Δ, B and C of rec; n tokens were there before.
func (s *spread) take(rec *model.Record, n int) {
	s.add(rec.Delta, n)
	running(s.b, rec.B, n)
	running(s.c, rec.C, n)
}

// running goes on with the mean of n rows over rows of x.
func running(mean []float64, x []float32, n int) {
	for r := 0; r < len(x); r += len(mean) {
		n++
		for i, v := range x[r : r+len(mean)] {
			mean[i] += (float64(v) - mean[i]) / float64(n)
		}
	}
}

// meanOf is the mean that a freeze of the kind holds its array at.
func (s *spread) meanOf(kind TweakKind) []float32 {
	mean := map[TweakKind][]float64{FreezeDelta: s.mean, FreezeB: s.b, FreezeC: s.c}[kind]
	row := make([]float32, len(mean))
	for i, x := range mean {
		row[i] = float32(x)
	}
	return row
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
	s.b = append(s.b[:0], src.b...)
	s.c = append(s.c[:0], src.c...)
}

func (s *spread) zero() {
	clear(s.mean)
	clear(s.m2)
	clear(s.b)
	clear(s.c)
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
