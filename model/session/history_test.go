package session

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func (h History) all() (list []Token) {
	for i := range h.Len() {
		list = append(list, h.At(i))
	}
	return list
}

// Whatever is added to and cut from histories that share their past, each holds
// what a list of its own would hold, and keeps it.
func TestHistoriesAreLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		histories := []History{{}}
		lists := [][]Token{nil}
		for range rapid.IntRange(1, 12).Draw(t, "ops") {
			i := rapid.IntRange(0, len(histories)-1).Draw(t, "which")
			h, list := histories[i], lists[i]
			if rapid.Bool().Draw(t, "add") {
				n := rapid.SampledFrom([]int{1, 2, 30, blockTokens - 1, blockTokens, 2*blockTokens + 1}).Draw(t, "n")
				more := make([]Token, n)
				for j := range more {
					more[j] = Token{ID: int32(len(list) + j + i), Flags: Flags(i)}
				}
				if rapid.Bool().Draw(t, "typed") {
					more[n-1].Typed = "x"
				}
				h, list = h.add(more), slices.Concat(list, more)
			} else {
				n := rapid.IntRange(0, len(list)).Draw(t, "cut")
				h, list = h.cut(n), list[:n:n]
			}
			histories, lists = append(histories, h), append(lists, list)
		}
		for i, h := range histories {
			if !slices.Equal(h.all(), lists[i]) {
				t.Fatalf("history %d of %d is not what was put in", i, len(histories))
			}
			for j, g := range histories {
				want := 0
				for want < min(len(lists[i]), len(lists[j])) && lists[i][want].ID == lists[j][want].ID {
					want++
				}
				if got := h.common(g); got != want {
					t.Fatalf("histories %d and %d begin with %d tokens alike, want %d", i, j, got, want)
				}
			}
			from := rapid.IntRange(0, h.Len()).Draw(t, "from")
			to := rapid.IntRange(from, h.Len()).Draw(t, "to")
			var want []int32
			for _, tok := range lists[i][from:to] {
				want = append(want, tok.ID)
			}
			if got := h.ids(nil, from, to); !slices.Equal(got, want) {
				t.Fatalf("ids of [%d, %d) differ", from, to)
			}
		}
	})
}

// One more token after a million copies no more than a block.
func TestHistoryGrowsInPlace(t *testing.T) {
	h := NewHistory(make([]Token, 1<<20)...)
	one := []Token{{ID: 1}}
	if n := testing.AllocsPerRun(100, func() { h = h.add(one) }); n > 1 {
		t.Errorf("%v allocations a token", n)
	}
	cut := h.cut(1<<20 - 5)
	before := allocated()
	cut.add(one)
	if got := allocated() - before; got > 64<<10 {
		t.Errorf("a token after rolling back allocated %d bytes", got)
	}
}
