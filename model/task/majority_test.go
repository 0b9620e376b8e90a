package task_test

import (
	"fmt"
	"slices"
	"testing"

	"mamba-tui/model/task"
)

// majority is the definition, read off the tokens: the symbol that stands most
// often between the newest ¶ and token at, if there is one such.
func majority(tokens []int32, at int) (symbol int32, ok bool) {
	for symbol = range int32(task.MajoritySymbols) {
		wins := true
		for other := range int32(task.MajoritySymbols) {
			if other != symbol && countSince(tokens, at, other) >= countSince(tokens, at, symbol) {
				wins = false
			}
		}
		if wins {
			return symbol, true
		}
	}
	return 0, false
}

func countSince(tokens []int32, at int, symbol int32) (n int) {
	for i := at; i >= 0 && tokens[i] != task.MajorityMark; i-- {
		if tokens[i] == symbol {
			n++
		}
	}
	return n
}

func majorityCheck(s task.Sample) error {
	if s.Tokens[0] != task.MajorityMark {
		return fmt.Errorf("the sequence begins with %d", s.Tokens[0])
	}
	var asks []task.Ask
	var classes []task.Class
	since := 0
	for i, id := range s.Tokens {
		class := task.Data
		switch id {
		case task.MajorityMark:
			if i > 0 && (since < 6 || since > 45) {
				return fmt.Errorf("a document of %d tokens: %v", since, s.Tokens)
			}
			class, since = task.Event, -1
		case task.MajorityNoise:
			class = task.Noise
		}
		since++
		classes = append(classes, class)
		if answer, ok := majority(s.Tokens, i); ok {
			asks = append(asks, task.Ask{At: i, Answer: answer})
		}
	}
	return same(s, asks, classes)
}

func TestMajorityDefinition(t *testing.T) {
	tk := task.Majority{}
	for i := range uint64(1000) {
		length := tk.Shortest() + int(i)%130
		s := task.Nth(tk, 21, i, length)
		err := checked(tk, s, length)
		if err == nil {
			err = majorityCheck(s)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	noticesChanges(t, tk.Name(), task.Nth(tk, 1, 1, 60), tk.Vocab(), majorityCheck)
}

// TestMajorityByHand: a table of leaders; ties and empty documents have none.
func TestMajorityByHand(t *testing.T) {
	tk := task.Majority{}
	for _, c := range []struct {
		text, want string // the answer after each token; _ where none is
	}{
		{"¶ab.aa", "_a__aa"},
		{"¶..d.¶.", "___dd__"},
		{"¶aab¶b.c", "_aaa_bb_"},
		{"¶abcdd", "_a___d"},
	} {
		tokens := ids(t, tk, c.text)
		got := ""
		for i := range tokens {
			if symbol, ok := majority(tokens, i); ok {
				got += string(rune('a' + symbol))
			} else {
				got += "_"
			}
		}
		if got != c.want {
			t.Errorf("%s: leaders %s, want %s", c.text, got, c.want)
		}
	}
}

// TestMajorityPrompts: at the end of each document of a prompt leads what its
// title says.
func TestMajorityPrompts(t *testing.T) {
	tk := task.Majority{}
	want := []string{"ac", "ac", "b"}
	for p, prompt := range tk.Card().Prompts {
		tokens := ids(t, tk, prompt.Text)
		leaders := ""
		for i := range tokens {
			if i+1 == len(tokens) || tokens[i+1] == task.MajorityMark {
				symbol, ok := majority(tokens, i)
				if !ok {
					t.Errorf("%q: nothing leads at token %d", prompt.Title, i)
				}
				leaders += string(rune('a' + symbol))
			}
		}
		if leaders != want[p] {
			t.Errorf("%q: %q lead, want %q", prompt.Title, leaders, want[p])
		}
	}
	// The lead of the third changes from b to d and back.
	tokens := ids(t, tk, tk.Card().Prompts[2].Text)
	var leads []int32
	for i := range tokens {
		if symbol, ok := majority(tokens, i); ok && (len(leads) == 0 || leads[len(leads)-1] != symbol) {
			leads = append(leads, symbol)
		}
	}
	if !slices.Equal(leads, []int32{1, 3, 1}) {
		t.Errorf("leads %v, want b d b", leads)
	}
}

// TestMajorityChances: no symbol is better off, half of the tokens are noise,
// document lengths are equally likely, and a rule that ignores the counts is
// mostly wrong.
func TestMajorityChances(t *testing.T) {
	tk := task.Majority{}
	leaders, lengths := make([]int, task.MajoritySymbols), make([]int, 40)
	noise, tokens := 0, 0
	newest, asked := 0, 0
	for i := range uint64(4000) {
		s := task.Nth(tk, 22, i, 100)
		leaders[s.Asks[len(s.Asks)-1].Answer]++ // one of each sequence: the others depend on it
		if end := slices.Index(s.Tokens[1:], task.MajorityMark); end >= 0 {
			lengths[end-6]++
		}
		var last int32
		targets := s.Targets(nil)
		for j, id := range s.Tokens {
			if id != task.MajorityMark {
				tokens++
			}
			switch {
			case id == task.MajorityNoise:
				noise++
			case id < task.MajoritySymbols:
				last = id
			}
			if targets[j] >= 0 {
				asked++
				if targets[j] == last {
					newest++
				}
			}
		}
	}
	even(t, "leaders", leaders)
	even(t, "document lengths", lengths)
	if low, high := chance(tokens, 0.5); noise < low || noise > high {
		t.Errorf("%d of %d tokens are noise, want %d to %d", noise, tokens, low, high)
	}
	if share := float64(newest) / float64(asked); share < 0.5 || share > 0.7 {
		t.Errorf("the newest symbol is the answer in %.3f of all cases", share)
	}
}
