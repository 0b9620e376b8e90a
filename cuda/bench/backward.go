package main

import (
	"fmt"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/kernels"
	"mamba-tui/scan"
)

// gradient is one set of the arrays that the backward scan has beside inputs.
type gradient struct {
	inputs
	states, dy, du, ddelta, dz, db, dc driver.Ptr
}

// backwards measures the gradient of the scan over every row, from the states
// that the forward scan kept.
func (g *gpu) backwards(r *report) error {
	r.heading("selective scan, backward: softplus, skip, gate; float32")
	for _, row := range rows {
		if err := g.backward(r, row[0], row[1], row[2]); err != nil {
			return fmt.Errorf("row (B %d, D %d, L %d), backward: %w", row[0], row[1], row[2], err)
		}
	}
	return nil
}

// backward measures one row. A batch is as many calls: a training computes its
// sequences one after another.
func (g *gpu) backward(r *report, B, D, L int) error {
	defer g.free()
	LD, LN := L*D, L*states
	chunks := (L + scan.ChunkSteps - 1) / scan.ChunkSteps
	moved := 4 * (7*LD + 4*LN + chunks*D*states)
	n, err := g.sets(B * (moved + 4*LD)) // and y, which only the forward scan has
	if err != nil {
		return err
	}
	if n == 0 {
		fmt.Printf("%3d %5d %6d %4d  left out: its %.1f GB do not fit\n", B, D, L, states, 1e-9*float64(B*moved))
		return nil
	}
	a, err := g.weights(D)
	if err != nil {
		return err
	}
	grad := kernels.ScanGrad{L: L, D: D, N: states, Softplus: true, A: a.A, Bias: a.Bias, Skip: a.Skip}
	var sums [3]driver.Ptr // of A, bias and skip
	for i, n := range []int{D * states, D, D} {
		if sums[i], err = g.filled(n); err != nil {
			return err
		}
	}
	grad.DA = kernels.View{Ptr: uint64(sums[0]), Stride: states}
	grad.DBias, grad.DSkip = uint64(sums[1]), uint64(sums[2])
	work, err := g.alloc((g.Plan.ScanGradWork(grad.Rule, L, D, states) + 3) / 4)
	if err != nil {
		return err
	}
	grad.Work = uint64(work)
	all := make([]gradient, n*B)
	for i := range all {
		if all[i], err = g.gradient(D, L, chunks); err != nil {
			return err
		}
	}
	if err := g.wait(); err != nil {
		return err
	}
	calls := max(n, min(10, 1+(1<<27)/(B*LD)))
	t, err := g.time(calls, func() error {
		for i := range calls * B {
			g.Plan.ScanBackward(all[i%len(all)].of(grad))
			if err := g.launch(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	g.Plan.ScanBackward(all[0].of(grad))
	kernel := g.Plan.Launches[0].Entry.Name()
	g.Plan.Reset()
	// The exponential of every state again, softplus, its slope and the gate.
	special := float64(B*LD) * (states + 5)
	return r.add(figure{What: "backward", B: B, D: D, L: L, N: states, Kernel: kernel, Micros: t.median, Low: t.low, High: t.high,
		Floor: 1e6 * max(float64(B*moved)/g.bandwidth, special/g.special)})
}

// gradient fills one set.
func (g *gpu) gradient(D, L, chunks int) (x gradient, err error) {
	if x.inputs, err = g.inputs(1, D, L); err != nil {
		return x, err
	}
	for _, v := range []struct {
		at *driver.Ptr
		n  int
	}{{&x.states, chunks * D * states}, {&x.dy, L * D}, {&x.du, L * D}, {&x.ddelta, L * D}, {&x.dz, L * D},
		{&x.db, L * states}, {&x.dc, L * states}} {
		if *v.at, err = g.filled(v.n); err != nil {
			return x, err
		}
	}
	return x, nil
}

// of are the arguments over the set.
func (x gradient) of(a kernels.ScanGrad) kernels.ScanGrad {
	view := func(p driver.Ptr, cols int) kernels.View { return kernels.View{Ptr: uint64(p), Stride: int64(cols)} }
	a.U, a.Delta, a.Z, a.DY = view(x.u, a.D), view(x.delta, a.D), view(x.z, a.D), view(x.dy, a.D)
	a.DU, a.DDelta, a.DZ = view(x.du, a.D), view(x.ddelta, a.D), view(x.dz, a.D)
	a.B, a.C, a.DB, a.DC = view(x.b, a.N), view(x.c, a.N), view(x.db, a.N), view(x.dc, a.N)
	a.States = uint64(x.states)
	return a
}
