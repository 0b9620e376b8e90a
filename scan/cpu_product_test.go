package scan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// hosts are a backend for each kernel set of the machine and each format of
// weights.
func hosts(t *testing.T, threads int, f func(t *testing.T, k *kit, w WeightFormat)) {
	for _, set := range KernelSets() {
		for _, w := range WeightFormats() {
			t.Run(fmt.Sprintf("%v/%v", set, w), func(t *testing.T) {
				k := newKit(t, Options{Kernels: set, Weights: w, Threads: threads})
				defer k.c.Close()
				f(t, k, w)
			})
		}
	}
}

// guarded is a matrix in the middle of a buffer of guard words, with guard words
// between its rows too.
type guarded struct {
	View
	rows, cols int
}

const guard = 12345.5

func (k *kit) guarded(rows, cols, gap int, fill func() float32) guarded {
	k.t.Helper()
	const before = 7 // not a multiple of anything
	stride := cols + gap
	data := make([]float32, before+rows*stride+64)
	for i := range data {
		data[i] = guard
	}
	for r := range rows {
		for c := range cols {
			data[before+r*stride+c] = fill()
		}
	}
	b, err := k.c.Alloc(Float32, len(data))
	if err != nil {
		k.t.Fatal(err)
	}
	k.c.Write(b, 0, data)
	return guarded{View{Buf: b, Off: before, Stride: stride}, rows, cols}
}

// values are the elements; a guard word that is not one fails.
func (k *kit) values(g guarded) []float64 {
	k.t.Helper()
	var inside []float64
	for i, v := range k.read(g.Buf) {
		r, c := (i-g.Off)/max(g.Stride, 1), (i-g.Off)%max(g.Stride, 1)
		if i >= g.Off && r < g.rows && c < g.cols {
			inside = append(inside, v)
		} else if v != guard {
			k.t.Fatalf("guard word %d of a (%d, %d) matrix at %d by %d is %v", i, g.rows, g.cols, g.Off, g.Stride, v)
		}
	}
	return inside
}

// TestProductTails: every way in which rows, outputs and terms can be left over
// by tiles, panels and unrolled loops, against sums in float64 of the weights
// as their format keeps them; nothing around the result is touched.
func TestProductTails(t *testing.T) {
	hosts(t, 1, func(t *testing.T, k *kit, format WeightFormat) {
		uniform := func() float32 { return 2*k.rng.Float32() - 1 }
		widths := []int{1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 33, 40, 47, 48, 49, 63, 64, 65, 80, 95, 96, 97, 100, 145}
		for _, L := range []int{1, 2, 3, 4, 5, 7, 8, 9, 13, 17} {
			for _, out := range widths {
				in := k.rng.IntN(14)
				w := make([]float32, out*in)
				for i := range w {
					w[i] = uniform()
				}
				weight, err := k.c.LoadWeight(out, in, w)
				if err != nil {
					t.Fatal(err)
				}
				gap := k.rng.IntN(5)
				x, y := k.guarded(L, in, k.rng.IntN(5), uniform), k.guarded(L, out, gap, uniform)
				bias := k.guarded(1, out, 0, uniform)
				args := LinearArgs{Y: y.View, X: x.View, W: weight, L: L}
				if k.rng.IntN(2) == 0 {
					args.Bias, err = k.c.Alloc(Float32, out)
					if err != nil {
						t.Fatal(err)
					}
					k.c.Copy(Dense(args.Bias, out), bias.View, 1, out)
				}
				args.Accumulate = k.rng.IntN(2) == 0
				before, xs, bs := k.values(y), k.values(x), k.values(bias)
				k.c.Linear(args)
				got := k.values(y)
				if !slices.Equal(k.values(x), xs) {
					t.Fatal("X has changed")
				}
				for r := range L {
					for o := range out {
						want, scale := 0.0, 1.0
						for i := range in {
							term := xs[r*in+i] * float64(format.Round(w[o*in+i]))
							want += term
							scale += math.Abs(term)
						}
						if args.Bias != nil {
							want += bs[o]
						}
						if args.Accumulate {
							want += before[r*out+o]
						}
						if v := got[r*out+o]; !(math.Abs(v-want) <= 1e-6*scale) {
							t.Fatalf("L %d, out %d, in %d, bias %v, accumulate %v: y[%d][%d] is %v, want %v",
								L, out, in, args.Bias != nil, args.Accumulate, r, o, v, want)
						}
					}
				}
				weight.Free()
			}
		}
	})
}

