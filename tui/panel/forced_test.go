package panel

import (
	"context"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/scan"
)

// Under every tweak the printed equation of the changed run gives the printed
// h: a reset forgets, a cell that is set or knocked out is not computed.
func TestEquationUnderEveryTweak(t *testing.T) {
	cfg := model.Config{VocabSize: 11, DModel: 10, DInner: 18, DState: 5, DConv: 4, DtRank: 2, NLayer: 2, Eps: 1e-5, ConvBias: true}
	s := random(t, cfg, 20)
	const at = 9
	all := func(k session.TweakKind, v float64) session.Tweak {
		return session.Tweak{Kind: k, Layer: -1, Channel: -1, State: -1, To: session.End, Value: v}
	}
	one := func(k session.TweakKind, v float64) session.Tweak {
		x := all(k, v)
		x.From = at
		return x
	}
	reset := func(mode session.ResetMode) session.Tweak {
		x := one(session.ResetAt, 0)
		x.Reset = mode
		return x
	}
	rule := all(session.UseRule, 0)
	rule.Rule = scan.Bilinear
	cell := one(session.SetH, 7.5)
	cell.Layer, cell.Channel, cell.State = 1, 3, 2
	state := all(session.KnockState, 0)
	state.State = 2
	delta := one(session.SetDelta, 2)
	delta.Layer, delta.Channel = 1, 3
	for _, c := range []struct {
		tweak session.Tweak
		says  string // in the cell h[3,2] of layer 1 at the token
	}{
		{all(session.DeltaGain, 2), ""}, {all(session.DeltaBias, 1), ""}, {all(session.FreezeDelta, 0), ""}, {all(session.FreezeB, 0), ""},
		{all(session.GateOff, 0), ""}, {all(session.ConvTaps, 1), ""}, {all(session.AScale, 3), ""}, {rule, "bilinear"},
		{all(session.FirstStates, 2), "first 2 states only"}, {state, "knocked out"}, {reset(session.ResetState), "reset: Ā = 0"},
		{reset(session.ResetStateConv), "reset: Ā = 0"}, {reset(session.ResetDelta), ""}, {one(session.Ignore, 0), ""}, {cell, "h set to 7.5"}, {delta, ""},
	} {
		for _, op := range []session.Op{session.DefaultTweaks{}, session.AddTweak{Tweak: c.tweak}} {
			if err := s.Do(context.Background(), op); err != nil {
				t.Fatalf("%s: %v", c.tweak.Name(), err)
			}
		}
		for _, tok := range []int{at, at + 1} {
			for layer := range 2 {
				f := frameAt(t, s, tok, layer)
				if f.Changed == nil || f.Changed.At == nil {
					t.Fatalf("%s: no changed run", c.tweak.Name())
				}
				for _, d := range []int{0, 3} {
					for _, n := range []int{1, 2} {
						eq, rows := inspectRun(t, f, Cursor{T: tok, Layer: layer, D: d, N: n}, 150, 40, true)
						if exact := float64(f.Changed.At.H[d*5+n]); strings.Count(eq, "=") == 1 { // not computed
							if want := " = " + sig(exact, 3); !strings.HasSuffix(eq, want) {
								t.Errorf("%s: the cell reads %q, the frame says%s", c.tweak.Name(), eq, want)
							}
						} else {
							checkEquation(t, eq, exact)
						}
						title := rows[0]
						if tok == at && layer == 1 && d == 3 && n == 2 && c.says != "" && !strings.Contains(title, c.says) {
							t.Errorf("%s: the title of its cell reads %q", c.tweak.Name(), title)
						}
						if eq, rows = inspectRun(t, f, Cursor{T: tok, Layer: layer, D: d, N: n}, 150, 40, false); strings.Contains(rows[0], "set to") || strings.Contains(rows[0], "knocked") {
							t.Errorf("the clean run's cell claims a tweak: %q", rows[0])
						}
						checkEquation(t, eq, float64(f.Clean.At.H[d*5+n]))
					}
				}
			}
		}
	}
}
