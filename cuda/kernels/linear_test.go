package kernels

import (
	"math"
	"testing"
)

// TestLinear: every kernel that Linear may choose, at sizes around its tiles,
// with and without rows that can be read four elements at a time.
func TestLinear(t *testing.T) {
	for _, s := range []struct{ out, in, L, gap int }{
		{1, 1, 1, 0}, {7, 3, 1, 1}, {9, 33, 2, 0}, {17, 64, 3, 4}, {40, 132, 5, 0}, {33, 260, 8, 1},
		{80, 1536, 1, 0}, {130, 48, 1, 4}, {2000, 12, 1, 0}, {6, 4100, 4, 0},
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

// TestLinearWide: the large tile, which Linear takes when it fills the device, on
// tensor cores and without. 3×TF32 is held to the tolerance of float32.
func TestLinearWide(t *testing.T) {
	for _, c := range []struct {
		cc   int
		want Entry
	}{{75, GemmNT128}, {80, TensorNT128}} {
		r := newRig(t)
		r.p.Device.SMs, r.p.Device.CC = 1, c.cc
		const out, in, L = 131, 301, 133
		w, x := r.uniform(out*in, -1, 1), r.uniform(L*in, -1, 1)
		y := r.out(L, out, 1)
		r.p.Linear(LinearArgs{Y: y.View, X: r.in(L, in, 3, x).View, W: r.in(out, in, 0, w).Ptr, L: L, In: in, Out: out,
			Work: r.work(r.p.LinearWork(L, in, out))})
		if e := r.p.Launches[0].Entry; e != c.want {
			t.Fatalf("the plan for capability %d is %s, want %s", c.cc, e.Name(), c.want.Name())
		}
		r.run()
		r.near("Linear", y.get(), product(x, w, L, in), tolerance)
		r.guards()
	}
}

// TestGemmLayouts: the products of the backward operations, both tiles.
func TestGemmLayouts(t *testing.T) {
	for _, sms := range []int{1, -1, 132} { // large tiles with and without tensor cores, small tiles
		for _, s := range []struct{ m, n, k int }{{3, 5, 2}, {70, 65, 33}, {64, 64, 300}, {129, 7, 40}} {
			r := newRig(t)
			r.p.Device.SMs, r.p.noTensor = max(sms, 1), sms < 0
			a, b := r.uniform(s.m*s.k, -1, 1), r.uniform(s.n*s.k, -1, 1)
			want := product(a, b, s.m, s.k)
			for layout := range 3 {
				av, bv := r.in(s.m, s.k, 1, a).View, r.in(s.n, s.k, 0, b).View
				if layout != gemmNT {
					bv = r.in(s.k, s.n, 1, transposed(b, s.n, s.k)).View
				}
				if layout == gemmTN {
					av = r.in(s.k, s.m, 4-s.m%4, transposed(a, s.m, s.k)).View
				}
				c := r.out(s.m, s.n, 2)
				g := gemmArgs{c: c.View, a: av, b: bv, m: s.m, n: s.n, k: s.k}
				g.work = r.work(r.p.gemmWork(g))
				r.p.gemm(layout, g)
				r.run()
				r.near("gemm", c.get(), want, tolerance)
			}
			r.guards()
		}
	}
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
