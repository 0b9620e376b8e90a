package task_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"mamba-tui/model/task"
)

// The generators are checked against their definitions, read off the tokens
// alone: nothing here knows how a sequence was drawn.

// afterLast is the token that followed the newest key before token at.
func afterLast(tokens []int32, at int, key int32) (answer int32, found bool) {
	for i := at - 2; i >= 0; i-- {
		if tokens[i] == key {
			return tokens[i+1], true
		}
	}
	return 0, false
}

func TestInductionDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 3000 {
		task_ := task.Induction{Pairs: rng.IntN(5), Within: rng.IntN(12)}
		pairs := max(1, task_.Pairs)
		L := task_.Shortest() + rng.IntN(40)
		s := task_.Draw(rng, L)
		if len(s.Tokens) != L {
			t.Fatalf("%+v: %d tokens, want %d", task_, len(s.Tokens), L)
		}
		keys := 0
		for i, id := range s.Tokens {
			if id < 0 || int(id) >= task_.Vocab() {
				t.Fatalf("token %d is %d, outside the vocabulary of %d", i, id, task_.Vocab())
			}
			if id != task.InductionKey {
				continue
			}
			keys++
			if i+1 < L && s.Tokens[i+1] == task.InductionKey {
				t.Fatalf("S follows S in %v", s.Tokens)
			}
		}
		if keys != pairs+1 || s.Tokens[L-1] != task.InductionKey {
			t.Fatalf("%+v: %d keys, want %d and one at the end: %v", task_, keys, pairs+1, s.Tokens)
		}
		if len(s.Asks) != 1 || s.Asks[0].At != L-1 {
			t.Fatalf("asks %v, want one at %d", s.Asks, L-1)
		}
		want, ok := afterLast(s.Tokens, L-1, task.InductionKey)
		if !ok || s.Asks[0].Answer != want {
			t.Fatalf("answer %d, the newest S is followed by %d: %v", s.Asks[0].Answer, want, s.Tokens)
		}
		first := slices.Index(s.Tokens, task.InductionKey)
		if task_.Within > 0 && task_.Within < L-1-pairs && first >= task_.Within {
			t.Fatalf("%+v: the first S is at %d: %v", task_, first, s.Tokens)
		}
	}
}

func TestHeaderDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		task_ := task.Header{Documents: rng.IntN(5)}
		L := task_.Shortest() + rng.IntN(80)
		s := task_.Draw(rng, L)
		if len(s.Tokens) != L || s.Tokens[0] != task.HeaderMark || s.Tokens[L-1] != task.HeaderAsk {
			t.Fatalf("%d tokens, want %d from ¶ to ?: %v", len(s.Tokens), L, s.Tokens)
		}
		docs, ask := 0, 0
		header := int32(-1)
		for i, id := range s.Tokens {
			if id < 0 || int(id) >= task_.Vocab() {
				t.Fatalf("token %d is %d, outside the vocabulary of %d", i, id, task_.Vocab())
			}
			switch {
			case id == task.HeaderMark:
				docs++
				header = s.Tokens[i+1]
			case id == task.HeaderAsk:
				if ask == len(s.Asks) || s.Asks[ask].At != i || s.Asks[ask].Answer != header {
					t.Fatalf("question at %d about header %d is not ask %d of %v", i, header, ask, s.Asks)
				}
				ask++
				if i+1 < L && (s.Tokens[i+1] != header || s.Tokens[i+2] != task.HeaderMark) {
					t.Fatalf("the question at %d is not followed by its answer and ¶: %v", i, s.Tokens)
				}
			case s.Tokens[i-1] == task.HeaderMark || s.Tokens[i-1] == task.HeaderAsk:
			case id == header:
				t.Fatalf("noise %d at %d is the header: %v", id, i, s.Tokens)
			}
		}
		if ask != len(s.Asks) || ask != docs || task_.Documents > 0 && docs != task_.Documents {
			t.Fatalf("%+v: %d documents, %d questions, %d asks", task_, docs, ask, len(s.Asks))
		}
	}
}

// TestDrawsAreUniform: answers and noise are spread over all symbols, the
// pair's place over the sequence, document lengths over a range.
func TestDrawsAreUniform(t *testing.T) {
	const n, L = 4000, 33
	rng := rand.New(rand.NewPCG(1, 3))
	answers := map[string]*[task.Symbols]int{"induction": {}, "header": {}}
	places := map[int]int{}
	docLengths := map[int]int{}
	for range n {
		s := task.Induction{}.Draw(rng, L)
		answers["induction"][s.Asks[0].Answer]++
		places[slices.Index(s.Tokens, task.InductionKey)]++
		s = task.Header{Documents: 2}.Draw(rng, L)
		answers["header"][s.Asks[1].Answer]++
		docLengths[s.Asks[0].At]++
	}
	low, high := chance(n, 1.0/task.Symbols)
	for name, counts := range answers {
		for sym, k := range counts {
			if k < low || k > high {
				t.Errorf("%s: symbol %d is the answer %d times of %d, want %d to %d", name, sym, k, n, low, high)
			}
		}
	}
	// One pair in 33 tokens: 31 places.
	low, high = chance(n, 1.0/(L-2))
	for at := range L - 2 {
		if k := places[at]; k < low || k > high {
			t.Errorf("induction: S at %d in %d of %d, want %d to %d", at, k, n, low, high)
		}
	}
	// Two documents of 33 tokens: the first has 0 to 26 noise tokens.
	low, high = chance(n, 1.0/27)
	for noise := range 27 {
		if k := docLengths[2+noise]; k < low || k > high {
			t.Errorf("header: %d noise tokens in %d of %d, want %d to %d", noise, k, n, low, high)
		}
	}
}

// TestDrawIsSeeded: the same generator gives the same sequences.
func TestDrawIsSeeded(t *testing.T) {
	for _, task_ := range []task.Task{task.Induction{Pairs: 3}, task.Header{}} {
		a := task_.Draw(rand.New(rand.NewPCG(7, 7)), 50)
		b := task_.Draw(rand.New(rand.NewPCG(7, 7)), 50)
		c := task_.Draw(rand.New(rand.NewPCG(7, 8)), 50)
		if !slices.Equal(a.Tokens, b.Tokens) || !slices.Equal(a.Asks, b.Asks) {
			t.Errorf("%s: two draws of one seed differ", task_.Name())
		}
		if slices.Equal(a.Tokens, c.Tokens) {
			t.Errorf("%s: draws of two seeds are the same", task_.Name())
		}
	}
}

func TestDrawTooShort(t *testing.T) {
	for _, task_ := range []task.Task{task.Induction{}, task.Induction{Pairs: 4}, task.Header{}, task.Header{Documents: 3}} {
		short := task_.Shortest()
		task_.Draw(rand.New(rand.NewPCG(1, 1)), short) // the shortest is possible
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: drew %d tokens, the shortest is %d", task_.Name(), short-1, short)
				}
			}()
			task_.Draw(rand.New(rand.NewPCG(1, 1)), short-1)
		}()
	}
}
