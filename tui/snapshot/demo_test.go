package snapshot_test

import (
	"flag"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mamba-tui/tui/heat"
	"mamba-tui/tui/snapshot"
	"mamba-tui/tui/theme"
)

var pictures = flag.String("pictures", "", "folder to write the demo pictures to, for looking at")

// demo lays every map out at one depth: a wave with a cursor, a now column and
// missing data, its colourbar, and every role of text.
func demo(t *testing.T, d heat.Depth, dark bool) (text string, w, h int) {
	t.Helper()
	const W = 60
	var lines []string
	add := func(s ...string) { lines = append(lines, s...) }
	th, err := theme.New(d, dark, "viridis", "blue-red")
	if err != nil {
		t.Fatal(err)
	}
	add(th.Paint(theme.Title, fmt.Sprintf("%s, dark %v", d, dark)))
	for _, name := range heat.Names() {
		m, err := heat.NewMap(name, d, dark)
		if err != nil {
			t.Fatal(err)
		}
		var r heat.Raster
		r.Resize(W, 6*heat.RowsPerLine(d))
		scale := heat.Linear
		rng := heat.Range{Min: 0, Max: 1}
		if m.Diverging() {
			scale = heat.Symmetric
			rng = heat.Range{Min: -1, Max: 1, Scale: scale}
		}
		for y := range r.H {
			for x := range r.W {
				v := math.Sin(float64(x)/6) * math.Cos(float64(y)*3/float64(r.H))
				if !m.Diverging() {
					v = math.Abs(v)
				}
				if x > 50 || x%17 == 9 && y%5 == 2 {
					v = math.NaN()
				}
				r.Pix[y*r.W+x] = rng.Pixel(v)
			}
		}
		opt := heat.Plain(1)
		opt.CursorX, opt.CursorY, opt.NowX = 20, r.H/2, 50
		opt.Guides = name == "magma"
		add(th.Paint(theme.Focus, name) + th.Paint(theme.Dim, " 64 channels → 12 rows, max|·|"))
		lines = r.Lines(lines, m, opt)
		add(heat.Colourbar(W, m, rng, "frozen"))
	}
	var roles strings.Builder
	for i, name := range []string{"Text", "Dim", "Title", "Focus", "Accent", "Key", "Good", "Warn", "Bad", "Bar", "BarDim", "Cursor", "Half", "Wipe", "Changed", "Clean"} {
		roles.WriteString(th.Paint(theme.Role(i), name) + " ")
		if i == 7 {
			roles.WriteString("\n")
		}
	}
	add(strings.Split(roles.String(), "\n")...)
	var seq, div strings.Builder
	for i, s := range strings.Split("¶ 4 a c b a ? 4 ¶ 9 c a ␣ ⏎ ⇥ x b a", " ") {
		seq.WriteString(th.Level(true, uint8(1+i*15), " "+s+" "))
		div.WriteString(th.Level(false, uint8(1+i*15), " "+s+" "))
	}
	add(seq.String(), div.String())
	add("kept ρ "+th.Paint(theme.Wipe, "┃")+" "+th.Paint(theme.Half, "┆")+" ▁▂▃▄▅▆▇█ "+th.Paint(theme.Bar, heat.Bar(12, 0.61))+" 0.61  ⠋⠙⠹⠸ ░▒▓█",
		"╭─┬─╮ ┏━┳━┓ ├┄┤ ←↑→↓ ␣⏎⇥⌫ ✓✗ ◆◇▶◀▸▾ ⊙ ‖h‖ Ā B̄ h̄ ⟨x⟩ ⋯ ⚠ ★",
		"│ │ │ ┃ ┃ ┃ │╱│ ≤≥≈≡± ∞√Σ∂∇ ×·− Δ·B·u μσλτ ☑☐ ⏸⏵ 中 あ 🐍 é",
		"╰─┴─╯ ┗━┻━┛ ╵╹╷╻ ╒═╕ ║ ╬ h[9,0] = exp(20·−1)·0.00 + 20·1.0·3.93 = 78.5")
	return strings.Join(lines, "\n"), W + 10, len(lines)
}

// TestDemo draws the demo at every depth on both backgrounds: with -pictures it
// leaves PNGs to look at.
func TestDemo(t *testing.T) {
	for _, d := range []heat.Depth{heat.Mono, heat.ANSI16, heat.ANSI256, heat.TrueColor} {
		for _, dark := range []bool{true, false} {
			text, w, h := demo(t, d, dark)
			o := snapshot.Options{}
			if !dark {
				o.Foreground, o.Background = color.RGBA{0x24, 0x26, 0x2e, 255}, theme.LightBackground
			}
			s := snapshot.Parse(text, w, h)
			for _, kind := range []snapshot.Kind{snapshot.KindPNG, snapshot.KindSVG} {
				data, err := snapshot.Encode(s, kind, o)
				if err != nil || len(data) < 1000 {
					t.Fatalf("%v dark %v: %d bytes of %s, %v", d, dark, len(data), kind, err)
				}
				if *pictures != "" {
					name := fmt.Sprintf("demo-%d-%v.%s", d, dark, kind)
					if err := os.WriteFile(filepath.Join(*pictures, name), data, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}
