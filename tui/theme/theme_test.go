package theme

import (
	"image/color"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui/heat"
)

var depths = []heat.Depth{heat.Mono, heat.ANSI16, heat.ANSI256, heat.TrueColor}

func must(t *testing.T, d heat.Depth, dark bool) *Theme {
	t.Helper()
	th, err := New(d, dark, "viridis", "blue-red")
	if err != nil {
		t.Fatal(err)
	}
	return th
}

func each(t *testing.T, f func(t *testing.T, th *Theme)) {
	for _, d := range depths {
		for _, dark := range []bool{true, false} {
			background := "light"
			if dark {
				background = "dark"
			}
			t.Run(d.String()+"/"+background, func(t *testing.T) { f(t, must(t, d, dark)) })
		}
	}
}

// cell is what the first column of s looks like.
func cell(t *testing.T, s string) *uv.Cell {
	t.Helper()
	buf := uv.NewScreenBuffer(4, 1)
	uv.NewStyledString(s).Draw(buf, uv.Rect(0, 0, 4, 1))
	return buf.CellAt(0, 0)
}

func rgba(c color.Color) color.RGBA { return color.RGBAModel.Convert(c).(color.RGBA) }

// Every role reads at 4.5:1 or better on the background it is made for.
func TestRolesRead(t *testing.T) {
	for _, d := range []heat.Depth{heat.ANSI256, heat.TrueColor} {
		for _, dark := range []bool{true, false} {
			th, bg := must(t, d, dark), LightBackground
			if dark {
				bg = DarkBackground
			}
			for r := range roles {
				fg := cell(t, th.Paint(r, "x")).Style.Fg
				if fg == nil {
					t.Errorf("%v dark=%v role %d has no colour", d, dark, r)
					continue
				}
				if c := heat.Contrast(rgba(fg), bg); c < 4.5 {
					t.Errorf("%v dark=%v role %d: %.2f:1", d, dark, r, c)
				}
			}
		}
	}
}

// What must not be missed differs from running text at every depth, and pairs
// that stand side by side differ from each other.
func TestRolesDiffer(t *testing.T) {
	each(t, func(t *testing.T, th *Theme) {
		style := func(r Role) uv.Style { return cell(t, th.Paint(r, "x")).Style }
		for _, p := range [][2]Role{
			{Title, Text}, {Focus, Title}, {Accent, Text}, {Key, Text}, {Warn, Text}, {Bad, Text}, {Bad, Warn},
			{Cursor, Text}, {Wipe, Half}, {Changed, Clean}, {Focus, Text},
		} {
			a, b := style(p[0]), style(p[1])
			if a.Equal(&b) {
				t.Errorf("roles %d and %d look the same", p[0], p[1])
			}
		}
		if th.Depth == heat.Mono {
			for r := range roles {
				if s := style(r); s.Fg != nil || s.Bg != nil {
					t.Errorf("role %d has a colour without colours: %+v", r, s)
				}
			}
		}
	})
}

func TestPaint(t *testing.T) {
	each(t, func(t *testing.T, th *Theme) {
		for r := range roles + 3 {
			got := th.Paint(r, "Δ x")
			if ansi.Strip(got) != "Δ x" || ansi.StringWidth(got) != 3 || !strings.HasSuffix(got, "\x1b[m") {
				t.Errorf("role %d: %q", r, got)
			}
			if got := th.Paint(r, ""); got != "" {
				t.Errorf("role %d makes %q of nothing", r, got)
			}
		}
	})
}

// A ribbon cell stands on the colour of the heatmap, in text that reads on it.
func TestLevel(t *testing.T) {
	each(t, func(t *testing.T, th *Theme) {
		for _, seq := range []bool{true, false} {
			m := th.Div
			if seq {
				m = th.Seq
			}
			looks := map[string]bool{}
			for pix := range 256 {
				got := th.Level(seq, uint8(pix), "a")
				if ansi.Strip(got) != "a" || !strings.HasSuffix(got, "\x1b[m") || th.Level(seq, uint8(pix), "") != "" {
					t.Fatalf("pixel %d: %q", pix, got)
				}
				s := cell(t, got).Style
				looks[got] = true
				switch {
				case pix == 0:
					if s.Bg != nil || s.Fg != nil || s.Attrs != 0 {
						t.Errorf("no data looks like %+v", s)
					}
				case th.Depth >= heat.ANSI256:
					if want := m.RGB(uint8(pix)); rgba(s.Bg) != want {
						t.Fatalf("pixel %d stands on %v, want %v", pix, rgba(s.Bg), want)
					}
					if c := heat.Contrast(rgba(s.Fg), rgba(s.Bg)); c < 4.5 {
						t.Errorf("pixel %d: %.2f:1", pix, c)
					}
				case th.Depth == heat.ANSI16 && (s.Bg == nil || s.Fg == nil):
					t.Fatalf("pixel %d has no colours: %+v", pix, s)
				case th.Depth == heat.Mono && (s.Bg != nil || s.Fg != nil):
					t.Fatalf("pixel %d has colours: %+v", pix, s)
				}
			}
			if len(looks) < 4 {
				t.Errorf("seq=%v: only %d looks for all levels", seq, len(looks))
			}
		}
	})
}

// Without colours a ribbon cell shows magnitude in four steps, and the sign.
func TestMonoLevels(t *testing.T) {
	th := must(t, heat.Mono, true)
	for _, c := range []struct {
		seq       bool
		pix       uint8
		attrs     uint8
		underline bool
	}{
		{true, 1, 0, false}, {true, 80, 0, true}, {true, 150, uv.AttrBold, true}, {true, 255, uv.AttrBold | uv.AttrReverse, false},
		{false, 128, 0, false}, {false, 255, uv.AttrBold | uv.AttrReverse, false},
		{false, 1, uv.AttrBold | uv.AttrReverse | uv.AttrItalic, false}, {false, 85, uv.AttrItalic, true},
	} {
		s := cell(t, th.Level(c.seq, c.pix, "x")).Style
		if s.Attrs != c.attrs || (s.Underline != uv.UnderlineNone) != c.underline {
			t.Errorf("seq=%v pixel %d: attributes %b, underline %v", c.seq, c.pix, s.Attrs, s.Underline)
		}
	}
}

func TestNewErrors(t *testing.T) {
	for _, c := range [][2]string{{"jet", "blue-red"}, {"viridis", "jet"}, {"blue-red", "blue-red"}, {"viridis", "magma"}} {
		if _, err := New(heat.TrueColor, true, c[0], c[1]); err == nil || !strings.HasPrefix(err.Error(), "theme: ") {
			t.Errorf("New(%q, %q): %v", c[0], c[1], err)
		}
	}
	th := must(t, heat.ANSI256, false)
	if th.Seq.Depth() != heat.ANSI256 || th.Div.Name() != "blue-red" || th.Dark || th.Depth != heat.ANSI256 {
		t.Errorf("%+v", th)
	}
}

// A role's Lip Gloss style is what Paint paints.
func TestStyleIsPaint(t *testing.T) {
	for _, depth := range []heat.Depth{heat.Mono, heat.ANSI16, heat.ANSI256, heat.TrueColor} {
		for _, dark := range []bool{true, false} {
			th, err := New(depth, dark, "viridis", "blue-red")
			if err != nil {
				t.Fatal(err)
			}
			for r := range roles {
				if painted, styled := *cell(t, th.Paint(r, "x")), *cell(t, th.Style(r).Render("x")); painted != styled {
					t.Errorf("role %d at depth %d, dark %v: painted %+v, styled %+v", r, depth, dark, painted, styled)
				}
			}
		}
	}
}
