package learn

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"math"
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

	"mamba-tui/model/train"
	"mamba-tui/tui/learn/history"
)

var update = flag.Bool("update", false, "write the goldens and the recorded run anew")

func TestMain(m *testing.M) {
	flag.Parse()
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

// tiny is a recipe whose weights are quickly probed.
func tiny(steps int) train.Recipe {
	r := train.Defaults("header")
	r.DModel, r.DState, r.Steps, r.Batch, r.Lengths, r.WarmUp = 8, 4, steps, 2, []int{32}, 5
	return r
}

// school is a training without mathematics, in virtual time: a step takes ten
// milliseconds, Δ grows with the steps.
type school struct {
	mu    sync.Mutex
	step  int
	fail  error // of the run, at step 20
	panic bool  // at step 20
}

func (s *school) at() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.step
}

// run is a train.Run.
func (s *school) run(ctx context.Context, r train.Recipe, o train.Options) (*train.Result, error) {
	p := train.NewParameters(r.Config(18), r.Tied)
	for i := range p.Flat {
		p.Flat[i] = float32(math.Sin(float64(i))) / 4
	}
	k := &train.Checkpoint{Recipe: r, Parameters: p}
	evaluate := func() {
		x := float64(k.Step) / float64(r.Steps)
		o.Observer.Evaluated(&train.Evaluation{Step: k.Step, Accuracy: x, Loss: 3 * (1 - x), Frozen: 0.1, Right: int(100 * x), Asked: 100, Length: 32}, p.Weights)
	}
	for k.Step < r.Steps && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
		k.Step++
		s.mu.Lock()
		s.step = k.Step
		s.mu.Unlock()
		if k.Step == 20 && s.panic {
			panic("the school fell")
		}
		if k.Step == 20 && s.fail != nil {
			return nil, s.fail
		}
		for i := range p.Weights.Layers[0].DtBias {
			p.Weights.Layers[0].DtBias[i] = float32(k.Step)/50 - 4
		}
		x := float64(k.Step) / float64(r.Steps)
		o.Observer.Progress(train.Progress{Step: k.Step, Steps: r.Steps, Loss: 3 * (1 - x), Accuracy: x, MeanLoss: 3 * (1 - x), MeanRight: x,
			GradNorm: 1 + math.Sin(20*x), Rate: 0.005, Length: 32, PerSecond: 6400, Left: time.Duration(r.Steps-k.Step) * 10 * time.Millisecond})
		if k.Step%50 == 0 && k.Step < r.Steps {
			evaluate()
		}
		if err := o.Store.Save(k); err != nil {
			return nil, err
		}
	}
	evaluate()
	if err := o.Store.Save(k); err != nil {
		return nil, err
	}
	return &train.Result{Config: p.Config, Weights: p.Weights, Steps: k.Step, Stopped: k.Step < r.Steps}, nil
}

// shelf keeps the steps of checkpoints.
type shelf struct {
	mu    sync.Mutex
	steps []int
	err   error
}

func (s *shelf) Save(c *train.Checkpoint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, c.Step)
	return s.err
}

// robot is a person at the real program in virtual time. It lives inside a
// synctest bubble.
type robot struct {
	t      *testing.T
	p      *tea.Program
	emu    *vt.Emulator
	mu     sync.Mutex
	m      *Model // to be read between waits only
	turn   sync.Mutex
	edges  int
	err    chan error
	result *Result
	school *school
	shelf  *shelf
	over   bool
}

// locked orders the test's reads of the model against the program's writes for
// the race detector; nothing contends for the lock.
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
	// Without a terminal as input Bubble Tea leaves line ends to the tty.
	if _, err := r.emu.Write(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// options are o, shown on the robot's terminal.
func (r *robot) options(o Options, w, h int) Options {
	yes := true
	if o.Dark == nil {
		o.Dark = &yes
	}
	o.Output = r
	o.Tea = append(o.Tea, tea.WithInput(nil), tea.WithWindowSize(w, h), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
	o.wrap = func(m tea.Model) tea.Model {
		r.m = m.(*Model)
		return &locked{r.m, &r.turn}
	}
	o.started = func(p *tea.Program) { r.p = p }
	return o
}

// school200 is a test against the program on a w×h terminal while a school of
// 200 steps is on; it checks that nothing is left behind: a goroutine that
// outlived Run would fail the bubble.
func withSchool(t *testing.T, w, h int, o Options, s *school, play func(r *robot)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &robot{t: t, emu: vt.NewEmulator(w, h), err: make(chan error, 1), school: s, shelf: &shelf{}}
		o := r.options(o, w, h)
		o.train = s.run
		go func() {
			var err error
			r.result, err = Run(context.Background(), tiny(200), train.Options{Store: r.shelf, EvalEvery: 50}, o)
			r.err <- err
		}()
		r.live(play)
	})
}