// TestProductBits: a row has the same bits alone, among any number of others, on
// any number of threads, and whichever tile, panel or pair of panels it falls
// into.
func TestProductBits(t *testing.T) {
	for _, s := range []struct{ L, out, in int }{{23, 145, 67}, {9, 300, 130}, {24, 520, 515}, {40, 97, 1111}, {11, 80, 61}, {13, 88, 30}} {
		hosts(t, 1, func(t *testing.T, k *kit, format WeightFormat) {
			args := k.linearArgs(s.L, s.out, s.in)
			start := k.read(args.Y.Buf)
			k.c.Linear(args)
			want := k.read(args.Y.Buf)
			for _, threads := range []int{1, 2, 3} {
				o := Options{Kernels: k.set, Weights: format, Threads: threads}
				c := NewCPU(o)
				defer c.Close()
				for _, rows := range []int{1, 2, 3, 5, 8, s.L} {
					write64(k.c, args.Y.Buf, start)
					for r := 0; r < s.L; r += rows {
						part := args
						part.L, part.X, part.Y = min(rows, s.L-r), args.X.Row(r), args.Y.Row(r)
						c.Linear(part)
					}
					if !slices.Equal(k.read(args.Y.Buf), want) {
						t.Fatalf("%+v by %d rows on %d threads has other bits", s, rows, threads)
					}
				}
			}
		})
	}
}

// write64 fills a buffer with numbers that are float32.
func write64(c *CPU, b Buffer, x []float64) {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	c.Write(b, 0, y)
}

// TestLinearBackwardBits: gradients do not depend on the number of threads.
func TestLinearBackwardBits(t *testing.T) {
	for _, set := range KernelSets() {
		run := func(threads int) [3][]float64 {
			k := newKit(t, Options{Kernels: set, Threads: threads})
			defer k.c.Close()
			const L, out, in = 129, 515, 301
			fwd := k.linearArgs(L, out, in)
			g := LinearGrad{L: L, X: fwd.X, W: fwd.W, DY: Dense(k.buffer(L*out, -1, 1), out),
				DX: Dense(k.buffer(L*in, -1, 1), in), DW: Dense(k.buffer(out*in, -1, 1), in), DBias: Dense(k.buffer(out, -1, 1), out)}
			k.c.LinearBackward(g)
			// A smaller call after a larger one uses the same scratch.
			g.L, g.Accumulate = 3, true
			k.c.LinearBackward(g)
			return [3][]float64{k.read(g.DX.Buf), k.read(g.DW.Buf), k.read(g.DBias.Buf)}
		}
		want := run(1)
		for _, threads := range []int{2, 3} {
			got := run(threads)
			for i, name := range []string{"dX", "dW", "dBias"} {
				if !slices.Equal(got[i], want[i]) {
					t.Errorf("%v: %s on %d threads has other bits than on one", set, name, threads)
				}
			}
		}
	}
}

// TestHalves: every half and every bfloat16 comes back from float32 unchanged,
// and what lies between two goes to the nearer one, to the even one from the
// middle.
func TestHalves(t *testing.T) {
	for _, f := range []struct {
		name  string
		to    func(float32) uint16
		from  func(uint16) float32
		last  uint16 // the largest finite one
		exact func(uint16) float64
	}{
		{"bf16", toBF16, fromBF16, 0x7f7f, func(h uint16) float64 {
			return float64(math.Float32frombits(uint32(h) << 16))
		}},
		{"f16", toF16, fromF16, 0x7bff, func(h uint16) float64 {
			e, m := int(h>>10), float64(h&0x3ff)
			if e == 0 {
				return math.Ldexp(m, -24)
			}
			return math.Ldexp(1024+m, e-25)
		}},
	} {
		for h := uint16(0); h <= f.last; h++ {
			x := f.from(h)
			if float64(x) != f.exact(h) {
				t.Fatalf("%s %#04x is %v, want %v", f.name, h, x, f.exact(h))
			}
			if got := f.to(x); got != h {
				t.Fatalf("%s %#04x is %v and comes back as %#04x", f.name, h, x, got)
			}
			if got := f.to(-x); got != h|0x8000 {
				t.Fatalf("%s: %v comes back as %#04x", f.name, -x, got)
			}
			if h == f.last {
				continue
			}
			middle := float32((f.exact(h) + f.exact(h+1)) / 2)
			if got, even := f.to(middle), h+h&1; got != even {
				t.Fatalf("%s: %v, between %#04x and the next, becomes %#04x, want the even one", f.name, middle, h, got)
			}
			if got := f.to(math.Nextafter32(middle, 0)); got != h {
				t.Fatalf("%s: just below %v becomes %#04x, want %#04x", f.name, middle, got, h)
			}
			if got := f.to(math.Nextafter32(middle, math.MaxFloat32)); got != h+1 {
				t.Fatalf("%s: just above %v becomes %#04x, want %#04x", f.name, middle, got, h+1)
			}
		}
		inf, nan := float32(math.Inf(1)), float32(math.NaN())
		if f.from(f.to(inf)) != inf || f.from(f.to(-inf)) != -inf || f.from(f.to(math.MaxFloat32)) != inf {
			t.Errorf("%s: infinities are %v, %v, %v", f.name, f.from(f.to(inf)), f.from(f.to(-inf)), f.from(f.to(math.MaxFloat32)))
		}
		for _, n := range []float32{nan, math.Float32frombits(0x7f800001), math.Float32frombits(0xffffffff)} {
			if x := f.from(f.to(n)); x == x {
				t.Errorf("%s: NaN %#x becomes %v", f.name, math.Float32bits(n), x)
			}
		}
	}
}

