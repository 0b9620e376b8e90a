package kernels

import (
	"math"
	"testing"
)

// convolve is the convolution in float64; window is updated.
func convolve(x, w, bias, window []float64, resets []int32, L, D, K int, act bool) []float64 {
	y := make([]float64, L*D)
	for d := range D {
		past := make([]float64, K-1, K-1+L)
		for r := range K - 1 {
			past[r] = window[r*D+d]
		}
		for t := range L {
			if resets != nil && resets[t]&2 != 0 {
				clear(past)
			}
			past = append(past, x[t*D+d])
			v := 0.0
			if bias != nil {
				v = bias[d]
			}
			for k := range K {
				v += w[d*K+k] * past[len(past)-K+k]
			}
			if act {
				v /= 1 + math.Exp(-v)
			}
			y[t*D+d] = v
		}
		for r := range K - 1 {
			window[r*D+d] = past[len(past)-K+1+r]
		}
	}
	return y
}

// TestConv: pieces of time, windows longer than the call, marks everywhere.
func TestConv(t *testing.T) {
	for _, s := range []struct{ L, D, K int }{
		{1, 5, 4}, {2, 130, 4}, {32, 3, 4}, {33, 130, 4}, {100, 7, 4},
		{1, 3, 1}, {5, 3, 2}, {2, 3, 9}, {70, 5, 3}, {40, 2, 50}, {66, 4, 1},
	} {
		for variant := range 3 {
			r := newRig(t)
			x, w := r.uniform(s.L*s.D, -2, 2), r.uniform(s.D*s.K, -1, 1)
			window := r.uniform((s.K-1)*s.D, -2, 2)
			var bias []float64
			var resets []int32
			if variant > 0 {
				bias = r.uniform(s.D, -1, 1)
			}
			if variant == 2 {
				resets = make([]int32, s.L)
				for i := range resets {
					resets[i] = r.rng.Int32N(12)
				}
				for i := range s.K - 1 {
					window[i*s.D] = math.NaN() // must not get past a reset
				}
				resets[0] |= 2
			}
			y, win := r.out(s.L, s.D, 3), r.in(s.K-1, s.D, 2, window)
			a := ConvArgs{Y: y.View, X: r.in(s.L, s.D, 1, x).View, W: r.in(s.D, s.K, 1, w).View,
				Bias: r.vector(bias), Resets: r.ints(resets), Window: win.View, L: s.L, D: s.D, K: s.K, SiLU: variant != 1}
			r.p.Conv(a)
			r.run()
			want := convolve(x, w, bias, window, resets, s.L, s.D, s.K, a.SiLU)
			r.near("Conv", y.get(), want, tolerance)
			r.near("the window", win.get(), window, 0)
			r.guards()
		}
	}
}
