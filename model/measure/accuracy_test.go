package measure

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// exact are the hand-written models with their tasks.
func exact() map[task.Task]Subject {
	hc, hw, _ := task.HeaderExact()
	ic, iw, _ := task.InductionExact()
	return map[task.Task]Subject{task.Header{}: {hc, hw}, task.Induction{}: {ic, iw}}
}

// The hand-written models answer everything at any length, one token longer or
// shorter than a chunk included.
func TestExactModels(t *testing.T) {
	for tk, s := range exact() {
		for _, length := range []int{tk.Shortest(), 64, chunk - 1, chunk, chunk + 1, 1000} {
			got, err := s.Accuracy(context.Background(), tk, Options{Length: length, Sequences: 12})
			if err != nil {
				t.Fatal(err)
			}
			if got.Sequences != 12 || got.Asked < 12 || got.Right != got.Asked || got.MeanLoss() > 0.7 {
				t.Errorf("%s at %d tokens: %+v", tk.Name(), length, got)
			}
		}
	}
}

// A random model is counted exactly as one Forward over the whole sequence and
// a comparison of every logit count it, whatever the threads.
func TestAccuracyAgainstWhole(t *testing.T) {
	for _, tk := range []task.Task{task.Header{}, task.Majority{}, task.Recall{}, task.Induction{}} {
		c := model.Config{VocabSize: tk.Vocab() + 2, DModel: 8, DInner: 16, DState: 3, DConv: 4, DtRank: 2, NLayer: 2, Eps: 1e-5, ConvBias: true}
		s := Subject{c, model.RandomWeights(c, 7)}
		const length, seed = 300, 5
		sequences := 10
		if tk.Name() == "induction" { // one question each
			sequences = 40
		}
		var want Tally
		for i := range sequences {
			sample := nth(tk, seed, i, length)
			right, loss := whole(t, s, sample)
			want.sequence(right, len(sample.Asks), loss)
		}
		if want.Right == 0 || want.Right == want.Asked {
			t.Fatalf("%s: the random model gets %d of %d, the comparison would say little", tk.Name(), want.Right, want.Asked)
		}
		for _, threads := range []int{1, 3, 0} {
			var told, calls atomic.Int64
			got, err := s.Accuracy(context.Background(), tk, Options{Length: length, Sequences: sequences, Seed: seed, Threads: threads,
				Progress: func(n int64) { told.Store(n); calls.Add(1) }})
			if err != nil {
				t.Fatal(err)
			}
			if got.Right != want.Right || got.Asked != want.Asked || math.Abs(got.Loss-want.Loss) > 1e-9*want.Loss || got.rr != want.rr {
				t.Errorf("%s, %d threads: %+v, want %+v", tk.Name(), threads, got, want)
			}
			if told.Load() != int64(length*sequences) || calls.Load() != int64(2*sequences) {
				t.Errorf("told of %d tokens in %d calls, want %d in %d", told.Load(), calls.Load(), length*sequences, 2*sequences)
			}
		}
	}
}

// whole answers a sequence in one piece.
func whole(t *testing.T, s Subject, sample task.Sample) (right int, loss float64) {
	t.Helper()
	b := scan.NewCPU(scan.Options{})
	defer b.Close()
	m, err := model.New(b, s.Config, s.Weights)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	state, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer state.Free()
	V := s.Config.VocabSize
	logits := make([]float32, len(sample.Tokens)*V)
	if err := m.Forward(state, sample.Tokens, model.Options{Logits: logits}); err != nil {
		t.Fatal(err)
	}
	for _, q := range sample.Asks {
		row := logits[q.At*V:][:V]
		loss -= math.Log(model.Softmax(nil, row)[q.Answer])
		if model.Top(row, 1)[0].ID == q.Answer {
			right++
		}
	}
	return right, loss
}

// Δ frozen at zero writes nothing, so nothing can be answered better than by
// chance: tweaks reach the model.
func TestTweaks(t *testing.T) {
	for tk, s := range exact() {
		shut := model.Everywhere(s.Config, model.LayerTweaks{FreezeDelta: make([]float32, s.Config.DInner)})
		got, err := s.Accuracy(context.Background(), tk, Options{Length: 64, Sequences: 50, Tweaks: shut})
		if err != nil || got.Accuracy() > 0.25 {
			t.Errorf("%s with Δ = 0: %+v, %v", tk.Name(), got, err)
		}
	}
}

