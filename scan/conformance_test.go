package scan_test

import (
	"testing"

	"mamba-tui/scan"
	"mamba-tui/scan/scantest"
)

func TestConformance(t *testing.T) {
	options := []scan.Options{
		{DType: scan.Float64, Threads: 1},
		{DType: scan.Float64},
	}
	for _, set := range scan.KernelSets() {
		options = append(options, scan.Options{Kernels: set, Threads: 1}, scan.Options{Kernels: set})
	}
	for _, o := range options {
		name := o.DType.String() + " on all cores"
		if o.Threads == 1 {
			name = o.DType.String() + " on one core"
		}
		if o.DType == scan.Float32 {
			name = o.Kernels.String() + " " + name
		}
		t.Run(name, func(t *testing.T) {
			scantest.Run(t, func(testing.TB) scan.Backend { return scan.NewCPU(o) })
		})
	}
}
