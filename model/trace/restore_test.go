package trace

import (
	"bytes"
	"context"
	"reflect"
	"strings"
	"testing"

	"mamba-tui/model/session"
)

// frame is everything of a session at token t.
func frame(t *testing.T, s *session.Session, at int) *session.Frame {
	t.Helper()
	return frameOf(t, s, session.Look{T: at, From: 0, To: s.Len(), Layer: 1})
}

// frameOf is the frame for l with its changed run, however busy the machine is.
func frameOf(t *testing.T, s *session.Session, l session.Look) *session.Frame {
	t.Helper()
	for range 1000 {
		f, err := s.Frame(context.Background(), l)
		if err != nil {
			t.Fatal(err)
		}
		if f.TweakPending == 0 {
			return f
		}
	}
	t.Fatal("the changed run never ends")
	return nil
}

func tokensOf(h session.History) (list []session.Token) {
	for i := range h.Len() {
		list = append(list, h.At(i))
	}
	return list
}

// A recording brings the session back: with the weights all of it, without them
// everything that is not missing, bit for bit.
func TestRestore(t *testing.T) {
	for _, level := range []Level{Drive, Full} {
		r, b := recordedStory(t, func(o *Options) { o.Level = level })
		r.do(session.SetMark{T: 20, Name: "not in the recording"}, session.DeleteMark{T: 20})
		tr := openBytes(t, b)
		p := newPlayer(t, b)
		want := frame(t, r.s, 12)
		for name, machine := range map[string]session.Machine{"weights": session.Live(r.m), "player": p} {
			s := newSession(t, r.file, machine)
			if err := tr.Restore(context.Background(), s); err != nil {
				t.Fatal(err)
			}
			got := frame(t, s, 12)
			if !reflect.DeepEqual(tokensOf(got.Tokens), tokensOf(want.Tokens)) || !reflect.DeepEqual(got.Branches, want.Branches) || !reflect.DeepEqual(got.Marks, want.Marks) {
				t.Errorf("%s: tokens, branches %+v or marks %+v are not those of the session", name, got.Branches, got.Marks)
			}
			g, w := *got.Clean, *want.Clean
			if name == "player" {
				if g.Z != nil || g.At.Z != nil || g.At.Gated != nil || g.At.Window != nil || g.At.In != nil || g.At.X != nil || g.At.Out != nil {
					t.Error("what was not recorded is not nil")
				}
				w.Z = nil
				at := *w.At
				at.Z, at.Gated, at.Window, at.In, at.Norm, at.Out, at.X = nil, nil, nil, nil, nil, nil, nil
				w.At = &at
				at.Top = at.Top[:len(g.At.Top)]
			}
			if !reflect.DeepEqual(noNaN(g), noNaN(w)) {
				t.Errorf("%s: the window is not what it was", name)
			}
		}
	}
}

// noNaN is w without the kept share of the first token, which is NaN and so
// differs from itself, and without the largest values, which rolling back does
// not lower.
func noNaN(w session.Window) session.Window {
	w.Largest = session.Largest{}
	w.Lanes = append([]session.Lane(nil), w.Lanes...)
	for i := range w.Lanes {
		w.Lanes[i].Kept = w.Lanes[i].Kept[1:]
	}
	return w
}

