package main

import (
	"context"
	"errors"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/model/tokenizer"
)

// continuation chooses the tokens that follow a prompt: the ones that the
// explorer would choose with the same temperature, top-k and seed.
type continuation struct {
	in      *input
	walk    *walk
	sampler session.Sampler
	// session runs beside the walk where a draw is needed, because drawing is
	// its business; the most probable token needs none.
	session *session.Session
}

func newContinuation(ctx context.Context, in *input, w *walk, s session.Sampler) (*continuation, error) {
	c := &continuation{in: in, walk: w, sampler: s}
	if s.Temperature == 0 {
		return c, nil
	}
	var err error
	c.session, err = session.New(in.model, session.Options{Card: in.file.Card, Tokenizer: in.tokenizer})
	if err != nil {
		return nil, err
	}
	prompt := make([]session.Token, len(in.tokens))
	for i, t := range in.tokens {
		prompt[i] = session.Token{ID: t.ID, Flags: session.FromPrompt}
	}
	if err := c.session.Append(ctx, prompt); err != nil {
		c.session.Close()
		return nil, err
	}
	return c, nil
}

func (c *continuation) close() {
	if c.session != nil {
		c.session.Close()
	}
}

// token chooses the token after the newest one of the walk.
func (c *continuation) token(ctx context.Context) (tokenizer.Token, error) {
	id := int32(-1)
	if c.session == nil {
		best := model.Top(c.walk.last, 1)[0]
		if best.P != best.P {
			return tokenizer.Token{}, errors.New("the model's logits hold NaN: no next token can be chosen")
		}
		id = best.ID
	} else {
		t, err := c.session.Next(c.sampler)
		if err != nil {
			return tokenizer.Token{}, err
		}
		if err := c.session.Append(ctx, []session.Token{t}); err != nil {
			return tokenizer.Token{}, err
		}
		id = t.ID
	}
	return tokenizer.Token{ID: id, Text: c.in.tokenizer.Text(id)}, nil
}
