package cuda

import (
	"flag"
	"math/rand/v2"
	"testing"

	"mamba-tui/scan"
)

var long = flag.Bool("long", false, "sweep more shapes on the interpreter")

// TestScanKinds: every way to scan gives what float64 gives, and the same bits
// twice, on the interpreter.
func TestScanKinds(t *testing.T) {
	b := simulated(t)
	rng := rand.New(rand.NewPCG(11, 12))
	shapes := [][3]int{{1, 3, 2}, {1, 5, 16}, {130, 5, 16}, {70, 9, 7}}
	if *long {
		shapes = append(shapes, [][3]int{{513, 33, 16}, {1100, 6, 16}, {300, 7, 64}, {70, 3, 256}, {33, 130, 24}}...)
	}
	for _, shape := range shapes {
		for _, rule := range scan.Rules() {
			compareScan(t, b, rng, shape[0], shape[1], shape[2], rule)
		}
	}
}
