package task

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a text.
const (
	maxText    = 32 << 20 // bytes of a file
	leastChars = 1000     // fewer teach nothing
	heldOut    = 10       // one tenth is held out
	mostBad    = 100      // one character of 100 may be broken
	charVocab  = 256      // ids, unless the options say otherwise
	mostVocab  = 4096
)

// CharsOptions are choices for a text.
type CharsOptions struct {
	// Vocab bounds the number of ids: the most frequent characters get one
	// each, all others share CharsOther. 0 means 256; at most 4096.
	Vocab int
}

// OpenChars is the character model's task on a text file of at most 32 MiB in
// UTF-8. What NewChars refuses is an error with the path.
func OpenChars(path string, o CharsOptions) (*Chars, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("task: chars: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("task: chars: %w", err)
	}
	// A pipe or a terminal would be waited for, and could not be read again when
	// training goes on.
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("task: chars: %s is not a regular file: name a text file", path)
	}
	// One byte more than allowed tells a text that is too long from one that
	// just fits, also if the file grows while it is read.
	raw, err := io.ReadAll(io.LimitReader(f, maxText+1))
	if err != nil {
		return nil, fmt.Errorf("task: chars: %w", err)
	}
	t, err := NewChars(filepath.Base(path), raw, o)
	if err != nil {
		return nil, fmt.Errorf("%w (in %s)", err, path)
	}
	return t, nil
}

// NewChars is the character model's task on raw, a text in UTF-8; name is for
// captions. A byte order mark is dropped and every line end becomes one line
// feed. Bytes that are not UTF-8 become CharsOther, if they are few: it is an
// error if the text has more than one in a hundred, has a zero byte, is longer
// than 32 MiB or shorter than 1,000 characters, always says the same, or if
// half of its training or held-out part has no id of its own.
func NewChars(name string, raw []byte, o CharsOptions) (*Chars, error) {
	t, err := newText(name, raw, o)
	if err != nil {
		return nil, err
	}
	return &Chars{text: t, part: t.ids[:t.split]}, nil
}

// text is a text as ids.
type text struct {
	name    string
	sum     string   // SHA-256 of the bytes, in hex
	symbols []string // id → character; in the order of Unicode, CharsOther last
	classes []Class  // id → class
	other   int32    // the id of CharsOther, or −1: every character has an id
	outside int      // characters that are CharsOther
	ids     []uint16 // the text
	split   int      // the first character that is held out
}

// newText checks and encodes a text.
func newText(name string, raw []byte, o CharsOptions) (*text, error) {
	limit := o.Vocab
	if limit == 0 {
		limit = charVocab
	}
	if limit < 2 || limit > mostVocab {
		return nil, fmt.Errorf("task: chars: a vocabulary of %d ids: choose 2 to %d", o.Vocab, mostVocab)
	}
	chars, err := decode(raw)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	t := &text{
		name: name, sum: hex.EncodeToString(sum[:]), other: -1,
		ids: make([]uint16, len(chars)), split: len(chars) - len(chars)/heldOut,
	}
	ids := t.vocabulary(chars, limit)
	if len(ids) < 2 {
		return nil, fmt.Errorf("task: chars: the text has %d different characters, at least 2 are needed", len(ids))
	}
	// Each part is looked at for itself: the last tenth of a book may be an
	// index in another script.
	late := 0 // characters outside the vocabulary in the held-out part
	for i, c := range chars {
		id, ok := ids[c]
		if !ok {
			id = uint16(t.other)
			t.outside++
			if i >= t.split {
				late++
			}
		}
		t.ids[i] = id
	}
	for _, p := range []struct {
		name            string
		outside, length int
	}{{"training", t.outside - late, t.split}, {"held-out", late, len(chars) - t.split}} {
		// Draw tries again where nothing can be asked. Up to a half, it tries
		// twice on average at worst.
		if 2*p.outside > p.length {
			return nil, fmt.Errorf("task: chars: %d of the %d characters of the %s part are not among the %d of the vocabulary: "+
				"allow a larger one (at most %d), or use a text with fewer different characters",
				p.outside, p.length, p.name, len(ids), mostVocab)
		}
	}
	return t, nil
}

