package history

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"testing"

	"mamba-tui/model/train"
)

// tiny is a recipe that takes part of a second.
func tiny(steps int) train.Recipe {
	r := train.Defaults("header")
	r.DModel, r.DState, r.Steps, r.Batch, r.Lengths, r.WarmUp = 8, 4, steps, 2, []int{32}, 5
	return r
}

// store remembers the steps of what it was to keep.
type store struct {
	steps []int
	err   error
}

func (s *store) Save(c *train.Checkpoint) error {
	s.steps = append(s.steps, c.Step)
	return s.err
}

// fake is a training without mathematics: it tells a recorder what train.Run
// would, of weights that do not change.
type fake struct {
	t   testing.TB
	r   train.Recipe
	o   train.Options
	ctx context.Context
	par *train.Parameters
}

func newFake(t testing.TB, ctx context.Context, r train.Recipe, o train.Options) *fake {
	f := &fake{t: t, r: r, o: o, ctx: ctx, par: train.NewParameters(r.Config(18), r.Tied)}
	for i := range f.par.Flat {
		f.par.Flat[i] = float32(math.Sin(float64(i))) / 4
	}
	return f
}

// steps tells steps from to to, both included.
func (f *fake) steps(from, to int) {
	for s := from; s <= to && f.ctx.Err() == nil; s++ {
		f.o.Observer.Progress(train.Progress{Step: s, Steps: f.r.Steps, Loss: 3 / float64(s), Accuracy: 1 - 1/float64(s),
			MeanLoss: 4 / float64(s), MeanRight: 0.5, GradNorm: float64(s), Rate: 0.01, Length: 32})
		f.save(s)
	}
}

func (f *fake) save(step int) {
	f.t.Helper()
	if err := f.o.Store.Save(&train.Checkpoint{Recipe: f.r, Step: step, Parameters: f.par}); err != nil {
		f.t.Fatalf("step %d: %v", step, err)
	}
}

// equal says how two histories differ, NaN being equal to itself; what a log
// does not hold is left out.
func equal(a, b *History) error {
	strip := func(h *History) []string {
		out := []string{fmt.Sprintf("%+v", *h.Info), fmt.Sprint(h.Points), fmt.Sprint(h.Evals), fmt.Sprint(h.State, h.Stopped)}
		for _, p := range h.Probes {
			out = append(out, fmt.Sprintf("%+v", *p))
		}
		return out
	}
	x, y := strip(a), strip(b)
	if !reflect.DeepEqual(x, y) {
		for i := range x {
			if i >= len(y) || x[i] != y[i] {
				return fmt.Errorf("part %d of %d and %d differs:\n%.400s\n%.400s", i, len(x), len(y), x[i], y[min(i, len(y)-1)])
			}
		}
		return fmt.Errorf("%d parts and %d", len(x), len(y))
	}
	return nil
}
