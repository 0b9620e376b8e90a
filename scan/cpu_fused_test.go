package scan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// backends are the CPU backends of this machine: every kernel set in float32,
// and the oracle.
func backends() []Options {
	list := []Options{{DType: Float64}}
	for _, set := range KernelSets() {
		list = append(list, Options{Kernels: set})
	}
	return list
}

// seeded is a source of numbers of its own for trial i.
func seeded(i int) *rand.Rand { return rand.New(rand.NewPCG(11, uint64(i))) }

// name is what a test calls an Options.
func (o Options) name() string { return fmt.Sprintf("%v/%v", o.DType, o.Kernels) }

// shapes around every border: of registers (8, 16), of what a kernel looks
// ahead (16), of single steps (4), of a tile of steps and of channels (64).
var (
	someL = []int{1, 2, 3, 4, 5, 7, 15, 16, 17, 33, 63, 64, 65, 70}
	someD = []int{1, 2, 3, 7, 8, 9, 15, 16, 17, 23, 24, 31, 32, 33, 40, 63, 64, 65, 70, 129}
	someN = []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20, 31, 32, 33}
)

// shape draws one of the shapes.
func shape(rng *rand.Rand) (L, D, N int) {
	N = someN[rng.IntN(len(someN))]
	if rng.IntN(3) == 0 {
		N = 16
	}
	return someL[rng.IntN(len(someL))], someD[rng.IntN(len(someD))], N
}

// wider gives the View rows that lie further apart than they are wide, at an
// odd offset.
func (k *kit) wider(v View, rows, cols int) View {
	k.t.Helper()
	if rows*cols == 0 {
		return v
	}
	w := View{Off: 1 + k.rng.IntN(3), Stride: cols + k.rng.IntN(20)}
	b, err := k.c.Alloc(k.c.DType(), w.Off+rows*w.Stride)
	if err != nil {
		k.t.Fatal(err)
	}
	w.Buf = b
	k.c.Copy(w, v, rows, cols)
	return w
}

// trial is a scan with options and strides left to chance.
func (k *kit) trial(rule Rule, L, D, N int) ScanArgs {
	a := k.scanArgs(L, D, N)
	a.Rule = rule
	a.A = Dense(k.buffer(D*N, -1.2, -0.05), N)
	for _, v := range []struct {
		at         *View
		rows, cols int
	}{{&a.U, L, D}, {&a.Delta, L, D}, {&a.Z, L, D}, {&a.A, D, N}, {&a.B, L, N}, {&a.C, L, N}, {&a.H, D, N}, {&a.Y, L, D}} {
		*v.at = k.wider(*v.at, v.rows, v.cols)
	}
	if k.rng.IntN(4) == 0 {
		a.Z = View{}
	}
	if k.rng.IntN(4) == 0 {
		a.Skip = nil
	}
	if k.rng.IntN(4) == 0 {
		a.Bias = nil
	}
	if k.rng.IntN(4) == 0 {
		a.Softplus, a.Bias = false, nil
		a.Delta = k.wider(Dense(k.buffer(L*D, 0.01, 1.5), D), L, D)
	}
	if k.rng.IntN(2) == 0 {
		a.Resets = nil
	}
	a.Tap = &ScanTap{}
	for t := range L {
		if k.rng.IntN(3) == 0 {
			a.Tap.Steps = append(a.Tap.Steps, t)
		}
	}
	a.Tap.H = k.buffer(len(a.Tap.Steps)*D*N, 0, 0)
	return a
}

// dense reads rows × cols elements of a view.
func (k *kit) dense(v View, rows, cols int) []float64 {
	k.t.Helper()
	if rows*cols == 0 || v.Absent() {
		return nil
	}
	x := make([]float64, 0, rows*cols)
	row := make([]float64, cols)
	for r := range rows {
		if err := k.c.ReadFloat64(row, v.Buf, v.Off+r*v.Stride); err != nil {
			k.t.Fatal(err)
		}
		x = append(x, row...)
	}
	return x
}

// ints reads an Int32 buffer.
func (k *kit) ints(b Buffer) []int32 {
	if b == nil {
		return nil
	}
	return slices.Clone(b.(*hostBuffer[int32]).data)
}

