package panel

import (
	"context"
	"fmt"
	"image/color"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
)

// TestTokenStandsInOneColumn follows the wipe down through every time panel:
// the same column holds the token, its Δ, what it writes, B, and h from then on.
func TestTokenStandsInOneColumn(t *testing.T) {
	f := frameAt(t, header(t), 20, 0)
	th := themed(t, heat.TrueColor, true)
	c := contextFor(f, th, 60, 2)
	w := f.Clean
	const wipe, x = 12, 7 + 2*12

	if got := cells(t, NewTokens(), c, 67, 2).CellAt(x, 1).Content; got != "9" {
		t.Fatalf("the ribbon's column %d is not the second header: %q", x, got)
	}
	for _, test := range []struct {
		p      Panel
		data   []float32
		signed bool
		D      int
		max    float64
	}{
		{NewDelta(), w.Delta, false, 64, 20},
		{NewWrite(), w.Write, false, 64, 80},
		{NewHTime(), w.H, true, 64, 80},
	} {
		// 32 lines of half blocks: every channel has a pixel row of its own.
		buf := cells(t, test.p, c, 67, 33)
		m, rng := th.Seq, heat.Range{Max: test.max}
		if test.signed {
			m, rng = th.Div, heat.Range{Min: -test.max, Max: test.max, Scale: heat.Symmetric}
		}
		if title := rowText(buf, 0); !strings.Contains(title, rangeText(rng, false)) {
			t.Errorf("%s: the title does not name the range %s: %q", test.p.ID(), rangeText(rng, false), title)
		}
		for tok := range w.To {
			if tok == c.Cursor.T { // lit
				continue
			}
			for line := range 32 {
				fg, bg := pair(buf, 7+2*tok, 1+line)
				a, b := test.data[tok*64+2*line], test.data[tok*64+2*line+1]
				if !sameColor(fg, m.RGB(rng.Pixel(float64(a)))) || !sameColor(bg, m.RGB(rng.Pixel(float64(b)))) {
					t.Fatalf("%s: token %d, channels %d and %d (%v, %v) are drawn %v, %v", test.p.ID(), tok, 2*line, 2*line+1, a, b, fg, bg)
				}
			}
		}
		// The cursor's column is not drawn as its neighbours are.
		fg, _ := pair(buf, 7+2*c.Cursor.T, 20)
		if sameColor(fg, m.RGB(rng.Pixel(float64(test.data[c.Cursor.T*64+38])))) {
			t.Errorf("%s: the cursor's column is not marked", test.p.ID())
		}
	}
	for _, p := range []Panel{NewB(), NewC()} {
		data := w.B
		if p.ID() == "c" {
			data = w.C
		}
		buf := cells(t, p, c, 67, 2)
		rng := heat.Range{Min: -1, Max: 1, Scale: heat.Symmetric}
		for tok := range w.To {
			fg, bg := pair(buf, 7+2*tok, 1)
			if want := th.Div.RGB(rng.Pixel(float64(data[tok]))); tok != c.Cursor.T && (!sameColor(fg, want) || !sameColor(bg, want)) {
				t.Errorf("%s: token %d (%v) is drawn %v over %v, want %v", p.ID(), tok, data[tok], fg, bg, want)
			}
		}
	}
}

// TestCursorLiesBehindTheData puts the cursor on the wipe: where Δ is large
// its colour is that of every other wipe, elsewhere the column is lit.
func TestCursorLiesBehindTheData(t *testing.T) {
	f := frameAt(t, header(t), 12, 0)
	th := themed(t, heat.TrueColor, true)
	for _, sweep := range []bool{false, true} {
		c := contextFor(f, th, 60, 2)
		c.Axis.Sweep = sweep
		c.Cursor.D = 40
		buf := cells(t, NewDelta(), c, 67, 33)
		for d := range 64 {
			wipe, fg := f.Clean.Delta[12*64+d], halfOf(buf, 7+2*12, 1, d)
			own := th.Seq.RGB(heat.Range{Max: 20}.Pixel(float64(wipe)))
			if loud := wipe > 10; sameColor(fg, own) != loud {
				t.Errorf("sweep %v: channel %d with Δ %v under the cursor is drawn %v, its colour is %v", sweep, d, wipe, fg, own)
			}
			if d < 16 && !sameColor(fg, halfOf(buf, 7+2*1, 1, d)) {
				t.Errorf("sweep %v: channel %d is drawn differently in the two wipes", sweep, d)
			}
		}
		// With the focus the cell itself is marked, and only it.
		c.Focus = "delta"
		buf2 := cells(t, NewDelta(), c, 67, 33)
		for d := range 64 {
			same := sameColor(halfOf(buf, 7+2*12, 1, d), halfOf(buf2, 7+2*12, 1, d))
			if same == (d == 40) {
				t.Errorf("sweep %v: focus changes channel %d: %v", sweep, d, !same)
			}
		}
	}
}

