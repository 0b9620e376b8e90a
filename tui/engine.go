package tui

import "mamba-tui/model/session"

// Engine is what the screen needs of a session; *session.Engine is one. Its
// methods return at once: the work happens in the engine's own goroutine.
type Engine interface {
	// Frame is the newest finished frame, never nil.
	Frame() *session.Frame
	// Changed receives when a frame newer than the last one read exists.
	Changed() <-chan struct{}
	// Look asks for another window or cursor; the newest wins.
	Look(l session.Look)
	// Do queues a mutation; none is lost. Frame.Done reaches its number when it
	// was done.
	Do(op session.Op) uint64
	// Stop ends the mutation under way; what it did stays.
	Stop()
	// OnPanic sets what is called when the engine's goroutine panics.
	OnPanic(f func(v any, stack []byte))
	// Close stops the work under way and waits for it.
	Close()
}
