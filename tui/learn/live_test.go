package learn

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/vt"

	"mamba-tui/model/train"
	"mamba-tui/tui/learn/history"
	"mamba-tui/tui/panel"
)

// A training is watched to its end: the screen follows it, and stays.
func TestWatch(t *testing.T) {
	var log bytes.Buffer
	s := &school{}
	withSchool(t, 100, 30, Options{Place: "runs/a", Log: &log}, s, func(r *robot) {
		r.wait(500 * time.Millisecond)
		r.Sees("training · step", "/200", "LIVE", "6.4k tokens/s", "s left", "pause", "stop", "loss", "accuracy", "mean Δ", "AUC", "gradient norm")
		r.wait(2 * time.Second)
		r.Sees("TRAINED", "step 200/200", "trained in runs/a: o opens the model", "accuracy 100.0 %", "it grew")
		r.Press("q")
		if err := r.Ends(); err != nil {
			t.Fatal(err)
		}
		if r.result.Steps != 200 || r.result.Stopped || r.result.Open || r.result.At != 200 {
			t.Errorf("result %+v", r.result)
		}
	})
	h, err := history.Read(&log)
	if err != nil || h.Step() != 200 || h.Stopped {
		t.Errorf("the log: %v, step %d", err, h.Step())
	}
}

// The screen is drawn as often as it says, however fast the steps come.
func TestFrameRate(t *testing.T) {
	withSchool(t, 100, 30, Options{FPS: 10}, &school{}, func(r *robot) {
		r.wait(200 * time.Millisecond)
		before, step := r.m.draws, r.school.at()
		r.wait(time.Second)
		if n, steps := r.m.draws-before, r.school.at()-step; n < 7 || n > 12 || steps < 90 {
			t.Errorf("%d pictures of %d steps in a second at 10 a second", n, steps)
		}
	})
}

// space pauses and goes on; a paused training saves when asked.
func TestPause(t *testing.T) {
	withSchool(t, 100, 30, Options{Place: "here"}, &school{}, func(r *robot) {
		r.wait(200 * time.Millisecond)
		r.Press("space")
		r.wait(100 * time.Millisecond)
		at := r.school.at()
		r.wait(5 * time.Second)
		if now := r.school.at(); now > at+1 {
			t.Errorf("the paused training went from step %d to %d", at, now)
		}
		r.Sees("PAUSED", "paused · step", "go on")
		r.Press("s")
		r.Sees("saved step", "here")
		if !slices.Contains(r.shelf.steps, r.school.at()) {
			t.Errorf("step %d is not among %v", r.school.at(), r.shelf.steps)
		}
		r.shelf.err = errors.New("disk full")
		r.Press("s")
		r.Sees("not saved: disk full")
		r.shelf.err = nil
		r.Press("space")
		r.wait(300 * time.Millisecond)
		r.Sees("LIVE")
		if r.school.at() < at+20 {
			t.Error("the training did not go on")
		}
	})
}

// q asks once; esc and n go on, any other key too, and q again stops and saves.
func TestStop(t *testing.T) {
	withSchool(t, 100, 30, Options{Place: "here"}, &school{}, func(r *robot) {
		for _, no := range []string{"esc", "n", "l"} {
			r.Press("q")
			r.Sees("stop the training?", "--resume goes on from there", "saved in here")
			r.Press(no)
			r.SeesNot("stop the training?")
			r.Sees("training · step")
		}
		r.Press("q", "q")
		if err := r.Ends(); err != nil {
			t.Fatal(err)
		}
		if !r.result.Stopped || r.result.Steps < 20 || r.result.Steps > 190 || r.result.Open {
			t.Errorf("result %+v", r.result.Result)
		}
		if last := r.shelf.steps[len(r.shelf.steps)-1]; last != r.result.Steps {
			t.Errorf("step %d was saved last, the training stopped at %d", last, r.result.Steps)
		}
	})
}

// A paused training can be stopped, and ctrl+c does not ask.
func TestStopPaused(t *testing.T) {
	withSchool(t, 100, 30, Options{}, &school{}, func(r *robot) {
		r.Press("space")
		r.wait(100 * time.Millisecond)
		r.Press("ctrl+c")
		if err := r.Ends(); err != nil || !r.result.Stopped {
			t.Errorf("%v, %+v", err, r.result)
		}
	})
}

// o asks while the training goes on, and is the person's wish in the result.
func TestOpen(t *testing.T) {
	withSchool(t, 100, 30, Options{}, &school{}, func(r *robot) {
		r.wait(300 * time.Millisecond)
		r.Press("o")
		r.Sees("open the model?")
		r.Press("enter")
		if err := r.Ends(); err != nil || !r.result.Open || r.result.Weights == nil || r.result.At != r.result.Steps {
			t.Errorf("%v, %+v", err, r.result)
		}
	})
	withSchool(t, 100, 30, Options{}, &school{}, func(r *robot) {
		r.WaitFor("TRAINED")
		r.Press("left", "left", "o")
		if err := r.Ends(); err != nil || !r.result.Open || r.result.At >= 200 || r.result.At < 150 {
			t.Errorf("%v, at %d", err, r.result.At)
		}
	})
}