// halfOf is the colour of pixel row i of a map that starts at line y.
func halfOf(buf uv.ScreenBuffer, x, y, i int) color.Color {
	fg, bg := pair(buf, x, y+i/2)
	if i%2 == 1 {
		return bg
	}
	return fg
}

// TestGuidedIsTheRaster compares the spliced column with a plain drawing, cell
// by cell: outside the cursor's column nothing differs.
func TestGuidedIsTheRaster(t *testing.T) {
	th := themed(t, heat.TrueColor, true)
	var ras heat.Raster
	for _, size := range [][2]int{{1, 1}, {1, 5}, {7, 4}, {12, 9}} {
		ras.Resize(size[0], size[1])
		for i := range ras.Pix {
			ras.Pix[i] = uint8(i * 37)
		}
		for _, m := range []*heat.Map{th.Seq, th.Div} {
			for x := -1; x < size[0]; x++ {
				opt := heat.Plain(3)
				opt.CursorX, opt.NowX = x, size[0]-1
				plain := opt
				plain.CursorX = -1
				a := guided(nil, &ras, m, opt)
				b := ras.Lines(nil, m, plain)
				sa, sb := screen(t, a, 3*size[0]), screen(t, b, 3*size[0])
				for y := range a {
					for col := range 3 * size[0] {
						if col/3 == x {
							continue
						}
						ca, cb := sa.CellAt(col, y), sb.CellAt(col, y)
						if ca.Content != cb.Content || !sameColor(ca.Style.Fg, cb.Style.Fg) || !sameColor(ca.Style.Bg, cb.Style.Bg) {
							t.Fatalf("%v, cursor %d: cell %d,%d is %v, want %v", size, x, col, y, ca, cb)
						}
					}
				}
			}
		}
	}
}

func TestReductionIsNamed(t *testing.T) {
	f := made{D: 64, N: 16, M: 4, K: 4, T: 20}.frame()
	for red, want := range map[string]string{
		"": "64 channels → 10 rows, max|·|", "mean": "64 channels → 10 rows, mean", "rms": "64 channels → 10 rows, rms",
		"topk": "10 of 64 channels, largest variance",
	} {
		c := contextFor(f, themed(t, heat.TrueColor, true), 90, 2)
		c.Opt.Reduction = red
		if got := rowText(cells(t, NewDelta(), c, 97, 6), 0); !strings.Contains(got, want) {
			t.Errorf("%q: the title reads %q, want %q in it", red, got, want)
		}
		// Narrow: the reduction is still named.
		if got := rowText(cells(t, NewDelta(), c, 40, 6), 0); !strings.Contains(got, "64 → 10") && !strings.Contains(got, "10 of 64") {
			t.Errorf("%q: narrow, the title reads %q", red, got)
		}
	}
	c := contextFor(f, themed(t, heat.Mono, true), 90, 2)
	if got := rowText(cells(t, NewB(), c, 97, 5), 0); !strings.Contains(got, "16 states → 4 rows, max|·|") {
		t.Errorf("B in glyphs: %q", got)
	}
	if got := rowText(cells(t, NewState(), c, 60, 12), 0); !strings.Contains(got, "→") {
		t.Errorf("h: %q", got)
	}
}

func TestEachReductionDrawsItsOwn(t *testing.T) {
	f := made{D: 64, N: 2, M: 4, K: 4, T: 20}.frame()
	seen := map[string]string{}
	for _, red := range []string{"max", "mean", "rms", "topk"} {
		c := contextFor(f, themed(t, heat.TrueColor, true), 60, 2)
		c.Opt.Reduction = red
		p := NewDelta()
		p.SetSize(67, 6)
		body := strings.Join(p.Lines(c)[1:], "\n")
		for other, b := range seen {
			if b == body {
				t.Errorf("%s and %s draw the same picture", red, other)
			}
		}
		seen[red] = body
	}
}

