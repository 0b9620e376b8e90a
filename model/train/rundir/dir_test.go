package rundir_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/train"
	"mamba-tui/model/train/rundir"
)

// small is a recipe that takes a second.
func small() train.Recipe {
	r := train.Defaults("header")
	r.DModel, r.DState, r.Steps, r.Batch, r.Lengths, r.WarmUp, r.Seed = 8, 3, 24, 3, []int{12, 24}, 5, 7
	r.Advance = 0.05 // so that the second stage comes
	return r
}

// run follows r in dir, from c if it is not nil, and stops after a step if
// that is not 0.
func run(t *testing.T, d *rundir.Dir, r train.Recipe, c *train.Checkpoint, stop int) *train.Result {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	got, err := train.Run(ctx, r, train.Options{Resume: c, Store: d, EvalEvery: 8, SaveEvery: 4,
		Observer: observer(func(step int) {
			if step == stop {
				cancel()
			}
		})})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// observer is told of steps.
type observer func(step int)

func (o observer) Progress(p train.Progress)                   { o(p.Step) }
func (o observer) Evaluated(*train.Evaluation, *model.Weights) {}

// finished is the folder of a run that nothing disturbed.
func finished(t *testing.T, r train.Recipe) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	d, err := rundir.Create(dir, r, "")
	if err != nil {
		t.Fatal(err)
	}
	run(t, d, r, nil, 0)
	return dir
}

// same compares the files of two folders byte for byte, but for those named.
func same(t *testing.T, got, want string, but ...string) {
	t.Helper()
	read := func(dir string) map[string][]byte {
		files := map[string][]byte{}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
		return files
	}
	a, b := read(got), read(want)
	for name := range b {
		if !slices.Contains(but, name) && !bytes.Equal(a[name], b[name]) {
			t.Errorf("%s differs: %d bytes, want %d", name, len(a[name]), len(b[name]))
		}
	}
	for name := range a {
		if _, ok := b[name]; !ok && !slices.Contains(but, name) {
			t.Errorf("%s is too much", name)
		}
	}
}

