package scantest

import (
	"math"

	"mamba-tui/scan"
)

// identity: a backend has a name and computes in one of the two float types.
func identity(r *rig) {
	if r.b.Name() == "" {
		r.t.Error("Name is empty")
	}
	if d := r.b.DType(); d != scan.Float32 && d != scan.Float64 {
		r.t.Errorf("DType is %v, want float32 or float64", d)
	}
	if err := r.b.Sync(); err != nil {
		r.t.Errorf("Sync: %v", err)
	}
}

// buffers: memory starts as zero, and is written and read at offsets.
func buffers(r *rig) {
	for _, dt := range []scan.DType{scan.Float32, scan.Float64, scan.Int32} {
		for _, n := range []int{0, 1, 7, 1000} {
			b, err := r.b.Alloc(dt, n)
			if err != nil {
				r.t.Fatalf("Alloc(%v, %d): %v", dt, n, err)
			}
			if b.Len() != n || b.DType() != dt {
				r.t.Fatalf("Alloc(%v, %d) is %d of %v", dt, n, b.Len(), b.DType())
			}
			r.identical("a new buffer", r.read(b), make([]float64, n))
			b.Free()
		}
	}
	if _, err := r.b.Alloc(r.b.DType(), -1); err == nil {
		r.t.Error("Alloc(-1) gave no error")
	}
	b, err := r.b.Alloc(r.b.DType(), 6)
	if err != nil {
		r.t.Fatalf("Alloc(6): %v", err)
	}
	defer b.Free()
	r.b.Write(b, 0, []float32{1, 2, 3, 4, 5, 6})
	r.b.Write(b, 2, []float32{-0.5, float32(math.Inf(1))})
	r.identical("after Write", r.read(b), []float64{1, 2, -0.5, math.Inf(1), 5, 6})
	part := make([]float32, 2)
	if err := r.b.Read(part, b, 1); err != nil || part[0] != 2 || part[1] != -0.5 {
		r.t.Errorf("Read at 1 gave %v, %v; want [2 -0.5]", part, err)
	}
	i, err := r.b.Alloc(scan.Int32, 4)
	if err != nil {
		r.t.Fatalf("Alloc(Int32, 4): %v", err)
	}
	defer i.Free()
	r.b.WriteInts(i, 1, []int32{7, math.MinInt32})
	r.identical("after WriteInts", r.read(i), []float64{0, 7, math.MinInt32, 0})
	r.panics("Write past the end", func() { r.b.Write(b, 5, []float32{1, 2}) })
	r.panics("Write before the front", func() { r.b.Write(b, -1, []float32{1}) })
	r.panics("WriteInts past the end", func() { r.b.WriteInts(i, 4, []int32{1}) })
	r.panics("WriteInts to floats", func() { r.b.WriteInts(b, 0, []int32{1}) })
	if _, err := r.b.LoadWeight(2, 3, make([]float32, 5)); err == nil {
		r.t.Error("LoadWeight(2, 3) took 5 values without an error")
	}
}

// panics demands that f panics with a string.
func (r *rig) panics(what string, f func()) {
	r.t.Helper()
	defer func() {
		r.t.Helper()
		switch v := recover().(type) {
		case nil:
			r.t.Errorf("%s: no panic", what)
		case string:
			if v == "" {
				r.t.Errorf("%s: the panic says nothing", what)
			}
		default:
			r.t.Errorf("%s: panic of type %T (%v), want a constant string", what, v, v)
		}
	}()
	f()
}

// copies: a strided copy moves its elements and nothing else.
func copies(r *rig) {
	for _, size := range [][2]int{{0, 3}, {3, 0}, {1, 1}, {3, 5}, {2, 33}} {
		rows, cols := size[0], size[1]
		x := r.uniform(rows*cols, -1, 1)
		src, dst := r.strided(rows, cols, cols+7, x), r.out(rows, cols)
		r.b.Copy(dst.View, src.View, rows, cols)
		r.identical("Copy", dst.get(), x)
	}
}

// broadcasts: every row becomes the one row.
func broadcasts(r *rig) {
	for _, size := range [][2]int{{0, 3}, {1, 1}, {4, 5}, {3, 33}} {
		rows, cols := size[0], size[1]
		x := r.uniform(cols, -1, 1)
		dst := r.out(rows, cols)
		r.b.Broadcast(dst.View, r.vector(x), rows, cols)
		var want []float64
		for range rows {
			want = append(want, x...)
		}
		r.identical("Broadcast", dst.get(), want)
	}
}

// embeds: row t is the row of the table that ids[t] names.
func embeds(r *rig) {
	const V = 5
	for _, cols := range []int{1, 4, 19} {
		table := r.uniform(V*cols, -1, 1)
		tv := r.matrix(V, cols, table)
		for _, ids := range [][]int32{{}, {4}, {0, 4, 4, 1, 0, 2, 3}} {
			dst := r.out(len(ids), cols)
			r.b.Embed(dst.View, tv.View, r.marks(ids), len(ids), cols)
			var want []float64
			for _, id := range ids {
				want = append(want, table[int(id)*cols:(int(id)+1)*cols]...)
			}
			r.identical("Embed", dst.get(), want)
		}
	}
}

