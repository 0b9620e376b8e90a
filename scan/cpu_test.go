package scan

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// kit makes buffers for the tests of one backend.
type kit struct {
	t   testing.TB
	c   *CPU
	set KernelSet
	rng *rand.Rand
}

func newKit(t testing.TB, o Options) *kit {
	return &kit{t, NewCPU(o), o.Kernels, rand.New(rand.NewPCG(7, uint64(o.DType)))}
}

// buffer holds n random numbers in [lo, hi).
func (k *kit) buffer(n int, lo, hi float32) Buffer {
	k.t.Helper()
	b, err := k.c.Alloc(k.c.DType(), n)
	if err != nil {
		k.t.Fatal(err)
	}
	x := make([]float32, n)
	for i := range x {
		x[i] = lo + (hi-lo)*k.rng.Float32()
	}
	k.c.Write(b, 0, x)
	return b
}

// marks holds L reset marks, one in eight steps set.
func (k *kit) marks(L int) Buffer {
	k.t.Helper()
	b, err := k.c.Alloc(Int32, L)
	if err != nil {
		k.t.Fatal(err)
	}
	x := make([]int32, L)
	for i := range x {
		if k.rng.IntN(8) == 0 {
			x[i] = ResetState | ResetConv
		}
	}
	k.c.WriteInts(b, 0, x)
	return b
}

// read is all of b.
func (k *kit) read(b Buffer) []float64 {
	k.t.Helper()
	x := make([]float64, b.Len())
	if err := k.c.ReadFloat64(x, b, 0); err != nil {
		k.t.Fatal(err)
	}
	return x
}

// scanArgs is a scan with every option.
func (k *kit) scanArgs(L, D, N int) ScanArgs {
	return ScanArgs{L: L, D: D, N: N, Softplus: true,
		U: Dense(k.buffer(L*D, -1, 1), D), Delta: Dense(k.buffer(L*D, -5, 2), D), Bias: k.buffer(D, -1, 1),
		A: Dense(k.buffer(D*N, -8, -0.1), N), B: Dense(k.buffer(L*N, -1, 1), N), C: Dense(k.buffer(L*N, -1, 1), N),
		Skip: k.buffer(D, -1, 1), Z: Dense(k.buffer(L*D, -2, 2), D), H: Dense(k.buffer(D*N, -1, 1), N),
		Resets: k.marks(L), Y: Dense(k.buffer(L*D, 0, 0), D)}
}

// convArgs is a convolution with every option.
func (k *kit) convArgs(L, D, K int) ConvArgs {
	return ConvArgs{L: L, D: D, K: K, SiLU: true,
		Y: Dense(k.buffer(L*D, 0, 0), D), X: Dense(k.buffer(L*D, -1, 1), D), W: Dense(k.buffer(D*K, -1, 1), K),
		Bias: k.buffer(D, -1, 1), Window: Dense(k.buffer((K-1)*D, -1, 1), D), Resets: k.marks(L)}
}

// linearArgs is a Linear with every option.
func (k *kit) linearArgs(L, out, in int) LinearArgs {
	k.t.Helper()
	w := make([]float32, out*in)
	for i := range w {
		w[i] = 2*k.rng.Float32() - 1
	}
	weight, err := k.c.LoadWeight(out, in, w)
	if err != nil {
		k.t.Fatal(err)
	}
	return LinearArgs{L: L, Y: Dense(k.buffer(L*out, 0, 1), out), X: Dense(k.buffer(L*in, -1, 1), in),
		W: weight, Bias: k.buffer(out, -1, 1), Accumulate: true}
}