// Scrubbing shows what the model did then, while the training goes on; end and
// esc go back to the newest step.
func TestScrub(t *testing.T) {
	withSchool(t, 100, 30, Options{}, &school{}, func(r *robot) {
		r.wait(time.Second)
		r.Press("space")
		r.wait(100 * time.Millisecond)
		r.Press("home")
		r.Sees("STEP 1\n", "step 1: accuracy")
		r.Press("left")
		r.Sees("this is the first probe")
		r.Press("right")
		r.Sees("STEP 2\n", "step 2: ")
		r.Press("space")
		r.wait(400 * time.Millisecond)
		r.Sees("STEP 2\n") // the past stays in sight
		r.Press("pgdown")
		r.Sees("STEP 2")
		r.SeesNot("STEP 2\n") // ten probes on
		r.Press("end")
		r.wait(100 * time.Millisecond)
		r.Sees("LIVE")
		r.Press("right")
		r.Sees("this is the newest step")
		r.Press("left")
		r.Sees("STEP")
		r.Press("esc")
		r.SeesNot("STEP ")
	})
}

// A training that fails is said, and its error returned.
func TestFailure(t *testing.T) {
	withSchool(t, 100, 30, Options{}, &school{fail: errSchool}, func(r *robot) {
		r.WaitFor("FAILED")
		r.Sees("the gradient of step 20 is no number")
		r.Press("o")
		r.Sees("there is no model to open")
		r.Press("q")
		if err := r.Ends(); !errors.Is(err, errSchool) {
			t.Errorf("error %v", err)
		}
	})
}

// Keys that cannot do anything say why.
func TestReasons(t *testing.T) {
	withReplay(t, 100, 30, recorded(t), Options{SnapshotDir: t.TempDir()}, func(r *robot) {
		for _, c := range []struct{ key, says string }{
			{"s", "a replay has nothing to save"}, {"<", "this model has one layer"}, {"right", "this is the newest step"},
			{"end", "this is the newest step"}, {"esc", "nothing to leave here"}, {"x", "x does nothing here: ? lists every key"},
		} {
			r.Press(c.key)
			r.Sees(c.says)
		}
		r.Press("tab") // from Δ to B
		r.Press("l")
		r.Sees("their scale is centred on 0")
	})
	withSchool(t, 50, 12, Options{}, &school{}, func(r *robot) {
		r.Sees("too small", "need 60×18")
		r.Press("q")
		if err := r.Ends(); err != nil {
			t.Error(err)
		}
	})
}

// A replay plays through its probes and stops at the end.
func TestReplay(t *testing.T) {
	run := recorded(t)
	withReplay(t, 100, 30, run, Options{}, func(r *robot) {
		r.Sees("REPLAY", "trained · step 800/800", "play")
		r.Press("space")
		r.Sees("PLAY")
		r.wait(300 * time.Millisecond)
		if step := r.m.shownStep(); step < 2 || step > 600 {
			t.Errorf("played to step %d", step)
		}
		r.wait(5 * time.Second)
		r.Sees("REPLAY")
		r.Press("left", "o")
		if err := r.Ends(); err != nil || !r.result.Open || r.result.Result != nil || r.result.At != run.Probes[len(run.Probes)-2].Step {
			t.Errorf("%v, %+v", err, r.result)
		}
	})
}

// A click on a curve shows that step, the wheel scrubs.
func TestMouse(t *testing.T) {
	withReplay(t, 100, 30, recorded(t), Options{}, func(r *robot) {
		r.p.Send(tea.MouseClickMsg{X: 19, Y: 4, Button: tea.MouseLeft})
		r.wait(50 * time.Millisecond)
		if step := r.m.shownStep(); step < 300 || step > 500 || r.m.focus != panelLoss {
			t.Errorf("a click in the middle of the loss shows step %d, focus %s", step, r.m.focus)
		}
		before := r.m.shownStep()
		r.p.Send(tea.MouseWheelMsg{X: 19, Y: 4, Button: tea.MouseWheelUp})
		r.wait(50 * time.Millisecond)
		if r.m.shownStep() >= before {
			t.Error("the wheel does not scrub")
		}
	})
}

