package kernels

import (
	"fmt"
	"math"
	"testing"

	"mamba-tui/scan"
)

// gradTolerance is the error allowed beside the float64 backend, relative to the
// greatest element. A gradient sums more terms than an output.
const gradTolerance = 3e-6

// oracle is the float64 backend, with short ways to fill and read its buffers.
type oracle struct {
	*scan.CPU
	t testing.TB
}

func newOracle(t testing.TB) *oracle {
	return &oracle{scan.NewCPU(scan.Options{DType: scan.Float64, Threads: 1}), t}
}

// view is a dense matrix of data that float32 holds exactly.
func (o *oracle) view(cols int, data []float64) scan.View {
	b, err := o.Alloc(scan.Float64, len(data))
	if err != nil {
		o.t.Fatal(err)
	}
	x := make([]float32, len(data))
	for i, v := range data {
		x[i] = float32(v)
	}
	o.Write(b, 0, x)
	return scan.Dense(b, cols)
}

// buffer is a vector; nil stays nil.
func (o *oracle) buffer(data []float64) scan.Buffer {
	if data == nil {
		return nil
	}
	return o.view(len(data), data).Buf
}

func (o *oracle) ints(data []int32) scan.Buffer {
	if data == nil {
		return nil
	}
	b, err := o.Alloc(scan.Int32, len(data))
	if err != nil {
		o.t.Fatal(err)
	}
	o.WriteInts(b, 0, data)
	return b
}

func (o *oracle) get(b scan.Buffer) []float64 {
	x := make([]float64, b.Len())
	if err := o.ReadFloat64(x, b, 0); err != nil {
		o.t.Fatal(err)
	}
	return x
}

func TestCrossEntropy(t *testing.T) {
	for _, s := range []struct{ L, V int }{{1, 1}, {5, 7}, {9, 300}, {3, 2000}} {
		r, o := newRig(t), newOracle(t)
		x := r.uniform(s.L*s.V, -8, 8)
		targets := make([]int32, s.L)
		for i := range targets {
			targets[i] = r.rng.Int32N(int32(s.V))
			if i%4 == 3 {
				targets[i] = -1
			}
		}
		// One row is certain of its answer, one has two greatest logits.
		x[int(targets[0])] = 40
		if s.L > 1 && s.V > 3 {
			x[s.V+1], x[s.V+3] = 20, 20
		}
		ov, loss, best := o.view(s.V, x), o.view(s.L, make([]float64, s.L)), o.ints(make([]int32, s.L))
		dl := o.view(s.V, make([]float64, len(x)))
		o.CrossEntropy(scan.CrossEntropyArgs{L: s.L, V: s.V, Logits: ov, Targets: o.ints(targets), Scale: 0.25,
			Loss: loss.Buf, Best: best, DLogits: dl})
		for _, same := range []bool{false, true} {
			in := r.in(s.L, s.V, 3, x)
			grad := in
			if !same {
				grad = r.out(s.L, s.V, 1)
			}
			gl, gb := r.out(1, s.L, 0), r.out(1, s.L, 0)
			r.p.CrossEntropy(CrossEntropyArgs{L: s.L, V: s.V, Logits: in.View, Targets: r.ints(targets), Scale: 0.25,
				Loss: gl.Ptr, Best: gb.Ptr, DLogits: grad.View})
			r.run()
			r.near("loss", gl.get(), o.get(loss.Buf), gradTolerance)
			// The certain row's is about e^-32, which log(Σ) + top − x would lose
			// even in float64.
			var rest float64
			for v, logit := range x[:s.V] {
				if v != int(targets[0]) {
					rest += math.Exp(logit - 40)
				}
			}
			r.near("the certain row's loss", gl.get()[:1], []float64{math.Log1p(rest)}, 1e-5)
			r.near("dLogits", grad.get(), o.get(dl.Buf), gradTolerance)
			for i, want := range o.get(best) {
				if got := math.Float32bits(float32(gb.get()[i])); float64(got) != want {
					t.Errorf("best of row %d is %d, want %v", i, got, want)
				}
			}
			r.guards()
		}
	}
}

