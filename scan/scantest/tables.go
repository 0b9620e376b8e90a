package scantest

import (
	"mamba-tui/scan"
)

// scanRules: Ā and g of one step at A = −1, worked out by hand. Channel 0
// starts at h = 1 without input and shows Ā, channel 1 at 0 with u = B = 1 and
// shows g.
func scanRules(r *rig) {
	delta := []float64{0.125, 1, 5, 20}
	exp := []float64{0.8824969025845955, 0.36787944117144233, 0.006737946999085467, 2.061153622438558e-9}
	for _, c := range []struct {
		rule    scan.Rule
		abar, g []float64
	}{
		{scan.Released, exp, delta},
		{scan.ZOH, exp, []float64{0.11750309741540454, 0.6321205588285577, 0.9932620530009145, 0.9999999979388464}},
		{scan.Bilinear, []float64{15.0 / 17, 1.0 / 3, -3.0 / 7, -9.0 / 11},
			[]float64{2.0 / 17, 2.0 / 3, 10.0 / 7, 20.0 / 11}},
		{scan.Euler, []float64{0.875, 0, -4, -19}, delta},
		{scan.BackwardEuler, []float64{8.0 / 9, 1.0 / 2, 1.0 / 6, 1.0 / 21},
			[]float64{1.0 / 9, 1.0 / 2, 5.0 / 6, 20.0 / 21}},
	} {
		for i, dt := range delta {
			s := &scan.Sequence{L: 1, D: 2, N: 1, Rule: c.rule, U: []float64{0, 1}, Delta: []float64{dt, dt},
				A: []float64{-1, -1}, B: []float64{1}, C: []float64{1}, H: []float64{1, 0}}
			y, h, _ := r.all(s)
			r.near(c.rule.String()+": Ā", h[:1], c.abar[i:i+1])
			r.near(c.rule.String()+": g", h[1:], c.g[i:i+1])
			r.identical("y = h at C = 1", y, h)
		}
	}
}

// scanTable: two steps of one channel with numbers that are exact in binary.
//
//	forward Euler, A = (−1, −½), h₀ = (8, −4), Skip = ¼
//	step 0: Δ = ½, u = 4, B = (1, 2),  C = (1, 1):  Ā = (½, ¾), Δu = 2
//	        h = (4+2, −3+4) = (6, 1),   y = 6+1+1 = 8
//	step 1: Δ = 1, u = 2, B = (3, −1), C = (2, 10): Ā = (0, ½), Δu = 2
//	        h = (0+6, ½−2) = (6, −1½),  y = 12−15+½ = −2½
func scanTable(r *rig) {
	table := func() *scan.Sequence {
		return &scan.Sequence{L: 2, D: 1, N: 2, Rule: scan.Euler,
			U: []float64{4, 2}, Delta: []float64{0.5, 1}, A: []float64{-1, -0.5},
			B: []float64{1, 2, 3, -1}, C: []float64{1, 1, 2, 10}, H: []float64{8, -4},
			Skip: []float64{0.25}, Taps: []int{0, 1}}
	}
	s := table()
	y, h, taps := r.all(s)
	r.identical("y", y, []float64{8, -2.5})
	r.identical("h", h, []float64{6, -1.5})
	r.identical("h after each step", taps, []float64{6, 1, 6, -1.5})

	s.Skip = nil
	y, _, _ = r.all(s)
	r.identical("y without skip", y, []float64{7, -3})

	s = table()
	s.H = nil // h = (2, 4), y = 7; h = (6, 2−2), y = 12½
	y, h, _ = r.all(s)
	r.identical("y from zero", y, []float64{7, 12.5})
	r.identical("h from zero", h, []float64{6, 0})

	s = table()
	s.Resets = []int32{0, scan.ResetState} // h = (6, −2), y = 12−20+½
	y, h, _ = r.all(s)
	r.identical("y with a reset", y, []float64{8, -7.5})
	r.identical("h with a reset", h, []float64{6, -2})

	s = table()
	s.Z = []float64{0, 1} // SiLU = 0, 0.7310585786300049
	y, _, _ = r.all(s)
	r.near("y with a gate", y, []float64{0, -2.5 * 0.7310585786300049})

	// The other rational rules: at Δ = 1, bilinear has Ā = (0, −½), g = (½, ¼)
	// for A = (−2, −6), backward Euler Ā = g = (½, ¼) for A = (−1, −3).
	s = &scan.Sequence{L: 1, D: 1, N: 2, Rule: scan.Bilinear, U: []float64{4}, Delta: []float64{1},
		A: []float64{-2, -6}, B: []float64{1, 2}, C: []float64{1, 100}, H: []float64{8, 8}}
	y, h, _ = r.all(s)
	r.identical("bilinear: h", h, []float64{0 + 2, -4 + 2})
	r.identical("bilinear: y", y, []float64{2 - 200})
	s.Rule, s.A = scan.BackwardEuler, []float64{-1, -3}
	y, h, _ = r.all(s)
	r.identical("backward Euler: h", h, []float64{4 + 2, 2 + 2})
	r.identical("backward Euler: y", y, []float64{6 + 400})
}
