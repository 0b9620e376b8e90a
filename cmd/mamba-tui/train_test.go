package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/task"
	"mamba-tui/model/train"
)

// quick is a training that takes a fraction of a second.
var quick = []string{"--d-model", "8", "--d-state", "2", "--steps", "12", "--batch", "2", "--lengths", "16", "--warm-up", "2", "--eval-every", "5"}

func quickly(args ...string) []string { return append(append([]string{"train"}, args...), quick...) }

func TestTasks(t *testing.T) {
	out := ok(t, "", "train", "--tasks")
	if out != ok(t, "", "train", "--task", "list") {
		t.Error("--tasks and --task list differ")
	}
	for _, l := range task.List() {
		if !strings.Contains(out, "\n"+l.Name) && !strings.HasPrefix(out, l.Name) || !strings.Contains(out, l.Line) || !strings.Contains(out, "shows  "+l.Shows) {
			t.Errorf("%s, its definition or what it shows is missing:\n%s", l.Name, out)
		}
	}
	lines := strings.Split(strings.TrimSpace(ok(t, "", "train", "--tasks", "--json")), "\n")
	if len(lines) != 1+len(task.List()) || lines[0] != `{"schema":1,"type":"tasks"}` {
		t.Fatalf("--tasks --json: %q", lines)
	}
	var one struct {
		Name   string
		Recipe train.Recipe
	}
	if err := json.Unmarshal([]byte(lines[1]), &one); err != nil || one.Name != "header" || one.Recipe.Steps != train.Defaults("header").Steps {
		t.Errorf("%+v, %v", one, err)
	}
}

// Every recipe that the flags can make is one whose Command makes it again.
func TestRecipeFlags(t *testing.T) {
	parse := func(args ...string) (train.Recipe, error) {
		a, _, _ := testApp("")
		var o trainOptions
		cmd := a.trainCommand()
		cmd.ResetFlags()
		o.addTo(cmd)
		if err := cmd.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		tk, err := task.Open(o.task, o.text)
		if err != nil {
			t.Fatal(err)
		}
		return o.recipe(tk)
	}
	for _, l := range task.All() {
		r, err := parse("--task", l.Name())
		if err != nil || r.Command() != train.Defaults(l.Name()).Command() {
			t.Errorf("%s without flags: %+v, %v", l.Name(), r, err)
		}
	}
	args := strings.Fields("--task induction --seed 77 --layers 3 --d-model 12 --d-state 5 --d-conv 3 --dt-rank 2 --tied true --steps 9 --batch 3 " +
		"--lengths 2^3..32 --advance 0.7 --lr 0.001 --warm-up 4 --floor 0.2 --beta1 0.8 --beta2 0.95 --weight-decay 0.3 --clip 2 --conv off --a random " +
		"--dt-min 0.01 --dt-max 0.5 --embedding-std 0.5 --selective b,c")
	r, err := parse(args...)
	want := train.Recipe{Task: "induction", Seed: 77, Layers: 3, DModel: 12, DState: 5, DConv: 3, DtRank: 2, Tied: true, Steps: 9, Batch: 3,
		Lengths: []int{8, 16, 32}, Advance: 0.7, LearningRate: 0.001, WarmUp: 4, Floor: 0.2, Beta1: 0.8, Beta2: 0.95, WeightDecay: 0.3, Clip: 2,
		Conv: train.ConvOff, A: train.ARandom, DtMin: 0.01, DtMax: 0.5, EmbeddingStd: 0.5, Selective: train.Selective{B: true, C: true}}
	if err != nil || r.Command() != want.Command() {
		t.Errorf("the flags make\n%+v, %v, want\n%+v", r, err, want)
	}
	again, err := parse(strings.Fields(strings.TrimPrefix(r.Command(), "mamba-tui train "))...)
	if err != nil || again.Command() != r.Command() || again.Seed != 77 {
		t.Errorf("%s\nmakes %+v, %v", r.Command(), again, err)
	}
}

