package panel

import (
	"math"
	"strings"
	"testing"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
)

// The maps of two runs' difference show changed − clean, cell by cell.
func TestDifference(t *testing.T) {
	s := header(t)
	if err := s.FreezeDelta(true); err != nil {
		t.Fatal(err)
	}
	th := themed(t, heat.TrueColor, true)
	c := contextFor(frameAt(t, s, 27, 0), th, 60, 2)
	c.Opt.Difference = true
	a, b := c.Frame.Clean, c.Frame.Changed
	for _, x := range []struct {
		p    Panel
		of   func(w *session.Window, tok, d int) float32
		says string
	}{
		{NewDelta(), func(w *session.Window, tok, d int) float32 { return w.Delta[tok*64+d] }, "Δ  step size"},
		{NewHTime(), func(w *session.Window, tok, d int) float32 { return w.H[tok*64+d] }, "h  state over time"},
	} {
		p := x.p.(*overTime)
		buf := cells(t, p, c, 97, 34)
		if got := rowText(buf, 0); !strings.Contains(got, x.says) || !strings.Contains(got, "changed − clean") {
			t.Errorf("title %q", got)
		}
		rng := p.diff.rng.Range()
		seen := false
		for _, tok := range []int{1, 5, 12, 20} {
			for _, d := range []int{0, 4, 9, 30} {
				v := x.of(b, tok, d) - x.of(a, tok, d)
				fg, bg := pair(buf, 7+2*tok, 1+d/2)
				got := fg
				if d%2 == 1 {
					got = bg
				}
				if !sameColor(got, th.Div.RGB(rng.Pixel(float64(v)))) {
					t.Errorf("%s, token %d, channel %d: a change of %v is drawn %v", x.says, tok, d, v, got)
				}
				seen = seen || v != 0
			}
		}
		if !seen {
			t.Errorf("%s: nothing was different: the test shows nothing", x.says)
		}
		if cur, ok := p.Hit(c, 7+2*12, 1+4); !ok || cur.T != 12 || cur.D != 8 {
			t.Errorf("a click gives %+v %v", cur, ok)
		}
	}
	// B does not depend on Δ in the first layer.
	if got := rowText(cells(t, NewB(), c, 97, 3), 0); !strings.Contains(got, "no difference") {
		t.Errorf("B is the same in both runs, and the title says %q", got)
	}
}

// Where one run has no token there is no difference, and none is drawn.
func TestDifferenceOfUnequalLengths(t *testing.T) {
	f := made{D: 2, N: 1, M: 1, K: 1, T: 6, changed: true}.frame()
	b := f.Changed
	b.From, b.To = 2, 4
	b.Delta, b.H = b.Delta[:4], b.H[:4]
	c := contextFor(f, themed(t, heat.TrueColor, true), 12, 2)
	clean, changed, why := both(c)
	if why != "" {
		t.Fatal(why)
	}
	s := series{rows: 2, data: clean.Delta}
	d := difference(s, series{rows: 2, data: changed.Delta}, clean, changed)
	for tok := range 6 {
		for i := range 2 {
			got := float64(d.data[tok*2+i])
			if tok < 2 || tok >= 4 {
				if !math.IsNaN(got) {
					t.Errorf("token %d is in one run only, and differs by %v", tok, got)
				}
				continue
			}
			if want := float64(changed.Delta[(tok-2)*2+i] - clean.Delta[tok*2+i]); got != want {
				t.Errorf("token %d channel %d: %v, want %v", tok, i, got, want)
			}
		}
	}
	f.Changed.From, f.Changed.To = 9, 12
	if _, _, why := both(c); !strings.Contains(why, "no token here") {
		t.Errorf("windows that do not meet: %q", why)
	}
	f.Changed.Layer = 1
	if _, _, why := both(c); !strings.Contains(why, "same layer") {
		t.Errorf("windows of two layers: %q", why)
	}
}