func TestScalesOfDelta(t *testing.T) {
	f := made{D: 24, N: 1, M: 4, K: 4, T: 20, value: func(i int) float32 { return 20 / float32(1+i%400) }}.frame()
	c := contextFor(f, themed(t, heat.TrueColor, true), 60, 2)
	p := NewDelta()
	p.SetSize(97, 12)
	linear := p.Lines(c)
	c.Opt.LogDelta = true
	log := p.Lines(c)
	if got := rowText(screen(t, log, 97), 0); !strings.Contains(got, "log 0.01…20") {
		t.Errorf("the title does not say log: %q", got)
	}
	if strings.Join(linear[1:], "") == strings.Join(log[1:], "") {
		t.Error("both scales draw the same picture")
	}
	c.Opt.LogDelta, c.Opt.Frozen = false, true
	if got := rowText(screen(t, p.Lines(c), 97), 0); !strings.Contains(got, "0…20 frozen") {
		t.Errorf("a frozen range does not say so: %q", got)
	}
}

// The maps show the named group alone where that is worth a picture; the title
// says of how many, a click gives the true channel, and a channel outside it, or
// the option, brings all of them back.
func TestGroupAlone(t *testing.T) {
	f := frameAt(t, header(t), 12, 0)
	c := contextFor(f, themed(t, heat.TrueColor, true), 60, 2)
	c.Opt.Channels = ChannelsAuto
	p := NewDelta()
	p.SetSize(97, 9)
	if got := rowText(screen(t, p.Lines(c), 97), 0); !strings.Contains(got, "16 of 64 channels, Δ varies most") {
		t.Errorf("the group's map is titled %q", got)
	}
	if cur, ok := p.Hit(c, 7, 8); !ok || cur.D != 14 {
		t.Errorf("the last line's upper row is channel %d (%v), want 14 of 0…15", cur.D, ok)
	}
	p.SetSize(97, 5)
	if got := rowText(screen(t, p.Lines(c), 97), 0); !strings.Contains(got, "16 of 64 channels → 8 rows, max|·|") {
		t.Errorf("a small map of the group is titled %q", got)
	}
	for name, change := range map[string]func(*Context){
		"a cursor outside": func(c *Context) { c.Cursor.D = 40 },
		"the option":       func(c *Context) { c.Opt.Channels = ChannelsAll },
		"a small group":    func(c *Context) { f := *c.Frame; f.Group.Channels = []int{0, 1, 2}; c.Frame = &f },
		"a large group": func(c *Context) {
			f := *c.Frame
			f.Group.Channels = nil
			for d := range 33 {
				f.Group.Channels = append(f.Group.Channels, d)
			}
			c.Frame = &f
		},
	} {
		all := *c
		change(&all)
		all.Rev++
		if got := OnlyGroup(&all, 64); got != nil {
			t.Errorf("%s: only %d channels are shown", name, len(got))
		}
		if got := rowText(screen(t, p.Lines(&all), 97), 0); !strings.Contains(got, "64 channels → 8 rows") {
			t.Errorf("%s: titled %q", name, got)
		}
	}
	c.Opt.Channels, c.Cursor.D = ChannelsGroup, 40
	if got := OnlyGroup(c, 64); len(got) != 16 {
		t.Errorf("asked for the group: %d channels", len(got))
	}
}

// A picture of noise alone is drawn on the scale of the whole history: 2e-9 is
// not bright because the wipe has scrolled away.
func TestScaleIsThatOfTheHistory(t *testing.T) {
	s := header(t)
	f, err := s.Frame(context.Background(), session.Look{T: 27, From: 20, To: 28})
	if err != nil {
		t.Fatal(err)
	}
	c := contextFor(f, themed(t, heat.TrueColor, true), 60, 2)
	c.Axis.From, c.Axis.To = 20, 28
	for id, want := range map[string]string{"delta": "0…20", "write": "0…80", "b": "±1", "htime": "±80", "tokens": "0…20"} {
		p := map[string]Panel{"delta": NewDelta(), "write": NewWrite(), "b": NewB(), "htime": NewHTime(), "tokens": NewTokens()}[id]
		p.SetSize(97, 8)
		if got := rowText(screen(t, p.Lines(c), 97), 0); !strings.Contains(got, want) {
			t.Errorf("%s over noise: %q, want the range %s", id, got, want)
		}
	}
}

func TestFrozenRangeDoesNotMove(t *testing.T) {
	th := themed(t, heat.TrueColor, true)
	p := NewDelta()
	p.SetSize(97, 6)
	small := made{D: 4, N: 1, M: 1, K: 1, T: 5, value: func(int) float32 { return 1 }}.frame()
	large := made{D: 4, N: 1, M: 1, K: 1, T: 5, value: func(int) float32 { return 9 }}.frame()
	c := contextFor(small, th, 60, 2)
	p.Lines(c)
	c.Opt.Frozen, c.Frame = true, large
	if got := rowText(screen(t, p.Lines(c), 97), 0); !strings.Contains(got, "0…1 frozen") {
		t.Errorf("frozen: %q", got)
	}
	c.Opt.Frozen = false
	if got := rowText(screen(t, p.Lines(c), 97), 0); !strings.Contains(got, "0…10") {
		t.Errorf("free again: %q", got)
	}
}

