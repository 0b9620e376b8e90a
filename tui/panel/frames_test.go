package panel

import (
	"image/color"
	"math"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/scan"
)

// made builds frames by hand: what a session never gives as well.
type made struct {
	D, N, M, K, T int
	texts         []string // one a token; nil: numeric ids
	value         func(i int) float32
	noH           bool
	rule          scan.Rule
	changed       bool
}

func (m made) frame() *session.Frame {
	if m.value == nil {
		m.value = func(i int) float32 { return float32(math.Sin(float64(i)*0.7)) * 3 }
	}
	n := 0
	fill := func(size int) []float32 {
		v := make([]float32, size)
		for i := range v {
			n++
			v[i] = m.value(n)
		}
		return v
	}
	positive := func(v []float32) []float32 {
		for i, x := range v {
			if x < 0 {
				v[i] = -x
			}
		}
		return v
	}
	window := func() *session.Window {
		w := &session.Window{To: m.T, D: m.D, N: m.N}
		w.Delta, w.U, w.B, w.C = positive(fill(m.T*m.D)), fill(m.T*m.D), fill(m.T*m.N), fill(m.T*m.N)
		w.Z, w.Write = fill(m.T*m.D), positive(fill(m.T*m.D))
		if !m.noH {
			w.H = fill(m.T * m.D * m.N)
		}
		w.A, w.Skip = fill(m.D*m.N), fill(m.D)
		for i, a := range w.A {
			w.A[i] = -float32(math.Abs(float64(a)))
		}
		w.Lanes = []session.Lane{{Kept: positive(fill(m.T)), Retention: positive(fill(m.T)), HalfLife: positive(fill(m.T)),
			DeltaMean: positive(fill(m.T)), DeltaMax: positive(fill(m.T)), Write: positive(fill(m.T)), HNorm: positive(fill(m.T))}}
		if m.T > 0 {
			a := &session.Moment{T: m.T - 1, H: fill(m.D * m.N), HPrev: fill(m.D * m.N), Window: fill(m.K * m.D), In: fill(m.M),
				Norm: fill(m.M), X: fill(m.D), U: fill(m.D), Delta: positive(fill(m.D)), Z: fill(m.D), Y: fill(m.D), Gated: fill(m.D),
				B: fill(m.N), C: fill(m.N), Out: fill(m.M), Rule: m.rule}
			for i := range 5 {
				a.Top = append(a.Top, session.Guess{ID: int32(i), P: float32(math.Abs(float64(m.value(i)))) / 10})
			}
			w.At = a
		}
		return w
	}
	f := &session.Frame{Seq: 1, Clean: window()}
	f.Info.Config = model.Config{VocabSize: 20, DModel: m.M, DInner: m.D, DState: m.N, DConv: m.K, DtRank: 2, NLayer: 1}
	f.Info.Card = model.Card{Name: "made", Kind: model.Untrained}
	f.Info.Backend = "cpu generic f32"
	f.Info.Texts = m.texts
	f.Branch = session.Branch{ID: 1, Count: 1}
	f.Look = session.Look{T: m.T - 1, To: m.T}
	tokens := make([]session.Token, m.T)
	for t := range tokens {
		k := session.Token{ID: int32(t)}
		if len(m.texts) > 0 {
			k.ID %= int32(len(m.texts))
		}
		switch t % 7 {
		case 3:
			k.Flags = session.Generated
		case 5:
			k.Flags, k.Typed = session.Other, "\x1b]0;owned\a"
		}
		tokens[t] = k
	}
	f.Tokens = session.NewHistory(tokens...)
	f.Group = session.Group{Name: "2 of 5 channels, Δ varies most", Channels: []int{0, m.D / 2}}
	if m.changed {
		f.Changed = window()
		f.Tweaks = []session.Tweak{{Kind: session.FreezeDelta, Layer: -1, Channel: -1, To: session.End, MeanTokens: 9, MeanBranch: 1}}
	}
	return f
}

// screen lays lines out as a terminal would, and checks that each is exactly w
// cells and holds nothing but text and SGR.
func screen(t testing.TB, lines []string, w int) uv.ScreenBuffer {
	t.Helper()
	exact(t, lines, w, len(lines), "")
	buf := uv.NewScreenBuffer(w, len(lines))
	buf.Method = ansi.GraphemeWidth
	uv.NewStyledString(strings.Join(lines, "\n")).Draw(buf, uv.Rect(0, 0, w, len(lines)))
	return buf
}

// exact checks that lines are h lines of w cells, by both ways of counting,
// end with a reset and hold no control but SGR.
func exact(t testing.TB, lines []string, w, h int, what string) {
	t.Helper()
	if len(lines) != h {
		t.Fatalf("%s: %d lines, want %d", what, len(lines), h)
	}
	for y, l := range lines {
		if g := ansi.StringWidth(l); g != w {
			t.Fatalf("%s: line %d is %d cells, want %d: %q", what, y, g, w, l)
		}
		if g := ansi.StringWidthWc(l); g != w {
			t.Fatalf("%s: line %d is %d cells by code points, want %d: %q", what, y, g, w, l)
		}
		if !strings.HasSuffix(l, "\x1b[m") {
			t.Fatalf("%s: line %d does not end with a reset: %q", what, y, l)
		}
		if bad := control(l); bad != "" {
			t.Fatalf("%s: line %d holds %s: %q", what, y, bad, l)
		}
	}
}

// control names the first thing in l that is neither text nor SGR.
func control(l string) string {
	for i := 0; i < len(l); i++ {
		switch b := l[i]; {
		case b == 0x1b:
			j := i + 1
			if j >= len(l) || l[j] != '[' {
				return "an escape that is not CSI"
			}
			for j++; j < len(l) && (l[j] >= '0' && l[j] <= '9' || l[j] == ';' || l[j] == ':'); j++ {
			}
			if j >= len(l) || l[j] != 'm' {
				return "a CSI that is not SGR"
			}
			i = j
		case b < 0x20 || b == 0x7f:
			return "a control character"
		}
	}
	for _, r := range l {
		if r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200f || r == 0xfffd {
			return "a control or bidi character"
		}
	}
	return ""
}

// rowText is line y as plain text.
func rowText(buf uv.ScreenBuffer, y int) string {
	var b strings.Builder
	for x := range buf.Bounds().Dx() {
		c := buf.CellAt(x, y)
		if c == nil || c.Width == 0 {
			continue
		}
		b.WriteString(c.Content)
	}
	return b.String()
}

// pair is the two colours of a heat cell.
func pair(buf uv.ScreenBuffer, x, y int) (fg, bg color.Color) {
	c := buf.CellAt(x, y)
	if c.Content == " " { // both pixels alike
		return c.Style.Bg, c.Style.Bg
	}
	return c.Style.Fg, c.Style.Bg
}

func sameColor(a, b color.Color) bool {
	if a == nil || b == nil {
		return a == b
	}
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	return ar == br && ag == bg && ab == bb
}
