package tui

import (
	"math"
	"testing"

	"mamba-tui/model/session"
	"mamba-tui/scan"
)

// The arrows walk the rungs one by one, from between two as well, and end at
// the ends.
func TestLadder(t *testing.T) {
	for _, c := range []struct {
		v    float64
		by   int
		want float64
	}{
		{1, 1, 1.1}, {1, -1, 0.9}, {1.05, 1, 1.1}, {1.05, -1, 1}, {0, -1, 0}, {1000, 5, 1000}, {5000, -1, 1000}, {1, -5, 0.5}, {2, 5, 6}, {0.005, -1, 0},
	} {
		if got := ladder(c.v, c.by); got != c.want {
			t.Errorf("ladder(%v, %d) = %v, want %v", c.v, c.by, got, c.want)
		}
	}
	for i := 1; i < len(rungs); i++ {
		if rungs[i] <= rungs[i-1] {
			t.Errorf("rung %d is %v after %v", i, rungs[i], rungs[i-1])
		}
	}
	// Up and down again is where one was.
	for _, v := range rungs[:len(rungs)-1] {
		if got := ladder(ladder(v, 1), -1); got != v {
			t.Errorf("from %v up and down leads to %v", v, got)
		}
	}
}

// Every knob leads away from what the model has and back to it, and there it
// is no change: a neutral tweak is none.
func TestKnobsComeBack(t *testing.T) {
	s := newStill(t, Options{}, 120, 40)
	s.press("[") // not at the end
	seen := map[session.TweakKind]bool{}
	for _, k := range s.knobs {
		if k.kind == "" { // the freeze row
			continue
		}
		if seen[k.kind] {
			t.Errorf("two knobs for %s", k.kind)
		}
		seen[k.kind] = true
		if k.show(s.Model, nil) == "" {
			t.Errorf("%s shows nothing where nothing is changed", k.id)
		}
		var now *session.Tweak
		back := false
		for range 40 {
			next, change := k.step(s.Model, now, -1)
			if !change {
				back = true
				break
			}
			next.Kind, next.From = k.kind, s.cursor.T
			if k.show(s.Model, &next) == "" {
				t.Errorf("%s shows nothing at %+v", k.id, next)
			}
			now = &next
			if k.where == onCell || k.kind == session.DeltaGain || k.kind == session.AScale || k.kind == session.DeltaBias || k.kind == session.ConvTaps {
				// These walk away from neutral: turn round.
				up, change := k.step(s.Model, now, 1)
				if up.Kind = k.kind; !change {
					back = true
				} else if k.where == onCell {
					back = up.Value > next.Value // no way is neutral
				}
				break
			}
		}
		if !back {
			t.Errorf("%s never comes back to what the model has", k.id)
		}
	}
	for _, kind := range []session.TweakKind{session.DeltaGain, session.DeltaBias, session.GateOff, session.ConvTaps, session.AScale, session.UseRule,
		session.FirstStates, session.KnockChannel, session.KnockState, session.ResetAt, session.Ignore, session.SetToken, session.SetH, session.SetDelta} {
		if !seen[kind] {
			t.Errorf("there is no knob for %s", kind)
		}
	}
}

// Typed numbers are held against their bounds; the neutral one is no change.
func TestKnobsTyped(t *testing.T) {
	s := newStill(t, Options{}, 120, 40)
	for _, c := range []struct {
		id     string
		v      float64
		change bool
		ok     bool
	}{
		{"delta-gain", 2.5, true, true}, {"delta-gain", 1, false, true}, {"delta-gain", -1, false, false}, {"delta-gain", math.NaN(), false, false},
		{"delta-bias", 0, false, true}, {"delta-bias", -3, true, true}, {"delta-bias", 1e9, false, false},
		{"a-scale", 0, false, false}, {"conv-taps", 1, true, true}, {"conv-taps", 4, false, true}, {"conv-taps", 5, false, false}, {"conv-taps", 1.5, false, false},
		{"states", 1, false, true}, {"states", 2, false, false}, {"set-h", 0, true, true}, {"set-delta", -1, false, false}, {"set-h", math.Inf(1), false, false},
	} {
		var k *knob
		for i := range s.knobs {
			if s.knobs[i].id == c.id {
				k = &s.knobs[i]
			}
		}
		_, change, err := k.typed(s.Model, c.v)
		if (err == nil) != c.ok || err == nil && change != c.change {
			t.Errorf("%s %v: change %t, %v", c.id, c.v, change, err)
		}
	}
}

// The rule's row knows every rule.
func TestRuleKnobWalksAll(t *testing.T) {
	s := newStill(t, Options{}, 120, 40)
	k := s.knobOf(session.UseRule)
	seen := map[scan.Rule]bool{scan.Released: true}
	var now *session.Tweak
	for range len(scan.Rules()) - 1 {
		next, change := k.step(s.Model, now, 1)
		if !change {
			t.Fatalf("back at the released rule after %d", len(seen))
		}
		seen[next.Rule], now = true, &next
	}
	if len(seen) != len(scan.Rules()) {
		t.Errorf("%d of %d rules", len(seen), len(scan.Rules()))
	}
	if _, change := k.step(s.Model, now, 1); change {
		t.Error("after the last rule comes no way back")
	}
}

// A replaced token comes back at its own place, wherever the cursor went.
func TestReplacedTokenComesBack(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("[", "ctrl+p")
		r.Type("another token here")
		r.Press("enter", "right")
		r.Sees("1 in force", "token replaced by")
		r.Press("end") // ends on another token than the replaced one
		for i := range r.m.handRows() {
			r.m.hand.at = i
			if r.m.chosenTweak() != nil {
				break
			}
		}
		r.Press("left")
		r.Sees("none in force")
	})
}
