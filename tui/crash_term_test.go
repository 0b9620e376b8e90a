//go:build unix

package tui

import (
	"os"
	"testing"

	"github.com/charmbracelet/x/term"
)

// termState is the line discipline of the pty, comparable.
func termState(t *testing.T, f *os.File) term.State {
	t.Helper()
	s, err := term.GetState(f.Fd())
	if err != nil {
		t.Fatal(err)
	}
	return *s
}