func TestEmbedBackward(t *testing.T) {
	for _, s := range []struct{ L, cols, V int }{{1, 3, 2}, {100, 7, 5}, {70, 300, 40}} {
		r, o := newRig(t), newOracle(t)
		dy, start := r.uniform(s.L*s.cols, -1, 1), r.uniform(s.V*s.cols, -1, 1)
		ids := make([]int32, s.L)
		for i := range ids {
			ids[i] = r.rng.Int32N(int32(s.V))
		}
		want := o.view(s.cols, start)
		o.EmbedBackward(want, o.view(s.cols, dy), o.ints(ids), s.L, s.cols)
		table := r.in(s.V, s.cols, 2, start)
		r.p.EmbedBackward(table.View, r.in(s.L, s.cols, 1, dy).View, r.ints(ids), s.L, s.cols, s.V)
		r.run()
		r.near("dTable", table.get(), o.get(want.Buf), gradTolerance)
		r.guards()
	}
}

func TestRMSNormBackward(t *testing.T) {
	for _, s := range []struct{ L, cols int }{{1, 1}, {5, 7}, {300, 33}, {2, 768}} {
		for _, accumulate := range []bool{false, true} {
			r, o := newRig(t), newOracle(t)
			x, w, dy := r.uniform(s.L*s.cols, -2, 2), r.uniform(s.cols, -2, 2), r.uniform(s.L*s.cols, -1, 1)
			start, startW := r.uniform(s.L*s.cols, -1, 1), r.uniform(s.cols, -1, 1)
			wx, ww := o.view(s.cols, start), o.view(s.cols, startW)
			o.RMSNormBackward(scan.NormGrad{L: s.L, Cols: s.cols, Eps: 0.25, X: o.view(s.cols, x), W: o.buffer(w),
				DY: o.view(s.cols, dy), DX: wx, Accumulate: accumulate, DW: ww})
			dx, dw := r.out(s.L, s.cols, 2), r.in(1, s.cols, 0, startW)
			if accumulate {
				dx.set(start)
			}
			r.p.RMSNormBackward(NormGrad{L: s.L, Cols: s.cols, Eps: 0.25, X: r.in(s.L, s.cols, 1, x).View,
				DY: r.in(s.L, s.cols, 3, dy).View, DX: dx.View, W: r.vector(w), DW: dw.Ptr, Accumulate: accumulate,
				Work: r.work(r.p.NormWork(s.L, s.cols))})
			r.run()
			r.near("dX", dx.get(), o.get(wx.Buf), gradTolerance)
			r.near("dW", dw.get(), o.get(ww.Buf), gradTolerance)
			r.guards()
		}
	}
}

func TestLinearBackward(t *testing.T) {
	for _, s := range []struct{ L, in, out int }{{1, 3, 5}, {40, 17, 70}, {300, 33, 9}} {
		for _, accumulate := range []bool{false, true} {
			r, o := newRig(t), newOracle(t)
			x, w, dy := r.uniform(s.L*s.in, -1, 1), r.uniform(s.out*s.in, -1, 1), r.uniform(s.L*s.out, -1, 1)
			start, startW, startB := r.uniform(s.L*s.in, -1, 1), r.uniform(s.out*s.in, -1, 1), r.uniform(s.out, -1, 1)
			w32 := make([]float32, len(w))
			for i, v := range w {
				w32[i] = float32(v)
			}
			ow, err := o.LoadWeight(s.out, s.in, w32)
			if err != nil {
				t.Fatal(err)
			}
			wx, ww, wb := o.view(s.in, start), o.view(s.in, startW), o.view(s.out, startB)
			o.LinearBackward(scan.LinearGrad{L: s.L, X: o.view(s.in, x), W: ow, DY: o.view(s.out, dy), DX: wx,
				Accumulate: accumulate, DW: ww, DBias: wb})
			dx, dw, db := r.out(s.L, s.in, 2), r.in(s.out, s.in, 1, startW), r.in(1, s.out, 0, startB)
			if accumulate {
				dx.set(start)
			}
			r.p.LinearBackward(LinearGrad{L: s.L, In: s.in, Out: s.out, X: r.in(s.L, s.in, 1, x).View,
				DY: r.in(s.L, s.out, 3, dy).View, W: r.in(s.out, s.in, 0, w).Ptr, DX: dx.View, Accumulate: accumulate,
				DW: dw.View, DBias: db.Ptr, Work: r.work(r.p.LinearGradWork(s.L, s.in, s.out))})
			r.run()
			r.near("dX", dx.get(), o.get(wx.Buf), gradTolerance)
			r.near("dW", dw.get(), o.get(ww.Buf), gradTolerance)
			r.near("dBias", db.get(), o.get(wb.Buf), gradTolerance)
			r.guards()
		}
	}
}