// asSequence is the scan for Reference.
func (k *kit) asSequence(a ScanArgs) *Sequence {
	vector := func(b Buffer) []float64 {
		if b == nil {
			return nil
		}
		return k.read(b)
	}
	return &Sequence{L: a.L, D: a.D, N: a.N, Rule: a.Rule, Softplus: a.Softplus,
		U: k.dense(a.U, a.L, a.D), Delta: k.dense(a.Delta, a.L, a.D), Bias: vector(a.Bias), A: k.dense(a.A, a.D, a.N),
		B: k.dense(a.B, a.L, a.N), C: k.dense(a.C, a.L, a.N), Skip: vector(a.Skip), Z: k.dense(a.Z, a.L, a.D),
		H: k.dense(a.H, a.D, a.N), Resets: k.ints(a.Resets), Taps: a.Tap.Steps}
}

// TestScanAgainstReference: shapes around every border, any rule, options and
// strides: within 1e-5 of the reference by the scale of what goes through the
// state.
func TestScanAgainstReference(t *testing.T) {
	for _, o := range backends() {
		t.Run(o.name(), func(t *testing.T) {
			k := newKit(t, o)
			tolerance := 1e-5
			if o.DType == Float64 {
				tolerance = 1e-12
			}
			for i := range 300 {
				L, D, N := shape(k.rng)
				a := k.trial(Rules()[i%int(numRules)], L, D, N)
				s := k.asSequence(a)
				want := Reference(s)
				k.c.Scan(a)
				scale := 1.0
				for _, v := range slices.Concat(want.Y, want.H, want.Taps, s.H) {
					scale = max(scale, math.Abs(v))
				}
				for _, c := range []struct {
					name      string
					got, want []float64
				}{{"y", k.dense(a.Y, L, D), want.Y}, {"h", k.dense(a.H, D, N), want.H}, {"h at the taps", k.read(a.Tap.H), want.Taps}} {
					if off := worst(c.got, c.want); !(off <= tolerance*scale) {
						t.Fatalf("%v, L %d, D %d, N %d: %s is %g off at a scale of %g", a.Rule, L, D, N, c.name, off, scale)
					}
				}
			}
		})
	}
}

// TestEveryTail: every number of steps, of channels and of states up to 70, one
// at a time, for the rule of real models.
func TestEveryTail(t *testing.T) {
	for _, o := range backends() {
		t.Run(o.name(), func(t *testing.T) {
			k := newKit(t, o)
			for n := range 71 {
				for _, c := range [][3]int{{n, 17, 16}, {3, n, 16}, {19, n, 16}, {5, 9, n}, {2, n, 4}} {
					a := k.trial(Released, c[0], c[1], c[2])
					want := Reference(k.asSequence(a))
					k.c.Scan(a)
					if off := worst(k.dense(a.Y, c[0], c[1]), want.Y); !(off <= 2e-5) {
						t.Fatalf("L %d, D %d, N %d: y is %g off", c[0], c[1], c[2], off)
					}
					if off := worst(k.dense(a.H, c[1], c[2]), want.H); !(off <= 2e-5) {
						t.Fatalf("L %d, D %d, N %d: h is %g off", c[0], c[1], c[2], off)
					}
				}
			}
		})
	}
}

// TestScanSplits: one call, a step at a time, and any cut give the same bits,
// in y, in h and in the taps; so do any number of threads.
func TestScanSplits(t *testing.T) {
	for _, o := range backends() {
		t.Run(o.name(), func(t *testing.T) {
			k := newKit(t, o)
			for i := range 120 {
				L, D, N := shape(k.rng)
				a := k.trial(Rules()[i%int(numRules)], L, D, N)
				if i%2 == 0 {
					a.Rule = Released
				}
				h0 := k.dense(a.H, D, N)
				k.c.Scan(a)
				y, h, taps := k.dense(a.Y, L, D), k.dense(a.H, D, N), k.read(a.Tap.H)
				for _, most := range []int{1, 2, 5, 40} {
					k.restore(a.H, h0, D, N)
					cut := k.cutScan(a, func() int { return 1 + k.rng.IntN(most) })
					if !same(cut, taps) || !same(k.dense(a.Y, L, D), y) || !same(k.dense(a.H, D, N), h) {
						t.Fatalf("%v, L %d, D %d, N %d: calls of at most %d steps give other bits", a.Rule, L, D, N, most)
					}
				}
			}
		})
	}
}

// restore writes the values back into a view.
func (k *kit) restore(v View, x []float64, rows, cols int) {
	for r := range rows {
		for c := range cols {
			at := v.Off + r*v.Stride + c
			switch b := v.Buf.(type) {
			case *hostBuffer[float32]:
				b.data[at] = float32(x[r*cols+c])
			case *hostBuffer[float64]:
				b.data[at] = x[r*cols+c]
			}
		}
	}
}

