package tokenizer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"mamba-tui/model"
)

// card has symbols that begin with one another, one of several bytes, an
// alias of several characters and an other symbol in the middle of the table.
var card = model.Card{
	Symbols: []string{"¶", "a", "·", "ab", "abc", "b", "?"},
	Other:   "·",
	Aliases: []model.Alias{{Text: "\n", Symbol: "¶"}, {Text: "\r\n", Symbol: "¶"}, {Text: "noise", Symbol: "·"}},
}

func symbols(t testing.TB, c model.Card) *Symbols {
	t.Helper()
	s, err := NewSymbols(c, len(c.Symbols))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEncode(t *testing.T) {
	s := symbols(t, card)
	for _, c := range []struct {
		text string
		want []Token
	}{
		{"", nil},
		{"a", []Token{{ID: 1, Text: "a"}}},
		{"ba", []Token{{ID: 5, Text: "b"}, {ID: 1, Text: "a"}}},
		// The longest match wins, and only from where the last one ended.
		{"abcab", []Token{{ID: 4, Text: "abc"}, {ID: 3, Text: "ab"}}},
		{"aabc", []Token{{ID: 1, Text: "a"}, {ID: 4, Text: "abc"}}},
		{"¶\n\r\n", []Token{{Text: "¶"}, {Text: "\n"}, {Text: "\r\n"}}},
		// A lone carriage return is no alias.
		{"\ra", []Token{{ID: 2, Text: "\r", Other: true}, {ID: 1, Text: "a"}}},
		// The other symbol and its alias are typed, not outside the alphabet.
		{"·noise", []Token{{ID: 2, Text: "·"}, {ID: 2, Text: "noise"}}},
		{"nois", []Token{
			{ID: 2, Text: "n", Other: true}, {ID: 2, Text: "o", Other: true},
			{ID: 2, Text: "i", Other: true}, {ID: 2, Text: "s", Other: true}}},
		// One character, not its bytes.
		{"日b", []Token{{ID: 2, Text: "日", Other: true}, {ID: 5, Text: "b"}}},
		// ¶ is 0xc2 0xb6: half of it is one byte outside the alphabet.
		{"\xc2a\xb6", []Token{{ID: 2, Text: "\xc2", Other: true}, {ID: 1, Text: "a"}, {ID: 2, Text: "\xb6", Other: true}}},
	} {
		got, err := s.Encode(c.text, false)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("Encode(%q) = %v, %v, want %v", c.text, got, err, c.want)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	alone := model.Card{Symbols: []string{"x", "y"}}
	for _, c := range []struct {
		name   string
		card   model.Card
		text   string
		strict bool
		want   string
	}{
		{"strict", card, "abc¶q", true,
			`tokenizer: character 5, "q", is not in the alphabet, and strict mode refuses it: type one of ¶ a ab abc b ?`},
		{"strict, a control", card, "a\x1b[2J", true,
			`tokenizer: character 2, "\x1b", is not in the alphabet, and strict mode refuses it: type one of ¶ a ab abc b ?`},
		{"strict, not UTF-8", card, "\xff", true,
			`tokenizer: character 1, "\xff", is not in the alphabet, and strict mode refuses it: type one of ¶ a ab abc b ?`},
		{"no other symbol", alone, "xyz", false,
			`tokenizer: character 3, "z", is not in the alphabet, and this model has no symbol for other characters: type one of x y`},
	} {
		got, err := symbols(t, c.card).Encode(c.text, c.strict)
		if err == nil || err.Error() != c.want || got != nil {
			t.Errorf("%s: Encode(%q) = %v, %v\nwant %s", c.name, c.text, got, err, c.want)
		}
	}
}

func TestSymbolsTable(t *testing.T) {
	s := symbols(t, card)
	if got, want := s.Alphabet(), []string{"¶", "a", "ab", "abc", "b", "?"}; !slices.Equal(got, want) {
		t.Errorf("Alphabet() = %q, want %q", got, want)
	}
	if s.Other() != 2 || s.Size() != 7 {
		t.Errorf("Other() = %d, Size() = %d, want 2 and 7", s.Other(), s.Size())
	}
	for id, want := range map[int32]string{-1: "", 0: "¶", 4: "abc", 6: "?", 7: "", 1 << 30: ""} {
		if got := s.Text(id); got != want {
			t.Errorf("Text(%d) = %q, want %q", id, got, want)
		}
	}
	if symbols(t, model.Card{Symbols: []string{"x"}}).Other() != -1 {
		t.Error("a card without an other symbol has one")
	}
	s.Alphabet()[0] = "changed"
	if s.Text(0) != "¶" || s.Alphabet()[0] != "¶" {
		t.Error("the alphabet is shared with its caller")
	}
}

func TestNewSymbolsRefuses(t *testing.T) {
	long := strings.Repeat("é", 40)
	for _, c := range []struct {
		card  model.Card
		vocab int
		want  string
	}{
		{model.Card{Symbols: []string{"a"}}, 2,
			"tokenizer: the symbol table has 1 symbols, the model 2 token ids: every id needs exactly one symbol"},
		{model.Card{Symbols: []string{"a", ""}}, 2, "tokenizer: empty symbol: it could never be typed (id 1)"},
		{model.Card{Symbols: []string{"a", "b", "a"}}, 3,
			`tokenizer: symbol "a" stands for ids 0 and 2: every id needs a symbol of its own`},
		{model.Card{Symbols: []string{"\xff"}}, 1, `tokenizer: symbol "\xff" is not UTF-8 (id 0)`},
		{model.Card{Symbols: []string{long}}, 1, `tokenizer: symbol "éééééééé"… has 80 bytes, at most 64 are allowed (id 0)`},
		{model.Card{Symbols: []string{"a"}, Other: "b"}, 1, `tokenizer: the other symbol "b" is not in the symbol table`},
		{model.Card{Symbols: []string{"a"}, Aliases: []model.Alias{{Text: "x", Symbol: "b"}}}, 1,
			`tokenizer: alias "x" stands for "b", which is not a symbol`},
		{model.Card{Symbols: []string{"a"}, Aliases: []model.Alias{{Text: "x", Symbol: "a"}, {Text: "y", Symbol: "x"}}}, 1,
			`tokenizer: alias "y" stands for "x", which is not a symbol`},
		{model.Card{Symbols: []string{"a", "b"}, Aliases: []model.Alias{{Text: "b", Symbol: "a"}}}, 2,
			`tokenizer: alias "b" of "a" already stands for "b"`},
		{model.Card{Symbols: []string{"a"}, Aliases: []model.Alias{{Text: "", Symbol: "a"}}}, 1,
			"tokenizer: empty alias: it could never be typed"},
	} {
		_, err := NewSymbols(c.card, c.vocab)
		if err == nil || err.Error() != c.want {
			t.Errorf("NewSymbols(%q, %d): %v\nwant %s", c.card.Symbols, c.vocab, err, c.want)
		}
	}
}

func TestListNamesWhatItLeavesOut(t *testing.T) {
	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprint(i))
	}
	if got := list(many, 40); !strings.HasSuffix(got, " 38 39 … (10 more)") {
		t.Errorf("list of 50 ends with %q", got[len(got)-30:])
	}
}

