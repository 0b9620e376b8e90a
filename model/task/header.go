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
	return c
}

// Vocab is 18: the symbols, ¶ and ?.
func (Header) Vocab() int { return Symbols + 2 }

// Shortest is every document without noise.
func (t Header) Shortest() int { return shortestDocument*max(1, t.Documents) - 1 }

// Draw fills length tokens with whole documents.
func (t Header) Draw(r *rand.Rand, length int) Sample {
	require(t, length)
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
