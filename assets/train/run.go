package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"mamba-tui/assets/measured"
	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/task"
	"mamba-tui/model/train"
	"mamba-tui/model/train/rundir"
	"mamba-tui/scan"
)

// options are the flags.
type options struct {
	out, runs, only, text, seeds string
	steps, threads               int
}

// Seeds of the sequences that models are measured on: one set to choose by,
// another to describe the chosen one by, a third to sort its channels by.
const (
	choosing   = 1001
	describing = 2002
	sorting    = 3003
)

// run makes the models one after the other, the seeds of each side by side.
func (o *options) run(ctx context.Context) error {
	list, err := selected(o.only, o.text)
	if err != nil {
		return err
	}
	for _, b := range list {
		if o.seeds != "" {
			if b.seeds, err = seedsOf(o.seeds); err != nil {
				return err
			}
		}
		if o.steps > 0 {
			b.recipe.Steps = o.steps
		}
		if err := o.make(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
	}
	return nil
}

// make trains every seed of a model, chooses and writes.
func (o *options) make(ctx context.Context, b builtin) error {
	t, err := b.open(o.text)
	if err != nil {
		return err
	}
	files := make([]*checkpoint.File, len(b.seeds))
	list := make([]measured.Candidate, len(b.seeds))
	errs := make([]error, len(b.seeds))
	threads := max(1, o.threads/len(b.seeds))
	busy := make(chan struct{}, max(1, o.threads/threads))
	var wg sync.WaitGroup
	for i, seed := range b.seeds {
		wg.Go(func() {
			busy <- struct{}{}
			defer func() { <-busy }()
			files[i], list[i], errs[i] = o.candidate(ctx, b, t, seed, threads)
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	best := measured.Choose(t, list)
	fmt.Printf("%s: seed %d of %v\n", b.name, list[best].Seed, b.seeds)
	return o.write(ctx, b, t, files[best], list, best)
}

// candidate trains one seed, or goes on with it, or finds it finished; then
// measures it.
func (o *options) candidate(ctx context.Context, b builtin, t task.Task, seed uint64, threads int) (*checkpoint.File, measured.Candidate, error) {
	c := measured.Candidate{Seed: seed}
	r := b.recipe
	r.Seed = seed
	dir := filepath.Join(o.runs, fmt.Sprintf("%s-%d", b.name, seed))
	begin := time.Now()
	if err := follow(ctx, dir, r, t, threads); err != nil {
		return nil, c, fmt.Errorf("seed %d: %w", seed, err)
	}
	f, err := checkpoint.LoadDir(dir)
	if err != nil {
		return nil, c, err
	}
	c.Figures, err = measured.Measure(ctx, f.Config, f.Weights, t, slices.Max(r.Lengths), choosing, threads)
	if err != nil {
		return nil, c, err
	}
	reset := ""
	if k := c.Figures.Kept(1); k >= 0 {
		reset = fmt.Sprintf(", h differs by %.2f after ¶", k)
	}
	fmt.Printf("%s seed %d: %.2f %% right, loss %.4f, %d of %d channels select (layer %d), %.1f %% with Δ frozen%s, %d demands unmet; %.0f s\n",
		b.name, seed, 100*c.Figures.Accuracy(), c.Figures.Loss, c.Figures.Openers, c.Figures.Channels, c.Figures.Layer, 100*c.Figures.Frozen,
		reset, measured.DemandOf(t).Unmet(c.Figures), time.Since(begin).Seconds())
	return f, c, nil
}

// follow brings the run in a folder to the end of its recipe.
func follow(ctx context.Context, dir string, r train.Recipe, t task.Task, threads int) error {
	text := ""
	if s, ok := t.(interface{ Source() string }); ok {
		text = s.Source()
	}
	var from *train.Checkpoint
	d, err := rundir.Create(dir, r, text)
	if err != nil {
		if d, from, err = rundir.Resume(dir, 0); err != nil {
			return err
		}
		if from.Recipe.Command() != r.Command() || d.Text() != text {
			return fmt.Errorf("%s holds a run of another recipe: %s", dir, from.Recipe.Command())
		}
	}
	if from != nil && from.Step == r.Steps {
		return nil
	}
	// An evaluation at a great length takes as long as many steps.
	every := max(250, (r.Steps+9)/10)
	got, err := train.Run(ctx, r, train.Options{Task: t, Threads: threads, Resume: from, Store: d, EvalEvery: every, SaveEvery: every,
		// The weights that are committed come out again on any amd64 machine.
		Backend: func() (scan.Differentiable, error) {
			return scan.NewCPU(scan.Options{Threads: 1, Kernels: scan.Generic}), nil
		}})
	if err != nil {
		return err
	}
	if got.Stopped {
		return fmt.Errorf("stopped after %d of %d steps: the same command goes on", got.Steps, r.Steps)
	}
	return nil
}

// write describes the chosen model with figures of its own, sorts its channels
// and saves it.
func (o *options) write(ctx context.Context, b builtin, t task.Task, f *checkpoint.File, list []measured.Candidate, best int) error {
	if err := sortLayers(f, t, slices.Max(b.recipe.Lengths)); err != nil {
		return err
	}
	figures, err := measured.Measure(ctx, f.Config, f.Weights, t, slices.Max(b.recipe.Lengths), describing, o.threads)
	if err != nil {
		return err
	}
	if err := figures.Extend(ctx, f.Config, f.Weights, t, b.lengths, describing, o.threads); err != nil {
		return err
	}
	card := t.Card()
	card.Name, card.Kind, card.TaskName = b.name, model.Trained, t.Name()
	card.Note = measured.Note(t, figures)
	card.Command = "go run ./assets/train --only " + b.name
	if b.text {
		card.Command += " --text FILE"
	}
	own, err := json.Marshal(figures)
	if err != nil {
		return err
	}
	all, err := json.Marshal(list)
	if err != nil {
		return err
	}
	meta := f.Metadata
	delete(meta, "format")
	delete(meta, "accuracy") // the figures say it
	delete(meta, "accuracy_length")
	meta["name"], meta["training"], meta["command"] = b.name, f.Card.Command, card.Command
	meta[measured.Key], meta["candidates"], meta["rule"] = string(own), string(all), measured.Rule
	meta["sorted"] = "channels of each layer by descending AUC of Δ, after training"
	dir := filepath.Join(o.out, b.name)
	if err := checkpoint.Save(dir, f.Config, f.Weights, card, meta); err != nil {
		return err
	}
	fmt.Printf("%s: %s\n", dir, card.Note)
	return nil
}

// sortLayers puts the channels first that select.
func sortLayers(f *checkpoint.File, t task.Task, length int) error {
	b := scan.NewCPU(scan.Options{Kernels: scan.Generic})
	defer b.Close()
	if h, ok := t.(task.HeldOut); ok {
		t = h.HeldOut()
	}
	e, err := train.Evaluate(b, f.Config, f.Weights, t, length, task.Stream(sorting, 0))
	if err != nil {
		return err
	}
	for i, l := range e.Layers {
		if err := measured.SortChannels(f.Config, f.Weights, i, measured.ByAUC(l.AUC)); err != nil {
			return err
		}
	}
	return nil
}