// A tie is no answer, and a logit that is not a number makes no answer right.
func TestGrade(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		logits []float32
		answer int32
		right  bool
		loss   float64
	}{
		{[]float32{0, 1}, 1, true, math.Log(1 + math.Exp(-1))},
		{[]float32{0, 1}, 0, false, math.Log(1 + math.Exp(1))},
		{[]float32{2, 2, 2}, 1, false, math.Log(3)},
		{[]float32{1000, -1000}, 0, true, 0},
		{[]float32{nan, 1}, 1, false, math.NaN()},
		{[]float32{0, nan}, 1, false, math.NaN()},
	} {
		right, loss := grade(c.logits, c.answer)
		if right != c.right || math.Abs(loss-c.loss) > 1e-12 || math.IsNaN(loss) != math.IsNaN(c.loss) {
			t.Errorf("grade(%v, %d) = %v, %g, want %v, %g", c.logits, c.answer, right, loss, c.right, c.loss)
		}
	}
}

func TestErrors(t *testing.T) {
	c, w, _ := task.InductionExact()
	s := Subject{c, w}
	for want, f := range map[string]func() error{
		"has 18 token ids": func() error {
			small := s
			small.Config.VocabSize = 5
			_, err := small.Accuracy(context.Background(), task.Header{}, Options{Length: 64, Sequences: 1})
			return err
		},
		"2 tokens are too few for the task induction, want at least 3": func() error {
			_, err := s.Accuracy(context.Background(), task.Induction{}, Options{Length: 2, Sequences: 1})
			return err
		},
		"0 sequences": func() error {
			_, err := s.Accuracy(context.Background(), task.Induction{}, Options{Length: 20})
			return err
		},
		"weights have 0 layers": func() error {
			_, err := Subject{c, &model.Weights{Layers: []model.LayerWeights{}}}.Accuracy(context.Background(), task.Induction{}, Options{Length: 20, Sequences: 3})
			return err
		},
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}

// A context that ends in the middle keeps what was finished, in order.
func TestCancel(t *testing.T) {
	c, w, _ := task.InductionExact()
	s := Subject{c, w}
	ctx, cancel := context.WithCancel(context.Background())
	got, err := s.Accuracy(ctx, task.Induction{}, Options{Length: 600, Sequences: 50, Threads: 1, Progress: func(n int64) {
		if n >= 10*600 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || got.Sequences != 10 || got.Right != 10 {
		t.Errorf("%+v, %v, want ten sequences", got, err)
	}
}

// The held-out part of a text is what is measured.
func TestHeldOut(t *testing.T) {
	text := strings.Repeat("abcdefgh", 180) + strings.Repeat("xyzu", 40)
	chars, err := task.NewChars("text", []byte(text), task.CharsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		for _, id := range nth(chars, 1, i, 8).Tokens {
			if s := chars.Card().Symbols[id]; !strings.Contains("xyzu", s) {
				t.Fatalf("sequence %d shows %q, which is not held out", i, s)
			}
		}
	}
}

// Streaming costs no memory for length: ten times as long allocates the token
// ids and no more.
func TestConstantMemory(t *testing.T) {
	c, w, _ := task.HeaderExact()
	s := Subject{c, w}
	r, free, err := s.open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer free()
	short, long := nth(task.Header{}, 1, 1, 2*chunk), nth(task.Header{}, 1, 1, 20*chunk)
	run := func(sample task.Sample) float64 {
		return testing.AllocsPerRun(3, func() {
			if _, err := r.answers(context.Background(), sample, nil, func(int) {}); err != nil {
				t.Fatal(err)
			}
		})
	}
	run(long)
	if a, b := run(short), run(long); b > a+1 {
		t.Errorf("%g allocations for %d tokens, %g for %d", a, len(short.Tokens), b, len(long.Tokens))
	}
}
