package cuda

import (
	"testing"

	"mamba-tui/scan"
	"mamba-tui/scan/scantest"
)

// TestConformance: the kernels that are shipped, on the interpreter.
func TestConformance(t *testing.T) {
	scantest.Run(t, func(t testing.TB) scan.Backend { return unclosed{simulated(t)} })
}

// unclosed leaves closing to the one who opened.
type unclosed struct{ *Backend }

func (unclosed) Close() error { return nil }

// TestGradients: the backward kernels against finite differences of the float64
// CPU backend.
func TestGradients(t *testing.T) {
	scantest.RunDifferentiable(t, func(t testing.TB, dtype scan.DType) scan.Differentiable {
		if dtype == scan.Float64 {
			return scan.NewCPU(scan.Options{DType: dtype})
		}
		return unclosed{simulated(t)}
	}, scan.Float32)
}