func TestConvBackward(t *testing.T) {
	for _, s := range []struct{ L, D, K int }{{1, 3, 4}, {33, 130, 4}, {100, 5, 4}, {7, 3, 1}, {70, 4, 9}} {
		for variant := range 3 {
			r, o := newRig(t), newOracle(t)
			x, w, dy := r.uniform(s.L*s.D, -2, 2), r.uniform(s.D*s.K, -1, 1), r.uniform(s.L*s.D, -1, 1)
			startW, startB := r.uniform(s.D*s.K, -1, 1), r.uniform(s.D, -1, 1)
			var bias, window []float64
			var resets []int32
			if variant > 0 {
				bias, window = r.uniform(s.D, -1, 1), r.uniform((s.K-1)*s.D, -2, 2)
			}
			if variant == 2 {
				resets = make([]int32, s.L)
				for i := range resets {
					resets[i] = r.rng.Int32N(8)
				}
			}
			wx, ww, wb := o.view(s.D, make([]float64, len(x))), o.view(s.K, startW), o.view(s.D, startB)
			og := scan.ConvGrad{L: s.L, D: s.D, K: s.K, X: o.view(s.D, x), W: o.view(s.K, w), Bias: o.buffer(bias),
				Resets: o.ints(resets), SiLU: variant != 1, DY: o.view(s.D, dy), DX: wx, DW: ww, DBias: wb}
			dx, dw, db := r.out(s.L, s.D, 2), r.in(s.D, s.K, 1, startW), r.in(1, s.D, 0, startB)
			g := ConvGrad{L: s.L, D: s.D, K: s.K, X: r.in(s.L, s.D, 1, x).View, W: r.in(s.D, s.K, 3, w).View,
				Bias: r.vector(bias), Resets: r.ints(resets), SiLU: og.SiLU, DY: r.in(s.L, s.D, 1, dy).View,
				DX: dx.View, DW: dw.View, DBias: db.Ptr, Work: r.work(r.p.ConvWork(s.L, s.D, s.K))}
			if window != nil && s.K > 1 {
				og.Window, g.Window = o.view(s.D, window), r.in(s.K-1, s.D, 1, window).View
			}
			o.ConvBackward(og)
			r.p.ConvBackward(g)
			r.run()
			r.near("dX", dx.get(), o.get(wx.Buf), gradTolerance)
			r.near("dW", dw.get(), o.get(ww.Buf), gradTolerance)
			r.near("dBias", db.get(), o.get(wb.Buf), gradTolerance)
			r.guards()
		}
	}
}

