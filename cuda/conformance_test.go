package cuda

import (
	"testing"

	"mamba-tui/cuda/internal/simdriver"
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

// simulated is a backend whose kernels run on the interpreter.
func simulated(t testing.TB) *Backend {
	t.Helper()
	f := simdriver.New(t)
	f.Run = true
	b, err := open(f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		f.Left()
	})
	return b
}
