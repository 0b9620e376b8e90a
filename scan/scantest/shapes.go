package scantest

import "mamba-tui/scan"

// shapes: every argument that is too short, of another type or missing is a
// panic, and by then nothing has been written (checkGuards holds the outputs
// against what they were).
func shapes(r *rig) {
	const L, D, N, K, out = 3, 5, 2, 4, 9
	good := r.matrix(L, out, nil).View
	vec := r.vector(make([]float64, out))
	ids := r.marks(make([]int32, L))
	// Short by one element, not by a row: the last element is checked.
	short := func(rows, cols int) scan.View {
		v := r.matrix(rows, cols, nil).View
		v.Off += v.Buf.Len() - v.Off - ((rows-1)*v.Stride + cols) + 1
		return v
	}
	narrow := func(v scan.View, cols int) scan.View { v.Stride = cols - 1; return v }
	before := func(v scan.View) scan.View { v.Off = -1; return v }
	tooFew := func(n int) scan.Buffer {
		b, err := r.b.Alloc(r.b.DType(), n-1)
		if err != nil {
			r.t.Fatalf("Alloc(%d): %v", n-1, err)
		}
		return b
	}
	other := scan.Float64
	if r.b.DType() == scan.Float64 {
		other = scan.Float32
	}
	wrong, err := r.b.Alloc(other, 1000)
	if err != nil {
		r.t.Fatalf("Alloc(%v, 1000): %v", other, err)
	}
	defer wrong.Free()

	r.panics("Copy to a short view", func() { r.b.Copy(short(L, D), good, L, D) })
	r.panics("Copy from a short view", func() { r.b.Copy(good, short(L, D), L, D) })
	r.panics("Copy from another type", func() { r.b.Copy(good, scan.Dense(wrong, D), L, D) })
	r.panics("Copy of −1 rows", func() { r.b.Copy(good, good, -1, D) })
	r.panics("Broadcast to a short view", func() { r.b.Broadcast(short(L, D), vec, L, D) })
	r.panics("Broadcast of a short row", func() { r.b.Broadcast(good, tooFew(D), L, D) })
	r.panics("Embed to a short view", func() { r.b.Embed(short(L, D), good, ids, L, D) })
	r.panics("Embed by floats", func() { r.b.Embed(good, good, vec, L, D) })
	r.panics("RMSNorm to a short view", func() { r.b.RMSNorm(short(L, D), good, vec, L, D, 0) })
	r.panics("RMSNorm of a short view", func() { r.b.RMSNorm(good, short(L, D), vec, L, D, 0) })
	r.panics("RMSNorm with few weights", func() { r.b.RMSNorm(good, good, tooFew(D), L, D, 0) })
	r.panics("RMSNorm with no weights", func() { r.b.RMSNorm(good, good, nil, L, D, 0) })
	r.panics("Softplus to a short view", func() { r.b.Softplus(short(L, D), good, nil, L, D) })
	r.panics("Softplus with a short bias", func() { r.b.Softplus(good, good, tooFew(D), L, D) })

	linear := func(what string, change func(a *scan.LinearArgs)) {
		r.t.Helper()
		a := scan.LinearArgs{Y: r.matrix(L, out, nil).View, X: good, W: r.weight(out, D, make([]float64, out*D)),
			Bias: vec, L: L}
		change(&a)
		r.panics("Linear with "+what, func() { r.b.Linear(a) })
	}
	linear("no weight", func(a *scan.LinearArgs) { a.W = nil })
	linear("a short Y", func(a *scan.LinearArgs) { a.Y = short(L, out) })
	linear("a short X", func(a *scan.LinearArgs) { a.X = short(L, D) })
	linear("an absent Y", func(a *scan.LinearArgs) { a.Y = scan.View{} })
	linear("overlapping rows of Y", func(a *scan.LinearArgs) { a.Y = narrow(a.Y, out) })
	linear("a short bias", func(a *scan.LinearArgs) { a.Bias = tooFew(out) })
	linear("L = −1", func(a *scan.LinearArgs) { a.L = -1 })

	conv := func(what string, change func(a *scan.ConvArgs)) {
		r.t.Helper()
		a := scan.ConvArgs{Y: r.matrix(L, D, nil).View, X: good, W: r.matrix(D, K, nil).View, Bias: vec,
			Window: r.matrix(K-1, D, nil).View, Resets: ids, L: L, D: D, K: K}
		change(&a)
		r.panics("Conv with "+what, func() { r.b.Conv(a) })
	}
	conv("a short Y", func(a *scan.ConvArgs) { a.Y = short(L, D) })
	conv("a short X", func(a *scan.ConvArgs) { a.X = short(L, D) })
	conv("a short W", func(a *scan.ConvArgs) { a.W = short(D, K) })
	conv("a short window", func(a *scan.ConvArgs) { a.Window = short(K-1, D) })
	conv("no window", func(a *scan.ConvArgs) { a.Window = scan.View{} })
	conv("a short bias", func(a *scan.ConvArgs) { a.Bias = tooFew(D) })
	conv("float marks", func(a *scan.ConvArgs) { a.Resets = vec })
	conv("K = 0", func(a *scan.ConvArgs) { a.K = 0 })

	tap := r.tap(2 * D * N)
	sel := func(what string, change func(a *scan.ScanArgs)) {
		r.t.Helper()
		a := scan.ScanArgs{L: L, D: D, N: N, U: good, Delta: good, Bias: vec, Softplus: true,
			A: r.matrix(D, N, nil).View, B: good, C: good, Skip: vec, Z: good, Resets: ids,
			H: r.matrix(D, N, nil).View, Y: r.matrix(L, D, nil).View,
			Tap: &scan.ScanTap{Steps: []int{0, 2}, H: tap.Buf}}
		change(&a)
		r.panics("Scan with "+what, func() { r.b.Scan(a) })
	}
	for _, v := range []struct {
		name       string
		field      func(a *scan.ScanArgs) *scan.View
		rows, cols int
	}{
		{"U", func(a *scan.ScanArgs) *scan.View { return &a.U }, L, D},
		{"Delta", func(a *scan.ScanArgs) *scan.View { return &a.Delta }, L, D},
		{"A", func(a *scan.ScanArgs) *scan.View { return &a.A }, D, N},
		{"B", func(a *scan.ScanArgs) *scan.View { return &a.B }, L, N},
		{"C", func(a *scan.ScanArgs) *scan.View { return &a.C }, L, N},
		{"Z", func(a *scan.ScanArgs) *scan.View { return &a.Z }, L, D},
		{"H", func(a *scan.ScanArgs) *scan.View { return &a.H }, D, N},
		{"Y", func(a *scan.ScanArgs) *scan.View { return &a.Y }, L, D},
	} {
		sel("a short "+v.name, func(a *scan.ScanArgs) { *v.field(a) = short(v.rows, v.cols) })
		sel("overlapping rows of "+v.name, func(a *scan.ScanArgs) { f := v.field(a); *f = narrow(*f, v.cols) })
		sel(v.name+" before its buffer", func(a *scan.ScanArgs) { f := v.field(a); *f = before(*f) })
		sel(v.name+" of another type", func(a *scan.ScanArgs) { *v.field(a) = scan.Dense(wrong, v.cols) })
	}
	sel("no H", func(a *scan.ScanArgs) { a.H = scan.View{} })
	sel("a short bias", func(a *scan.ScanArgs) { a.Bias = tooFew(D) })
	sel("a bias without softplus", func(a *scan.ScanArgs) { a.Softplus = false })
	sel("a short skip", func(a *scan.ScanArgs) { a.Skip = tooFew(D) })
	sel("float marks", func(a *scan.ScanArgs) { a.Resets = vec })
	sel("an unknown rule", func(a *scan.ScanArgs) { a.Rule = 99 })
	sel("N = −1", func(a *scan.ScanArgs) { a.N = -1 })
	sel("a short tap", func(a *scan.ScanArgs) { a.Tap = &scan.ScanTap{Steps: []int{0, 2}, H: tooFew(2 * D * N)} })
	sel("a tap beyond L", func(a *scan.ScanArgs) { a.Tap = &scan.ScanTap{Steps: []int{0, L}, H: tap.Buf} })
	sel("taps out of order", func(a *scan.ScanArgs) { a.Tap = &scan.ScanTap{Steps: []int{2, 0}, H: tap.Buf} })
	r.identical("the tap after panics", tap.get(), tap.whole[:2*D*N])
}
