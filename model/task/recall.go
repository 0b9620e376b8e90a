package task

import (
	"math/rand/v2"

	"mamba-tui/model"
)

// Keys and values of the recall task: ids 0 … 5 and 6 … 11.
const (
	RecallKeys   = 6
	RecallValues = 6
)

// Token ids of the recall task beside its keys and values.
const (
	RecallMark int32 = RecallKeys + RecallValues + iota // ¶: a document starts, no key is bound
	RecallAsk                                           // ?: the next token is a key that is asked for
	RecallNone                                          // the answer for a key that is not bound
)

// Recall binds keys to values within a document and asks for them:
//
//	¶ a 3 b 5 ? a → 3      ¶ ? a → none
//
// `k v` binds key k to value v in place of what it was bound to; `? k` asks
// for the value that k has in the current document, and the answer is
// RecallNone if it has none there. The answer follows the question, but for
// the last token, which is a question still open. Old bindings must be gone at
// ¶ and stay until then.
type Recall struct{}

// A document holds 3 to 14 bindings and questions, the last one what fits.
// Where keys of both kinds exist, two of three questions are for a key that is
// bound.
const (
	recallLeast = 3
	recallMost  = 14
)

// Name is "recall".
func (Recall) Name() string { return "recall" }

// About says what the task shows.
func (Recall) About() About {
	return About{
		Line:   "¶ a 3 b 5 ? a → 3: the value a key has in the current document, - if it has none",
		Shows:  "addressed memory and reset: every key needs a place of its own in h, and Δ opens at ¶ to empty them",
		Events: Classes(Event),
		Rest:   Classes(Data, Query),
		Resets: true,
	}
}

// Card names the keys a to f, the values 1 to 6 and the answer none by a
// hyphen. There is no noise, so other characters cannot be typed.
func (t Recall) Card() model.Card {
	return model.Card{
		Kind:     model.Trained,
		Task:     t.About().Line,
		TaskName: t.Name(),
		Symbols:  []string{"a", "b", "c", "d", "e", "f", "1", "2", "3", "4", "5", "6", "¶", "?", "-"},
		Aliases:  []model.Alias{{Text: "\n", Symbol: "¶"}, {Text: "|", Symbol: "¶"}},
		Prompts: []model.Example{
			{Title: "a and b are bound; after ¶ neither is, until a is bound again", Text: "¶a3b5?a3?b5¶?a-a1?a1?b"},
			{Title: "the newest binding counts, and leaves the others alone", Text: "¶c2e6?c2c4?c4?e6c1?e6?c"},
			{Title: "six keys at once", Text: "¶a6b1c5d2e4f3?d2?a6?f3?c5?e4?b"},
		},
	}
}

// Vocab is 15: keys, values, ¶, ? and none.
func (Recall) Vocab() int { return int(RecallNone) + 1 }

// Shortest is ¶ and a question.
func (Recall) Shortest() int { return 3 }

// Draw makes whole documents, the last of which ends in an open question.
func (t Recall) Draw(r *rand.Rand, length int) Sample {
	require(t, length)
	d := recallDraw{r: r, Sample: Sample{
		Tokens: make([]int32, 0, length), Classes: make([]Class, 0, length),
	}}
	const mark, bind, ask, open = 1, 2, 3, 2 // how many tokens each takes
	d.mark()
	units := recallLeast + r.IntN(recallMost-recallLeast+1)
	for left := length - mark - open; left > 0; left = length - open - len(d.Tokens) {
		// One token that is left over could only be another ¶: choose so that
		// none is, which a sequence of four cannot.
		switch {
		case left == mark, units == 0 && left != mark+1:
			d.mark()
			units = recallLeast + r.IntN(recallMost-recallLeast+1)
			continue
		case left == bind || left == ask+1 || left != bind+1 && r.IntN(2) == 0:
			d.bind()
		default:
			d.ask()
			d.put(Query, d.Asks[len(d.Asks)-1].Answer) // tells nothing new
		}
		units = max(0, units-1)
	}
	d.ask()
	return d.Sample
}

// recallDraw is a sequence in the making.
type recallDraw struct {
	r *rand.Rand
	Sample
	bound [RecallKeys]int32 // key → its value in this document, or RecallNone
}

func (d *recallDraw) put(c Class, tokens ...int32) {
	for _, id := range tokens {
		d.Tokens = append(d.Tokens, id)
		d.Classes = append(d.Classes, c)
	}
}

// mark starts a document.
func (d *recallDraw) mark() {
	d.put(Event, RecallMark)
	for k := range d.bound {
		d.bound[k] = RecallNone
	}
}

// bind binds any key to any value.
func (d *recallDraw) bind() {
	k, v := d.r.Int32N(RecallKeys), RecallKeys+d.r.Int32N(RecallValues)
	d.put(Data, k, v)
	d.bound[k] = v
}

// ask asks for a key: a bound one in two of three cases, if there are both.
func (d *recallDraw) ask() {
	var some, none []int32
	for k, v := range d.bound {
		if v == RecallNone {
			none = append(none, int32(k))
		} else {
			some = append(some, int32(k))
		}
	}
	keys := some
	if len(some) == 0 || len(none) > 0 && d.r.IntN(3) == 0 {
		keys = none
	}
	k := keys[d.r.IntN(len(keys))]
	d.put(Query, RecallAsk, k)
	d.Asks = append(d.Asks, Ask{At: len(d.Tokens) - 1, Answer: d.bound[k]})
}