// A run that was stopped and went on leaves the files of one that was not.
func TestResume(t *testing.T) {
	r := small()
	want := finished(t, r)
	for _, stop := range []int{1, 4, 8, 13, 23} {
		dir := filepath.Join(t.TempDir(), "run")
		d, err := rundir.Create(dir, r, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := run(t, d, r, nil, stop); !got.Stopped || got.Steps != stop {
			t.Fatalf("stopped %v after %d steps, want %d", got.Stopped, got.Steps, stop)
		}
		d, c, err := rundir.Resume(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		if c.Step != stop {
			t.Fatalf("going on from step %d, want %d", c.Step, stop)
		}
		if got := run(t, d, c.Recipe, c, 0); got.Stopped {
			t.Fatal("not finished")
		}
		// Stopping keeps one more snapshot, and measures it.
		var extra []string
		if stop%8 != 0 {
			extra = append(extra, rundir.SnapshotName(stop))
		}
		same(t, dir, want, extra...)
	}
}

// What a run made opens like any other checkpoint, the numbered weights too,
// and says what it is.
func TestModels(t *testing.T) {
	r := small()
	dir := finished(t, r)
	f, err := checkpoint.LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if f.Card.Kind != model.Trained || f.Card.TaskName != "header" || f.Card.Name != "header" || f.Card.Command != r.Command() ||
		f.Card.Note == "" || len(f.Card.Prompts) == 0 {
		t.Errorf("the card says %+v", f.Card)
	}
	for key, want := range map[string]string{"seed": "7", "steps": "24", "task": "header", "command": r.Command(), "provenance": "trained"} {
		if f.Metadata[key] != want {
			t.Errorf("metadata %s is %q, want %q", key, f.Metadata[key], want)
		}
	}
	if f.Metadata["accuracy"] == "" || f.Metadata["accuracy_length"] != "24" || !strings.Contains(f.Metadata["recipe"], `"learning_rate":0.005`) {
		t.Errorf("metadata %v", f.Metadata)
	}
	for key, value := range f.Metadata {
		if strings.Contains(value, dir) || strings.Contains(value, os.TempDir()) {
			t.Errorf("metadata %s names a place of this machine: %q", key, value)
		}
	}
	steps, err := rundir.Snapshots(dir)
	if err != nil || !slices.Equal(steps, []int{4, 8, 12, 16, 20, 24}) {
		t.Fatalf("numbered weights %v, %v", steps, err)
	}
	last, err := rundir.OpenSnapshot(dir, 24)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(last.Weights, f.Weights) {
		t.Error("the last numbered weights are not the model's")
	}
	first, err := rundir.OpenSnapshot(dir, 4)
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(first.Weights, f.Weights) || first.Card.Name != "header@4" || !strings.HasPrefix(first.Card.Note, "after 4 steps of training") ||
		first.Metadata["steps"] != "4" {
		t.Errorf("step 4 is %+v, %v", first.Card, first.Metadata)
	}
	if _, err := rundir.OpenSnapshot(dir, 5); err == nil || !strings.Contains(err.Error(), "step 5") {
		t.Errorf("a step that was not kept: %v", err)
	}
	for name, want := range map[string]int{"step-000004.safetensors": 4, "step-1234567.safetensors": 1234567} {
		if d, step, ok := rundir.IsSnapshot(filepath.Join("a", name)); !ok || step != want || d != "a" {
			t.Errorf("%s: %s, %d, %v", name, d, step, ok)
		}
	}
	for _, name := range []string{"model.safetensors", "step-4.safetensors", "step--00004.safetensors", "step-000004", "step-.safetensors", "step-+00004.safetensors"} {
		if _, _, ok := rundir.IsSnapshot(name); ok {
			t.Errorf("%s is taken for numbered weights", name)
		}
	}
}

// A folder that holds a run, or another model, is left alone.
func TestCreateRefuses(t *testing.T) {
	r := small()
	dir := finished(t, r)
	before := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(before, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := rundir.Create(dir, r, ""); err == nil || !strings.Contains(err.Error(), "holds another run (task header, seed 7, 24 of 24 steps): go on with it by --resume") {
		t.Errorf("the error is %v", err)
	}
	same(t, dir, before)
	other := t.TempDir()
	if err := checkpoint.Save(other, r.Config(18), train.NewParameters(r.Config(18), true).Weights, model.Card{}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := rundir.Create(other, r, ""); err == nil || !strings.Contains(err.Error(), "holds another run or another model already") {
		t.Errorf("the error is %v", err)
	}
	notes := t.TempDir()
	if err := os.WriteFile(filepath.Join(notes, "notes.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := rundir.Create(notes, r, ""); err != nil {
		t.Fatalf("a folder with notes in it: %v", err)
	}
	if _, _, err := rundir.Resume(t.TempDir(), 0); err == nil || !strings.Contains(err.Error(), "holds no training run to go on with") {
		t.Errorf("going on in an empty folder: %v", err)
	}
	if _, _, err := rundir.Resume(dir, 20); err == nil || !strings.Contains(err.Error(), "has done 24 steps, more than the 20 asked for") {
		t.Errorf("going on to an earlier step: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := rundir.Create(file, r, ""); err == nil {
		t.Error("a file is taken for a folder")
	}
}

// More steps than the recipe had: the run goes on.
func TestMoreSteps(t *testing.T) {
	dir := finished(t, small())
	d, c, err := rundir.Resume(dir, 30)
	if err != nil {
		t.Fatal(err)
	}
	if got := run(t, d, c.Recipe, c, 0); got.Steps != 30 {
		t.Errorf("%d steps", got.Steps)
	}
	if c, _, err := rundir.Load(dir); err != nil || c.Step != 30 || c.Recipe.Steps != 30 {
		t.Errorf("the checkpoint is at step %d of %d, %v", c.Step, c.Recipe.Steps, err)
	}
}

// The text is kept, and a name of one's own.
func TestTextAndName(t *testing.T) {
	r := small()
	dir := filepath.Join(t.TempDir(), "run")
	d, err := rundir.Create(dir, r, "verse.txt sha256:0123")
	if err != nil {
		t.Fatal(err)
	}
	d.Name("mine")
	run(t, d, r, nil, 2)
	f, err := checkpoint.LoadDir(dir)
	if err != nil || f.Card.Name != "mine" || f.Metadata["name"] != "mine" || f.Metadata["text"] != "verse.txt sha256:0123" {
		t.Errorf("card %+v, metadata %v, %v", f.Card, f.Metadata, err)
	}
	again, c, err := rundir.Resume(dir, 0)
	if err != nil || again.Text() != "verse.txt sha256:0123" || c.Step != 2 {
		t.Errorf("going on at step %d with %q, %v", c.Step, again.Text(), err)
	}
}
