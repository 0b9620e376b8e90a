package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// TestLinear: every kernel that Linear may choose, at sizes around its tiles,
// with and without rows that can be read four elements at a time.
func TestLinear(t *testing.T) {
	for _, s := range []struct{ out, in, L, gap int }{
		{1, 1, 1, 0}, {7, 3, 1, 1}, {9, 33, 2, 0}, {17, 64, 3, 4}, {40, 132, 5, 0}, {33, 260, 8, 1},
		{80, 1536, 1, 0}, {130, 48, 1, 4}, {2000, 12, 1, 0}, {6, 4100, 4, 0}, {1601, 772, 1, 0}, {24, 1540, 8, 0},
		{17, 5, 9, 0}, {65, 33, 70, 3}, {130, 64, 40, 0}, {80, 600, 20, 4}, {64, 16, 64, 0},
	} {
		r := newRig(t)
		w, x := r.uniform(s.out*s.in, -1, 1), r.uniform(s.L*s.in, -1, 1)
		bias, start := r.uniform(s.out, -1, 1), r.uniform(s.L*s.out, -1, 1)
		want := product(x, w, s.L, s.in)
		weights := r.in(s.out, s.in, 0, w)
		a := LinearArgs{X: r.in(s.L, s.in, s.gap, x).View, W: weights.Ptr, L: s.L, In: s.in, Out: s.out}
		a.Work = r.work(r.p.LinearWork(s.L, s.in, s.out))
		plain := r.out(s.L, s.out, s.gap)
		a.Y = plain.View
		r.p.Linear(a)
		sum := r.in(s.L, s.out, s.gap, start)
		a.Y, a.Bias, a.Accumulate = sum.View, r.vector(bias), true
		r.p.Linear(a)
		r.run()
		r.near("Linear", plain.get(), want, tolerance)
		for i := range want {
			want[i] += bias[i%s.out] + start[i]
		}
		r.near("Linear with bias, accumulated", sum.get(), want, tolerance)
		r.guards()
	}
}

// TestLinearRows: what a row gives does not depend on how many there are, to the bit.
func TestLinearRows(t *testing.T) {
	const L, in = gemvRows, 772
	for _, out := range []int{70, 1600} {
		r := newRig(t)
		x, w := r.in(L, in, 0, r.uniform(L*in, -1, 1)), r.in(out, in, 0, r.uniform(out*in, -1, 1))
		one := r.out(1, out, 0)
		a := LinearArgs{Y: one.View, X: View{x.Ptr + 4*in, in}, W: w.Ptr, L: 1, In: in, Out: out}
		r.p.Linear(a)
		r.run()
		for n := 2; n <= L; n++ {
			many := r.out(n, out, 0)
			a.Y, a.X, a.L = many.View, x.View, n
			r.p.Linear(a)
			r.run()
			r.near(fmt.Sprint("the second of ", n, " rows"), many.get()[out:2*out], one.get(), 0)
		}
		r.guards()
	}
}

// gemms are the plans of products: every tile, whole and with k cut. The chunk of
// several stages is longer than what a block has on its way at once.
func (r *rig) gemms(f func(what string)) {
	for _, t := range append(gemmTiles, tensorTiles...) {
		for _, chunk := range []int{1 << 20, 96} {
			r.p.gemmWith = func(k int) (gemmTile, int) { return t, min(chunk, ceil(k, 16)*16) }
			f(fmt.Sprint(t.entry.Name(), " in chunks of ", chunk))
		}
	}
}

// TestGemm: every kernel for products, at sizes around its tile and its stages,
// with rows that can be read four elements at a time and without. 3×TF32 is held to
// the tolerance of float32.
func TestGemm(t *testing.T) {
	for _, s := range []struct{ m, n, k, gap int }{
		{3, 5, 2, 0}, {70, 65, 33, 1}, {64, 64, 300, 0}, {129, 7, 40, 2}, {131, 130, 16, 3}, {40, 132, 101, 0}, {9, 4, 112, 4},
	} {
		r := newRig(t)
		a, b := r.uniform(s.m*s.k, -1, 1), r.uniform(s.n*s.k, -1, 1)
		bias, start := r.uniform(s.n, -1, 1), r.uniform(s.m*s.n, -1, 1)
		want := product(a, b, s.m, s.k)
		full := slices.Clone(want)
		for i := range full {
			full[i] += bias[i%s.n] + start[i]
		}
		r.gemms(func(what string) {
			for layout, name := range []string{"nt", "nn", "tn"} {
				what := fmt.Sprint(s, " ", name, " ", what)
				av, bv := r.in(s.m, s.k, s.gap, a).View, r.in(s.n, s.k, s.gap, b).View
				if layout != gemmNT {
					bv = r.in(s.k, s.n, s.gap, transposed(b, s.n, s.k)).View
				}
				if layout == gemmTN {
					av = r.in(s.k, s.m, 4-s.m%4, transposed(a, s.m, s.k)).View
				}
				plain, sum := r.out(s.m, s.n, s.gap), r.in(s.m, s.n, s.gap, start)
				g := gemmArgs{c: plain.View, a: av, b: bv, m: s.m, n: s.n, k: s.k}
				g.work = r.work(r.p.gemmWork(g))
				r.p.gemm(layout, g)
				g.c, g.bias, g.accumulate = sum.View, r.vector(bias), true
				r.p.gemm(layout, g)
				r.run()
				r.near(what, plain.get(), want, tolerance)
				r.near(what+", with bias, accumulated", sum.get(), full, tolerance)
			}
		})
		r.guards()
	}
}