// withReplay is a test against a replay.
func withReplay(t *testing.T, w, h int, run *history.Named, o Options, play func(r *robot)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &robot{t: t, emu: vt.NewEmulator(w, h), err: make(chan error, 1)}
		o := r.options(o, w, h)
		go func() {
			var err error
			r.result, err = Replay(context.Background(), run, o)
			r.err <- err
		}()
		r.live(play)
	})
}

// live plays, and ends the program if the play did not.
func (r *robot) live(play func(r *robot)) {
	defer r.emu.Close()
	defer func() {
		if !r.over {
			r.p.Send(keyMsg("ctrl+c"))
			r.wait(time.Second)
			r.p.Send(keyMsg("ctrl+c"))
			if err := <-r.err; err != nil {
				r.t.Errorf("Run: %v", err)
			}
		}
	}()
	r.wait(100 * time.Millisecond)
	play(r)
}

// Ends waits for the program to end and is its error.
func (r *robot) Ends() error {
	r.t.Helper()
	r.over = true
	select {
	case err := <-r.err:
		return err
	case <-time.After(time.Minute):
		r.over = false
		r.t.Fatalf("the program did not end:\n%s", r.Screen())
		return nil
	}
}

// wait lets the program live for some virtual time and draw.
func (r *robot) wait(d time.Duration) {
	r.edge()
	time.Sleep(d)
	synctest.Wait()
	r.edge()
}

func (r *robot) edge() {
	r.turn.Lock()
	defer r.turn.Unlock()
	r.edges++
}

// named are the keys that print nothing.
var named = map[string]rune{
	"left": tea.KeyLeft, "right": tea.KeyRight, "up": tea.KeyUp, "down": tea.KeyDown,
	"home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	"esc": tea.KeyEscape, "enter": tea.KeyEnter, "tab": tea.KeyTab, "f5": tea.KeyF5,
}

// keyMsg is the message of a key by its name.
func keyMsg(name string) tea.KeyPressMsg {
	if code, ok := named[name]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	if name == "space" {
		return tea.KeyPressMsg{Code: ' ', Text: " "}
	}
	if rest, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(rest[0]), Mod: tea.ModCtrl}
	}
	if rest, ok := strings.CutPrefix(name, "shift+"); ok {
		return tea.KeyPressMsg{Code: named[rest], Mod: tea.ModShift}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// Press presses keys one after another, each with time to be drawn.
func (r *robot) Press(keys ...string) {
	for _, k := range keys {
		r.p.Send(keyMsg(k))
		r.wait(60 * time.Millisecond)
	}
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
		for x := range s.Bounds().Dx() {
			if c := s.CellAt(x, y); c == nil || c.Content == "" {
				line.WriteByte(' ')
			} else {
				line.WriteString(c.Content)
			}
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

var errSchool = errors.New("train: the gradient of step 20 is no number")

// recorded is the run in testdata: a real one.
func recorded(t testing.TB) *history.Named {
	t.Helper()
	f, err := os.Open("testdata/header.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := history.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return &history.Named{Name: "header", History: h}
}

// The recorded run is a real training; it is made anew with -update. Its bits
// depend on the processor's kernels, so they are not compared.
func TestRecordedRun(t *testing.T) {
	if *update {
		var log bytes.Buffer
		r := train.Defaults("header")
		r.DModel, r.Steps = 16, 800
		rec, err := history.NewRecorder(r, train.Options{EvalEvery: 100}, history.Options{Log: &log, ProbeEvery: 50})
		if err != nil {
			t.Fatal(err)
		}
		o, detach := rec.Attach(context.Background())
		defer detach()
		res, err := train.Run(context.Background(), r, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := rec.End(res, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("testdata/header.jsonl", log.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	h := recorded(t)
	last := h.Evals[len(h.Evals)-1]
	if last.Accuracy < 0.9 || len(h.Probes) < 10 {
		t.Errorf("it ends at %.3f with %d probes: a poor run to look at", last.Accuracy, len(h.Probes))
	}
}
