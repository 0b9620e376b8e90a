package panel

import (
	"strconv"
	"strings"

	"mamba-tui/model/session"
)

// total is the number of tokens of the history.
func total(f *session.Frame) int { return f.Tokens.Len() }

// run is the run that the options ask for: the changed one where both exist
// and it is wanted, else the clean one. It may be nil.
func run(c *Context) *session.Window {
	if c.Opt.Changed && c.Frame.Changed != nil {
		return c.Frame.Changed
	}
	return c.Frame.Clean
}

// row returns values[t−From] of an array of rows that are width wide, or nil
// when the window does not hold token t.
func at(w *session.Window, values []float32, t, width int) []float32 {
	if w == nil || width <= 0 || t < w.From || t >= w.To {
		return nil
	}
	i := (t - w.From) * width
	if i+width > len(values) {
		return nil
	}
	return values[i : i+width]
}

// lane is the summary of layer l, or nil.
func lane(w *session.Window, l int) *session.Lane {
	if w == nil || l < 0 || l >= len(w.Lanes) {
		return nil
	}
	return &w.Lanes[l]
}

// one returns values[t−From], and whether the window holds it.
func one(w *session.Window, values []float32, t int) (float32, bool) {
	if r := at(w, values, t, 1); r != nil {
		return r[0], true
	}
	return 0, false
}

// moment is what the window knows of its look's token. It may be nil, and may
// still belong to the token before the cursor's newest step: panels name the
// token they show.
func moment(w *session.Window) *session.Moment {
	if w == nil {
		return nil
	}
	return w.At
}

// symbol is the visible text of a token id.
func symbol(f *session.Frame, id int32) string {
	if id >= 0 && int(id) < len(f.Info.Texts) && f.Info.Texts[id] != "" {
		return safe(f.Info.Texts[id])
	}
	return strconv.Itoa(int(id))
}

// text is the visible text of token t: what was typed for a token outside the
// alphabet, else its symbol.
func text(f *session.Frame, t int) string {
	if t < 0 || t >= f.Tokens.Len() {
		return ""
	}
	k := f.Tokens.At(t)
	if outside(k) {
		return safe(k.Typed)
	}
	return symbol(f, k.ID)
}

// TextWidth is the number of cells the widest text of the tokens [from, to)
// takes, so that an axis can be made wide enough to tell them apart.
func TextWidth(f *session.Frame, from, to int) int {
	w := 0
	for t := max(from, 0); t < min(to, f.Tokens.Len()); t++ {
		w = max(w, width(text(f, t)))
	}
	return w
}

// named is "17 '9'" for token t, or "17" when the history does not hold it.
func named(f *session.Frame, t int) string {
	if t < 0 || t >= f.Tokens.Len() {
		return strconv.Itoa(t)
	}
	return strconv.Itoa(t) + " '" + clip(text(f, t), 12) + "'"
}

// tickAt is the reset tick of token t in the window's layer.
func tickAt(w *session.Window, t int) session.Tick {
	if w == nil {
		return session.TickNone
	}
	if l := lane(w, w.Layer); l != nil {
		if rho, ok := one(w, l.Kept, t); ok {
			return session.TickOf(rho)
		}
	}
	return session.TickNone
}

// inGroup reports, for each of D channels, whether it belongs to the frame's
// channel group; nil when the group is everything.
func inGroup(f *session.Frame, D int) []bool {
	if len(f.Group.Channels) == 0 || len(f.Group.Channels) >= D {
		return nil
	}
	in := make([]bool, D)
	for _, d := range f.Group.Channels {
		if d >= 0 && d < D {
			in[d] = true
		}
	}
	return in
}

// Lacking names what a replayed trace does not hold, or "".
func Lacking(f *session.Frame) string {
	x := f.Info.Missing
	var list []string
	for _, y := range []struct {
		missing bool
		name    string
	}{
		{x.Gate, "the gate z"}, {x.Conv, "the convolution's window"}, {x.Residual, "the residual stream"},
		{x.Logits, "the logits"}, {x.Later, "how later layers follow a change"},
	} {
		if y.missing {
			list = append(list, y.name)
		}
	}
	return strings.Join(list, ", ")
}
