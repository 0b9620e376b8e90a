package tui

import (
	"fmt"
	"image"
	"slices"
	"testing"
)

// checkLayout holds what is true of every layout that is not too small.
func checkLayout(t *testing.T, l Layout) {
	t.Helper()
	screen := image.Rect(0, 0, l.W, l.H)
	all := []Place{{"status", l.Status}, {"caption", l.Caption}, {"footer", l.Footer}}
	all = append(all, l.Places...)
	for _, r := range l.Rules {
		all = append(all, Place{"rule", r})
	}
	for i, a := range all {
		if a.Rect.Empty() {
			t.Fatalf("%d×%d: %s is empty: %v", l.W, l.H, a.ID, a.Rect)
		}
		if !a.Rect.In(screen) {
			t.Fatalf("%d×%d: %s %v leaves the screen", l.W, l.H, a.ID, a.Rect)
		}
		for _, b := range all[i+1:] {
			if a.Rect.Overlaps(b.Rect) {
				t.Fatalf("%d×%d: %s %v overlaps %s %v", l.W, l.H, a.ID, a.Rect, b.ID, b.Rect)
			}
		}
	}
	// Time panels share their left edge and their width, or one token would not
	// stand in one column.
	width := -1
	for _, p := range l.Places {
		if !timePanels[p.ID] {
			continue
		}
		if width < 0 {
			width = p.Rect.Dx()
		}
		if p.Rect.Min.X != 0 || p.Rect.Dx() != width {
			t.Fatalf("%d×%d: %s %v is not in line with the ribbon", l.W, l.H, p.ID, p.Rect)
		}
	}
	if width >= 0 && l.Gutter+l.Cols != width {
		t.Fatalf("%d×%d: gutter %d + %d columns, the time panels are %d wide", l.W, l.H, l.Gutter, l.Cols, width)
	}
}

var someHints = []Hints{
	{D: 64, N: 1, PerLine: 2, XRay: 19},
	{D: 64, N: 16, PerLine: 2, XRay: 19},
	{D: 1536, N: 16, PerLine: 2},
	{D: 1536, N: 64, PerLine: 1, XRay: 40},
	{D: 1, N: 1, PerLine: 1},
	{D: 64, N: 16, Layers: 24, PerLine: 2, XRay: 19, Long: true, Changed: true, Turning: true, Device: true},
	{D: 128, N: 8, Layers: 2, PerLine: 1, XRay: 19, Long: true, Against: true, Second: true, SameB: true},
	{},
}

func TestArrangeEverySize(t *testing.T) {
	for _, hn := range someHints {
		for _, v := range views {
			for _, zoom := range []string{"", "delta", "h", "tokens", "timeline", "tweaks"} {
				for w := 0; w <= 400; w += 1 + w/60 {
					for h := 0; h <= 200; h += 1 + h/30 {
						l := Arrange(w, h, v, zoom, hn)
						if small := w < MinWidth || h < MinHeight; l.TooSmall != small {
							t.Fatalf("%d×%d: too small is %t", w, h, l.TooSmall)
						} else if small {
							continue
						}
						checkLayout(t, l)
					}
				}
			}
		}
	}
}

func FuzzArrange(f *testing.F) {
	f.Add(80, 24, uint8(0), "", 64, 1, 2, 19, uint8(0))
	f.Add(60, 18, uint8(1), "delta", 1536, 16, 1, 0, uint8(3))
	f.Add(400, 200, uint8(2), "", 0, -3, 0, -1, uint8(15))
	f.Add(120, 40, uint8(3), "", 1, 1, 1, 1, uint8(5))
	f.Add(-5, 1<<40, uint8(9), "no such panel", 1, 1, 1, 1, uint8(8))
	f.Fuzz(func(t *testing.T, w, h int, v uint8, zoom string, d, n, per, xray int, what uint8) {
		if w > 5000 || h > 5000 {
			return // Bubble Tea takes no sizes above 4096
		}
		l := Arrange(w, h, views[int(v)%len(views)], zoom, Hints{D: d, N: n, PerLine: per, XRay: xray, Layers: int(what) - 3,
			Long: what&1 != 0, Changed: what&2 != 0, Against: what&4 != 0, Turning: what&8 != 0, Second: what&16 != 0, SameC: what&32 != 0})
		if !l.TooSmall {
			checkLayout(t, l)
		}
	})
}

