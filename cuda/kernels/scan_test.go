package kernels

import (
	"fmt"
	"math"
	"testing"

	"mamba-tui/scan"
)

// problem is a scan with everything it can have.
type problem struct {
	scan.Sequence
	gap int // between rows
}

// random makes a problem whose states neither die nor explode: Δ|A| < 2.
func (r *rig) random(rule scan.Rule, L, D, N int) *problem {
	p := &problem{gap: 3}
	p.L, p.D, p.N, p.Rule, p.Softplus = L, D, N, rule, true
	p.U, p.Delta, p.Bias = r.uniform(L*D, -2, 2), r.uniform(L*D, -6, 0), r.uniform(D, -0.5, 0.5)
	p.A, p.B, p.C = r.uniform(D*N, -1.5, -0.05), r.uniform(L*N, -1, 1), r.uniform(L*N, -1, 1)
	p.Skip, p.Z, p.H = r.uniform(D, -1, 1), r.uniform(L*D, -3, 3), r.uniform(D*N, -2, 2)
	return p
}

// mark adds resets, one in every few steps, and taps.
func (p *problem) mark(r *rig, every int) *problem {
	p.Resets = make([]int32, p.L)
	for t := range p.L {
		if r.rng.IntN(every) == 0 {
			p.Resets[t] = 1 + 2*r.rng.Int32N(2)
		} else if r.rng.IntN(3) == 0 {
			p.Resets[t] = 2
		}
		if r.rng.IntN(7) == 0 {
			p.Taps = append(p.Taps, t)
		}
	}
	return p
}

// result is what a scan wrote.
type result struct{ y, h, taps []float64 }

// scan runs p in the given way.
func (r *rig) scan(p *problem, kind ScanKind) result {
	r.Helper()
	L, D, N := p.L, p.D, p.N
	y, h := r.out(L, D, p.gap), r.in(D, N, p.gap, p.H)
	// B and C are columns of one matrix, as in a block.
	bc := r.out(L, 2*N, p.gap)
	for t := range L {
		(&matrix{View: View{bc.Ptr + uint64(4*t*int(bc.Stride)), 1}, r: r, rows: 1, cols: N}).set(p.B[t*N : (t+1)*N])
		(&matrix{View: View{bc.Ptr + uint64(4*(t*int(bc.Stride)+N)), 1}, r: r, rows: 1, cols: N}).set(p.C[t*N : (t+1)*N])
	}
	a := ScanArgs{L: L, D: D, N: N, Rule: int(p.Rule), Softplus: p.Softplus,
		U: r.in(L, D, p.gap, p.U).View, Delta: r.in(L, D, p.gap, p.Delta).View, Y: y.View,
		B: View{bc.Ptr, bc.Stride}, C: View{bc.Ptr + uint64(4*N), bc.Stride},
		A: r.in(D, N, p.gap, p.A).View, H: h.View,
		Bias: r.vector(p.Bias), Skip: r.vector(p.Skip), Resets: r.ints(p.Resets), Force: kind}
	if p.Z != nil {
		a.Z = r.in(L, D, p.gap, p.Z).View
	}
	var taps *matrix
	if len(p.Taps) > 0 {
		steps := make([]int32, len(p.Taps))
		for i, t := range p.Taps {
			steps[i] = int32(t)
		}
		taps = r.out(len(steps), D*N, 0)
		a.Taps, a.NumTaps, a.TapH = r.ints(steps), len(steps), taps.Ptr
	}
	a.Work = r.work(r.p.ScanWork(a))
	r.p.Scan(a)
	r.run()
	out := result{y: y.get(), h: h.get()}
	if taps != nil {
		out.taps = taps.get()
	}
	r.guards()
	return out
}

// check holds a scan against the reference.
func (r *rig) check(what string, p *problem, kind ScanKind) {
	r.Helper()
	want := scan.Reference(&p.Sequence)
	got := r.scan(p, kind)
	r.near(what+": y", got.y, want.Y, tolerance)
	r.near(what+": h", got.h, want.H, tolerance)
	r.near(what+": taps", got.taps, want.Taps, tolerance)
}

