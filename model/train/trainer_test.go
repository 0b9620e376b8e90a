package train

import (
	"context"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// watcher is an Observer that remembers.
type watcher struct {
	steps    []Progress
	evals    []Evaluation
	progress func(Progress)
}

func (w *watcher) Progress(p Progress) {
	w.steps = append(w.steps, p)
	if w.progress != nil {
		w.progress(p)
	}
}

func (w *watcher) Evaluated(e *Evaluation, _ *model.Weights) { w.evals = append(w.evals, *e) }

// memory is a Store that remembers.
type memory struct {
	all  []*Checkpoint
	fail error
}

func (m *memory) Save(c *Checkpoint) error {
	m.all = append(m.all, c.clone())
	return m.fail
}

// short is a recipe that takes a moment: a curriculum of two lengths.
func short() Recipe {
	r := Defaults("induction")
	r.DModel, r.DState, r.DtRank, r.Steps, r.Batch, r.WarmUp = 8, 4, 2, 12, 5, 3
	r.Lengths, r.Advance = []int{8, 40}, 0.01
	return r
}

// TestTrains is a short real training run: the header latch is learned to 99 %
// from nothing, Δ rises tenfold on the tokens that matter on the way, the
// document before is forgotten, and without selection by Δ most is lost.
func TestTrains(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for some seconds")
	}
	r := Defaults("header")
	r.Seed, r.Steps, r.DModel, r.Lengths = 1, 350, 24, []int{96}
	w := &watcher{}
	res, err := Run(t.Context(), r, Options{Observer: w, EvalEvery: 25})
	if err != nil {
		t.Fatal(err)
	}
	first, last := w.evals[0], res.Final
	t.Logf("after %d steps %.3f right, Δ %.3f; after %d steps %.4f right, Δ %.3f, frozen %.3f, AUC > 0.95 in %.2f of the channels, resets %v",
		first.Step, first.Accuracy, first.Layers[0].ByClass, last.Step, last.Accuracy, last.Layers[0].ByClass, last.Frozen,
		last.Layers[0].Share(0.95), last.Resets)
	if first.Accuracy > 0.2 || last.Accuracy < 0.99 || last.Asked < 500 {
		t.Errorf("accuracy from %.3f to %.4f over %d questions, want from chance to 0.99", first.Accuracy, last.Accuracy, last.Asked)
	}
	for _, class := range []task.Class{task.Event, task.Data} {
		if before, after := first.Layers[0].ByClass[class], last.Layers[0].ByClass[class]; after < 10*before {
			t.Errorf("Δ on %v from %.3f to %.3f, want tenfold", class, before, after)
		}
	}
	if noise := last.Layers[0].ByClass[task.Noise]; noise > 0.1 {
		t.Errorf("Δ on noise is %.3f", noise)
	}
	if share := last.Layers[0].Share(0.95); share < 0.3 {
		t.Errorf("AUC above 0.95 in %.2f of the channels, want 0.3", share)
	}
	if last.Frozen > 0.5 {
		t.Errorf("%.2f right with Δ frozen, want less than half", last.Frozen)
	}
	for _, reset := range last.Resets {
		if change := reset.Change[0]; reset.Offset == -1 && change < 0.5 || reset.Offset >= 1 && change > 0.5 {
			t.Errorf("%+d from a separator h differs by %.2f after other documents", reset.Offset, change)
		}
	}
	// What was measured is what package model computes from the weights.
	e, err := Evaluate(scan.NewCPU(scan.Options{}), res.Config, res.Weights, task.Header{Often: true}, 96, rand.New(rand.NewPCG(77, 1)))
	if err != nil || e.Accuracy < 0.98 {
		t.Errorf("%.3f right on other sequences, %v", e.Accuracy, err)
	}
}

