package bench

import (
	"context"
	"runtime"
	"slices"

	"mamba-tui/scan"
)

// CPUBackends are the kernel sets of this machine: the fastest on one thread
// and on all of them, the others on one, each with its limits measured. The
// first is the one that the rest is compared with, the last plain Go.
func CPUBackends(ctx context.Context, o *Options) ([]Backend, error) {
	sets := scan.KernelSets()
	slices.Reverse(sets)
	var backends []Backend
	for i, set := range sets {
		counts := []int{1}
		if n := runtime.GOMAXPROCS(0); i == 0 && n > 1 {
			counts = append(counts, n)
		}
		for _, threads := range counts {
			b, err := cpuBackend(ctx, o, set, threads)
			if err != nil {
				return nil, err
			}
			backends = append(backends, b)
		}
	}
	return backends, nil
}

// cpuBackend measures the limits of a set on some threads, as rows too.
func cpuBackend(ctx context.Context, o *Options, set scan.KernelSet, threads int) (Backend, error) {
	b := Backend{
		Name: "cpu " + set.String(), Threads: threads, Slow: set == scan.Generic,
		Open: func(f scan.WeightFormat) (scan.Backend, error) {
			return scan.NewCPU(scan.Options{Kernels: set, Threads: threads, Weights: f}), nil
		},
	}
	if !b.Slow {
		b.Formats = scan.WeightFormats()
	}
	row := Row{Suite: "limits", Backend: b.Name, Threads: threads, Repetitions: 1}
	row.Name = "multiply-adds"
	o.announce(row)
	l, err := MeasureLimits(ctx, set, threads, o)
	if err != nil {
		return b, err
	}
	b.Limits = l
	row.GFLOPS = l.GFLOPS
	o.emit(row)
	row.Name, row.Shape, row.GFLOPS, row.GBytes = "reading memory", sizeText(float64(o.array())), 0, l.GBytes
	o.emit(row)
	return b, nil
}
