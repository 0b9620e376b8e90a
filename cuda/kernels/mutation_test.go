package kernels

import (
	"fmt"
	"strings"
	"testing"

	"mamba-tui/cuda/internal/ptxsim"
	"mamba-tui/scan"
)

// scenarios use every kernel that has a barrier. Each gives all it wrote.
var scenarios = map[string]func(r *rig) []float64{
	"rmsnorm": func(r *rig) []float64 {
		var all []float64
		for gap := range 2 { // by fours, and one by one
			y := r.out(2, 700, gap)
			r.p.RMSNorm(y.View, r.in(2, 700, 0, r.uniform(1400, -1, 1)).View, r.vector(r.uniform(700, -1, 1)), 2, 700, 1e-5)
			r.run()
			all = append(all, y.get()...)
		}
		return all
	},
	"norm gradient": func(r *rig) []float64 {
		const L, cols = 20, 700
		dx, dw := r.out(L, cols, 0), r.in(1, cols, 0, r.uniform(cols, -1, 1))
		r.p.RMSNormBackward(NormGrad{L: L, Cols: cols, Eps: 1e-5, X: r.in(L, cols, 0, r.uniform(L*cols, -1, 1)).View,
			DY: r.in(L, cols, 0, r.uniform(L*cols, -1, 1)).View, DX: dx.View, W: r.vector(r.uniform(cols, -1, 1)),
			DW: dw.Ptr, Work: r.work(r.p.NormWork(L, cols))})
		r.run()
		return append(dx.get(), dw.get()...)
	},
	"cross entropy": func(r *rig) []float64 {
		x, loss, best := r.in(2, 700, 0, r.uniform(1400, -3, 3)), r.out(1, 2, 0), r.out(1, 2, 0)
		r.p.CrossEntropy(CrossEntropyArgs{L: 2, V: 700, Logits: x.View, Targets: r.ints([]int32{699, 5}), Scale: 1,
			Loss: loss.Ptr, Best: best.Ptr, DLogits: x.View})
		r.run()
		return append(x.get(), loss.get()...)
	},
	"gemv": func(r *rig) []float64 {
		var all []float64
		for _, L := range []int{1, 2, 4, 8} {
			y := r.out(L, 2, 0)
			r.p.Linear(LinearArgs{Y: y.View, X: r.in(L, 3000, 0, r.uniform(L*3000, -1, 1)).View,
				W: r.in(2, 3000, 0, r.uniform(6000, -1, 1)).Ptr, L: L, In: 3000, Out: 2})
			r.run()
			all = append(all, y.get()...)
		}
		return all
	},
	"gemm": func(r *rig) []float64 {
		var all []float64
		r.gemms(func(string) {
			for layout := range 3 {
				const m, n, k = 40, 36, 120
				c := r.out(m, n, 0)
				g := gemmArgs{c: c.View, a: r.in(120, 120, 0, r.uniform(14400, -1, 1)).View, b: r.in(120, 120, 0, r.uniform(14400, -1, 1)).View, m: m, n: n, k: k}
				g.work = r.work(r.p.gemmWork(g))
				r.p.gemm(layout, g)
				r.run()
				all = append(all, c.get()...)
			}
		})
		return all
	},
	"scan": func(r *rig) []float64 {
		var all []float64
		for _, kind := range []ScanKind{ScanSerial, ScanChunked} {
			for _, n := range []int{16, 3} {
				s := r.scan(r.random(scan.Released, 150, 5, n), kind)
				all = append(append(all, s.y...), s.h...)
			}
		}
		return all
	},
	"scan stream": func(r *rig) []float64 {
		var all []float64
		r.streams(func(string) {
			got := r.scan(r.random(scan.Released, 150, 70, 16), ScanStream)
			all = append(append(all, got.y...), got.h...)
		})
		return all
	},
	"scan lanes": func(r *rig) []float64 {
		r.p.Device.SMs = 1
		s := r.scan(r.random(scan.Released, 1040, 6, 3), ScanLanes)
		return append(s.y, s.h...)
	},
	"stream gradient":         func(r *rig) []float64 { return r.streamGradients(streamGradWide) },
	"stream gradient, narrow": func(r *rig) []float64 { return r.streamGradients(streamGradNarrow) },
	"scan gradient": func(r *rig) []float64 {
		r.p.Device.SMs = 1
		r.gradient("long", r.random(scan.Released, 530, 18, 5), true)
		r.gradient("long, marked", r.random(scan.Released, 530, 18, 5).mark(r, 40), true)
		r.gradient("another rule", r.random(scan.ZOH, 140, 3, 20), true)
		r.gradient("no states", r.random(scan.Released, 530, 3, 0), true)
		r.gradient("another rule, no states", r.random(scan.ZOH, 140, 3, 0), true)
		r.p.Device.Shared = 48 << 10 // small tiles
		r.gradient("short", r.random(scan.Released, 140, 3, 20), true)
		r.gradient("short, no states", r.random(scan.Released, 140, 3, 0), true)
		return nil
	},
}

