package tokenizer

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks may stand on one base character. Two
// are enough for Vietnamese and three for pointed Hebrew; without a bound a
// single cell could hold a whole file.
const maxMarks = 3

// Visible returns text so that a terminal shows every character of it and
// obeys none: a space is ␣, a line feed ⏎, a tab ⇥, and what is not Printable
// is written as \x1b, \u202e or \U000e0001. A byte that is not UTF-8 is
// written as \xff. A combining mark is kept where it follows a character it
// can stand on, and written out elsewhere, so that no token can change the
// look of its neighbour.
//
// The result never holds a byte below 0x20, 0x7f or a C1 control and is valid
// UTF-8. It is for reading, not for parsing: a backslash in text stays as it
// is.
func Visible(text string) string {
	if plain(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 8)
	marks := maxMarks // nothing to stand on yet
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size <= 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
			marks = maxMarks
		case r == ' ':
			b.WriteString("␣")
			marks = maxMarks
		case r == '\n':
			b.WriteString("⏎")
			marks = maxMarks
		case r == '\t':
			b.WriteString("⇥")
			marks = maxMarks
		case !Printable(r), unicode.IsMark(r) && marks == maxMarks:
			escape(&b, r)
			marks = maxMarks
		case unicode.IsMark(r):
			b.WriteRune(r)
			marks++
		default:
			b.WriteRune(r)
			marks = 0
		}
		i += size
	}
	return b.String()
}

// Printable says that r may reach a terminal as it is: it is a letter, mark,
// number, punctuation or symbol that draws something. Controls (C0, C1, DEL),
// format characters (bidirectional controls, zero-width joiners, tags), every
// space but U+0020, private-use and unassigned code points, variation
// selectors and other characters that draw nothing are not.
func Printable(r rune) bool {
	return unicode.IsPrint(r) && !unicode.Is(unicode.Variation_Selector, r) &&
		!unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// plain says that text holds only ASCII characters that are shown as they are.
func plain(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] <= ' ' || text[i] >= 0x7f {
			return false
		}
	}
	return true
}

func escape(b *strings.Builder, r rune) {
	switch {
	case r < 0x80:
		fmt.Fprintf(b, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}