// cutScan makes a in calls of as many steps as size says, and gives the taps.
func (k *kit) cutScan(a ScanArgs, size func() int) (taps []float64) {
	tapped := a.Tap.Steps
	for from := 0; from < a.L; {
		n := min(size(), a.L-from)
		part := a
		part.L = n
		part.U, part.Delta, part.Y = a.U.Row(from), a.Delta.Row(from), a.Y.Row(from)
		part.B, part.C = a.B.Row(from), a.C.Row(from)
		if !a.Z.Absent() {
			part.Z = a.Z.Row(from)
		}
		if a.Resets != nil {
			part.Resets = &hostBuffer[int32]{dtype: Int32, data: a.Resets.(*hostBuffer[int32]).data[from:]}
		}
		part.Tap = &ScanTap{}
		for len(tapped) > 0 && tapped[0] < from+n {
			part.Tap.Steps = append(part.Tap.Steps, tapped[0]-from)
			tapped = tapped[1:]
		}
		part.Tap.H = k.buffer(len(part.Tap.Steps)*a.D*a.N, 0, 0)
		k.c.Scan(part)
		taps = append(taps, k.read(part.Tap.H)...)
		from += n
	}
	return taps
}

// same says that two tensors have the same bits, but for which NaN a NaN is.
func same(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool {
		return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
	})
}

// TestScanNaN: what is not finite reaches its own channel only, and a reset lets
// nothing of it through.
func TestScanNaN(t *testing.T) {
	for _, o := range backends() {
		k := newKit(t, o)
		for _, L := range []int{1, 3, 20} {
			for _, N := range []int{3, 16} {
				const D, bad = 37, 21
				for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
					a := k.trial(Released, L, D, N)
					a.Resets = nil
					want := a
					want.H, want.Y = k.wider(a.H, D, N), Dense(k.buffer(L*D, 0, 0), D)
					k.c.Scan(want)
					y, h := k.dense(want.Y, L, D), k.dense(want.H, D, N)
					dirty := k.dense(a.H, D, N)
					dirty[bad*N+1] = v
					k.restore(a.H, dirty, D, N)
					again := a
					again.H = k.wider(a.H, D, N)
					k.c.Scan(a)
					gotY, gotH := k.dense(a.Y, L, D), k.dense(a.H, D, N)
					for i := range gotY {
						if i%D == bad {
							if finite(gotY[i]) {
								t.Fatalf("%s, L %d, N %d: h is %v, y %v", o.name(), L, N, v, gotY[i])
							}
							gotY[i] = y[i]
						}
					}
					gotH[bad*N+1] = h[bad*N+1]
					if !same(gotY, y) || !same(gotH, h) {
						t.Fatalf("%s, L %d, N %d: %v in one state changed another channel or state", o.name(), L, N, v)
					}
					// The same with a reset before the first step: as from h = 0.
					again.Resets = k.marks(L)
					k.c.WriteInts(again.Resets, 0, append([]int32{ResetState}, make([]int32, L-1)...))
					k.c.Scan(again)
					clean := a
					clean.H = Dense(k.buffer(D*N, 0, 0), N)
					k.c.Scan(clean)
					if !same(k.dense(again.H, D, N), k.dense(clean.H, D, N)) {
						t.Fatalf("%s, L %d, N %d: %v got past a reset", o.name(), L, N, v)
					}
				}
			}
		}
	}
}

func finite(x float64) bool { return x-x == 0 }

// TestFading: a state that fades for long is within the smallest normal number
// of the reference all the way; where the kernels are assembly it is exactly 0
// in the end, never subnormal; and the caller's arithmetic still has subnormal
// numbers afterwards.
func TestFading(t *testing.T) {
	for _, set := range KernelSets() {
		for _, L := range []int{1, 200} {
			k := newKit(t, Options{Kernels: set})
			const D, N = 35, 16
			a := k.trial(Released, L, D, N)
			a.Resets, a.Softplus, a.Bias = nil, false, nil
			a.U, a.Delta = Dense(k.buffer(L*D, 0, 0), D), Dense(k.buffer(L*D, 1, 1), D)
			a.A = Dense(k.buffer(D*N, -1, -0.9), N)
			for call := 0; call < 200; call += L {
				want := Reference(k.asSequence(a))
				k.c.Scan(a)
				if off := worst(k.dense(a.H, D, N), want.H); !(off <= 1e-5) {
					t.Fatalf("%v: h is %g off after %d steps", set, off, call+L)
				}
			}
			for _, h := range k.dense(a.H, D, N) {
				if set != Generic && h != 0 && math.Abs(h) < 0x1p-126 {
					t.Fatalf("%v: h is %g after 200 steps, want 0 or a normal number", set, h)
				}
			}
			if flushing() {
				t.Fatalf("%v: the processor flushes subnormal numbers after a Scan", set)
			}
		}
	}
}