func TestCPUNames(t *testing.T) {
	for dtype, want := range map[DType]string{Float32: "cpu generic f32", Float64: "cpu generic f64"} {
		c := NewCPU(Options{DType: dtype, Kernels: Generic})
		if c.Name() != want || c.DType() != dtype {
			t.Errorf("NewCPU(%v) is %q of %v, want %q", dtype, c.Name(), c.DType(), want)
		}
		var _ Backend = c
	}
	mustPanic(t, "NewCPU(Int32)", func() { NewCPU(Options{DType: Int32}) })
	if Float64.Size() != 8 || Float32.Size() != 4 || Int32.Size() != 4 || DType(9).String() != "unknown" {
		t.Error("sizes or names of dtypes are wrong")
	}
	if _, err := NewCPU(Options{}).Alloc(9, 1); err == nil {
		t.Error("Alloc of dtype 9 gave no error")
	}
	_, err := NewCPU(Options{}).LoadWeight(2, 3, make([]float32, 5))
	if err == nil || !strings.Contains(err.Error(), "5") || !strings.Contains(err.Error(), "6") {
		t.Errorf("LoadWeight with 5 of 6 values: %v, want an error with both numbers", err)
	}
	if _, err := NewCPU(Options{}).LoadWeight(-1, 3, nil); err == nil {
		t.Error("LoadWeight(−1, 3) gave no error")
	}
}

// TestThreads: results are the same to the bit for any number of goroutines,
// in sizes that really are shared out.
func TestThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(7))
	for _, o := range backends() {
		type result struct{ y, h, conv, window, few, many []float64 }
		run := func(threads int) result {
			o.Threads = threads
			k := newKit(t, o)
			s, c := k.scanArgs(31, 211, 16), k.convArgs(67, 1111, 4)
			few, many := k.linearArgs(2, 515, 515), k.linearArgs(64, 67, 129)
			if got := k.c.backend; o.DType == Float32 && threads > 1 && got.(*cpu[float32]).share(8*31*211*16) < 2 {
				t.Fatal("the scan of this test is too small to be shared")
			}
			k.c.Scan(s)
			k.c.Conv(c)
			k.c.Linear(few)
			k.c.Linear(many)
			return result{k.read(s.Y.Buf), k.read(s.H.Buf), k.read(c.Y.Buf), k.read(c.Window.Buf),
				k.read(few.Y.Buf), k.read(many.Y.Buf)}
		}
		want := run(1)
		for _, threads := range []int{2, 3, 7, 0} {
			got := run(threads)
			if !slices.Equal(got.y, want.y) || !slices.Equal(got.h, want.h) {
				t.Errorf("%s: Scan on %d threads differs from one", o.name(), threads)
			}
			if !slices.Equal(got.conv, want.conv) || !slices.Equal(got.window, want.window) {
				t.Errorf("%s: Conv on %d threads differs from one", o.name(), threads)
			}
			if !slices.Equal(got.few, want.few) || !slices.Equal(got.many, want.many) {
				t.Errorf("%s: Linear on %d threads differs from one", o.name(), threads)
			}
		}
	}
}

// TestShare: small work stays on one goroutine, large work never takes more
// than there are threads or processors.
func TestShare(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	for _, c := range []struct{ threads, work, want int }{
		{4, 0, 1}, {4, parallelWork, 1}, {4, 2 * parallelWork, 2}, {4, 1 << 40, 4}, {1, 1 << 40, 1}, {9, 1 << 40, 4},
	} {
		b := NewCPU(Options{Threads: c.threads}).backend.(*cpu[float32])
		if got := b.share(c.work); got != c.want {
			t.Errorf("%d threads share work of %d by %d, want %d", c.threads, c.work, got, c.want)
		}
	}
}

// covered remembers which elements were run, and panics at one of them.
type covered struct {
	times []int32
	bad   int
}

func (c *covered) run(from, to int) {
	for i := from; i < to; i++ {
		if i == c.bad {
			panic("scan: element")
		}
		c.times[i]++ // parts do not overlap, or the race detector says so
	}
}

