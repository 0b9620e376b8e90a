package panel

import (
	"math"
	"strings"
	"testing"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
)

// stripped is a frame of n tokens whose timeline has cells cells: Δ opens in
// cell 3, and is wiped there.
func stripped(n, from, to, cells int) *session.Frame {
	f := &session.Frame{Seq: 1, Tokens: session.NewHistory(make([]session.Token, n)...)}
	o := &session.Overview{From: from, To: to, Kept: make([]session.Extent, cells), Delta: make([]session.Extent, cells),
		HNorm: make([]session.Extent, cells), Wipes: make([]int, cells), Halves: make([]int, cells)}
	for i := range cells {
		o.Kept[i] = session.Extent{Min: 1, Mean: 1, Max: 1}
		o.Delta[i] = session.Extent{Min: 0.1, Mean: 0.1, Max: 0.1}
	}
	if cells > 3 {
		o.Delta[3].Max, o.Delta[3].Mean, o.Kept[3].Min, o.Wipes[3] = 2, 0.5, 0, 1
	}
	f.Overview = o
	return f
}

func TestTimeline(t *testing.T) {
	f := stripped(1000, 0, 1000, 50)
	f.Marks = []session.Mark{{T: 500, Name: "x"}}
	th := themed(t, heat.TrueColor, true)
	c := contextFor(f, th, 100, 2)
	c.Cursor.T = 250
	c.Axis.From, c.Axis.To = 240, 290
	p := NewTimeline()
	buf := cells(t, p, c, 107, 3) // 100 columns of 50 cells: two a cell
	if got := rowText(buf, 0); !strings.Contains(got, "token 250 · 25.0 %") || !strings.Contains(got, "20 tokens a cell") || !strings.Contains(got, "┃ wipe 1") {
		t.Errorf("title %q", got)
	}
	rng := heat.Range{Max: 2}
	for i := range 50 {
		most, mean := float32(0.1), float32(0.1)
		if i == 3 {
			most, mean = 2, 0.5
		}
		if i == 12 { // the cursor's
			continue
		}
		top, bottom := pair(buf, 7+2*i, 1)
		if !sameColor(top, th.Seq.RGB(rng.Pixel(float64(most)))) || !sameColor(bottom, th.Seq.RGB(rng.Pixel(float64(mean)))) {
			t.Errorf("cell %d is %v over %v, want %v over %v", i, top, bottom, most, mean)
		}
	}
	marks := []rune(rowText(buf, 2))
	if marks[7+2*3] != '┃' || marks[7+2*12] != '▲' || marks[7+2*25] != '▾' || marks[7+2*13] != '━' || marks[7+2*20] != ' ' {
		t.Errorf("marks %q", string(marks))
	}
	// A token a cell: the tick stands in its own cell, on its colour.
	one := stripped(50, 0, 50, 50)
	c.Frame, c.Cursor.T = one, 12
	if cell := cells(t, p, c, 107, 3).CellAt(7+2*3, 1); cell.Content != "┃" || !sameColor(cell.Style.Bg, th.Seq.RGB(rng.Pixel(2))) {
		t.Errorf("a token's cell is %q on %v", cell.Content, cell.Style.Bg)
	}
	c.Frame, c.Cursor.T = f, 250
	cells(t, p, c, 107, 3)
	// Every column leads to a token of its cell and back.
	for x := range 100 {
		cur, ok := p.Hit(c, 7+x, 1)
		if !ok || cur.T != x/2*20 {
			t.Fatalf("column %d is token %d, want %d", x, cur.T, x/2*20)
		}
	}
	if _, ok := p.Hit(c, 3, 1); ok {
		t.Error("the gutter is a token")
	}
}

// A place and its column fit together for any stretch and width.
func TestTimelinePlaces(t *testing.T) {
	for _, s := range []struct{ n, from, to, cells, cols int }{
		{1000, 0, 1000, 50, 100}, {1000, 0, 1000, 50, 53}, {7, 0, 7, 7, 100}, {1 << 20, 1 << 18, 1 << 19, 130, 130}, {100, 13, 87, 9, 31}, {3, 0, 3, 1, 5},
	} {
		f := stripped(s.n, s.from, s.to, s.cells)
		c := contextFor(f, themed(t, heat.TrueColor, true), s.cols, 1)
		k := NewTimeline().(*timeline)
		k.SetSize(s.cols+7, 3)
		for i := range 200 {
			tok := s.from + int(int64(i)*int64(s.to-s.from-1)/199)
			x, ok := k.place(c, f.Overview, tok)
			if !ok {
				t.Fatalf("%+v: token %d has no place", s, tok)
			}
			cell, ok := k.column(c, f.Overview, x)
			if !ok || tok < f.Overview.Start(cell) || tok >= f.Overview.Start(cell+1) {
				t.Fatalf("%+v: token %d is at column %d, which shows tokens %d to %d", s, tok, x, f.Overview.Start(cell), f.Overview.Start(cell+1)-1)
			}
			if x > 0 {
				if before, _ := k.column(c, f.Overview, x-1); before == cell {
					t.Fatalf("%+v: token %d is at column %d, its cell begins before", s, tok, x)
				}
			}
		}
		if _, ok := k.place(c, f.Overview, s.to); ok {
			t.Errorf("%+v: a token after the stretch has a place", s)
		}
	}
}

// In one line the percentage stands in the gutter; NaN is no number.
func TestTimelineInOneLine(t *testing.T) {
	f := stripped(1001, 0, 1001, 10)
	f.Overview.Delta[5].Max = float32(math.NaN())
	c := contextFor(f, themed(t, heat.Mono, true), 60, 2)
	c.Cursor.T = 640
	if got := rowText(cells(t, NewTimeline(), c, 67, 1), 0); !strings.HasPrefix(strings.TrimLeft(got, " "), "64 %") || !strings.Contains(got, "▲") {
		t.Errorf("%q", got)
	}
}

// A marked token carries a sign where it has a second cell.
func TestMarkInTheRibbon(t *testing.T) {
	f := frameAt(t, header(t), 20, 0)
	f.Marks = []session.Mark{{T: 3}, {T: 20, Name: "here"}}
	for _, cw := range []int{1, 2, 3, 4} {
		c := contextFor(f, themed(t, heat.TrueColor, true), 28*cw, cw)
		line := []rune(rowText(cells(t, NewTokens(), c, 7+28*cw, 2), 1))
		for tok := range 28 {
			got := string(line[7+tok*cw : 7+(tok+1)*cw])
			if marked := tok == 3 || tok == 20; strings.HasSuffix(got, "▾") != (marked && cw > 1) {
				t.Errorf("%d cells a token: token %d reads %q", cw, tok, got)
			}
		}
	}
}
