package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/model/train"
	"mamba-tui/model/train/rundir"
	"mamba-tui/scan"
	"mamba-tui/tui/learn/history"
)

// training is a run that is about to begin or to go on.
type training struct {
	task    task.Task
	recipe  train.Recipe
	from    *train.Checkpoint // or nil: from the beginning
	dir     *rundir.Dir       // or nil: nothing is kept
	path    string            // of dir
	threads int
	cpu     cpuFlag
	options train.Options // without the observer
}

// openTraining settles task, recipe and folder. Its errors are the command
// line's.
func openTraining(o trainOptions) (*training, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	open, threads, err := o.backend.opener()
	if err != nil {
		return nil, err
	}
	t := &training{threads: cmp.Or(o.threads, threads, runtime.GOMAXPROCS(0)), path: o.out, cpu: o.backend.cpu}
	if o.resume != "" {
		t.path = o.resume
		err = t.resume(o)
	} else {
		err = t.begin(o)
	}
	if err != nil {
		return nil, usage(err)
	}
	t.options = train.Options{Task: t.task, Threads: t.threads, Resume: t.from, EvalEvery: o.evalEvery, SaveEvery: o.saveEvery,
		Backend: func() (scan.Differentiable, error) {
			b, err := open()
			if err != nil {
				return nil, err
			}
			d, ok := b.(scan.Differentiable)
			if !ok {
				return nil, errors.Join(fmt.Errorf("backend %s cannot train", b.Name()), b.Close())
			}
			return d, nil
		}}
	if o.evalEvery == 0 {
		t.options.EvalEvery = max(50, t.recipe.Steps/40)
	}
	if t.dir != nil {
		t.options.Store = t.dir
	}
	return t, nil
}

// begin prepares a new run.
func (t *training) begin(o trainOptions) error {
	var err error
	if t.task, err = task.Open(o.task, o.text); err != nil {
		return err
	}
	if t.recipe, err = o.recipe(t.task); err != nil {
		return err
	}
	if o.out != "" {
		t.dir, err = rundir.Create(o.out, t.recipe, source(t.task))
	}
	return err
}

// resume prepares to go on.
func (t *training) resume(o trainOptions) error {
	c, text, err := rundir.Load(o.resume)
	if err != nil {
		return err
	}
	if t.task, err = task.Open(c.Recipe.Task, o.text); err != nil {
		return err
	}
	if have := source(t.task); have != text {
		return fmt.Errorf("--text is another text than the run in %s learned from: %s, want %s", quote(o.resume), quote(have), quote(text))
	}
	if o.flags.Flags().Changed("steps") && o.steps < c.Recipe.Steps {
		return fmt.Errorf("--steps is %d, the run has %d: going on can only add steps", o.steps, c.Recipe.Steps)
	}
	if t.dir, t.from, err = rundir.Resume(o.resume, o.steps); err != nil {
		return err
	}
	t.recipe = t.from.Recipe
	return t.recipe.Validate(t.task)
}

// source is the name and sum of the text that a task learns from, or empty.
func source(t task.Task) string {
	if s, ok := t.(interface{ Source() string }); ok {
		return s.Source()
	}
	return ""
}

// watcher is told how a training goes. An error of it ends the training.
type watcher interface {
	begin(t *training) error
	progress(p train.Progress) error
	evaluated(e *train.Evaluation) error
	end(t *training, r *train.Result) error
}

// train runs the command.
func (a *app) train(ctx context.Context, o trainOptions) error {
	if o.listTasks || o.task == "list" {
		return a.printTasks(o.json)
	}
	if o.replay != "" {
		return a.replay(ctx, o.replay, o.backend.cpu)
	}
	t, err := openTraining(o)
	if err != nil {
		return err
	}
	if !o.plain && !o.json && a.screenless() == "" {
		return a.watch(ctx, t)
	}
	var w watcher = &plainTraining{out: a.out}
	if o.json {
		w = &jsonTraining{a: a}
	}
	return t.run(ctx, w)
}

// openLog opens the log in the folder of the run, if there is one, and reads
// what a run that goes on did before.
func (t *training) openLog() (log *os.File, past *history.History, err error) {
	switch {
	case t.dir == nil:
		return nil, nil, nil
	case t.from == nil:
		log, err = history.Create(t.path)
		return log, nil, err
	}
	return history.Append(t.path)
}

// run trains to the end, or until ctx ends. What was done is kept in any case.
func (t *training) run(ctx context.Context, w watcher) (err error) {
	log, past, err := t.openLog()
	if err != nil {
		return usage(err)
	}
	var out io.Writer
	if log != nil {
		out = log
		defer func() { err = errors.Join(err, log.Close()) }()
	}
	if err := w.begin(t); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	o := &observer{watcher: w, stop: stop}
	options := t.options
	options.Observer = o
	if log != nil {
		rec, err := history.NewRecorder(t.recipe, options, history.Options{Log: out, Past: past})
		if err != nil {
			return err
		}
		attached, detach := rec.Attach(running)
		defer detach()
		r, err := train.Run(running, t.recipe, attached)
		return t.finish(w, r, errors.Join(err, rec.End(r, err), o.err))
	}
	r, err := train.Run(running, t.recipe, options)
	return t.finish(w, r, errors.Join(err, o.err))
}

// finish tells of the end.
func (t *training) finish(w watcher, r *train.Result, err error) error {
	if err != nil {
		return err
	}
	if err := w.end(t, r); err != nil {
		return err
	}
	if r.Stopped {
		return errInterrupted
	}
	return nil
}

// observer tells the watcher.
type observer struct {
	watcher watcher
	stop    func()
	err     error
}

// Progress is train.Observer's.
func (o *observer) Progress(p train.Progress) {
	if o.err == nil {
		o.fail(o.watcher.progress(p))
	}
}

// Evaluated is train.Observer's.
func (o *observer) Evaluated(e *train.Evaluation, _ *model.Weights) {
	if o.err == nil {
		o.fail(o.watcher.evaluated(e))
	}
}

// fail ends the training after this step if there is an error.
func (o *observer) fail(err error) {
	if err != nil {
		o.err = err
		o.stop()
	}
}

// parameters counts the weights of a model that is trained here.
func parameters(c model.Config, tied bool) int {
	n := c.Parameters()
	if !tied {
		n += c.VocabSize * c.DModel
	}
	return n
}
