package session

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mamba-tui/scan"
)

// Whatever branches are opened, switched to, compared and kept, each holds its
// tokens, the current one is bit for bit a fresh run, and what is shown beside
// is a fresh run of the other.
func TestAnyBranchesEqualFreshRuns(t *testing.T) {
	m := newModel(t, lettered, scan.Float32)
	rapid.Check(t, func(rt *rapid.T) {
		s, err := New(m, Options{Card: letters, KeyframeEvery: rapid.SampledFrom([]int{1, 4, 16}).Draw(rt, "every")})
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		s.clean.keys.max = rapid.SampledFrom([]int{2, 5, 16}).Draw(rt, "keyframes")
		want := map[int]string{1: ""} // branch → text
		lists := map[int]int{}        // branch → tweaks
		now := 1
		text := func() string {
			return rapid.StringOfN(rapid.RuneFrom([]rune("ab!")), 1, 20, -1).Draw(rt, "text")
		}
		for range rapid.IntRange(1, 20).Draw(rt, "ops") {
			n := len(want[now])
			id := rapid.IntRange(1, len(want)).Draw(rt, "branch")
			switch rapid.IntRange(0, 8).Draw(rt, "op") {
			case 0, 1:
				x := text()
				do(rt, s, Type{At: End, Text: x})
				want[now] += x
			case 2:
				at, x := rapid.IntRange(-1, n-1).Draw(rt, "at"), text()
				do(rt, s, Type{At: at, Text: x})
				if at < n-1 {
					was := now
					now = len(want) + 1
					want[now], lists[now] = want[was], lists[was]
				}
				want[now] = want[now][:at+1] + x
			case 3:
				do(rt, s, SwitchBranch{id})
				now = id
			case 4:
				if id != now {
					do(rt, s, CompareBranch{id})
				} else {
					do(rt, s, CompareBranch{})
				}
			case 5:
				back := rapid.IntRange(0, n).Draw(rt, "back")
				do(rt, s, Back{back})
				want[now] = want[now][:n-back]
			case 6:
				if n > 0 {
					do(rt, s, DefaultTweaks{}, AddTweak{Tweak: Tweak{Kind: DeltaGain, Layer: -1, Channel: -1, From: rapid.IntRange(0, n).Draw(rt, "from"), Value: 2}})
					lists[now] = 1
				}
			case 7:
				if lists[now] > 0 {
					do(rt, s, KeepTweaks{"kept"})
					want[len(want)+1], lists[len(want)+1] = want[now], 1
				}
			case 8:
				mustFrame(rt, s, Look{T: rapid.IntRange(-1, 60).Draw(rt, "T"), From: rapid.IntRange(0, 60).Draw(rt, "from"), To: rapid.IntRange(0, 90).Draw(rt, "to")})
			}
		}
		f := mustFrame(rt, s, Look{T: -1, To: 1000})
		if len(f.Branches) != len(want) || f.Branch.ID != now || f.Branch.Count != len(want) {
			rt.Fatalf("on branch %d of %d, want %d of %d", f.Branch.ID, len(f.Branches), now, len(want))
		}
		fresh := func(branch int) *Session {
			x, err := New(m, Options{Card: letters})
			if err != nil {
				rt.Fatal(err)
			}
			rt.Cleanup(x.Close)
			do(rt, x, Type{At: End, Text: want[branch]})
			return x
		}
		for i, b := range f.Branches {
			h := s.branches[i].tokens
			if b.Current {
				h = s.tokens
			}
			if got := h.ids(nil, 0, h.Len()); b.ID != i+1 || b.Len != len(want[b.ID]) || !slices.Equal(got, typed(nil, want[b.ID])) {
				rt.Fatalf("branch %+v holds %v, want %q", b, got, want[b.ID])
			}
		}
		clean := fresh(now)
		sameState(rt, s, clean)
		soundKeyframes(rt, s.clean.keys, s.Len())
		for _, l := range []Look{{T: s.Len() / 2, To: 1000}, {T: s.Len() - 1, Layer: 1, From: s.Len() / 3, To: 1000}} {
			sameWindow(rt, mustFrame(rt, s, l).Clean, mustFrame(rt, clean, l).Clean)
		}
		if s.others != clean.others {
			rt.Fatalf("%d tokens outside the alphabet, want %d", s.others, clean.others)
		}
		v := f.Versus
		if v.Kind == VersusBranch {
			other := fresh(v.Branch)
			if v.Branch == now || f.Tokens.Len() > 0 && f.Changed == nil {
				rt.Fatalf("versus %+v on branch %d", v, now)
			}
			kept := s.branches[v.Branch-1].kept
			if kept {
				do(rt, other, SetTweaks{s.branches[v.Branch-1].list})
			}
			l := Look{T: -1, To: min(len(want[now]), len(want[v.Branch]))}
			if err := s.fill(context.Background(), End, 0); err != nil {
				rt.Fatal(err)
			}
			o := mustFrame(rt, other, Look{T: -1, To: 1000})
			beside, window := other.clean, mustFrame(rt, other, l).Clean
			if kept && o.Changed != nil {
				beside, window = other.changed, mustFrame(rt, other, l).Changed
			}
			sameRun(rt, s.changed, beside)
			if l.To > 0 {
				g := mustFrame(rt, s, l)
				sameArrays(rt, g.Changed, window)
				for t := range min(v.From, l.To) {
					if g.Divergence.H[0][t] != 0 || g.Divergence.Output[t] != 0 {
						rt.Fatalf("token %d of the shared past diverges", t)
					}
				}
			}
		}
	})
}

