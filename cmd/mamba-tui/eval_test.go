package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/task"
)

// The exact models are right at every length, beyond any training length, and
// wrong without a Δ that selects.
func TestEval(t *testing.T) {
	out := ok(t, "", "eval", "header-exact", "--lengths", "64,2^9..2^10", "--sequences", "20")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 6 || lines[0] != "Model header-exact, hand-written, on the task header: "+(task.Header{}).About().Line ||
		!strings.HasPrefix(lines[3], "   2^6         20  ") || !strings.Contains(lines[5], "2^10         20") {
		t.Errorf("eval prints\n%s", out)
	}
	for _, l := range lines[3:] {
		if !strings.Contains(l, " 100.00% ") || !strings.HasSuffix(l, "●") {
			t.Errorf("not all right: %s", l)
		}
	}
	assertSafe(t, out)
	frozen := ok(t, "", "eval", "induction-exact", "--lengths", "512", "--sequences", "60", "--freeze", "--json")
	var r struct {
		Length, Sequences, Asked, Right int
		Accuracy, Low, High, Loss       float64
	}
	first, second, _ := strings.Cut(strings.TrimSpace(frozen), "\n")
	if err := json.Unmarshal([]byte(second), &r); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(first, `{"schema":1,"type":"eval",`) || !strings.Contains(first, `"model":"induction-exact","provenance":"hand-written"`) ||
		!strings.Contains(first, `"frozen":true,"seeds":[1],"lengths":[512]}`) {
		t.Errorf("the first line is %s", first)
	}
	if r.Length != 512 || r.Sequences != 60 || r.Asked != 60 || r.Accuracy != float64(r.Right)/60 || r.Accuracy > 0.3 || !(r.Low < r.Accuracy && r.Accuracy < r.High) || r.Loss <= 0 {
		t.Errorf("frozen: %+v", r)
	}
}

// Seeds add up: two of ten sequences are as good as both together.
func TestEvalSeeds(t *testing.T) {
	dir := folder(t, evalShape, model.RandomWeights(evalShape, 3), taskCard("majority"))
	count := func(args ...string) (asked, right int) {
		out := ok(t, "", append([]string{"eval", dir, "--json", "--lengths", "100"}, args...)...)
		var r struct{ Asked, Right int }
		_, line, _ := strings.Cut(strings.TrimSpace(out), "\n")
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		return r.Asked, r.Right
	}
	a1, r1 := count("--seeds", "1", "--sequences", "10")
	a2, r2 := count("--seeds", "2", "--sequences", "10")
	both, right := count("--seeds", "1,2", "--sequences", "10", "--threads", "1")
	if both != a1+a2 || right != r1+r2 || a1 == a2 && r1 == r2 {
		t.Errorf("seeds 1 and 2: %d of %d and %d of %d, together %d of %d", r1, a1, r2, a2, right, both)
	}
}

// evalShape is a model for every task.
var evalShape = model.Config{VocabSize: 20, DModel: 6, DInner: 12, DState: 2, DConv: 4, DtRank: 2, NLayer: 1, Eps: 1e-5, ConvBias: true}

func taskCard(name string) model.Card {
	return model.Card{Name: "m", Kind: model.Untrained, TaskName: name}
}

func TestEvalErrors(t *testing.T) {
	plain := folder(t, evalShape, model.RandomWeights(evalShape, 3), taskCard(""))
	text := file(t, strings.Repeat("some verse, ", 200))
	chars := folder(t, evalShape, model.RandomWeights(evalShape, 3), taskCard("chars"))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"eval"}, "accepts 1 arg(s), received 0"},
		{[]string{"eval", "none"}, "no built-in model and no folder"},
		{[]string{"eval", plain}, "does not say what it was trained on: name the task with --task (header, majority,"},
		{[]string{"eval", plain, "--task", "other"}, `there is no task "other"`},
		{[]string{"eval", chars}, "chars needs a text file"},
		{[]string{"eval", chars, "--text", text}, "has another alphabet than the model"},
		{[]string{"eval", plain, "--task", "header", "--text", text}, "does not learn from a text"},
		{[]string{"eval", "header-exact", "--lengths", "x"}, `--lengths: "x" is not a length`},
		{[]string{"eval", "header-exact", "--lengths", "2,64"}, "--lengths: 2 tokens are too few for the task header, want at least 3"},
		{[]string{"eval", "header-exact", "--sequences", "-1"}, "--sequences is -1"},
		{[]string{"eval", "header-exact", "--threads", "-1"}, "--threads is -1"},
		{[]string{"eval", "header-exact", "--seeds", ""}, "--seeds"},
		{[]string{"eval", "header-exact", "--seeds", "x"}, "--seeds"},
	} {
		r := execute("", c.args...)
		if r.code != exitUsage || !strings.Contains(r.err, c.want) || r.out != "" || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q, want %q", c.args, r.code, r.out, r.err, c.want)
		}
		assertSafe(t, r.err)
	}
}

// Interrupted in the middle, whole lines are printed and no more.
func TestEvalInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	out := &stopAt{n: 1, stop: cancel}
	a, _, stderr := testApp("")
	a.out = out
	code := a.execute(ctx, []string{"eval", "header-exact", "--lengths", "64..2^20", "--sequences", "8"})
	if code != exitInterrupted || stderr.Len() != 0 || !strings.HasSuffix(out.String(), "\n") || strings.Count(out.String(), "\n") > 5 {
		t.Errorf("exit code %d, stderr %q, %q", code, stderr, out.String())
	}
}

func TestEvalWriteErrors(t *testing.T) {
	for _, args := range [][]string{{"eval", "header-exact", "--lengths", "64"}, {"eval", "header-exact", "--lengths", "64", "--json"}} {
		for _, left := range []int{0, 300} {
			a, _, stderr := testApp("")
			a.out = &failing{left, pipeErrors[0]}
			if code := a.execute(context.Background(), args); code != 0 || stderr.Len() != 0 {
				t.Errorf("%q into a closed pipe: exit code %d, stderr %q", args, code, stderr)
			}
		}
	}
}
