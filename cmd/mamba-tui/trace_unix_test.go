//go:build !windows

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mamba-tui/model"
	"mamba-tui/model/trace"
	"mamba-tui/scan"
)

// The explorer's recording is closed when it is left by a key or a signal, and
// holds what was typed even when it is killed.
func TestRecordScreen(t *testing.T) {
	for _, c := range []struct {
		name, keys string
		steps      int
		end        func(s *terminal)
		code       int
		closed     bool
	}{
		{"q", "", 4, func(s *terminal) { s.tty.WriteString("q") }, 0, true},
		{"SIGTERM", "icd?", 7, func(s *terminal) { s.cmd.Process.Signal(syscall.SIGTERM) }, exitInterrupted, true},
		{"SIGKILL", "icd?", 7, func(s *terminal) { s.cmd.Process.Signal(syscall.SIGKILL) }, -1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			name := filepath.Join(t.TempDir(), "s.npz")
			s := startTerminal(t, program(t, "--prompt", "¶4ab", "--record", name))
			s.wait("hand-written")
			s.tty.WriteString(c.keys)
			steps := func() int {
				tr, err := trace.OpenFile(name)
				if err != nil {
					return 0
				}
				defer tr.Close()
				n, _ := tr.Counts()
				return n
			}
			for end := time.Now().Add(10 * time.Second); steps() < c.steps; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%d steps in the file", steps())
				}
			}
			c.end(s)
			if got := s.end(); got != c.code {
				t.Errorf("exit code %d, want %d", got, c.code)
			}
			if c.closed && !strings.Contains(s.text(), fmt.Sprintf("recorded %d steps", c.steps)) {
				t.Errorf("the program ends with %q", s.text()[max(0, len(s.text())-200):])
			}
			tr, err := trace.OpenFile(name)
			if err != nil {
				t.Fatal(err)
			}
			defer tr.Close()
			f, err := tr.Weights()
			if err != nil {
				t.Fatal(err)
			}
			m, err := model.New(scan.NewCPU(scan.Options{}), f.Config, f.Weights)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			r, err := trace.Verify(context.Background(), tr, m, nil)
			if err != nil || !r.Exact() || r.Steps != c.steps || tr.Closed() != c.closed {
				t.Errorf("%v %+v, closed %v: %v", err, r, tr.Closed(), tr.Fault())
			}
		})
	}
}

// The demo comes up, with the weights and without.
func TestReplayScreen(t *testing.T) {
	for badge, args := range map[string][]string{"replay: bit-exact": {"demo"}, "replay without the weights": {"demo@12", "--without-weights"}} {
		s := startTerminal(t, program(t, append([]string{"replay"}, args...)...))
		s.wait(altScreenOn)
		s.wait(badge)
		s.tty.WriteString("q")
		if got := s.end(); got != 0 {
			t.Errorf("%q: exit code %d, %q", args, got, s.text())
		}
	}
}
