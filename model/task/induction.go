package task

import (
	"math/rand/v2"
	"slices"

	"mamba-tui/model"
)

// Token ids of the induction task beside the symbols 0 … 15.
const (
	InductionKey   int32 = Symbols     // S, the special key
	InductionOther int32 = Symbols + 1 // anything else; never drawn
)

// Induction is the induction-heads task of §4.1.2 with one special key:
//
//	… S M … S → M
//
// S stands before Pairs tokens of the sequence and at its end; the answer is
// the token that followed the newest S. All else is noise: symbols drawn
// uniformly. With Pairs = 1, the task of the paper, M must be kept from where
// it stands to the end; with more, each new pair replaces the one before.
type Induction struct {
	// Pairs of S and M; 0 means 1.
	Pairs int
	// Within bounds where the first S stands: below it. 0 means anywhere. A
	// small Within makes the distance to the end nearly the whole length.
	Within int
}

// Name is "induction".
func (Induction) Name() string { return "induction" }

// About says what the task shows.
func (Induction) About() About {
	return About{
		Line:   "… S M … S → M: the token that followed the special key S",
		Shows:  "selection: Δ opens on the one token after S that must be kept",
		Events: Classes(Data),
		Rest:   Classes(Noise),
	}
}

// Card is that of InductionExact without the symbol for "anything else", which
// is never drawn.
func (t Induction) Card() model.Card {
	c := inductionCard()
	c.Task, c.Symbols, c.Other = t.About().Line, c.Symbols[:t.Vocab()], ""
	c.Name, c.Kind, c.Note, c.Command = "", model.Trained, "", ""
	if t.pairs() == 1 {
		// A model that never saw a second pair does not know that it replaces
		// the first.
		c.Prompts = []model.Example{
			{Title: "k follows S, and comes back after the noise", Text: "cabSkdeafghbmfcpobnadhglejS"},
			{Title: "the same with p, over more noise", Text: "fgbghaccelSpndnmoafkejhgaiobmcdklfgedbnmhcojiaghbS"},
		}
	}
	return c
}

// Vocab is 17: the symbols and S.
func (Induction) Vocab() int { return Symbols + 1 }

// Shortest is every pair and the S at the end.
func (t Induction) Shortest() int { return 2*t.pairs() + 1 }

func (t Induction) pairs() int { return max(1, t.Pairs) }

// Draw puts the pairs at random places, none overlapping.
func (t Induction) Draw(r *rand.Rand, length int) Sample {
	require(t, length)
	p := t.pairs()
	tokens := make([]int32, length)
	for i := range tokens {
		tokens[i] = r.Int32N(Symbols)
	}
	// p pairs of two tokens in length−1 places: choose p of length−1−p places,
	// then widen each by one. The i-th pair starts at places[i]+i.
	free := length - 1 - p
	places := r.Perm(free)[:p]
	if t.Within > 0 && t.Within < free && slices.Min(places) >= t.Within {
		places[0] = r.IntN(t.Within) // the others lie at Within or later
	}
	slices.Sort(places)
	var answer int32
	classes := make([]Class, length)
	for i, at := range places {
		tokens[at+i] = InductionKey
		classes[at+i], classes[at+i+1] = Event, Data
		answer = tokens[at+i+1]
	}
	tokens[length-1], classes[length-1] = InductionKey, Query
	return Sample{Tokens: tokens, Asks: []Ask{{At: length - 1, Answer: answer}}, Classes: classes}
}