// decode splits a text into characters. What is not UTF-8 is utf8.RuneError,
// as is the character U+FFFD, by which other programs mark the same thing.
func decode(raw []byte) ([]rune, error) {
	if len(raw) > maxText {
		return nil, fmt.Errorf("task: chars: the text has more than %d bytes: cut it", maxText)
	}
	raw = bytes.TrimPrefix(raw, []byte("\uFEFF"))
	// No text in UTF-8 has a zero byte, every English one in UTF-16 has many,
	// and almost every program and picture has one.
	if at := bytes.IndexByte(raw, 0); at >= 0 {
		return nil, fmt.Errorf("task: chars: byte %d is 0, so this is not a text in UTF-8: convert it", at)
	}
	chars := make([]rune, 0, len(raw))
	bad, first := 0, 0
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		switch {
		// The character U+FFFD itself is three bytes long, and no error.
		case r == utf8.RuneError && size == 1:
			if bad == 0 {
				first = i
			}
			bad++
		case r == '\r':
			r = '\n'
			if i+1 < len(raw) && raw[i+1] == '\n' {
				size = 2
			}
		}
		chars = append(chars, r)
		i += size
	}
	if mostBad*bad > len(chars) {
		return nil, fmt.Errorf("task: chars: %d of %d characters are not UTF-8, the first at byte %d: convert the text",
			bad, len(chars), first)
	}
	if len(chars) < leastChars {
		return nil, fmt.Errorf("task: chars: the text has %d characters, at least %d are needed", len(chars), leastChars)
	}
	return chars, nil
}

// vocabulary fills symbols, classes and other with at most limit ids, and
// returns the id of each character that has its own. Of equally frequent
// characters the first in Unicode's order gets one.
func (t *text) vocabulary(chars []rune, limit int) map[rune]uint16 {
	counts := map[rune]int{}
	for _, c := range chars {
		counts[c]++
	}
	// CharsOther exists only where something is it: an id that the text never
	// uses would stay at its random weights.
	_, broken := counts[utf8.RuneError]
	delete(counts, utf8.RuneError)
	kept := make([]rune, 0, len(counts))
	for c := range counts {
		kept = append(kept, c)
	}
	// A map has no order: without the second criterion two runs on one text
	// could number its characters differently.
	slices.SortFunc(kept, func(a, b rune) int {
		if d := counts[b] - counts[a]; d != 0 {
			return d
		}
		return int(a) - int(b)
	})
	if broken || len(kept) > limit {
		kept = kept[:min(len(kept), limit-1)]
		t.other = int32(len(kept))
	}
	slices.Sort(kept)
	ids := make(map[rune]uint16, len(kept))
	for id, c := range kept {
		ids[c] = uint16(id)
		class := Data
		if unicode.IsSpace(c) {
			class = Event
		}
		t.symbols = append(t.symbols, string(c))
		t.classes = append(t.classes, class)
	}
	if t.other >= 0 {
		t.symbols = append(t.symbols, CharsOther)
		t.classes = append(t.classes, Noise)
	}
	return ids
}

// line is up to n characters of the text. It begins at from, or where the
// first line after it does if that is near, and never with white space.
func (t *text) line(from, n int) string {
	const near = 200
	rest := t.ids[from:]
	// Lines of prose may be whole paragraphs: better begin within one than far
	// from where it was asked for.
	if from > 0 {
		for i, id := range rest[:min(near, len(rest))] {
			if t.symbols[id] == "\n" {
				rest = rest[i+1:]
				break
			}
		}
	}
	for len(rest) > 0 && t.classes[rest[0]] == Event {
		rest = rest[1:]
	}
	var b strings.Builder
	for _, id := range rest[:min(n, len(rest))] {
		b.WriteString(t.symbols[id])
	}
	return strings.TrimRightFunc(b.String(), unicode.IsSpace)
}
