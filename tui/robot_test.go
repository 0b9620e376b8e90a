package tui

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"

	"mamba-tui/assets"
	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/session"
	"mamba-tui/scan"
)

func TestMain(m *testing.M) {
	if code, ok := crashChild(); ok {
		os.Exit(code)
	}
	// The first Notify of a process starts a goroutine for good; it must not
	// belong to a test's bubble.
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	signal.Stop(c)
	os.Exit(m.Run())
}

// builtin starts an engine on a built-in model.
func builtin(t testing.TB, name string) *session.Engine {
	t.Helper()
	dir, ok := assets.Dir(name)
	if !ok {
		t.Fatalf("no built-in model %s", name)
	}
	f, err := checkpoint.Load(assets.FS, dir)
	if err != nil {
		t.Fatal(err)
	}
	return engineOf(t, f.Config, f.Weights, f.Card)
}

func engineOf(t testing.TB, cfg model.Config, w *model.Weights, card model.Card) *session.Engine {
	t.Helper()
	m, err := model.New(scan.NewCPU(scan.Options{Threads: 1, Kernels: scan.Generic}), cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	s, err := session.New(m, session.Options{Card: card})
	if err != nil {
		t.Fatal(err)
	}
	return session.Start(s)
}

// robot is a person at the real program: it presses keys and reads the screen,
// in virtual time. It lives inside a synctest bubble.
type robot struct {
	t     *testing.T
	p     *tea.Program
	emu   *vt.Emulator
	mu    sync.Mutex
	sent  int    // bytes the program wrote to the terminal
	m     *Model // to be read between waits only
	turn  sync.Mutex
	edges int
	err   chan error
}

// locked runs the model under the robot's lock. Nothing contends for it: a wait
// ends when the program is blocked. It orders the test's reads of the model
// against the program's writes for the race detector.
type locked struct {
	*Model
	turn *sync.Mutex
}

func (l *locked) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	l.turn.Lock()
	defer l.turn.Unlock()
	_, cmd := l.Model.Update(msg)
	return l, cmd
}

func (l *locked) View() tea.View {
	l.turn.Lock()
	defer l.turn.Unlock()
	return l.Model.View()
}

// Write is the program's terminal.
func (r *robot) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent += len(b)
	// Without a terminal as input Bubble Tea leaves line ends to the tty.
	if _, err := r.emu.Write(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// withRobot runs a test against the program on a w×h terminal and checks that
// it leaves nothing behind: a goroutine that outlived Run would fail the bubble.
func withRobot(t *testing.T, w, h int, o Options, e func() Engine, play func(r *robot)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &robot{t: t, emu: vt.NewEmulator(w, h), err: make(chan error, 1)}
		yes := true
		if o.Dark == nil {
			o.Dark = &yes
		}
		o.Output = r
		o.Tea = append(o.Tea, tea.WithInput(nil), tea.WithWindowSize(w, h),
			tea.WithEnvironment([]string{"TERM=xterm-256color"}))
		o.wrap = func(m tea.Model) tea.Model {
			r.m = m.(*Model)
			return &locked{r.m, &r.turn}
		}
		o.started = func(p *tea.Program) { r.p = p }
		engine := e()
		go func() { r.err <- Run(context.Background(), engine, o) }()
		defer func() {
			r.p.Send(tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl})
			if err := <-r.err; err != nil {
				t.Errorf("Run: %v", err)
			}
			r.emu.Close()
		}()
		r.wait(300 * time.Millisecond)
		play(r)
	})
}

// wait lets the program live for some virtual time and draw.
func (r *robot) wait(d time.Duration) {
	r.edge()
	time.Sleep(d)
	synctest.Wait()
	r.edge()
}

// edge orders what the test does before it against what the program does after
// it, and the other way round.
func (r *robot) edge() {
	r.turn.Lock()
	defer r.turn.Unlock()
	r.edges++
}

// keyMsg is the message of a key by its name.
func keyMsg(name string) tea.KeyPressMsg {
	k, ok := press(name)
	if !ok {
		panic("no key " + name)
	}
	return k
}

// Press presses keys one after another, each with time to be drawn.
func (r *robot) Press(keys ...string) {
	for _, k := range keys {
		r.p.Send(keyMsg(k))
		r.wait(60 * time.Millisecond)
	}
}

// Type types text, a key a character.
func (r *robot) Type(text string) {
	for _, c := range text {
		r.Press(string(c))
	}
}

// Paste pastes a text.
func (r *robot) Paste(text string) {
	r.p.Send(tea.PasteMsg{Content: text})
	r.wait(100 * time.Millisecond)
}

// Screen is the text on the terminal.
func (r *robot) Screen() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return cellText(r.emu)
}

// cellText is what a grid of cells says, without trailing spaces.
func cellText(s interface {
	CellAt(x, y int) *uv.Cell
	Bounds() uv.Rectangle
}) string {
	var b strings.Builder
	for y := range s.Bounds().Dy() {
		var line strings.Builder
		for x := 0; x < s.Bounds().Dx(); x++ {
			c := s.CellAt(x, y)
			if c == nil || c.Content == "" {
				line.WriteByte(' ')
				continue
			}
			line.WriteString(c.Content)
			x += max(c.Width, 1) - 1
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
		b.WriteByte('\n')
	}
	return b.String()
}

// Sees fails unless every text is on the screen.
func (r *robot) Sees(texts ...string) {
	r.t.Helper()
	screen := r.Screen()
	for _, s := range texts {
		if !strings.Contains(screen, s) {
			r.t.Fatalf("the screen does not say %q:\n%s", s, screen)
		}
	}
}

// SeesNot fails if a text is on the screen.
func (r *robot) SeesNot(texts ...string) {
	r.t.Helper()
	screen := r.Screen()
	for _, s := range texts {
		if strings.Contains(screen, s) {
			r.t.Fatalf("the screen says %q:\n%s", s, screen)
		}
	}
}

// WaitFor lets time pass until a text is on the screen.
func (r *robot) WaitFor(text string) {
	r.t.Helper()
	for range 200 {
		if strings.Contains(r.Screen(), text) {
			return
		}
		r.wait(50 * time.Millisecond)
	}
	r.t.Fatalf("the screen never said %q:\n%s", text, r.Screen())
}

// Line is a line of the screen; negative counts from the bottom.
func (r *robot) Line(y int) string {
	lines := strings.Split(strings.TrimSuffix(r.Screen(), "\n"), "\n")
	if y < 0 {
		y += len(lines)
	}
	return lines[y]
}
