package task_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"mamba-tui/model/task"
	"mamba-tui/model/tokenizer"
)

// TestClasses: each token's class is read off the tokens alone, and every
// class that a task wants told apart is drawn.
func TestClasses(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for range 300 {
		h := task.Header{}.Draw(rng, 64)
		ind := task.Induction{Pairs: 2}.Draw(rng, 40)
		for _, s := range []struct {
			task.Sample
			want func(tokens []int32, i int) task.Class
		}{
			{h, func(tok []int32, i int) task.Class {
				switch {
				case tok[i] == task.HeaderMark:
					return task.Event
				case tok[i-1] == task.HeaderMark:
					return task.Data
				case tok[i] == task.HeaderAsk || tok[i-1] == task.HeaderAsk:
					return task.Query
				}
				return task.Noise
			}},
			{ind, func(tok []int32, i int) task.Class {
				switch {
				case i == len(tok)-1:
					return task.Query
				case tok[i] == task.InductionKey:
					return task.Event
				case i > 0 && tok[i-1] == task.InductionKey:
					return task.Data
				}
				return task.Noise
			}},
		} {
			if len(s.Classes) != len(s.Tokens) {
				t.Fatalf("%d classes for %d tokens", len(s.Classes), len(s.Tokens))
			}
			for i, c := range s.Classes {
				if want := s.want(s.Tokens, i); c != want {
					t.Fatalf("token %d of %v is %v, want %v", i, s.Tokens, c, want)
				}
			}
		}
	}
}

// TestHeaderOften: documents of ¶, header, noise and questions, whose answer is
// the header of the document they stand in; about an eighth asks.
func TestHeaderOften(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 3))
	often := task.Header{Often: true}
	asks, tokens := 0, 0
	for range 3000 {
		L := often.Shortest() + rng.IntN(150)
		s := often.Draw(rng, L)
		if len(s.Tokens) != L || len(s.Classes) != L || s.Tokens[L-1] != task.HeaderAsk || s.Tokens[0] != task.HeaderMark {
			t.Fatalf("%d tokens, want %d from ¶ to ?: %v", len(s.Tokens), L, s.Tokens)
		}
		header, ask, mark := int32(-1), 0, 0
		for i, id := range s.Tokens {
			want := task.Noise
			switch {
			case id == task.HeaderMark:
				if i > 0 && i-mark < 3 {
					t.Fatalf("a document of %d tokens in %v", i-mark, s.Tokens)
				}
				want, mark, header = task.Event, i, s.Tokens[i+1]
			case s.Tokens[i-1] == task.HeaderMark:
				want = task.Data
			case id == task.HeaderAsk:
				want = task.Query
				if ask == len(s.Asks) || s.Asks[ask] != (task.Ask{At: i, Answer: header}) {
					t.Fatalf("question at %d about header %d is not ask %d of %v", i, header, ask, s.Asks)
				}
				ask++
			}
			if want != task.Event && want != task.Query && (id < 0 || id >= task.Symbols) || s.Classes[i] != want {
				t.Fatalf("token %d of %v is %d, class %v, want class %v", i, s.Tokens, id, s.Classes[i], want)
			}
		}
		if ask != len(s.Asks) {
			t.Fatalf("%d questions, %d asks", ask, len(s.Asks))
		}
		asks, tokens = asks+ask, tokens+L
	}
	if share := float64(asks) / float64(tokens); share < 0.11 || share > 0.16 {
		t.Errorf("%.3f of the tokens ask, want about an eighth", share)
	}
}

// TestTargets: an answer stands at its question, −1 everywhere else, and a
// slice that is long enough is used again.
func TestTargets(t *testing.T) {
	s := task.Sample{Tokens: make([]int32, 5), Asks: []task.Ask{{At: 1, Answer: 7}, {At: 4, Answer: 0}}}
	have := make([]int32, 9)
	got := s.Targets(have)
	if !slices.Equal(got, []int32{-1, 7, -1, -1, 0}) || &got[0] != &have[0] {
		t.Errorf("targets %v", got)
	}
	if got := s.Targets(nil); !slices.Equal(got, []int32{-1, 7, -1, -1, 0}) {
		t.Errorf("targets %v in a new slice", got)
	}
}

// TestAll: each task can be found, drawn at its shortest, and typed: its card
// has one symbol for each id, and its prompts are made of them.
func TestAll(t *testing.T) {
	for _, tk := range task.All() {
		if found, err := task.ByName(tk.Name()); err != nil || found.Name() != tk.Name() {
			t.Errorf("%s is not found by its name: %v", tk.Name(), err)
		}
		about := tk.About()
		if about.Line == "" || about.Shows == "" || about.Events == 0 || about.Rest == 0 || about.Events&about.Rest != 0 {
			t.Errorf("%s: incomplete %+v", tk.Name(), about)
		}
		s := tk.Draw(rand.New(rand.NewPCG(4, 2)), tk.Shortest())
		if len(s.Tokens) != tk.Shortest() || len(s.Classes) != tk.Shortest() || len(s.Asks) == 0 {
			t.Errorf("%s: %d tokens, %d classes, %d asks at the shortest length %d", tk.Name(),
				len(s.Tokens), len(s.Classes), len(s.Asks), tk.Shortest())
		}
		symbols, err := tokenizer.For(tk.Card(), tk.Vocab())
		if err != nil {
			t.Errorf("%s: %v", tk.Name(), err)
			continue
		}
		for _, p := range tk.Card().Prompts {
			if _, err := symbols.Encode(p.Text, true); err != nil {
				t.Errorf("%s: prompt %q: %v", tk.Name(), p.Title, err)
			}
		}
	}
	if _, err := task.ByName("sorting"); err == nil {
		t.Error("an unknown task is found")
	}
}

func TestClassNames(t *testing.T) {
	if task.Event.String() != "event" || task.Class(9).String() != "class(9)" {
		t.Errorf("%v, %v", task.Event, task.Class(9))
	}
	set := task.Classes(task.Data, task.Query)
	if set.Has(task.Noise) || !set.Has(task.Data) || set.Has(task.Event) || !set.Has(task.Query) {
		t.Errorf("set %b", set)
	}
}