// TestSplit: every element exactly once, for any number, grain and parts; a
// panic in a worker reaches the caller.
func TestSplit(t *testing.T) {
	for _, n := range []int{0, 1, 2, 15, 16, 17, 100} {
		for _, grain := range []int{1, 16, 64} {
			for _, parts := range []int{1, 2, 3, 8} {
				c := &covered{times: make([]int32, n), bad: -1}
				newTestPool(t, parts).split(c, n, grain, parts)
				for i, k := range c.times {
					if k != 1 {
						t.Fatalf("n %d, grain %d, parts %d: element %d ran %d times", n, grain, parts, i, k)
					}
				}
			}
		}
	}
	for _, bad := range []int{0, 5, 9} {
		mustPanic(t, "a panic in a part", func() {
			newTestPool(t, 3).split(&covered{times: make([]int32, 10), bad: bad}, 10, 1, 3)
		})
	}
}

// TestStepAllocatesNothing: one token through every operation.
func TestStepAllocatesNothing(t *testing.T) {
	for _, o := range backends() {
		k := newKit(t, o)
		s, c, l := k.scanArgs(1, 64, 16), k.convArgs(1, 64, 4), k.linearArgs(1, 128, 32)
		s.Tap = &ScanTap{Steps: []int{0}, H: k.buffer(64*16, 0, 0)}
		x, w := k.buffer(64, -1, 1), k.buffer(64, -1, 1)
		ids, err := k.c.Alloc(Int32, 1)
		if err != nil {
			t.Fatal(err)
		}
		host, out, id := make([]float32, 64), make([]float32, 64), []int32{3}
		step := func() {
			k.c.WriteInts(ids, 0, id)
			k.c.Write(x, 0, host)
			k.c.Embed(Dense(x, 4), Dense(w, 4), ids, 1, 4)
			k.c.RMSNorm(Dense(x, 64), Dense(x, 64), w, 1, 64, 1e-5)
			k.c.Linear(l)
			k.c.Conv(c)
			k.c.Softplus(Dense(x, 64), Dense(x, 64), w, 1, 64)
			k.c.Scan(s)
			k.c.Copy(Dense(x, 64), Dense(w, 64), 1, 64)
			k.c.Broadcast(Dense(x, 8), w, 8, 8)
			if err := k.c.Read(out, x, 0); err != nil {
				t.Fatal(err)
			}
		}
		step() // the row of zeros of Conv is made once
		if n := testing.AllocsPerRun(100, step); n != 0 {
			t.Errorf("%s: a step allocates %v times", o.name(), n)
		}
	}
}