// p writes three files and says where.
func TestPicture(t *testing.T) {
	dir := t.TempDir()
	withReplay(t, 100, 30, recorded(t), Options{SnapshotDir: dir}, func(r *robot) {
		r.Press("p")
		r.WaitFor("as .png .svg .ansi")
	})
	files, err := filepath.Glob(filepath.Join(dir, "mamba-tui-learn-header-*"))
	if err != nil || len(files) != 3 {
		t.Errorf("files %v, %v", files, err)
	}
	withReplay(t, 100, 30, recorded(t), Options{SnapshotDir: filepath.Join(dir, "none")}, func(r *robot) {
		r.Press("p")
		r.WaitFor("no picture: ")
	})
}

// g takes means over the selecting channels: the numbers on the screen change.
func TestGroup(t *testing.T) {
	withReplay(t, 160, 50, recorded(t), Options{}, func(r *robot) {
		r.Sees("of all 32 channels")
		before := r.Screen()
		r.Press("g")
		r.Sees("channels with AUC > 0.95 at step 800")
		if before == r.Screen() {
			t.Error("nothing changed")
		}
		r.Press("home", "g")
		r.Sees("of all 32 channels")
	})
}

// The caption's numbers are those of the probe.
func TestCaption(t *testing.T) {
	run := recorded(t)
	m := still(t, run, 100, 30, Options{})
	last := run.Probes[len(run.Probes)-1]
	var mark, noise, first float64
	for d := range run.Info.Channels {
		mark += float64(last.Layers[0].Means[2*run.Info.Channels+d]) / float64(run.Info.Channels)
		noise += float64(last.Layers[0].Means[d]) / float64(run.Info.Channels)
		first += float64(run.Probes[0].Layers[0].Means[2*run.Info.Channels+d]) / float64(run.Info.Channels)
	}
	text := m.caption()
	for _, s := range []string{"step 800: accuracy ", "Δ on ¶ " + sig2(mark), "on noise " + sig2(noise), times(mark/noise) + "×", "×" + times(mark/first) + " since step 1"} {
		if !strings.Contains(text, s) {
			t.Errorf("%q does not say %q", text, s)
		}
	}
	m.Update(keyMsg("home"))
	if text := m.caption(); !strings.HasPrefix(text, "step 1: accuracy ") || !strings.Contains(text, "Δ does not tell them apart yet") {
		t.Errorf("at the first probe: %q", text)
	}
}

// A real training of part of a second through the whole program, in real time.
func TestRealTraining(t *testing.T) {
	emu := vt.NewEmulator(100, 30)
	defer emu.Close()
	r := &robot{t: t, emu: emu, err: make(chan error, 1), shelf: &shelf{}}
	dir := t.TempDir()
	log, err := history.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	recipe := tiny(60)
	o := r.options(Options{Place: "there", Log: log}, 100, 30)
	begun := make(chan struct{})
	started := o.started
	o.started = func(p *tea.Program) { started(p); close(begun) }
	go func() {
		var err error
		r.result, err = Run(context.Background(), recipe, train.Options{Store: r.shelf, EvalEvery: 30}, o)
		r.err <- err
	}()
	<-begun
	until := func(text string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !strings.Contains(r.Screen(), text); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("the screen never said %q:\n%s", text, r.Screen())
			}
		}
	}
	until("step 60/60")
	until("TRAINED")
	r.p.Send(keyMsg("o"))
	if err := <-r.err; err != nil {
		t.Fatal(err)
	}
	if r.result.Steps != 60 || !r.result.Open || r.result.Final == nil || r.shelf.steps[len(r.shelf.steps)-1] != 60 {
		t.Errorf("result %+v, saved %v", r.result, r.shelf.steps)
	}
	run, err := history.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if run.Step() != 60 || run.Stopped || len(run.Probes) < 10 {
		t.Errorf("the log: step %d, %d probes", run.Step(), len(run.Probes))
	}
	// The log replays to the same picture.
	live := still(t, &history.Named{Name: "x", History: r.m.h}, 100, 30, Options{})
	again := still(t, &history.Named{Name: "x", History: run.History}, 100, 30, Options{})
	if a, b := plain(live.draw()), plain(again.draw()); a != b {
		t.Errorf("the replay differs from what was on the screen:\n%s\n%s", a, b)
	}
}

func sig2(v float64) string { return panel.Sig(v, 2) }

// Runs of another task are not laid over: their curves mean something else.
func TestOthersOfAnotherTask(t *testing.T) {
	same, other := recorded(t), recorded(t)
	same.Name, other.Name = "seed 2", "majority 1"
	info := *other.Info
	info.Recipe.Task = "majority"
	other.Info = &info
	m := still(t, recorded(t), 160, 50, Options{Others: []*history.Named{same, other}})
	if text := plain(m.draw()); !strings.Contains(text, "┅ seed 2") || strings.Contains(text, "majority 1") {
		t.Errorf("the legend is wrong:\n%s", text)
	}
}
