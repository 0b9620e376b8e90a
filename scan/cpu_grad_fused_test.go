package scan

import (
	"math"
	"slices"
	"testing"
)

// gradTrial is a ScanBackward with options and strides left to chance. The
// numbers are drawn from k.rng alone, so two kits give the same trial.
func (k *kit) gradTrial(L, D, N int) ScanGrad {
	view := func(rows, cols int, lo, hi float32) View {
		return k.wider(Dense(k.buffer(rows*cols, lo, hi), cols), rows, cols)
	}
	g := ScanGrad{L: L, D: D, N: N, Softplus: true,
		U: view(L, D, -1, 1), Delta: view(L, D, -4, 1), Bias: k.buffer(D, -0.5, 0.5),
		A: view(D, N, -1.5, -0.1), B: view(L, N, -1, 1), C: view(L, N, -1, 1), Skip: k.buffer(D, -1, 1), Z: view(L, D, -2, 2),
		H0: view(D, N, -1, 1), States: k.buffer(len(ChunkTaps(nil, L))*D*N, -1, 1),
		DY: view(L, D, -1, 1), DH: view(D, N, -1, 1), DU: view(L, D, 0, 0), DDelta: view(L, D, 0, 0),
		DB: view(L, N, 0, 0), DC: view(L, N, 0, 0), DZ: view(L, D, 0, 0),
		DA: view(D, N, -1, 1), DBias: view(1, D, -1, 1), DSkip: view(1, D, -1, 1), Resets: k.marks(L)}
	switch k.rng.IntN(6) {
	case 0:
		g.Softplus, g.Bias, g.Delta = false, nil, view(L, D, 0.01, 1.5)
	case 1:
		g.Z, g.DZ = View{}, View{}
	case 2:
		g.Skip, g.DSkip, g.Bias, g.DBias = nil, View{}, nil, View{}
	case 3:
		g.H0, g.DH, g.Resets = View{}, View{}, nil
	}
	return g
}

// outputs is all that a ScanBackward writes.
func (k *kit) outputs(g ScanGrad) map[string][]float64 {
	L, D, N := g.L, g.D, g.N
	return map[string][]float64{"dU": k.dense(g.DU, L, D), "dΔ": k.dense(g.DDelta, L, D), "dB": k.dense(g.DB, L, N),
		"dC": k.dense(g.DC, L, N), "dZ": k.dense(g.DZ, L, D), "dA": k.dense(g.DA, D, N), "dH": k.dense(g.DH, D, N),
		"dBias": k.dense(g.DBias, 1, D), "dSkip": k.dense(g.DSkip, 1, D)}
}

// TestScanBackwardAgainstFloat64: every set gives the gradients of the oracle,
// at every border of channels, states and chunks.
func TestScanBackwardAgainstFloat64(t *testing.T) {
	for _, set := range KernelSets() {
		for i := range 120 {
			k, oracle := newKit(t, Options{Kernels: set}), newKit(t, Options{DType: Float64})
			L, D, N := shape(k.rng)
			for range i { // another shape each time, the same for both
				L, D, N = shape(k.rng)
			}
			k.rng, oracle.rng = seeded(i), seeded(i)
			g, want := k.gradTrial(L, D, N), oracle.gradTrial(L, D, N)
			k.c.ScanBackward(g)
			oracle.c.ScanBackward(want)
			have := k.outputs(g)
			for name, w := range oracle.outputs(want) {
				scale := 1.0
				for _, v := range w {
					scale = max(scale, math.Abs(v))
				}
				if off := worst(have[name], w); !(off <= 1e-5*scale) {
					t.Fatalf("%v, L %d, D %d, N %d: %s is %g off at a scale of %g", set, L, D, N, name, off, scale)
				}
			}
		}
	}
}

