package checkpoint

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"mamba-tui/model"
	"mamba-tui/model/tokenizer"
)

// cardKey is the member of config.json that holds the model.Card. transformers
// keeps members that it does not know, so the card survives there.
const cardKey = "mamba_tui"

// Bounds of a card's texts, in bytes.
const (
	maxName    = 128
	maxLine    = 1024
	maxPrompt  = 1 << 20
	maxPrompts = 64
)

// parseCard reads the card, if there is one. Members that it does not know
// are left alone: a later version may have more.
func parseCard(o object, card *model.Card) (bool, error) {
	var members object
	ok, err := o.get(cardKey, &members)
	if err != nil || !ok {
		return false, err
	}
	for _, m := range []struct {
		name string
		dst  any
	}{
		{"name", &card.Name}, {"provenance", &card.Kind}, {"task", &card.Task}, {"task_name", &card.TaskName}, {"note", &card.Note},
		{"command", &card.Command}, {"symbols", &card.Symbols}, {"other", &card.Other},
		{"aliases", &card.Aliases}, {"prompts", &card.Prompts},
	} {
		if !members.has(m.name) {
			continue
		}
		if err := json.Unmarshal(members[m.name], m.dst); err != nil {
			return true, fmt.Errorf("%s: %s is %s, which does not fit", cardKey, m.name, short(members[m.name]))
		}
	}
	if err := checkCard(*card); err != nil {
		return true, fmt.Errorf("%s: %w", cardKey, err)
	}
	return true, nil
}

// checkCard bounds the texts of a card. It is applied when reading and when
// writing; the symbol table is the business of package tokenizer.
func checkCard(card model.Card) error {
	switch card.Kind {
	case model.HandWritten, model.Trained, model.Untrained, model.Real, model.Unknown:
	default:
		return fmt.Errorf("provenance is %s, want %q, %q, %q, %q or %q", quote(string(card.Kind)),
			model.HandWritten, model.Trained, model.Untrained, model.Real, model.Unknown)
	}
	if card.Name == "" {
		return fmt.Errorf("name is empty")
	}
	if len(card.Prompts) > maxPrompts {
		return fmt.Errorf("has %d prompts, at most %d are read", len(card.Prompts), maxPrompts)
	}
	type text struct {
		what, text string
		most       int
	}
	texts := []text{{"name", card.Name, maxName}, {"task", card.Task, maxLine}, {"task_name", card.TaskName, maxName},
		{"note", card.Note, maxLine}, {"command", card.Command, maxLine}}
	for _, p := range card.Prompts {
		texts = append(texts, text{"prompt title", p.Title, maxName}, text{"prompt", p.Text, maxPrompt})
	}
	for _, t := range texts {
		if len(t.text) > t.most {
			return fmt.Errorf("%s has %d bytes, at most %d are read", t.what, len(t.text), t.most)
		}
		if !utf8.ValidString(t.text) {
			return fmt.Errorf("%s %s is not UTF-8", t.what, quote(t.text))
		}
	}
	return nil
}

// checkSymbols makes sure that the model of this card can be typed to.
func checkSymbols(card model.Card, vocab int) error {
	_, err := tokenizer.For(card, vocab)
	return err
}
