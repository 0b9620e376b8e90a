package session

import (
	"fmt"
	"math"
	"slices"
)

// maxTweaks bounds the list: more than a person can look through.
const maxTweaks = 256

// normal is t in one form: what does not apply to its kind is −1, and an open
// end is End. It says whether the kind is known.
func (t Tweak) normal() (Tweak, bool) {
	if t.To == 0 || t.Kind.atToken() {
		t.To = End
	}
	if !t.Kind.perChannel() {
		t.Channel = -1
	}
	if !t.Kind.perState() {
		t.State = -1
	}
	if t.Kind == SetToken {
		t.Layer = -1
	}
	return t, slices.Contains(kinds[:], t.Kind)
}

// check refuses a tweak that cannot act on this model, brings it to its normal
// form and fills in what the session knows.
func (s *Session) check(t Tweak) (Tweak, error) {
	fail := func(format string, args ...any) (Tweak, error) {
		return t, fmt.Errorf("session: tweak %q: "+format, append([]any{string(t.Kind)}, args...)...)
	}
	c := s.cfg
	t, known := t.normal()
	if !known {
		return fail("of an unknown kind")
	}
	for _, x := range []struct {
		what string
		i, n int
	}{{"layer", t.Layer, c.NLayer}, {"channel", t.Channel, c.DInner}, {"state", t.State, c.DState}} {
		if x.i < -1 || x.i >= x.n {
			return fail("%s %d, want 0 to %d, or -1 for all", x.what, x.i, x.n-1)
		}
	}
	if t.From < 0 || t.To <= t.From {
		return fail("acts on tokens %d to %d, want 0 or more and at least one", t.From, t.To)
	}
	least, most := math.Inf(-1), math.Inf(1)
	whole := false
	switch t.Kind {
	case DeltaGain, AScale:
		least, most = 0, 1e6
	case SetDelta:
		least, most = 0, 1e9
	case DeltaBias:
		least, most = -1e6, 1e6
	case SetH:
		least, most = -math.MaxFloat32, math.MaxFloat32
	case ConvTaps:
		least, most, whole = 1, float64(c.DConv), true
	case FirstStates:
		least, most, whole = 1, float64(c.DState), true
	case UseRule:
		if !t.Rule.Valid() {
			return fail("rule %d is not known", t.Rule)
		}
	case KnockChannel:
		if t.Channel < 0 {
			return fail("every channel: name one")
		}
	case KnockState:
		if t.State < 0 {
			return fail("every state: name one")
		}
	case ResetAt:
		switch t.Reset {
		case ResetDelta:
			if t.Value == 0 {
				t.Value = resetDelta
			}
			least, most = 0, 1e9
		case ResetState, ResetStateConv:
			if t.Layer >= 0 {
				return fail("layer %d alone: Ā = 0 is for all layers", t.Layer)
			}
		default:
			return fail("mode %q, want %q, %q or %q", t.Reset, ResetDelta, ResetState, ResetStateConv)
		}
	case SetToken:
		if t.Token < 0 || int(t.Token) >= s.vocab {
			return fail("id %d, want 0 to %d", t.Token, s.vocab-1)
		}
		t.Text = s.tok.Text(t.Token)
	case FreezeDelta, FreezeB, FreezeC:
		return s.checkVector(t)
	}
	if !(t.Value >= least && t.Value <= most) {
		return fail("value %v, want %v to %v", t.Value, least, most)
	}
	if whole && t.Value != math.Trunc(t.Value) {
		return fail("value %v, want a whole number", t.Value)
	}
	return t, nil
}

// checkVector is check for the constant of a freeze, which is the clean run's
// mean so far where none is given.
func (s *Session) checkVector(t Tweak) (Tweak, error) {
	n := s.cfg.DState
	if t.Kind == FreezeDelta {
		n = s.cfg.DInner
	}
	if t.Vector == nil {
		if s.clean.n == 0 {
			return t, fmt.Errorf("session: %s has no mean to be frozen at: the history is empty, type something first", frozenName[t.Kind])
		}
		t.MeanTokens, t.MeanBranch = s.clean.n, s.branches[s.current].id
		for l := range s.clean.spread {
			t.Vector = append(t.Vector, s.clean.spread[l].meanOf(t.Kind))
		}
	}
	if len(t.Vector) != s.cfg.NLayer {
		return t, fmt.Errorf("session: tweak %q has constants of %d layers, the model %d", t.Kind, len(t.Vector), s.cfg.NLayer)
	}
	for l, v := range t.Vector {
		if v != nil && len(v) != n {
			return t, fmt.Errorf("session: tweak %q of layer %d has %d constants, want %d", t.Kind, l, len(v), n)
		}
		for i, x := range v {
			if x != x || math.IsInf(float64(x), 0) || t.Kind == FreezeDelta && x < 0 {
				return t, fmt.Errorf("session: tweak %q of layer %d has %v at %d, want a finite number, for Δ 0 or more", t.Kind, l, x, i)
			}
		}
	}
	t.Vector = slices.Clone(t.Vector) // the list is ours, its rows never change
	return t, nil
}

var frozenName = map[TweakKind]string{FreezeDelta: "Δ", FreezeB: "B", FreezeC: "C"}