// TestScanBackwardSelects: at a reset nothing of the old state is an operand: a
// NaN before it reaches neither the gradients after it nor those of B and C at
// it, and the channel beside it not at all.
func TestScanBackwardSelects(t *testing.T) {
	const L, D, N, at = 70, 20, 16, 40
	for _, o := range backends() {
		run := func(bad float64) map[string][]float64 {
			k := newKit(t, o)
			g := k.gradTrial(L, D, N)
			g.H0, g.Softplus, g.Bias, g.Delta = Dense(k.buffer(D*N, 0, 1), N), false, nil, Dense(k.buffer(L*D, 0.1, 1), D)
			g.Resets = k.marks(L)
			marks := make([]int32, L)
			marks[at] = ResetState
			k.c.WriteInts(g.Resets, 0, marks)
			u := k.dense(g.U, L, D)
			u[(at-1)*D+3] = bad
			k.restore(g.U, u, L, D)
			k.c.ScanBackward(g)
			return k.outputs(g)
		}
		clean, dirty := run(0), run(math.NaN())
		for _, name := range []string{"dU", "dΔ", "dZ"} {
			for i, v := range clean[name] {
				if i/D >= at || i%D != 3 {
					if !same([]float64{v}, dirty[name][i:i+1]) {
						t.Fatalf("%s: a NaN in channel 3 before the reset changed %s of step %d, channel %d", o.name(), name, i/D, i%D)
					}
				}
			}
		}
		for _, name := range []string{"dB", "dC"} {
			if !same(clean[name][at*N:], dirty[name][at*N:]) {
				t.Fatalf("%s: a NaN before the reset changed %s after it", o.name(), name)
			}
		}
		if !slices.ContainsFunc(dirty["dC"], func(v float64) bool { return v != v }) {
			t.Fatalf("%s: the NaN was seen nowhere", o.name())
		}
	}
}

// TestRowsBackwardAgainstFloat64: the same for the convolution and RMSNorm.
func TestRowsBackwardAgainstFloat64(t *testing.T) {
	for _, set := range KernelSets() {
		for i := range 200 {
			k, oracle := newKit(t, Options{Kernels: set}), newKit(t, Options{DType: Float64})
			k.rng, oracle.rng = seeded(i), seeded(i)
			have, want := k.rowsBackward(), oracle.rowsBackward()
			for name, w := range want {
				scale := 1.0
				for _, v := range w {
					scale = max(scale, math.Abs(v))
				}
				if off := worst(have[name], w); !(off <= 1e-5*scale) {
					t.Fatalf("%v, trial %d: %s of %d values is %g off at a scale of %g", set, i, name, len(w), off, scale)
				}
			}
		}
	}
}

// rowsBackward makes a ConvBackward and an RMSNormBackward with options and
// strides left to chance.
func (k *kit) rowsBackward() map[string][]float64 {
	L, D, _ := shape(k.rng)
	K := []int{4, 4, 4, 3, 1}[k.rng.IntN(5)]
	view := func(rows, cols int) View { return k.wider(Dense(k.buffer(rows*cols, -1, 1), cols), rows, cols) }
	c := ConvGrad{L: L, D: D, K: K, SiLU: k.rng.IntN(3) > 0, X: view(L, D), W: view(D, K), Bias: k.buffer(D, -1, 1),
		Window: view(K-1, D), Resets: k.marks(L), DY: view(L, D), DX: view(L, D), DW: view(D, K), DBias: view(1, D)}
	switch k.rng.IntN(4) {
	case 0:
		c.Resets = nil
	case 1:
		c.Bias, c.DBias = nil, View{}
	case 2:
		c.Window = View{}
	}
	k.c.ConvBackward(c)
	n := NormGrad{L: L, Cols: D, Eps: 1e-5, X: view(L, D), W: k.buffer(D, -1, 1), DY: view(L, D), DX: view(L, D),
		Accumulate: k.rng.IntN(2) == 0, DW: view(1, D)}
	k.c.RMSNormBackward(n)
	return map[string][]float64{"dX of Conv": k.dense(c.DX, L, D), "dW of Conv": k.dense(c.DW, D, K),
		"dBias of Conv": k.dense(c.DBias, 1, D), "dX of RMSNorm": k.dense(n.DX, L, D), "dW of RMSNorm": k.dense(n.DW, 1, D)}
}
