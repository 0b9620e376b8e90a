package cuda

import (
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mamba-tui/cuda/kernels"
	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/scan"
	"mamba-tui/scan/scantest"
)

var (
	hardware = flag.Bool("hardware", false, "check the backend on this machine's NVIDIA device")
	ordinal  = flag.Int("device", 0, "which device -hardware checks")
)

// onDevice opens the real device, or skips.
func onDevice(t testing.TB) *Backend {
	t.Helper()
	if !*hardware {
		t.Skip("needs -hardware and an NVIDIA device")
	}
	b, err := Open(Options{Device: *ordinal})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return b
}

// mostLocal is the local memory a kernel may get from a driver's compiler, which
// is not the one the kernels were tuned with: a few registers, spilled once.
const mostLocal = 64

// TestHardwareKernels: the driver's compiler takes every kernel and gives none
// of them local memory to speak of.
func TestHardwareKernels(t *testing.T) {
	b := onDevice(t)
	i := b.Info()
	t.Logf("%s, %s, compute capability %s, %d multiprocessors, %s of memory, driver for CUDA %s",
		i.Name, i.UUID, i.Capability, i.Processors, size(i.Memory), i.Driver)
	for _, k := range i.Kernels {
		t.Logf("%-20s %3d registers, %5d bytes of static shared memory, %d bytes of local memory", k.Name, k.Registers, k.Shared, k.Local)
	}
	for _, k := range i.Kernels {
		if k.Local > mostLocal {
			t.Errorf("%s has %d bytes of local memory, at most %d are accepted", k.Name, k.Local, mostLocal)
		}
	}
}

// TestHardwareConformance is the suite of every backend.
func TestHardwareConformance(t *testing.T) {
	b := onDevice(t)
	scantest.Run(t, func(testing.TB) scan.Backend { return unclosed{b} })
}

// TestHardwareGradients is that of the backward operations.
func TestHardwareGradients(t *testing.T) {
	b := onDevice(t)
	scantest.RunDifferentiable(t, func(_ testing.TB, dtype scan.DType) scan.Differentiable {
		if dtype == scan.Float64 {
			return scan.NewCPU(scan.Options{DType: dtype})
		}
		return unclosed{b}
	}, scan.Float32)
}

// TestHardwareModel: a model of the width of mamba-130m agrees with float64.
func TestHardwareModel(t *testing.T) {
	b := onDevice(t)
	cfg := model.Config{VocabSize: 1000, DModel: 768, DInner: 1536, DState: 16, DConv: 4, DtRank: 48, NLayer: 3, Eps: 1e-5, ConvBias: true}
	for name, cfg := range map[string]model.Config{"wide": cfg, "odd": odd, "usual": usual} {
		t.Run(name, func(t *testing.T) {
			x := newSides(t, b, cfg, model.RandomWeights(cfg, 5))
			defer x.close()
			x.forward("a chunk", tokensOf(cfg, 300), model.Options{})
			x.states("after a chunk")
			resets := make([]int32, 40)
			resets[0], resets[7], resets[12] = scan.ResetState, scan.ResetState|scan.ResetConv, scan.ResetConv
			x.forward("with marks", tokensOf(cfg, 40), model.Options{Resets: resets})
			for _, id := range tokensOf(cfg, 10) {
				got, want := make([]float32, cfg.VocabSize), make([]float32, cfg.VocabSize)
				if err := x.m.Step(x.s, id, got); err != nil {
					t.Fatal(err)
				}
				if err := x.ref.Step(x.r, id, want); err != nil {
					t.Fatal(err)
				}
				if d := apart(t, got, want); d > parity {
					t.Errorf("a recorded step: logits are %.2g from float64", d)
				}
			}
			x.states("after steps")
			x.tap(tokensOf(cfg, 9))
		})
	}
}

