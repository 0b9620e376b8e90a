package scantest

import (
	"fmt"
	"math"

	"mamba-tui/scan"
)

// scanShape is a scan whose gradient is taken.
type scanShape struct {
	L, D, N                    int
	rule                       scan.Rule
	softplus, bias, skip, gate bool
	resets, initial, final     bool
}

// Places of the variables of a scan.
const (
	varU = iota
	varDelta
	varBias
	varA
	varB
	varC
	varSkip
	varZ
	varH
)

// scanOperation is a scan of that shape with random values, and its backward
// from the states that a ScanTap kept.
func (g *gradRig) scanOperation(s scanShape) operation {
	r := g.rig
	lo, hi := 0.1, 1.0
	if s.softplus {
		lo, hi = -2, 1.5 // Δ from 0.13 to 1.7: no gradient drowns
	}
	L, D, N := s.L, s.D, s.N
	vars := []variable{
		{"u", r.grid(L*D, -1, 1), false}, {"Δ", r.grid(L*D, lo, hi), false}, {"bias", r.grid(D, -0.5, 0.5), true},
		{"A", r.grid(D*N, -1.5, -0.1), true}, {"B", r.grid(L*N, -1, 1), false}, {"C", r.grid(L*N, -1, 1), false},
		{"skip", r.grid(D, -1, 1), true}, {"z", r.grid(L*D, -2, 2), false}, {"h", r.grid(D*N, -1, 1), false},
	}
	marks := make([]int32, L)
	for t := range marks {
		switch r.rng.IntN(16) {
		case 0:
			marks[t] = scan.ResetState
		case 1:
			marks[t] = scan.ResetConv // none of the scan's business
		}
	}
	args := func(r *rig, v [][]float64) (scan.ScanArgs, *array) {
		a := scan.ScanArgs{L: L, D: D, N: N, Rule: s.rule, Softplus: s.softplus,
			U: r.matrix(L, D, v[varU]).View, Delta: r.matrix(L, D, v[varDelta]).View, A: r.matrix(D, N, v[varA]).View,
			B: r.matrix(L, N, v[varB]).View, C: r.matrix(L, N, v[varC]).View}
		if s.bias {
			a.Bias = r.vector(v[varBias])
		}
		if s.skip {
			a.Skip = r.vector(v[varSkip])
		}
		if s.gate {
			a.Z = r.matrix(L, D, v[varZ]).View
		}
		if s.resets {
			a.Resets = r.marks(marks)
		}
		h := make([]float64, D*N)
		if s.initial {
			copy(h, v[varH])
		}
		state := r.state(D, N, h)
		a.H, a.Y = state.View, r.out(L, D).View
		return a, state
	}
	return operation{
		name: fmt.Sprintf("Scan %+v", s), vars: vars,
		forward: func(r *rig, v [][]float64) [][]float64 {
			a, h := args(r, v)
			r.b.Scan(a)
			out := [][]float64{r.arrayOf(a.Y).get()}
			if s.final {
				out = append(out, h.get())
			}
			return out
		},
		backward: func(r *rig, v, dy [][]float64) [][]float64 {
			a, _ := args(r, v)
			steps := scan.ChunkTaps(nil, L)
			states := r.tap(len(steps) * D * N)
			a.Tap = &scan.ScanTap{Steps: steps, H: states.Buf}
			r.b.Scan(a)
			grad := scan.ScanGrad{L: L, D: D, N: N, Rule: a.Rule, U: a.U, Delta: a.Delta, Bias: a.Bias, Softplus: a.Softplus,
				A: a.A, B: a.B, C: a.C, Skip: a.Skip, Z: a.Z, Resets: a.Resets, States: states.Buf,
				DY: r.matrix(L, D, dy[0]).View}
			got := make([][]float64, len(vars))
			read := []func(){}
			want := func(k int, dst *scan.View, a *array) {
				*dst = a.View
				read = append(read, func() { got[k] = a.get() })
			}
			want(varU, &grad.DU, r.out(L, D))
			want(varDelta, &grad.DDelta, r.out(L, D))
			want(varB, &grad.DB, r.out(L, N))
			want(varC, &grad.DC, r.out(L, N))
			want(varA, &grad.DA, r.sums(D, N))
			if s.bias {
				want(varBias, &grad.DBias, r.sums(1, D))
			}
			if s.skip {
				want(varSkip, &grad.DSkip, r.sums(1, D))
			}
			if s.gate {
				want(varZ, &grad.DZ, r.out(L, D))
			}
			if s.initial {
				grad.H0 = r.matrix(D, N, v[varH]).View
			}
			if s.initial || s.final {
				dh := make([]float64, D*N)
				if s.final {
					copy(dh, dy[1])
				}
				h := r.state(D, N, dh)
				grad.DH = h.View
				if s.initial {
					read = append(read, func() { got[varH] = h.get() })
				}
			}
			r.diff().ScanBackward(grad)
			for _, f := range read {
				f()
			}
			return got
		},
	}
}

