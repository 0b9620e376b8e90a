package task_test

import (
	"fmt"
	"strings"
	"testing"

	"mamba-tui/model/task"
)

// recallCheck reads a sequence by the grammar of the task and checks every
// answer, in the text and in the asks, against a map of the document.
func recallCheck(s task.Sample) error {
	var asks []task.Ask
	var classes []task.Class
	var bound map[int32]int32
	isKey := func(i int) bool { return i < len(s.Tokens) && s.Tokens[i] < task.RecallKeys }
	for i := 0; i < len(s.Tokens); {
		switch id := s.Tokens[i]; {
		case id == task.RecallMark:
			bound = map[int32]int32{}
			classes = append(classes, task.Event)
			i++
		case bound == nil:
			return fmt.Errorf("no ¶ at the beginning: %v", s.Tokens)
		case id == task.RecallAsk && isKey(i+1):
			answer, ok := bound[s.Tokens[i+1]]
			if !ok {
				answer = task.RecallNone
			}
			asks = append(asks, task.Ask{At: i + 1, Answer: answer})
			classes = append(classes, task.Query, task.Query)
			if i += 2; i == len(s.Tokens) {
				return same(s, asks, classes)
			}
			if s.Tokens[i] != answer {
				return fmt.Errorf("the answer at %d is %d, want %d: %v", i, s.Tokens[i], answer, s.Tokens)
			}
			classes = append(classes, task.Query)
			i++
		case isKey(i) && i+1 < len(s.Tokens) && s.Tokens[i+1] >= task.RecallKeys && s.Tokens[i+1] < task.RecallMark:
			bound[id] = s.Tokens[i+1]
			classes = append(classes, task.Data, task.Data)
			i += 2
		default:
			return fmt.Errorf("token %d is %d: %v", i, id, s.Tokens)
		}
	}
	return fmt.Errorf("no open question at the end: %v", s.Tokens)
}

func TestRecallDefinition(t *testing.T) {
	tk := task.Recall{}
	for i := range uint64(3000) {
		length := tk.Shortest() + int(i)%130
		s := task.Nth(tk, 31, i, length)
		err := checked(tk, s, length)
		if err == nil {
			err = recallCheck(s)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	noticesChanges(t, tk.Name(), task.Nth(tk, 1, 1, 60), tk.Vocab(), recallCheck)
}

// TestRecallPrompts: every answer in a prompt is the right one, and the open
// question at its end has the answer its title promises.
func TestRecallPrompts(t *testing.T) {
	tk := task.Recall{}
	want := []string{"-", "1", "1"}
	for p, prompt := range tk.Card().Prompts {
		answer := ids(t, tk, want[p])[0]
		s := task.Sample{Tokens: ids(t, tk, prompt.Text)}
		// Asks and classes are not known: the check must reach its end, where
		// it compares them, and find everything before in order.
		err := recallCheck(s)
		last := fmt.Sprintf("{%d %d}]", len(s.Tokens)-1, answer)
		if err == nil || !containsAll(err.Error(), "asks [], want [{", last) {
			t.Errorf("%q: %v, want a last ask %s", prompt.Title, err, last)
		}
	}
	for _, wrong := range []string{"¶a3?a4?a", "¶?a3?a", "¶a3¶?a3?a", "¶a3", "a3?a", "¶a?a", "¶a34?a", "¶-?a"} {
		if err := recallCheck(task.Sample{Tokens: ids(t, tk, wrong)}); err == nil || containsAll(err.Error(), "asks [], want [{") {
			t.Errorf("%q: %v, want it refused before its end", wrong, err)
		}
	}
}

// TestRecallChances: keys and values are equally likely, bound and unbound
// keys are both asked for, forgetting and keeping are both needed.
func TestRecallChances(t *testing.T) {
	tk := task.Recall{}
	keys, values, firsts := make([]int, task.RecallKeys), make([]int, task.RecallValues), make([]int, task.RecallValues)
	asked, none, stale, rebound := 0, 0, 0, 0
	for i := range uint64(3000) {
		s := task.Nth(tk, 32, i, 128)
		if s.Asks[len(s.Asks)-1].At != len(s.Tokens)-1 {
			t.Fatal("the last token is not a question")
		}
		document := map[int32]int32{} // bindings of this document
		ever := map[int32]bool{}      // keys bound before
		for j, id := range s.Tokens {
			switch {
			case id == task.RecallMark:
				clear(document)
			case id < task.RecallKeys && s.Classes[j] == task.Data:
				v := s.Tokens[j+1]
				if old, ok := document[id]; ok && old != v {
					rebound++
				}
				keys[id]++
				values[v-task.RecallKeys]++
				document[id], ever[id] = v, true
			case id < task.RecallKeys && s.Tokens[j-1] == task.RecallAsk:
				asked++
				if _, ok := document[id]; !ok {
					none++
					if ever[id] {
						stale++
					}
				}
			}
		}
		for _, a := range s.Asks {
			if a.Answer != task.RecallNone {
				firsts[a.Answer-task.RecallKeys]++
				break
			}
		}
	}
	even(t, "bound keys", keys)
	even(t, "values", values)
	even(t, "first answers", firsts)
	for what, share := range map[string]float64{
		"none is the answer":               float64(none) / float64(asked),
		"an old document had the answer":   float64(stale) / float64(asked),
		"a key is bound anew per question": float64(rebound) / float64(asked),
	} {
		t.Logf("%s: %.3f", what, share)
		if share < 0.1 || share > 0.6 {
			t.Errorf("%s in %.3f of all questions", what, share)
		}
	}
}

func containsAll(text string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}
