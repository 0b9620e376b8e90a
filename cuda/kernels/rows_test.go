package kernels

import (
	"math"
	"testing"
)

// tolerance is the relative error allowed beside float64. The interpreter's
// exponentials are exact to the last bit; a GPU's cost another 1e-6 or so.
const tolerance = 1e-6

func TestCopies(t *testing.T) {
	for _, s := range []struct{ rows, cols int }{{1, 1}, {5, 3}, {3, 257}, {1, 1000}, {300, 2}} {
		r := newRig(t)
		x := r.uniform(s.rows*s.cols, -1, 1)
		src, dst, many := r.in(s.rows, s.cols, 5, x), r.out(s.rows, s.cols, 2), r.out(s.rows, s.cols, 1)
		r.p.Copy(dst.View, src.View, s.rows, s.cols)
		r.p.Broadcast(many.View, src.Ptr, s.rows, s.cols)
		r.run()
		r.near("Copy", dst.get(), x, 0)
		var want []float64
		for range s.rows {
			want = append(want, x[:s.cols]...)
		}
		r.near("Broadcast", many.get(), want, 0)
		r.guards()
	}
}

func TestEmbed(t *testing.T) {
	r := newRig(t)
	const V, cols = 5, 19
	x := r.uniform(V*cols, -1, 1)
	ids := []int32{0, 4, 4, 1, -1, 5, 2}
	dst := r.out(len(ids), cols, 3)
	r.p.Embed(dst.View, r.in(V, cols, 2, x).View, r.ints(ids), len(ids), cols, V)
	r.run()
	var want []float64
	for _, id := range ids {
		for k := range cols {
			v := math.NaN() // an id that is not there is seen in what follows
			if id >= 0 && id < V {
				v = x[int(id)*cols+k]
			}
			want = append(want, v)
		}
	}
	r.near("Embed", dst.get(), want, 0)
	r.guards()
}

func TestSoftplus(t *testing.T) {
	r := newRig(t)
	inf := math.Inf(1)
	x := []float64{0, 1, -1, 6, 20, -20, -12, 20.001953125, 21, 88, 1000, inf, -inf, math.NaN()}
	dst := r.out(1, len(x), 0)
	r.p.Softplus(dst.View, r.in(1, len(x), 0, x).View, 0, 1, len(x))
	r.run()
	for i, got := range dst.get() {
		r.near("Softplus", []float64{got}, []float64{softplus(x[i])}, 2e-6)
		if x[i] > 20 && got != x[i] {
			t.Errorf("Softplus(%v) is %v, want the identity", x[i], got)
		}
	}
	const L, D = 7, 300
	x, bias := r.uniform(L*D, -30, 25), r.uniform(D, -1, 1)
	out := r.out(L, D, 3)
	r.p.Softplus(out.View, r.in(L, D, 1, x).View, r.vector(bias), L, D)
	r.run()
	for i, got := range out.get() {
		want := softplus(float64(float32(x[i] + bias[i%D])))
		r.near("Softplus with bias", []float64{got}, []float64{want}, 3e-6)
	}
	r.guards()
}

// softplus is the function of the released kernel.
func softplus(x float64) float64 {
	if x > 20 {
		return x
	}
	return math.Log1p(math.Exp(x))
}

func TestRMSNorm(t *testing.T) {
	for _, s := range []struct{ L, cols int }{{1, 1}, {3, 7}, {2, 129}, {1, 768}, {5, 2560}, {2, 4101}, {2, 5000}} {
		r := newRig(t)
		x, w := r.uniform(s.L*s.cols, -2, 2), r.uniform(s.cols, -2, 2)
		want := make([]float64, len(x))
		for t := range s.L {
			var sum float64
			for _, v := range x[t*s.cols : (t+1)*s.cols] {
				sum += v * v
			}
			for k := range s.cols {
				want[t*s.cols+k] = x[t*s.cols+k] / math.Sqrt(sum/float64(s.cols)+0.25) * w[k]
			}
		}
		dst, same, weights := r.out(s.L, s.cols, 3), r.in(s.L, s.cols, 1, x), r.vector(w)
		r.p.RMSNorm(dst.View, same.View, weights, s.L, s.cols, 0.25)
		r.run()
		r.near("RMSNorm", dst.get(), want, tolerance)
		r.p.RMSNorm(same.View, same.View, weights, s.L, s.cols, 0.25)
		r.run()
		r.near("RMSNorm in place", same.get(), dst.get(), 0)
		// By fours where the columns are, and a row alone, as a token's is.
		quads, last := r.out(s.L, s.cols, 4), r.out(1, s.cols, 0)
		src := r.in(s.L, s.cols, 4, x)
		r.p.RMSNorm(quads.View, src.View, weights, s.L, s.cols, 0.25)
		r.p.RMSNorm(last.View, View{src.Ptr + uint64(4*(s.L-1)*(s.cols+4)), 0}, weights, 1, s.cols, 0.25)
		r.run()
		r.near("RMSNorm by fours", quads.get(), dst.get(), 0)
		r.near("RMSNorm of a row alone", last.get(), dst.get()[(s.L-1)*s.cols:], 0)
		r.guards()
	}
}