// Marks belong to branches, and go with what is rolled back.
func TestRestoreMarks(t *testing.T) {
	r := newRig(t)
	var b bytes.Buffer
	rec := r.record(&b, r.options())
	r.do(
		session.Type{At: session.End, Text: "abcdabcdab"},
		session.SetMark{T: 2, Name: "shared"}, session.SetMark{T: 8, Name: "beyond the fork"}, session.SetMark{T: 9, Name: "rolled back"},
		session.Back{N: 1}, session.Type{At: session.End, Text: "c"},
		session.SetMark{T: 3, Name: "deleted"}, session.DeleteMark{T: 3},
		session.Type{At: 5, Text: "d"},
		session.SetMark{T: 6, Name: "own"},
		session.NameBranch{ID: 2, Name: "second"},
	)
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	s := newSession(t, r.file, session.Live(r.m))
	if err := openBytes(t, b.Bytes()).Restore(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	want, got := frame(t, r.s, 0), frame(t, s, 0)
	if !reflect.DeepEqual(got.Marks, want.Marks) || len(got.Marks) != 2 {
		t.Errorf("marks %+v, want %+v", got.Marks, want.Marks)
	}
	if got.Branches[1].Name != "second" {
		t.Errorf("%+v", got.Branches)
	}
}

// Tweaks come back with their constants, in force or not, on every branch; kept
// ones can be compared; the branch that was switched to is the current one.
func TestRestoreTweaks(t *testing.T) {
	r := newRig(t)
	var b bytes.Buffer
	rec := r.record(&b, r.options())
	all := session.Tweak{Layer: -1, Channel: -1, State: -1, To: session.End}
	gain, freeze, reset := all, all, all
	gain.Kind, gain.Value, gain.Layer = session.DeltaGain, 2, 0
	freeze.Kind = session.FreezeDelta
	reset.Kind, reset.Reset, reset.From, reset.To = session.ResetAt, session.ResetState, 3, 4
	r.do(
		session.Type{At: session.End, Text: "abcdabcdab"},
		session.AddTweak{Tweak: gain}, session.AddTweak{Tweak: freeze},
		session.KeepTweaks{Name: "slow"},
		session.Undo{}, session.AddTweak{Tweak: reset}, session.ToggleTweaks{On: false},
		session.Type{At: 5, Text: "dd"}, session.ToggleTweaks{On: true}, session.RemoveTweak{ID: 1},
		session.SwitchBranch{ID: 1},
	)
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	tr := openBytes(t, b.Bytes())
	for _, e := range tr.Events() {
		if _, err := e.Operation(); err != nil && e.Op != opBeside && e.Op != opBranch {
			t.Errorf("%s: %v", e.Op, err)
		}
	}
	for _, branch := range []int{0, 2, 3} {
		s := newSession(t, r.file, session.Live(r.m))
		if err := tr.RestoreBranch(context.Background(), s, branch); err != nil {
			t.Fatal(err)
		}
		if branch > 0 {
			r.do(session.SwitchBranch{ID: branch})
		}
		want, got := frame(t, r.s, 4), frame(t, s, 4)
		if !reflect.DeepEqual(got.Tweaks, want.Tweaks) || !reflect.DeepEqual(got.Branches, want.Branches) || got.Branch != want.Branch {
			t.Errorf("branch %d: tweaks %+v of %+v, want %+v of %+v", branch, got.Tweaks, got.Branches, want.Tweaks, want.Branches)
		}
		if (got.Changed == nil) != (want.Changed == nil) || got.Changed != nil && !reflect.DeepEqual(got.Changed.H, want.Changed.H) {
			t.Errorf("branch %d: the changed run is another", branch)
		}
	}
	p := newPlayer(t, b.Bytes())
	s := newSession(t, r.file, p)
	if err := tr.Restore(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	r.do(session.SwitchBranch{ID: 1}, session.ToggleTweaks{On: true})
	if err := s.Do(context.Background(), session.ToggleTweaks{On: true}); err != nil {
		t.Fatal(err)
	}
	f := func(s *session.Session) []float32 {
		return frameOf(t, s, session.Look{T: 9, From: 0, To: 10, Layer: 0}).Changed.H
	}
	if !reflect.DeepEqual(f(s), f(r.s)) {
		t.Error("tweaks do not act on the played layer as on the model's")
	}
}

// Rolling the parent back to before a fork leaves the branch its tokens.
func TestRestoreParentRolledBack(t *testing.T) {
	r := newRig(t)
	var b bytes.Buffer
	rec := r.record(&b, r.options())
	r.do(session.Type{At: session.End, Text: "abcdab"}, session.Type{At: 3, Text: "dd"})
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	tr := openBytes(t, b.Bytes())
	tr.x.lines[1].parts, tr.x.lines[1].keys = tr.x.lines[1].cut(2)
	s := newSession(t, r.file, session.Live(r.m))
	if err := tr.Restore(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	f := frame(t, s, 0)
	if !reflect.DeepEqual(tokensOf(f.Tokens), tokensOf(frame(t, r.s, 0).Tokens)) || f.Branches[1].At != 1 {
		t.Errorf("%d tokens, %+v", f.Tokens.Len(), f.Branches)
	}
}

// On a player nothing can be typed, and tweaks that need the weights say so.
func TestPlayedSession(t *testing.T) {
	r, b := recordedStory(t, nil)
	s := newSession(t, r.file, newPlayer(t, b))
	if err := openBytes(t, b).Restore(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	for _, op := range []session.Op{session.Type{At: 3, Text: "a"}, session.Type{At: session.End, Text: "a"}, session.Generate{N: 1}, session.Back{N: 2}, session.Clear{}} {
		if err := s.Do(context.Background(), op); err == nil || !strings.Contains(err.Error(), "needs the weights") {
			t.Errorf("%T: %v", op, err)
		}
	}
	if err := s.Do(context.Background(), session.Freeze{On: true}); err != nil {
		t.Fatal(err)
	}
	f := frame(t, s, 3)
	if f.Changed == nil || f.Changed.Top != nil && f.Changed.Top[0].ID >= 0 && f.Changed.At.Top != nil {
		t.Error("a changed run without the weights guesses")
	}
	if f.Tokens.Len() != 25 {
		t.Errorf("%d tokens", f.Tokens.Len())
	}
}
