package scantest

import (
	"math"
	"slices"

	"mamba-tui/scan"
)

// zeros: Zero clears a buffer of each type from end to end.
func zeros(g *gradRig) {
	for _, t := range []scan.DType{g.b.DType(), scan.Int32} {
		b, err := g.b.Alloc(t, 7)
		if err != nil {
			g.t.Fatalf("Alloc: %v", err)
		}
		g.b.Write(b, 0, []float32{1, 2, 3, 4, 5, 6, 7})
		g.b.Zero(b)
		g.rig.identical("Zero of "+t.String(), g.rig.read(b), make([]float64, 7))
		b.Free()
	}
}

// updates: an updated weight computes what a fresh one does, forwards and
// backwards, whether or not it has gone backwards before.
func updates(g *gradRig) {
	r := g.rig
	const out, in, L = 19, 11, 5
	old, now := r.uniform(out*in, -1, 1), r.uniform(out*in, -1, 1)
	x, dy := r.uniform(L*in, -1, 1), r.uniform(L*out, -1, 1)
	back := func(w scan.Weight) []float64 {
		dx := r.out(L, in)
		g.b.LinearBackward(scan.LinearGrad{L: L, X: r.matrix(L, in, x).View, W: w, DY: r.matrix(L, out, dy).View, DX: dx.View})
		return dx.get()
	}
	fresh := r.weight(out, in, now)
	wantY, wantX := r.linear(fresh, x, nil, nil, L), back(fresh)
	for _, before := range []bool{false, true} {
		w := r.weight(out, in, old)
		if before {
			back(w)
		}
		g.b.UpdateWeight(w, to32(now))
		r.identical("Linear with an updated weight", r.linear(w, x, nil, nil, L), wantY)
		r.identical("LinearBackward with an updated weight", back(w), wantX)
	}
	r.panics("UpdateWeight with few data", func() { g.b.UpdateWeight(fresh, to32(now[1:])) })
	r.panics("UpdateWeight of no weight", func() { g.b.UpdateWeight(nil, to32(now)) })
	r.checkGuards()
	r.free()
}

// crossEntropyTable: numbers worked out by hand. Logits log(1), log(2), log(5)
// have the probabilities 1/8, 2/8, 5/8.
func crossEntropyTable(g *gradRig) {
	r := g.rig
	defer r.free()
	l2, l5 := math.Log(2), math.Log(5)
	logits := []float64{0, l2, l5, 7 + l5, 7, 7 + l2, 3, 3, 1, 1000, -1000, 0}
	targets := r.marks([]int32{1, -1, 0, 1})
	loss, grad := r.tap(4), r.out(4, 3)
	best, err := g.b.Alloc(scan.Int32, 4)
	if err != nil {
		g.t.Fatalf("Alloc: %v", err)
	}
	defer best.Free()
	for i, x := range logits {
		logits[i] = float64(float32(x))
	}
	const tol = 1e-6 // the logarithms are those of float32
	in := r.matrix(4, 3, logits)
	args := scan.CrossEntropyArgs{L: 4, V: 3, Logits: in.View, Targets: targets, Scale: 8,
		Loss: loss.Buf, Best: best, DLogits: grad.View}
	g.b.CrossEntropy(args)
	two := math.Log(2 + math.Exp(-2))
	r.within("loss", loss.get(), []float64{math.Log(4), 0, two, 2000}, tol)
	e := math.Exp(-2)
	r.within("gradient", grad.get(), []float64{
		1, 2 - 8, 5, 0, 0, 0, 8/(2+e) - 8, 8 / (2 + e), 8 * e / (2 + e), 8, -8, 0}, tol)
	r.identical("best", r.read(best), []float64{2, 0, 0, 0})
	// In place, and without a gradient.
	same := r.state(4, 3, logits)
	args.Logits, args.DLogits = same.View, same.View
	g.b.CrossEntropy(args)
	r.identical("gradient in the place of the logits", same.get(), grad.get())
	args.Logits, args.DLogits = in.View, scan.View{}
	g.b.CrossEntropy(args)
	r.within("loss alone", loss.get(), []float64{math.Log(4), 0, two, 2000}, tol)
	r.checkGuards()
}

// crossEntropies: against differences.
func crossEntropies(g *gradRig) {
	const L, V, scale = 6, 9, 0.25
	targets := []int32{3, -1, 0, 8, -5, 3}
	args := func(r *rig, x []float64, dx scan.View) (scan.CrossEntropyArgs, *array) {
		best, err := r.b.Alloc(scan.Int32, L)
		if err != nil {
			r.t.Fatalf("Alloc: %v", err)
		}
		loss := r.tap(L)
		return scan.CrossEntropyArgs{L: L, V: V, Logits: r.matrix(L, V, x).View, Targets: r.marks(targets),
			Scale: scale, Loss: loss.Buf, Best: best, DLogits: dx}, loss
	}
	g.check(operation{
		name: "CrossEntropy", vars: []variable{{"logits", g.rig.grid(L*V, -3, 3), false}},
		forward: func(r *rig, v [][]float64) [][]float64 {
			a, loss := args(r, v[0], scan.View{})
			r.diff().CrossEntropy(a)
			a.Best.Free()
			var sum float64
			for _, x := range loss.get() {
				sum += scale * x
			}
			return [][]float64{{sum}}
		},
		backward: func(r *rig, v, dy [][]float64) [][]float64 {
			dx := r.out(L, V)
			a, _ := args(r, v[0], dx.View)
			a.Scale *= dy[0][0]
			r.diff().CrossEntropy(a)
			a.Best.Free()
			return [][]float64{dx.get()}
		},
	})
}