// TestMisuse: what only a host backend can see.
func TestMisuse(t *testing.T) {
	k := newKit(t, Options{})
	ids, err := k.c.Alloc(Int32, 2)
	if err != nil {
		t.Fatal(err)
	}
	table, dst := Dense(k.buffer(12, 0, 1), 4), k.buffer(8, 5, 5)
	for _, bad := range []int32{-1, 3, math.MaxInt32} {
		k.c.WriteInts(ids, 0, []int32{0, bad})
		mustPanic(t, "an id outside the table", func() { k.c.Embed(Dense(dst, 4), table, ids, 2, 4) })
	}
	for _, v := range k.read(dst) {
		if v != 5 {
			t.Fatalf("Embed wrote %v before it saw the bad id", v)
		}
	}
	freed := k.buffer(8, 0, 1)
	freed.Free()
	mustPanic(t, "a freed buffer", func() { k.c.Copy(Dense(freed, 4), table, 1, 4) })
	l := k.linearArgs(1, 3, 3)
	l.W.Free()
	mustPanic(t, "a freed weight", func() { k.c.Linear(l) })
	f64 := newKit(t, Options{DType: Float64}).linearArgs(1, 3, 3)
	l.W = f64.W
	mustPanic(t, "a weight of another backend", func() { k.c.Linear(l) })
	mustPanic(t, "Read past the end", func() { _ = k.c.Read(make([]float32, 9), dst, 0) })
	mustPanic(t, "Read of nothing", func() { _ = k.c.Read(make([]float32, 1), nil, 0) })
	mustPanic(t, "a view that overflows int", func() {
		k.c.Copy(Dense(dst, 4), View{Buf: dst, Off: math.MaxInt, Stride: 4}, 1, 4)
	})
	if err := k.c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// FuzzScan: any shape, any rule, any numbers: float32 stays within 1e-5 of the
// reference, by the scale of what went through the state (what is left at the
// end may be a small difference of large terms), and one call is two calls to
// the bit.
func FuzzScan(f *testing.F) {
	for rule := range uint8(numRules) {
		f.Add(uint64(rule), uint8(5), uint8(3), uint8(2), rule, uint8(2))
		f.Add(uint64(rule)+9, uint8(1), uint8(17), uint8(16), rule, uint8(0))
		f.Add(uint64(rule)+99, uint8(33), uint8(1), uint8(1), rule, uint8(30))
		f.Add(uint64(61), uint8(20), uint8(0), uint8(0), rule, uint8(0)) // h nearly cancels
	}
	f.Fuzz(func(t *testing.T, seed uint64, l, d, n, r, at uint8) {
		L, D, N := int(l%40), 1+int(d%40), 1+int(n%20)
		rng := rand.New(rand.NewPCG(seed, 0))
		s := sequence(rng, Rule(r)%numRules, L, D, N)
		for _, x := range [][]float64{s.U, s.Delta, s.Bias, s.A, s.B, s.C, s.Skip, s.Z, s.H} {
			for i := range x {
				x[i] = float64(float32(x[i]))
			}
		}
		for t := range L {
			s.Taps = append(s.Taps, t)
		}
		for _, set := range KernelSets() {
			c := NewCPU(Options{Kernels: set})
			load := func(x []float64, cols int) View {
				b, _ := c.Alloc(Float32, len(x))
				y := make([]float32, len(x))
				for i, v := range x {
					y[i] = float32(v)
				}
				c.Write(b, 0, y)
				return Dense(b, cols)
			}
			args := ScanArgs{L: L, D: D, N: N, Rule: s.Rule, Softplus: true,
				U: load(s.U, D), Delta: load(s.Delta, D), Bias: load(s.Bias, D).Buf, A: load(s.A, N),
				B: load(s.B, N), C: load(s.C, N), Skip: load(s.Skip, D).Buf, Z: load(s.Z, D),
				H: load(s.H, N), Y: load(make([]float64, L*D), D)}
			two := args
			two.H, two.Y = load(s.H, N), load(make([]float64, L*D), D)
			c.Scan(args)
			want := Reference(s)
			scale := 1.0
			for _, v := range append(append(want.Taps, want.Y...), s.H...) {
				scale = max(scale, math.Abs(v))
			}
			for name, pair := range map[string][2][]float64{
				"y": {hostFloats(c, args.Y.Buf), want.Y}, "h": {hostFloats(c, args.H.Buf), want.H}} {
				if off := worst(pair[0], pair[1]); !(off <= 1e-5*scale) {
					t.Fatalf("%v: %v, L %d, D %d, N %d: %s is %g off at a scale of %g", set, s.Rule, L, D, N, name, off, scale)
				}
			}
			cut := int(at) % (L + 1)
			rest := two
			two.L, rest.L = cut, L-cut
			rest.U, rest.Delta, rest.Z, rest.Y = two.U.Row(cut), two.Delta.Row(cut), two.Z.Row(cut), two.Y.Row(cut)
			rest.B, rest.C = two.B.Row(cut), two.C.Row(cut)
			c.Scan(two)
			c.Scan(rest)
			if !slices.Equal(hostFloats(c, two.Y.Buf), hostFloats(c, args.Y.Buf)) ||
				!slices.Equal(hostFloats(c, two.H.Buf), hostFloats(c, args.H.Buf)) {
				t.Fatalf("%v: %v, L %d, D %d, N %d: cut at %d gives other bits", set, s.Rule, L, D, N, cut)
			}
		}
	})
}

// hostFloats is all of b.
func hostFloats(c *CPU, b Buffer) []float64 {
	x := make([]float64, b.Len())
	if err := c.ReadFloat64(x, b, 0); err != nil {
		panic(err)
	}
	return x
}
