package lesson

import (
	"context"
	"math"
	"slices"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// boundary is about boundary resetting (§3.5.2): two documents, one behind the
// other, and what of the first is left in the second. The bleed of a mode is
// h − h of the second document read alone.
func boundary() *Lesson {
	return &Lesson{
		Name: "boundary", Model: trained, Prompt: trainedPrompt,
		Steps: []Step{
			{"mark", []string{"[", "["}, onMark, markValues},
			{"both", []string{"r"}, resetInMode(session.ResetStateConv), resetValues},
			{"huge", []string{"r", "r"}, resetInMode(session.ResetDelta), resetValues},
			{"undo", []string{"u", "u", "u"}, clean, answerValues},
		},
		Claims: []Claim{
			{"itself", itself}, {"none", bleedNone}, {"huge", bleedHuge}, {"state", bleedState}, {"both", bleedBoth}, {"exact", exactItself},
		},
	}
}

// onMark: the cursor stands on a ¶ behind another document.
func onMark(f *session.Frame) bool {
	t := f.Look.T
	return t > 0 && t < f.Tokens.Len() && f.Tokens.At(t).ID == task.HeaderMark
}

// markValues are what the mark keeps, and what half of the tokens in sight keep
// at least.
func markValues(f *session.Frame) []Value {
	values := keptValue(f, f.Clean)
	w := f.Clean
	if w == nil || w.Layer >= len(w.Lanes) {
		return values
	}
	all := slices.Clone(w.Lanes[w.Layer].Kept)
	all = slices.DeleteFunc(all, func(x float32) bool { return x != x })
	if len(all) == 0 {
		return values
	}
	slices.Sort(all)
	return append(values, keptShare("noise", float64(all[len(all)/2])))
}

// hugeDelta stands for Δ → ∞: exp(ΔA) is then 0 in float32. The explorer's
// reset by Δ takes the same.
const hugeDelta = 1000

// bleeding is a second document after a first, in one mode, and alone.
type bleeding struct {
	s            *Subject
	cut          int // where the second document begins: its ¶
	joined, only *Run
}

// bleed reads both documents with the given way to reset before the second's ¶.
// A huge Δ is a tweak of that token, the others are marks.
func bleed(lab *Lab, name string, mark int32, tweak *model.LayerTweaks) (*bleeding, error) {
	s, r, err := prompted(lab, name)
	if err != nil {
		return nil, err
	}
	b := &bleeding{s: s, cut: secondHeader(r.Tokens) - 1}
	marks := make([]int32, len(r.Tokens))
	marks[b.cut] = mark
	var at *model.Tweaks
	if tweak != nil {
		at = model.Everywhere(s.File.Config, *tweak)
	}
	b.joined, err = s.run(r.Tokens, func(t int) *model.Tweaks {
		if t == b.cut {
			return at
		}
		return nil
	}, marks)
	if err != nil {
		return nil, err
	}
	b.only, err = s.Run(r.Tokens[b.cut:], nil, nil)
	return b, err
}

// after is the bleed k tokens after ¶, relative to the document alone. An h of
// nothing but zeros there makes it infinite, or 0 if both are.
func (b *bleeding) after(k int) float64 {
	return relative(b.joined.Layers[0].State(b.cut+k), b.only.Layers[0].State(k))
}

// last is the last token of the document.
func (b *bleeding) last() int { return len(b.only.Tokens) - 1 }

// values are the bleed at ¶, one token later and at the end.
func (b *bleeding) values() []Value {
	return []Value{
		share("at", b.after(0)), share("next", b.after(1)), share("end", b.after(b.last())), count("tokens", b.last()+1),
	}
}

// identical says that no bit of h differs, at any token of the document, in any
// layer, nor of the logits.
func (b *bleeding) identical() bool {
	for i := range b.only.Layers {
		l := &b.only.Layers[i]
		if !sameBits(b.joined.Layers[i].H[b.cut*l.D*l.N:], l.H) {
			return false
		}
	}
	return sameBits(b.joined.Logits[b.cut*b.s.File.Config.VocabSize:], b.only.Logits)
}

// itself: what the trained model does by itself. It was never told to reset; it
// learned to answer for the newest document only.
func itself(_ context.Context, lab *Lab) (Finding, error) {
	b, err := bleed(lab, trained, 0, nil)
	if err != nil {
		return Finding{}, err
	}
	l := &b.joined.Layers[0]
	kept := func(t int) float64 { // the share of h that token t keeps
		var part, all float64
		h := l.State(t - 1)
		for d := range l.D {
			for n := range l.N {
				x := float64(h[d*l.N+n])
				all += x * x
				x *= l.Retention(d, n, t, t+1)
				part += x * x
			}
		}
		return math.Sqrt(part / all)
	}
	noise := 0.0
	T := len(b.joined.Tokens)
	for t := b.cut + 2; t < T; t++ {
		noise += kept(t) / float64(T-b.cut-2)
	}
	at, next := kept(b.cut), kept(b.cut+1)
	return Finding{
		Holds: at*next < 0.05 && noise > 0.9 && b.after(b.last()) > 0,
		Values: []Value{
			share("at", at), share("next", next), share("noise", noise), share("left", b.after(b.last())),
			word("header", b.s.Tokens.Text(b.only.Tokens[1])),
		},
	}, nil
}

// bleedNone: without help something of the first document stays.
func bleedNone(_ context.Context, lab *Lab) (Finding, error) {
	b, err := bleed(lab, trained, 0, nil)
	if err != nil {
		return Finding{}, err
	}
	return Finding{Holds: b.after(b.last()) > 0, Values: b.values()}, nil
}

// bleedHuge: Δ → ∞ leaves nothing of what h held, and still makes h another:
// the released rule writes Δ·B·u, so the write at ¶ is as large as Δ. With the
// zero-order hold it is not, but it is another write than the model's own.
func bleedHuge(_ context.Context, lab *Lab) (Finding, error) {
	var huge [2]*bleeding
	for i, rule := range []scan.Rule{scan.Released, scan.ZOH} {
		s, err := lab.Subject(trained)
		if err != nil {
			return Finding{}, err
		}
		delta := make([]float32, s.File.Config.DInner)
		for d := range delta {
			delta[d] = hugeDelta
		}
		if huge[i], err = bleed(lab, trained, 0, &model.LayerTweaks{FreezeDelta: delta, Rule: rule}); err != nil {
			return Finding{}, err
		}
	}
	b, l := huge[0], &huge[0].joined.Layers[0]
	past := 0.0 // the largest share of any cell that gets past ¶, as float32 has it
	for d := range l.D {
		for n := range l.N {
			past = max(past, float64(float32(l.Retention(d, n, b.cut, b.cut+1))))
		}
	}
	return Finding{
		Holds: past < 1e-6 && b.after(b.last()) > 1 && huge[1].after(b.last()) > 0 && huge[1].after(b.last()) < b.after(b.last()),
		Values: append(b.values(), number("delta", hugeDelta), number("past", past),
			share("zohAt", huge[1].after(0)), share("zohEnd", huge[1].after(b.last()))),
	}, nil
}

// bleedState: Ā = 0 forgets h exactly, and the convolution still holds the last
// inputs of the first document: the first tokens of the second see them.
func bleedState(_ context.Context, lab *Lab) (Finding, error) {
	b, err := bleed(lab, trained, scan.ResetState, nil)
	if err != nil {
		return Finding{}, err
	}
	none, err := bleed(lab, trained, 0, nil)
	if err != nil {
		return Finding{}, err
	}
	end := b.after(b.last())
	return Finding{
		Holds:  end > 0 && b.after(0) > 0,
		Values: append(b.values(), count("window", b.s.File.Config.DConv-1), share("none", none.after(none.last()))),
	}, nil
}

// bleedBoth: Ā = 0 and an empty window are a new beginning, bit for bit.
func bleedBoth(_ context.Context, lab *Lab) (Finding, error) {
	b, err := bleed(lab, trained, scan.ResetState|scan.ResetConv, nil)
	if err != nil {
		return Finding{}, err
	}
	l := &b.only.Layers[0]
	return Finding{
		Holds:  b.identical(),
		Values: append(b.values(), count("numbers", len(l.H)*len(b.only.Layers))),
	}, nil
}

// exactItself: the hand-written model resets one token late, at the header, and
// to the last digit that a float32 has.
func exactItself(_ context.Context, lab *Lab) (Finding, error) {
	b, err := bleed(lab, exact, 0, nil)
	if err != nil {
		return Finding{}, err
	}
	l := &b.joined.Layers[0]
	open := 0
	for d := range task.Symbols {
		if l.Retention(d, 0, b.cut+1, b.cut+2) < 1e-6 {
			open++
		}
	}
	answer := b.joined.Answer(len(b.joined.Tokens) - 1)
	return Finding{
		Holds: open == task.Symbols && b.after(1) < 1e-6 && answer.ID == b.only.Tokens[1],
		Values: []Value{
			word("header", b.s.Tokens.Text(b.only.Tokens[1])), count("open", open), count("all", l.D),
			number("kept", l.Retention(0, 0, b.cut+1, b.cut+2)), number("bleed", b.after(1)),
			word("answer", b.s.Tokens.Text(answer.ID)),
		},
	}, nil
}
