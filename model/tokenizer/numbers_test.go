package tokenizer

import (
	"slices"
	"strings"
	"testing"
)

func TestNumbers(t *testing.T) {
	n, err := NewNumbers(50280)
	if err != nil {
		t.Fatal(err)
	}
	got, err := n.Encode("  0\t50279\n007\u2003 12 ", true)
	want := []Token{{Text: "0"}, {ID: 50279, Text: "50279"}, {ID: 7, Text: "007"}, {ID: 12, Text: "12"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Encode = %v, %v, want %v", got, err, want)
	}
	if got, err := n.Encode(" \n", false); err != nil || len(got) != 0 {
		t.Errorf("Encode of white space = %v, %v", got, err)
	}
	if n.Text(50279) != "50279" || n.Text(50280) != "" || n.Text(-1) != "" {
		t.Errorf("Text: %q %q %q", n.Text(50279), n.Text(50280), n.Text(-1))
	}
	if a := n.Alphabet(); len(a) != 50280 || a[17] != "17" || n.Size() != 50280 || n.Other() != -1 {
		t.Errorf("alphabet of %d, size %d, other %d", len(a), n.Size(), n.Other())
	}
}

func TestNumbersRefuses(t *testing.T) {
	n, _ := NewNumbers(16)
	const tail = ", is not a token id: this model has no symbol table, write ids from 0 to 15 with spaces between them"
	for text, want := range map[string]string{
		"1 16":         `tokenizer: word 2, "16"` + tail,
		"-1":           `tokenizer: word 1, "-1"` + tail,
		"+1":           `tokenizer: word 1, "+1"` + tail,
		"3 4 five":     `tokenizer: word 3, "five"` + tail,
		"4294967296":   `tokenizer: word 1, "4294967296"` + tail,
		"1.0":          `tokenizer: word 1, "1.0"` + tail,
		"1_0":          `tokenizer: word 1, "1_0"` + tail,
		"\x1b[31m":     `tokenizer: word 1, "\x1b[31m"` + tail,
		"\xff":         `tokenizer: word 1, "\xff"` + tail,
		"7 " + "é\x00": `tokenizer: word 2, "é\x00"` + tail,
	} {
		for _, strict := range []bool{false, true} {
			if got, err := n.Encode(text, strict); err == nil || err.Error() != want || got != nil {
				t.Errorf("Encode(%q, %v) = %v, %v\nwant %s", text, strict, got, err, want)
			}
		}
	}
	if _, err := n.Encode(strings.Repeat("9", 1<<20), false); err == nil || len(err.Error()) > 250 {
		t.Errorf("a word of a million digits is not cut in its error: %d bytes", len(err.Error()))
	}
	for _, vocab := range []int{0, -1, 1 << 31} {
		if _, err := NewNumbers(vocab); err == nil {
			t.Errorf("NewNumbers(%d) succeeds", vocab)
		}
	}
}

// FuzzNumbers: what is accepted reads back as the ids that were written.
func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"1 2 3", " 15\n", "x", "\xff", "99999999999999999999"} {
		f.Add(s)
	}
	n, _ := NewNumbers(16)
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := n.Encode(text, false)
		if err != nil {
			assertSafe(t, err.Error())
			return
		}
		words := strings.Fields(text)
		if len(words) != len(tokens) {
			t.Fatalf("%d tokens of %d words in %q", len(tokens), len(words), text)
		}
		for i, tok := range tokens {
			if tok.ID < 0 || tok.ID > 15 || tok.Text != words[i] || strings.TrimLeft(words[i], "0") != strings.TrimLeft(n.Text(tok.ID), "0") {
				t.Fatalf("word %q became %v", words[i], tok)
			}
		}
	})
}