// arrayOf is the array that v is a view of.
func (r *rig) arrayOf(v scan.View) *array {
	for _, a := range r.arrays {
		if a.View == v {
			return a
		}
	}
	r.t.Fatal("no such array")
	return nil
}

// scanGradientRules: every rule, over more than two chunks.
func scanGradientRules(g *gradRig) {
	for _, rule := range scan.Rules() {
		g.check(g.scanOperation(scanShape{L: 2*scan.ChunkSteps + 5, D: 3, N: 2, rule: rule, softplus: true, bias: true,
			skip: true, gate: true, resets: true, initial: true, final: true}))
	}
}

// scanGradientParts: every part left out once, and lengths around a chunk.
func scanGradientParts(g *gradRig) {
	for _, s := range []scanShape{
		{L: 1, D: 1, N: 1},
		{L: scan.ChunkSteps, D: 2, N: 3, softplus: true, gate: true},
		{L: scan.ChunkSteps + 1, D: 2, N: 3, skip: true, gate: true},
		{L: scan.ChunkSteps - 1, D: 2, N: 3, softplus: true, bias: true, final: true},
		{L: 2 * scan.ChunkSteps, D: 2, N: 1, skip: true, initial: true},
		{L: 40, D: 2, N: 2, resets: true, initial: true, final: true},
		{L: 40, D: 2, N: 2, rule: scan.ZOH, resets: true, gate: true},
		{L: 5, D: 3, N: 0, skip: true, gate: true, softplus: true},
	} {
		g.check(g.scanOperation(s))
	}
}

// scanGradientLarge: more channels than a group has, and more states than a
// tile of exponentials.
func scanGradientLarge(g *gradRig) {
	g.check(g.scanOperation(scanShape{L: 35, D: 150, N: 2, softplus: true, bias: true, skip: true, gate: true, resets: true}))
	g.check(g.scanOperation(scanShape{L: 35, D: 2, N: 37, softplus: true, bias: true, skip: true, gate: true, resets: true}))
}

// scanGradientTable: a scan of two steps worked out by hand. N = 1, A = −1,
// B = C = 1, Δ = ln 2 (Ā = ½): h1 = Δ·u1, h2 = ½·h1 + Δ·u2, and the loss is y2,
// so with u = (3, 5)
//
//	∂/∂u1 = Δ/2             ∂/∂u2 = Δ
//	∂/∂Δ1 = u1/2            ∂/∂Δ2 = −½·h1 + u2
//	∂/∂A  = Δ·½·h1          ∂/∂C = (0, h2)        ∂/∂B = (Δ·u1/2, Δ·u2)
func scanGradientTable(g *gradRig) {
	r := g.rig
	defer r.free()
	d := math.Ln2
	one := []float64{1, 1}
	u := r.matrix(2, 1, []float64{3, 5}).View
	delta := float64(float32(d))
	step := r.matrix(2, 1, []float64{delta, delta}).View
	du, dd, db, dc, da := r.out(2, 1), r.out(2, 1), r.out(2, 1), r.out(2, 1), r.sums(1, 1)
	g.b.ScanBackward(scan.ScanGrad{L: 2, D: 1, N: 1, U: u, Delta: step, A: r.matrix(1, 1, []float64{-1}).View,
		B: r.matrix(2, 1, one).View, C: r.matrix(2, 1, one).View, DY: r.matrix(2, 1, []float64{0, 1}).View,
		DU: du.View, DDelta: dd.View, DB: db.View, DC: dc.View, DA: da.View})
	h1 := d * 3
	const tol = 1e-6 // Δ is ln 2 to float32
	r.within("du", du.get(), []float64{d / 2, d}, tol)
	r.within("dΔ", dd.get(), []float64{1.5, -h1/2 + 5}, tol)
	r.within("dB", db.get(), []float64{h1 / 2, d * 5}, tol)
	r.within("dC", dc.get(), []float64{0, h1/2 + d*5}, tol)
	r.within("dA", da.get(), []float64{start + d*h1/2}, tol)
	r.checkGuards()
}
