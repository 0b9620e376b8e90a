package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mamba-tui/model/task"
	"mamba-tui/model/train"
)

// trainOptions are the flags of train.
type trainOptions struct {
	task, text  string
	out, resume string
	replay      string
	listTasks   bool
	plain, json bool
	backend     backendFlag
	threads     int
	evalEvery   int
	saveEvery   int
	flags       *cobra.Command

	// What a recipe is made of; only what the command line names replaces the
	// task's own recipe.
	seed                                   uint64
	layers, dModel, dState, dConv, dtRank  int
	tied, lengths, selective               string
	steps, batch, mostTokens, warmUp       int
	lr, advance, floor, beta1, beta2       float64
	weightDecay, clip, dtMin, dtMax, embed float64
	conv, a                                string
}

const trainLong = `Train a small Mamba on a task, on the CPU, and watch it learn.

A task comes with a recipe: dimensions, steps, learning rate and lengths at
which it is known to be learned. Flags change it. The same recipe gives the same
weights, bit for bit, for any number of threads, with the same kernels; --cpu
names them (generic is the same on every amd64 machine).

In a terminal the screen shows it live; with --plain, or without a terminal, each
evaluation is a line; with --json every step and evaluation is an object on a
line, the first has "schema": 1 and "type": "train".

With --out the run is kept in a folder: the model, the weights after every
interval, a log, and what going on needs. kill -9 loses at most the last
interval. Ctrl-C stops after the step under way, keeps it, and ends with exit
code 130; --resume goes on from there to the same bits. Without --out nothing is
kept.

Ablations are part of the recipe: --selective without delta, b or c makes that
one a learned constant (none of them: a time-invariant model), --conv off leaves
only the current tap of the convolution, --conv standard begins with random taps
as the released code does, --a chooses how A begins.`

const trainExamples = `# every task, and what it shows
mamba-tui train --tasks

# the header latch: Δ learns to open at ¶, in seconds
mamba-tui train --task header --out my-header
mamba-tui --model my-header

# the same without a selective Δ
mamba-tui train --task header --selective b,c --out my-lti

# a character model of a text of your own
mamba-tui train --task chars --text book.txt --out my-book

# go on after Ctrl-C
mamba-tui train --resume my-book --text book.txt

# scrub through a training that is over
mamba-tui train --replay my-header`

func (a *app) trainCommand() *cobra.Command {
	var o trainOptions
	cmd := &cobra.Command{
		Use:     "train",
		Short:   "Train a small model on a task and watch Δ learn to select",
		Long:    trainLong,
		Example: trainExamples,
		Args:    cobra.NoArgs,
		RunE:    a.command(func(cmd *cobra.Command) error { return a.train(cmd.Context(), o) }),
	}
	o.addTo(cmd)
	return cmd
}

