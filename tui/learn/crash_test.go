//go:build linux || darwin

package learn

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

	"mamba-tui/model/train"
	"mamba-tui/tui"
	"mamba-tui/tui/internal/races"
)

// crashEnv names the way in which a child of the crash tests ends.
const crashEnv = "MAMBA_TUI_TEST_LEARN"

// crashChild is the program of the crash tests: this test binary, run again in
// a pty.
func crashChild() (code int, ok bool) {
	how := os.Getenv(crashEnv)
	if how == "" {
		return 0, false
	}
	dark := true
	s := &school{panic: how == "training"}
	kept := &shelf{}
	o := Options{Profile: colorprofile.TrueColor, Dark: &dark, train: s.run}
	o.wrap = func(m tea.Model) tea.Model { return &falling{Model: m, how: how} }
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if how == "context" {
		time.AfterFunc(time.Second, cancel)
	}
	res, err := Run(ctx, tiny(100000), train.Options{Store: kept}, o)
	if err != nil {
		fmt.Fprintf(os.Stderr, "ERR: %v\n", err)
	}
	if res != nil && res.Result != nil && res.Stopped && kept.steps[len(kept.steps)-1] == res.Steps {
		fmt.Fprintln(os.Stderr, "KEPT")
	}
	return tui.ExitCode(err), true
}

// falling is the screen, but for the key x, which panics.
type falling struct {
	tea.Model
	how  string
	fall bool
}

func (f *falling) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "x" {
		switch f.how {
		case "update":
			panic("update fell")
		case "view":
			f.fall = true
		case "cmd":
			return f, func() tea.Msg { panic("cmd fell") }
		}
	}
	_, cmd := f.Model.Update(msg)
	return f, cmd
}

func (f *falling) View() tea.View {
	if f.fall {
		panic("view fell")
	}
	return f.Model.View()
}

// terminal remembers what was written to a pty.
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

// However the program ends, the terminal is as it was; and unless the training
// itself fell, its last step is kept.
func TestTerminalIsRestored(t *testing.T) {
	for _, c := range []struct {
		how  string
		keys string
		sig  syscall.Signal
		code int
		says string
		lost bool // the training fell
	}{
		{how: "quit", keys: "qq"},
		{how: "ctrl-c", keys: "\x03"},
		{how: "update", keys: "x", code: 2, says: "update fell"},
		{how: "view", keys: "x", code: 2, says: "view fell"},
		{how: "cmd", keys: "x", code: 2, says: "cmd fell"},
		{how: "training", code: 2, says: "the school fell", lost: true},
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
			for end := time.Now().Add(20 * time.Second); !strings.Contains(out.String(), "\x1b[?1002h") || !strings.Contains(out.String(), "answers"); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("no screen came: %q", out.String())
				}
				if c.how == "training" && strings.Contains(out.String(), c.says) {
					break
				}
			}
			for _, k := range c.keys {
				io.WriteString(f, string(k))
				time.Sleep(100 * time.Millisecond) // so that they are two keys
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
			select { // the reader ends when it has read all that the program wrote
			case <-read:
			case <-time.After(5 * time.Second):
			}
			f.Close()
			<-read
			races.Check(t, found)
			text := out.String()
			for _, m := range []struct{ name, on, off string }{
				{"the alternate screen", "\x1b[?1049h", "\x1b[?1049l"},
				{"the mouse", "\x1b[?1002h", "\x1b[?1002l"},
				{"the hidden cursor", "\x1b[?25l", "\x1b[?25h"},
			} {
				on, off := strings.LastIndex(text, m.on), strings.LastIndex(text, m.off)
				if on < 0 {
					t.Errorf("%s was never on: the test looks for the wrong thing", m.name)
				}
				if off < on {
					t.Errorf("%s is still on", m.name)
				}
			}
			after := text[max(strings.LastIndex(text, "\x1b[?1049l"), 0):]
			if !strings.Contains(after, c.says) {
				t.Errorf("it does not say %q after the screen: %q", c.says, after)
			}
			if kept := strings.Contains(after, "KEPT"); kept == c.lost {
				t.Errorf("the last step was kept: %v", kept)
			}
		})
	}
}
