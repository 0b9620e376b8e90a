package panel

import (
	"slices"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
)

// TestStateBeforeAndAfter reads every channel's colour off the two grids of
// the wipe: 4 is there before and gone after, 9 the other way round.
func TestStateBeforeAndAfter(t *testing.T) {
	f := frameAt(t, header(t), 12, 0)
	th := themed(t, heat.TrueColor, true)
	c := contextFor(f, th, 60, 2)
	c.Cursor.D = 9
	p := NewState().(*state)
	buf := cells(t, p, c, 40, 12)
	if got := rowText(buf, 0); !strings.Contains(got, "12 '9'") {
		t.Errorf("the title does not name the token: %q", got)
	}
	if len(p.maps) < 2 {
		t.Fatalf("%d maps, want before and after", len(p.maps))
	}
	rng := heat.Range{Min: -80, Max: 80, Scale: heat.Symmetric}
	for i, h := range [][]float32{f.Clean.At.HPrev, f.Clean.At.H} {
		g := p.maps[i]
		for d := range 64 {
			x, y := g.g.cell(d, 0)
			cell := buf.CellAt(g.x+g.g.gutter+x*g.g.cellW, g.y+y)
			if want := th.Div.RGB(rng.Pixel(float64(h[d]))); !sameColor(cell.Style.Bg, want) {
				t.Errorf("map %d, channel %d (%v) is drawn %v, want %v", i, d, h[d], cell.Style.Bg, want)
			}
			if mark := strings.Contains("[]", strings.TrimSpace(cell.Content)) && cell.Content != " "; mark != (d == 9) {
				t.Errorf("map %d: channel %d marked: %v (%q)", i, d, mark, cell.Content)
			}
		}
	}
	if h := f.Clean.At.H[4]; f.Clean.At.HPrev[4] < 70 || h > 1 {
		t.Errorf("channel 4 goes from %v to %v", f.Clean.At.HPrev[4], h)
	}
}

// TestGridIsOneToOne lays every shape out in every rectangle: a value has one
// pixel, a cell leads back to a value that it shows.
func TestGridIsOneToOne(t *testing.T) {
	for _, depth := range []heat.Depth{heat.TrueColor, heat.Mono} {
		for _, D := range []int{1, 2, 7, 64, 100, 300} {
			for _, N := range []int{1, 2, 5, 16, 40} {
				for _, w := range []int{4, 9, 20, 30, 64, 120} {
					for _, h := range []int{1, 2, 5, 12, 40} {
						g := layGrid(D, N, w, h, depth, "")
						if g.lines > h || g.gutter+g.width() > w {
							t.Fatalf("%d×%d in %d×%d takes %d×%d", D, N, w, h, g.gutter+g.width(), g.lines)
						}
						if whole := g.shown() == D*N; whole != (!strings.Contains(g.title, "→") && !strings.Contains(g.title, "rows")) {
							t.Fatalf("%d×%d in %d×%d shows %d values and says %q", D, N, w, h, g.shown(), g.title)
						}
						for d := range D {
							for n := range N {
								x, y := g.cell(d, n)
								if x < 0 || x >= g.cols || y < 0 || y >= g.rows {
									t.Fatalf("%d×%d in %d×%d: h[%d,%d] at %d,%d of %d×%d", D, N, w, h, d, n, x, y, g.cols, g.rows)
								}
								if g.rep*2 == g.per { // two rows a line: the cell cannot tell
									continue
								}
								bd, bn, ok := g.at(g.gutter+x*g.cellW, y*g.rep/g.per)
								if bx, by := g.cell(bd, bn); !ok || bx != x || by != y {
									t.Fatalf("%d×%d in %d×%d: h[%d,%d] leads back to [%d,%d]", D, N, w, h, d, n, bd, bn)
								}
							}
						}
					}
				}
			}
		}
	}
}

