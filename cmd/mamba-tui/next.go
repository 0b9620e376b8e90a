package main

import (
	"mamba-tui/model/session"
	"mamba-tui/model/tokenizer"
)

// next chooses the token after the newest one of w: the one that the explorer
// would choose with the same temperature, top-k and seed.
func (w *walk) next(s session.Sampler) (tokenizer.Token, error) {
	id, err := s.Choose(w.last, w.done)
	if err != nil {
		return tokenizer.Token{}, err
	}
	return tokenizer.Token{ID: id, Text: w.in.tokenizer.Text(id)}, nil
}
