package panel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
)

// hostile are token texts that try to leave their cells.
var hostile = []string{
	"\x1b[31m", "\u202eevil\u202c", "漢字", "e\u0301", "\u0301", "👩‍👩‍👧", "\r\n", "\t", "a\x00b", "\xff\xfe", "\u200b", "ｗｉｄｅ",
	"\x9b31m", "🇯🇵", "ﷺ", "é\u0302\u0303\u0304\u0305", " ", "", "very long token text indeed", "⏎",
}

// contexts are the frames that every panel must draw at every size.
func contexts(t testing.TB) map[string]*session.Frame {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	odd := func(i int) float32 {
		return []float32{nan, inf, -inf, 0, 1e-38, -3e38, 1e30, 2.06e-9, float32(i)}[i%9]
	}
	return map[string]*session.Frame{
		"empty":       {Seq: 1},
		"header":      frameAt(t, header(t), 12, 0),
		"N=1":         made{D: 5, N: 1, M: 3, K: 4, T: 9}.frame(),
		"D×N":         made{D: 37, N: 5, M: 11, K: 4, T: 40, texts: hostile, changed: true}.frame(),
		"wide":        made{D: 300, N: 16, M: 40, K: 4, T: 20}.frame(),
		"many states": made{D: 3, N: 200, M: 4, K: 2, T: 6}.frame(),
		"no H":        made{D: 8, N: 4, M: 4, K: 4, T: 10, noH: true, changed: true}.frame(),
		"NaN and Inf": made{D: 9, N: 3, M: 4, K: 4, T: 18, value: odd, texts: hostile, changed: true}.frame(),
		"zero":        made{D: 4, N: 2, M: 4, K: 4, T: 5, value: func(int) float32 { return 0 }}.frame(),
		"one cell":    made{D: 1, N: 1, M: 1, K: 1, T: 1}.frame(),
		"no arrays":   {Seq: 1, Tokens: session.NewHistory(make([]session.Token, 4)...), Clean: &session.Window{To: 4, D: 3, N: 2, At: &session.Moment{T: 3}}},
		"hostile card": func() *session.Frame {
			f := made{D: 4, N: 2, M: 4, K: 4, T: 12, texts: hostile}.frame()
			f.Info.Card.Name, f.Info.Card.Kind = "\x1b]2;x\a漢\u202e", "\x1b[5m"
			f.Info.Backend, f.Info.BackendNote = "cpu\n", "no\tdriver\u0301"
			f.Group.Name = "\x1b[2J of 漢字"
			f.Others, f.Pending, f.Branch.Count = 3, 7, 2
			return f
		}(),
	}
}

func TestEveryPanelFillsItsRectangleExactly(t *testing.T) {
	var sizes [][2]int
	for _, w := range []int{0, 1, 2, 3, 5, 7, 8, 11, 17, 22, 28, 40, 59, 80, 120, 200, 400} {
		for _, h := range []int{0, 1, 2, 3, 4, 6, 9, 14, 22, 38, 58, 120, 200} {
			sizes = append(sizes, [2]int{w, h})
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	all := contexts(t)
	n := 0
	for _, depth := range []heat.Depth{heat.TrueColor, heat.Mono, heat.ANSI16, heat.ANSI256} {
		th := themed(t, depth, depth != heat.ANSI16)
		for name, f := range all {
			for _, p := range All() {
				for range 9 {
					sz := sizes[r.IntN(len(sizes))]
					if r.IntN(3) == 0 {
						sz = [2]int{r.IntN(401), r.IntN(201)}
					}
					w, h := sz[0], sz[1]
					c := contextFor(f, th, max(0, w-7), 1+r.IntN(5))
					c.Axis.Gutter = min(7, w)
					c.Axis.Sweep = r.IntN(2) == 0
					c.Cursor = Cursor{T: r.IntN(f.Tokens.Len()+3) - 1, D: r.IntN(40), N: r.IntN(6)}
					c.Opt = Options{LaneMode: LaneMode(r.IntN(3)), Reduction: []string{"", "mean", "rms", "topk", "max"}[r.IntN(5)],
						LogDelta: r.IntN(2) == 0, Frozen: r.IntN(2) == 0, Changed: r.IntN(2) == 0}
					c.Stale, c.Typing = r.IntN(2) == 0, r.IntN(2) == 0
					if r.IntN(2) == 0 {
						c.Focus = p.ID()
					}
					p.SetSize(w, h)
					exact(t, p.Lines(c), w, h, fmt.Sprintf("%s of %q at %d×%d, %v", p.ID(), name, w, h, depth))
					n++
					p.(Sizer).Wants(c)
					if w > 0 && h > 0 {
						if cur, ok := p.Hit(c, r.IntN(w), r.IntN(h)); !ok && cur != c.Cursor {
							t.Fatalf("%s of %q: a miss moved the cursor to %v", p.ID(), name, cur)
						}
					}
				}
			}
		}
	}
	if n < 5000 {
		t.Fatalf("only %d panels drawn", n)
	}
}

// FuzzPanelSizes draws any panel of any made frame at any size and axis.
func FuzzPanelSizes(f *testing.F) {
	f.Add(uint8(0), uint16(80), uint16(24), uint8(2), uint8(7), int16(3), uint8(5), uint8(2), "x")
	f.Add(uint8(7), uint16(1), uint16(1), uint8(0), uint8(200), int16(-1), uint8(1), uint8(1), "\x1b[2J")
	th := themed(f, heat.TrueColor, true)
	f.Fuzz(func(t *testing.T, which uint8, w, h uint16, cellW, gutter uint8, T int16, D, N uint8, text string) {
		W, H := int(w)%401, int(h)%201
		fr := made{D: 1 + int(D)%70, N: 1 + int(N)%20, M: 5, K: 4, T: int(D) % 30, texts: []string{text, "a"}, changed: N%2 == 0}.frame()
		c := contextFor(fr, th, max(0, W-int(gutter)), 1+int(cellW)%9)
		c.Axis.Gutter = min(int(gutter), W)
		c.Cursor = Cursor{T: int(T), D: int(D) * 2, N: int(N)}
		ps := All()
		p := ps[int(which)%len(ps)]
		p.SetSize(W, H)
		exact(t, p.Lines(c), W, H, p.ID())
	})
}
