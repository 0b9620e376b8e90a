package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
)

func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0}, {errors.New("x"), 1}, {fmt.Errorf("%w: y", ErrPanic), 2},
		{&SignalError{syscall.SIGINT}, 130}, {&SignalError{syscall.SIGTERM}, 143},
		{fmt.Errorf("a: %w", &SignalError{os.Interrupt}), 130}, {context.Canceled, 1},
	} {
		if got := ExitCode(c.err); got != c.want {
			t.Errorf("ExitCode(%v) = %d, want %d", c.err, got, c.want)
		}
	}
}

// stuckEngine answers nothing: what was asked for never comes.
type stuckEngine struct {
	Engine
	mu      sync.Mutex
	frame   *session.Frame
	changed chan struct{}
	ops     int
}

func newStuck(t testing.TB) *stuckEngine {
	e := builtin(t, "header-exact")
	if err := e.Frame().Err; err != nil {
		t.Fatal(err)
	}
	f := *e.Frame()
	f.Done = math.MaxUint64 // nothing is waited for but the picture
	return &stuckEngine{Engine: e, frame: &f, changed: make(chan struct{}, 1)}
}

func (e *stuckEngine) Changed() <-chan struct{} { return e.changed }
func (e *stuckEngine) Look(session.Look)        {}

func (e *stuckEngine) Frame() *session.Frame {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.frame
}

func (e *stuckEngine) Do(session.Op) uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ops++
	return uint64(e.ops)
}

// publish shows a frame made from the newest one.
func (e *stuckEngine) publish(change func(f *session.Frame)) {
	f := *e.Frame()
	f.Seq++
	change(&f)
	e.mu.Lock()
	e.frame = &f
	e.mu.Unlock()
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

// Errors and notices of the engine are said once, in one safe line.
func TestErrorsAreSaid(t *testing.T) {
	var e *stuckEngine
	withRobot(t, 120, 40, Options{}, func() Engine { e = newStuck(t); return e }, func(r *robot) {
		e.publish(func(f *session.Frame) { f.Err = errors.New("session: something failed\nwith \x1b[31mred") })
		r.wait(100 * time.Millisecond)
		r.Sees(`session: something failed with \x1b[31mred`)
		r.wait(30 * time.Second)
		r.SeesNot("something failed")
		e.publish(func(f *session.Frame) {})
		r.wait(100 * time.Millisecond)
		r.SeesNot("something failed")
		e.publish(func(f *session.Frame) {
			f.Err, f.Notice, f.NoticeSeq = nil, "branch 2 opened at token 14", f.NoticeSeq+1
		})
		r.wait(100 * time.Millisecond)
		r.Sees("branch 2 opened at token 14")
	})
}

// While the answer is late the old picture is dimmed and stays; it is never
// dimmed at once, or every key would flicker.
func TestLatePictureIsDimmed(t *testing.T) {
	var e *stuckEngine
	withRobot(t, 120, 40, Options{}, func() Engine { e = newStuck(t); return e }, func(r *robot) {
		e.publish(func(f *session.Frame) {
			f.Tokens = session.NewHistory(make([]session.Token, 5)...)
			w := *f.Clean
			w.At = &session.Moment{T: 4}
			f.Clean, f.Pending = &w, 3
		})
		r.wait(50 * time.Millisecond)
		r.Sees("computing 3")
		r.p.Send(keyMsg("left"))
		r.wait(50 * time.Millisecond)
		if r.m.stale {
			t.Error("dimmed after 50 ms")
		}
		r.wait(200 * time.Millisecond)
		if !r.m.stale {
			t.Error("not dimmed although the answer does not come")
		}
		e.publish(func(f *session.Frame) {
			w := *f.Clean
			w.At = &session.Moment{T: 3}
			f.Clean, f.Pending = &w, 0
		})
		r.wait(100 * time.Millisecond)
		if r.m.stale {
			t.Error("still dimmed after the answer came")
		}
	})
}

// Play never runs ahead of a model that is slower than the speed.
func TestPlayWaitsForTheModel(t *testing.T) {
	var e *stuckEngine
	withRobot(t, 120, 40, Options{Intro: true}, func() Engine { e = newStuck(t); return e }, func(r *robot) {
		r.wait(10 * time.Second)
		e.mu.Lock()
		defer e.mu.Unlock()
		if n := e.ops; n != 1 {
			t.Errorf("%d tokens were sent to a model that has not done the first", n)
		}
	})
}

// Frames are taken over at the frame rate, however fast they come.
func TestFrameRate(t *testing.T) {
	var e *stuckEngine
	withRobot(t, 120, 40, Options{FPS: 20}, func() Engine { e = newStuck(t); return e }, func(r *robot) {
		before := r.m.renders
		for range 1000 { // a second at a frame a millisecond
			e.publish(func(*session.Frame) {})
			r.wait(time.Millisecond)
		}
		if n := r.m.renders - before; n < 15 || n > 25 {
			t.Errorf("%d pictures in a second at 20 a second", n)
		}
	})
}

// An update that hangs does not keep a signal from restoring the terminal.
func TestHungUpdateIsLeft(t *testing.T) {
	codes := make(chan int, 1)
	o := Options{exit: func(code int) { codes <- code }}.withDefaults()
	block := make(chan struct{})
	var out bytes.Buffer
	p := tea.NewProgram(hung{block}, tea.WithInput(nil), tea.WithOutput(&out), tea.WithoutSignalHandler(), tea.WithWindowSize(20, 5))
	ended := make(chan struct{})
	go func() { defer close(ended); p.Run() }()
	sig := make(chan os.Signal, 1)
	sig <- syscall.SIGTERM
	done := make(chan struct{})
	go func() { defer close(done); o.host().watchSignals(p, sig, ended) }()
	select {
	case code := <-codes:
		if code != 143 {
			t.Errorf("exit code %d, want 143", code)
		}
	case <-time.After(15 * time.Second):
		t.Error("nothing happened")
	}
	close(block)
	<-done
	<-ended
	if !strings.Contains(out.String(), "\x1b[?1049l") {
		t.Error("the terminal was not restored")
	}
}

// hung blocks in its first update.
type hung struct{ block chan struct{} }

func (h hung) Init() tea.Cmd { return nil }
func (h hung) Update(tea.Msg) (tea.Model, tea.Cmd) {
	<-h.block
	return h, nil
}
func (h hung) View() tea.View { return tea.View{Content: "x", AltScreen: true} }

// s writes three files and says where; it never replaces one, and a folder
// that cannot be written to is an error on the screen.
func TestSnapshot(t *testing.T) {
	dir := t.TempDir()
	withRobot(t, 100, 30, Options{SnapshotDir: dir}, header(t), func(r *robot) {
		r.Press("s")
		r.WaitFor("saved")
		r.Press("s")
		r.WaitFor("-2 as .png .svg .ansi")
		r.Press("z", "s")
		r.WaitFor("delta-")
	})
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 9 {
		t.Fatalf("%d files, want 9: %v", len(files), files)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{".png": "\x89PNG", ".svg": "<", ".ansi": "\x1b["}[filepath.Ext(f)]
		if !bytes.Contains(b[:min(len(b), 200)], []byte(want)) || len(b) < 1000 {
			t.Errorf("%s is not a picture: %d bytes", filepath.Base(f), len(b))
		}
	}
	withRobot(t, 100, 30, Options{SnapshotDir: filepath.Join(dir, "no such folder")}, header(t), func(r *robot) {
		r.Press("s")
		r.WaitFor("no snapshot:")
	})
}
