//go:build unix

package tui

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/creack/pty"

	"mamba-tui/assets"
	"mamba-tui/model/session"
	"mamba-tui/tui/internal/races"
)

// crashEnv names the way in which a child of the crash tests ends.
const crashEnv = "MAMBA_TUI_TEST_CRASH"

// crashChild is the program of the crash tests: this test binary, run again in
// a pty.
func crashChild() (code int, ok bool) {
	how := os.Getenv(crashEnv)
	if how == "" {
		return 0, false
	}
	dark := true
	e := &fallingEngine{Engine: builtin(fatal{}, assets.Default)}
	o := Options{Profile: colorprofile.TrueColor, Dark: &dark}
	o.wrap = func(m tea.Model) tea.Model { return &fallingModel{Model: m, how: how, engine: e} }
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if how == "context" {
		time.AfterFunc(time.Second, cancel)
	}
	err := Run(ctx, e, o)
	if err != nil {
		fmt.Fprintf(os.Stderr, "ERR: %v\n", err)
	}
	return ExitCode(err), true
}

// fatal is what is left of a testing.TB outside a test.
type fatal struct{ testing.TB }

func (fatal) Helper()                      {}
func (fatal) Fatal(args ...any)            { panic(fmt.Sprint(args...)) }
func (fatal) Fatalf(s string, args ...any) { panic(fmt.Sprintf(s, args...)) }

// fallingEngine can be told to panic in a goroutine of its own, as the real one
// does: it calls the handler.
type fallingEngine struct {
	*session.Engine
	onPanic func(any, []byte)
}

func (e *fallingEngine) OnPanic(f func(any, []byte)) { e.onPanic = f; e.Engine.OnPanic(f) }

func (e *fallingEngine) fall() {
	defer func() {
		if v := recover(); v != nil {
			e.onPanic(v, []byte("stack of the engine\n"))
		}
	}()
	panic("the engine fell")
}

// fallingModel is the screen, but for the key p, which panics.
type fallingModel struct {
	tea.Model
	how    string
	engine *fallingEngine
	fall   bool
}

func (f *fallingModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "p" {
		switch f.how {
		case "update":
			panic("update fell")
		case "view":
			f.fall = true
		case "cmd":
			return f, func() tea.Msg { panic("cmd fell") }
		case "batch":
			return f, tea.Batch(func() tea.Msg { panic("batch fell") }, func() tea.Msg { return nil })
		case "engine":
			go f.engine.fall()
		}
	}
	_, cmd := f.Model.Update(msg)
	return f, cmd
}

func (f *fallingModel) View() tea.View {
	if f.fall {
		panic("view fell")
	}
	return f.Model.View()
}

// terminal is a pty that remembers what was written to it.
type terminal struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (t *terminal) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.out.Write(b)
}

func (t *terminal) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.out.String()
}

// However the program ends, the terminal is as it was: the alternate screen and
// the mouse are off, the cursor is shown, pasting is plain, the line discipline
// is back.
func TestTerminalIsRestored(t *testing.T) {
	for _, c := range []struct {
		how  string
		key  string
		sig  syscall.Signal
		code int
		says string
	}{
		{how: "quit", key: "q"},
		{how: "ctrl-c", key: "\x03"},
		{how: "update", key: "p", code: 2, says: "update fell"},
		{how: "view", key: "p", code: 2, says: "view fell"},
		{how: "cmd", key: "p", code: 2, says: "cmd fell"},
		{how: "batch", key: "p", code: 2, says: "batch fell"},
		{how: "engine", key: "p", code: 2, says: "stack of the engine"},
		{how: "sigterm", sig: syscall.SIGTERM, code: 128 + 15, says: "ended by signal"},
		{how: "sighup", sig: syscall.SIGHUP, code: 128 + 1, says: "ended by signal"},
		{how: "sigint", sig: syscall.SIGINT, code: 130, says: "ended by signal"},
		{how: "context", code: 1, says: "context canceled"},
	} {
		t.Run(c.how, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0])
			found := filepath.Join(t.TempDir(), "race")
			cmd.Env = append(os.Environ(), crashEnv+"="+c.how, "TERM=xterm-256color", "NO_COLOR=", races.Log(found))
			f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 30, Cols: 100})
			if err != nil {
				t.Skipf("no pty here: %v", err)
			}
			defer f.Close()
			out := &terminal{}
			read := make(chan struct{})
			go func() { defer close(read); io.Copy(out, f) }()
			waitUntil(t, "the screen", func() bool {
				s := out.String() // the modes, and something that is drawn after the first frame came
				return strings.Contains(s, "\x1b[?1049h") && strings.Contains(s, "\x1b[?2004h") &&
					strings.Contains(s, "\x1b[?1003h") && strings.Contains(s, "wrote")
			})
			raw := termState(t, f)
			if c.key != "" {
				io.WriteString(f, c.key)
			}
			if c.sig != 0 {
				cmd.Process.Signal(c.sig)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			select {
			case <-ended:
			case <-time.After(20 * time.Second):
				cmd.Process.Kill()
				t.Fatalf("it did not end; the screen:\n%q", out.String())
			}
			if got := cmd.ProcessState.ExitCode(); got != c.code {
				t.Errorf("exit code %d, want %d", got, c.code)
			}
			if state := termState(t, f); state == raw {
				t.Error("the terminal is still raw")
			}
			select { // the reader ends when it has read all that the program wrote
			case <-read:
			case <-time.After(5 * time.Second):
			}
			f.Close()
			<-read
			races.Check(t, found)
			text := out.String()
			if !strings.Contains(text, c.says) {
				t.Errorf("it does not say %q", c.says)
			}
			in := strings.LastIndex(text, "\x1b[?1049h")
			if in < 0 {
				t.Fatal("the alternate screen was never on")
			}
			after := text[in:]
			for _, m := range []struct{ name, on, off string }{
				{"the alternate screen", "\x1b[?1049h", "\x1b[?1049l"},
				{"the mouse", "\x1b[?1003h", "\x1b[?1003l"},
				{"bracketed paste", "\x1b[?2004h", "\x1b[?2004l"},
				{"the hidden cursor", "\x1b[?25l", "\x1b[?25h"},
			} {
				on, off := strings.LastIndex(after, m.on), strings.LastIndex(after, m.off)
				if on < 0 {
					t.Errorf("%s was never on: the test looks for the wrong thing", m.name)
				}
				if off < on {
					t.Errorf("%s is still on", m.name)
				}
			}
			if i := strings.LastIndex(after, "\x1b[?1049l"); c.says != "" && !strings.Contains(after[max(i, 0):], c.says) {
				t.Errorf("%q was written into the alternate screen, where it is lost", c.says)
			}
		})
	}
}

// waitUntil polls a condition.
func waitUntil(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not come", what)
		}
	}
}
