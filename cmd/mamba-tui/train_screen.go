package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"mamba-tui/model/checkpoint"
	"mamba-tui/model/tokenizer"
	"mamba-tui/model/train"
	"mamba-tui/model/train/rundir"
	"mamba-tui/tui"
	"mamba-tui/tui/learn"
	"mamba-tui/tui/learn/history"
)

// learner shows a training: live, or one that is over.
type learner struct {
	live   func(ctx context.Context, r train.Recipe, to train.Options, o learn.Options) (*learn.Result, error)
	replay func(ctx context.Context, run *history.Named, o learn.Options) (*learn.Result, error)
}

// screenOptions are what both kinds of screen start with.
func (a *app) screenOptions() learn.Options {
	profile, _ := a.colours()
	return learn.Options{Profile: profile, Version: version()}
}

// watch trains on the screen. While it is up, signals are the screen's
// business, as with the explorer.
func (a *app) watch(ctx context.Context, t *training) (err error) {
	log, past, err := t.openLog()
	if err != nil {
		return usage(err)
	}
	o := a.screenOptions()
	o.Past, o.Place = past, t.path
	if log != nil {
		o.Log = log
		defer func() { err = errors.Join(err, log.Close()) }()
		o.Name = filepath.Base(t.path)
		if o.Others, _, err = history.Siblings(t.path); err != nil {
			return err
		}
	}
	r, err := a.learner.live(context.WithoutCancel(ctx), t.recipe, t.options, o)
	var signal *tui.SignalError
	interrupted := errors.As(err, &signal)
	if err != nil && !interrupted {
		return err
	}
	if r == nil || r.Result == nil {
		return errInterrupted
	}
	if err := ending(a.out, t, r.Result, 0); err != nil {
		return err
	}
	if interrupted {
		return errInterrupted
	}
	if !r.Open {
		return nil
	}
	f, err := t.result(r)
	if err != nil {
		return err
	}
	return a.exploreFile(ctx, f, t.cpu)
}

// result is the model that the person wants to look at: the one of the step
// that was shown, as far as it was kept.
func (t *training) result(r *learn.Result) (*checkpoint.File, error) {
	if t.dir != nil {
		return openStep(t.path, r.At)
	}
	card := r.Checkpoint.Card
	card.TaskName = t.task.Name()
	return &checkpoint.File{Config: r.Config, Weights: r.Weights, Card: card, Parameters: r.Weights.Parameters()}, nil
}

// openStep opens the kept weights that are nearest to a step of a run.
func openStep(dir string, step int) (*checkpoint.File, error) {
	steps, err := rundir.Snapshots(dir)
	if err != nil {
		return nil, err
	}
	c, _, err := rundir.Load(dir)
	if err != nil {
		return nil, err
	}
	best := c.Step
	for _, s := range steps {
		if abs(s-step) < abs(best-step) {
			best = s
		}
	}
	if best == c.Step {
		return checkpoint.LoadDir(dir)
	}
	return rundir.OpenSnapshot(dir, best)
}

func abs(n int) int { return max(n, -n) }

// exploreFile shows the explorer on a model that was just made.
func (a *app) exploreFile(ctx context.Context, f *checkpoint.File, cpu cpuFlag) error {
	in := &input{file: f}
	var err error
	if in.tokenizer, err = tokenizer.For(f.Card, f.Config.VocabSize); err != nil {
		return err
	}
	if len(f.Card.Prompts) > 0 {
		in.prompt = f.Card.Prompts[0].Text
	}
	if in.tokens, err = in.tokenizer.Encode(in.prompt, false); err != nil {
		return err
	}
	in.cpu = cpu
	if in.backend, in.model, in.note, err = openModel("auto", cpu, f); err != nil {
		return err
	}
	defer in.close()
	return a.explore(ctx, a, explorer{input: in, ownPrompt: true})
}

// replay shows a run that is over.
func (a *app) replay(ctx context.Context, dir string, cpu cpuFlag) error {
	run, err := history.Open(dir)
	if err != nil {
		return usage(err)
	}
	if why := a.screenless(); why != "" {
		return usagef("--replay needs a terminal, and %s: the log %s is JSON, one object a line",
			why, tokenizer.Visible(filepath.Join(dir, history.FileName)))
	}
	o := a.screenOptions()
	if o.Others, _, err = history.Siblings(dir); err != nil {
		return err
	}
	r, err := a.learner.replay(context.WithoutCancel(ctx), run, o)
	var signal *tui.SignalError
	if errors.As(err, &signal) {
		return errInterrupted
	}
	if err != nil || !r.Open {
		return err
	}
	f, err := openStep(dir, r.At)
	if err != nil {
		return err
	}
	return a.exploreFile(ctx, f, cpu)
}

// ending says what was made, and what to do with it; spent is in seconds, 0
// where it is not known.
func ending(out io.Writer, t *training, r *train.Result, spent float64) error {
	what, in := "Done", ""
	if r.Stopped {
		what = "Stopped"
	}
	if spent > 0 {
		in = " in " + seconds(spent)
	}
	_, err := fmt.Fprintf(out, "%s after %s%s: %s of %d questions right at %d tokens.\n", what, plural(r.Steps, "step"), in,
		percent(r.Final.Accuracy), r.Final.Asked, r.Final.Length)
	if err != nil || t.dir == nil {
		return err
	}
	name := tokenizer.Visible(t.path)
	if r.Stopped {
		_, err = fmt.Fprintf(out, "Kept in %s. Go on with: mamba-tui train --resume %s\n", name, name)
	} else {
		_, err = fmt.Fprintf(out, "Kept in %s. Look at it with: mamba-tui --model %s\n", name, name)
	}
	return err
}
