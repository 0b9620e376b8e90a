package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mamba-tui/model/train"
	"mamba-tui/tui"
	"mamba-tui/tui/learn"
	"mamba-tui/tui/learn/history"
)

// screenApp is an app with a terminal whose screens are replaced: the training
// is followed without a picture, and then left as leave says.
func screenApp(leave func(r *learn.Result) error) (a *app, opened *[]explorer, given *learn.Options, out, stderr *bytes.Buffer) {
	a, out, stderr = testApp("")
	a.inTerm, a.outTerm = true, true
	opened, given = new([]explorer), new(learn.Options)
	a.explore = func(_ context.Context, _ *app, o explorer) error {
		*opened = append(*opened, o)
		return nil
	}
	a.learner.live = func(ctx context.Context, r train.Recipe, to train.Options, o learn.Options) (*learn.Result, error) {
		*given = o
		rec, err := history.NewRecorder(r, to, history.Options{Log: o.Log, Past: o.Past})
		if err != nil {
			return nil, err
		}
		to, detach := rec.Attach(ctx)
		defer detach()
		got, err := train.Run(ctx, r, to)
		if err := errors.Join(err, rec.End(got, err)); err != nil {
			return nil, err
		}
		l := &learn.Result{Result: got, At: got.Steps}
		return l, leave(l)
	}
	a.learner.replay = func(_ context.Context, run *history.Named, o learn.Options) (*learn.Result, error) {
		*given = o
		l := &learn.Result{At: run.Step()}
		return l, leave(l)
	}
	return a, opened, given, out, stderr
}

// With a terminal the screen is shown, and the model opens in the explorer
// when it is asked for: the last one, or that of the step that was shown.
func TestTrainScreen(t *testing.T) {
	parent := t.TempDir()
	first := filepath.Join(parent, "first")
	a, opened, given, out, stderr := screenApp(func(*learn.Result) error { return nil })
	if code := a.execute(context.Background(), quickly("--out", first)); code != 0 || stderr.Len() != 0 {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	if len(*opened) != 0 || given.Name != "first" || given.Place != first || len(given.Others) != 0 || given.Log == nil ||
		!strings.Contains(out.String(), "Done after 12 steps: ") || !strings.Contains(out.String(), "Look at it with: mamba-tui --model "+first) {
		t.Errorf("opened %v, options %+v, %s", *opened, given, out)
	}
	second := filepath.Join(parent, "second")
	a, opened, given, _, stderr = screenApp(func(r *learn.Result) error {
		r.Open, r.At = true, 6
		return nil
	})
	if code := a.execute(context.Background(), quickly("--out", second)); code != 0 || stderr.Len() != 0 {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	if len(given.Others) != 1 || given.Others[0].Name != "first" {
		t.Errorf("the run beside it is not laid over: %+v", given.Others)
	}
	if len(*opened) != 1 || (*opened)[0].file.Card.Name != "header@5" || (*opened)[0].prompt == "" || len((*opened)[0].tokens) == 0 {
		t.Errorf("step 6 of weights kept every 5 opens %+v", *opened)
	}
	// Without a folder the weights in memory are what opens.
	a, opened, given, out, stderr = screenApp(func(r *learn.Result) error {
		r.Open = true
		return nil
	})
	if code := a.execute(context.Background(), quickly()); code != 0 || stderr.Len() != 0 {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	if len(*opened) != 1 || (*opened)[0].file.Card.TaskName != "header" || given.Place != "" || given.Log != nil || strings.Contains(out.String(), "Kept") {
		t.Errorf("opened %+v, options %+v, %s", *opened, given, out)
	}
	// --plain and --json show no screen.
	a, _, given, _, _ = screenApp(func(*learn.Result) error { return nil })
	for _, flag := range []string{"--plain", "--json"} {
		if code := a.execute(context.Background(), quickly(flag)); code != 0 || given.Version != "" {
			t.Errorf("%s: exit code %d, options %+v", flag, code, given)
		}
	}
}

// A signal ends with 130, an error of the screen with 1.
func TestTrainScreenErrors(t *testing.T) {
	a, _, _, out, stderr := screenApp(func(*learn.Result) error { return &tui.SignalError{Signal: syscall.SIGTERM} })
	if code := a.execute(context.Background(), quickly()); code != exitInterrupted || stderr.Len() != 0 || !strings.Contains(out.String(), "after 12 steps") {
		t.Errorf("exit code %d, stderr %q, %s", code, stderr, out)
	}
	a, _, _, _, stderr = screenApp(func(*learn.Result) error { return errors.New("no more lines") })
	if code := a.execute(context.Background(), quickly()); code != exitFailed || stderr.String() != "mamba-tui: no more lines\n" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

func TestReplay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	ok(t, "", quickly("--out", dir)...)
	a, opened, given, _, stderr := screenApp(func(r *learn.Result) error {
		r.Open, r.At = true, r.At-1
		return nil
	})
	if code := a.execute(context.Background(), []string{"train", "--replay", dir}); code != 0 || stderr.Len() != 0 {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	if len(*opened) != 1 || (*opened)[0].file.Card.Name != "header" || given.Version == "" {
		t.Errorf("step 11 of 12 opens %+v", *opened)
	}
	if r := execute("", "train", "--replay", dir); r.code != exitUsage || !strings.Contains(r.err, "--replay needs a terminal, and standard output is not a terminal: the log ") {
		t.Errorf("without a terminal: exit code %d, %q", r.code, r.err)
	}
	if r := execute("", "train", "--replay", t.TempDir()); r.code != exitUsage || !strings.Contains(r.err, history.FileName) {
		t.Errorf("without a log: exit code %d, %q", r.code, r.err)
	}
	// Every step opens the weights that were kept nearest to it.
	for step, want := range map[int]string{0: "header@5", 7: "header@5", 8: "header@10", 11: "header", 12: "header", 99: "header"} {
		f, err := openStep(dir, step)
		if err != nil || f.Card.Name != want {
			t.Errorf("step %d opens %v, %v, want %s", step, f, err, want)
		}
	}
}
