package scantest

import "mamba-tui/scan"

// convGradients: taps 1, 2 and 4, with and without SiLU, bias, resets and a
// window from before.
func convGradients(g *gradRig) {
	for _, s := range []struct {
		L, D, K                    int
		silu, bias, window, resets bool
	}{
		{1, 1, 1, false, true, false, false},
		{9, 5, 4, true, true, false, false},
		{9, 5, 4, false, false, true, false},
		{11, 70, 4, true, true, true, true},
		{6, 3, 2, true, false, true, true},
		{2, 3, 4, true, true, true, true},
	} {
		marks := make([]int32, s.L)
		if s.resets {
			for t := range marks {
				switch g.rig.rng.IntN(4) {
				case 0:
					marks[t] = scan.ResetConv
				case 1:
					marks[t] = scan.ResetState // none of the convolution's business
				}
			}
			marks[s.L/2] = scan.ResetConv | scan.ResetState
		}
		window := g.rig.grid((s.K-1)*s.D, -1, 1)
		if !s.window {
			clear(window)
		}
		vars := []variable{
			{"x", g.rig.grid(s.L*s.D, -1, 1), false},
			{"w", g.rig.grid(s.D*s.K, -1, 1), true},
			{"bias", g.rig.grid(s.D, -1, 1), true},
		}
		g.check(operation{
			name: "Conv", vars: vars,
			forward: func(r *rig, v [][]float64) [][]float64 {
				y := r.out(s.L, s.D)
				a := scan.ConvArgs{L: s.L, D: s.D, K: s.K, Y: y.View, X: r.matrix(s.L, s.D, v[0]).View, W: r.matrix(s.D, s.K, v[1]).View,
					Window: r.state(s.K-1, s.D, window).View, SiLU: s.silu}
				if s.bias {
					a.Bias = r.vector(v[2])
				}
				if s.resets {
					a.Resets = r.marks(marks)
				}
				r.b.Conv(a)
				return [][]float64{y.get()}
			},
			backward: func(r *rig, v, dy [][]float64) [][]float64 {
				dx, dw := r.out(s.L, s.D), r.sums(s.D, s.K)
				a := scan.ConvGrad{L: s.L, D: s.D, K: s.K, X: r.matrix(s.L, s.D, v[0]).View, W: r.matrix(s.D, s.K, v[1]).View,
					SiLU: s.silu, DY: r.matrix(s.L, s.D, dy[0]).View, DX: dx.View, DW: dw.View}
				if s.window && s.K > 1 {
					a.Window = r.matrix(s.K-1, s.D, window).View
				}
				if s.resets {
					a.Resets = r.marks(marks)
				}
				if !s.bias {
					r.diff().ConvBackward(a)
					return [][]float64{dx.get(), dw.get(), nil}
				}
				a.Bias = r.vector(v[2])
				db := r.sums(1, s.D)
				a.DBias = db.View
				r.diff().ConvBackward(a)
				return [][]float64{dx.get(), dw.get(), db.get()}
			},
		})
	}
}
