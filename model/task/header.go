package task

import (
	"math/rand/v2"
	"slices"

	"mamba-tui/model"
)

// Token ids of the header task beside the symbols 0 … 15.
const (
	HeaderMark  int32 = Symbols     // ¶: a document starts
	HeaderAsk   int32 = Symbols + 1 // ?: which header does this document have?
	HeaderOther int32 = Symbols + 2 // anything else: also the answer "nothing"
)

// Header is the header latch: documents one after the other,
//
//	¶ h noise … ? → h
//
// each with a header h, noise of any other symbols, and the question for the
// header at its end. In a document that is not the last, the answer follows
// the question. The header must be kept over the noise, and the next document
// must replace it: its header has nothing to do with the one before.
type Header struct {
	// Documents of a sequence; 0 means as many as come: about one per 32
	// tokens, their number and lengths drawn at random.
	Documents int
	// Often asks at any place of a document, at an eighth of its tokens and at
	// the end of the sequence, instead of once at its end; noise is any symbol,
	// and no answer is written behind a question. Models are trained on it:
	// there is nothing to latch but the token after ¶, and a trained model then
	// resets h there. Documents does not matter.
	Often bool
}

// A document is at least ¶ h ?, and its answer if it is not the last.
const shortestDocument = 4

// Name is "header".
func (Header) Name() string { return "header" }

// About says what the latch shows.
func (Header) About() About {
	return About{
		Line:   "¶ h noise … ? → h: the header of the current document",
		Shows:  "reset and latch: Δ opens at ¶ and the header, and stays shut over the noise",
		Events: Classes(Event, Data),
		Rest:   Classes(Noise),
		Resets: true,
	}
}

// Card is that of HeaderExact without the symbol for "nothing", which is
// never drawn.
func (t Header) Card() model.Card {
	c := headerCard()
	c.Task, c.Symbols, c.Other = t.About().Line, c.Symbols[:t.Vocab()], ""
	c.Name, c.Kind, c.Note, c.Command = "", model.Trained, "", ""
	if t.Often {
		c.Prompts = []model.Example{
			{Title: "two documents: the second header wipes the first", Text: "¶4acb?a17c?8d¶9ca0b?36fd2ea58c?"},
			{Title: "four documents, each asked twice", Text: "¶7b2?e40?c¶c019?fa3dc6?e1¶5ae?86b2d?0¶093?dfc4e1a7b82d?"},
		}
	}
	return c
}

// Vocab is 18: the symbols, ¶ and ?.
func (Header) Vocab() int { return Symbols + 2 }

// Shortest is every document without noise.
func (t Header) Shortest() int {
	if t.Often {
		return shortestDocument - 1
	}
	return shortestDocument*max(1, t.Documents) - 1
}

// Draw fills length tokens with whole documents.
func (t Header) Draw(r *rand.Rand, length int) Sample {
	require(t, length)
	if t.Often {
		return t.drawOften(r, length)
	}
	docs := t.Documents
	if docs == 0 {
		docs = min(1+r.IntN(1+length/16), (length+1)/shortestDocument)
	}
	// What the shortest documents do not need is noise: cut it at random
	// places. The last document has no answer, so it needs one token less.
	spare := length + 1 - shortestDocument*docs
	cuts := make([]int, docs+1)
	for i := 1; i < docs; i++ {
		cuts[i] = r.IntN(spare + 1)
	}
	cuts[docs] = spare
	slices.Sort(cuts)
	s := Sample{Tokens: make([]int32, 0, length+1), Classes: make([]Class, 0, length+1)}
	for i := range docs {
		h := r.Int32N(Symbols)
		s.Tokens = append(s.Tokens, HeaderMark, h)
		s.Classes = append(s.Classes, Event, Data)
		for range cuts[i+1] - cuts[i] {
			s.Tokens = append(s.Tokens, other(r, h))
			s.Classes = append(s.Classes, Noise)
		}
		s.Asks = append(s.Asks, Ask{At: len(s.Tokens), Answer: h})
		s.Tokens = append(s.Tokens, HeaderAsk, h)
		s.Classes = append(s.Classes, Query, Query) // the answer tells nothing new
	}
	s.Tokens = s.Tokens[:length] // the last question is still open
	s.Classes = s.Classes[:length]
	return s
}

// oftenOne is how many tokens there are to one question, noiseMin and
// noiseSpread the number of tokens between a header and the next ¶.
const (
	oftenOne    = 8
	noiseMin    = 4
	noiseSpread = 40
)

// drawOften fills length tokens with documents of 6 to 45 tokens; the last ones
// may be shorter or longer to fit.
func (t Header) drawOften(r *rand.Rand, length int) Sample {
	s := Sample{Tokens: make([]int32, 0, length), Classes: make([]Class, 0, length)}
	for len(s.Tokens) < length {
		h := r.Int32N(Symbols)
		s.Tokens = append(s.Tokens, HeaderMark, h)
		s.Classes = append(s.Classes, Event, Data)
		n := noiseMin + r.IntN(noiseSpread)
		if left := length - len(s.Tokens); n > left-shortestDocument {
			n = left // no room for another document
		}
		for range n {
			if r.IntN(oftenOne) > 0 && len(s.Tokens) < length-1 {
				s.Tokens = append(s.Tokens, r.Int32N(Symbols))
				s.Classes = append(s.Classes, Noise)
				continue
			}
			s.Asks = append(s.Asks, Ask{At: len(s.Tokens), Answer: h})
			s.Tokens = append(s.Tokens, HeaderAsk)
			s.Classes = append(s.Classes, Query)
		}
	}
	return s
}
