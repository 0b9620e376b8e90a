package panel

import (
	"mamba-tui/model/session"
	"mamba-tui/tui/theme"
)

// forced is what a tweak makes of a cell of h whatever its equation says.
type forced uint8

const (
	notForced forced = iota
	forgot           // Ā = 0: nothing of before is kept
	set              // to a value
	out              // knocked out: 0
)

// forcedBy is what the tweaks in force do to cell (d, n) at token t of a window,
// and the name of the one that does it.
func forcedBy(c *Context, w *session.Window, t, d, n int) (kind forced, name string) {
	for _, k := range acting(c.Frame, w) {
		if k.Layer >= 0 && k.Layer != w.Layer {
			continue
		}
		lasting := t >= k.From && t < k.To
		f := notForced
		switch k.Kind {
		case session.FirstStates:
			if lasting && n >= int(k.Value) {
				f = out
			}
		case session.KnockState:
			if lasting && (k.State < 0 || k.State == n) {
				f = out
			}
		case session.SetH:
			if t == k.From && (k.Channel < 0 || k.Channel == d) && (k.State < 0 || k.State == n) {
				f = set
			}
		case session.ResetAt:
			if t == k.From && k.Reset != session.ResetDelta {
				f = forgot
			}
		}
		if f > kind {
			kind, name = f, phrase(k.Name())
		}
	}
	return kind, name
}

// acting are the tweaks that act in a window: none in the clean run.
func acting(f *session.Frame, w *session.Window) []session.Tweak {
	if w == nil || w != f.Changed {
		return nil
	}
	list := f.Tweaks
	if f.Versus.Kind == session.VersusBranch {
		list = nil
		for _, b := range f.Branches {
			if b.ID == f.Versus.Branch {
				list = b.Tweaks
			}
		}
	} else if f.TweaksHidden {
		return nil
	}
	var on []session.Tweak
	for _, t := range list {
		if !t.Off {
			on = append(on, t)
		}
	}
	return on
}

// forcedPart says in a title what forces the cell.
func (x cell) forcedPart() []part {
	if x.force == notForced {
		return nil
	}
	return []part{{long: x.by, keep: 9, role: theme.Changed}}
}

// forcedText is a cell's Ā and write in a table, where a tweak leaves them.
func forcedText(c *Context, w *session.Window, t, d, n int, share, write float64) (decay, wrote string) {
	switch kind, _ := forcedBy(c, w, t, d, n); kind {
	case forgot:
		return "0", sig(write, 3)
	case set, out:
		return "–", "–"
	}
	return sig(share, 3), sig(write, 3)
}

// taps is how many of the convolution's K newest inputs count at token t.
func taps(c *Context, w *session.Window, t, K int) int {
	for _, k := range acting(c.Frame, w) {
		if k.Kind == session.ConvTaps && (k.Layer < 0 || k.Layer == w.Layer) && t >= k.From && t < k.To {
			K = min(K, max(int(k.Value), 1))
		}
	}
	return K
}