// At 80×24 a newcomer sees the ribbon, the lane, the answer and everything that
// selection is made of.
func TestWatchAt80x24(t *testing.T) {
	l := Arrange(80, 24, Watch, "", Hints{D: 64, N: 1, PerLine: 2})
	want := map[string]int{"tokens": 2, "kept": 2, "delta": 4, "b": 2, "c": 2, "htime": 3, "answer": 4, "h": 4, "inspector": 4}
	for id, least := range want {
		i := slices.IndexFunc(l.Places, func(p Place) bool { return p.ID == id })
		if i < 0 {
			t.Errorf("%s is not there", id)
			continue
		}
		if got := l.Places[i].Rect.Dy(); got < least {
			t.Errorf("%s has %d lines, want at least %d", id, got, least)
		}
	}
	if l.Cols < 40 {
		t.Errorf("%d columns for tokens, want at least 40", l.Cols)
	}
}

// B and C need a line for two states; what they do not need is Δ's and h's.
func TestStackByNeed(t *testing.T) {
	height := func(l Layout, id string) int {
		for _, p := range l.Places {
			if p.ID == id {
				return p.Rect.Dy()
			}
		}
		return 0
	}
	for _, c := range []struct {
		n, per, want int
	}{{1, 2, 2}, {16, 2, 9}, {15, 2, 9}, {16, 1, 17}} {
		l := Arrange(200, 120, Watch, "", Hints{D: 64, N: c.n, PerLine: c.per})
		if got := height(l, "b"); got != c.want {
			t.Errorf("N = %d, %d rows a line: B has %d lines, want %d", c.n, c.per, got, c.want)
		}
	}
	l := Arrange(120, 40, Watch, "", Hints{D: 64, N: 16, PerLine: 2})
	if height(l, "delta") < height(l, "b") {
		t.Errorf("Δ has %d lines, B %d: Δ is the story", height(l, "delta"), height(l, "b"))
	}
	// Everything that is asked for is given where there is room for it.
	l = Arrange(200, 200, Watch, "", Hints{D: 64, N: 16, PerLine: 2})
	for id, want := range map[string]int{"delta": 66, "htime": 66, "write": 33} {
		if got := height(l, id); got != want { // 33 lines a pixel a row, and 33 more for two and the scale
			t.Errorf("%s has %d lines of 200, want %d", id, got, want)
		}
	}
	// What is written has a row for every channel or for two, or is not shown.
	for h := MinHeight; h < 120; h++ {
		l := Arrange(120, h, Watch, "", Hints{D: 16, N: 1, PerLine: 2})
		switch got := height(l, "write"); got {
		case 0, 5, 9, 18:
		default:
			t.Errorf("at height %d 16 written channels have %d lines", h, got)
		}
	}
}

func TestZoom(t *testing.T) {
	l := Arrange(100, 30, Watch, "delta", Hints{D: 64, N: 1, PerLine: 2})
	if len(l.Places) != 2 || l.Places[0].ID != "tokens" || l.Places[1].ID != "delta" {
		t.Fatalf("a zoomed time panel keeps the ribbon: %v", l.Places)
	}
	if got := l.Places[1].Rect.Dx(); got != 100 {
		t.Errorf("zoomed to %d of 100 columns", got)
	}
	l = Arrange(100, 30, Block, "xray", Hints{D: 64, N: 1, PerLine: 2})
	if len(l.Places) != 1 || l.Places[0].ID != "xray" {
		t.Fatalf("other panels stand alone: %v", l.Places)
	}
}

