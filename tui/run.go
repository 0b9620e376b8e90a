package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
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
	return o.host().Run(ctx, root, Hooks{
		OnPanic: e.OnPanic,
		Ended:   m.Close,
		Last:    e.Close,
	})
}

// host is the program around the explorer.
func (o Options) host() Host {
	return Host{
		Profile: o.Profile, Input: o.Input, Output: o.Output, Stderr: o.Stderr,
		Now: o.Now, Tea: o.Tea, Started: o.started, Exit: o.exit,
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