// TestScanSerial: every rule, and every width of state.
func TestScanSerial(t *testing.T) {
	for _, rule := range scan.Rules() {
		for _, s := range []struct{ L, D, N int }{
			{1, 1, 1}, {5, 300, 3}, {33, 7, 16}, {70, 130, 9}, {40, 5, 19}, {3, 9, 64}, {2, 3, 130}, {2, 2, 256},
		} {
			what := fmt.Sprintf("%v %v", rule, s)
			r := newRig(t)
			r.check(what, r.random(rule, s.L, s.D, s.N), ScanSerial)
			r.check(what+" marked", r.random(rule, s.L, s.D, s.N).mark(r, 9), ScanSerial)
		}
	}
}

// TestScanChunked: chunks of 64 steps and a short last one.
func TestScanChunked(t *testing.T) {
	for _, rule := range scan.Rules() {
		for _, s := range []struct{ L, D, N int }{{64, 3, 16}, {150, 5, 16}, {135, 2, 5}, {260, 131, 12}} {
			what := fmt.Sprintf("%v %v", rule, s)
			r := newRig(t)
			r.check(what, r.random(rule, s.L, s.D, s.N), ScanChunked)
			r.check(what+" marked", r.random(rule, s.L, s.D, s.N).mark(r, 90), ScanChunked)
		}
	}
}

// TestScanLanes: short and long tails of the tile of 512 steps, odd channels.
func TestScanLanes(t *testing.T) {
	for _, s := range []struct{ L, D, N int }{{1, 1, 1}, {17, 3, 16}, {512, 2, 4}, {700, 17, 16}, {1100, 3, 7}} {
		r := newRig(t)
		r.p.Device.SMs = 2 // several warps a block
		what := fmt.Sprint(s)
		r.check(what, r.random(scan.Released, s.L, s.D, s.N), ScanLanes)
		r.check(what+" marked", r.random(scan.Released, s.L, s.D, s.N).mark(r, 40), ScanLanes)
		r.check(what+" marked often", r.random(scan.Released, s.L, s.D, s.N).mark(r, 3), ScanLanes)
	}
}

// streams are the ways of a stream: both shapes of block, one pass and chunks; split
// into the fewest and the most pieces, with one and with two in a warp.
func (r *rig) streams(f func(what string)) {
	for i, b := range []streamBlock{streamWide, streamNarrow} {
		for _, chunk := range []int{1 << 30, 48} {
			r.p.streamWith = func(L int) streamShape {
				if L <= 2*chunk {
					return streamShape{block: b, chunk: L}
				}
				return streamShape{block: b, chunk: chunk}
			}
			f(fmt.Sprintf("block %d, chunk %d", i, chunk))
		}
	}
	for _, s := range []streamShape{{channels: 8, pieces: 2}, {channels: 4, pieces: 6}, {channels: 20, pieces: 4}} {
		r.p.streamWith = func(L int) streamShape {
			s.chunk = L
			return s
		}
		f(fmt.Sprintf("split, %d channels, %d pieces", s.channels, s.pieces))
	}
}

// way is a way to scan by the released rule; shape is that of a stream.
type way struct {
	kind  ScanKind
	shape streamShape
}

// ways are all of them.
var ways = []way{{kind: ScanSerial}, {kind: ScanLanes}, {kind: ScanChunked},
	{ScanStream, streamShape{block: streamWide, chunk: 1 << 30}}, {ScanStream, streamShape{block: streamNarrow, chunk: 48}},
	{ScanStream, streamShape{channels: 4, pieces: 6}}}

// rig is a rig that streams in this way.
func (w way) rig(t testing.TB) *rig {
	r := newRig(t)
	if w.kind == ScanStream {
		r.p.streamWith = func(L int) streamShape {
			s := w.shape
			if s.pieces > 0 || L <= 2*s.chunk {
				s.chunk = L
			}
			return s
		}
	}
	return r
}

func (w way) String() string { return fmt.Sprint(w.kind, " ", w.shape) }

