package panel

import (
	"strconv"
	"strings"

	"mamba-tui/model/session"
)

// WhatIf is one sentence: what the tweaks in force, or the other branch, did
// to the answer at the cursor, and where in the window it did most. It is ""
// without a second run.
func WhatIf(c *Context) string {
	s := atCursor(c)
	t, d := mostApart(c.Frame)
	if s == "" || t < 0 || t == c.Cursor.T {
		return s
	}
	return s + "; most apart after " + clip(subject(c.Frame, t), 12) + " at token " + strconv.Itoa(t) + " (" + percent(d) + ")"
}

// clearly is how far apart two answers are that the sentence points to, when
// that is also so much more than at the cursor.
const clearly = 0.1

// mostApart is the token of the window whose answers are most apart, −1 where
// none is clearly more so than the cursor's.
func mostApart(f *session.Frame) (t int, d float64) {
	v, t := f.Divergence, -1
	if v == nil {
		return t, 0
	}
	here := 0.0
	for i, x := range v.Output {
		if m := moment(f.Clean); m != nil && m.T == v.From+i {
			here = float64(x)
		}
		if float64(x) > d {
			t, d = v.From+i, float64(x)
		}
	}
	if d < here+clearly {
		return -1, 0
	}
	return t, d
}

// cannotFollow is what a trace without the weights does not know.
const cannotFollow = "this layer's scan is computed again; later layers and the answer cannot follow without the weights"

// atCursor is the sentence's part about the answer after the cursor's token.
func atCursor(c *Context) string {
	f := c.Frame
	if f.Changed == nil {
		return ""
	}
	what := whatChanged(f)
	a, b := moment(f.Clean), moment(f.Changed)
	switch {
	case a == nil || len(a.Top) == 0:
		return what + ": the answer is being computed …"
	case b == nil && overlap(f.Clean, f.Changed) > 0 && a.T >= f.Changed.To:
		return what + ": it ends before token " + subject(f, a.T)
	case b != nil && len(b.Top) == 0 && f.Info.Missing.Logits:
		return what + ": " + cannotFollow
	case b == nil || len(b.Top) == 0 || a.T != b.T:
		return what + ": the answer is being computed …"
	}
	say := func(g session.Guess) string {
		return clip(symbol(f, g.ID), 12) + " (" + probability(float64(g.P)) + ")"
	}
	after := "the answer after " + clip(subject(f, a.T), 12)
	if f.Versus.Kind == session.VersusBranch {
		_, other := names(f)
		if a.Top[0].ID != b.Top[0].ID {
			return what + ": " + after + " is " + say(a.Top[0]) + " here and " + say(b.Top[0]) + " in " + other
		}
		return what + ": " + after + " is " + clip(symbol(f, a.Top[0].ID), 12) + " in both, with " +
			probability(float64(a.Top[0].P)) + " here and " + probability(float64(b.Top[0].P)) + " in " + other
	}
	if a.Top[0].ID != b.Top[0].ID {
		return what + ": " + after + " changes from " + say(a.Top[0]) + " to " + say(b.Top[0])
	}
	return what + ": " + after + " stays " + clip(symbol(f, a.Top[0].ID), 12) + ", its probability goes from " +
		probability(float64(a.Top[0].P)) + " to " + probability(float64(b.Top[0].P))
}

// whatChanged names what makes the second run another one.
func whatChanged(f *session.Frame) string {
	if f.Versus.Kind == session.VersusBranch {
		a, b := names(f)
		return a + " and " + b
	}
	var list []string
	for _, t := range f.Tweaks {
		if !t.Off {
			list = append(list, phrase(t.Name()))
		}
	}
	if len(list) == 0 {
		return "changed run"
	}
	return strings.Join(list, ", ")
}
