package cuda_test

import (
	"fmt"

	"mamba-tui/cuda"
	"mamba-tui/scan"
)

// A program takes the GPU where there is one and the CPU where there is not;
// everything above the backend is the same.
func ExampleOpen() {
	var b scan.Backend
	if gpu, err := cuda.Open(cuda.Options{}); err == nil {
		b = gpu
	} else {
		// cuda.Reason(err) is for the user: no driver, no device, one too old.
		b = scan.NewCPU(scan.Options{})
	}
	defer b.Close()

	w, err := b.LoadWeight(2, 3, []float32{1, 2, 3, 4, 5, 6})
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := b.Alloc(b.DType(), 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	y, err := b.Alloc(b.DType(), 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	b.Write(x, 0, []float32{1, 10, 100})
	b.Linear(scan.LinearArgs{Y: scan.Dense(y, 2), X: scan.Dense(x, 3), W: w, L: 1})
	result := make([]float32, 2)
	if err := b.Read(result, y, 0); err != nil { // what failed on the way is told here
		fmt.Println(err)
		return
	}
	fmt.Println(result)
	// Output: [321 654]
}
