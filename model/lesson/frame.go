package lesson

import (
	"math"
	"slices"

	"mamba-tui/model/session"
)

// at is the index of the cursor's token in w, and whether w has it.
func at(f *session.Frame, w *session.Window) (int, bool) {
	if w == nil || f.Look.T < w.From || f.Look.T >= w.To {
		return 0, false
	}
	return f.Look.T - w.From, true
}

// kept is the share of the layer's state that the cursor's token kept in w, NaN
// where there was none or it is not known.
func kept(f *session.Frame, w *session.Window) float64 {
	i, ok := at(f, w)
	if !ok || w.Layer >= len(w.Lanes) || i >= len(w.Lanes[w.Layer].Kept) {
		return math.NaN()
	}
	return float64(w.Lanes[w.Layer].Kept[i])
}

// clean says that nothing is changed or compared.
func clean(f *session.Frame) bool { return f.Changed == nil && len(inForce(f)) == 0 }

// inForce are the tweaks that act.
func inForce(f *session.Frame) []session.Tweak {
	if f.TweaksHidden {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(f.Tweaks), func(t session.Tweak) bool { return t.Off })
}

// changedBy says that a tweak of the kind is in force, and that its run is
// there to be seen.
func changedBy(f *session.Frame, kind session.TweakKind) bool {
	return f.Changed != nil && f.TweakPending == 0 &&
		slices.ContainsFunc(inForce(f), func(t session.Tweak) bool { return t.Kind == kind })
}

// resetBy is how a forced reset that is in force forgets, "" if there is none.
func resetBy(f *session.Frame) session.ResetMode {
	for _, t := range inForce(f) {
		if t.Kind == session.ResetAt {
			return t.Reset
		}
	}
	return ""
}

// resetInMode says of a frame that a reset of that mode is forced, and that what
// comes of it is there.
func resetInMode(mode session.ResetMode) func(*session.Frame) bool {
	return func(f *session.Frame) bool { return changedBy(f, session.ResetAt) && resetBy(f) == mode }
}

// resetValues are the mode of the reset in force, and what it changes at the
// end.
func resetValues(f *session.Frame) []Value {
	name := map[session.ResetMode]string{
		session.ResetDelta: "Δ → ∞", session.ResetState: "Ā = 0", session.ResetStateConv: "Ā = 0, conv = 0",
	}[resetBy(f)]
	return append(answerValues(f), Value{Name: "mode", Number: math.NaN(), Text: name})
}

// keptValue is kept as a value, if it is known.
func keptValue(f *session.Frame, w *session.Window) []Value {
	if x := kept(f, w); x == x {
		return []Value{keptShare("kept", x)}
	}
	return nil
}

// cursorValues are the cursor's token, the largest Δ of its layer there, and
// what it kept.
func cursorValues(f *session.Frame) []Value {
	w := f.Clean
	i, ok := at(f, w)
	if !ok {
		return nil
	}
	values := []Value{word("token", f.TextOf(f.Look.T))}
	if l := w.Layer; l < len(w.Lanes) && i < len(w.Lanes[l].DeltaMax) {
		values = append(values, number("delta", float64(w.Lanes[l].DeltaMax[i])))
	}
	return append(values, keptValue(f, w)...)
}

// answerValues are the newest token in sight, the model's guess after it, that
// of the changed run, and by how much its h differs, where they are known.
func answerValues(f *session.Frame) []Value {
	w := f.Clean
	if w == nil || w.To == w.From {
		return nil
	}
	values := []Value{word("token", f.TextOf(w.To-1))}
	guess := func(name string, w *session.Window) {
		if n := len(w.Top); n > 0 {
			values = append(values, word(name, f.Text(w.Top[n-1].ID)))
		}
	}
	guess("clean", w)
	c := f.Changed
	if c == nil || c.From != w.From || c.To != w.To {
		return values
	}
	guess("changed", c)
	if n := w.D * w.N; len(w.H) == (w.To-w.From)*n && len(c.H) == len(w.H) {
		values = append(values, share("change", relative(c.H[len(c.H)-n:], w.H[len(w.H)-n:])))
	}
	return values
}

// wiped: the cursor stands on a token that wiped something.
func wiped(f *session.Frame) bool {
	return f.Look.T > 1 && session.TickOf(float32(kept(f, f.Clean))) == session.TickWipe
}
