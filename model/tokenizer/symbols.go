package tokenizer

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"mamba-tui/model"
)

// maxSymbol bounds the bytes of a symbol or alias. Encode tries every length
// that occurs at every place, so the bound keeps it linear in the text.
const maxSymbol = 64

// Symbols is the Tokenizer of a model with one symbol for each id.
type Symbols struct {
	texts    []string         // id → symbol
	ids      map[string]int32 // symbol or alias → id
	lengths  []int            // byte lengths that occur in ids, longest first
	other    int32            // −1: none
	alphabet []string         // texts without the other symbol
}

// NewSymbols reads the symbol table of a card for a model whose embedding has
// vocab rows. The table must name every id once: a symbol that is empty, not
// UTF-8, longer than 64 bytes or named twice is an error, as is an alias of
// something that is not a symbol.
func NewSymbols(card model.Card, vocab int) (*Symbols, error) {
	if len(card.Symbols) != vocab {
		return nil, fmt.Errorf("tokenizer: the symbol table has %d symbols, the model %d token ids: "+
			"every id needs exactly one symbol", len(card.Symbols), vocab)
	}
	s := &Symbols{
		texts: slices.Clone(card.Symbols),
		ids:   make(map[string]int32, vocab+len(card.Aliases)),
		other: -1,
	}
	for id, text := range s.texts {
		if err := checkText("symbol", text); err != nil {
			return nil, fmt.Errorf("%w (id %d)", err, id)
		}
		if first, ok := s.ids[text]; ok {
			return nil, fmt.Errorf("tokenizer: symbol %s stands for ids %d and %d: every id needs a symbol of its own",
				quote(text), first, id)
		}
		s.ids[text] = int32(id)
	}
	if card.Other != "" {
		id, ok := s.ids[card.Other]
		if !ok {
			return nil, fmt.Errorf("tokenizer: the other symbol %s is not in the symbol table", quote(card.Other))
		}
		s.other = id
	}
	for _, a := range card.Aliases {
		if err := checkText("alias", a.Text); err != nil {
			return nil, err
		}
		id, ok := s.ids[a.Symbol]
		if !ok || s.texts[id] != a.Symbol {
			return nil, fmt.Errorf("tokenizer: alias %s stands for %s, which is not a symbol",
				quote(a.Text), quote(a.Symbol))
		}
		if first, ok := s.ids[a.Text]; ok {
			return nil, fmt.Errorf("tokenizer: alias %s of %s already stands for %s",
				quote(a.Text), quote(a.Symbol), quote(s.texts[first]))
		}
		s.ids[a.Text] = id
	}
	for text := range s.ids {
		if !slices.Contains(s.lengths, len(text)) {
			s.lengths = append(s.lengths, len(text))
		}
	}
	slices.SortFunc(s.lengths, func(a, b int) int { return b - a })
	for id, text := range s.texts {
		if int32(id) != s.other {
			s.alphabet = append(s.alphabet, text)
		}
	}
	return s, nil
}

// Encode splits text into symbols and aliases, at every place the longest that
// fits. A character (or a byte that is not UTF-8) that begins none of them
// becomes the other symbol. It is an error if strict, or if the model has no
// other symbol: the error names the character, where it stands (counted in
// characters from 1) and what can be typed.
func (s *Symbols) Encode(text string, strict bool) ([]Token, error) {
	tokens := make([]Token, 0, len(text))
	for i, char := 0, 1; i < len(text); {
		id, size := s.match(text[i:])
		outside := id < 0
		if outside {
			_, size = utf8.DecodeRuneInString(text[i:])
			if strict || s.other < 0 {
				return nil, s.outside(text[i:i+size], char)
			}
			id = s.other
		}
		tokens = append(tokens, Token{ID: id, Text: text[i : i+size], Other: outside})
		char += utf8.RuneCountInString(text[i : i+size])
		i += size
	}
	return tokens, nil
}

// match returns the longest symbol or alias that text begins with, or −1.
func (s *Symbols) match(text string) (id int32, size int) {
	for _, n := range s.lengths {
		if n > len(text) {
			continue
		}
		if id, ok := s.ids[text[:n]]; ok {
			return id, n
		}
	}
	return -1, 0
}

func (s *Symbols) outside(char string, at int) error {
	why := "and this model has no symbol for other characters"
	if s.other >= 0 {
		why = "and strict mode refuses it"
	}
	return fmt.Errorf("tokenizer: character %d, %s, is not in the alphabet, %s: type one of %s",
		at, quote(char), why, list(s.alphabet, 40))
}

// Text is the symbol of id, raw, or "" for an id the model does not have.
func (s *Symbols) Text(id int32) string {
	if id < 0 || int(id) >= len(s.texts) {
		return ""
	}
	return s.texts[id]
}

// Alphabet lists the symbols in order of id, without the other symbol. The
// caller owns the slice.
func (s *Symbols) Alphabet() []string { return slices.Clone(s.alphabet) }

// Other is the id of the symbol that stands for every other character, or −1.
func (s *Symbols) Other() int32 { return s.other }

// Size is the number of ids.
func (s *Symbols) Size() int { return len(s.texts) }

func checkText(what, text string) error {
	switch {
	case text == "":
		return fmt.Errorf("tokenizer: empty %s: it could never be typed", what)
	case len(text) > maxSymbol:
		return fmt.Errorf("tokenizer: %s %s… has %d bytes, at most %d are allowed",
			what, quote(clip(text, 16)), len(text), maxSymbol)
	case !utf8.ValidString(text):
		return fmt.Errorf("tokenizer: %s %s is not UTF-8", what, quote(text))
	}
	return nil
}

func quote(text string) string { return `"` + Visible(text) + `"` }

// clip is the first n bytes of text, or fewer, so that no character is cut.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// list writes symbols for a sentence and says how many it left out.
func list(symbols []string, most int) string {
	var b strings.Builder
	for i, s := range symbols {
		if i == most {
			fmt.Fprintf(&b, " … (%d more)", len(symbols)-most)
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(Visible(s))
	}
	return b.String()
}
