package session

import (
	"slices"

	"mamba-tui/model"
)

// topGuesses is how many next tokens a Moment names.
const topGuesses = 16

// toldGuesses is how many an Observer is told: a small vocabulary whole.
func toldGuesses(vocab int) int {
	if vocab <= 64 {
		return vocab
	}
	return topGuesses
}

// momentOf copies everything about one token in one layer from a Record of one
// row that has every array. The top guesses follow when the logits are there.
func (r *run) momentOf(rec *model.Record, at int) *Moment {
	return &Moment{
		T: at, Layer: rec.Layer,
		H: slices.Clone(rec.H), HPrev: slices.Clone(rec.H0),
		Window: slices.Clone(rec.Window),
		In:     slices.Clone(rec.In), Norm: slices.Clone(rec.Norm),
		X: slices.Clone(rec.X), U: slices.Clone(rec.U), Delta: slices.Clone(rec.Delta),
		Z: slices.Clone(rec.Z), Y: slices.Clone(rec.Y), Gated: slices.Clone(rec.Gated),
		B: slices.Clone(rec.B), C: slices.Clone(rec.C),
		Out:  slices.Clone(rec.Out),
		Rule: r.plan.at(at).tweaks.Layer(rec.Layer).Rule,
	}
}

// guesses are the k most probable next tokens. Padding rows of the embedding
// must not be among the logits.
func guesses(logits []float32, k int) []Guess {
	top := model.Top(logits, k)
	list := make([]Guess, len(top))
	for i, g := range top {
		list[i] = Guess{ID: g.ID, P: float32(g.P)}
	}
	return list
}