// TestHardwareScan: every way to scan, at fresh random inputs, with outputs that
// begin as NaN, over odd and large shapes, with reset marks and taps, within
// 1e-5 of float64; a second run gives the same bits.
func TestHardwareScan(t *testing.T) {
	b := onDevice(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for _, shape := range [][3]int{
		{1, 1, 1}, {1, 1537, 16}, {7, 3, 2}, {33, 5, 16}, {64, 128, 16}, {129, 257, 16}, {513, 96, 16}, {1000, 33, 7},
		{2048, 1536, 16}, {2047, 1537, 16}, {4097, 130, 16}, {300, 64, 64}, {130, 20, 256}, {5000, 40, 24}, {16384, 64, 16},
	} {
		for _, rule := range scan.Rules() {
			if L, D, N := shape[0], shape[1], shape[2]; rule == scan.Released || L*D*N <= 1<<21 {
				compareScan(t, b, rng, L, D, N, rule)
			}
		}
	}
}

// scanKinds are the ways to scan, by name.
var scanKinds = map[kernels.ScanKind]string{kernels.ScanAuto: "the best way", kernels.ScanSerial: "serial",
	kernels.ScanLanes: "across lanes", kernels.ScanChunked: "in chunks", kernels.ScanStream: "as a stream", kernels.ScanOne: "as one step"}

// randomScan is a sequence with everything on.
func randomScan(rng *rand.Rand, L, D, N int, rule scan.Rule) *scan.Sequence {
	uniform := func(n int, lo, hi float64) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(float32(lo + (hi-lo)*rng.Float64()))
		}
		return x
	}
	decay := -4.0
	if rule == scan.Euler {
		decay = -0.5 // Δ|A| above 2 grows without bound
	}
	s := &scan.Sequence{L: L, D: D, N: N, Rule: rule, Softplus: true, U: uniform(L*D, -1, 1), Delta: uniform(L*D, -6, 1),
		Bias: uniform(D, -1, 1), A: uniform(D*N, decay, -0.05), B: uniform(L*N, -1, 1), C: uniform(L*N, -1, 1),
		Skip: uniform(D, -1, 1), Z: uniform(L*D, -2, 2), H: uniform(D*N, -1, 1), Resets: make([]int32, L)}
	for i := range s.Resets {
		if rng.IntN(100) == 0 {
			s.Resets[i] = scan.ResetState
		}
	}
	for t := 0; t < L; t += 1 + rng.IntN(L/3+1) {
		s.Taps = append(s.Taps, t)
	}
	return s
}

// compareScan runs one scan in every way, twice, and holds it against
// scan.Reference.
func compareScan(t *testing.T, b *Backend, rng *rand.Rand, L, D, N int, rule scan.Rule) {
	t.Helper()
	s := randomScan(rng, L, D, N, rule)
	want := scan.Reference(s)
	buffers := &held{t: t, b: b, dtype: scan.Float32}
	defer buffers.free()
	put, resets := buffers.put, buffers.ints(s.Resets)
	y, h, taps := put(s.U), put(s.H), put(make([]float64, len(s.Taps)*D*N))
	a := scan.ScanArgs{L: L, D: D, N: N, Rule: rule, Softplus: true,
		U: scan.Dense(put(s.U), D), Delta: scan.Dense(put(s.Delta), D), Bias: put(s.Bias), A: scan.Dense(put(s.A), N),
		B: scan.Dense(put(s.B), N), C: scan.Dense(put(s.C), N), Skip: put(s.Skip), Z: scan.Dense(put(s.Z), D), Resets: resets,
		H: scan.Dense(h, N), Y: scan.Dense(y, D), Tap: &scan.ScanTap{Steps: s.Taps, H: taps}}
	once := func(kind kernels.ScanKind) (got [3][]float32) {
		t.Helper()
		poison := func(buf scan.Buffer) {
			b.Write(buf, 0, slices.Repeat([]float32{float32(math.NaN())}, buf.Len()))
		}
		poison(y)
		poison(taps)
		b.Write(h, 0, narrow(s.H))
		b.force = kind
		b.Scan(a)
		b.force = kernels.ScanAuto
		for i, buf := range []scan.Buffer{y, h, taps} {
			got[i] = make([]float32, buf.Len())
			if err := b.Read(got[i], buf, 0); err != nil {
				t.Fatalf("L %d, D %d, N %d, %v, %s: %v", L, D, N, rule, scanKinds[kind], err)
			}
		}
		return got
	}
	for kind, name := range scanKinds {
		if kind == kernels.ScanLanes && (rule != scan.Released || N > 16) {
			continue
		}
		got, again := once(kind), once(kind)
		for i, w := range [][]float64{want.Y, want.H, want.Taps} {
			what := []string{"y", "h", "h at the taps"}[i]
			if d := apart(t, got[i], narrow(w)); !(d <= parity) {
				t.Errorf("L %d, D %d, N %d, %v, %s: %s is %.2g from float64", L, D, N, rule, name, what, d)
			}
			same := func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }
			if !slices.EqualFunc(got[i], again[i], same) {
				t.Errorf("L %d, D %d, N %d, %v, %s: %s has other bits the second time", L, D, N, rule, name, what)
			}
		}
	}
}

