package tokenizer

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"¶ 4\ta\n":                         "¶␣4⇥a⏎",
		"plain-ASCII~!":                    "plain-ASCII~!",
		`a\b`:                              `a\b`,
		"日本 é":                             "日本␣é",
		"\x00\r\x1b[2J\x7f":                `\x00\x0d\x1b[2J\x7f`,
		"\u009b31m\u0080":                  `\u009b31m\u0080`,                   // C1: CSI as one character
		"\x9b31m":                          `\x9b31m`,                           // C1: CSI as one byte, not UTF-8
		"\xc3(":                            `\xc3(`,                             // cut sequence
		"\xed\xa0\x80":                     `\xed\xa0\x80`,                      // a surrogate in UTF-8
		"\ufffd":                           "\ufffd",                            // the real replacement character
		"a\u202eb\u2066c":                  `a\u202eb\u2066c`,                   // bidirectional override, isolate
		"\u200b\u200d\ufeff":               `\u200b\u200d\ufeff`,                // zero width
		"\u00ad\u2028\u2029":               `\u00ad\u2028\u2029`,                // soft hyphen, separators
		"\u00a0\u3000\u2003":               `\u00a0\u3000\u2003`,                // spaces that are not U+0020
		"\U000e0041":                       `\U000e0041`,                        // tag
		"\ue0b0\U0010fffd":                 `\ue0b0\U0010fffd`,                  // private use
		"\u3164\u115f\uffa0":               `\u3164\u115f\uffa0`,                // letters that draw nothing
		"❤\ufe0f":                          `❤\ufe0f`,                           // variation selector
		"e\u0301":                          "e\u0301",                           // é, decomposed
		"\u0301e":                          `\u0301e`,                           // a mark with nothing to stand on
		" \u0301":                          `␣\u0301`,                           // nor on a drawn space
		"\x1b\u0301":                       `\x1b\u0301`,                        // nor on an escape
		"a\u0301\u0302\u0303":              "a\u0301\u0302\u0303",               // three marks
		"a\u0301\u0302\u0303\u0304b\u0301": "a\u0301\u0302\u0303\\u0304b\u0301", // no fourth
		"\u0378":                           `\u0378`,                            // unassigned
	} {
		if got := Visible(text); got != want {
			t.Errorf("Visible(%q) = %q, want %q", text, got, want)
		}
	}
}

// Every code point alone, and after a letter, is safe.
func TestVisibleEveryRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		assertSafe(t, Visible(string(r)))
		if r < 0x3000 {
			assertSafe(t, Visible("a"+string(r)+"b"))
		}
		if t.Failed() {
			t.Fatalf("U+%04X", r)
		}
	}
}

func TestPrintable(t *testing.T) {
	for _, r := range "aé日¶·✓▀\u0301 ~\ufffd" {
		if !Printable(r) {
			t.Errorf("%U is not printable", r)
		}
	}
	for _, r := range "\x00\x1f\x7f\u0080\u009f\u00a0\u200e\u202a\u2069\ufe0f\ue000\u061c" {
		if Printable(r) {
			t.Errorf("%U is printable", r)
		}
	}
	if Printable(-1) || Printable(0xd800) || Printable(0x110000) {
		t.Error("what is not a character is printable")
	}
}

// assertSafe is written without the predicate under test: no byte of a
// control, no character of a class that a terminal may obey.
func assertSafe(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("%q is not UTF-8", s)
	}
	for _, r := range s {
		switch {
		case r < 0x20, r >= 0x7f && r < 0xa0:
			t.Errorf("%q holds the control %U", s, r)
		case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs, unicode.Bidi_Control):
			t.Errorf("%q holds %U", s, r)
		}
	}
}

func FuzzVisible(f *testing.F) {
	for _, s := range []string{"", " \t\n", "\x1b]0;title\x07", "\xc2\x9b31m\x9b", "a\u202e\u0301\U000e0001\xff", strings.Repeat("\u0301", 9)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Visible(text)
		assertSafe(t, got)
		if strings.Contains(got, " ") {
			t.Errorf("Visible(%q) = %q holds a space", text, got)
		}
		if (got == "") != (text == "") {
			t.Errorf("Visible(%q) = %q", text, got)
		}
	})
}