// flushing says that this goroutine's processor takes subnormal numbers for 0,
// which a kernel must not leave behind.
func flushing() bool {
	small := float32(0x1p-126)
	small *= quarter
	return small != 0x1p-128 || float64(small)*4 != 0x1p-126
}

var quarter = float32(0.25) // not a constant, so that the product is computed

// TestScanAllocatesNothing: once the largest shape has been seen.
func TestScanAllocatesNothing(t *testing.T) {
	for _, o := range backends() {
		o.Threads = 1
		k := newKit(t, o)
		for _, N := range []int{16, 5} {
			a, c := k.trial(Released, 40, 72, N), k.convArgs(40, 72, 4)
			k.c.Scan(a)
			k.c.Conv(c)
			if n := testing.AllocsPerRun(20, func() {
				k.c.Scan(a)
				k.c.Conv(c)
			}); n != 0 {
				t.Errorf("%s, N %d: a scan and a convolution of 40 steps allocate %v times", o.name(), N, n)
			}
		}
	}
}

// TestRulesAtTheirLimits: one step of every rule over a grid of A and Δ, from 0
// to where exp(ΔA) is 0 and from products that vanish to products that
// overflow: Ā and g by themselves, relative to their own size.
func TestRulesAtTheirLimits(t *testing.T) {
	as := []float64{0, -1e-38, -1e-30, -1e-20, -1e-8, -1e-4, -0.01, -0.3, -0.5, -1, -7, -20, -126, -1e4, -1e10, -1e30, 0.25, 3}
	deltas := []float64{0, 1e-38, 1e-30, 1e-9, 1e-4, 0.03, 0.34, 0.36, 1, 2.5, 20, 87, 88, 1e4, 1e10}
	for _, o := range backends() {
		for _, rule := range Rules() {
			k := newKit(t, o)
			// Even channels show Ā (h = 1, u = 0), odd ones g (h = 0, u = 1).
			a := ScanArgs{L: 1, D: 2 * len(deltas), N: len(as), Rule: rule}
			D, N := a.D, a.N
			u, delta, h, A := make([]float32, D), make([]float32, D), make([]float32, D*N), make([]float32, D*N)
			for d := range D {
				delta[d] = float32(deltas[d/2])
				u[d] = float32(d % 2)
				for n := range N {
					A[d*N+n], h[d*N+n] = float32(as[n]), float32(1-d%2)
				}
			}
			put := func(x []float32, cols int) View {
				b := k.buffer(len(x), 0, 0)
				k.c.Write(b, 0, x)
				return Dense(b, cols)
			}
			ones := make([]float32, N)
			for n := range ones {
				ones[n] = 1
			}
			a.U, a.Delta, a.A, a.H, a.B, a.C = put(u, D), put(delta, D), put(A, N), put(h, N), put(ones, N), put(ones, N)
			a.Y = put(u, D)
			k.c.Scan(a)
			for i, got := range k.read(a.H.Buf) {
				dt, an := float64(delta[i/N]), float64(A[i])
				abar, gain := rule.Coefficients(dt, an)
				want := abar
				if i/N%2 == 1 {
					want = gain
				}
				overflows := math.Abs(dt*an) > 1e38 && !rule.exponential()
				if overflows || math.IsNaN(want) || !(math.Abs(abar) < 1e38) || math.Abs(want) > 1e38 {
					continue // beyond float32
				}
				// exp(x) of a rounded x is off by |x| units in the last place.
				tolerance := 4e-7 * (1 + min(math.Abs(dt*an), 90)) * math.Abs(want)
				if rule == Bilinear || rule == Euler { // 1+x cancels near x = −1
					tolerance = max(tolerance, 4e-7)
				}
				if an > 0 && !rule.exponential() { // 1−x cancels near x = 1
					tolerance *= 10
				}
				if off := math.Abs(got - want); !(off <= tolerance+2e-38) {
					t.Errorf("%s: %v at Δ %g, A %g: %s is %g, want %g", o.name(), rule, dt, an, []string{"Ā", "g"}[i/N%2], got, want)
				}
			}
		}
	}
}
