package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/model/tokenizer"
	"mamba-tui/model/train"
	"mamba-tui/model/train/rundir"
)

// training is a run that is about to begin or to go on.
type training struct {
	task    task.Task
	recipe  train.Recipe
	from    *train.Checkpoint // or nil: from the beginning
	dir     *rundir.Dir       // or nil: nothing is kept
	path    string            // of dir
	threads int
	options train.Options // without the observer
}

// openTraining settles task, recipe and folder. Its errors are the command
// line's.
func openTraining(o trainOptions) (*training, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	t := &training{threads: o.threads, path: o.out}
	if t.threads == 0 {
		t.threads = runtime.GOMAXPROCS(0)
	}
	var err error
	if o.resume != "" {
		t.path = o.resume
		err = t.resume(o)
	} else {
		err = t.begin(o)
	}
	if err != nil {
		return nil, usage(err)
	}
	every := o.evalEvery
	if every == 0 {
		every = max(50, (t.recipe.Steps/100+49)/50*50)
	}
	t.options = train.Options{Task: t.task, Threads: t.threads, Resume: t.from, EvalEvery: every, SaveEvery: o.saveEvery}
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
	t, err := openTraining(o)
	if err != nil {
		return err
	}
	var w watcher = &plainTraining{out: a.out}
	if o.json {
		w = &jsonTraining{a: a}
	}
	return t.run(ctx, w)
}