// sameArrays demands equal bits of what was computed for two windows.
func sameArrays(t rapid.TB, got, want *Window) {
	t.Helper()
	bits(t, "Δ", got.Delta, want.Delta)
	bits(t, "h", got.H, want.H)
	bits(t, "kept", got.Lanes[1].Kept, want.Lanes[1].Kept)
	if !slices.Equal(got.Top, want.Top) {
		t.Fatalf("guesses %v, want %v", got.Top, want.Top)
	}
}

func TestSwitchAndCompare(t *testing.T) {
	s := newSession(t, newModel(t, lettered, scan.Float32), Options{Card: letters, KeyframeEvery: 4})
	do(t, s, Type{At: End, Text: strings.Repeat("ab", 20)}, NameBranch{1, "long"}, Type{At: 9, Text: "bbbb"}, CompareBranch{1})
	f := mustFrame(t, s, Look{T: 13, To: 40})
	if want := (Versus{VersusBranch, 1, 10}); f.Versus != want {
		t.Errorf("versus %+v, want %+v", f.Versus, want)
	}
	if f.Clean.To != 14 || f.Changed.To != 14 || f.Divergence.From != 0 || len(f.Divergence.H[1]) != 14 {
		t.Errorf("windows to %d and %d, %d tokens compared", f.Clean.To, f.Changed.To, len(f.Divergence.H[1]))
	}
	if got, want := ids32(&Frame{Tokens: f.Other}), ids32(&Frame{Tokens: s.branches[0].tokens}); !slices.Equal(got, want) || len(got) != 40 {
		t.Errorf("the other branch's tokens are %v, want %v", got, want)
	}
	differs := slices.IndexFunc(f.Divergence.H[0], func(x float32) bool { return x != 0 })
	if differs != 10 || f.Divergence.Output[13] <= 0 || f.Divergence.Output[13] > 1 {
		t.Errorf("h differs from token %d on, the output by %v", differs, f.Divergence.Output)
	}
	// Switching to what is compared turns the comparison round.
	at := s.clean.n
	do(t, s, SwitchBranch{1})
	f = mustFrame(t, s, Look{T: 39, To: 40})
	if want := (Versus{VersusBranch, 2, 10}); f.Versus != want || f.Notice != "branch 1, long, with 40 tokens" {
		t.Errorf("versus %+v, want %+v, notice %q", f.Versus, want, f.Notice)
	}
	if f.Changed.To != 14 || f.Changed.At != nil || f.Clean.At == nil {
		t.Errorf("the shorter branch is shown to token %d, its moment is %v", f.Changed.To, f.Changed.At)
	}
	// A tweak ends the comparison; the list is the branch's own.
	do(t, s, AddTweak{Tweak: all(GateOff, 0)})
	if f := mustFrame(t, s, Look{T: 39, To: 40}); f.Versus != (Versus{VersusTweaks, 1, 0}) || f.Changed.To != 40 || f.Other.Len() != 0 {
		t.Errorf("versus %+v after a tweak", f.Versus)
	}
	do(t, s, KeepTweaks{"without a gate"}, SwitchBranch{2})
	f = mustFrame(t, s, Look{T: -1, To: 40})
	if f.Versus.Kind != VersusNothing || len(f.Tweaks) != 0 || f.Tokens.Len() != at {
		t.Errorf("branch 2 has %d tweaks, versus %+v", len(f.Tweaks), f.Versus)
	}
	if b := f.Branches[2]; b.Name != "without a gate" || b.Parent != 1 || b.At != 39 || b.Len != 40 || len(b.Tweaks) != 1 || f.Branches[0].Tweaks != nil {
		t.Errorf("kept as %+v", b)
	}
	do(t, s, SwitchBranch{3})
	if f := mustFrame(t, s, Look{T: 39, To: 40}); f.Versus != (Versus{VersusTweaks, 3, 0}) || f.Tweaks[0].Kind != GateOff {
		t.Errorf("a kept branch shows %+v, %v", f.Versus, f.Tweaks)
	}
	for _, op := range []Op{SwitchBranch{9}, CompareBranch{9}, CompareBranch{3}, KeepTweaks{""}, KeepTweaks{strings.Repeat("x", 201)}} {
		if err := s.Do(t.Context(), op); err == nil {
			t.Errorf("%#v was accepted", op)
		}
	}
	do(t, s, DefaultTweaks{})
	if err := s.Do(t.Context(), KeepTweaks{"x"}); err == nil {
		t.Error("nothing was kept under a name")
	}
}

// A switch that is stopped leaves the branch it began on.
func TestAStoppedSwitchStays(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	s := newSession(t, m, Options{KeyframeEvery: 16})
	mustAppend(t, s, ids(300, 11))
	if err := s.TypeAt(t.Context(), 9, "1 2 3", 0); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	chunks := 0
	s.between = func() {
		if s.pending <= 0 || s.pending > 300 {
			t.Errorf("%d pending", s.pending)
		}
		if chunks++; chunks == 3 {
			cancel()
		}
	}
	if err := s.Do(ctx, SwitchBranch{1}); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	s.between = nil
	if s.Len() != 13 || s.branch().ID != 2 || s.pending != 0 {
		t.Fatalf("%d tokens of branch %d, %d pending", s.Len(), s.branch().ID, s.pending)
	}
	want := newSession(t, m, Options{})
	mustAppend(t, want, s.tokens.all())
	sameState(t, s, want)
	do(t, s, SwitchBranch{1})
	want = newSession(t, m, Options{})
	mustAppend(t, want, ids(300, 11))
	sameState(t, s, want)
}