// TestScanStream: tails of tiles and of channels, fewer states than there is room
// for.
func TestScanStream(t *testing.T) {
	for _, s := range []struct{ L, D, N int }{
		{1, 1, 16}, {16, 3, 9}, {33, 33, 16}, {70, 130, 12}, {200, 65, 16}, {517, 3, 16},
	} {
		r := newRig(t)
		r.streams(func(what string) {
			what = fmt.Sprint(s, " ", what)
			r.check(what, r.random(scan.Released, s.L, s.D, s.N), ScanStream)
			r.check(what+" marked", r.random(scan.Released, s.L, s.D, s.N).mark(r, 40), ScanStream)
		})
		r.streams(func(what string) {
			r.check(what+" marked often", r.random(scan.Released, s.L, s.D, s.N).mark(r, 3), ScanStream)
		})
	}
}

// TestScanStreamQuads: aligned columns and rows of B and C, either alone.
func TestScanStreamQuads(t *testing.T) {
	for _, s := range []struct {
		D, N       int
		bare, mark bool
	}{{36, 16, false, false}, {36, 12, true, false}, {21, 16, false, true}} {
		r := newRig(t)
		r.streams(func(what string) {
			p := r.random(scan.Released, 165, s.D, s.N)
			p.gap = 4
			if s.bare {
				p.Z, p.Skip = nil, nil
			}
			if s.mark {
				p.mark(r, 30)
			}
			r.check(fmt.Sprint(s, " ", what), p, ScanStream)
		})
	}
}

// TestStreamQuads: what keeps the copies from taking four floats at a time.
func TestStreamQuads(t *testing.T) {
	at := View{256, 24}
	whole := scanParams{u: at, delta: at, y: at, b: at, c: at, d: 20, n: 16}
	for _, s := range []struct {
		what string
		set  func(s *scanParams)
		want int32
	}{
		{"nothing", func(s *scanParams) {}, 3},
		{"channels", func(s *scanParams) { s.d = 21 }, 2},
		{"states", func(s *scanParams) { s.n = 12 }, 1},
		{"an address", func(s *scanParams) { s.u.Ptr += 8 }, 2},
		{"a stride", func(s *scanParams) { s.delta.Stride = 22 }, 2},
		{"z", func(s *scanParams) { s.z = View{260, 24} }, 2},
		{"y", func(s *scanParams) { s.y.Stride = 21 }, 2},
		{"B", func(s *scanParams) { s.b.Ptr += 4 }, 1},
		{"C", func(s *scanParams) { s.c.Stride = 18 }, 1},
		{"a distance of columns", func(s *scanParams) { s.distance.Y = 6 }, 2},
		{"a distance of rows", func(s *scanParams) { s.distance.B = 6 }, 1},
	} {
		p := whole
		s.set(&p)
		if got := streamQuads(&p, 2); got != s.want {
			t.Errorf("with %s in the way: %b, want %b", s.what, got, s.want)
		}
	}
	p := whole
	p.distance.U = 6
	if got := streamQuads(&p, 1); got != 3 {
		t.Errorf("a single sequence has no distances: %b", got)
	}
}

