// Package scantest is the conformance suite of package scan: what every
// Backend must compute, and what it must leave alone.
//
// A backend's own test is
//
//	func TestConformance(t *testing.T) {
//		scantest.Run(t, func(t testing.TB) scan.Backend { return open(t) })
//	}
//
// Every buffer of the suite is wider and longer than its contents, and the
// words around them are checked after each case: a kernel that writes one
// element too far fails, as does one that changes an input.
//
// Results are compared with numbers worked out by hand, with scan.Reference,
// or with the backend itself on the same work cut differently. "Relative error"
// is max|a−b| / max|b| of a tensor: at most 1e-5 for Float32 and 1e-12 for
// Float64. What must agree bit for bit may differ by 1e-6 (1e-13) on a backend
// that says it is parallel in time; see TimeParallel.
package scantest

import (
	"testing"

	"mamba-tui/scan"
)

// TimeParallel is implemented by a backend whose sums over time or over inputs
// depend on how work is cut into calls. Promises to the bit are relaxed for it,
// except that a reset lets nothing through.
type TimeParallel interface{ TimeParallel() bool }

// Case is one test of the suite.
type Case struct {
	Name string
	body func(r *rig)
}

// Run runs the case on a backend, which it leaves open.
func (c Case) Run(t testing.TB, b scan.Backend) {
	t.Helper()
	r := newRig(t, b)
	defer r.free()
	c.body(r)
	r.checkGuards()
}

// Cases lists the suite.
func Cases() []Case {
	return []Case{
		{"identity", identity},
		{"buffers", buffers},
		{"copy", copies},
		{"broadcast", broadcasts},
		{"embed", embeds},
		{"rmsnorm", rmsNorms},
		{"softplus", softpluses},
		{"linear/table", linearTable},
		{"linear/random", linearRandom},
		{"linear/order", linearOrder},
		{"linear/rows", linearRows},
		{"linear/nan", linearNaN},
		{"conv/table", convTable},
		{"conv/random", convRandom},
		{"conv/split", convSplit},
		{"conv/reset", convReset},
		{"conv/nan", convNaN},
		{"scan/rules", scanRules},
		{"scan/table", scanTable},
		{"scan/random", scanRandom},
		{"scan/large", scanLarge},
		{"scan/empty", scanEmpty},
		{"scan/split", scanSplit},
		{"scan/reset", scanReset},
		{"scan/taps", scanTaps},
		{"scan/softplus", scanSoftplus},
		{"scan/alias", scanAlias},
		{"scan/limits", scanLimits},
		{"scan/nan", scanNaN},
		{"block", block},
		{"shapes", shapes},
	}
}

// Run runs the whole suite on backends from open, one for each case.
func Run(t *testing.T, open func(t testing.TB) scan.Backend) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			b := open(t)
			defer func() {
				if err := b.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}()
			c.Run(t, b)
		})
	}
}
