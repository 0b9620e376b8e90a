package scantest

import "mamba-tui/scan"

// gradientShapes: wrong shapes of backward operations are panics, and by then
// nothing has been written.
func gradientShapes(g *gradRig) {
	r := g.rig
	defer r.free()
	const L, D, N, K, V = 3, 5, 2, 4, 6
	wide := func() scan.View { return r.matrix(L, 3*D, nil).View }
	short := func(rows, cols int) scan.View {
		v := r.matrix(rows, cols, nil).View
		v.Off += v.Buf.Len() - v.Off - ((rows-1)*v.Stride + cols) + 1
		return v
	}
	few := func(n int) scan.Buffer {
		b, err := g.b.Alloc(g.b.DType(), n-1)
		if err != nil {
			g.t.Fatalf("Alloc: %v", err)
		}
		return b
	}
	vec := r.vector(make([]float64, 3*D))
	ints := r.marks(make([]int32, L))

	entropy := func(what string, change func(a *scan.CrossEntropyArgs)) {
		r.t.Helper()
		a := scan.CrossEntropyArgs{L: L, V: V, Logits: wide(), Targets: ints, Scale: 1, Loss: vec, Best: ints, DLogits: wide()}
		change(&a)
		r.panics("CrossEntropy with "+what, func() { g.b.CrossEntropy(a) })
	}
	entropy("short Logits", func(a *scan.CrossEntropyArgs) { a.Logits = short(L, V) })
	entropy("short DLogits", func(a *scan.CrossEntropyArgs) { a.DLogits = short(L, V) })
	entropy("float targets", func(a *scan.CrossEntropyArgs) { a.Targets = vec })
	entropy("a target outside", func(a *scan.CrossEntropyArgs) { a.Targets = r.marks([]int32{0, V, 0}) })
	entropy("few losses", func(a *scan.CrossEntropyArgs) { a.Loss = few(L) })
	entropy("no Best", func(a *scan.CrossEntropyArgs) { a.Best = nil })

	r.panics("EmbedBackward of a short dY", func() { g.b.EmbedBackward(wide(), short(L, D), ints, L, D) })
	r.panics("EmbedBackward of an id outside", func() {
		g.b.EmbedBackward(r.matrix(2, D, nil).View, wide(), r.marks([]int32{0, 1000, 0}), L, D)
	})
	r.panics("EmbedBackward of a negative id", func() { g.b.EmbedBackward(wide(), wide(), r.marks([]int32{0, -1, 0}), L, D) })

	norm := func(what string, change func(a *scan.NormGrad)) {
		r.t.Helper()
		a := scan.NormGrad{L: L, Cols: D, X: wide(), W: vec, DY: wide(), DX: wide(), DW: wide()}
		change(&a)
		r.panics("RMSNormBackward with "+what, func() { g.b.RMSNormBackward(a) })
	}
	norm("a short X", func(a *scan.NormGrad) { a.X = short(L, D) })
	norm("a short DX", func(a *scan.NormGrad) { a.DX = short(L, D) })
	norm("no DW", func(a *scan.NormGrad) { a.DW = scan.View{} })
	norm("few weights", func(a *scan.NormGrad) { a.W = few(D) })

	linear := func(what string, change func(a *scan.LinearGrad)) {
		r.t.Helper()
		a := scan.LinearGrad{L: L, X: wide(), W: r.weight(V, D, make([]float64, V*D)), DY: wide(), DX: wide(),
			DW: r.matrix(V, D, nil).View, DBias: wide()}
		change(&a)
		r.panics("LinearBackward with "+what, func() { g.b.LinearBackward(a) })
	}
	linear("no weight", func(a *scan.LinearGrad) { a.W = nil })
	linear("a short X", func(a *scan.LinearGrad) { a.X = short(L, D) })
	linear("a short DY", func(a *scan.LinearGrad) { a.DY = short(L, V) })
	linear("a short DX", func(a *scan.LinearGrad) { a.DX = short(L, D) })
	linear("a short DW", func(a *scan.LinearGrad) { a.DW = short(V, D) })
	linear("a short DBias", func(a *scan.LinearGrad) { a.DBias = short(1, V) })
	linear("L = −1", func(a *scan.LinearGrad) { a.L = -1 })

	conv := func(what string, change func(a *scan.ConvGrad)) {
		r.t.Helper()
		a := scan.ConvGrad{L: L, D: D, K: K, X: wide(), W: r.matrix(D, K, nil).View, Bias: vec, SiLU: true,
			DY: wide(), DX: wide(), DW: r.matrix(D, K, nil).View, DBias: wide()}
		change(&a)
		r.panics("ConvBackward with "+what, func() { g.b.ConvBackward(a) })
	}
	conv("a short X", func(a *scan.ConvGrad) { a.X = short(L, D) })
	conv("a short W", func(a *scan.ConvGrad) { a.W = short(D, K) })
	conv("a short DY", func(a *scan.ConvGrad) { a.DY = short(L, D) })
	conv("a short DX", func(a *scan.ConvGrad) { a.DX = short(L, D) })
	conv("a short DW", func(a *scan.ConvGrad) { a.DW = short(D, K) })
	conv("a short DBias", func(a *scan.ConvGrad) { a.DBias = short(1, D) })
	conv("a short window", func(a *scan.ConvGrad) { a.Window = short(K-1, D) })
	conv("float marks", func(a *scan.ConvGrad) { a.Resets = vec })
	conv("K = 0", func(a *scan.ConvGrad) { a.K = 0 })

	sel := func(what string, change func(a *scan.ScanGrad)) {
		r.t.Helper()
		a := scan.ScanGrad{L: L, D: D, N: N, U: wide(), Delta: wide(), Bias: vec, Softplus: true,
			A: r.matrix(D, N, nil).View, B: wide(), C: wide(), Skip: vec, Z: wide(), DY: wide(),
			DU: wide(), DDelta: wide(), DB: wide(), DC: wide(), DZ: wide(), DA: r.matrix(D, N, nil).View, DBias: wide(), DSkip: wide()}
		change(&a)
		r.panics("ScanBackward with "+what, func() { g.b.ScanBackward(a) })
	}
	for _, v := range []struct {
		name       string
		field      func(a *scan.ScanGrad) *scan.View
		rows, cols int
	}{
		{"U", func(a *scan.ScanGrad) *scan.View { return &a.U }, L, D},
		{"Delta", func(a *scan.ScanGrad) *scan.View { return &a.Delta }, L, D},
		{"A", func(a *scan.ScanGrad) *scan.View { return &a.A }, D, N},
		{"B", func(a *scan.ScanGrad) *scan.View { return &a.B }, L, N},
		{"C", func(a *scan.ScanGrad) *scan.View { return &a.C }, L, N},
		{"Z", func(a *scan.ScanGrad) *scan.View { return &a.Z }, L, D},
		{"H0", func(a *scan.ScanGrad) *scan.View { return &a.H0 }, D, N},
		{"DY", func(a *scan.ScanGrad) *scan.View { return &a.DY }, L, D},
		{"DH", func(a *scan.ScanGrad) *scan.View { return &a.DH }, D, N},
		{"DU", func(a *scan.ScanGrad) *scan.View { return &a.DU }, L, D},
		{"DDelta", func(a *scan.ScanGrad) *scan.View { return &a.DDelta }, L, D},
		{"DB", func(a *scan.ScanGrad) *scan.View { return &a.DB }, L, N},
		{"DC", func(a *scan.ScanGrad) *scan.View { return &a.DC }, L, N},
		{"DZ", func(a *scan.ScanGrad) *scan.View { return &a.DZ }, L, D},
		{"DA", func(a *scan.ScanGrad) *scan.View { return &a.DA }, D, N},
		{"DBias", func(a *scan.ScanGrad) *scan.View { return &a.DBias }, 1, D},
		{"DSkip", func(a *scan.ScanGrad) *scan.View { return &a.DSkip }, 1, D},
	} {
		sel("a short "+v.name, func(a *scan.ScanGrad) { *v.field(a) = short(v.rows, v.cols) })
	}
	sel("no DU", func(a *scan.ScanGrad) { a.DU = scan.View{} })
	sel("Z without DZ", func(a *scan.ScanGrad) { a.DZ = scan.View{} })
	sel("a bias without softplus", func(a *scan.ScanGrad) { a.Softplus = false })
	sel("an unknown rule", func(a *scan.ScanGrad) { a.Rule = 99 })
	sel("float marks", func(a *scan.ScanGrad) { a.Resets = vec })
	sel("no states of a second chunk", func(a *scan.ScanGrad) {
		a.L = scan.ChunkSteps + 1
		for _, v := range []*scan.View{&a.U, &a.Delta, &a.B, &a.C, &a.Z, &a.DY, &a.DU, &a.DDelta, &a.DB, &a.DC, &a.DZ} {
			*v = r.matrix(a.L, D, nil).View
		}
	})
	r.checkGuards()
}
