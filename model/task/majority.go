package task

import (
	"math/rand/v2"

	"mamba-tui/model"
)

// MajoritySymbols is how many symbols the majority task counts: ids 0 … 3.
const MajoritySymbols = 4

// Token ids of the majority task beside its symbols.
const (
	MajorityNoise int32 = MajoritySymbols     // not counted
	MajorityMark  int32 = MajoritySymbols + 1 // ¶: a document starts, all counts are zero
)

// Majority asks after every token which symbol has come most often in the
// current document:
//
//	¶ a b . a → a
//
// Where two symbols lead, or none has come yet, nothing is asked. The answer
// is not part of the sequence. Documents follow one another: what was counted
// before ¶ must not count after it, while each symbol after it must add to
// what is there. So the state has to be wiped at ¶ and nowhere else.
type Majority struct{}

// Documents of the majority task have 6 to 45 tokens after ¶.
const (
	majorityLeast = 6
	majorityMost  = 45
)

// Name is "majority".
func (Majority) Name() string { return "majority" }

// About says what the task shows.
func (Majority) About() About {
	return About{
		Line:   "¶ a b . a … → a: the symbol seen most often in the current document",
		Shows:  "counting and reset: h adds up symbols, and Δ opens at ¶ to begin again from zero",
		Events: Classes(Event),
		Rest:   Classes(Data, Noise),
		Resets: true,
	}
}

// Card names the symbols a to d and noise by a full stop. What is not in the
// alphabet counts as noise.
func (t Majority) Card() model.Card {
	return model.Card{
		Kind:     model.Trained,
		Task:     t.About().Line,
		TaskName: t.Name(),
		Symbols:  []string{"a", "b", "c", "d", ".", "¶"},
		Other:    ".",
		Aliases:  []model.Alias{{Text: "\n", Symbol: "¶"}, {Text: "|", Symbol: "¶"}},
		Prompts: []model.Example{
			{Title: "a leads; after ¶ only the new document counts: c", Text: "¶aab.a..b.a¶.c.ccd..c.dc"},
			{Title: "nine a, then one c in the next document: c", Text: "¶a.aa.aaa.aaa¶..c..."},
			{Title: "the lead changes twice: b, then d, then b again", Text: "¶b.bd.dd.d..b.bb"},
		},
	}
}

// Vocab is 6: the symbols, noise and ¶.
func (Majority) Vocab() int { return MajoritySymbols + 2 }

// Shortest is ¶ and one symbol.
func (Majority) Shortest() int { return 2 }

// Draw makes documents of random lengths until length tokens are there; the
// last is cut off. Half of the tokens are noise. Of the symbols a third is the
// favourite of the document, the others are any.
func (t Majority) Draw(r *rand.Rand, length int) Sample {
	require(t, length)
	for {
		// In a short sequence there may be nothing to ask: draw another.
		if s := drawMajority(r, length); len(s.Asks) > 0 {
			return s
		}
	}
}

func drawMajority(r *rand.Rand, length int) Sample {
	s := Sample{Tokens: make([]int32, length), Classes: make([]Class, length)}
	var counts [MajoritySymbols]int
	var favourite int32
	left := 0 // tokens of this document still to come
	for i := range length {
		if left == 0 {
			s.Tokens[i], s.Classes[i] = MajorityMark, Event
			clear(counts[:])
			favourite = r.Int32N(MajoritySymbols)
			left = majorityLeast + r.IntN(majorityMost-majorityLeast+1)
			continue
		}
		left--
		if r.IntN(2) == 0 {
			s.Tokens[i], s.Classes[i] = MajorityNoise, Noise
		} else {
			symbol := favourite
			if r.IntN(3) > 0 {
				symbol = r.Int32N(MajoritySymbols)
			}
			counts[symbol]++
			s.Tokens[i], s.Classes[i] = symbol, Data
		}
		if leader := lead(counts); leader >= 0 {
			s.Asks = append(s.Asks, Ask{At: i, Answer: leader})
		}
	}
	return s
}

// lead is the symbol with the highest count, or −1 if there is no single one.
func lead(counts [MajoritySymbols]int) int32 {
	leader, most := int32(-1), 0
	for symbol, n := range counts {
		switch {
		case n > most:
			leader, most = int32(symbol), n
		case n == most:
			leader = -1
		}
	}
	return leader
}