func TestGutterNamesRowsAndGroup(t *testing.T) {
	f := frameAt(t, header(t), 20, 0)
	c := contextFor(f, themed(t, heat.Mono, true), 60, 2)
	c.Cursor.D = 40
	buf := cells(t, NewDelta(), c, 67, 9) // 8 lines of 8 channels each
	for line, want := range []string{"  d0▐", "  d8▐", " d16 ", " d24 ", " d32 ", "›d40 ", " d48 ", " d56 "} {
		got := strings.ReplaceAll(string([]rune(rowText(buf, 1+line))[:7]), "  ", " ")
		if strings.TrimLeft(got, " ") != strings.TrimLeft(strings.ReplaceAll(want, "›d40", "› d40"), " ") {
			t.Errorf("line %d is labelled %q, want %q", line, got, want)
		}
	}
}

func TestHitOfMaps(t *testing.T) {
	cfg := model.Config{VocabSize: 11, DModel: 10, DInner: 18, DState: 4, DConv: 4, DtRank: 2, NLayer: 1, Eps: 1e-5, ConvBias: true}
	f := frameAt(t, random(t, cfg, 12), 11, 0)
	c := contextFor(f, themed(t, heat.TrueColor, true), 60, 3)
	d := NewDelta()
	d.SetSize(67, 10) // 18 channels on 9 lines
	d.Lines(c)
	if cur, ok := d.Hit(c, 7+3*5+2, 1+4); !ok || cur.T != 5 || cur.D != 8 {
		t.Errorf("Δ: a click gives %+v %v, want token 5, channel 8", cur, ok)
	}
	b := NewB()
	b.SetSize(67, 3) // 4 states on 2 lines
	b.Lines(c)
	if cur, ok := b.Hit(c, 7, 2); !ok || cur.T != 0 || cur.N != 2 {
		t.Errorf("B: a click gives %+v %v, want token 0, state 2", cur, ok)
	}
	for _, xy := range [][2]int{{6, 3}, {7 + 3*12, 3}, {-1, 0}, {3, 100}, {67, 2}} {
		if cur, ok := d.Hit(c, xy[0], xy[1]); ok {
			t.Errorf("Δ: a click at %v beside the data gives %+v", xy, cur)
		}
	}
}

func TestHTimeSaysWhyItIsEmpty(t *testing.T) {
	f := made{D: 8, N: 4, M: 4, K: 4, T: 10, noH: true}.frame()
	c := contextFor(f, themed(t, heat.TrueColor, true), 150, 2)
	buf := cells(t, NewHTime(), c, 160, 5)
	got := rowText(buf, 1)
	for _, want := range []string{"10 tokens × 8 channels × 4 states = 320 values", "bound"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

func TestHTimeShowsTheCursorsState(t *testing.T) {
	f := made{D: 4, N: 3, M: 4, K: 4, T: 10}.frame()
	th := themed(t, heat.TrueColor, true)
	p := NewHTime()
	var bodies []string
	for n := range 3 {
		c := contextFor(f, th, 60, 2)
		c.Cursor.N = n
		p.SetSize(97, 3)
		l := p.Lines(c)
		if got := rowText(screen(t, l, 97), 0); !strings.Contains(got, fmt.Sprintf("n = %d of 3", n)) {
			t.Errorf("state %d is not named: %q", n, got)
		}
		bodies = append(bodies, strings.Join(l[1:], ""))
	}
	if bodies[0] == bodies[1] || bodies[1] == bodies[2] {
		t.Error("all states look alike")
	}
}

func TestWindowsThatDoNotCoverTheAxis(t *testing.T) {
	f := made{D: 4, N: 2, M: 4, K: 4, T: 10}.frame()
	tokens := make([]session.Token, 40) // 30 came after the window was computed
	for t := range f.Tokens.Len() {
		tokens[t] = f.Tokens.At(t)
	}
	f.Tokens = session.NewHistory(tokens...)
	c := contextFor(f, themed(t, heat.TrueColor, true), 60, 2)
	c.Axis.From, c.Axis.To = 5, 35
	buf := cells(t, NewDelta(), c, 67, 3)
	if got := buf.CellAt(7+2*4, 1).Content; got != "▀" {
		t.Errorf("token 9 is in the window and shows %q", got)
	}
	if got := buf.CellAt(7+2*5, 1).Content; got == "▀" {
		t.Error("token 10 is not in the window and has a colour")
	}
}
