package train_test

import (
	"context"
	"fmt"

	"mamba-tui/model"
	"mamba-tui/model/train"
)

// curve is an Observer that keeps the losses.
type curve struct{ losses []float64 }

func (c *curve) Progress(p train.Progress)                       { c.losses = append(c.losses, p.Loss) }
func (c *curve) Evaluated(e *train.Evaluation, _ *model.Weights) {}

// A few steps of the header latch, without selection by Δ.
func ExampleRun() {
	r := train.Defaults("header")
	r.Steps, r.Batch, r.Lengths = 3, 2, []int{32}
	r.Selective.Delta = false
	c := &curve{}
	result, err := train.Run(context.Background(), r, train.Options{Observer: c})
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Command())
	fmt.Println(len(c.losses), "steps,", result.Weights.Parameters(), "parameters")
	// Output:
	// mamba-tui train --task header --seed 1 --steps 3 --batch 2 --lengths 32 --selective b,c
	// 3 steps, 9856 parameters
}

func ExampleAUC() {
	events, noise := []float32{0.9, 1.2, 0.03}, []float32{0.02, 0.03, 0.05, 0.01}
	fmt.Printf("%.3f\n", train.AUC(events, noise))
	// Output: 0.875
}
