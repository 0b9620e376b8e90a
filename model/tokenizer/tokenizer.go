package tokenizer

import "mamba-tui/model"

// Tokenizer maps text to token ids and back. Implementations here: Symbols (one
// symbol, one id, from a model's card) and Numbers (ids written as numbers, for
// a checkpoint that has no symbol table).
type Tokenizer interface {
	// Encode splits text. A character outside the alphabet becomes the model's
	// "other" symbol with Other set, or an error if strict.
	Encode(text string, strict bool) ([]Token, error)
	// Text is what id stands for, raw (untrusted: escape it before showing).
	Text(id int32) string
	// Alphabet lists what can be typed, in order of id, without the other symbol.
	Alphabet() []string
	// Other is the id of the other symbol, or −1.
	Other() int32
	// Size is the number of ids.
	Size() int
}

// Token is one encoded symbol.
type Token struct {
	ID    int32
	Text  string // what was typed
	Other bool   // it was outside the alphabet
}

// For is the tokenizer of a model with this card, whose embedding has vocab
// rows: Symbols if the card brings a symbol table, else Numbers.
func For(card model.Card, vocab int) (Tokenizer, error) {
	if len(card.Symbols) > 0 {
		return NewSymbols(card, vocab)
	}
	return NewNumbers(vocab)
}
