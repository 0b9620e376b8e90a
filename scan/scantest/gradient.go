package scantest

import (
	"math"
	"testing"

	"mamba-tui/scan"
)

// gradRig is one case of backward operations under way.
type gradRig struct {
	t         testing.TB
	oracle, b scan.Differentiable
	rig       *rig // of b, for its random numbers
}

// Tolerances, relative to the greatest element: of the oracle's gradient
// against finite differences, and of a float32 gradient against the oracle's.
const (
	differenceTolerance = 1e-8
	gradientTolerance   = 1e-5
)

// start is what gradients that are added to hold before.
const start = 0.5

// variable is an argument of an operation.
type variable struct {
	name string
	data []float64
	// added: the backward operation adds the gradient to what is there.
	added bool
}

// operation is a forward operation and its backward, as functions of the
// variables' values.
type operation struct {
	name string
	vars []variable
	// forward gives the outputs, row by row, one slice each.
	forward func(r *rig, v [][]float64) [][]float64
	// backward gives the gradient of each variable, nil for one that has none,
	// from that of each output.
	backward func(r *rig, v, dy [][]float64) [][]float64
}

// grid is n numbers in [lo, hi) that are multiples of 2^-10, so that a finite
// difference of 2^-10 is exact in float32.
func (r *rig) grid(n int, lo, hi float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = math.Floor((lo+(hi-lo)*r.rng.Float64())*1024) / 1024
	}
	return x
}

// check holds the gradient of op against finite differences of the oracle, and
// b's against the oracle's.
func (g *gradRig) check(op operation) {
	g.t.Helper()
	values := make([][]float64, len(op.vars))
	for i, v := range op.vars {
		values[i] = v.data
	}
	run := func(f func(r *rig)) {
		g.t.Helper()
		r := newRig(g.t, g.oracle)
		defer r.free()
		f(r)
		r.checkGuards()
	}
	// The loss is Σ dy·y with random dy.
	var dy [][]float64
	run(func(r *rig) {
		for _, y := range op.forward(r, values) {
			dy = append(dy, g.rig.grid(len(y), -1, 1))
		}
	})
	loss := func() float64 {
		var sum float64
		run(func(r *rig) {
			for k, y := range op.forward(r, values) {
				for i, v := range y {
					sum += dy[k][i] * v
				}
			}
		})
		return sum
	}
	var want [][]float64
	run(func(r *rig) { want = op.backward(r, values, dy) })
	for i, v := range op.vars {
		if want[i] == nil {
			continue
		}
		g.differences(op.name+": gradient of "+v.name, want[i], v, loss)
	}
	r := newRig(g.t, g.b)
	defer r.free()
	have := op.backward(r, values, dy)
	r.checkGuards()
	tol := gradientTolerance
	if g.b.DType() == scan.Float64 {
		tol = 1e-12
	}
	for i, v := range op.vars {
		if want[i] != nil {
			r.within(op.name+": gradient of "+v.name+" beside the oracle's", have[i], want[i], tol)
		}
	}
}

// differences holds a gradient against fourth-order central differences of the
// loss at up to 16 places.
func (g *gradRig) differences(what string, grad []float64, v variable, loss func() float64) {
	g.t.Helper()
	if len(grad) != len(v.data) {
		g.t.Fatalf("%s has %d values, want %d", what, len(grad), len(v.data))
	}
	const h = 1.0 / 1024
	places := g.rig.rng.Perm(len(grad))
	places = places[:min(16, len(places))]
	got, want := make([]float64, len(places)), make([]float64, len(places))
	for k, i := range places {
		kept := v.data[i]
		at := func(x float64) float64 {
			v.data[i] = kept + x
			return loss()
		}
		want[k] = (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h)
		v.data[i] = kept
		got[k] = grad[i]
		if v.added {
			got[k] -= start
		}
	}
	g.rig.within(what, got, want, differenceTolerance)
}

// sums is a gradient that operations add to, starting from start.
func (r *rig) sums(rows, cols int) *array {
	r.t.Helper()
	data := make([]float64, rows*cols)
	for i := range data {
		data[i] = start
	}
	return r.state(rows, cols, data)
}

// diff is the rig's backend with its backward operations.
func (r *rig) diff() scan.Differentiable { return r.b.(scan.Differentiable) }
