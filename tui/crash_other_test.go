//go:build !unix

package tui

// crashChild is the program of the crash tests, which need a pty.
func crashChild() (code int, ok bool) { return 0, false }
