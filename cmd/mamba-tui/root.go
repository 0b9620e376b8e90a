package main

import (
	"context"

	"github.com/spf13/cobra"
)

const rootLong = `mamba-tui shows a Mamba (a selective state space model) at work: type tokens,
and watch what each one does to Δ, B, C and the state h: what is kept, what is
written, and where the state is wiped.

Without a terminal (piped, or TERM=dumb) it prints the report of "run --plain".`

const rootExamples = `# the built-in model and its example
mamba-tui

# another built-in, with a prompt of your own
mamba-tui --model induction-exact --prompt 'abScdS'

# a checkpoint in a folder, as JSON
mamba-tui run --model ./mamba-130m-hf --prompt '12092 13 619' --json`

func (a *app) rootCommand() *cobra.Command {
	var (
		o      inputFlags
		record recordFlags
		plain  bool
		intro  bool
	)
	root := &cobra.Command{
		Use:     "mamba-tui",
		Short:   "Watch a selective state space model work",
		Long:    rootLong,
		Example: rootExamples,
		Args:    cobra.NoArgs,
		Version: version(),
		// execute prints errors.
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: a.command(func(cmd *cobra.Command) error {
			if err := record.check(); err != nil {
				return err
			}
			if plain || a.screenless() != "" {
				return a.run(cmd.Context(), runOptions{input: o, plain: true, top: defaultTop, record: record})
			}
			return a.screen(cmd.Context(), o, record, intro)
		}),
	}
	o.addTo(root)
	record.addTo(root)
	root.Flags().BoolVar(&plain, "plain", false, "print a plain report instead of the screen")
	root.Flags().BoolVar(&intro, "intro", false, "show the introduction of the first start again")
	root.AddCommand(a.runCommand(), a.replayCommand(), a.traceCommand(), a.snapshotCommand(), a.modelsCommand(), a.learnCommand(), a.trainCommand(), a.evalCommand(), a.benchCommand(), a.doctorCommand(), a.manCommand())
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	return root
}

// screen prepares what the explorer shows and shows it.
func (a *app) screen(ctx context.Context, o inputFlags, record recordFlags, intro bool) error {
	next := ""
	err := a.openExplorer(ctx, o, explorer{strict: o.strict, intro: intro, ownPrompt: o.hasPrompt(), language: a.locale(), record: record,
		reopen: func(lesson string) { next = lesson }})
	if err != nil || next == "" {
		return err
	}
	return a.teach(ctx, next, a.locale())
}

// openExplorer opens what the flags name and shows it.
func (a *app) openExplorer(ctx context.Context, o inputFlags, e explorer) error {
	in, err := a.open(o)
	if err != nil {
		return err
	}
	defer in.close()
	e.input = in
	return a.explore(ctx, a, e)
}
