package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
)

// Host runs a Bubble Tea model so that the terminal is restored however the
// program ends: by a key, a signal, a context, or a panic in any goroutine.
// Every screen of the program runs in one.
type Host struct {
	Profile colorprofile.Profile
	// Input and Output replace the process's terminal; nil keeps it.
	Input  io.Reader
	Output io.Writer
	// Stderr receives the stack of a panic after the terminal is restored; nil
	// is the process's.
	Stderr io.Writer
	Now    func() time.Time    // the clock of mouse coalescing; nil is time.Now
	Tea    []tea.ProgramOption // appended to the program's options
	Exit   func(code int)      // ends a process that hangs; nil is os.Exit
	// Started, for tests, is given the program before it runs.
	Started func(*tea.Program)
}

// Hooks tie what works beside the screen to its life.
type Hooks struct {
	// OnPanic is given the function to call when a goroutine panics: it ends the
	// screen and makes Run report the panic.
	OnPanic func(func(v any, stack []byte))
	// Ended is called when the terminal is restored, Last after it, before a
	// panic is told.
	Ended, Last func()
}

// SignalMsg is a signal that asks the program to end; the model answers with
// tea.Quit.
type SignalMsg struct{ Signal os.Signal }

// Run shows root until it quits, ctx ends, a signal comes or something panics.
// The error says which: nil, a SignalError, one that matches ErrPanic, or the
// cause of ctx.
func (h Host) Run(ctx context.Context, root tea.Model, hooks Hooks) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	// Cancelling makes Bubble Tea restore the terminal and return, also when it
	// has only just begun; killing it would do neither then.
	var broken crash
	fall := func(v any, stack []byte) {
		broken.set(v, stack)
		cancel()
	}
	if hooks.OnPanic != nil {
		hooks.OnPanic(fall)
	}
	p := tea.NewProgram(&guard{root, fall}, h.program(inner)...)
	ended := make(chan struct{})
	var watchers sync.WaitGroup
	var came os.Signal // read after watchers.Wait
	sig := make(chan os.Signal, 4)
	signal.Notify(sig, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	watchers.Add(1)
	go func() {
		defer watchers.Done()
		defer func() {
			if v := recover(); v != nil {
				fall(v, debug.Stack())
			}
		}()
		came = h.watchSignals(p, sig, ended)
	}()

	if h.Started != nil {
		h.Started(p)
	}
	_, err := p.Run()
	close(ended)
	signal.Stop(sig)
	for _, f := range []func(){hooks.Ended, watchers.Wait, hooks.Last} {
		if f != nil {
			f()
		}
	}
	if v, stack := broken.get(); stack != nil {
		tell(h.Stderr, v, stack)
		return fmt.Errorf("%w: %v", ErrPanic, v)
	}
	switch {
	case errors.Is(err, tea.ErrProgramPanic):
		return fmt.Errorf("%w: the screen panicked", ErrPanic)
	case came != nil:
		return &SignalError{came}
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("tui: %w", err)
	}
	return nil
}

// program are the options of the Bubble Tea program.
func (h Host) program(ctx context.Context) []tea.ProgramOption {
	now := h.Now
	if now == nil {
		now = time.Now
	}
	opts := []tea.ProgramOption{
		tea.WithContext(ctx),
		tea.WithColorProfile(h.Profile),
		tea.WithFPS(60),
		tea.WithFilter(coalesce(now, mouseGap)),
		tea.WithoutSignalHandler(), // SIGHUP would be left out
	}
	if h.Input != nil {
		opts = append(opts, tea.WithInput(h.Input))
	}
	if h.Output != nil {
		opts = append(opts, tea.WithOutput(h.Output))
	}
	return append(opts, h.Tea...)
}

// watchSignals turns a signal into a message, so that the screen ends in order.
// When it does not, because an update hangs or the terminal takes no output,
// the terminal is restored from here and the process ends. It returns the
// signal, or nil when the program ended without one.
func (h Host) watchSignals(p *tea.Program, sig <-chan os.Signal, ended <-chan struct{}) os.Signal {
	var s os.Signal
	select {
	case s = <-sig:
	case <-ended:
		return nil
	}
	go p.Send(SignalMsg{s}) // returns at the latest when the program is over
	if waitFor(ended, killAfter) {
		return s
	}
	go p.Kill()
	if !waitFor(ended, killAfter) {
		exit := h.Exit
		if exit == nil {
			exit = os.Exit
		}
		exit(ExitCode(&SignalError{s}))
	}
	return s
}
