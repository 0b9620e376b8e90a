//go:build !windows

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// program is a command that runs the program in a process of its own.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = []string{"MAMBA_TUI_TEST_MAIN=1", "TERM=xterm-256color", "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	return cmd
}

// code is the exit code that Wait or Run reported.
func code(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err == nil {
		return 0
	}
	if !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return exit.ExitCode() // −1 after a signal
}

// A reader that has seen enough ends the program without a word.
func TestHead(t *testing.T) {
	cmd := program(t, "run", "--json", "--prompt", "¶4", "--steps", "10000000")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	out.Close()
	if got := code(t, cmd.Wait()); got != 0 || stderr.Len() != 0 {
		t.Errorf("exit code %d, stderr %q", got, &stderr)
	}
}

// Signals end a run with 130 and without a message.
func TestRunSignals(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		cmd := program(t, "run", "--prompt", "¶4", "--steps", "10000000")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(out, make([]byte, 5000)); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(out)
		if err != nil {
			t.Fatal(err)
		}
		if got := code(t, cmd.Wait()); got != exitInterrupted || stderr.Len() != 0 || !bytes.HasSuffix(rest, []byte("\n")) {
			t.Errorf("%v: exit code %d, stderr %q, the output ends %q", s, got, &stderr, rest[max(0, len(rest)-40):])
		}
	}
}

// terminal is a program in a pseudo-terminal.
type terminal struct {
	t    *testing.T
	cmd  *exec.Cmd
	tty  *os.File
	mu   sync.Mutex
	seen bytes.Buffer
	done chan struct{}
}

func startTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	s := &terminal{t: t, cmd: cmd, tty: tty, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		buf := make([]byte, 1<<16)
		for {
			n, err := tty.Read(buf)
			s.mu.Lock()
			s.seen.Write(buf[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

func (s *terminal) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.String()
}

// wait polls until the terminal has received text.
func (s *terminal) wait(text string) {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if strings.Contains(s.text(), text) {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("the terminal never showed %q; it received %.2000q", text, s.text())
		}
	}
}

// end waits for the program and returns its exit code.
func (s *terminal) end() int {
	s.t.Helper()
	err := s.cmd.Wait()
	<-s.done
	s.tty.Close()
	return code(s.t, err)
}

const (
	altScreenOn  = "\x1b[?1049h"
	altScreenOff = "\x1b[?1049l"
	showCursor   = "\x1b[?25h"
)

// On a terminal the screen comes up with the default model, and the terminal is
// given back however it ends.
func TestScreen(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(s *terminal)
		code int
	}{
		{"q", func(s *terminal) { s.tty.WriteString("q") }, 0},
		{"SIGTERM", func(s *terminal) { s.cmd.Process.Signal(syscall.SIGTERM) }, exitInterrupted},
		{"SIGHUP", func(s *terminal) { s.cmd.Process.Signal(syscall.SIGHUP) }, exitInterrupted},
		{"SIGINT", func(s *terminal) { s.cmd.Process.Signal(syscall.SIGINT) }, exitInterrupted},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := startTerminal(t, program(t, "--prompt", "¶4ab?"))
			s.wait(altScreenOn)
			s.wait("header-exact")
			s.wait("hand-written")
			c.end(s)
			got := s.end()
			text := s.text()
			if got != c.code || strings.LastIndex(text, altScreenOff) < strings.LastIndex(text, altScreenOn) ||
				strings.LastIndex(text, showCursor) < strings.LastIndex(text, "\x1b[?25l") {
				t.Errorf("exit code %d, want %d; the output ends %q", got, c.code, text[max(0, len(text)-200):])
			}
		})
	}
}

// On a dumb terminal nothing but text appears; a wrong command line asks the
// terminal nothing, and so waits for no answer.
func TestPlainTerminal(t *testing.T) {
	cmd := program(t, "--prompt", "¶4?")
	cmd.Env = append(cmd.Env, "TERM=dumb")
	s := startTerminal(t, cmd)
	if got := s.end(); got != 0 || strings.ContainsRune(s.text(), 0x1b) || !strings.Contains(s.text(), "Token 2, ?.") {
		t.Errorf("dumb: exit code %d, %q", got, s.text())
	}
	s = startTerminal(t, program(t, "--bogus"))
	if got := s.end(); got != 2 || s.text() != "mamba-tui: unknown flag: --bogus (see mamba-tui --help)\r\n" {
		t.Errorf("--bogus: exit code %d, %q", got, s.text())
	}
}