// run trains to the end, or until ctx ends. What was done is kept in any case.
func (t *training) run(ctx context.Context, w watcher) (err error) {
	if t.dir != nil {
		defer func() { err = errors.Join(err, t.dir.Close()) }()
	}
	if err := w.begin(t); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	o := &observers{dir: t.dir, watcher: w, stop: stop}
	options := t.options
	options.Observer = o
	r, err := train.Run(running, t.recipe, options)
	if err = errors.Join(err, o.err); err != nil {
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

// observers tell the folder's log and the watcher.
type observers struct {
	dir     *rundir.Dir
	watcher watcher
	stop    func()
	err     error
}

// Progress is train.Observer's.
func (o *observers) Progress(p train.Progress) {
	if o.dir != nil {
		o.dir.Progress(p)
	}
	if o.err == nil {
		o.fail(o.watcher.progress(p))
	}
}

// Evaluated is train.Observer's.
func (o *observers) Evaluated(e *train.Evaluation, w *model.Weights) {
	if o.dir != nil {
		o.dir.Evaluated(e, w)
	}
	if o.err == nil {
		o.fail(o.watcher.evaluated(e))
	}
}

// fail ends the training after this step if there is an error.
func (o *observers) fail(err error) {
	if err != nil {
		o.err = err
		o.stop()
	}
}

// jsonTraining writes a training as lines of JSON.
type jsonTraining struct{ a *app }

func (j *jsonTraining) begin(t *training) error {
	cfg := t.recipe.Config(t.task.Vocab())
	from := 0
	if t.from != nil {
		from = t.from.Step
	}
	return j.a.printJSON(struct {
		Schema     int          `json:"schema"`
		Type       string       `json:"type"`
		Version    string       `json:"version"`
		Task       string       `json:"task"`
		Shows      string       `json:"shows"`
		Text       string       `json:"text,omitempty"`
		Recipe     train.Recipe `json:"recipe"`
		Command    string       `json:"command"`
		VocabSize  int          `json:"vocab_size"`
		Parameters int          `json:"parameters"`
		Threads    int          `json:"threads"`
		From       int          `json:"from"` // steps done before
	}{schema, "train", version(), t.task.About().Line, t.task.About().Shows, source(t.task), t.recipe, t.recipe.Command(),
		cfg.VocabSize, parameters(cfg, t.recipe.Tied), t.threads, from})
}

func (j *jsonTraining) progress(p train.Progress) error {
	return j.a.printJSON(struct {
		rundir.Step
		PerSecond rundir.Number `json:"tokens_per_second"`
		Elapsed   rundir.Number `json:"seconds"`
		Left      rundir.Number `json:"seconds_left"`
	}{rundir.StepOf(p), rundir.Number(p.PerSecond), rundir.Number(p.Elapsed.Seconds()), rundir.Number(p.Left.Seconds())})
}

func (j *jsonTraining) evaluated(e *train.Evaluation) error {
	return j.a.printJSON(rundir.EvaluationOf(e))
}

func (j *jsonTraining) end(t *training, r *train.Result) error {
	return j.a.printJSON(struct {
		Type     string        `json:"type"`
		Steps    int           `json:"steps"`
		Stopped  bool          `json:"stopped"`
		Accuracy rundir.Number `json:"accuracy"`
		Loss     rundir.Number `json:"loss"`
		Kept     bool          `json:"kept"`
	}{"end", r.Steps, r.Stopped, rundir.Number(r.Final.Accuracy), rundir.Number(r.Final.Loss), t.dir != nil})
}

// parameters counts the weights of a model that is trained here.
func parameters(c model.Config, tied bool) int {
	n := c.Parameters()
	if !tied {
		n += c.VocabSize * c.DModel
	}
	return n
}

// plainTraining writes a training as sentences.
type plainTraining struct {
	out  io.Writer
	t    *training
	last train.Progress
}

func (p *plainTraining) begin(t *training) error {
	p.t = t
	r, c := t.recipe, t.recipe.Config(t.task.Vocab())
	about := t.task.About()
	_, err := fmt.Fprintf(p.out, "Training on the task %s: %s\nIt shows %s\n%s, d_model %d, d_state %d: %d parameters. %d steps of %d sequences of %s tokens, seed %d, on %s.\n",
		t.task.Name(), about.Line, about.Shows, plural(r.Layers, "layer"), r.DModel, r.DState, parameters(c, r.Tied),
		r.Steps, r.Batch, joinInts(r.Lengths, ", "), r.Seed, plural(t.threads, "thread"))
	if err == nil && t.from != nil {
		_, err = fmt.Fprintf(p.out, "Going on after step %d.\n", t.from.Step)
	}
	if err == nil && t.dir == nil {
		_, err = fmt.Fprintln(p.out, "Nothing is kept: name a folder with --out to keep the run.")
	}
	if err == nil {
		_, err = fmt.Fprintln(p.out)
	}
	return err
}

func (p *plainTraining) progress(s train.Progress) error {
	p.last = s
	return nil
}

// evaluated is one line: where the training is, and what the model does on
// fresh sequences.
func (p *plainTraining) evaluated(e *train.Evaluation) error {
	left := ""
	if p.last.Left > 0 && p.last.Step < p.last.Steps {
		left = fmt.Sprintf(", %s left", seconds(p.last.Left.Seconds()))
	}
	_, err := fmt.Fprintf(p.out, "Step %d of %d: loss %.3f, %s right at %d tokens; %s right without selection (Delta frozen at its mean). %s %.0f tokens a second%s.\n",
		e.Step, p.t.recipe.Steps, e.Loss, percent(e.Accuracy), e.Length, percent(e.Frozen), p.selection(e), p.last.PerSecond, left)
	return err
}

// selection says on which tokens Δ opens, in the layer where most channels
// tell events from the rest.
func (p *plainTraining) selection(e *train.Evaluation) string {
	best := 0
	for i, l := range e.Layers {
		if l.Share(0.95) > e.Layers[best].Share(0.95) {
			best = i
		}
	}
	l := e.Layers[best]
	text := "Delta"
	if len(e.Layers) > 1 {
		text += fmt.Sprintf(" of layer %d", best)
	}
	for c, n := range l.Tokens {
		if n > 0 {
			text += fmt.Sprintf(" %s %.3g,", task.Class(c), l.ByClass[c])
		}
	}
	return text + fmt.Sprintf(" %s of the channels select.", percent(l.Share(0.95)))
}

func (p *plainTraining) end(t *training, r *train.Result) error {
	what := "Done"
	if r.Stopped {
		what = "Stopped"
	}
	_, err := fmt.Fprintf(p.out, "\n%s after %s in %s: %s of %d questions right at %d tokens.\n", what, plural(r.Steps, "step"),
		seconds(p.last.Elapsed.Seconds()), percent(r.Final.Accuracy), r.Final.Asked, r.Final.Length)
	if err != nil || t.dir == nil {
		return err
	}
	name := tokenizer.Visible(t.path)
	if r.Stopped {
		_, err = fmt.Fprintf(p.out, "Kept in %s. Go on with: mamba-tui train --resume %s\n", name, name)
	} else {
		_, err = fmt.Fprintf(p.out, "Kept in %s. Look at it with: mamba-tui --model %s\n", name, name)
	}
	return err
}

// seconds writes a time for people.
func seconds(s float64) string {
	switch {
	case s < 10:
		return fmt.Sprintf("%.1f s", s)
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	case s < 7200:
		return fmt.Sprintf("%.0f min", s/60)
	}
	return fmt.Sprintf("%.1f h", s/3600)
}
