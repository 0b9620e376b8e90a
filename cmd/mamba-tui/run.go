package main

import (
	"bufio"
	"context"
	"errors"
	"math"

	"github.com/spf13/cobra"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/model/tokenizer"
)

// Bounds and defaults of run.
const (
	maxSteps   = 10_000_000
	defaultTop = 5
	maxTop     = 1000
)

// runOptions are the flags of run.
type runOptions struct {
	input   inputFlags
	steps   int
	sampler session.Sampler
	top     int
	json    bool
	plain   bool
	record  recordFlags
	from    fromFlags
}

const runLong = `Run the prompt through the model and report every token, without a screen.

Each token is a step. For each step and layer the report tells
  delta       the mean and the largest step size Δ over the channels
  retention   the mean of Ā = exp(ΔA) over channels and states
  kept        the share of the state that the token kept: ‖Ā⊙h‖/‖h‖
  write       what it wrote: ‖Δ·B·u‖
  reset       whether it wiped the state: kept below 0.05
and for each step the most probable next tokens.

With --json every line is one object: the first describes the run and has
"schema": 1 and "type": "run", each following one is a step. A value that is
not a number (kept, while the state is empty) is null.`

func (a *app) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run a prompt without a screen and report every token",
		Long:  runLong,
		Example: `mamba-tui run --prompt '¶4acba17c?'
mamba-tui run --prompt-file - --json < prompt.txt
mamba-tui run --prompt '¶7' --steps 20 --temperature 0.8 --seed 1
mamba-tui run --prompt '¶4acba17c?' --record run.npz
mamba-tui run --resume run.npz@4 --prompt 'bb?'`,
		Args: cobra.NoArgs,
		RunE: a.command(func(cmd *cobra.Command) error {
			if err := o.check(); err != nil {
				return err
			}
			return a.run(cmd.Context(), o)
		}),
	}
	o.input.addTo(cmd)
	f := cmd.Flags()
	f.IntVarP(&o.steps, "steps", "n", 0, "tokens to generate after the prompt")
	f.Float64Var(&o.sampler.Temperature, "temperature", 0, "of the generated tokens; 0 takes the most probable")
	f.IntVar(&o.sampler.TopK, "top-k", 0, "choose among the k most probable tokens; 0 among all")
	f.Uint64Var(&o.sampler.Seed, "seed", 0, "of the generated tokens: the same seed gives the same ones")
	f.IntVar(&o.top, "top", defaultTop, "next tokens to report at each step")
	f.BoolVar(&o.json, "json", false, "one JSON object a line")
	f.BoolVar(&o.plain, "plain", false, "sentences for people and screen readers (the default)")
	cmd.MarkFlagsMutuallyExclusive("json", "plain")
	o.record.addTo(cmd)
	o.from.addTo(cmd)
	return cmd
}

// check bounds the numbers of the command line.
func (o *runOptions) check() error {
	if err := errors.Join(o.record.check(), o.from.check(o.record)); err != nil {
		return usage(err)
	}
	switch {
	case o.steps < 0 || o.steps > maxSteps:
		return usagef("--steps is %d, want 0 to %d", o.steps, maxSteps)
	case o.top < 0 || o.top > maxTop:
		return usagef("--top is %d, want 0 to %d", o.top, maxTop)
	case o.sampler.TopK < 0:
		return usagef("--top-k is %d, want 0 (all) or more", o.sampler.TopK)
	case !(o.sampler.Temperature >= 0) || math.IsInf(o.sampler.Temperature, 1):
		return usagef("--temperature is %v, want a number of 0 or more", o.sampler.Temperature)
	}
	return nil
}

// reporter writes what a run finds.
type reporter interface {
	begin(in *input, o runOptions) error
	step(s *step) error
	end() error
}

// run opens the input and reports every token of the prompt and of what the
// model continues it with. When ctx ends, the steps done are reported.
func (a *app) run(ctx context.Context, o runOptions) (err error) {
	in, start, err := a.openFrom(ctx, &o)
	if err != nil {
		return err
	}
	defer in.close()
	if o.steps > 0 && len(in.tokens) == 0 && start.steps == 0 {
		return usagef("nothing to continue: the prompt is empty, give one with --prompt or --prompt-file")
	}
	out := bufio.NewWriterSize(a.out, 1<<16)
	defer func() {
		if flushed := out.Flush(); err == nil || brokenPipe(flushed) {
			err = flushed
		}
	}()
	var r reporter = &plainReport{out: out}
	if o.json {
		r = &jsonReport{out: out}
	}
	w, err := newWalk(in, o.top)
	if err != nil {
		return err
	}
	defer w.free()
	if err := start.put(w); err != nil {
		return err
	}
	if w.record, err = start.record(ctx, &o, in); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, a.endRecording(w, o.record.file), o.from.save(w))
	}()
	if err := r.begin(in, o); err != nil {
		return err
	}
	for rest := in.tokens; len(rest) > 0; {
		if ctx.Err() != nil {
			return errInterrupted
		}
		n := min(len(rest), w.chunk)
		if err := w.forward(rest[:n], sourcePrompt, r.step); err != nil {
			return err
		}
		rest = rest[n:]
	}
	if o.steps == 0 {
		return r.end()
	}
	for range o.steps {
		if ctx.Err() != nil {
			return errInterrupted
		}
		token, err := w.next(o.sampler)
		if err != nil {
			return err
		}
		if err := w.forward([]tokenizer.Token{token}, sourceGenerated, r.step); err != nil {
			return err
		}
		// Whoever waits for generated text sees each token as it comes.
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return r.end()
}

// guessText is what a guess stands for.
func (in *input) guessText(g model.Guess) string { return in.tokenizer.Text(g.ID) }

// others counts the tokens of the prompt that were outside the alphabet.
func (in *input) others() int {
	n := 0
	for _, t := range in.tokens {
		if t.Other {
			n++
		}
	}
	return n
}