// diverging is a frame of two runs that part at token 2.
func diverging(T int) *session.Frame {
	f := made{D: 2, N: 1, M: 1, K: 1, T: T, changed: true}.frame()
	f.Info.Config.NLayer = 3
	d := &session.Divergence{}
	for l := range 3 {
		row := make([]float32, T)
		for i := 2; i < T; i++ {
			row[i] = float32(l+1) * 0.1
		}
		d.H = append(d.H, row)
	}
	d.Output = make([]float32, T)
	for i := 3; i < T; i++ {
		d.Output[i] = 0.5
	}
	f.Divergence = d
	return f
}

// Nothing is drawn where two runs are equal; the cursor's distances are in
// numbers; layers are rows.
func TestDiverge(t *testing.T) {
	f := diverging(8)
	th := themed(t, heat.TrueColor, true)
	c := contextFor(f, th, 16, 2)
	c.Cursor.T, c.Cursor.Layer = 5, 1
	p := NewDiverge().(*diverge)
	buf := cells(t, p, c, 100, 4)
	if got := rowText(buf, 0); !strings.Contains(got, "h 0.200, answers 50.0 % apart") {
		t.Errorf("title %q", got)
	}
	rng := heat.Range{Min: closest, Max: 1, Scale: heat.Log}
	for tok := range 8 {
		if tok == 5 {
			continue // the cursor's column is lit
		}
		fg, bg := pair(buf, 7+2*tok, 1)
		if tok < 2 {
			if got := buf.CellAt(7+2*tok, 1).Content; got != "·" || bg != nil {
				t.Errorf("token %d is the same in both and drawn %q on %v", tok, got, bg)
			}
			continue
		}
		if !sameColor(fg, th.Seq.RGB(rng.Pixel(float64(f.Divergence.H[0][tok])))) || !sameColor(bg, th.Seq.RGB(rng.Pixel(float64(f.Divergence.H[1][tok])))) {
			t.Errorf("token %d: layers 0 and 1 are drawn %v over %v", tok, fg, bg)
		}
	}
	last := rowText(buf, 3)
	if got := []rune(last); got[7+2*2] != ' ' || got[7+2*3] != '▅' {
		t.Errorf("the answers' line reads %q", last)
	}
	if cur, ok := p.Hit(c, 7+2*4, 2); !ok || cur.T != 4 || cur.Layer != 2 {
		t.Errorf("a click on the third layer gives %+v %v", cur, ok)
	}
	f.Divergence = &session.Divergence{H: [][]float32{make([]float32, 8)}, Output: make([]float32, 8)}
	again := *f
	again.Seq++
	c.Frame = &again
	if got := rowText(cells(t, p, c, 100, 4), 0); !strings.Contains(got, "the same bit for bit") {
		t.Errorf("two equal runs: %q", got)
	}
	again.Divergence = nil
	c.Rev++
	if got := rowText(cells(t, p, c, 100, 4), 0); !strings.Contains(got, "computing") {
		t.Errorf("without distances: %q", got)
	}
}

// A comparison of branches is called by their names everywhere.
func TestBranchesAreCalledByName(t *testing.T) {
	f := diverging(8)
	f.Branch = session.Branch{ID: 2, Parent: 1, At: 1, Count: 2}
	f.Versus = session.Versus{Kind: session.VersusBranch, Branch: 1}
	f.Branches = []session.BranchInfo{{ID: 1, Len: 8, Name: "no \x1b[2Jwipe"}, {ID: 2, Parent: 1, At: 1, Len: 8, Current: true}}
	f.Info.Texts = []string{"a", "b", "c", "d", "e", "f"}
	f.Clean.At.Top[0], f.Changed.At.Top[0] = session.Guess{ID: 1, P: 0.75}, session.Guess{ID: 2, P: 0.5}
	c := contextFor(f, themed(t, heat.TrueColor, true), 60, 2)
	c.Opt.Difference = true
	if got := rowText(cells(t, NewDelta(), c, 120, 4), 0); !strings.Contains(got, `“no \x1b[2Jwipe” − branch 2`) {
		t.Errorf("title %q", got)
	}
	if got, want := WhatIf(c), `branch 2 and “no \x1b[2Jwipe”: the answer after`; !strings.HasPrefix(got, want) || !strings.Contains(got, "is b (0.75) here and c (0.50) in “no") {
		t.Errorf("the sentence reads %q", got)
	}
	if got := rowText(cells(t, NewInForce(), c, 120, 1), 0); !strings.Contains(got, `branch 2 compared with “no \x1b[2Jwipe”`) {
		t.Errorf("the line reads %q", got)
	}
}

