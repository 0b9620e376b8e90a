package task_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/model/tokenizer"
)

// everyTask is each task of the package, the character model among them.
func everyTask(t testing.TB) []task.Sized {
	t.Helper()
	var list []task.Sized
	for _, tk := range task.All() {
		list = append(list, tk.(task.Sized))
	}
	chars, err := task.NewChars("verse", []byte(verse), task.CharsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return append(list, chars, chars.HeldOut().(task.Sized))
}

// TestList: what is listed can be opened by its name and is what it says.
func TestList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "verse.txt")
	if err := os.WriteFile(path, []byte(verse), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []string{"header", "majority", "recall", "induction", "selective-copying", "copying", "chars"}
	if !slices.Equal(task.Names(), want) {
		t.Errorf("names %v, want %v", task.Names(), want)
	}
	for _, l := range task.List() {
		text := ""
		if l.NeedsText {
			text = path
		}
		tk, err := task.Open(l.Name, text)
		if err != nil {
			t.Errorf("%s: %v", l.Name, err)
			continue
		}
		if tk.Name() != l.Name || tk.About() != l.About || !slices.Equal(tk.(task.Sized).Lengths(), l.Lengths) {
			t.Errorf("%s: listed as %+v, opened as %s, %+v", l.Name, l, tk.Name(), tk.About())
		}
		if strings.Contains(l.Line+l.Shows, "\n") || l.Line == "" || l.Shows == "" {
			t.Errorf("%s: %q and %q are not one line each", l.Name, l.Line, l.Shows)
		}
		if _, held := tk.(task.HeldOut); held != l.NeedsText {
			t.Errorf("%s: holds out material: %v", l.Name, held)
		}
	}
	for _, c := range []struct{ name, text, want string }{
		{"sorting", "", "the tasks are header, majority"},
		{"sorting", path, "there is no task"},
		{"chars", "", "needs a text"},
		{"recall", path, "does not learn from a text"},
		{"chars", path + "x", "verse.txtx"},
	} {
		if tk, err := task.Open(c.name, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Open(%q, %q) = %v, %v, want an error with %q", c.name, c.text, tk, err, c.want)
		}
	}
}

// TestLengths: the lengths ascend, can be drawn, and follow the settings.
func TestLengths(t *testing.T) {
	tasks := everyTask(t)
	tasks = append(tasks, task.SelectiveCopying{Tokens: 100}, task.SelectiveCopying{Tokens: 300},
		task.Copying{Tokens: 16}, task.Copying{Tokens: 65}, task.Header{Documents: 70}, task.Induction{Pairs: 12})
	for _, tk := range tasks {
		lengths := tk.Lengths()
		if len(lengths) == 0 || !slices.IsSorted(lengths) {
			t.Errorf("%s: lengths %v", tk.Name(), lengths)
		}
		for _, l := range lengths {
			if err := checked(tk, task.Nth(tk, 1, 0, l), l); err != nil {
				t.Errorf("%+v at its own length %d: %v", tk, l, err)
			}
		}
	}
	if l := (task.SelectiveCopying{}).Lengths(); !slices.Equal(l, []int{24, 40, 72, 136, 264}) {
		t.Errorf("selective copying of 8: lengths %v", l)
	}
	if l := (task.SelectiveCopying{Tokens: 100}).Lengths(); !slices.Equal(l, []int{228, 356}) {
		t.Errorf("selective copying of 100: lengths %v", l)
	}
}

// TestPromptsCanBeTyped: the prompts of the trained models are made of the
// model's own symbols, and what a card calls other is one of them.
func TestPromptsCanBeTyped(t *testing.T) {
	for _, tk := range everyTask(t) {
		card := tk.Card()
		if card.Kind != model.Trained || card.Task == "" || card.TaskName != tk.Name() || card.Name != "" || len(card.Prompts) < 2 {
			t.Errorf("%s: card %+v", tk.Name(), card)
		}
		symbols, err := tokenizer.For(card, tk.Vocab())
		if err != nil {
			t.Fatalf("%s: %v", tk.Name(), err)
		}
		titles := map[string]bool{}
		for _, p := range card.Prompts {
			tokens, err := symbols.Encode(p.Text, true)
			if err != nil || len(tokens) < 4 || titles[p.Title] {
				t.Errorf("%s: prompt %q %q: %d tokens, %v", tk.Name(), p.Title, p.Text, len(tokens), err)
			}
			titles[p.Title] = true
		}
	}
}

