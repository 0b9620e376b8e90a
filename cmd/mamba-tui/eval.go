package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mamba-tui/assets"
	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/measure"
	"mamba-tui/model/task"
	"mamba-tui/model/tokenizer"
	"mamba-tui/model/train"
	"mamba-tui/scan"
)

// evalOptions are the flags of eval.
type evalOptions struct {
	task, text string
	lengths    string
	sequences  int
	seeds      []uint
	threads    int
	backend    backendFlag
	freeze     bool
	json       bool
}

const evalLong = `Ask a model the questions of its task, on fresh sequences of growing length, and
say how many it answers right.

A length is a number or a power of two; lengths have commas or .. between them:
64,256 or 2^6..2^14, which doubles. Sequences are streamed with the state carried
over, so memory does not grow with their length beyond the tokens themselves.

The interval holds the true share with 95 % confidence (Wilson; where the
questions of a sequence hang together, of as many questions as they are worth).
Without --sequences there are as many as make a million tokens, 8 to 256 for
each seed.

The task stands in the model's card; --task names another. A character model
needs the --text that it was trained on, and is asked about its last tenth,
which training never shows.

With --freeze every Δ is held at its mean over the task's sequences: what is
left is a model that cannot select.`

func (a *app) evalCommand() *cobra.Command {
	var o evalOptions
	cmd := &cobra.Command{
		Use:   "eval MODEL",
		Short: "Measure how many questions a model answers right, by length",
		Long:  evalLong,
		Example: `mamba-tui eval header-exact
mamba-tui eval induction-exact --lengths 2^10..2^20 --sequences 8
mamba-tui eval my-header --freeze --json`,
		Args: cobra.ExactArgs(1),
		RunE: a.commandArg(func(cmd *cobra.Command, name string) error { return a.eval(cmd.Context(), name, o) }),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return assets.Models(), cobra.ShellCompDirectiveFilterDirs
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.task, "task", "t", "", "the task (default: the one in the model's card)")
	f.StringVar(&o.text, "text", "", "text file of a character model")
	f.StringVarP(&o.lengths, "lengths", "l", "2^6..2^14", "tokens of a sequence")
	f.IntVarP(&o.sequences, "sequences", "n", 0, "sequences of each length and seed; 0 is as many as make a million tokens, 8 to 256")
	f.UintSliceVar(&o.seeds, "seeds", []uint{1}, "of the sequences: the same seed gives the same ones")
	f.IntVar(&o.threads, "threads", 0, "sequences computed at the same time; 0 is one for each processor")
	o.backend.addTo(cmd)
	o.backend.cpu.addWeightsTo(cmd)
	f.BoolVar(&o.freeze, "freeze", false, "hold Δ at its mean: a model that cannot select")
	f.BoolVar(&o.json, "json", false, "one JSON object a line")
	cmd.RegisterFlagCompletionFunc("task", cobra.FixedCompletions(task.Names(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// Bounds of an evaluation.
const (
	maxSequences = 1_000_000
	fewSequences = 8
	manySequence = 256
	usualTokens  = 1 << 20 // of a length, where the number of sequences is not said
)

// examined is a model with its task, ready to be asked.
type examined struct {
	file    *checkpoint.File
	task    task.Task
	lengths []int
	tweaks  *model.Tweaks
	options evalOptions
	open    func() (scan.Backend, error)
}

// openEval settles the model, the task and the lengths. Its errors are the
// command line's.
func openEval(name string, o evalOptions) (*examined, error) {
	f, _, err := loadModel(name)
	if err != nil {
		return nil, usage(err)
	}
	e := &examined{file: f, options: o}
	var threads int
	if e.open, threads, err = o.backend.opener(); err != nil {
		return nil, err
	}
	e.options.threads = cmp.Or(o.threads, threads)
	taskName := o.task
	if taskName == "" {
		taskName = f.Card.TaskName
	}
	if taskName == "" {
		return nil, usagef("%s does not say what it was trained on: name the task with --task (%s)",
			quote(name), strings.Join(task.Names(), ", "))
	}
	if e.task, err = task.Open(taskName, o.text); err != nil {
		return nil, usage(err)
	}
	if e.lengths, err = parseLengths(o.lengths); err != nil {
		return nil, usagef("--lengths: %w", err)
	}
	switch c := f.Config; {
	case o.sequences < 0 || o.sequences > maxSequences:
		return nil, usagef("--sequences is %d, want 0 to %d", o.sequences, maxSequences)
	case o.threads < 0:
		return nil, usagef("--threads is %d, want 0 or more", o.threads)
	case len(o.seeds) == 0:
		return nil, usagef("--seeds names none")
	case e.lengths[0] < e.task.Shortest():
		return nil, usagef("--lengths: %d tokens are too few for the task %s, want at least %d", e.lengths[0], e.task.Name(), e.task.Shortest())
	case e.task.Vocab() > c.VocabSize:
		return nil, usagef("the task %s has %d token ids, the model %s %d: it was made for something else",
			e.task.Name(), e.task.Vocab(), quote(f.Card.Name), c.VocabSize)
	}
	// A character's id is its place in the alphabet of the text.
	if _, ok := e.task.(task.HeldOut); ok && !slices.Equal(f.Card.Symbols, e.task.Card().Symbols) {
		return nil, usagef("--text has another alphabet than the model: %d symbols, the model has %d; give the text it was trained on",
			e.task.Vocab(), len(f.Card.Symbols))
	}
	return e, nil
}

// sequences is how many there are of a length and seed.
func (e *examined) sequences(length int) int {
	if e.options.sequences > 0 {
		return e.options.sequences
	}
	return min(manySequence, max(fewSequences, usualTokens/length))
}

// row is what was found at one length.
type row struct {
	length    int
	tally     measure.Tally
	low, high float64
}

// eval runs the command.
func (a *app) eval(ctx context.Context, name string, o evalOptions) error {
	e, err := openEval(name, o)
	if err != nil {
		return err
	}
	var report interface {
		begin(e *examined) error
		row(e *examined, r row) error
	} = &plainEval{a: a}
	if o.json {
		report = &jsonEval{a: a}
	}
	if err := report.begin(e); err != nil {
		return err
	}
	bar := a.newProgress()
	defer bar.clear()
	if o.freeze {
		bar.show("mean of Δ", 0, 1)
		if e.tweaks, err = e.meanDelta(); err != nil {
			return err
		}
	}
	subject := measure.Subject{Config: e.file.Config, Weights: e.file.Weights}
	for _, length := range e.lengths {
		r := row{length: length}
		n := e.sequences(length)
		total := int64(length) * int64(n*len(o.seeds))
		for i, seed := range o.seeds {
			before := int64(length) * int64(n*i)
			tally, err := subject.Accuracy(ctx, e.task, measure.Options{Length: length, Sequences: n, Seed: uint64(seed), Threads: e.options.threads,
				Backend: e.open, Tweaks: e.tweaks, Progress: func(done int64) { bar.show(lengthText(length)+" tokens", before+done, total) }})
			if err != nil {
				bar.clear()
				return err
			}
			r.tally.Add(tally)
		}
		r.low, r.high = r.tally.Interval()
		bar.clear()
		if err := report.row(e, r); err != nil {
			return err
		}
	}
	return nil
}

// meanDelta freezes every Δ at its mean over sequences of a trained length.
func (e *examined) meanDelta() (*model.Tweaks, error) {
	b, err := e.open()
	if err != nil {
		return nil, err
	}
	defer b.Close()
	length := e.lengths[0]
	if s, ok := e.task.(task.Sized); ok {
		length = slices.Max(s.Lengths())
	}
	t := e.task
	if h, ok := t.(task.HeldOut); ok {
		t = h.HeldOut()
	}
	found, err := train.Evaluate(b, e.file.Config, e.file.Weights, t, length, task.Stream(uint64(e.options.seeds[0]), 0))
	if err != nil {
		return nil, err
	}
	tweaks := &model.Tweaks{}
	for _, l := range found.Layers {
		tweaks.Layers = append(tweaks.Layers, model.LayerTweaks{FreezeDelta: l.Mean})
	}
	return tweaks, nil
}

// plainEval writes a table with a plot.
type plainEval struct {
	a      *app
	column int // characters of the widest length
}

func (p *plainEval) begin(e *examined) error {
	for _, l := range e.lengths {
		p.column = max(p.column, len(lengthText(l)))
	}
	frozen := ""
	if e.options.freeze {
		frozen = "Every Delta is held at its mean: the model cannot select.\n"
	}
	_, err := fmt.Fprintf(p.a.out, "Model %s, %s, on the task %s: %s\n%s\n%*s  sequences  questions     right  95 %% interval   0 %%%s100 %%\n",
		tokenizer.Visible(e.file.Card.Name), provenance(e.file.Card.Kind), e.task.Name(), e.task.About().Line, frozen,
		max(p.column, len("tokens")), "tokens", strings.Repeat(" ", plotWidth-len("0 %100 %")))
	return err
}

func (p *plainEval) row(_ *examined, r row) error {
	_, err := fmt.Fprintf(p.a.out, "%*s  %9d  %9d  %7.2f%%  %6.2f to %6.2f   %s\n", max(p.column, len("tokens")), lengthText(r.length),
		r.tally.Sequences, r.tally.Asked, 100*r.tally.Accuracy(), 100*r.low, 100*r.high, plotRow(r.tally.Accuracy(), r.low, r.high))
	return err
}

// plotWidth is the width of the axis from 0 to 1, in cells.
const plotWidth = 41

// plotRow draws a share and its interval on an axis: ├──●─┤.
func plotRow(share, low, high float64) string {
	cell := func(x float64) int { return int(x*(plotWidth-1) + 0.5) }
	l, m, h := cell(low), cell(share), cell(high)
	var b strings.Builder
	for i := range h + 1 {
		switch {
		case i == m:
			b.WriteRune('●')
		case i == l:
			b.WriteRune('├')
		case i == h:
			b.WriteRune('┤')
		case i > l:
			b.WriteRune('─')
		default:
			b.WriteRune('·')
		}
	}
	return b.String()
}

// jsonEval writes an evaluation as lines of JSON.
type jsonEval struct{ a *app }

func (j *jsonEval) begin(e *examined) error {
	return j.a.printJSON(struct {
		Schema     int        `json:"schema"`
		Type       string     `json:"type"`
		Version    string     `json:"version"`
		Model      string     `json:"model"`
		Provenance model.Kind `json:"provenance"`
		SHA256     string     `json:"sha256"`
		Task       string     `json:"task"`
		Definition string     `json:"definition"`
		Frozen     bool       `json:"frozen"`
		Seeds      []uint     `json:"seeds"`
		Lengths    []int      `json:"lengths"`
	}{schema, "eval", version(), e.file.Card.Name, e.file.Card.Kind, e.file.SHA256, e.task.Name(), e.task.About().Line,
		e.options.freeze, e.options.seeds, e.lengths})
}

func (j *jsonEval) row(_ *examined, r row) error {
	if r.tally.Asked == 0 {
		return errors.New("nothing was asked") // every sequence asks something
	}
	return j.a.printJSON(struct {
		Type      string   `json:"type"`
		Length    int      `json:"length"`
		Sequences int      `json:"sequences"`
		Asked     int      `json:"asked"`
		Right     int      `json:"right"`
		Accuracy  float64  `json:"accuracy"`
		Low       float64  `json:"low"` // of the 95 % interval
		High      float64  `json:"high"`
		Loss      *float64 `json:"loss"` // nats a question
	}{"length", r.length, r.tally.Sequences, r.tally.Asked, r.tally.Right, r.tally.Accuracy(), r.low, r.high, finite(r.tally.MeanLoss())})
}

// finite is x, or nil where JSON has no number for it.
func finite(x float64) *float64 {
	if x-x != 0 {
		return nil
	}
	return &x
}
