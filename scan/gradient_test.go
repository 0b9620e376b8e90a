package scan_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"mamba-tui/scan"
	"mamba-tui/scan/scantest"
)

func TestGradients(t *testing.T) {
	run := func(name string, dtype scan.DType, set scan.KernelSet) {
		t.Run(name, func(t *testing.T) {
			scantest.RunDifferentiable(t, func(_ testing.TB, dtype scan.DType) scan.Differentiable {
				return scan.NewCPU(scan.Options{DType: dtype, Kernels: set})
			}, dtype)
		})
	}
	run("float64", scan.Float64, scan.BestKernels)
	for _, set := range scan.KernelSets() {
		run("float32/"+set.String(), scan.Float32, set)
	}
}

// gradients runs every backward operation of a block on a backend and gives
// all that they wrote. The sizes are worth several threads.
type gradients struct {
	b       scan.Differentiable
	written []scan.Buffer
	run     func()
}

func newGradients(t testing.TB, b scan.Differentiable) *gradients {
	t.Helper()
	const L, D, N, M, K = 200, 150, 16, 70, 4
	g := &gradients{b: b}
	rng := rand.New(rand.NewPCG(8, 1))
	buffer := func(n int, lo, hi float64) scan.Buffer {
		x, err := b.Alloc(b.DType(), n)
		if err != nil {
			t.Fatal(err)
		}
		data := make([]float32, n)
		for i := range data {
			data[i] = float32(lo + (hi-lo)*rng.Float64())
		}
		b.Write(x, 0, data)
		return x
	}
	in := func(rows, cols int) scan.View { return scan.Dense(buffer(rows*cols, -1, 1), cols) }
	out := func(rows, cols int) scan.View {
		v := in(rows, cols)
		g.written = append(g.written, v.Buf)
		return v
	}
	raw := make([]float32, 2*D*M)
	for i := range raw {
		raw[i] = float32(rng.Float64() - 0.5)
	}
	w, err := b.LoadWeight(2*D, M, raw)
	if err != nil {
		t.Fatal(err)
	}
	states := buffer(len(scan.ChunkTaps(nil, L))*D*N, -1, 1)
	norm := scan.NormGrad{L: L, Cols: M, X: in(L, M), W: buffer(M, 0, 1), DY: in(L, M), DX: out(L, M), DW: out(1, M)}
	linear := scan.LinearGrad{L: L, X: in(L, M), W: w, DY: in(L, 2*D), DX: out(L, M), DW: out(2*D, M), DBias: out(1, 2*D)}
	conv := scan.ConvGrad{L: L, D: D, K: K, X: in(L, D), W: in(D, K), Bias: buffer(D, -1, 1), SiLU: true,
		DY: in(L, D), DX: out(L, D), DW: out(D, K), DBias: out(1, D)}
	sel := scan.ScanGrad{L: L, D: D, N: N, U: in(L, D), Delta: in(L, D), Bias: buffer(D, -1, 1), Softplus: true,
		A: scan.Dense(buffer(D*N, -2, -0.1), N), B: in(L, N), C: in(L, N), Skip: buffer(D, -1, 1), Z: in(L, D), States: states,
		DY: in(L, D), DU: out(L, D), DDelta: out(L, D), DB: out(L, N), DC: out(L, N), DZ: out(L, D),
		DA: out(D, N), DBias: out(1, D), DSkip: out(1, D)}
	g.run = func() {
		b.RMSNormBackward(norm)
		b.LinearBackward(linear)
		b.ConvBackward(conv)
		b.ScanBackward(sel)
		b.UpdateWeight(w, raw)
	}
	return g
}

// TestGradientsOnThreads: the same bits on one thread and on several.
func TestGradientsOnThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(5))
	for _, set := range scan.KernelSets() {
		var want [][]float32
		for _, threads := range []int{1, 2, 3, 5} {
			g := newGradients(t, scan.NewCPU(scan.Options{Threads: threads, Kernels: set}))
			g.run()
			for k, b := range g.written {
				have := make([]float32, b.Len())
				if err := g.b.Read(have, b, 0); err != nil {
					t.Fatal(err)
				}
				if threads == 1 {
					want = append(want, have)
				} else if !slices.Equal(have, want[k]) {
					t.Errorf("%v, %d threads: gradient %d differs from that of one thread", set, threads, k)
				}
			}
		}
	}
}

// TestGradientsDoNotAllocate: after the first call, on one thread.
func TestGradientsDoNotAllocate(t *testing.T) {
	for _, set := range scan.KernelSets() {
		g := newGradients(t, scan.NewCPU(scan.Options{Threads: 1, Kernels: set}))
		if n := testing.AllocsPerRun(2, g.run); n != 0 {
			t.Errorf("%v: %v allocations a call, want 0", set, n)
		}
	}
}

func TestChunkTaps(t *testing.T) {
	const n = scan.ChunkSteps
	for _, c := range []struct {
		L    int
		want []int
	}{{0, nil}, {1, nil}, {n, nil}, {n + 1, []int{n - 1}}, {2 * n, []int{n - 1}}, {2*n + 1, []int{n - 1, 2*n - 1}}} {
		if have := scan.ChunkTaps(make([]int, 0, 4), c.L); !slices.Equal(have, c.want) {
			t.Errorf("%d steps: taps %v, want %v", c.L, have, c.want)
		}
	}
}
