package session

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mamba-tui/scan"
)

// Any mix of appending, rolling back, branching, clearing, looking, and
// freezing leaves exactly the tokens that a list would hold, and bit for bit
// the state, statistics, summaries and ticks of a fresh run over them.
func TestAnyHistoryEqualsAFreshRun(t *testing.T) {
	m := newModel(t, lettered, scan.Float32)
	rapid.Check(t, func(rt *rapid.T) {
		every := rapid.SampledFrom([]int{1, 5, 16, 0}).Draw(rt, "every")
		s, err := New(m, Options{Card: letters, KeyframeEvery: every})
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		s.clean.keys.max = rapid.SampledFrom([]int{2, 3, 16}).Draw(rt, "keyframes")
		ctx := context.Background()
		var want []int32
		kept := map[int][]int32{} // branch id → tokens
		for range rapid.IntRange(1, 25).Draw(rt, "ops") {
			text := func() string {
				return strings.Repeat(rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 1, 12, -1).Draw(rt, "text"), rapid.IntRange(1, 3).Draw(rt, "times"))
			}
			switch rapid.IntRange(0, 6).Draw(rt, "op") {
			case 0, 1:
				x := text()
				if err := s.TypeAt(ctx, End, x, 0); err != nil {
					rt.Fatal(err)
				}
				want = typed(want, x)
			case 2:
				n := rapid.IntRange(0, len(want)).Draw(rt, "keep")
				if err := s.Truncate(n); err != nil {
					rt.Fatal(err)
				}
				want = slices.Clone(want[:n])
			case 3:
				at, x := rapid.IntRange(-1, len(want)-1).Draw(rt, "at"), text()
				if at < len(want)-1 {
					kept[s.branches[s.current].id] = slices.Clone(want)
				}
				if err := s.TypeAt(ctx, at, x, 0); err != nil {
					rt.Fatal(err)
				}
				want = typed(slices.Clone(want[:at+1]), x)
			case 4:
				if len(want) > 0 {
					kept[s.branches[s.current].id] = slices.Clone(want)
				}
				if err := s.Clear(); err != nil {
					rt.Fatal(err)
				}
				want = nil
			case 5:
				mustFrame(rt, s, Look{T: rapid.IntRange(-1, 60).Draw(rt, "T"), From: rapid.IntRange(0, 60).Draw(rt, "from"), To: rapid.IntRange(0, 90).Draw(rt, "to")})
			case 6:
				if err := s.FreezeDelta(len(want) > 0 && rapid.Bool().Draw(rt, "freeze")); err != nil {
					rt.Fatal(err)
				}
			}
		}
		fresh, err := New(m, Options{Card: letters})
		if err != nil {
			rt.Fatal(err)
		}
		defer fresh.Close()
		list := make([]Token, len(want))
		for i := range want {
			list[i].ID = want[i]
		}
		mustAppend(rt, fresh, list)
		sameState(rt, s, fresh)
		soundKeyframes(rt, s.clean.keys, len(want))
		if y := s.overlay(); len(y.inForce()) > 0 {
			if err := (SetTweaks{y.inForce()}).apply(ctx, fresh); err != nil {
				rt.Fatal(err)
			}
			mustFrame(rt, s, Look{T: -1, Follow: true, To: 1})
			mustFrame(rt, fresh, Look{T: -1, Follow: true, To: 1})
			if s.compare == 0 {
				sameRun(rt, s.changed, fresh.changed)
			}
		}
		for _, b := range s.branches {
			if b.id == s.branches[s.current].id {
				continue
			}
			got := b.tokens.ids(nil, 0, b.tokens.Len())
			if !slices.Equal(got, kept[b.id]) {
				rt.Fatalf("branch %d keeps %v, want %v", b.id, got, kept[b.id])
			}
		}
		l := Look{T: len(want) / 2, From: len(want) / 3, To: len(want)}
		f, g := mustFrame(rt, s, l), mustFrame(rt, fresh, l)
		sameWindow(rt, f.Clean, g.Clean)
		if f.Group.Name != g.Group.Name || !slices.Equal(f.Group.Channels, g.Group.Channels) {
			rt.Fatalf("group %v, want %v", f.Group, g.Group)
		}
		if f.Changed != nil {
			sameWindow(rt, f.Changed, g.Changed)
		}
	})
}

func typed(list []int32, text string) []int32 {
	for _, r := range text {
		if r == '!' { // outside the alphabet
			list = append(list, 2)
		} else {
			list = append(list, r-'a')
		}
	}
	return list
}

// soundKeyframes demands keyframes in order and within n tokens.
func soundKeyframes(t rapid.TB, k *keyframes, n int) {
	t.Helper()
	last := 0
	for _, f := range slices.Concat(k.old, k.recent) {
		if f.at <= last || f.at > n {
			t.Fatalf("a keyframe at %d after one at %d, in a history of %d tokens", f.at, last, n)
		}
		last = f.at
	}
}

func TestTypingInThePastOpensABranch(t *testing.T) {
	s := newSession(t, newModel(t, lettered, scan.Float32), Options{Card: letters})
	ctx := context.Background()
	if err := s.TypeAt(ctx, -1, strings.Repeat("ab", 15), FromPrompt); err != nil {
		t.Fatal(err)
	}
	if len(s.branches) != 1 {
		t.Fatal("typing at the start of nothing opened a branch")
	}
	if err := s.TypeAt(ctx, 29, "a", FromKeys); err != nil {
		t.Fatal(err)
	}
	if len(s.branches) != 1 || s.Len() != 31 {
		t.Fatalf("typing after the newest token: %d branches, %d tokens", len(s.branches), s.Len())
	}
	before := mustFrame(t, s, Look{})
	if err := s.TypeAt(ctx, 14, "bb", FromKeys); err != nil {
		t.Fatal(err)
	}
	f := mustFrame(t, s, Look{})
	if want := (Branch{ID: 2, Parent: 1, At: 14, Count: 2}); f.Branch != want {
		t.Errorf("branch %+v, want %+v", f.Branch, want)
	}
	if want := "branch 2 opened at token 14; branch 1 keeps its 31 tokens"; f.Notice != want || f.NoticeSeq != before.NoticeSeq+1 {
		t.Errorf("notice %q (%d), want %q", f.Notice, f.NoticeSeq, want)
	}
	if f.Tokens.Len() != 17 || f.Tokens.At(15).ID != 1 || f.Tokens.At(15).Flags != FromKeys || f.Tokens.At(14).Flags != FromPrompt {
		t.Errorf("tokens %v", f.Tokens)
	}
	if err := s.TypeAt(ctx, 3, "", FromKeys); err != nil || len(s.branches) != 2 {
		t.Errorf("typing nothing: %v, %d branches", err, len(s.branches))
	}
	if err := s.Clear(); err != nil {
		t.Fatal(err)
	}
	f = mustFrame(t, s, Look{})
	if want := (Branch{ID: 3, Parent: 2, At: -1, Count: 3}); f.Branch != want || f.Tokens.Len() != 0 {
		t.Errorf("cleared: branch %+v, %d tokens", f.Branch, f.Tokens.Len())
	}
	if want := "branch 3 opened, empty; branch 2 keeps its 17 tokens"; f.Notice != want {
		t.Errorf("notice %q, want %q", f.Notice, want)
	}
	if err := s.Clear(); err != nil || len(s.branches) != 3 {
		t.Errorf("clearing nothing: %v, %d branches", err, len(s.branches))
	}
}
