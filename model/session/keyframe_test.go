package session

import (
	"testing"

	"pgregory.net/rapid"
)

func noFill(*keyframe) error { return nil }

// walk makes the keyframes that a history of n tokens leaves, as advance does.
func walk(k *keyframes, from, n int) {
	for at := k.next(from, n); at <= n; at = k.next(at, n) {
		_ = k.add(at, noFill)
	}
}

func TestSpacing(t *testing.T) {
	for _, c := range []struct {
		size, budget, every  int
		wantEvery, wantCount int
	}{
		{2 << 10, 64 << 20, 0, 16, 32768}, // the built-in models
		{3 << 20, 64 << 20, 0, 128, 21},   // 130m
		{25 << 20, 64 << 20, 0, 128, minKeyframes},
		{128 << 10, 64 << 20, 0, 16, 512},
		{1 << 20, 64 << 20, 0, 32, 64},
		{3 << 20, 256 << 20, 0, 32, 85},
		{1 << 10, 1 << 20, 5, 5, 1024},
	} {
		k := newKeyframes(c.size, c.budget, c.every)
		if k.every != c.wantEvery || k.max != c.wantCount {
			t.Errorf("states of %d bytes in %d: every %d tokens, %d of them, want %d and %d",
				c.size, c.budget, k.every, k.max, c.wantEvery, c.wantCount)
		}
	}
}

// However long the history, and whether it came at once or token by token, there
// are never more than max keyframes, the newest are dense, and no token is
// further from one than the documented bound.
func TestKeyframesAreBoundedAndNear(t *testing.T) {
	for _, n := range []int{1, 63, 64, 1000, 65536, 1_000_000} {
		for name, steps := range map[string]int{"at once": 1, "in 7 parts": 7} {
			k := newKeyframes(1, 128, 16)
			at := 0
			for i := 1; i <= steps; i++ {
				end := n * i / steps
				walk(k, at, end)
				at = end
				if k.count() > k.max {
					t.Fatalf("%d tokens %s: %d keyframes, at most %d", end, name, k.count(), k.max)
				}
			}
			bound := max(k.every, 4*n/k.max)
			last := 0
			for _, list := range [][]keyframe{k.old, k.recent} {
				for _, f := range list {
					if f.at <= last || f.at-last > bound {
						t.Fatalf("%d tokens %s: keyframes at %d and %d, want ascending and at most %d apart", n, name, last, f.at, bound)
					}
					last = f.at
				}
			}
			if n-last >= k.every {
				t.Fatalf("%d tokens %s: newest keyframe at %d", n, name, last)
			}
			for i := 1; i < len(k.recent) && i < 30; i++ {
				j := len(k.recent) - i
				if d := k.recent[j].at - k.recent[j-1].at; d != k.every {
					t.Fatalf("%d tokens %s: %d tokens between keyframes near the end, want %d", n, name, d, k.every)
				}
			}
		}
	}
}

// nearest is what a search over all positions finds, after any mix of growing
// and cutting.
func TestNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := newKeyframes(1, rapid.IntRange(16, 40).Draw(t, "max"), rapid.IntRange(1, 9).Draw(t, "every"))
		n := 0
		for range rapid.IntRange(1, 8).Draw(t, "ops") {
			if rapid.Bool().Draw(t, "grow") {
				m := n + rapid.IntRange(1, 3000).Draw(t, "by")
				walk(k, n, m)
				n = m
			} else {
				n = rapid.IntRange(0, n).Draw(t, "cut")
				k.truncate(n)
			}
			if k.count() > k.max {
				t.Fatalf("%d keyframes, at most %d", k.count(), k.max)
			}
		}
		at := rapid.IntRange(0, n).Draw(t, "at")
		want := 0
		for _, list := range [][]keyframe{k.old, k.recent} {
			for _, f := range list {
				if f.at > n {
					t.Fatalf("a keyframe at %d after cutting to %d", f.at, n)
				}
				if f.at <= at {
					want = max(want, f.at)
				}
			}
		}
		got := 0
		if f := k.nearest(at); f != nil {
			got = f.at
		}
		if got != want {
			t.Fatalf("nearest to %d is %d, want %d", at, got, want)
		}
	})
}