// TestScanBackward: every rule, tiles of both sizes, groups of channels, more
// states than a pass, marks; beside the float64 backend. Without what needs
// compute capability 8.0, which TestStreamBackward has.
func TestScanBackward(t *testing.T) {
	for _, rule := range scan.Rules() {
		for _, s := range []struct{ L, D, N, sms, shared int }{
			{1, 1, 1, 132, 227}, {40, 9, 16, 132, 227}, {150, 20, 5, 1, 48}, {130, 3, 20, 132, 48},
			{260, 30, 16, 1, 227}, {140, 3, 20, 132, 227}, {700, 18, 16, 1, 227}, {300, 5, 0, 132, 227},
		} {
			if s.L > 200 && rule != scan.Released {
				continue // the same kernel as for fewer steps
			}
			for variant := range 2 {
				r := newRig(t)
				r.p.Device = Device{SMs: s.sms, CC: 75, Shared: s.shared << 10} // no streams
				p := r.random(rule, s.L, s.D, s.N)
				if variant == 1 {
					p.mark(r, 30)
				}
				r.gradient(fmt.Sprintf("%v %v %d", rule, s, variant), p, variant == 1)
			}
		}
	}
	// Nothing optional.
	r := newRig(t)
	p := r.random(scan.Released, 70, 5, 4)
	p.Softplus, p.Bias, p.Skip, p.Z = false, nil, nil, nil
	p.Delta = r.uniform(len(p.Delta), 0.001, 1)
	r.gradient("bare", p, true)
}

// TestStreamBackward: tails of parts, windows and blocks, one chunk and many,
// fewer states than there is room for, resets at borders; rows in aligned quads
// and not.
func TestStreamBackward(t *testing.T) {
	for _, s := range []struct{ L, D, N, chunk, gap int }{
		{1, 4, 16, 32, 3}, {16, 32, 9, 32, 3}, {33, 33, 16, 32, 3}, {64, 65, 12, 64, 3}, {97, 5, 16, 32, 3}, {260, 3, 16, 96, 3},
		{1, 4, 16, 32, 0}, {75, 72, 12, 64, 0}, {140, 68, 16, 64, 4}, {40, 64, 10, 64, 0}, {40, 6, 16, 64, 0},
		{100, 64, 16, 8, 0}, {70, 128, 16, 16, 4}, {50, 33, 16, 24, 3},
	} {
		for variant := range 3 {
			for _, block := range []streamGradBlock{streamGradWide, streamGradNarrow} {
				r := newRig(t)
				r.p.streamGradWith = func(int) (streamGradBlock, int) { return block, s.chunk }
				p := r.random(scan.Released, s.L, s.D, s.N)
				p.gap = s.gap
				if variant > 0 {
					p.mark(r, []int{0, 30, 2}[variant])
				}
				r.gradient(fmt.Sprintf("%v %d %s", s, variant, block.entry.Name()), p, variant == 1)
			}
		}
	}
}

// TestStreamGradShape: chunks are whole windows or parts of one, the scratch is
// that of the plan, and every multiprocessor has something to do where it can.
func TestStreamGradShape(t *testing.T) {
	for _, sms := range []int{1, 16, 132} {
		p := NewPlanner(Device{SMs: sms, CC: 90, Shared: 227 << 10})
		for _, L := range []int{1, 7, 32, 33, 256, 1000, 2048, 65536, 1 << 20} {
			for _, D := range []int{1, 32, 128, 1536, 5120} {
				b, chunk := p.streamGradShape(L, D)
				if chunk%streamGradWindow != 0 && streamGradWindow%chunk != 0 || chunk%streamGradPart != 0 {
					t.Errorf("%d multiprocessors, L %d, D %d: chunks of %d steps", sms, L, D, chunk)
				}
				blocks := ceil(D, b.channels) * ceil(L, chunk)
				if most := ceil(D, 32) * ceil(L, streamGradPart); blocks < min(most, sms)/2 {
					t.Errorf("%d multiprocessors, L %d, D %d: %d blocks, there could be %d", sms, L, D, blocks, most)
				}
			}
		}
	}
}