// TestGemmShape: what is planned for the products of mamba-130m.
func TestGemmShape(t *testing.T) {
	for _, s := range []struct {
		cc, L, in, out int
		want           Entry
		splits         int
	}{} {
		p := NewPlanner(h200)
		p.Device.CC = s.cc
		tile, splits, chunk := p.gemmShape(gemmArgs{m: s.L, n: s.out, k: s.in})
		if tile.entry != s.want || splits != s.splits {
			t.Errorf("capability %d, %d rows, %d → %d: %s in %d parts, want %s in %d", s.cc, s.L, s.in, s.out,
				tile.entry.Name(), splits, s.want.Name(), s.splits)
		}
		if chunk%16 != 0 || chunk*splits < s.in || chunk*(splits-1) >= max(s.in, 1) {
			t.Errorf("%d rows, %d → %d: %d parts of %d", s.L, s.in, s.out, splits, chunk)
		}
	}
}

// TestGemmNaN: the same in every kernel for products, beside finite outputs.
func TestGemmNaN(t *testing.T) {
	const m, n, k = 20, 10, 100
	r := newRig(t)
	a, b := r.uniform(m*k, 0.5, 1), r.uniform(n*k, 0.5, 1)
	a[3*k+50], a[7*k+99], b[2*k+1], b[4*k], b[5*k+7] = math.Inf(1), math.NaN(), math.Inf(-1), math.MaxFloat32, 0
	a[3*k+7] = math.Inf(1)
	r.gemms(func(what string) {
		c := r.out(m, n, 0)
		g := gemmArgs{c: c.View, a: r.in(m, k, 0, a).View, b: r.in(n, k, 0, b).View, m: m, n: n, k: k}
		g.work = r.work(r.p.gemmWork(g))
		r.p.gemm(gemmNT, g)
		r.run()
		// One scale a column: that of the column with MaxFloat32 would hide the others.
		got, want := c.get(), product(a, b, m, k)
		for j := range n {
			column := func(x []float64) (y []float64) {
				for i := range m {
					y = append(y, x[i*n+j])
				}
				return y
			}
			r.near(what, column(got), column(want), tolerance)
		}
	})
}

// TestLinearNaN: a NaN or an Inf reaches exactly the outputs that read it, also
// through a zero.
func TestLinearNaN(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, L := range []int{2, 12} {
		r := newRig(t)
		x := make([]float64, 2*L)
		x[0], x[3] = 1, 1 // rows (1, 0), (0, 1), (0, 0) …
		y := r.out(L, 3, 1)
		r.p.Linear(LinearArgs{Y: y.View, X: r.in(L, 2, 0, x).View, W: r.vector([]float64{1, 0, 0, nan, 2, inf}), L: L, In: 2, Out: 3})
		r.run()
		want := []float64{1, nan, nan, 0, nan, inf}
		for range L - 2 {
			want = append(want, 0, nan, nan)
		}
		r.near("Linear", y.get(), want, 0)
	}
}

// product is x·wᵀ for x (L, in) and w (out, in).
func product(x, w []float64, L, in int) []float64 {
	var y []float64
	for t := range L {
		for o := range len(w) / in {
			var sum float64
			for i := range in {
				sum += x[t*in+i] * w[o*in+i]
			}
			y = append(y, sum)
		}
	}
	return y
}

// transposed is x (rows, cols) as (cols, rows).
func transposed(x []float64, rows, cols int) []float64 {
	y := make([]float64, len(x))
	for r := range rows {
		for c := range cols {
			y[c*rows+r] = x[r*cols+c]
		}
	}
	return y
}
