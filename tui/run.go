package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
)

// mouseGap is how close two mouse movements may follow each other.
const mouseGap = 16 * time.Millisecond

// killAfter is how long the screen may take to end after a signal before it is
// ended from outside.
const killAfter = 2 * time.Second

// ErrPanic is matched by the error of Run when something panicked. The terminal
// was restored and the stack is on stderr.
var ErrPanic = errors.New("tui: internal error")

// SignalError is the error of Run when a signal ended the program. The terminal
// was restored.
type SignalError struct{ Signal os.Signal }

func (e *SignalError) Error() string { return "tui: ended by signal: " + e.Signal.String() }

// ExitCode is the exit status that fits an error of Run: 0 for none, 128 plus
// the number of the signal, 2 after a panic, 1 for anything else.
func ExitCode(err error) int {
	var s *SignalError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &s):
		if n, ok := s.Signal.(syscall.Signal); ok {
			return 128 + int(n)
		}
	case errors.Is(err, ErrPanic):
		return 2
	}
	return 1
}

// crash is a panic outside Bubble Tea's reach.
type crash struct {
	mu    sync.Mutex
	value any
	stack []byte
}

func (c *crash) set(v any, stack []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stack == nil {
		c.value, c.stack = v, stack
	}
}

func (c *crash) get() (any, []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.value, c.stack
}

// Run shows the screen until the person quits, ctx ends, a signal comes or
// something panics, and always restores the terminal. It closes the engine
// before it returns.
func Run(ctx context.Context, e Engine, o Options) error {
	o = o.withDefaults()
	m := NewModel(e, o)
	var root tea.Model = m
	if o.wrap != nil {
		root = o.wrap(m)
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	// Cancelling makes Bubble Tea restore the terminal and return, also when it
	// has only just begun; killing it would do neither then.
	var broken crash
	fall := func(v any, stack []byte) {
		broken.set(v, stack)
		cancel()
	}
	e.OnPanic(fall)
	p := tea.NewProgram(&guard{root, fall}, o.program(inner)...)
	ended := make(chan struct{})
	var watchers sync.WaitGroup
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
		o.watchSignals(p, sig, ended)
	}()

	if o.started != nil {
		o.started(p)
	}
	_, err := p.Run()
	close(ended)
	signal.Stop(sig)
	m.Close()
	watchers.Wait()
	if v, stack := broken.get(); stack != nil {
		e.Close()
		tell(o.Stderr, v, stack)
		return fmt.Errorf("%w: %v", ErrPanic, v)
	}
	e.Close()
	if errors.Is(err, tea.ErrProgramPanic) {
		return fmt.Errorf("%w: the screen panicked", ErrPanic)
	}
	if m.signal != nil {
		return &SignalError{m.signal}
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("tui: %w", err)
	}
	return nil
}

// program are the options of the Bubble Tea program.
func (o Options) program(ctx context.Context) []tea.ProgramOption {
	opts := []tea.ProgramOption{
		tea.WithContext(ctx),
		tea.WithColorProfile(o.Profile),
		tea.WithFPS(60),
		tea.WithFilter(coalesce(o.Now, mouseGap)),
		tea.WithoutSignalHandler(), // SIGHUP would be left out
	}
	if o.Input != nil {
		opts = append(opts, tea.WithInput(o.Input))
	}
	if o.Output != nil {
		opts = append(opts, tea.WithOutput(o.Output))
	}
	return append(opts, o.Tea...)
}

// watchSignals turns a signal into a message, so that the screen ends in order.
// When it does not, because an update hangs or the terminal takes no output,
// the terminal is restored from here and the process ends.
func (o Options) watchSignals(p *tea.Program, sig <-chan os.Signal, ended <-chan struct{}) {
	var s os.Signal
	select {
	case s = <-sig:
	case <-ended:
		return
	}
	go p.Send(signalMsg{s}) // returns at the latest when the program is over
	if waitFor(ended, killAfter) {
		return
	}
	go p.Kill()
	if !waitFor(ended, killAfter) {
		o.exit(ExitCode(&SignalError{s}))
	}
}

// waitFor says whether c was closed within d.
func waitFor(c <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-c:
		return true
	case <-t.C:
		return false
	}
}

// tell writes a panic after the terminal is restored.
func tell(w io.Writer, v any, stack []byte) {
	if w == nil {
		w = os.Stderr
	}
	fmt.Fprintf(w, "mamba-tui: internal error: %v\n\n%s\n", strings.ReplaceAll(fmt.Sprint(v), "\x1b", "\\x1b"), stack)
}