// addTo defines the flags. Those of the recipe are called as in
// train.Recipe.Command.
func (o *trainOptions) addTo(cmd *cobra.Command) {
	o.flags = cmd
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.task, "task", "t", "header", "what to learn; \"list\" lists the tasks")
	f.BoolVar(&o.listTasks, "tasks", false, "list the tasks, and what each shows")
	f.StringVar(&o.text, "text", "", "text file that chars learns from")
	f.StringVarP(&o.out, "out", "o", "", "folder to keep the run in")
	f.StringVar(&o.resume, "resume", "", "folder of a run to go on with")
	f.StringVar(&o.replay, "replay", "", "folder of a run to look through: nothing is trained")
	f.BoolVar(&o.plain, "plain", false, "a line for each evaluation instead of the screen")
	f.BoolVar(&o.json, "json", false, "one JSON object a line instead of the screen")
	f.IntVar(&o.threads, "threads", 0, "sequences computed at the same time; 0 is one for each processor")
	o.backend.addTo(cmd)
	f.IntVar(&o.evalEvery, "eval-every", 0, "steps between two evaluations on fresh sequences; 0 is a fortieth of the run, at least 50")
	f.IntVar(&o.saveEvery, "save-every", 0, "steps between two checkpoints; 0 is every evaluation")

	const own = " (default: the task's)"
	f.Uint64Var(&o.seed, "seed", 1, "of the weights and the sequences")
	f.IntVar(&o.steps, "steps", 0, "steps of the optimiser"+own)
	f.IntVar(&o.layers, "layers", 0, "blocks"+own)
	f.IntVar(&o.dModel, "d-model", 0, "width of the residual stream; a block has twice as many channels"+own)
	f.IntVar(&o.dState, "d-state", 0, "states a channel"+own)
	f.IntVar(&o.dConv, "d-conv", 0, "taps of the short convolution"+own)
	f.IntVar(&o.dtRank, "dt-rank", 0, "rank of the projection to Δ"+own)
	f.StringVar(&o.tied, "tied", "", "true: the head is the embedding"+own)
	f.IntVar(&o.batch, "batch", 0, "sequences a step"+own)
	f.IntVar(&o.mostTokens, "most-tokens", 0, "most tokens of a step: of long sequences there are fewer; 0 is no bound"+own)
	f.StringVar(&o.lengths, "lengths", "", "tokens of a sequence, ascending, such as 16,32,64: each when the one before is learned"+own)
	f.Float64Var(&o.advance, "advance", 0, "accuracy at which the next length comes"+own)
	f.Float64Var(&o.lr, "lr", 0, "greatest learning rate"+own)
	f.IntVar(&o.warmUp, "warm-up", 0, "steps up to it"+own)
	f.Float64Var(&o.floor, "floor", 0, "share of it that is left at the end"+own)
	f.StringVar(&o.selective, "selective", "", "which of delta,b,c depend on the token; none is a time-invariant model"+own)
	f.StringVar(&o.conv, "conv", "", "how the convolution begins: identity, standard, or off"+own)
	f.StringVar(&o.a, "a", "", "how A begins: s4d-real, random or constant"+own)
	f.Float64Var(&o.dtMin, "dt-min", 0, "least Δ to begin with"+own)
	f.Float64Var(&o.dtMax, "dt-max", 0, "greatest Δ to begin with"+own)
	f.Float64Var(&o.embed, "embedding-std", 0, "standard deviation of the embedding to begin with"+own)
	f.Float64Var(&o.beta1, "beta1", 0, "of AdamW"+own)
	f.Float64Var(&o.beta2, "beta2", 0, "of AdamW"+own)
	f.Float64Var(&o.weightDecay, "weight-decay", 0, "of AdamW"+own)
	f.Float64Var(&o.clip, "clip", 0, "greatest norm of a gradient"+own)

	cmd.MarkFlagsMutuallyExclusive("plain", "json")
	cmd.MarkFlagsMutuallyExclusive("out", "resume", "replay")
	for name, words := range map[string][]string{
		"task": append(task.Names(), "list"),
		"conv": {string(train.ConvIdentity), string(train.ConvStandard), string(train.ConvOff)},
		"a":    {string(train.AS4DReal), string(train.ARandom), string(train.AConstant)},
	} {
		cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
}

// notRecipe are the flags that do not change what is learned, and so go with
// --resume.
var notRecipe = []string{"resume", "text", "steps", "plain", "json", "threads", "backend", "cpu", "eval-every", "save-every"}