func TestStateHit(t *testing.T) {
	f := frameAt(t, header(t), 12, 0)
	c := contextFor(f, themed(t, heat.TrueColor, true), 60, 2)
	p := NewState().(*state)
	p.SetSize(40, 12)
	p.Lines(c)
	for _, m := range p.maps {
		x, y := m.g.cell(37, 0)
		cur, ok := p.Hit(c, m.x+m.g.gutter+x*m.g.cellW+1, m.y+y)
		if !ok || cur.D != 37 || cur.T != 12 {
			t.Errorf("a click on channel 37 gives %+v %v", cur, ok)
		}
	}
	if _, ok := p.Hit(c, 10, 0); ok {
		t.Error("a click on the title moved the cursor")
	}
}

func TestAnswer(t *testing.T) {
	s := header(t)
	c := contextFor(frameAt(t, s, 27, 0), themed(t, heat.TrueColor, true), 60, 2)
	buf := cells(t, NewAnswer(), c, 40, 6)
	if got := rowText(buf, 0); !strings.Contains(got, "next token after 27 '?'") {
		t.Errorf("title %q", got)
	}
	best := rowText(buf, 1)
	if !strings.HasPrefix(best, " 9 0.9") || strings.Count(best, "█") < 25 {
		t.Errorf("the answer reads %q", best)
	}
	if got := rowText(buf, 2); strings.Contains(got, "█") {
		t.Errorf("a guess of <.01 has a bar: %q", got)
	}

	if err := s.FreezeDelta(true); err != nil {
		t.Fatal(err)
	}
	c.Frame = frameAt(t, s, 27, 0)
	buf = cells(t, NewAnswer(), c, 40, 6)
	if got := rowText(buf, 1); !strings.Contains(got, "clean") || !strings.Contains(got, "changed") {
		t.Errorf("heads %q", got)
	}
	// One token on one line, with its probability in both runs.
	nine := rowText(buf, 2)
	if a, z, _ := strings.Cut(nine, "<.01"); !strings.HasPrefix(a, " 9 0.9") || strings.Contains(z, "█") {
		t.Errorf("the clean answer beside the changed run's: %q", nine)
	}
	if dot := rowText(buf, 3); !strings.HasPrefix(dot, " · <.01") || !strings.Contains(dot, "0.9") {
		t.Errorf("the changed answer beside the clean run's: %q", dot)
	}
}

// What is among the best of one run only has no number in the other.
func TestTogether(t *testing.T) {
	clean := []session.Guess{{ID: 1, P: 0.6}, {ID: 2, P: 0.3}}
	changed := []session.Guess{{ID: 3, P: 0.9}, {ID: 1, P: 0.1}}
	list := together(clean, changed)
	var ids []int32
	for _, x := range list {
		ids = append(ids, x.id)
	}
	if !slices.Equal(ids, []int32{3, 1, 2}) {
		t.Errorf("order %v, want the likeliest in either run first: 3 1 2", ids)
	}
	if list[0].p == list[0].p || list[1].q != 0.1 || list[2].q == list[2].q {
		t.Errorf("%+v", list)
	}
}

func TestAnswerIsHonest(t *testing.T) {
	f := made{D: 2, N: 1, M: 1, K: 1, T: 3, texts: []string{"a", "b", "c"}}.frame()
	f.Clean.At.Top = []session.Guess{{ID: 1, P: 0.12}, {ID: 0, P: 0.11}}
	f.Info.Config.VocabSize = 50
	c := contextFor(f, themed(t, heat.Mono, true), 60, 2)
	buf := cells(t, NewAnswer(), c, 70, 5)
	if got := rowText(buf, 0); !strings.Contains(got, "unsure: best is 0.12") {
		t.Errorf("a low best guess is not called so: %q", got)
	}
	if got := rowText(buf, 3); !strings.Contains(got, "0.77 48 more") {
		t.Errorf("what is not listed is not said: %q", got)
	}
	f.Clean.At.Top[0].P = 0.95
	c.Rev++
	if got := rowText(cells(t, NewAnswer(), c, 70, 5), 0); strings.Contains(got, "unsure") {
		t.Errorf("a sure answer is called unsure: %q", got)
	}
}

