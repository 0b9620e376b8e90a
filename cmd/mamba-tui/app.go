package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"charm.land/fang/v2"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"mamba-tui/model/tokenizer"
	"mamba-tui/tui/learn"
)

// app is the program's surroundings, so that tests can bring their own.
type app struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
	// inTerm and outTerm say whether standard input and output are a terminal.
	inTerm, outTerm bool
	// size is the terminal's, or 0, 0.
	size func() (width, height int)
	// explore shows the screen; tests replace it.
	explore func(ctx context.Context, a *app, o explorer) error
	// showReplay shows a recording; tests replace it.
	showReplay func(ctx context.Context, a *app, p *replayed) error
	// learner shows trainings; tests replace it.
	learner learner

	args []string // of the command line under way

	// failed is what the command that ran returned. Cobra's own errors, those
	// of the command line, take another way.
	failed error
}

// processApp is the surroundings of the process.
func processApp() *app {
	return &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		environ: os.Environ(),
		inTerm:  term.IsTerminal(os.Stdin.Fd()),
		outTerm: term.IsTerminal(os.Stdout.Fd()),
		size: func() (int, int) {
			w, h, err := term.GetSize(os.Stdout.Fd())
			if err != nil {
				return 0, 0
			}
			return w, h
		},
		explore:    explore,
		showReplay: showReplay,
		learner:    learner{live: learn.Run, replay: learn.Replay},
	}
}

// execute runs one command line and returns the exit code. Data goes to a.out,
// messages to a.err: an error is one line there.
func (a *app) execute(ctx context.Context, args []string) int {
	root := a.rootCommand()
	root.SetArgs(append([]string{}, args...)) // nil would mean os.Args
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { a.help(ctx, cmd) })
	a.failed, a.args = nil, args
	// What cobra returns are errors of the command line: commands keep theirs
	// in a.failed.
	err := root.ExecuteContext(ctx)
	if err != nil {
		err = usagef("%w (see mamba-tui --help)", err)
	} else {
		err = a.failed
	}
	if err == nil || brokenPipe(err) {
		return exitOK
	}
	if exitCode(err) != exitInterrupted {
		fmt.Fprintln(a.err, "mamba-tui: "+oneLine(err))
	}
	return exitCode(err)
}

// help lets fang draw the help of a command, from a tree of its own. fang does
// no more than that here: before it prints an error it asks the terminal for
// its colours, and waits for an answer that a terminal may not give.
func (a *app) help(ctx context.Context, cmd *cobra.Command) {
	root := a.rootCommand()
	root.SetArgs(append(strings.Fields(cmd.CommandPath())[1:], "--help"))
	a.failed = fang.Execute(ctx, root, fang.WithVersion(root.Version), fang.WithoutManpage())
}

// oneLine is the message of err, safe for a terminal, on one line.
func oneLine(err error) string {
	words := strings.Fields(err.Error())
	for i, w := range words {
		words[i] = tokenizer.Visible(w)
	}
	return strings.Join(words, " ")
}

// command wraps what a command does for cobra: its error is kept, not
// returned; a context that ended is an interruption.
func (a *app) command(do func(cmd *cobra.Command) error) func(*cobra.Command, []string) error {
	return a.commandArg(func(cmd *cobra.Command, _ string) error { return do(cmd) })
}

// commandArg is command for commands with one argument.
func (a *app) commandArg(do func(cmd *cobra.Command, arg string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		arg := ""
		if len(args) > 0 {
			arg = args[0]
		}
		a.failed = do(cmd, arg)
		if errors.Is(a.failed, context.Canceled) {
			a.failed = errInterrupted
		}
		return nil
	}
}

// getenv is the value of an environment variable.
func (a *app) getenv(name string) string {
	for i := len(a.environ) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(a.environ[i], name+"="); ok {
			return value
		}
	}
	return ""
}
