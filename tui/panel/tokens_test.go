package panel

import (
	"slices"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// cells sets the size and lays the panel's lines out as cells.
func cells(t testing.TB, p Panel, c *Context, w, h int) uv.ScreenBuffer {
	t.Helper()
	p.SetSize(w, h)
	return screen(t, p.Lines(c), w)
}

func TestRibbonShowsEveryTokenInItsSlot(t *testing.T) {
	f := frameAt(t, header(t), 12, 0)
	th := themed(t, heat.TrueColor, true)
	c := contextFor(f, th, 60, 2)
	p := NewTokens()
	buf := cells(t, p, c, 110, 4)
	if got := rowText(buf, 0); !strings.Contains(got, "background = Δ, mean over 16 of 64 channels") {
		t.Errorf("the title does not name the group: %q", got)
	}
	prompt := []rune("¶4acba17c?4¶9ca0b36fd2ea58c?")
	kept := f.Clean.Lanes[0].DeltaMean
	for i, r := range prompt {
		cell := buf.CellAt(7+2*i, 1)
		if cell.Content != string(r) {
			t.Errorf("slot %d shows %q, want %q", i, cell.Content, string(r))
		}
		if i == 12 {
			if cell.Style.Attrs&uv.AttrReverse == 0 || cell.Style.Attrs&uv.AttrBold == 0 {
				t.Errorf("the cursor's token is not marked: %v", cell.Style)
			}
			continue
		}
		want := th.Seq.RGB(heat.Range{Max: 20}.Pixel(float64(kept[i])))
		if !sameColor(cell.Style.Bg, want) {
			t.Errorf("token %d (Δ %v) has background %v, want %v", i, kept[i], cell.Style.Bg, want)
		}
	}
	// The marks say the same without colour: the wipe, the cursor, Δ as a bar.
	for x, want := range map[int]string{7 + 2*12: "▲", 7 + 2*12 + 1: "┃", 7 + 2*1: "█", 7 + 2*5: "▁"} {
		if got := buf.CellAt(x, 2).Content; got != want {
			t.Errorf("mark at %d is %q, want %q", x, got, want)
		}
	}
	if got := rowText(buf, 3)[7:]; !strings.HasPrefix(got, "0         5         10  12    15        20") {
		t.Errorf("numbers read %q", got)
	}
}

func TestRibbonMarksFlags(t *testing.T) {
	f := made{D: 4, N: 1, M: 2, K: 2, T: 8, texts: []string{"a", "b"}}.frame() // 3 is generated, 5 outside the alphabet
	f.Pending = 2
	for _, depth := range []heat.Depth{heat.TrueColor, heat.ANSI256, heat.ANSI16, heat.Mono} {
		c := contextFor(f, themed(t, depth, true), 60, 5)
		c.Cursor.T = 0
		buf := cells(t, NewTokens(), c, 67, 3)
		if s := buf.CellAt(7+15, 1).Style; s.Underline == 0 {
			t.Errorf("%v: a generated token is not underlined", depth)
		}
		if s := buf.CellAt(7+25+4, 1).Style; s.Attrs&uv.AttrStrikethrough != 0 {
			t.Errorf("%v: the space beside the token is struck", depth)
		}
		if s := buf.CellAt(7+25, 1).Style; s.Attrs&uv.AttrStrikethrough == 0 {
			t.Errorf("%v: a token outside the alphabet is not struck", depth)
		}
		if s := buf.CellAt(7+20, 1).Style; s.Underline != 0 && depth != heat.Mono || s.Attrs&uv.AttrStrikethrough != 0 {
			t.Errorf("%v: the mark of token 3 or 5 leaks into 4", depth)
		}
		if marks := rowText(buf, 2); strings.Count(marks, "×") != 1 {
			t.Errorf("%v: marks %q", depth, marks)
		}
		if got := rowText(buf, 1); !strings.Contains(got, `\x1… `) {
			t.Errorf("%v: what was typed is not shown escaped: %q", depth, got)
		}
		if got := rowText(buf, 0); !strings.Contains(got, "+2 pending") {
			t.Errorf("%v: pending tokens are not counted: %q", depth, got)
		}
		if got := rowText(buf, 1); strings.Count(got[len(got)-30:], "…") < 2 {
			t.Errorf("%v: pending tokens have no slot: %q", depth, got)
		}
	}
}

func TestWideTextInNarrowSlots(t *testing.T) {
	for _, test := range []struct {
		s    string
		w    int
		want string
	}{{"漢", 1, "▯"}, {"漢", 2, "漢"}, {"漢字", 3, "漢 "}, {"ab", 1, "a"}, {"word", 2, "wo"}, {"word", 3, "wo "}, {"word", 4, "wo… "}, {"", 2, "  "}, {"a", 0, ""}} {
		if got := slot(test.s, test.w); got != test.want {
			t.Errorf("slot(%q, %d) = %q, want %q", test.s, test.w, got, test.want)
		}
	}
}

func TestRibbonSweep(t *testing.T) {
	f := frameAt(t, header(t), 27, 0)
	c := contextFor(f, themed(t, heat.TrueColor, true), 20, 2) // ten slots
	c.Axis.Sweep, c.Axis.From, c.Axis.To = true, 19, 28
	c.Cursor.T = 22
	p := NewTokens()
	buf := cells(t, p, c, 27, 3)
	prompt := []rune("¶4acba17c?4¶9ca0b36fd2ea58c?")
	for tok := 19; tok < 28; tok++ {
		x := 7 + 2*(tok%10)
		if got := buf.CellAt(x, 1).Content; got != string(prompt[tok]) {
			t.Errorf("token %d at column %d shows %q, want %q", tok, x, got, string(prompt[tok]))
		}
		if cur, ok := p.Hit(c, x, 1); !ok || cur.T != tok {
			t.Errorf("a click on token %d gives %v %v", tok, cur.T, ok)
		}
	}
	if got := buf.CellAt(7+2*8, 1).Content; got != " " { // the gap ahead of the write position
		t.Errorf("the slot ahead shows %q", got)
	}
	if got := buf.CellAt(7+2*7, 2).Content; got != "◆" {
		t.Errorf("the newest token is marked %q", got)
	}
}

func TestKeptLane(t *testing.T) {
	f := frameAt(t, header(t), 12, 0)
	rho := f.Clean.Lanes[0].Kept
	th := themed(t, heat.TrueColor, true)
	c := contextFor(f, th, 60, 2)
	c.Cursor.T = 20
	p := NewKept()
	buf := cells(t, p, c, 67, 3)
	title := rowText(buf, 0)
	for _, want := range []string{"ρ", "┆ ρ < 0.5", "┃ ρ < 0.05"} {
		if !strings.Contains(title, want) {
			t.Errorf("the title lacks %q: %q", want, title)
		}
	}
	wipes := 0
	for tok := range f.Tokens.Len() {
		top, low := buf.CellAt(7+2*tok, 1).Content, buf.CellAt(7+2*tok, 2).Content
		switch {
		case rho[tok] != rho[tok]: // h was 0
			if low != "·" || top != " " {
				t.Errorf("token %d without h shows %q over %q", tok, top, low)
			}
		case rho[tok] < session.WipeBelow:
			wipes++
			if low != "┃" || top != "┃" {
				t.Errorf("the wipe at %d shows %q over %q", tok, top, low)
			}
		default:
			if low != "█" || top != "█" {
				t.Errorf("token %d keeps %v and shows %q over %q", tok, rho[tok], top, low)
			}
		}
	}
	if wipes != 1 {
		t.Errorf("%d wipes on the first screen, want the one between the documents", wipes)
	}
}

func TestKeptLaneHeights(t *testing.T) {
	f := made{D: 2, N: 1, M: 1, K: 1, T: 6}.frame()
	l := &f.Clean.Lanes[0]
	copy(l.Kept, []float32{1, 0.5, 0.49, 0.05, 0.04, 0.75})
	copy(l.Retention, []float32{1, 0.5, 0.25, 0, 0.125, 0.75})
	copy(l.HalfLife, []float32{1, 10, 100, 1000, 10000, 100000})
	for mode, want := range map[LaneMode]string{LaneKept: "█▄┆┆┃▆", LaneRetention: "█▄▂▁▁▆", LaneHalfLife: "▁▂▃▅▆█"} {
		c := contextFor(f, themed(t, heat.TrueColor, true), 6, 1)
		c.Axis.Gutter, c.Opt.LaneMode, c.Cursor.T = 0, mode, -1
		if got := rowText(cells(t, NewKept(), c, 6, 1), 0); got != want {
			t.Errorf("mode %d: %q, want %q", mode, got, want)
		}
	}
}

func TestAxis(t *testing.T) {
	for _, a := range []Axis{
		{Cols: 20, CellW: 2, From: 5, To: 15}, {Cols: 20, CellW: 3, From: 0, To: 4}, {Cols: 21, CellW: 2, From: 33, To: 42, Sweep: true},
		{Cols: 8, CellW: 1, From: 0, To: 8, Sweep: true}, {Cols: 0, CellW: 1}, {Cols: 9, CellW: 0, To: 4},
	} {
		seen := map[int]bool{}
		for tok := a.From; tok < a.To; tok++ {
			s, ok := a.Slot(tok)
			if !ok {
				if a.Slots() > 0 {
					t.Errorf("%+v: token %d has no slot", a, tok)
				}
				continue
			}
			if seen[s] || s < 0 || s >= a.Slots() {
				t.Errorf("%+v: slot %d taken twice or outside", a, s)
			}
			seen[s] = true
			for k := range a.CellW {
				if back, ok := a.TokenAt(s*a.CellW + k); !ok || back != tok {
					t.Errorf("%+v: column %d is token %d, want %d", a, s*a.CellW+k, back, tok)
				}
			}
		}
		for _, tok := range []int{a.From - 1, a.To} {
			if _, ok := a.Slot(tok); ok {
				t.Errorf("%+v: token %d is not visible but has a slot", a, tok)
			}
		}
		if _, ok := a.TokenAt(-1); ok {
			t.Errorf("%+v: column −1 is a token", a)
		}
	}
}

func TestFocusAndStaleShow(t *testing.T) {
	f := frameAt(t, header(t), 12, 0)
	c := contextFor(f, themed(t, heat.Mono, true), 60, 2)
	// Those that hold nothing of what is computed, and those that others stand under.
	quiet := []string{"tokens", "kept", "diverge", "tweaks", "timeline", "parity", "timing", "memory", "backend", "device"}
	for _, p := range All() {
		if p.ID() == "caption" || p.ID() == "inforce" { // have no title
			continue
		}
		c.Focus, c.Stale = p.ID(), false
		if got := rowText(cells(t, p, c, 120, 6), 0); !strings.HasPrefix(got, "▸") {
			t.Errorf("focus on %s does not show without colour: %q", p.ID(), got)
		}
		c.Focus = ""
		if got := rowText(cells(t, p, c, 120, 6), 0); strings.HasPrefix(got, "▸") {
			t.Errorf("%s looks focused: %q", p.ID(), got)
		}
		c.Stale = true
		if got := rowText(cells(t, p, c, 160, 6), 0); !slices.Contains(quiet, p.ID()) && !strings.Contains(got, "computing …") {
			t.Errorf("%s does not say that it is being computed: %q", p.ID(), got)
		}
	}
}

func TestStaleTextIsDimmed(t *testing.T) {
	th := themed(t, heat.TrueColor, true)
	c := contextFor(frameAt(t, header(t), 12, 0), th, 60, 2)
	c.Stale = true
	buf := cells(t, NewCaption(), c, 100, 1)
	want := uv.NewScreenBuffer(1, 1)
	uv.NewStyledString(th.Paint(theme.Dim, "t")).Draw(want, uv.Rect(0, 0, 1, 1))
	if got := buf.CellAt(1, 0).Style; !sameColor(got.Fg, want.CellAt(0, 0).Style.Fg) {
		t.Errorf("a stale caption is drawn in %v", got.Fg)
	}
}
