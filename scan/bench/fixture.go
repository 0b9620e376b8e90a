package bench

import (
	"math/rand/v2"

	"mamba-tui/scan"
)

// fixture makes the operands of operations on a backend and frees them all.
type fixture struct {
	be      scan.Backend
	rng     *rand.Rand
	buffers []scan.Buffer
	weights []scan.Weight
	err     error // the first failure
}

func newFixture(be scan.Backend) *fixture {
	return &fixture{be: be, rng: rand.New(rand.NewPCG(2312, 752))}
}

// free gives everything back.
func (f *fixture) free() {
	for _, b := range f.buffers {
		b.Free()
	}
	for _, w := range f.weights {
		w.Free()
	}
}

// uniform is n numbers in [lo, hi), of which a block repeats: numbers must not
// take longer to make than to use.
func (f *fixture) uniform(n int, lo, hi float32) []float32 {
	x := make([]float32, n)
	const block = 1 << 16
	for i := range x[:min(n, block)] {
		x[i] = lo + (hi-lo)*f.rng.Float32()
	}
	for i := block; i < n; i += block {
		copy(x[i:], x[:block])
	}
	return x
}

// alloc is n zeros.
func (f *fixture) alloc(n int) scan.Buffer {
	if f.err != nil {
		return nil
	}
	b, err := f.be.Alloc(f.be.DType(), n)
	if err != nil {
		f.err = err
		return nil
	}
	f.buffers = append(f.buffers, b)
	return b
}

// buffer is n numbers in [lo, hi).
func (f *fixture) buffer(n int, lo, hi float32) scan.Buffer {
	b := f.alloc(n)
	if b != nil {
		f.be.Write(b, 0, f.uniform(n, lo, hi))
	}
	return b
}

// matrix is a buffer as rows of cols.
func (f *fixture) matrix(rows, cols int, lo, hi float32) scan.View {
	return scan.Dense(f.buffer(rows*cols, lo, hi), cols)
}

// weight is random weights of the size that a layer starts with.
func (f *fixture) weight(out, in int) scan.Weight {
	if f.err != nil {
		return nil
	}
	w, err := f.be.LoadWeight(out, in, f.uniform(out*in, -0.05, 0.05))
	if err != nil {
		f.err = err
		return nil
	}
	f.weights = append(f.weights, w)
	return w
}

// scan is a scan with softplus, bias, D and gate, as a Mamba block has it: Δ
// between 0.001 and 0.1, A from −1 to −N.
func (f *fixture) scan(L, D, N int) scan.ScanArgs {
	a := scan.ScanArgs{L: L, D: D, N: N, Softplus: true,
		U: f.matrix(L, D, -1, 1), Delta: f.matrix(L, D, -1, 1), Bias: f.buffer(D, -6.9, -2.3),
		A: scan.Dense(f.alloc(D*N), N), B: f.matrix(L, N, -1, 1), C: f.matrix(L, N, -1, 1),
		Skip: f.buffer(D, 0.5, 1.5), Z: f.matrix(L, D, -2, 2), H: scan.Dense(f.alloc(D*N), N),
		Y: scan.Dense(f.alloc(L*D), D)}
	if f.err == nil {
		decay := make([]float32, D*N)
		for i := range decay {
			decay[i] = -float32(1 + i%N)
		}
		f.be.Write(a.A.Buf, 0, decay)
	}
	return a
}

// everyState is a tap of h at every step.
func (f *fixture) everyState(L, D, N int) *scan.ScanTap {
	steps := make([]int, L)
	for t := range steps {
		steps[t] = t
	}
	return &scan.ScanTap{Steps: steps, H: f.alloc(L * D * N)}
}
