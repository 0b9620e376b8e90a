package scantest

import (
	"testing"

	"mamba-tui/scan"
)

// GradientCase is one test of the suite of backward operations.
type GradientCase struct {
	Name string
	body func(g *gradRig)
}

// Run runs the case on two backends of the same implementation, a Float64 one
// and the one in question, and leaves them open.
func (c GradientCase) Run(t testing.TB, oracle, b scan.Differentiable) {
	t.Helper()
	if oracle.DType() != scan.Float64 {
		t.Fatalf("the oracle computes in %v, want %v", oracle.DType(), scan.Float64)
	}
	c.body(&gradRig{t: t, oracle: oracle, b: b, rig: newRig(t, b)})
}

// GradientCases lists the suite of backward operations.
func GradientCases() []GradientCase {
	return []GradientCase{
		{"zero", zeros},
		{"update", updates},
		{"crossentropy/table", crossEntropyTable},
		{"crossentropy", crossEntropies},
		{"embed", embedGradients},
		{"rmsnorm", normGradients},
		{"linear", linearGradients},
		{"conv", convGradients},
		{"scan/table", scanGradientTable},
		{"scan/rules", scanGradientRules},
		{"scan/parts", scanGradientParts},
		{"scan/large", scanGradientLarge},
		{"shapes", gradientShapes},
	}
}

// RunDifferentiable runs the suite of backward operations on backends from
// open, which must be able to compute in Float64 as well.
//
// Each gradient of the Float64 backend is held against finite differences of
// its own forward operations, for every argument, and the gradient of the
// other type against that of Float64.
func RunDifferentiable(t *testing.T, open func(t testing.TB, dtype scan.DType) scan.Differentiable, dtype scan.DType) {
	for _, c := range GradientCases() {
		t.Run(c.Name, func(t *testing.T) {
			oracle, b := open(t, scan.Float64), open(t, dtype)
			defer func() {
				if err := oracle.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
				if err := b.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}()
			c.Run(t, oracle, b)
		})
	}
}