// streamGradients are gradients of a full block, without marks and with, and of
// part of one.
func (r *rig) streamGradients(block streamGradBlock) []float64 {
	r.p.streamGradWith = func(int) (streamGradBlock, int) { return block, 64 }
	for _, marks := range []int{0, 30} {
		p := r.random(scan.Released, 104, block.channels, 16)
		p.gap = 0
		if marks > 0 {
			p.mark(r, marks)
		}
		r.gradient("full", p, true)
	}
	r.gradient("part of a block", r.random(scan.Released, 104, 20, 12).mark(r, 30), false)
	return nil
}

// TestDroppedBarriers drops each barrier of each kernel and demands that a
// scenario notices: no barrier is missing, and none is there for nothing.
func TestDroppedBarriers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	clean, uses := map[string][]float64{}, map[string]map[string]bool{}
	for name, f := range scenarios {
		r := newRig(t)
		clean[name], uses[name] = f(r), r.used
	}
	for _, m := range Modules() {
		header := m.PTX[:strings.Index(m.PTX, ".entry")]
		header = header[:strings.LastIndex(header, "\n")]
		header = header[strings.Index(header, ".version"):]
		for _, text := range strings.Split(m.PTX, ".entry ")[1:] {
			name := strings.TrimSpace(text[:strings.IndexByte(text, '(')])
			text = text[:strings.LastIndexByte(text, '}')+1]
			for i := range strings.Count(text, "bar.sync") + strings.Count(text, "bar.warp.sync") {
				kind, i := "bar.sync", i
				if n := strings.Count(text, kind); i >= n {
					kind, i = "bar.warp.sync", i-n
				}
				mutant := header + "\n.visible .entry " + without(text, kind, i)
				x, err := ptxsim.Load(mutant)
				if err != nil {
					t.Fatal(err)
				}
				noticed := ""
				for scenario, f := range scenarios {
					if noticed == "" && uses[scenario][name] {
						noticed = fate(t, f, x.Kernels[name], clean[scenario])
					}
				}
				if noticed == "" {
					t.Errorf("nobody misses %s %d of %s in module %s", kind, i, name, m.Name)
				}
			}
		}
	}
}

// without is text without the i-th instruction of the given name.
func without(text, name string, i int) string {
	at := -1
	for range i + 1 {
		at += 1 + strings.Index(text[at+1:], name)
	}
	end := at + strings.IndexByte(text[at:], ';') + 1
	return text[:at] + text[end:]
}

// fate says how a scenario notices the mutant: "" if it does not.
func fate(t *testing.T, f func(r *rig) []float64, mutant *ptxsim.Kernel, want []float64) (noticed string) {
	r := newRig(t)
	var failed error
	r.mutant, r.failed = mutant, &failed
	defer func() {
		if v := recover(); v == r.failed {
			noticed = failed.Error()
		} else if v != nil {
			panic(v)
		}
	}()
	for i, v := range f(r) {
		if v != want[i] {
			return fmt.Sprintf("element %d is %v, want %v", i, v, want[i])
		}
	}
	return ""
}
