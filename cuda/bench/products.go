package main

import (
	"fmt"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/kernels"
)

// layer is (In, Out) of a layer of mamba-130m: in_proj, x_proj, dt_proj, out_proj.
var layer = [][2]int{{768, 3072}, {1536, 80}, {48, 1536}, {1536, 768}}

// steps are the rows that are multiplied with its weights.
var steps = []int{1, 8, 16, 64, 256, 512, 2048}

// products measures y = x·Wᵀ and its gradient, for whole layers and by shape.
func (g *gpu) products(r *report) error {
	fmt.Printf("\nmatrix products of a layer, float32; weights from memory\n%6s %6s %6s  %-18s %5s %22s %9s %14s\n",
		"rows", "In", "Out", "kernel", "parts", "µs (fastest, slowest)", "bytes, µs", "10¹² mul-adds/s")
	for _, what := range []string{"linear", "linear gradient"} {
		for _, L := range steps {
			if what != "linear" && L < 64 {
				continue
			}
			for _, s := range layer {
				if err := g.product(r, what, L, s[0], s[1]); err != nil {
					return fmt.Errorf("%s, %d rows, %d → %d: %w", what, L, s[0], s[1], err)
				}
			}
		}
	}
	return nil
}

// product measures one shape.
func (g *gpu) product(r *report, what string, L, in, out int) error {
	defer g.free()
	x, w, y := L*in, in*out, L*out
	moved, muls := x+w+y, 1.
	if what != "linear" { // dX and dW, to which it is added
		moved, muls = 2*x+3*w+2*y, 2
	}
	n, err := g.sets(4 * moved)
	if err != nil {
		return err
	}
	n = max(n, 1)
	if err := g.noise(-1, 1); err != nil {
		return err
	}
	work, err := g.alloc((max(g.Plan.LinearWork(L, in, out), g.Plan.LinearGradWork(L, in, out)) + 3) / 4)
	if err != nil {
		return err
	}
	type set struct{ x, w, y, dx, dw driver.Ptr }
	all := make([]set, n)
	for i := range all {
		a := &all[i]
		for _, v := range []struct {
			at *driver.Ptr
			n  int
		}{{&a.x, x}, {&a.w, w}, {&a.y, y}, {&a.dx, x}, {&a.dw, w}} {
			if what == "linear" && (v.at == &a.dx || v.at == &a.dw) {
				continue
			}
			if *v.at, err = g.filled(v.n); err != nil {
				return err
			}
		}
	}
	if err := g.wait(); err != nil {
		return err
	}
	view := func(p driver.Ptr, cols int) kernels.View { return kernels.View{Ptr: uint64(p), Stride: int64(cols)} }
	plan := func(a set) {
		if what == "linear" {
			g.Plan.Linear(kernels.LinearArgs{Y: view(a.y, out), X: view(a.x, in), W: uint64(a.w), L: L, In: in, Out: out, Work: uint64(work)})
			return
		}
		g.Plan.LinearBackward(kernels.LinearGrad{L: L, In: in, Out: out, X: view(a.x, in), DY: view(a.y, out), W: uint64(a.w),
			DX: view(a.dx, in), DW: view(a.dw, in), Work: uint64(work)})
	}
	calls := max(n, 20)
	t, err := g.time(calls, func() error {
		for i := range calls {
			plan(all[i%n])
			if err := g.launch(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	plan(all[0])
	l := g.Plan.Launches[0]
	g.Plan.Reset()
	f := figure{What: what, L: L, In: in, Out: out, Kernel: l.Entry.Name(), Micros: t.median, Low: t.low, High: t.high,
		Floor: 1e6 * 4 * float64(moved) / g.bandwidth}
	fmt.Printf("%6d %6d %6d  %-18s %5d %22s %9.1f %14.1f", L, in, out, f.Kernel, l.Grid[2],
		fmt.Sprintf("%.1f (%.1f, %.1f)", t.median, t.low, t.high), f.Floor, muls*float64(L)*float64(in)*float64(out)/t.median/1e6)
	return r.write(f.signed(r))
}