func TestFor(t *testing.T) {
	if tok, err := For(card, 7); err != nil || tok.Text(3) != "ab" {
		t.Errorf("For with a table: %v, %v", tok, err)
	}
	if tok, err := For(model.Card{}, 7); err != nil || tok.Text(3) != "3" {
		t.Errorf("For without a table: %v, %v", tok, err)
	}
	if _, err := For(card, 8); err == nil {
		t.Error("For accepts a table with too few symbols")
	}
	if _, err := For(model.Card{}, 0); err == nil {
		t.Error("For accepts an empty vocabulary")
	}
}

// FuzzEncode: the tokens are the text, cut into pieces, whatever the text.
func FuzzEncode(f *testing.F) {
	for _, s := range []string{"", "abcab", "¶\r\n·", "\xc2\xb6\xff", "noisenois", "日本e\u0301"} {
		f.Add(s)
	}
	s := symbols(f, card)
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := s.Encode(text, false)
		if err != nil {
			t.Fatalf("Encode(%q): %v", text, err)
		}
		var all strings.Builder
		outside := false
		for _, tok := range tokens {
			all.WriteString(tok.Text)
			outside = outside || tok.Other
			switch {
			case tok.ID < 0 || int(tok.ID) >= s.Size():
				t.Fatalf("token %v of %q has no such id", tok, text)
			case tok.Other && (tok.ID != s.Other() || utf8.RuneCountInString(tok.Text) != 1):
				t.Fatalf("token %v of %q is not one other character", tok, text)
			}
		}
		if all.String() != text {
			t.Fatalf("the tokens of %q read %q", text, all.String())
		}
		_, err = s.Encode(text, true)
		if (err != nil) != outside {
			t.Fatalf("strict Encode(%q): %v, but outside the alphabet: %v", text, err, outside)
		}
		if err != nil {
			assertSafe(t, err.Error())
		}
	})
}

func ExampleSymbols_Encode() {
	s, err := NewSymbols(model.Card{
		Symbols: []string{"¶", "a", "b", "·"},
		Other:   "·",
		Aliases: []model.Alias{{Text: "\n", Symbol: "¶"}},
	}, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	tokens, _ := s.Encode("a\nz", false)
	for _, t := range tokens {
		fmt.Println(t.ID, s.Text(t.ID), Visible(t.Text), t.Other)
	}
	// Output:
	// 1 a a false
	// 0 ¶ ⏎ false
	// 3 · z true
}