// gradient holds ScanBackward of p against the oracle's; bare leaves the state
// out of it.
func (r *rig) gradient(what string, p *problem, bare bool) {
	r.Helper()
	o := newOracle(r)
	L, D, N := p.L, p.D, p.N
	// The states that the forward scan keeps.
	chunks := scan.ChunkTaps(nil, L)
	s := p.Sequence
	s.Taps = chunks
	if bare {
		s.H = nil
	}
	states := scan.Reference(&s).Taps
	for i, v := range states {
		states[i] = float64(float32(v))
	}
	dy, dh := r.uniform(L*D, -1, 1), r.uniform(D*N, -1, 1)
	startA, startBias, startSkip := r.uniform(D*N, -1, 1), r.uniform(D, -1, 1), r.uniform(D, -1, 1)
	blank := func(rows, cols int) scan.View { return o.view(cols, make([]float64, rows*cols)) }
	og := scan.ScanGrad{L: L, D: D, N: N, Rule: p.Rule, U: o.view(D, p.U), Delta: o.view(D, p.Delta), Bias: o.buffer(p.Bias),
		Softplus: p.Softplus, A: o.view(N, p.A), B: o.view(N, p.B), C: o.view(N, p.C), Skip: o.buffer(p.Skip),
		Resets: o.ints(p.Resets), DY: o.view(D, dy), DU: blank(L, D), DDelta: blank(L, D), DB: blank(L, N), DC: blank(L, N),
		DA: o.view(N, startA), DBias: o.view(D, startBias), DSkip: o.view(D, startSkip)}
	if len(chunks) > 0 {
		og.States = o.buffer(states)
	}
	// Between rows: 1 to 3, or the same for all.
	between := func(gap int) int {
		if p.gap%4 == 0 {
			return p.gap
		}
		return gap
	}
	in := func(rows, cols, gap int, x []float64) View { return r.in(rows, cols, between(gap), x).View }
	du, dd, dz := r.out(L, D, between(1)), r.out(L, D, between(2)), r.out(L, D, between(3))
	db, dc, da := r.out(L, N, 2), r.out(L, N, 1), r.in(D, N, 1, startA)
	bias, skip := r.in(1, D, 0, startBias), r.in(1, D, 0, startSkip)
	g := ScanGrad{L: L, D: D, N: N, Rule: int(p.Rule), Softplus: p.Softplus, U: in(L, D, 1, p.U), Delta: in(L, D, 2, p.Delta),
		A: in(D, N, 1, p.A), B: in(L, N, 3, p.B), C: in(L, N, 1, p.C), Bias: r.vector(p.Bias), Skip: r.vector(p.Skip),
		Resets: r.ints(p.Resets), States: r.vector(states), DY: in(L, D, 1, dy), DU: du.View, DDelta: dd.View,
		DB: db.View, DC: dc.View, DA: da.View, DBias: bias.Ptr, DSkip: skip.Ptr,
		Work: r.work(r.p.ScanGradWork(int(p.Rule), L, D, N))}
	if p.Z != nil {
		og.Z, og.DZ = o.view(D, p.Z), blank(L, D)
		g.Z, g.DZ = in(L, D, 2, p.Z), dz.View
	}
	var h *matrix
	if !bare {
		og.H0, og.DH = o.view(N, p.H), o.view(N, dh)
		h = r.in(D, N, 2, dh)
		g.H0, g.DH = in(D, N, 1, p.H), h.View
	}
	o.ScanBackward(og)
	r.p.ScanBackward(g)
	r.run()
	check := func(name string, got *matrix, want scan.View) {
		r.Helper()
		r.near(what+": "+name, got.get(), o.get(want.Buf), gradTolerance)
	}
	check("dU", du, og.DU)
	check("dΔ", dd, og.DDelta)
	check("dB", db, og.DB)
	check("dC", dc, og.DC)
	check("dA", da, og.DA)
	check("dBias", bias, og.DBias)
	check("dSkip", skip, og.DSkip)
	if p.Z != nil {
		check("dZ", dz, og.DZ)
	}
	if h != nil {
		check("dH", h, og.DH)
	}
	r.guards()
}