// TestVectorHalves: the kernels widen weights as plain Go does, all 65536.
func TestVectorHalves(t *testing.T) {
	for _, set := range KernelSets() {
		for format, from := range map[WeightFormat]func(uint16) float32{WeightsBF16: fromBF16, WeightsF16: fromF16} {
			c := NewCPU(Options{Kernels: set, Weights: format}).backend.(*cpu[float32])
			const out = 1 << 16
			m := &c.kernels.matrix
			w := newPanels[float32](out, 1, m.width, m.lanes, format)
			for o := range out {
				at, _ := w.at(o)
				w.half[at] = uint16(o)
			}
			y := make([]float32, 2*out)
			c.multiply(&product[float32]{y: view[float32]{y, out}, x: view[float32]{[]float32{1, 1}, 1}, w: w, rows: 2})
			for o, got := range y {
				want := from(uint16(o % out))
				if got != want && (got == got || want == want) {
					t.Fatalf("%v: %v %#04x is %v, want %v", set, format, o%out, got, want)
				}
			}
		}
	}
}

// TestWeightFormats: names, what does not fit, and that a format takes half the
// memory.
func TestWeightFormats(t *testing.T) {
	for _, f := range WeightFormats() {
		if got, err := ParseWeightFormat(f.String()); err != nil || got != f {
			t.Errorf("ParseWeightFormat(%q) is %v, %v", f, got, err)
		}
	}
	if f, err := ParseWeightFormat(""); f != WeightsF32 || err != nil {
		t.Errorf("no format is %v, %v", f, err)
	}
	if _, err := ParseWeightFormat("int3"); err == nil {
		t.Error("int3 is a format")
	}
	mustPanic(t, "an unknown format", func() { NewCPU(Options{Weights: 9}) })

	w := []float32{1, -65504, 65505, 3}
	c := NewCPU(Options{Weights: WeightsF16})
	if _, err := c.LoadWeight(2, 2, w); err == nil {
		t.Error("f16 takes 65505")
	}
	for _, ok := range [][]float32{{1, -65504, 0, 3}, {float32(math.Inf(1)), float32(math.NaN()), 1, 1}} {
		if _, err := c.LoadWeight(2, 2, ok); err != nil {
			t.Errorf("f16 refuses %v: %v", ok, err)
		}
	}
	for _, dtype := range []DType{Float32, Float64} {
		k := newKit(t, Options{DType: dtype, Weights: WeightsBF16, Kernels: Generic})
		l := k.linearArgs(1, 8, 4)
		if p := l.W.(interface{ storage() int }); p.storage() != 2*8*4 {
			t.Errorf("%v: 32 weights in bf16 take %d bytes", dtype, p.storage())
		}
	}
	if got, want := NewCPU(Options{Weights: WeightsF16, Kernels: Generic}).Name(), "cpu generic f32, f16 weights"; got != want {
		t.Errorf("Name is %q, want %q", got, want)
	}
}

// FuzzProduct: any shape, any format, any numbers, against float64.
func FuzzProduct(f *testing.F) {
	f.Add(uint64(1), uint8(9), uint8(97), uint8(13), uint8(0))
	f.Add(uint64(2), uint8(1), uint8(255), uint8(64), uint8(1))
	f.Add(uint64(3), uint8(8), uint8(48), uint8(4), uint8(2))
	f.Fuzz(func(t *testing.T, seed uint64, l, o, i, format uint8) {
		L, out, in := int(l%40), int(o), int(i)
		rng := rand.New(rand.NewPCG(seed, 5))
		w := make([]float32, out*in)
		for i := range w {
			w[i] = float32(rng.NormFloat64())
		}
		x := make([]float32, L*in)
		for i := range x {
			x[i] = float32(math.Ldexp(rng.NormFloat64(), rng.IntN(20)-10))
		}
		weights := WeightFormat(format) % 3
		for _, set := range KernelSets() {
			c := NewCPU(Options{Kernels: set, Weights: weights, Threads: 1})
			bx, _ := c.Alloc(Float32, L*in)
			by, _ := c.Alloc(Float32, L*out)
			c.Write(bx, 0, x)
			weight, err := c.LoadWeight(out, in, w)
			if err != nil {
				t.Fatal(err)
			}
			c.Linear(LinearArgs{L: L, Y: Dense(by, out), X: Dense(bx, in), W: weight})
			for n, got := range hostFloats(c, by) {
				want, scale := 0.0, 1e-30
				for i := range in {
					term := float64(x[n/out*in+i]) * float64(weights.Round(w[n%out*in+i]))
					want += term
					scale += math.Abs(term)
				}
				if !(math.Abs(got-want) <= 2e-6*scale) {
					t.Fatalf("%v %v (%d, %d, %d): y[%d] is %v, want %v", set, weights, L, out, in, n, got, want)
				}
			}
		}
	})
}
