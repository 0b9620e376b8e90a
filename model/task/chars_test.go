package task_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/model/tokenizer"
)

// verse is a text of 400 lines in which every place can be told from every
// other: the numbers do not repeat.
var verse = func() string {
	var b strings.Builder
	for i := range 400 {
		fmt.Fprintf(&b, "line %d: the cat sat on mat %d.\n", i, i*i+100)
	}
	return b.String()
}()

func newChars(t testing.TB, text string, o task.CharsOptions) *task.Chars {
	t.Helper()
	c, err := task.NewChars("text", []byte(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// spell is the text of ids.
func spell(card model.Card, tokens []int32) string {
	var b strings.Builder
	for _, id := range tokens {
		b.WriteString(card.Symbols[id])
	}
	return b.String()
}

// charsCheck checks a sequence against the definition: it stands somewhere in
// part, and at every token the character that follows there is asked for, if
// it is in the vocabulary.
func charsCheck(card model.Card, part string, s task.Sample) error {
	shown := spell(card, s.Tokens)
	err := fmt.Errorf("%q with its next character is not in the text", shown)
	for from := 0; ; from++ {
		at := strings.Index(part[from:], shown)
		if at < 0 || from+at+len(shown) == len(part) {
			return err
		}
		from += at
		if err = charsCheckAt(card, []rune(part[from:])[1:], s); err == nil {
			return nil
		}
	}
}

// charsCheckAt is charsCheck where the characters next follow the first token.
func charsCheckAt(card model.Card, next []rune, s task.Sample) error {
	var asks []task.Ask
	var classes []task.Class
	for i, id := range s.Tokens {
		class := task.Data
		switch {
		case card.Symbols[id] == card.Other:
			class = task.Noise
		case strings.ContainsAny(card.Symbols[id], " \n\t"):
			class = task.Event
		}
		classes = append(classes, class)
		if answer := slices.Index(card.Symbols, string(next[i])); answer >= 0 && string(next[i]) != card.Other {
			asks = append(asks, task.Ask{At: i, Answer: int32(answer)})
		}
	}
	return same(s, asks, classes)
}

// split is the text before and in the part that is held out.
func split(text string) (training, held string) {
	chars := []rune(text)
	at := len(chars) - len(chars)/10
	return string(chars[:at]), string(chars[at:])
}

func TestCharsDefinition(t *testing.T) {
	tk := newChars(t, verse, task.CharsOptions{})
	training, held := split(verse)
	for i := range uint64(600) {
		length := 1 + int(i)%110
		for part, c := range map[string]task.Task{training: tk, held: tk.HeldOut()} {
			s := task.Nth(c, 41, i, length)
			err := checked(tk, s, length)
			if err == nil {
				err = charsCheck(tk.Card(), part, s)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	noticesChanges(t, tk.Name(), task.Nth(tk, 1, 1, 60), tk.Vocab(), func(s task.Sample) error {
		return charsCheck(tk.Card(), training, s)
	})
	if n := len(verse); tk.Characters() != n-n/10 || tk.HeldOut().(*task.Chars).Characters() != n/10 || tk.Outside() != 0 {
		t.Errorf("%d characters of %d, %d held out, %d outside", tk.Characters(), n,
			tk.HeldOut().(*task.Chars).Characters(), tk.Outside())
	}
	again := tk.HeldOut().(task.HeldOut).HeldOut()
	if a, b := task.Nth(tk.HeldOut(), 5, 5, 30), task.Nth(again, 5, 5, 30); !slices.Equal(a.Tokens, b.Tokens) {
		t.Error("what is held out of the held-out part is something else")
	}
}

// TestCharsHeldOut: training never shows a character of the held-out part, nor
// the other way round.
func TestCharsHeldOut(t *testing.T) {
	tk := newChars(t, strings.Repeat("abc", 300)+strings.Repeat("xyz", 34)[:100], task.CharsOptions{})
	for i := range uint64(2000) {
		if got := spell(tk.Card(), task.Nth(tk, 42, i, 1+int(i)%50).Tokens); strings.ContainsAny(got, "xyz") {
			t.Fatalf("training shows %q", got)
		}
		s := task.Nth(tk.HeldOut(), 42, i, 1+int(i)%50)
		if got := spell(tk.Card(), s.Tokens); strings.ContainsAny(got, "abc") {
			t.Fatalf("the held-out part shows %q", got)
		}
		for _, a := range s.Asks {
			if strings.Contains("abc", tk.Card().Symbols[a.Answer]) {
				t.Fatalf("the held-out part asks for %q", tk.Card().Symbols[a.Answer])
			}
		}
	}
}

// TestCharsPlaces: every window is equally likely, the first and last included.
func TestCharsPlaces(t *testing.T) {
	// Two characters name a place: the 1000 held-out ones of 10,000 differ.
	var chars []rune
	for i := range 10000 {
		chars = append(chars, rune(0x4e00+i%1000))
	}
	tk := newChars(t, string(chars), task.CharsOptions{Vocab: 1000})
	held := tk.HeldOut()
	counts := make([]int, 1000-900)
	for i := range uint64(40000) {
		s := task.Nth(held, 43, i, 900)
		counts[s.Tokens[0]]++
	}
	even(t, "windows", counts)
}

// TestCharsSeam: a sequence longer than the part goes on at its beginning, and
// what comes after the seam is not asked for at the seam.
func TestCharsSeam(t *testing.T) {
	tk := newChars(t, verse, task.CharsOptions{}).HeldOut().(*task.Chars)
	_, held := split(verse)
	starts := map[string]bool{}
	for i := range uint64(200) {
		s := task.Nth(tk, 44, i, 3*len(held)+7)
		if err := checked(tk, s, 3*len(held)+7); err != nil {
			t.Fatal(err)
		}
		shown := spell(tk.Card(), s.Tokens)
		if !strings.Contains(strings.Repeat(held, 5), shown) {
			t.Fatalf("%q is not the text again and again", shown)
		}
		starts[shown[:20]] = true
		targets := s.Targets(nil)
		for j := range s.Tokens[1:] {
			seam := strings.HasSuffix(shown[:j+1], held[len(held)-20:])
			if j >= 20 && seam != (targets[j] < 0) {
				t.Fatalf("token %d: seam %v, target %d", j, seam, targets[j])
			}
			if targets[j] >= 0 && targets[j] != s.Tokens[j+1] {
				t.Fatalf("token %d: target %d, next %d", j, targets[j], s.Tokens[j+1])
			}
		}
	}
	if len(starts) < 80 {
		t.Errorf("long sequences begin at %d places only", len(starts))
	}
}

func TestCharsVocabulary(t *testing.T) {
	// c and b come most often; of the rest, all equally frequent, the first in
	// the order of Unicode get an id.
	body := strings.Repeat("cb", 480) + strings.Repeat("zyxwa é😀", 5)
	for _, c := range []struct {
		limit   int
		symbols string
		other   string
		outside int
	}{
		{0, " abcwxyzé😀", "", 0},
		{10, " abcwxyzé😀", "", 0},
		{9, " abcwxyz\uFFFD", "\uFFFD", 10},
		{4, " bc\uFFFD", "\uFFFD", 35},
		{3, "bc\uFFFD", "\uFFFD", 40},
	} {
		tk := newChars(t, body, task.CharsOptions{Vocab: c.limit})
		card := tk.Card()
		if got := strings.Join(card.Symbols, ""); got != c.symbols || card.Other != c.other || tk.Outside() != c.outside {
			t.Errorf("limit %d: symbols %q, other %q, %d outside; want %q, %q, %d",
				c.limit, got, card.Other, tk.Outside(), c.symbols, c.other, c.outside)
		}
		for i := range uint64(50) {
			s := task.Nth(tk.HeldOut(), 45, i, 20)
			for _, a := range s.Asks {
				if card.Symbols[a.Answer] == c.other {
					t.Fatalf("limit %d: the symbol for all others is asked for", c.limit)
				}
			}
			for j, id := range s.Tokens {
				if (card.Symbols[id] == c.other) != (s.Classes[j] == task.Noise) {
					t.Fatalf("limit %d: %q is of class %v", c.limit, card.Symbols[id], s.Classes[j])
				}
			}
		}
	}
	// Card hands out a copy.
	tk := newChars(t, body, task.CharsOptions{})
	tk.Card().Symbols[0] = "?"
	if tk.Card().Symbols[0] != " " {
		t.Error("a caller can change the symbols of the task")
	}
}

// TestCharsReading: line ends, the byte order mark and broken bytes.
func TestCharsReading(t *testing.T) {
	clean := newChars(t, verse, task.CharsOptions{})
	for what, raw := range map[string]string{
		"CRLF":            strings.ReplaceAll(verse, "\n", "\r\n"),
		"CR":              strings.ReplaceAll(verse, "\n", "\r"),
		"byte order mark": "\uFEFF" + verse,
	} {
		tk := newChars(t, raw, task.CharsOptions{})
		if !slices.Equal(tk.Card().Symbols, clean.Card().Symbols) || tk.Characters() != clean.Characters() {
			t.Errorf("%s: %d symbols, %d characters; want %d, %d", what, tk.Vocab(), tk.Characters(), clean.Vocab(), clean.Characters())
		}
		if a, b := task.Nth(tk, 1, 1, 99), task.Nth(clean, 1, 1, 99); !slices.Equal(a.Tokens, b.Tokens) {
			t.Errorf("%s: the sequences differ", what)
		}
	}
	// Three broken bytes (the first two of a character are two) and one U+FFFD.
	broken := verse[:400] + "\xe3\x81" + verse[400:700] + "\xff" + verse[700:] + "\uFFFD"
	tk := newChars(t, broken, task.CharsOptions{})
	if tk.Outside() != 4 || tk.Vocab() != clean.Vocab()+1 || tk.Card().Other != task.CharsOther {
		t.Errorf("%d outside, %d symbols, other %q", tk.Outside(), tk.Vocab(), tk.Card().Other)
	}
	symbols, err := tokenizer.For(tk.Card(), tk.Vocab())
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := symbols.Encode("cat ☃", false)
	if err != nil || tokens[4].ID != int32(tk.Vocab()-1) {
		t.Errorf("a character that is not in the text is read as %v, %v", tokens, err)
	}
}

func TestCharsErrors(t *testing.T) {
	hanzi := func(n int) string {
		var chars []rune
		for i := range n {
			chars = append(chars, rune(0x4e00+i))
		}
		return string(chars)
	}
	for _, c := range []struct {
		what, text string
		vocab      int
		want       string
	}{
		{"empty", "", 0, "has 0 characters, at least 1000"},
		{"short", verse[:999], 0, "has 999 characters, at least 1000"},
		{"UTF-16", "l\x00i\x00n\x00e\x00", 0, "byte 1 is 0"},
		{"Latin-1", strings.Repeat("caf\xe9 ", 300), 0, "300 of 1500 characters are not UTF-8, the first at byte 3"},
		{"one letter", strings.Repeat("a", 2000), 0, "1 different characters"},
		{"too many letters", hanzi(2000), 0, "of the 1800 characters of the training part are not among the 255"},
		{"held out unknown", strings.Repeat("ab", 900) + hanzi(200), 10, "of the 200 characters of the held-out part"},
		{"vocabulary of one", verse, 1, "a vocabulary of 1 ids: choose 2 to 4096"},
		{"vocabulary too large", verse, 4097, "4097"},
		{"negative vocabulary", verse, -1, "-1"},
		{"too long", strings.Repeat("a", 32<<20+1), 0, "more than 33554432 bytes"},
	} {
		tk, err := task.NewChars("text", []byte(c.text), task.CharsOptions{Vocab: c.vocab})
		if err == nil || tk != nil || !strings.HasPrefix(err.Error(), "task: chars: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
	// A larger vocabulary takes what the default refuses.
	if tk := newChars(t, hanzi(2000), task.CharsOptions{Vocab: 2000}); tk.Vocab() != 2000 || tk.Outside() != 0 {
		t.Errorf("%d symbols, %d outside", tk.Vocab(), tk.Outside())
	}
}

func TestOpenChars(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "verse.txt")
	if err := os.WriteFile(path, []byte(verse), 0o600); err != nil {
		t.Fatal(err)
	}
	tk, err := task.OpenChars(path, task.CharsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	source := tk.Source()
	if !strings.HasPrefix(source, "verse.txt sha256:") || len(source) != len("verse.txt sha256:")+64 {
		t.Errorf("source %q", source)
	}
	if want := fmt.Sprintf("the next character of verse.txt: %d characters, 25 symbols", len(verse)); tk.Card().Task != want {
		t.Errorf("the card says %q, want %q", tk.Card().Task, want)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{path, dir, filepath.Join(dir, "none.txt")} {
		if tk, err := task.OpenChars(bad, task.CharsOptions{}); err == nil || tk != nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	large := filepath.Join(dir, "large.txt")
	f, err := os.Create(large)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(32<<20 + 1); err != nil { // takes no room on most file systems
		t.Logf("no large file here: %v", err)
	} else if _, err := task.OpenChars(large, task.CharsOptions{}); err == nil || !strings.Contains(err.Error(), "more than 33554432 bytes") {
		t.Errorf("a file that is one byte too long: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestCharsPrompts: one prompt is from the held-out part, the next has its
// letters without the spaces, the last is the beginning.
func TestCharsPrompts(t *testing.T) {
	prompts := newChars(t, verse, task.CharsOptions{}).Card().Prompts
	_, held := split(verse)
	if len(prompts) != 3 || !strings.Contains(held, prompts[0].Text) || !strings.HasPrefix(prompts[0].Text, "line 36") {
		t.Fatalf("prompts %q", prompts)
	}
	if strings.ContainsFunc(prompts[1].Text, unicode.IsSpace) || prompts[1].Text != strings.NewReplacer(" ", "", "\n", "").Replace(prompts[0].Text) {
		t.Errorf("without spaces: %q", prompts[1].Text)
	}
	if !strings.HasPrefix(verse, prompts[2].Text) || len(prompts[2].Text) < 25 {
		t.Errorf("beginning: %q", prompts[2].Text)
	}
	// A text of white space in the end and no spaces before has one.
	card := newChars(t, strings.Repeat("ab", 500)+strings.Repeat(" ", 200), task.CharsOptions{}).Card()
	if len(card.Prompts) != 1 || card.Prompts[0].Text != strings.Repeat("ab", 16) {
		t.Errorf("prompts %q", card.Prompts)
	}
}

// FuzzChars: bytes are either refused, or a task whose sequences are in order
// and whose prompts can be typed.
func FuzzChars(f *testing.F) {
	f.Add([]byte(verse), uint16(0), uint16(30))
	f.Add([]byte(verse[:500]+"\xff\xfe"+verse[500:]), uint16(12), uint16(300))
	f.Add([]byte("\uFEFF日本語\r\r\n\t e\u0301 \u202e\x1b[31m"), uint16(5), uint16(0))
	f.Fuzz(func(t *testing.T, raw []byte, vocab, more uint16) {
		// A short text is repeated, so that most reach the task itself.
		if n := len(raw); n > 0 && n < 1000 {
			raw = bytes.Repeat(raw, 1+2000/n)
		}
		tk, err := task.NewChars("fuzz", raw, task.CharsOptions{Vocab: int(vocab) % 300})
		if err != nil {
			if tk != nil || !strings.HasPrefix(err.Error(), "task: chars: ") {
				t.Fatalf("%v and %v", tk, err)
			}
			return
		}
		length := 1 + int(more)%500
		for _, c := range []task.Task{tk, tk.HeldOut()} {
			s := task.Nth(c, uint64(vocab), uint64(more), length)
			if err := checked(tk, s, length); err != nil {
				t.Fatal(err)
			}
			for _, a := range s.Asks {
				if a.At+1 < length && s.Tokens[a.At+1] != a.Answer {
					t.Fatalf("%+v, but %d follows", a, s.Tokens[a.At+1])
				}
			}
		}
		symbols, err := tokenizer.For(tk.Card(), tk.Vocab())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range tk.Card().Prompts {
			if _, err := symbols.Encode(p.Text, true); err != nil {
				t.Fatalf("prompt %q: %v", p.Text, err)
			}
		}
	})
}