// rmsNorms: by hand, at random, in place, and row by row.
func rmsNorms(r *rig) {
	// mean(3², 4²) = 12.5; with eps 12.5 the root is 5.
	dst := r.out(1, 2)
	r.b.RMSNorm(dst.View, r.matrix(1, 2, []float64{3, 4}).View, r.vector([]float64{1, 10}), 1, 2, 12.5)
	r.near("RMSNorm of (3, 4), eps 12.5", dst.get(), []float64{0.6, 8})
	// A zero row stays zero, because of eps.
	dst = r.out(1, 3)
	r.b.RMSNorm(dst.View, r.matrix(1, 3, nil).View, r.vector([]float64{1, 1, 1}), 1, 3, 1e-5)
	r.near("RMSNorm of zeros", dst.get(), []float64{0, 0, 0})

	for _, cols := range []int{1, 2, 7, 32, 65} {
		for _, L := range []int{0, 1, 5} {
			x, w := r.uniform(L*cols, -2, 2), r.uniform(cols, -2, 2)
			want := make([]float64, L*cols)
			for t := range L {
				var sum float64
				for _, v := range x[t*cols : (t+1)*cols] {
					sum += v * v
				}
				for k := range cols {
					want[t*cols+k] = x[t*cols+k] / math.Sqrt(sum/float64(cols)+0.25) * w[k]
				}
			}
			wb := r.vector(w)
			dst := r.out(L, cols)
			r.b.RMSNorm(dst.View, r.matrix(L, cols, x).View, wb, L, cols, 0.25)
			r.near("RMSNorm", dst.get(), want)
			inPlace := r.state(L, cols, x)
			r.b.RMSNorm(inPlace.View, inPlace.View, wb, L, cols, 0.25)
			r.equal("RMSNorm in place", inPlace.get(), dst.get())
			for t := range L {
				one := r.out(1, cols)
				r.b.RMSNorm(one.View, r.matrix(1, cols, x[t*cols:(t+1)*cols]).View, wb, 1, cols, 0.25)
				r.equal("RMSNorm of one row", one.get(), dst.get()[t*cols:(t+1)*cols])
			}
		}
	}
	nan := r.out(2, 2)
	r.b.RMSNorm(nan.View, r.matrix(2, 2, []float64{math.NaN(), 1, 3, 4}).View, r.vector([]float64{1, 1}), 2, 2, 12.5)
	r.near("RMSNorm with a NaN in row 0", nan.get(), []float64{math.NaN(), math.NaN(), 0.6, 0.8})
}

// softpluses: the values one knows, each to its own relative error, because Δ
// of ignored tokens is tiny and still matters over a million of them.
func softpluses(r *rig) {
	inf := math.Inf(1)
	x := []float64{0, 1, -1, 6, 20, -20, -12, 20.5, 88, 1000, inf, -inf, math.NaN()}
	want := []float64{0.6931471805599453, 1.3132616875182228, 0.31326168751822286, 6.0024756851377304,
		20.000000002061153, 2.061153620314381e-9, 6.144193477732479e-6,
		20.5, 88, 1000, inf, 0, math.NaN()}
	dst := r.out(1, len(x))
	r.b.Softplus(dst.View, r.matrix(1, len(x), x).View, nil, 1, len(x))
	for i, got := range dst.get() {
		r.near("Softplus, element by element", []float64{got}, want[i:i+1])
	}
	// Above 20 it is the identity, not log(1+exp(x)).
	over := []float64{20.001953125, 21, 30}
	lin := r.out(1, 3)
	r.b.Softplus(lin.View, r.matrix(1, 3, over).View, nil, 1, 3)
	r.identical("Softplus above 20", lin.get(), over)

	for _, D := range []int{1, 5, 33} {
		for _, L := range []int{0, 1, 4} {
			x, bias := r.uniform(L*D, -30, 25), r.uniform(D, -1, 1)
			// The bias is added in the backend's own precision.
			sum := make([]float64, L*D)
			for i := range sum {
				sum[i] = r.round(x[i] + bias[i%D])
			}
			dst := r.out(L, D)
			r.b.Softplus(dst.View, r.matrix(L, D, x).View, r.vector(bias), L, D)
			for i, got := range dst.get() {
				r.near("Softplus with bias, element by element", []float64{got},
					[]float64{softplus(sum[i])})
			}
		}
	}
}

// softplus is the function of the released kernel.
func softplus(x float64) float64 {
	if x > 20 {
		return x
	}
	return math.Log1p(math.Exp(x))
}

// round is x in the precision of the backend.
func (r *rig) round(x float64) float64 {
	if r.b.DType() == scan.Float32 {
		return float64(float32(x))
	}
	return x
}