func TestTrainPlain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	out := ok(t, "", quickly("--out", dir, "--threads", "2")...)
	for _, want := range []string{"Training on the task header: ¶ h noise … ? → h", "12 steps of 2 sequences of 16 tokens, seed 1, on 2 threads.",
		"\nStep 5 of 12: loss ", "\nStep 10 of 12: ", "\nStep 12 of 12: ", "of the channels select.", "\nDone after 12 steps in ", "Kept in " + dir + ". Look at it with: mamba-tui --model "} {
		if !strings.Contains(out, want) {
			t.Errorf("train does not say %q:\n%s", want, out)
		}
	}
	assertSafe(t, out)
	if out := ok(t, "", quickly()...); !strings.Contains(out, "Nothing is kept: name a folder with --out") || strings.Contains(out, "Kept in") {
		t.Errorf("without a folder:\n%s", out)
	}
	// The result is a model like any other, and its numbered weights too.
	if out := ok(t, "", "models", "info", dir); !strings.Contains(out, "provenance  trained") || !strings.Contains(out, "made by     mamba-tui train --task header --seed 1 --d-model 8") {
		t.Errorf("the model says\n%s", out)
	}
	ok(t, "", "run", "--model", dir)
	ok(t, "", "eval", dir, "--lengths", "32", "--sequences", "3")
	if out := ok(t, "", "models", "info", filepath.Join(dir, "step-000005.safetensors")); !strings.Contains(out, "header@5") {
		t.Errorf("the numbered weights say\n%s", out)
	}
}

func TestTrainJSON(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(ok(t, "", quickly("--json", "--task", "recall", "--seed", "3")...)), "\n")
	counts := map[string]int{}
	for i, line := range lines {
		var l struct {
			Schema, Step, Steps int
			Type                string
			Recipe              *train.Recipe
			Layers              []layerLine
			Accuracy            *float64
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		counts[l.Type]++
		switch {
		case i == 0 && (l.Schema != 1 || l.Type != "train" || l.Recipe.Seed != 3 || l.Recipe.Task != "recall"),
			l.Type == "step" && l.Step != counts["step"],
			l.Type == "evaluation" && len(l.Layers) != 1,
			l.Type == "end" && (i != len(lines)-1 || l.Steps != 12 || l.Accuracy == nil):
			t.Errorf("line %d is %s", i, line)
		}
	}
	if counts["train"] != 1 || counts["step"] != 12 || counts["evaluation"] != 3 || counts["end"] != 1 || len(lines) != 17 {
		t.Errorf("lines of each type: %v", counts)
	}
}

// stopAfter ends a context when a line with some text was written.
type stopAfter struct {
	strings.Builder
	text string
	stop func()
}

func (s *stopAfter) Write(b []byte) (int, error) {
	n, err := s.Builder.Write(b)
	if strings.Contains(s.String(), s.text) {
		s.stop()
	}
	return n, err
}

// Interrupted, the run is kept; going on gives the weights of a run that was
// not interrupted, bit for bit, with another number of threads.
func TestTrainInterruptedAndResumed(t *testing.T) {
	whole, dir := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "run")
	ok(t, "", quickly("--out", whole, "--threads", "1")...)
	ctx, cancel := context.WithCancel(context.Background())
	out := &stopAfter{text: `"step":7,`, stop: cancel}
	a, _, stderr := testApp("")
	a.out = out
	if code := a.execute(ctx, quickly("--out", dir, "--json", "--threads", "2")); code != exitInterrupted || stderr.Len() != 0 {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	if !strings.Contains(out.String(), `{"type":"end","steps":7,"stopped":true,`) || strings.Contains(out.String(), `"step":8,`) {
		t.Errorf("it did not stop after the step under way:\n%s", out.String())
	}
	more := ok(t, "", "train", "--resume", dir, "--eval-every", "5")
	if !strings.Contains(more, "Going on after step 7.") || !strings.Contains(more, "Done after 12 steps") {
		t.Errorf("going on:\n%s", more)
	}
	for _, name := range []string{"model.safetensors", "config.json", "train-state.safetensors"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(whole, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is not that of a run without an interruption", name)
		}
	}
}