func TestXray(t *testing.T) {
	f := frameAt(t, header(t), 12, 0)
	th := themed(t, heat.TrueColor, true)
	c := contextFor(f, th, 60, 2)
	c.Cursor.D = 9
	m := f.Clean.At
	for _, w := range []int{60, 80, 120, 200} {
		p := NewXray().(*xray)
		buf := cells(t, p, c, w, 21)
		var order []string
		for y := 1; y < 21; y++ {
			l := rowText(buf, y)
			for _, s := range stages(f.Clean, m) {
				if strings.Contains(" "+l[:min(len(l), 24)]+" ", " "+s.name+" ") {
					order = append(order, s.name)
					break
				}
			}
		}
		want := "in norm x x[t−3] x[t−2] x[t−1] x[t] u Δ B C h[t−1] h[t] y z gated out"
		if got := strings.Join(order, " "); got != want {
			t.Errorf("at %d cells the stages are %q, want %q", w, got, want)
		}
		if w < 80 {
			continue
		}
		text := ""
		for y := range 21 {
			text += rowText(buf, y) + "\n"
		}
		// The cursor channel's numbers: Δ, u and h after.
		for _, v := range []float32{m.Delta[9], m.U[9], m.H[9]} {
			if !strings.Contains(text, " "+sig(float64(v), layout(w, 64).digits)) {
				t.Errorf("at %d cells %v is not printed:\n%s", w, v, text)
			}
		}
	}
}

// TestXrayChannelsShareColumns follows channel 9 down the block: what it wrote
// stands in one column from u to h.
func TestXrayChannelsShareColumns(t *testing.T) {
	f := frameAt(t, header(t), 12, 0)
	th := themed(t, heat.TrueColor, true)
	c := contextFor(f, th, 60, 2)
	c.Cursor.D = 40 // its column is lit
	p := NewXray().(*xray)
	buf := cells(t, p, c, 120, 21)
	x, n := p.x0+9, 0
	for y, g := range p.shown {
		if g.what != ofChannel && g.what != ofCell {
			continue
		}
		fg, _ := pair(buf, x, p.y0+y)
		m := th.Div
		if !g.signed {
			m = th.Seq
		}
		if want := m.RGB(p.rangeOf(&g).Pixel(float64(g.v[9]))); !sameColor(fg, want) {
			t.Errorf("%s: channel 9 (%v) is drawn %v, want %v", g.name, g.v[9], fg, want)
		}
		n++
	}
	if n != 12 {
		t.Errorf("%d stages have channels, want 12", n)
	}
	if cur, ok := p.Hit(c, x, p.y0+8); !ok || cur.D != 9 {
		t.Errorf("a click on channel 9's column gives %+v %v", cur, ok)
	}
	// A quiet token after it: its Δ is small beside what the window saw, and dark.
	c.Frame = frameAt(t, header(t), 13, 0)
	c.Cursor.T = 13
	buf = cells(t, p, c, 120, 21)
	for y, g := range p.shown {
		if fg, _ := pair(buf, x, p.y0+y); g.name == "Δ" && !sameColor(fg, th.Seq.RGB(1)) {
			t.Errorf("Δ of 2e-9 is drawn %v", fg)
		}
	}
}

func TestXrayNamesWhatItLeavesOut(t *testing.T) {
	cfg := model.Config{VocabSize: 11, DModel: 10, DInner: 300, DState: 4, DConv: 4, DtRank: 2, NLayer: 2, Eps: 1e-5, ConvBias: true}
	f := frameAt(t, random(t, cfg, 6), 5, 1)
	c := contextFor(f, themed(t, heat.TrueColor, true), 60, 2)
	got := rowText(cells(t, NewXray(), c, 120, 12), 0)
	for _, want := range []string{"layer 1 of 2", "300 channels →", "11 of 17 stages"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}
