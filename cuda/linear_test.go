package cuda

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mamba-tui/scan"
)

// TestLinearShapes: products and their gradients give what float64 gives, and the
// same bits twice, on the interpreter.
func TestLinearShapes(t *testing.T) {
	b := simulated(t)
	rng := rand.New(rand.NewPCG(13, 14))
	for _, s := range [][3]int{{1, 40, 7}, {9, 33, 70}, {70, 200, 65}} {
		compareLinear(t, b, rng, s[0], s[1], s[2])
	}
}

// TestHardwareLinear: the same at the sizes of models and at odd ones.
func TestHardwareLinear(t *testing.T) {
	b := onDevice(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for _, L := range []int{1, 8, 9, 16, 64, 100, 256, 2048} {
		for _, s := range [][2]int{{768, 3072}, {1536, 80}, {48, 1536}, {1536, 768}, {77, 131}, {1, 1}, {4099, 3}} {
			compareLinear(t, b, rng, L, s[0], s[1])
		}
	}
}

// compareLinear holds a product and its gradient against float64 in a number of
// places, over matrices that stand within wider ones. One element of X is infinite
// and reaches its row of Y alone.
func compareLinear(t *testing.T, b *Backend, rng *rand.Rand, L, in, out int) {
	t.Helper()
	var free []interface{ Free() }
	defer func() {
		for _, x := range free {
			x.Free()
		}
	}()
	uniform := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = 2*rng.Float32() - 1
		}
		return x
	}
	gap := rng.IntN(5)
	put := func(rows, cols int, data []float32) scan.View {
		t.Helper()
		buf, err := b.Alloc(scan.Float32, rows*(cols+gap))
		if err != nil {
			t.Fatal(err)
		}
		free = append(free, buf)
		wide := make([]float32, buf.Len())
		for r := range rows {
			copy(wide[r*(cols+gap):], data[r*cols:(r+1)*cols])
		}
		b.Write(buf, 0, wide)
		return scan.View{Buf: buf, Stride: cols + gap}
	}
	x, w, dy := uniform(L*in), uniform(out*in), uniform(L*out)
	bias, start := uniform(out), uniform(out*in)
	infinite := rng.IntN(L)
	x[infinite*in+rng.IntN(in)] = float32(math.Inf(1))
	weight, err := b.LoadWeight(out, in, w)
	if err != nil {
		t.Fatal(err)
	}
	free = append(free, weight)
	xv, dyv, biases := put(L, in, x), put(L, out, dy), put(1, out, bias)
	once := func() (y, dx, dw []float32) {
		t.Helper()
		yv, dxv, dwv := put(L, out, dy), put(L, in, x), put(out, in, start)
		b.Linear(scan.LinearArgs{Y: yv, X: xv, W: weight, Bias: biases.Buf, L: L, Accumulate: true})
		b.LinearBackward(scan.LinearGrad{L: L, X: xv, W: weight, DY: dyv, DX: dxv, DW: dwv})
		for i, v := range []scan.View{yv, dxv, dwv} {
			got := make([]float32, v.Buf.Len())
			if err := b.Read(got, v.Buf, 0); err != nil {
				t.Fatal(err)
			}
			*[]*[]float32{&y, &dx, &dw}[i] = got
		}
		return y, dx, dw
	}
	y, dx, dw := once()
	again, dxAgain, dwAgain := once()
	check := func(name string, got, again []float32, rows, cols int, want func(r, c int) float64) {
		t.Helper()
		if !slices.EqualFunc(got, again, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }) {
			t.Errorf("%d rows, %d → %d: %s has other bits the second time", L, in, out, name)
		}
		worst, most := 0.0, 1.0 // what is added is of that size
		for range min(rows*cols, 2000) {
			r, c := rng.IntN(rows), rng.IntN(cols)
			g, v := float64(got[r*(cols+gap)+c]), want(r, c)
			if math.IsNaN(v) || math.IsInf(v, 0) {
				if g != v && !(math.IsNaN(v) && math.IsNaN(g)) {
					t.Errorf("%d rows, %d → %d: %s (%d, %d) is %v, want %v", L, in, out, name, r, c, g, v)
				}
				continue
			}
			d := math.Abs(g - v)
			if math.IsNaN(d) {
				d = math.Inf(1)
			}
			worst, most = max(worst, d), max(most, math.Abs(v))
		}
		if worst > 3e-6*most {
			t.Errorf("%d rows, %d → %d: %s is %.2g from float64", L, in, out, name, worst/most)
		}
	}
	check("Y", y, again, L, out, func(r, c int) float64 {
		sum := float64(dy[r*out+c]) + float64(bias[c])
		for i := range in {
			sum += float64(x[r*in+i]) * float64(w[c*in+i])
		}
		return sum
	})
	check("dX", dx, dxAgain, L, in, func(r, c int) (sum float64) {
		for o := range out {
			sum += float64(dy[r*out+o]) * float64(w[o*in+c])
		}
		return sum
	})
	check("dW", dw, dwAgain, out, in, func(r, c int) float64 {
		sum := float64(start[r*in+c])
		for i := range L {
			sum += float64(dy[i*out+r]) * float64(x[i*in+c])
		}
		return sum
	})
}