// embedGradients: every row of the table gets the sum of the rows of dY that
// were read from it.
func embedGradients(g *gradRig) {
	const L, V, M = 7, 5, 3
	ids := []int32{4, 0, 4, 2, 0, 4, 1}
	g.check(operation{
		name: "Embed", vars: []variable{{"table", g.rig.grid(V*M, -1, 1), true}},
		forward: func(r *rig, v [][]float64) [][]float64 {
			y := r.out(L, M)
			r.b.Embed(y.View, r.matrix(V, M, v[0]).View, r.marks(ids), L, M)
			return [][]float64{y.get()}
		},
		backward: func(r *rig, v, dy [][]float64) [][]float64 {
			dt := r.sums(V, M)
			r.diff().EmbedBackward(dt.View, r.matrix(L, M, dy[0]).View, r.marks(ids), L, M)
			return [][]float64{dt.get()}
		},
	})
}

// normGradients: dX written and added to.
func normGradients(g *gradRig) {
	const L, M, eps = 5, 9, 1e-2
	for _, accumulate := range []bool{false, true} {
		g.check(operation{
			name: "RMSNorm",
			vars: []variable{{"x", g.rig.grid(L*M, -1, 1), accumulate}, {"w", g.rig.grid(M, 0.5, 1.5), true}},
			forward: func(r *rig, v [][]float64) [][]float64 {
				y := r.out(L, M)
				r.b.RMSNorm(y.View, r.matrix(L, M, v[0]).View, r.vector(v[1]), L, M, eps)
				return [][]float64{y.get()}
			},
			backward: func(r *rig, v, dy [][]float64) [][]float64 {
				dx, dw := r.sums(L, M), r.sums(1, M)
				r.diff().RMSNormBackward(scan.NormGrad{L: L, Cols: M, Eps: eps, X: r.matrix(L, M, v[0]).View, W: r.vector(v[1]),
					DY: r.matrix(L, M, dy[0]).View, DX: dx.View, Accumulate: accumulate, DW: dw.View})
				return [][]float64{dx.get(), dw.get()}
			},
		})
	}
}

// linearGradients: sizes around the panels of a kernel, dX written and added
// to, with and without a bias, and each half alone.
func linearGradients(g *gradRig) {
	for _, s := range []struct{ out, in, L int }{{1, 1, 1}, {7, 9, 3}, {8, 16, 4}, {17, 5, 33}, {130, 65, 40}} {
		for _, accumulate := range []bool{false, true} {
			g.check(operation{
				name: "Linear",
				vars: []variable{
					{"x", g.rig.grid(s.L*s.in, -1, 1), accumulate},
					{"w", g.rig.grid(s.out*s.in, -1, 1), true},
					{"bias", g.rig.grid(s.out, -1, 1), true},
				},
				forward: func(r *rig, v [][]float64) [][]float64 {
					return [][]float64{r.linear(r.weight(s.out, s.in, v[1]), v[0], v[2], nil, s.L)}
				},
				backward: func(r *rig, v, dy [][]float64) [][]float64 {
					dx, dw, db := r.sums(s.L, s.in), r.sums(s.out, s.in), r.sums(1, s.out)
					a := scan.LinearGrad{L: s.L, X: r.matrix(s.L, s.in, v[0]).View, W: r.weight(s.out, s.in, v[1]),
						DY: r.matrix(s.L, s.out, dy[0]).View, DX: dx.View, Accumulate: accumulate, DW: dw.View, DBias: db.View}
					r.diff().LinearBackward(a)
					got := [][]float64{dx.get(), dw.get(), db.get()}
					// Each half gives the same alone.
					dx2, dw2 := r.sums(s.L, s.in), r.sums(s.out, s.in)
					half := a
					half.DX, half.DW, half.DBias = dx2.View, scan.View{}, scan.View{}
					r.diff().LinearBackward(half)
					half.DX, half.DW = scan.View{}, dw2.View
					r.diff().LinearBackward(half)
					if !slices.Equal(dx2.get(), got[0]) || !slices.Equal(dw2.get(), got[1]) {
						r.t.Fatal("LinearBackward: half a gradient is another one")
					}
					return got
				},
			})
		}
	}
}
