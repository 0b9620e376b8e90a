package bench

import (
	"context"
	"fmt"

	"mamba-tui/scan"
)

// Layer is the shape of a layer: L steps of D channels with N states, in a model
// of width M.
type Layer struct{ L, D, N, M int }

// mamba130M is a layer of mamba-130m.
var mamba130M = Layer{L: 2048, D: 1536, N: 16, M: 768}

// layer is Layer with its default.
func (o *Options) layer() Layer {
	if o.Layer.D > 0 {
		return o.Layer
	}
	return mamba130M
}

// chunk is how many tokens a product takes at a time: those of a forward pass.
const chunk = 256

// Scan measures the scan and the matrix products of one layer of mamba-130m on
// every backend.
func Scan(ctx context.Context, o *Options) error {
	for i := range o.Backends {
		b := &o.Backends[i]
		if err := b.run(scan.WeightsF32, func(be scan.Backend) error { return o.scans(ctx, b, be) }); err != nil {
			return err
		}
		err := b.EachFormat(func(f scan.WeightFormat) error {
			return b.run(f, func(be scan.Backend) error { return o.linears(ctx, b, be, f) })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// scans are the scan, the scan with states that have decayed, and the scan that
// writes every state out.
func (o *Options) scans(ctx context.Context, b *Backend, be scan.Backend) error {
	layer := o.layer()
	L, D, N := layer.L, layer.D, layer.N
	if o.Quick || b.Slow {
		L = min(L, chunk)
	}
	f := newFixture(be)
	defer f.free()
	args := f.scan(L, D, N)
	if f.err != nil {
		return f.err
	}
	shape := fmt.Sprintf("L=%d D=%d N=%d", L, D, N)
	run := func(a scan.ScanArgs) func() error {
		return func() error {
			be.Scan(a)
			return be.Sync()
		}
	}
	if err := o.Measure(ctx, Row{Suite: "scan", Name: NameFused, Shape: shape}, b, ScanWork(L, D, N, false), run(args)); err != nil {
		return err
	}
	// No input and a state far below the least normal number: without a flush
	// every product is one that a processor takes a hundred cycles for.
	quiet := args
	quiet.U, quiet.H = scan.Dense(f.alloc(L*D), D), scan.Dense(f.buffer(D*N, 1e-39, 1.1e-39), N)
	quiet.Delta = f.matrix(L, D, -1, 1)
	quiet.Bias = f.buffer(D, -20, -19) // Δ ≈ 0: the state stays where it is
	if f.err != nil {
		return f.err
	}
	if err := o.Measure(ctx, Row{Suite: "scan", Name: "fused scan, subnormal states", Shape: shape}, b, ScanWork(L, D, N, false), run(quiet)); err != nil {
		return err
	}
	all := args
	all.Tap = f.everyState(L, D, N)
	if f.err != nil {
		return f.err
	}
	return o.Measure(ctx, Row{Suite: "scan", Name: NameWritten, Shape: shape}, b, ScanWork(L, D, N, true), run(all))
}

// linears are in_proj of a layer, 768 → 3072, for a chunk of tokens and for one.
func (o *Options) linears(ctx context.Context, b *Backend, be scan.Backend, format scan.WeightFormat) error {
	layer := o.layer()
	out, in := 2*layer.D, layer.M
	size := 4
	if format != scan.WeightsF32 {
		size = 2
	}
	f := newFixture(be)
	defer f.free()
	w := f.weight(out, in)
	x, y := f.matrix(chunk, in, -1, 1), scan.Dense(f.alloc(chunk*out), out)
	if f.err != nil {
		return f.err
	}
	for _, L := range []int{chunk, 1} {
		if L > 1 && b.Slow {
			L = 64
		}
		row := Row{Suite: "scan", Name: "linear " + format.String(), Shape: fmt.Sprintf("L=%d %d→%d", L, in, out)}
		work := LinearWork(L, out, in, size)
		if L == 1 {
			// These weights fit a cache; what bounds reading them is not measured.
			work.Limit = ""
		}
		err := o.Measure(ctx, row, b, work, func() error {
			be.Linear(scan.LinearArgs{Y: y, X: x, W: w, L: L})
			return be.Sync()
		})
		if err != nil {
			return err
		}
	}
	return nil
}