// ids maps a text to ids by the card of a task.
func ids(t testing.TB, tk task.Task, text string) []int32 {
	t.Helper()
	symbols, err := tokenizer.For(tk.Card(), tk.Vocab())
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := symbols.Encode(text, true)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int32
	for _, token := range tokens {
		ids = append(ids, token.ID)
	}
	return ids
}

// FuzzDraw: no seed, index or length makes a sequence that breaks what holds
// for all, and the same arguments give the same sequence again.
func FuzzDraw(f *testing.F) {
	f.Add(uint64(1), uint64(2), uint8(3), uint16(0))
	f.Add(uint64(0), uint64(0), uint8(1), uint16(1))
	f.Add(^uint64(0), uint64(1)<<40, uint8(5), uint16(300))
	tasks := everyTask(f)
	f.Fuzz(func(t *testing.T, seed, index uint64, which uint8, more uint16) {
		tk := tasks[int(which)%len(tasks)]
		length := tk.Shortest() + int(more)%2000
		s := task.Nth(tk, seed, index, length)
		if err := checked(tk, s, length); err != nil {
			t.Fatalf("%s: %v", tk.Name(), err)
		}
		again := task.Nth(tk, seed, index, length)
		if !slices.Equal(s.Tokens, again.Tokens) || !slices.Equal(s.Asks, again.Asks) {
			t.Fatalf("%s: two draws of sequence %d of seed %d differ", tk.Name(), index, seed)
		}
		asked := 0
		for _, target := range s.Targets(nil) {
			if target >= 0 {
				asked++
			}
		}
		if asked != len(s.Asks) {
			t.Fatalf("%s: %d targets for %d asks", tk.Name(), asked, len(s.Asks))
		}
	})
}

// TestEveryLength: every length from the shortest on can be drawn, and none
// below it.
func TestEveryLength(t *testing.T) {
	for _, tk := range everyTask(t) {
		for length := tk.Shortest(); length < tk.Shortest()+70; length++ {
			for i := range uint64(8) {
				if err := checked(tk, task.Nth(tk, 3, i, length), length); err != nil {
					t.Fatalf("%s at %d: %v", tk.Name(), length, err)
				}
			}
		}
		for length := -1; length < tk.Shortest(); length++ {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: drew %d tokens, the shortest is %d", tk.Name(), length, tk.Shortest())
					}
				}()
				task.Nth(tk, 3, 0, length)
			}()
		}
	}
}

// TestResets: where a task says that an Event starts anew, what follows the
// event is by itself a sequence of the task, with the same answers.
func TestResets(t *testing.T) {
	checks := map[string]func(task.Sample) error{"majority": majorityCheck, "recall": recallCheck, "header": nil}
	for _, tk := range everyTask(t) {
		check, resets := checks[tk.Name()]
		if tk.About().Resets != resets {
			t.Errorf("%s: resets: %v", tk.Name(), tk.About().Resets)
		}
		if check == nil {
			continue
		}
		cut := 0
		for i := range uint64(100) {
			s := task.Nth(tk, 61, i, 100)
			for at, class := range s.Classes {
				if class != task.Event || at == 0 {
					continue
				}
				rest := task.Sample{Tokens: s.Tokens[at:], Classes: s.Classes[at:]}
				for _, a := range s.Asks {
					if a.At >= at {
						rest.Asks = append(rest.Asks, task.Ask{At: a.At - at, Answer: a.Answer})
					}
				}
				if err := check(rest); err != nil {
					t.Fatalf("%s, cut at %d: %v", tk.Name(), at, err)
				}
				cut++
			}
		}
		if cut < 200 {
			t.Errorf("%s: only %d documents that are not the first in 100 sequences", tk.Name(), cut)
		}
	}
}