func TestCellWidth(t *testing.T) {
	for _, c := range []struct{ zoom, cols, expected, text, want int }{
		{0, 60, 10, 1, 4}, {0, 60, 18, 1, 3}, {0, 60, 28, 1, 2}, {0, 60, 31, 1, 2}, {0, 60, 5000, 1, 2},
		{1, 60, 10, 1, 1}, {8, 60, 5000, 1, 8}, {8, 5, 1, 1, 5}, {0, 1, 1, 1, 1}, {0, 60, 0, 0, 4},
		{0, 60, 5000, 2, 3}, {0, 60, 10, 2, 4}, {0, 60, 1, 5, 6}, {0, 60, 1, 40, 8}, {1, 60, 1, 40, 1},
	} {
		if got := cellWidth(c.zoom, c.cols, c.expected, c.text); got != c.want {
			t.Errorf("cellWidth(%d, %d, %d, %d) = %d, want %d", c.zoom, c.cols, c.expected, c.text, got, c.want)
		}
	}
}

// A sweep never moves a token that stays visible, and leaves one slot free
// ahead of the newest.
func TestLiveAxis(t *testing.T) {
	const slots = 10
	columns := map[int]int{}
	for n := 0; n <= 50; n++ {
		a := liveAxis(5, 2*slots, 2, n)
		if a.To != n || n > 0 && a.From >= n {
			t.Fatalf("%d tokens: shows [%d, %d)", n, a.From, a.To)
		}
		used := map[int]bool{}
		for tok := a.From; tok < a.To; tok++ {
			s, ok := a.Slot(tok)
			if !ok {
				t.Fatalf("%d tokens: token %d has no slot", n, tok)
			}
			if used[s] {
				t.Fatalf("%d tokens: two tokens in slot %d", n, s)
			}
			used[s] = true
			if old, seen := columns[tok]; seen && old != s {
				t.Fatalf("token %d moved from slot %d to %d", tok, old, s)
			}
			columns[tok] = s
			if back, ok := a.TokenAt(s * 2); !ok || back != tok {
				t.Fatalf("%d tokens: slot %d is token %d, TokenAt says %d, %t", n, s, tok, back, ok)
			}
		}
		if used[n%slots] {
			t.Fatalf("%d tokens: the slot ahead is not free", n)
		}
	}
}

// A still picture keeps the order, shows the cursor, and moves no further than
// it has to.
func TestStillAxis(t *testing.T) {
	for _, c := range []struct{ n, from, cursor, want int }{
		{5, 0, 4, 0}, {5, 3, 0, 0}, {100, 0, 0, 0}, {100, 0, 9, 0}, {100, 0, 10, 1},
		{100, 50, 55, 50}, {100, 50, 20, 20}, {100, 95, 99, 90}, {0, 0, -1, 0}, {100, 100, 99, 90},
	} {
		a := stillAxis(5, 20, 2, c.n, c.from, c.cursor)
		if a.From != c.want {
			t.Errorf("n %d, from %d, cursor %d: from %d, want %d", c.n, c.from, c.cursor, a.From, c.want)
		}
		if c.cursor >= 0 {
			if _, ok := a.Slot(c.cursor); !ok {
				t.Errorf("n %d, from %d: the cursor %d is not visible", c.n, c.from, c.cursor)
			}
		}
	}
}

func ExampleArrange() {
	l := Arrange(80, 24, Watch, "", Hints{D: 64, N: 1, PerLine: 2})
	for _, p := range l.Places {
		fmt.Printf("%-9s %2d×%d\n", p.ID, p.Rect.Dx(), p.Rect.Dy())
	}
	// Output:
	// tokens    53×2
	// kept      53×2
	// delta     53×7
	// b         53×2
	// c         53×2
	// htime     53×5
	// answer    26×6
	// h         26×6
	// inspector 26×8
}
