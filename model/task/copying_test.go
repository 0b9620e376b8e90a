package task_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mamba-tui/model/task"
)

// copyCheck checks a sequence against the definition: M values among the first
// length − M tokens (at their beginning unless they are scattered), all else
// there noise; then M markers, the j-th of which asks for the j-th value.
func copyCheck(s task.Sample, m, values int, scattered bool) error {
	body := len(s.Tokens) - m
	var data []int32
	var classes []task.Class
	for i, id := range s.Tokens[:body] {
		switch {
		case id == 0:
			classes = append(classes, task.Noise)
		case int(id) <= values:
			if !scattered && i != len(data) {
				return fmt.Errorf("a value at %d, after %d: %v", i, len(data), s.Tokens)
			}
			data = append(data, id)
			classes = append(classes, task.Data)
		default:
			return fmt.Errorf("token %d before the markers is %d: %v", i, id, s.Tokens)
		}
	}
	if len(data) != m {
		return fmt.Errorf("%d values, want %d: %v", len(data), m, s.Tokens)
	}
	var asks []task.Ask
	for j, v := range data {
		if int(s.Tokens[body+j]) != values+1 {
			return fmt.Errorf("marker %d is %d, want %d: %v", j, s.Tokens[body+j], values+1, s.Tokens)
		}
		asks = append(asks, task.Ask{At: body + j, Answer: v})
		classes = append(classes, task.Query)
	}
	return same(s, asks, classes)
}

func TestCopyingDefinition(t *testing.T) {
	rng := task.Stream(11, 0)
	for range 2000 {
		m, values := 1+rng.IntN(20), 1+rng.IntN(52)
		length := 2*m + rng.IntN(60)
		for _, tk := range []task.Task{task.SelectiveCopying{Tokens: m, Values: values}, task.Copying{Tokens: m, Values: values}} {
			s := tk.Draw(rng, length)
			err := checked(tk, s, length)
			if err == nil {
				err = copyCheck(s, m, values, tk.Name() == "selective-copying")
			}
			if err != nil {
				t.Fatalf("%s, M %d, %d values: %v", tk.Name(), m, values, err)
			}
		}
	}
	// What is left at zero is the paper's alphabet: values 1 … 14, marker 15.
	tk := task.SelectiveCopying{}
	if tk.M() != 8 || tk.Vocab() != 16 || tk.Marker() != 15 || task.CopyNoise != 0 {
		t.Errorf("M %d, vocabulary %d, marker %d", tk.M(), tk.Vocab(), tk.Marker())
	}
	noticesChanges(t, tk.Name(), task.Nth(tk, 1, 1, 40), tk.Vocab(), func(s task.Sample) error {
		return copyCheck(s, 8, 14, true)
	})
	noticesChanges(t, "copying", task.Nth(task.Copying{}, 1, 1, 40), tk.Vocab(), func(s task.Sample) error {
		return copyCheck(s, 8, 14, false)
	})
}

// TestCopyingIsUniform: every choice of places is equally likely, as is every
// value at each of them.
func TestCopyingIsUniform(t *testing.T) {
	rng := task.Stream(12, 0)
	small := task.SelectiveCopying{Tokens: 3, Values: 5}
	places := map[string]int{} // 3 of 7 places: 35 choices
	values := make([]int, 5*5*5)
	for range 20000 {
		s := small.Draw(rng, 7+3)
		var at []int
		for i, c := range s.Classes {
			if c == task.Data {
				at = append(at, i)
			}
		}
		places[fmt.Sprint(at)]++
		values[(s.Asks[0].Answer-1)*25+(s.Asks[1].Answer-1)*5+s.Asks[2].Answer-1]++
	}
	var counts []int
	for _, n := range places {
		counts = append(counts, n)
	}
	if len(counts) != 35 {
		t.Fatalf("%d choices of 3 places among 7, want 35", len(counts))
	}
	even(t, "places", counts)
	even(t, "values", values)

	plain := make([]int, 14)
	for range 5000 {
		for _, a := range (task.Copying{}).Draw(rng, 20).Asks {
			plain[a.Answer-1]++
		}
	}
	even(t, "plain copying", plain)

	// In the paper's setting each place holds data 16 times in 4112.
	large := task.SelectiveCopying{Tokens: 16}
	quarter := make([]int, 4)
	for range 300 {
		s := large.Draw(rng, 4096+2*16)
		if err := copyCheck(s, 16, 14, true); err != nil {
			t.Fatal(err)
		}
		for i, c := range s.Classes {
			if c == task.Data {
				quarter[i/1028]++
			}
		}
	}
	even(t, "quarters", quarter)
}

// TestCopyingPrompts: each prompt is a sequence that the task could draw, and
// those that say so have the same answers.
func TestCopyingPrompts(t *testing.T) {
	for _, m := range []int{1, 4, 8, 16} {
		for _, values := range []int{1, 3, 14, 26, 40, 52} {
			for _, tk := range []task.Task{task.SelectiveCopying{Tokens: m, Values: values}, task.Copying{Tokens: m, Values: values}} {
				for _, p := range tk.Card().Prompts {
					tokens := ids(t, tk, p.Text)
					s := task.Sample{Tokens: tokens}
					// A check of the tokens alone: asks and classes come from them.
					err := copyCheck(s, m, values, tk.Name() == "selective-copying")
					if err == nil || !strings.HasPrefix(err.Error(), "asks") {
						t.Errorf("%s, M %d, %d values: prompt %q: %v", tk.Name(), m, values, p.Text, err)
					}
				}
			}
		}
	}
	spell := func(text string) string { return strings.Trim(strings.ReplaceAll(text, ".", ""), "?") }
	prompts := task.SelectiveCopying{}.Card().Prompts
	if a, b := spell(prompts[0].Text), spell(prompts[1].Text); a != "feedback" || a != b || prompts[0].Text == prompts[1].Text {
		t.Errorf("prompts spell %q and %q", a, b)
	}
	if n := len(prompts[0].Text); n < 24 || n > 34 {
		t.Errorf("the first prompt has %d tokens, want 24 to 34", n)
	}
}

// TestCopyingSettings: settings that make no task panic with what is wrong.
func TestCopyingSettings(t *testing.T) {
	for _, tk := range []task.Task{
		task.Copying{Tokens: -1}, task.SelectiveCopying{Tokens: -3},
		task.Copying{Values: -1}, task.SelectiveCopying{Values: 53},
	} {
		func() {
			defer func() {
				if why, _ := recover().(string); !strings.HasPrefix(why, "task: copying: ") {
					t.Errorf("%+v: panic %q", tk, why)
				}
			}()
			tk.Draw(task.Stream(1, 1), 64)
		}()
	}
	card := task.Copying{Values: 52}.Card()
	if len(card.Symbols) != 54 || !slices.Contains(card.Symbols, "Z") {
		t.Errorf("52 values have the symbols %q", card.Symbols)
	}
}
