package main

import (
	"fmt"
	"io"

	"mamba-tui/model/task"
	"mamba-tui/model/train"
)

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
	if _, err := fmt.Fprintln(p.out); err != nil {
		return err
	}
	return ending(p.out, t, r, p.last.Elapsed.Seconds())
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
