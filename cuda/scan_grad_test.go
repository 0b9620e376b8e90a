package cuda

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mamba-tui/scan"
)

// TestScanGradientShapes: the gradient of a scan is float64's, twice with the same
// bits, on the interpreter: for whole blocks and for parts of one.
func TestScanGradientShapes(t *testing.T) {
	b := simulated(t)
	rng := rand.New(rand.NewPCG(15, 16))
	for _, s := range [][3]int{{1, 3, 16}, {70, 64, 16}, {45, 33, 12}} {
		compareScanGradient(t, b, rng, s[0], s[1], s[2])
	}
}

// TestHardwareScanGradient: the same at the sizes of models, where time is cut into
// chunks of every kind, and at odd ones.
func TestHardwareScanGradient(t *testing.T) {
	b := onDevice(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for _, s := range [][3]int{
		{1, 1, 16}, {7, 64, 16}, {256, 128, 16}, {1024, 128, 16}, {4096, 128, 16}, {1024, 768, 16}, {256, 1536, 16}, {2048, 1536, 16},
		{2047, 1540, 16}, {700, 130, 16}, {333, 70, 12}, {3000, 96, 9}, {129, 2560, 16}, {500, 40, 5}, {300, 24, 40}, {20000, 64, 16},
	} {
		compareScanGradient(t, b, rng, s[0], s[1], s[2])
	}
}

// compareScanGradient holds ScanBackward against the float64 CPU: with everything
// on, and with nothing but the scan.
func compareScanGradient(t *testing.T, b *Backend, rng *rand.Rand, L, D, N int) {
	t.Helper()
	for _, bare := range []bool{false, true} {
		s := randomScan(rng, L, D, N, scan.Released)
		s.Taps = scan.ChunkTaps(nil, L)
		if bare {
			s.Softplus, s.Bias, s.Skip, s.Z, s.H, s.Resets = false, nil, nil, nil, nil, nil
			for i, v := range s.Delta {
				s.Delta[i] = float64(float32(math.Exp(v)))
			}
		}
		states := scan.Reference(s).Taps
		var given [5][]float64 // dY, dH, and what the gradients of A, bias and skip begin as
		for i, n := range []int{L * D, D * N, D * N, D, D} {
			given[i] = make([]float64, n)
			for k := range given[i] {
				given[i][k] = float64(2*rng.Float32() - 1)
			}
		}
		cpu := scan.NewCPU(scan.Options{DType: scan.Float64})
		want := gradientOf(t, cpu, s, states, given)
		got, again := gradientOf(t, b, s, states, given), gradientOf(t, b, s, states, given)
		for name, w := range want {
			if d := apart(t, got[name], w); !(d <= parity) {
				t.Errorf("L %d, D %d, N %d, bare %v: %s is %.2g from float64", L, D, N, bare, name, d)
			}
			if !slices.EqualFunc(got[name], again[name], func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }) {
				t.Errorf("L %d, D %d, N %d, bare %v: %s has other bits the second time", L, D, N, bare, name)
			}
		}
	}
}

// gradientOf is what ScanBackward of s gives on a backend, by name. What it writes
// begins as NaN.
func gradientOf(t *testing.T, b scan.Differentiable, s *scan.Sequence, states []float64, given [5][]float64) map[string][]float32 {
	t.Helper()
	buffers := &held{t: t, b: b, dtype: scan.Float32}
	if _, ok := b.(*scan.CPU); ok {
		buffers.dtype = scan.Float64
	}
	defer buffers.free()
	put := buffers.put
	view := func(x []float64, cols int) (v scan.View) {
		if x != nil {
			v = scan.Dense(put(x), cols)
		}
		return v
	}
	blank := func(rows, cols int) scan.View { return view(slices.Repeat([]float64{math.NaN()}, rows*cols), cols) }
	L, D, N := s.L, s.D, s.N
	a := scan.ScanGrad{L: L, D: D, N: N, Rule: s.Rule, Softplus: s.Softplus, U: view(s.U, D), Delta: view(s.Delta, D), Bias: put(s.Bias),
		A: view(s.A, N), B: view(s.B, N), C: view(s.C, N), Skip: put(s.Skip), Z: view(s.Z, D), Resets: buffers.ints(s.Resets), H0: view(s.H, N), DY: view(given[0], D),
		DU: blank(L, D), DDelta: blank(L, D), DB: blank(L, N), DC: blank(L, N), DA: view(given[2], N)}
	if len(states) > 0 {
		a.States = put(states)
	}
	all := map[string]scan.View{"dU": a.DU, "dΔ": a.DDelta, "dB": a.DB, "dC": a.DC, "dA": a.DA}
	if s.H != nil {
		a.DH = view(given[1], N)
		all["dH"] = a.DH
	}
	if s.Z != nil {
		a.DZ = blank(L, D)
		all["dZ"] = a.DZ
	}
	if s.Bias != nil {
		a.DBias, a.DSkip = view(given[3], D), view(given[4], D)
		all["dBias"], all["dSkip"] = a.DBias, a.DSkip
	}
	b.ScanBackward(a)
	got := map[string][]float32{}
	for name, v := range all {
		x := make([]float32, v.Buf.Len())
		if err := b.Read(x, v.Buf, 0); err != nil {
			t.Fatalf("L %d, D %d, N %d: %v", L, D, N, err)
		}
		got[name] = x
	}
	return got
}
