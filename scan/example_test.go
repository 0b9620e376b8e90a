package scan_test

import (
	"fmt"

	"mamba-tui/scan"
)

// What a step of Δ = 20 at A = −1 keeps of the state and lets in, under each
// rule. Only the exponential rules forget; the released one lets in 20 times
// what the zero-order hold does.
func ExampleRule_Coefficients() {
	for _, r := range scan.Rules() {
		abar, g := r.Coefficients(20, -1)
		fmt.Printf("%-14s keeps %+.3f lets in %.3f\n", r, abar, g)
	}
	// Output:
	// released       keeps +0.000 lets in 20.000
	// zoh            keeps +0.000 lets in 1.000
	// bilinear       keeps -0.818 lets in 1.818
	// euler          keeps -19.000 lets in 20.000
	// backward-euler keeps +0.048 lets in 0.952
}

// Selection: Δ decides token by token what stays. The 7 is written with a large
// Δ, the noise after it comes with Δ = 0 and leaves no trace, and a reset mark
// ends the document.
func ExampleReference() {
	s := &scan.Sequence{L: 4, D: 1, N: 1, Rule: scan.ZOH,
		U:      []float64{7, 3, -5, 2},
		Delta:  []float64{50, 0, 0, 50},
		A:      []float64{-1},
		B:      []float64{1, 1, 1, 1},
		C:      []float64{1, 1, 1, 1},
		Resets: []int32{0, 0, 0, scan.ResetState},
	}
	fmt.Println(scan.Reference(s).Y)
	// Output:
	// [7 7 7 2]
}

// A backend computes over its own buffers; the state is carried from call to
// call.
func ExampleNewCPU() {
	b := scan.NewCPU(scan.Options{})
	buffer := func(x ...float32) scan.Buffer {
		buf, err := b.Alloc(b.DType(), len(x))
		if err != nil {
			panic(err)
		}
		b.Write(buf, 0, x)
		return buf
	}
	// One channel of two states: the first halves at every step, the second
	// keeps everything.
	h := buffer(0, 0)
	step := scan.ScanArgs{L: 1, D: 1, N: 2, Rule: scan.Euler,
		U: scan.Dense(buffer(8), 1), Delta: scan.Dense(buffer(0.5), 1), A: scan.Dense(buffer(-1, 0), 2),
		B: scan.Dense(buffer(1, 1), 2), C: scan.Dense(buffer(1, 1), 2),
		H: scan.Dense(h, 2), Y: scan.Dense(buffer(0), 1)}
	state := make([]float32, 2)
	for range 3 {
		b.Scan(step)
		if err := b.Read(state, h, 0); err != nil {
			panic(err)
		}
		fmt.Println(state)
	}
	// Output:
	// [4 4]
	// [6 8]
	// [7 12]
}