// TestThreads: the same weights to the bit on one thread and on several, and
// whether or not somebody watches.
func TestThreads(t *testing.T) {
	want, err := Run(t.Context(), short(), Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, threads := range []int{2, 3, 7} {
		w := &watcher{}
		have, err := Run(t.Context(), short(), Options{Threads: threads, Observer: w, EvalEvery: 3})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(have.Checkpoint.Parameters.Flat, want.Checkpoint.Parameters.Flat) {
			t.Errorf("%d threads give other weights than one", threads)
		}
		if len(w.steps) != 12 || len(w.evals) != 4 || w.evals[3].Step != 12 {
			t.Errorf("%d steps and %d evaluations seen, want 12 and 4", len(w.steps), len(w.evals))
		}
	}
	other := short()
	other.Seed++
	have, err := Run(t.Context(), other, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(have.Checkpoint.Parameters.Flat, want.Checkpoint.Parameters.Flat) {
		t.Error("another seed gives the same weights")
	}
}

// TestProgress: what is reported adds up, and the curriculum advances.
func TestProgress(t *testing.T) {
	w := &watcher{}
	r := short()
	if _, err := Run(t.Context(), r, Options{Observer: w}); err != nil {
		t.Fatal(err)
	}
	tokens := int64(0)
	long := false
	for i, p := range w.steps {
		tokens += int64(p.Length * r.Batch)
		if p.Step != i+1 || p.Steps != r.Steps || p.Tokens != tokens || p.Length != r.Lengths[p.Stage] {
			t.Errorf("step %d: %+v, after %d tokens", i+1, p, tokens)
		}
		if math.Abs(p.Rate-r.rate(i+1)) > 1e-12 || p.Loss <= 0 || p.GradNorm <= 0 || p.PerSecond <= 0 || p.Accuracy < 0 || p.Accuracy > 1 || p.MeanLoss <= 0 {
			t.Errorf("step %d: %+v", i+1, p)
		}
		long = long || p.Stage == 1
	}
	if !long {
		t.Error("the second length never came")
	}
	if first := w.steps[0].Loss; math.Abs(first-math.Log(17)) > 1.5 {
		t.Errorf("the first loss is %g, a guess among 17 costs %g", first, math.Log(17))
	}
}

// TestResume: a run stopped by its context after any step and continued from
// its checkpoint, as returned and as kept, ends with the bits of one that was
// not.
func TestResume(t *testing.T) {
	r := short()
	want, err := Run(t.Context(), r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{1, 5, 11} {
		ctx, stop := context.WithCancel(t.Context())
		w := &watcher{progress: func(p Progress) {
			if p.Step == at {
				stop()
			}
		}}
		store := &memory{}
		half, err := Run(ctx, r, Options{Observer: w, Store: store})
		if err != nil {
			t.Fatal(err)
		}
		if !half.Stopped || half.Steps != at || len(w.steps) != at {
			t.Fatalf("stopped %v after %d steps, want after %d", half.Stopped, half.Steps, at)
		}
		for what, from := range map[string]*Checkpoint{"the result": half.Checkpoint, "the store": store.all[0]} {
			full, err := Run(t.Context(), r, Options{Resume: from, Threads: 2})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(full.Checkpoint.Parameters.Flat, want.Checkpoint.Parameters.Flat) ||
				!slices.Equal(full.Checkpoint.Second, want.Checkpoint.Second) || full.Checkpoint.Tokens != want.Checkpoint.Tokens {
				t.Errorf("a run continued from step %d through %s ends elsewhere", at, what)
			}
		}
	}
	// A checkpoint says how it was made, the same each time.
	again, err := Run(t.Context(), r, Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := want.Checkpoint.Metadata(), again.Checkpoint.Metadata(); !maps.Equal(a, b) {
		t.Errorf("the same run describes itself as %v and as %v", a, b)
	}
	meta, card := want.Checkpoint.Metadata(), want.Checkpoint.Card
	for _, key := range []string{"recipe", "seed", "steps", "tokens", "accuracy", "task", "command"} {
		if meta[key] == "" {
			t.Errorf("the metadata do not say %s", key)
		}
	}
	if card.Kind != model.Trained || card.TaskName != "induction" || card.Name != "induction" || !strings.Contains(card.Note, "measured") ||
		!strings.HasPrefix(card.Command, "mamba-tui train --task induction --seed 1") {
		t.Errorf("card %+v", card)
	}
}

// TestRunRefuses: what cannot be trained is said before anything begins, and a
// store or backend that fails ends the run.
func TestRunRefuses(t *testing.T) {
	full := errors.New("disk full")
	m := &memory{fail: full}
	if _, err := Run(t.Context(), short(), Options{Store: m, SaveEvery: 5}); !errors.Is(err, full) || len(m.all) != 1 || m.all[0].Step != 5 {
		t.Errorf("a store that fails: %v after %d checkpoints", err, len(m.all))
	}
	none := errors.New("no such device")
	if _, err := Run(t.Context(), short(), Options{Backend: func() (scan.Differentiable, error) { return nil, none }}); !errors.Is(err, none) {
		t.Errorf("a backend that fails: %v", err)
	}
	r := short()
	r.Task = "sorting"
	if _, err := Run(t.Context(), r, Options{}); err == nil {
		t.Error("an unknown task is accepted")
	}
	r = short()
	r.LearningRate, r.Clip, r.WarmUp, r.Steps = 1, 1e6, 0, 60
	if _, err := Run(t.Context(), r, Options{}); err != nil && !strings.Contains(err.Error(), "learning rate") {
		t.Errorf("a learning rate of 1: %v", err)
	}
	good := &memory{}
	if _, err := Run(t.Context(), short(), Options{Store: good, SaveEvery: 6}); err != nil {
		t.Fatal(err)
	}
	if len(good.all) != 3 || good.all[0].Step != 6 || good.all[2].Step != 12 {
		t.Errorf("%d checkpoints, want those of steps 6, 12 and the last with its evaluation", len(good.all))
	}
	r = short()
	r.LearningRate *= 2
	if _, err := Run(t.Context(), r, Options{Resume: good.all[0]}); err == nil {
		t.Error("a checkpoint of another recipe is continued")
	}
	r = short()
	r.Steps = 20
	if res, err := Run(t.Context(), r, Options{Resume: good.all[0]}); err != nil || res.Steps != 20 {
		t.Errorf("a longer run: %v", err)
	}
	bad := *good.all[0]
	bad.Source = bad.Source[:3]
	if _, err := Run(t.Context(), short(), Options{Resume: &bad}); err == nil {
		t.Error("a broken generator is continued")
	}
	bad = *good.all[0]
	bad.Stage = 2
	if _, err := Run(t.Context(), short(), Options{Resume: &bad}); err == nil {
		t.Error("a stage that is not there is continued")
	}
}

// panicking is a task whose sequences are wrong.
type panicking struct{ task.Induction }

func (panicking) Draw(r *rand.Rand, length int) task.Sample {
	s := task.Induction{}.Draw(r, length)
	s.Tokens[0] = 1000
	return s
}

// TestPanicIsAnError: a panic in a replica comes out as an error of Run.
func TestPanicIsAnError(t *testing.T) {
	if _, err := Run(t.Context(), short(), Options{Task: panicking{}, Threads: 2}); err == nil || !strings.Contains(err.Error(), "outside the table") {
		t.Errorf("a token outside the vocabulary: %v", err)
	}
}

func TestCommand(t *testing.T) {
	r := Defaults("header")
	if have := r.Command(); have != "mamba-tui train --task header --seed 1" {
		t.Errorf("%q", have)
	}
	r.Seed, r.DModel, r.Lengths, r.Selective, r.Conv = 7, 16, []int{32, 64}, Selective{B: true}, ConvOff
	if have, want := r.Command(), "mamba-tui train --task header --seed 7 --d-model 16 --lengths 32,64 --conv off --selective b"; have != want {
		t.Errorf("%q, want %q", have, want)
	}
}

// A bound on the tokens of a step makes batches of long sequences smaller, at
// least one, and changes nothing where it does not bind.
func TestMostTokens(t *testing.T) {
	run := func(most int) (*watcher, *Result) {
		r := short()
		r.MostTokens = most
		w := &watcher{}
		got, err := Run(context.Background(), r, Options{Observer: w, Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		return w, got
	}
	free, without := run(0)
	wide, with := run(1000)
	if !slices.Equal(with.Checkpoint.Parameters.Flat, without.Checkpoint.Parameters.Flat) || len(free.steps) != len(wide.steps) {
		t.Error("a bound that does not bind changes the weights")
	}
	for most, want := range map[int]map[int]int64{24: {8: 3, 40: 1}, 85: {8: 5, 40: 2}, 1: {8: 1, 40: 1}} {
		w, _ := run(most)
		before, seen := int64(0), map[int]bool{}
		for _, p := range w.steps {
			if n := (p.Tokens - before) / int64(p.Length); n != want[p.Length] {
				t.Errorf("at most %d tokens: %d sequences of %d, want %d", most, n, p.Length, want[p.Length])
			}
			before, seen[p.Length] = p.Tokens, true
		}
		if !seen[8] {
			t.Error("the first length was never drawn")
		}
	}
	r := short()
	r.MostTokens = -1
	if _, err := Run(context.Background(), r, Options{}); err == nil || !strings.Contains(err.Error(), "most_tokens is -1") {
		t.Errorf("a negative bound: %v", err)
	}
}
