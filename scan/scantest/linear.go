package scantest

import (
	"math"

	"mamba-tui/scan"
)

// linear runs one Linear of x (L, in) through w (out, in); nil bias is none,
// and start is what Y holds before if the result is accumulated.
func (r *rig) linear(w scan.Weight, x, bias, start []float64, L int) []float64 {
	r.t.Helper()
	out, in := w.Shape()
	a := scan.LinearArgs{X: r.matrix(L, in, x).View, W: w, L: L, Accumulate: start != nil}
	var y *array
	if start != nil {
		y = r.state(L, out, start)
	} else {
		y = r.out(L, out)
	}
	a.Y = y.View
	if bias != nil {
		a.Bias = r.vector(bias)
	}
	r.b.Linear(a)
	return y.get()
}

// linearTable: small integers, exact in any precision.
func linearTable(r *rig) {
	// W·(1, 10, 100) reads the digits of W off.
	w := r.weight(2, 3, []float64{1, 2, 3, 4, 5, 6})
	if out, in := w.Shape(); out != 2 || in != 3 {
		r.t.Errorf("Shape is (%d, %d), want (2, 3)", out, in)
	}
	x := []float64{1, 10, 100, 100, 10, 1}
	r.identical("x·Wᵀ", r.linear(w, x, nil, nil, 2), []float64{321, 654, 123, 456})
	r.identical("with bias", r.linear(w, x, []float64{1000, -1000}, nil, 2),
		[]float64{1321, -346, 1123, -544})
	r.identical("accumulated", r.linear(w, x, nil, []float64{0.5, 1, 2, 3}, 2),
		[]float64{321.5, 655, 125, 459})
	r.identical("with bias, accumulated", r.linear(w, x, []float64{1000, -1000}, []float64{1, 1, 1, 1}, 2),
		[]float64{1322, -345, 1124, -543})
	r.identical("no rows", r.linear(w, nil, nil, nil, 0), nil)
}

// linearRandom: against a float64 loop, for sizes around every panel width and
// large enough for several threads.
func linearRandom(r *rig) {
	for _, s := range []struct{ out, in, L int }{
		{1, 1, 1}, {7, 3, 1}, {8, 33, 2}, {9, 1, 3}, {17, 64, 5}, {40, 31, 1},
		{130, 65, 40}, {515, 515, 1}, {515, 515, 2},
	} {
		w, x := r.uniform(s.out*s.in, -1, 1), r.uniform(s.L*s.in, -1, 1)
		bias, start := r.uniform(s.out, -1, 1), r.uniform(s.L*s.out, -1, 1)
		want := make([]float64, s.L*s.out)
		for i := range want {
			t, o := i/s.out, i%s.out
			for k := range s.in {
				want[i] += x[t*s.in+k] * w[o*s.in+k]
			}
			want[i] += bias[o] + start[i]
		}
		r.near("Linear", r.linear(r.weight(s.out, s.in, w), x, bias, start, s.L), want)
	}
}

// linearOrder: sums whose value is the order of their terms. From front to
// back, big + 1 − big is 0, because the 1 is lost; any other order keeps it.
func linearOrder(r *rig) {
	if r.same > 0 {
		return // promised on serial paths only
	}
	big := math.Ldexp(1, 26)
	if r.b.DType() == scan.Float64 {
		big = math.Ldexp(1, 55)
	}
	const out, in = 9, 12
	w := make([]float64, out*in)
	for i := range w {
		w[i] = 1
	}
	x := make([]float64, in)
	x[0], x[5], x[in-1] = big, 1, -big
	for _, L := range []int{1, 2, 7} {
		var rows []float64
		for range L {
			rows = append(rows, x...)
		}
		r.identical("big + 1 − big", r.linear(r.weight(out, in, w), rows, nil, nil, L),
			make([]float64, L*out))
	}
	// The bias comes after the sum, and y after the bias.
	one := r.weight(1, 2, []float64{1, 1})
	r.identical("(big − big) + 1", r.linear(one, []float64{big, -big}, []float64{1}, nil, 1), []float64{1})
	r.identical("1 + (big − big)", r.linear(one, []float64{big, 0}, []float64{-big}, []float64{1}, 1), []float64{1})
}

// linearRows: a chunk equals its rows one at a time.
func linearRows(r *rig) {
	for _, s := range []struct{ out, in, L int }{{5, 7, 6}, {64, 32, 9}, {19, 130, 12}, {130, 65, 40}} {
		w := r.weight(s.out, s.in, r.uniform(s.out*s.in, -1, 1))
		x, bias := r.uniform(s.L*s.in, -1, 1), r.uniform(s.out, -1, 1)
		all := r.linear(w, x, bias, nil, s.L)
		for t := range s.L {
			r.equal("Linear of one row", r.linear(w, x[t*s.in:(t+1)*s.in], bias, nil, 1),
				all[t*s.out:(t+1)*s.out])
		}
	}
}

// linearNaN: a NaN or an Inf reaches exactly the outputs that read it, also
// through a zero.
func linearNaN(r *rig) {
	nan, inf := math.NaN(), math.Inf(1)
	w := r.weight(3, 2, []float64{1, 0, 0, nan, 2, inf})
	r.identical("zeros times NaN and Inf", r.linear(w, []float64{1, 0, 0, 1}, nil, nil, 2),
		[]float64{1, nan, nan, 0, nan, inf})
	v := r.weight(9, 1, []float64{0, 1, -1, 2, 3, 4, 5, 6, 7})
	r.identical("an infinite input", r.linear(v, []float64{inf, 1}, nil, nil, 2), []float64{
		nan, inf, -inf, inf, inf, inf, inf, inf, inf,
		0, 1, -1, 2, 3, 4, 5, 6, 7})
}