// recipe is the task's, with what the command line changes.
func (o *trainOptions) recipe(t task.Task) (train.Recipe, error) {
	r := train.Defaults(t.Name())
	if s, ok := t.(task.Sized); ok && o.task == t.Name() && len(r.Lengths) == 0 {
		r.Lengths = s.Lengths()
	}
	changed := o.flags.Flags().Changed
	for _, n := range []struct {
		name string
		from int
		to   *int
	}{
		{"steps", o.steps, &r.Steps}, {"layers", o.layers, &r.Layers}, {"d-model", o.dModel, &r.DModel}, {"d-state", o.dState, &r.DState},
		{"d-conv", o.dConv, &r.DConv}, {"dt-rank", o.dtRank, &r.DtRank}, {"batch", o.batch, &r.Batch},
		{"most-tokens", o.mostTokens, &r.MostTokens}, {"warm-up", o.warmUp, &r.WarmUp},
	} {
		if changed(n.name) {
			*n.to = n.from
		}
	}
	for _, n := range []struct {
		name string
		from float64
		to   *float64
	}{
		{"advance", o.advance, &r.Advance}, {"lr", o.lr, &r.LearningRate}, {"floor", o.floor, &r.Floor}, {"beta1", o.beta1, &r.Beta1},
		{"beta2", o.beta2, &r.Beta2}, {"weight-decay", o.weightDecay, &r.WeightDecay}, {"clip", o.clip, &r.Clip},
		{"dt-min", o.dtMin, &r.DtMin}, {"dt-max", o.dtMax, &r.DtMax}, {"embedding-std", o.embed, &r.EmbeddingStd},
	} {
		if changed(n.name) {
			*n.to = n.from
		}
	}
	if changed("seed") {
		r.Seed = o.seed
	}
	var errs []error
	if changed("tied") {
		tied, err := strconv.ParseBool(o.tied)
		if err != nil {
			errs = append(errs, fmt.Errorf("--tied is %s, want true or false", quote(o.tied)))
		}
		r.Tied = tied
	}
	if changed("selective") {
		s, err := train.ParseSelective(o.selective)
		r.Selective = s
		errs = append(errs, err)
	}
	if changed("conv") {
		r.Conv = train.Conv(o.conv)
	}
	if changed("a") {
		r.A = train.AInit(o.a)
	}
	if changed("lengths") {
		lengths, err := parseLengths(o.lengths)
		if err != nil {
			errs = append(errs, fmt.Errorf("--lengths: %w", err))
		}
		r.Lengths = lengths
	}
	if err := errors.Join(errs...); err != nil {
		return r, err
	}
	return r, r.Validate(t)
}

// check refuses what cannot be asked for together.
func (o *trainOptions) check() error {
	changed := o.flags.Flags().Changed
	for name, n := range map[string]int{"threads": o.threads, "eval-every": o.evalEvery, "save-every": o.saveEvery} {
		if n < 0 || n > maxSteps {
			return usagef("--%s is %d, want 0 to %d", name, n, maxSteps)
		}
	}
	if changed("out") && o.out == "" || changed("resume") && o.resume == "" {
		return usagef("--out and --resume name a folder, not nothing")
	}
	if o.resume == "" {
		return nil
	}
	allowed := map[string]bool{}
	for _, name := range notRecipe {
		allowed[name] = true
	}
	var err error
	o.flags.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && !allowed[f.Name] && err == nil {
			err = usagef("--%s cannot change in the middle of a run: --resume takes the recipe from the folder, and only --steps may be more", f.Name)
		}
	})
	return err
}

// listTasks prints every task.
func (a *app) printTasks(asJSON bool) error {
	if asJSON {
		err := a.printJSON(struct {
			Schema int    `json:"schema"`
			Type   string `json:"type"`
		}{schema, "tasks"})
		if err != nil {
			return err
		}
	}
	for i, l := range task.List() {
		r := train.Defaults(l.Name)
		var err error
		if asJSON {
			err = a.printJSON(struct {
				Type      string       `json:"type"`
				Name      string       `json:"name"`
				Task      string       `json:"task"`
				Shows     string       `json:"shows"`
				NeedsText bool         `json:"needs_text"`
				Recipe    train.Recipe `json:"recipe"`
			}{"task", l.Name, l.Line, l.Shows, l.NeedsText, r})
		} else {
			gap, text := "", ""
			if i > 0 {
				gap = "\n"
			}
			if l.NeedsText {
				text = " (needs --text FILE)"
			}
			_, err = fmt.Fprintf(a.out, "%s%s%s\n  %s\n  shows  %s\n  recipe %s of d_model %d, d_state %d; %d steps of %d sequences of %s tokens\n",
				gap, l.Name, text, l.Line, l.Shows, plural(r.Layers, "layer"), r.DModel, r.DState, r.Steps, r.Batch, joinInts(r.Lengths, ", "))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func joinInts(list []int, between string) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, between)
}
