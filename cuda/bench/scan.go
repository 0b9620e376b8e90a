package main

import (
	"fmt"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/internal/machine"
	"mamba-tui/cuda/kernels"
)

// rows are the shapes (B, D, L) that are measured: those of the mamba models
// from 130m to 2.8b and of small models that people look into; or of -row.
var rows = [][3]int{
	{1, 128, 256}, {1, 128, 1024}, {1, 128, 4096}, {1, 768, 1024},
	{1, 1536, 256}, {1, 1536, 1024}, {1, 1536, 2048}, {1, 1536, 4096}, {1, 1536, 16384}, {1, 1536, 65536},
	{1, 2560, 2048}, {1, 5120, 2048}, {1, 5120, 65536},
	{8, 1536, 2048}, {8, 2560, 2048}, {8, 5120, 2048}, {8, 5120, 65536},
}

// states is N of every row, as in the released models.
const states = 16

// inputs are one set of a scan's arrays. Layout: (B, L, D), with D contiguous.
type inputs struct{ u, delta, z, y, b, c, h driver.Ptr }

// scans measures every row.
func (g *gpu) scans(r *report) error {
	r.heading("selective scan, forward: softplus, skip, gate, final state; float32")
	for _, row := range rows {
		if err := g.scan(r, row[0], row[1], row[2]); err != nil {
			return fmt.Errorf("row (B %d, D %d, L %d): %w", row[0], row[1], row[2], err)
		}
	}
	return nil
}

// sets is how many sets of inputs of so many bytes are used in turn, so that
// none is in the cache when its turn comes again; 0: there is no room for one.
func (g *gpu) sets(bytes int) (int, error) {
	free, _, r := g.API.MemoryInfo()
	if r != driver.OK {
		return 0, machine.Failed("asking for the memory", r)
	}
	room := int(*largest * float64(free))
	if bytes > room {
		return 0, nil
	}
	return min(1+3*g.Info.L2/bytes, room/bytes, 4096), nil
}

// scan measures one row.
func (g *gpu) scan(r *report, B, D, L int) error {
	defer g.free()
	BLD, BLN := B*L*D, B*L*states
	n, err := g.sets(4 * (4*BLD + 2*BLN + B*D*states))
	if err != nil {
		return err
	}
	if n == 0 {
		fmt.Printf("%3d %5d %6d %4d  left out: its %.1f GB do not fit\n", B, D, L, states, 4e-9*float64(4*BLD+2*BLN))
		return nil
	}
	a, err := g.weights(D)
	if err != nil {
		return err
	}
	a.L, a.D, a.N, a.Batch, a.Softplus = L, D, states, B, true
	if a.Work, err = g.work(a); err != nil {
		return err
	}
	all := make([]inputs, n)
	for i := range all {
		if all[i], err = g.inputs(B, D, L); err != nil {
			return err
		}
	}
	if err := g.wait(); err != nil {
		return err
	}
	// A graph of at least ten calls, or of what takes long enough by itself.
	calls := max(n, min(10, 1+(1<<28)/BLD))
	t, err := g.time(calls, func() error {
		for i := range calls {
			g.Plan.Scan(all[i%n].of(a))
			if err := g.launch(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	g.Plan.Scan(all[0].of(a))
	kernel := g.Plan.Launches[0].Entry.Name()
	g.Plan.Reset()
	bytes := 4 * float64(4*BLD+2*BLN+2*B*D*states)
	// An exponential for each state, two special functions each for softplus
	// and gate.
	special := float64(BLD) * (states + 4)
	return r.add(figure{What: "forward", B: B, D: D, L: L, N: states, Kernel: kernel, Micros: t.median, Low: t.low, High: t.high,
		Floor: 1e6 * max(bytes/g.bandwidth, special/g.special)})
}

// weights are the arrays that all sets share.
func (g *gpu) weights(D int) (a kernels.ScanArgs, err error) {
	if err = g.noise(-4, -0.1); err != nil {
		return a, err
	}
	at, err := g.filled(D * states)
	if err != nil {
		return a, err
	}
	a.A = kernels.View{Ptr: uint64(at), Stride: states}
	if err = g.wait(); err != nil {
		return a, err
	}
	if err = g.noise(-1, 1); err != nil {
		return a, err
	}
	for _, v := range []*uint64{&a.Bias, &a.Skip} {
		if at, err = g.filled(D); err != nil {
			return a, err
		}
		*v = uint64(at)
	}
	return a, g.wait()
}

// work is the scratch of a scan.
func (g *gpu) work(a kernels.ScanArgs) (uint64, error) {
	at, err := g.alloc((g.Plan.ScanWork(a) + 3) / 4)
	return uint64(at), err
}

// inputs fills one set. Numbers are in [−1, 1); Δ after softplus is about 0.2
// to 1.9, so that the state is neither kept nor wiped.
func (g *gpu) inputs(B, D, L int) (x inputs, err error) {
	for _, v := range []struct {
		at *driver.Ptr
		n  int
	}{{&x.u, B * L * D}, {&x.delta, B * L * D}, {&x.z, B * L * D}, {&x.y, B * L * D},
		{&x.b, B * L * states}, {&x.c, B * L * states}, {&x.h, B * D * states}} {
		if *v.at, err = g.filled(v.n); err != nil {
			return x, err
		}
	}
	return x, nil
}

// of are a scan's arguments over the set.
func (x inputs) of(a kernels.ScanArgs) kernels.ScanArgs {
	view := func(p driver.Ptr, cols int) kernels.View { return kernels.View{Ptr: uint64(p), Stride: int64(cols)} }
	a.U, a.Delta, a.Z, a.Y = view(x.u, a.D), view(x.delta, a.D), view(x.z, a.D), view(x.y, a.D)
	a.B, a.C, a.H = view(x.b, a.N), view(x.c, a.N), view(x.h, a.N)
	LD, LN := int64(a.L)*int64(a.D), int64(a.L)*int64(a.N)
	a.Distance = kernels.ScanDistance{U: LD, Delta: LD, Z: LD, Y: LD, B: LN, C: LN, H: int64(a.D) * int64(a.N)}
	return a
}