// TestScanOne: a single step is what a stream makes of it, to the bit: four states
// at a time and one by one, fewer channels than threads and states than lanes, with
// and without a mark, a tap and what is optional. A device without streams has it too.
func TestScanOne(t *testing.T) {
	for _, s := range []struct{ D, N, gap int }{{1, 16, 3}, {3, 9, 0}, {16, 16, 0}, {33, 16, 4}, {130, 12, 4}, {70, 16, 1}} {
		for i, set := range []func(p *problem){
			func(p *problem) {},
			func(p *problem) { p.Resets, p.Taps = []int32{scan.ResetState}, []int{0} },
			func(p *problem) { p.Resets, p.H[0], p.H[len(p.H)-1] = []int32{3}, math.NaN(), math.Inf(1) },
			func(p *problem) { p.Resets, p.Taps, p.Z = []int32{scan.ResetConv}, []int{0}, nil },
			func(p *problem) { p.Bias, p.Skip = nil, nil },
			func(p *problem) {
				p.Softplus, p.Bias, p.Skip, p.Z = false, nil, nil, nil
				for d := range p.Delta {
					p.Delta[d] = float64(d % 3) // 0 keeps h, also where A is the least there is
				}
				p.A[0] = -math.MaxFloat32
			},
		} {
			what := fmt.Sprint(s, " ", i)
			r := newRig(t)
			r.p.Device.CC = 75
			p := r.random(scan.Released, 1, s.D, s.N)
			p.gap = s.gap
			set(p)
			want := scan.Reference(&p.Sequence)
			got := r.scan(p, ScanAuto)
			if !r.used["scan_step"] {
				t.Fatalf("%s: not a single step's kernel", what)
			}
			r.near(what+": y", got.y, want.Y, tolerance)
			r.near(what+": h", got.h, want.H, tolerance)
			r.near(what+": taps", got.taps, want.Taps, tolerance)
			r.p.Device.CC = 80
			same := r.scan(p, ScanStream)
			r.near(what+": y of a stream", got.y, same.y, 0)
			r.near(what+": h of a stream", got.h, same.h, 0)
			r.near(what+": taps of a stream", got.taps, same.taps, 0)
		}
	}
	r := newRig(t)
	p := r.random(scan.Released, 1, 5, 16)
	p.Softplus, p.Bias, p.Delta = false, nil, make([]float64, 5)
	r.near("h after Δ = 0", r.scan(p, ScanOne).h, p.H, 0)
	for _, p := range []*problem{r.random(scan.Released, 2, 5, 16), r.random(scan.Released, 1, 5, 8), r.random(scan.Released, 1, 5, 17), r.random(scan.ZOH, 1, 5, 16)} {
		r := newRig(t)
		r.check("not a single step of 9 to 16 states", p, ScanOne)
		if r.used["scan_step"] {
			t.Error("a kernel for what it cannot do")
		}
	}
}

// TestScanBare: nothing optional.
func TestScanBare(t *testing.T) {
	for _, w := range ways {
		r := w.rig(t)
		p := r.random(scan.Released, 100, 5, 16)
		p.Softplus, p.Bias, p.Skip, p.Z = false, nil, nil, nil
		p.Delta = r.uniform(len(p.Delta), 0.001, 1)
		r.check(w.String(), p, w.kind)
	}
	// No states leave the skip and the gate.
	r := newRig(t)
	p := r.random(scan.Released, 5, 3, 0)
	r.check("no states", p, ScanAuto)
}

// TestScanResetLeaks: neither NaN nor Inf in a state gets past a reset, nor does
// a state whose A is 0, in any way to scan.
func TestScanResetLeaks(t *testing.T) {
	for _, w := range ways {
		for _, poison := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			r := w.rig(t)
			p := r.random(scan.Released, 200, 3, 16)
			for i := range p.H {
				p.H[i] *= poison
			}
			p.A[5] = 0
			p.Resets = make([]int32, p.L)
			p.Resets[130] = 1
			p.U[20*p.D+1] = poison // of a sequence that the reset ends
			got := r.scan(p, w.kind)
			fresh := *p
			fresh.H = make([]float64, len(p.H))
			fresh.U = append([]float64{}, p.U...)
			fresh.U[20*p.D+1] = 0
			want := scan.Reference(&fresh.Sequence)
			r.near("y after a reset", got.y[130*p.D:], want.Y[130*p.D:], tolerance)
			r.near("h after a reset", got.h, want.H, tolerance)
			for _, v := range got.y[:130*p.D] {
				if !math.IsNaN(v) && !math.IsInf(v, 0) {
					t.Fatalf("%v: y before the reset is %v though the state was %v", w, v, poison)
				}
			}
		}
	}
}

// TestScanSpread: a NaN in u is seen in its channel from its step on, and
// nowhere else; everything else keeps its bits.
func TestScanSpread(t *testing.T) {
	for _, w := range ways {
		r := w.rig(t)
		p := r.random(scan.Released, 150, 5, 16)
		clean := r.scan(p, w.kind)
		p.U = append([]float64{}, p.U...)
		p.U[77*p.D+3] = math.NaN()
		got := r.scan(p, w.kind)
		for i, v := range got.y {
			if bad := i%p.D == 3 && i/p.D >= 77; bad != math.IsNaN(v) || !bad && v != clean.y[i] {
				t.Fatalf("%v: y[%d][%d] is %v, was %v", w, i/p.D, i%p.D, v, clean.y[i])
			}
		}
	}
}