func TestTrainErrors(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	ok(t, "", quickly("--out", dir)...)
	verse := file(t, strings.Repeat("some verse, and more of it\n", 60))
	chars := filepath.Join(t.TempDir(), "chars")
	ok(t, "", quickly("--task", "chars", "--text", verse, "--out", chars)...)
	for _, c := range []struct {
		args []string
		want string
	}{
		{quickly("--out", dir), "holds another run (task header, seed 1, 12 of 12 steps): go on with it by --resume, or choose another folder"},
		{quickly("--task", "other"), `there is no task "other": the tasks are header, `},
		{quickly("--task", "chars"), "chars needs a text file"},
		{quickly("--text", verse), "does not learn from a text"},
		{quickly("--conv", "other"), `conv is "other"`},
		{quickly("--a", "other"), `a is "other"`},
		{quickly("--selective", "delta,q"), `"q" cannot be selective`},
		{quickly("--tied", "maybe"), `--tied is "maybe", want true or false`},
		{quickly("--threads", "-1"), "--threads is -1"},
		{quickly("--plain", "--json"), "if any flags in the group [plain json] are set"},
		{quickly("--out", ""), "--out and --resume name a folder"},
		{[]string{"train", "--lengths", "1"}, "a sequence of 1 tokens, the task header needs 3 to"},
		{[]string{"train", "--lengths", "9,x"}, `--lengths: "x" is not a length`},
		{[]string{"train", "--steps", "0"}, "steps is 0, want 1 to"},
		{[]string{"train", "--lr", "NaN"}, "learning_rate is NaN"},
		{[]string{"train", "--resume", dir, "--out", dir}, "if any flags in the group [out resume replay] are set"},
		{[]string{"train", "--resume", dir, "--seed", "4"}, "--seed cannot change in the middle of a run"},
		{[]string{"train", "--resume", dir, "--steps", "5"}, "--steps is 5, the run has 12: going on can only add steps"},
		{[]string{"train", "--resume", t.TempDir()}, "holds no training run to go on with"},
		{[]string{"train", "--resume", chars}, "chars needs a text file"},
		{[]string{"train", "--resume", chars, "--text", file(t, strings.Repeat("another verse of the same\n", 60))}, "--text is another text than the run in"},
	} {
		r := execute("", c.args...)
		if r.code != exitUsage || !strings.Contains(r.err, c.want) || r.out != "" || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%q: exit code %d, stdout %.200q, stderr %q, want %q", c.args, r.code, r.out, r.err, c.want)
		}
		assertSafe(t, r.err)
	}
	// The text that it learned from is the right one, under any name of its folder.
	if out := ok(t, "", "train", "--resume", chars, "--text", verse, "--steps", "13"); !strings.Contains(out, "Done after 13 steps") {
		t.Errorf("going on with the same text:\n%s", out)
	}
	f, err := checkpoint.LoadDir(chars)
	if err != nil || f.Card.Kind != model.Trained || !strings.HasPrefix(f.Metadata["text"], "prompt.txt sha256:") {
		t.Errorf("the model of a text says %+v, %v, %v", f.Card, f.Metadata, err)
	}
	if strings.Contains(f.Card.Command, filepath.Dir(verse)) {
		t.Errorf("the command names a place of this machine: %s", f.Card.Command)
	}
}

// A reader that goes away ends the training.
func TestTrainBrokenPipe(t *testing.T) {
	for _, args := range [][]string{append(quickly(), "--steps", "100000"), append(quickly("--json"), "--steps", "100000")} {
		a, _, stderr := testApp("")
		a.out = &failing{2000, pipeErrors[0]}
		if code := a.execute(context.Background(), args); code != 0 || stderr.Len() != 0 {
			t.Errorf("%q into a closed pipe: exit code %d, stderr %q", args, code, stderr)
		}
	}
}