// held are buffers of one comparison, on a backend that computes in dtype.
type held struct {
	t     *testing.T
	b     scan.Backend
	dtype scan.DType
	all   []scan.Buffer
}

func (h *held) alloc(dtype scan.DType, n int) scan.Buffer {
	h.t.Helper()
	buf, err := h.b.Alloc(dtype, n)
	if err != nil {
		h.t.Fatal(err)
	}
	h.all = append(h.all, buf)
	return buf
}

// put is a buffer of x, which float32 holds exactly; nil stays nil.
func (h *held) put(x []float64) scan.Buffer {
	h.t.Helper()
	if x == nil {
		return nil
	}
	buf := h.alloc(h.dtype, len(x))
	h.b.Write(buf, 0, narrow(x))
	return buf
}

// ints is put of integers.
func (h *held) ints(x []int32) scan.Buffer {
	h.t.Helper()
	if x == nil {
		return nil
	}
	buf := h.alloc(scan.Int32, len(x))
	h.b.WriteInts(buf, 0, x)
	return buf
}

func (h *held) free() {
	for _, x := range h.all {
		x.Free()
	}
}

// narrow is x in float32.
func narrow(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// TestHardwareLongRun: over ten thousand tokens the device stays within 1e-4 of
// the float32 CPU backend: nothing that is rounded differently builds up.
func TestHardwareLongRun(t *testing.T) {
	b := onDevice(t)
	cfg, w, _ := task.HeaderExact()
	for name, c := range map[string]struct {
		cfg model.Config
		w   *model.Weights
	}{"header-exact": {cfg, w}, "usual": {usual, model.RandomWeights(usual, 3)}} {
		var logits [2][]float32
		for i, on := range []scan.Backend{b, scan.NewCPU(scan.Options{})} {
			m, err := model.New(on, c.cfg, c.w)
			if err != nil {
				t.Fatal(err)
			}
			s, err := m.NewState()
			if err != nil {
				t.Fatal(err)
			}
			const n = 10_000
			logits[i] = make([]float32, n*c.cfg.VocabSize)
			if err := m.Forward(s, tokensOf(c.cfg, n), model.Options{Logits: logits[i]}); err != nil {
				t.Fatal(err)
			}
			s.Free()
			m.Close()
		}
		if d := apart(t, logits[0], logits[1]); !(d <= 1e-4) {
			t.Errorf("%s: after 10,000 tokens the logits are %.2g from the CPU's", name, d)
		} else {
			t.Logf("%s: 10,000 tokens, logits within %.2g of the CPU's", name, d)
		}
	}
}