// A trace without the weights says what it does not know instead of drawing it.
func TestWhatWasNotRecorded(t *testing.T) {
	f := made{D: 4, N: 2, M: 3, K: 4, T: 6, changed: true}.frame()
	f.Versus.Kind = session.VersusTweaks
	f.Info.Missing = session.Missing{Gate: true, Conv: true, Residual: true, Logits: true, Later: true}
	for _, w := range []*session.Window{f.Clean, f.Changed} {
		m := w.At
		w.Z, m.Window, m.In, m.Norm, m.X, m.Z, m.Gated, m.Out = nil, nil, nil, nil, nil, nil, nil, nil
	}
	f.Changed.At.Top = nil
	c := contextFor(f, themed(t, heat.TrueColor, true), 60, 2)
	block := textOf(t, NewXray(), c, 160, 24)
	if strings.Contains(block, "NaN") || strings.Count(block, "not recorded") < 6 || !strings.Contains(block, "not all recorded") || strings.Contains(block, "M 0") {
		t.Errorf("the block view:\n%s", block)
	}
	if got := textOf(t, NewAnswer(), c, 80, 8); !strings.Contains(got, "changed: not recorded") {
		t.Errorf("the answer:\n%s", got)
	}
	if got := WhatIf(c); !strings.Contains(got, "later layers and the answer cannot follow") {
		t.Errorf("the sentence: %s", got)
	}
	if got := textOf(t, NewTweaks(), c, 60, 8); !strings.Contains(got, "later layers cannot follow") {
		t.Errorf("the panel:\n%s", got)
	}
	f.Clean.At.Top = nil
	c.Rev++
	if got := textOf(t, NewAnswer(), c, 80, 8); !strings.Contains(got, "not recorded") || strings.Contains(got, "no tokens") {
		t.Errorf("the answer:\n%s", got)
	}
}

// Two runs that differ by what float32 rounds, as a token that was typed and a
// prompt do on a GPU: the title says so, and nothing is bright.
func TestDifferenceOfRounding(t *testing.T) {
	f := made{D: 2, N: 1, M: 1, K: 1, T: 6, changed: true}.frame()
	clean, changed := f.Clean, f.Changed
	changed.From, changed.To = clean.From, clean.To
	most := largest(clean.Delta)
	c := contextFor(f, themed(t, heat.TrueColor, true), 12, 2)
	c.Opt.Difference = true
	for _, x := range []struct {
		off    float32
		says   string
		bright bool
	}{{0, "no difference", false}, {5e-7, "no more than rounding", false}, {1e-4, "", true}} {
		changed.Delta = append([]float32(nil), clean.Delta...)
		changed.Delta[3] += x.off * most
		p := NewDelta().(*overTime)
		title := rowText(cells(t, p, c, 97, 12), 0)
		if !strings.Contains(title, x.says) || x.bright && (strings.Contains(title, "rounding") || strings.Contains(title, "no difference")) {
			t.Errorf("a change of %g of the largest: the title is %q", x.off, title)
		}
		rng := p.diff.rng.Range()
		mid, at := rng.Pixel(0), rng.Pixel(float64(changed.Delta[3]-clean.Delta[3]))
		if far := math.Abs(float64(at) - float64(mid)); x.bright != (far > 50) {
			t.Errorf("a change of %g of the largest is %v steps of colour from none", x.off, far)
		}
	}
}