// TestScanDecay: Δ and A of real models, where exp(ΔA) underflows, and Δ = 0,
// which must change nothing to the bit.
func TestScanDecay(t *testing.T) {
	for _, w := range ways {
		r := w.rig(t)
		p := r.random(scan.Released, 140, 5, 16)
		p.Delta, p.A = r.uniform(len(p.Delta), -8, 8), r.uniform(len(p.A), -16, -1)
		r.check(w.String()+": decay", p, w.kind)
		p = r.random(scan.Released, 140, 5, 16)
		p.Softplus, p.Bias, p.Delta = false, nil, make([]float64, len(p.Delta))
		r.near("h after Δ = 0", r.scan(p, w.kind).h, p.H, 0)
	}
	for _, rule := range scan.Rules() {
		r := newRig(t)
		p := r.random(rule, 20, 5, 6)
		p.Softplus, p.Bias, p.Delta = false, nil, make([]float64, len(p.Delta))
		r.near("h after Δ = 0", r.scan(p, ScanSerial).h, p.H, 0)
	}
}

// TestScanBatch: several sequences in one launch are the sequences apart, to the
// bit.
func TestScanBatch(t *testing.T) {
	for _, w := range ways {
		w.rig(t).batches(w.kind, 140, 5, 16)
	}
	newRig(t).batches(ScanOne, 1, 5, 16)
	newRig(t).batches(ScanOne, 1, 21, 11)
}

// batches is for sequences of L steps.
func (r *rig) batches(kind ScanKind, L, D, N int) {
	r.Helper()
	const batch = 3
	mat := func(rows, cols int, lo, hi float64) (*matrix, []float64) {
		x := r.uniform(batch*rows*cols, lo, hi)
		return r.in(batch*rows, cols, 0, x), x
	}
	u, _ := mat(L, D, -2, 2)
	delta, _ := mat(L, D, -6, 0)
	z, _ := mat(L, D, -3, 3)
	b, _ := mat(L, N, -1, 1)
	c, _ := mat(L, N, -1, 1)
	h, h0 := mat(D, N, -1, 1)
	resets := make([]int32, batch*L)
	resets[L+L/2] = 1
	y := r.out(batch*L, D, 0)
	l, d, n := int64(L), int64(D), int64(N)
	a := ScanArgs{L: L, D: D, N: N, Batch: batch, Softplus: true, U: u.View, Delta: delta.View, Z: z.View,
		Y: y.View, B: b.View, C: c.View, A: r.in(D, N, 0, r.uniform(D*N, -1.5, -0.05)).View, H: h.View,
		Resets: r.ints(resets), Force: kind,
		Distance: ScanDistance{l * d, l * d, l * d, l * d, l * n, l * n, d * n, l}}
	a.Work = r.work(r.p.ScanWork(a))
	r.p.Scan(a)
	r.run()
	wantY, wantH := y.get(), h.get()
	h.set(h0)
	apart := r.out(batch*L, D, 0)
	for i := range batch {
		skip := func(n int) uint64 { return uint64(4 * i * n) }
		one := a
		one.Batch, one.Distance = 1, ScanDistance{}
		one.Y = apart.View
		for _, v := range []*View{&one.U, &one.Delta, &one.Z, &one.Y} {
			v.Ptr += skip(L * D)
		}
		one.B.Ptr += skip(L * N)
		one.C.Ptr += skip(L * N)
		one.H.Ptr += skip(D * N)
		one.Resets += skip(L)
		one.Work = r.work(r.p.ScanWork(one))
		r.p.Scan(one)
	}
	r.run()
	r.near("y of a batch", apart.get(), wantY, 0)
	r.near("h of a batch", h.get(), wantH, 0)
}
