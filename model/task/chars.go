package task

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"mamba-tui/model"
)

// charsName is the name of the one task that needs a text.
const charsName = "chars"

// CharsOther is the symbol of every character that has no id of its own.
const CharsOther = "\uFFFD"

// Chars is a character language model on a text: after every character comes
// the next one. A sequence is a window of the text, at any place equally
// likely.
//
// The last tenth of the text is held out: Draw shows only what comes before
// it, the task that HeldOut gives only what is in it.
//
// Characters that have no id of their own are one symbol, CharsOther. They are
// shown, and not asked for.
type Chars struct {
	text *text
	part []uint16 // the ids of the characters that Draw shows
}

// Name is "chars".
func (*Chars) Name() string { return charsName }

// About says what the task shows. It is the same for every text.
func (*Chars) About() About {
	return About{
		Line:   "a text → its next character",
		Shows:  "language: what Δ does where words and lines end, in a text of your own",
		Events: Classes(Event),
		Rest:   Classes(Data),
	}
}

// Card has the characters of the text as symbols, in the order of Unicode, and
// prompts from it.
func (t *Chars) Card() model.Card {
	c := model.Card{
		Kind:     model.Trained,
		Task:     fmt.Sprintf("the next character of %s: %d characters, %d symbols", t.text.name, len(t.text.ids), t.Vocab()),
		TaskName: t.Name(),
		Symbols:  append([]string(nil), t.text.symbols...),
		Prompts:  t.prompts(),
	}
	if t.text.other >= 0 {
		c.Other = CharsOther
	}
	return c
}

// Source is the name of the text and the SHA-256 of its bytes, for provenance.
func (t *Chars) Source() string { return t.text.name + " sha256:" + t.text.sum }

// Characters is how many characters are drawn from: nine tenths of the text,
// or the tenth that is held out.
func (t *Chars) Characters() int { return len(t.part) }

// Outside is how many characters of the whole text have no id of their own,
// those that are not UTF-8 among them.
func (t *Chars) Outside() int { return t.text.outside }

// Vocab is the number of symbols.
func (t *Chars) Vocab() int { return len(t.text.symbols) }

// Shortest is one character.
func (*Chars) Shortest() int { return 1 }

// HeldOut draws from the last tenth of the text.
func (t *Chars) HeldOut() Task { return &Chars{text: t.text, part: t.text.ids[t.text.split:]} }

// Draw shows a window of the text. Whitespace is of class Event, CharsOther of
// class Noise, all else Data. If the text is too short for a window of that
// length, it starts again at its end; nothing is asked across that seam.
func (t *Chars) Draw(r *rand.Rand, length int) Sample {
	require(t, length)
	places := len(t.part) - length // windows that have their next character
	if places < 1 {
		places = len(t.part)
	}
	for {
		// At least half of the part can be asked for (newText): a window
		// without any answer is rare.
		if s := t.window(r.IntN(places), length); len(s.Asks) > 0 {
			return s
		}
	}
}

// window is length characters of the part from start on.
func (t *Chars) window(start, length int) Sample {
	s := Sample{Tokens: make([]int32, length), Asks: make([]Ask, 0, length), Classes: make([]Class, length)}
	n := len(t.part)
	for i := range length {
		at := (start + i) % n
		id := int32(t.part[at])
		s.Tokens[i], s.Classes[i] = id, t.text.classes[id]
		if at+1 == n {
			continue
		}
		if next := int32(t.part[at+1]); next != t.text.other {
			s.Asks = append(s.Asks, Ask{At: i, Answer: next})
		}
	}
	return s
}

// promptLength is how many characters a prompt takes: one screen's width.
const promptLength = 32

// prompts are two places of the text, and one of them without its spaces.
func (t *Chars) prompts() []model.Example {
	var list []model.Example
	add := func(title, text string) {
		for _, p := range list {
			if p.Text == text {
				return
			}
		}
		if text != "" {
			list = append(list, model.Example{Title: title, Text: text})
		}
	}
	held := t.text.line(t.text.split, promptLength)
	add("from the tenth of the text that training never shows", held)
	add("the same without its spaces", strings.Join(strings.Fields(held), ""))
	add("the beginning of the text", t.text.line(0, promptLength))
	return list
}
