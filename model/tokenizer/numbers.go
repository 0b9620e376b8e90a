package tokenizer

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// maxVocab bounds the ids of Numbers: an id is an int32.
const maxVocab = 1<<31 - 1

// Numbers is the Tokenizer of a model without a symbol table: a text is its
// ids, written in decimal with white space between them.
type Numbers struct {
	vocab int
}

// NewNumbers makes the tokenizer of a model whose embedding has vocab rows.
func NewNumbers(vocab int) (*Numbers, error) {
	if vocab < 1 || vocab > maxVocab {
		return nil, fmt.Errorf("tokenizer: a vocabulary of %d ids, want 1 to %d", vocab, maxVocab)
	}
	return &Numbers{vocab: vocab}, nil
}

// Encode reads whitespace-separated ids. Nothing can stand for an unknown
// word, so a word that is not an id in [0, Size()) is an error whether strict
// or not; it names the word and its place, counted from 1.
func (n *Numbers) Encode(text string, strict bool) ([]Token, error) {
	var tokens []Token
	word := 0
	for field := range fields(text) {
		word++
		id, err := strconv.ParseUint(field, 10, 31)
		if err != nil || int(id) >= n.vocab {
			shown := clip(field, 32)
			if shown != field {
				shown += "…"
			}
			return nil, fmt.Errorf("tokenizer: word %d, %s, is not a token id: this model has no symbol table, "+
				"write ids from 0 to %d with spaces between them", word, quote(shown), n.vocab-1)
		}
		tokens = append(tokens, Token{ID: int32(id), Text: field})
	}
	return tokens, nil
}

// fields yields the words of text without making a slice of them.
func fields(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for {
			text = strings.TrimLeftFunc(text, unicode.IsSpace)
			if text == "" {
				return
			}
			end := strings.IndexFunc(text, unicode.IsSpace)
			if end < 0 {
				end = len(text)
			}
			if !yield(text[:end]) {
				return
			}
			text = text[end:]
		}
	}
}

// Text is id in decimal, or "" for an id the model does not have.
func (n *Numbers) Text(id int32) string {
	if id < 0 || int(id) >= n.vocab {
		return ""
	}
	return strconv.Itoa(int(id))
}

// Alphabet lists every id as a number.
func (n *Numbers) Alphabet() []string {
	a := make([]string, n.vocab)
	for id := range a {
		a[id] = strconv.Itoa(id)
	}
	return a
}

// Other is −1: there is no other symbol.
func (n *Numbers) Other() int32 { return -1 }

// Size is the number of ids.
func (n *Numbers) Size() int { return n.vocab }
