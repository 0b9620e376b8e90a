package scan_test

import (
	"testing"

	"mamba-tui/scan"
	"mamba-tui/scan/scantest"
)

func TestConformance(t *testing.T) {
	for _, o := range []scan.Options{
		{DType: scan.Float32, Threads: 1},
		{DType: scan.Float32},
		{DType: scan.Float64, Threads: 1},
		{DType: scan.Float64},
	} {
		name := o.DType.String() + " on all cores"
		if o.Threads == 1 {
			name = o.DType.String() + " on one core"
		}
		t.Run(name, func(t *testing.T) {
			scantest.Run(t, func(testing.TB) scan.Backend { return scan.NewCPU(o) })
		})
	}
}
