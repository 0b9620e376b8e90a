package heat

import (
	"image/color"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// cells lays lines out on a screen, as the program does.
func cells(lines []string, w int) uv.ScreenBuffer {
	buf := uv.NewScreenBuffer(w, len(lines))
	uv.NewStyledString(strings.Join(lines, "\n")).Draw(buf, uv.Rect(0, 0, w, len(lines)))
	return buf
}

func same(t *testing.T, what string, got color.Color, want color.RGBA) {
	t.Helper()
	if got == nil {
		t.Errorf("%s: no colour, want %v", what, want)
		return
	}
	if g := color.RGBAModel.Convert(got).(color.RGBA); g != want {
		t.Errorf("%s: %v, want %v", what, g, want)
	}
}

func raster(w, h int, pix ...uint8) *Raster { return &Raster{W: w, H: h, Pix: pix} }

// Two rows of pixels are one row of ▀: upper pixel in front, lower behind.
func TestHalfBlocks(t *testing.T) {
	m := mustMap(t, "viridis", TrueColor, true)
	r := raster(2, 3,
		1, 255,
		128, 0,
		60, 0)
	lines := r.Lines(nil, m, Plain(1))
	if len(lines) != 2 {
		t.Fatalf("%d lines for 3 rows of pixels, want 2", len(lines))
	}
	s := cells(lines, 2)
	c := s.CellAt(0, 0)
	if c.Content != "▀" {
		t.Errorf("cell is %q", c.Content)
	}
	same(t, "upper left", c.Style.Fg, m.rgb[0])
	same(t, "lower left", c.Style.Bg, m.rgb[m.slot[128]])
	c = s.CellAt(1, 0)
	same(t, "upper right", c.Style.Fg, m.rgb[m.n-1])
	same(t, "missing below", c.Style.Bg, rgb(0x54473c))
	c = s.CellAt(0, 1)
	same(t, "third row", c.Style.Fg, m.rgb[m.slot[60]])
	if c.Style.Bg != nil {
		t.Errorf("below the last row stands %v, want the terminal's background", c.Style.Bg)
	}
	if c := s.CellAt(1, 1); c.Content != "·" || c.Style.Bg != nil {
		t.Errorf("a cell without data is %q on %v", c.Content, c.Style.Bg)
	}
	if want := rgb(0x440154); m.rgb[0] != want {
		t.Errorf("viridis starts with %v", m.rgb[0])
	}
}

func TestGlyphRamps(t *testing.T) {
	r := raster(6, 1, 0, 1, 64, 128, 192, 255)
	for _, c := range []struct {
		name  string
		depth Depth
		want  string
	}{
		{"viridis", Mono, "· ░▒▓█"},
		{"blue-red", Mono, "·≡~ *@"},
		{"grey", ANSI16, "· ▓▒░█"},
		{"blue-red", ANSI16, "·██ ██"},
	} {
		m := mustMap(t, c.name, c.depth, true)
		got := ansi.Strip(r.Lines(nil, m, Plain(1))[0])
		if got != c.want {
			t.Errorf("%s, %v: %q, want %q", c.name, c.depth, got, c.want)
		}
	}
	m := mustMap(t, "blue-red", ANSI16, true)
	s := cells(r.Lines(nil, m, Plain(1)), 6)
	if lo, hi := s.CellAt(1, 0).Style, s.CellAt(5, 0).Style; lo.Fg != ansi.Cyan || hi.Fg != ansi.Yellow {
		t.Errorf("the ends of the diverging map are %v and %v", lo.Fg, hi.Fg)
	}
	m = mustMap(t, "viridis", Mono, true)
	for _, l := range r.Lines(nil, m, Plain(1)) {
		if strings.Contains(l, "38;") || strings.Contains(l, "48;") || strings.Contains(l, "\x1b[3") || strings.Contains(l, "\x1b[4m") {
			t.Errorf("colours without colour: %q", l)
		}
	}
}

// The cursor's cell, and no other, changes; and it can be told from every level.
func TestCursor(t *testing.T) {
	everyMap(t, func(t *testing.T, m *Map) {
		per := RowsPerLine(m.depth)
		r := raster(3, 2*per)
		r.Pix = make([]uint8, r.W*r.H)
		for pix := range 256 {
			for i := range r.Pix {
				r.Pix[i] = uint8(pix)
			}
			opt := Plain(2)
			plain := cells(r.Lines(nil, m, opt), 6)
			opt.CursorX, opt.CursorY = 1, per
			with := cells(r.Lines(nil, m, opt), 6)
			for y := range 2 {
				for x := range 6 {
					differs := !plain.CellAt(x, y).Equal(with.CellAt(x, y))
					if inside := y == 1 && (x == 2 || x == 3); differs != inside {
						t.Fatalf("pixel %d, cell %d,%d: differs is %v", pix, x, y, differs)
					}
				}
			}
			if c := with.CellAt(2, 1); per == 1 && c.Content != "X" || per == 2 && c.Content != "▀" {
				t.Fatalf("pixel %d: the cursor is %q", pix, c.Content)
			}
		}
	})
}

// The lower pixel under the cursor leaves the upper one alone, and a cursor in
// the missing lower half of the last line draws nothing.
func TestCursorHalf(t *testing.T) {
	m := mustMap(t, "viridis", TrueColor, true)
	r := raster(1, 3, 10, 20, 30)
	opt := Plain(1)
	opt.CursorX, opt.CursorY = 0, 1
	c := cells(r.Lines(nil, m, opt), 1).CellAt(0, 0)
	same(t, "above the cursor", c.Style.Fg, m.rgb[m.slot[10]])
	same(t, "cursor", c.Style.Bg, rgb(0xff2f92))
	opt.CursorY = 3
	if c := cells(r.Lines(nil, m, opt), 1).CellAt(0, 1); c.Style.Bg != nil {
		t.Errorf("a cursor below the raster is drawn: %v", c.Style.Bg)
	}
}

// In a sweep a step changes two columns: the new one and the one that was new.
// Every other cell stays as it was, in its whole style.
func TestSweepTouchesTwoColumns(t *testing.T) {
	everyMap(t, func(t *testing.T, m *Map) {
		r := &Raster{}
		r.Resize(12, 8)
		for i := range r.Pix {
			r.Pix[i] = uint8(1 + i*37%255)
		}
		opt := Plain(1)
		opt.NowX = 4
		before := cells(r.Lines(nil, m, opt), 12)
		for y := range r.H {
			r.Pix[y*r.W+5] = uint8(200 - 20*y)
		}
		opt.NowX = 5
		after := cells(r.Lines(nil, m, opt), 12)
		for y := range before.Height() {
			for x := range 12 {
				differs := !before.CellAt(x, y).Equal(after.CellAt(x, y))
				if (x == 4 || x == 5) != differs {
					t.Fatalf("cell %d,%d: differs is %v", x, y, differs)
				}
			}
		}
	})
}

// The last column is not lit, and the step after it changes the first only.
func TestSweepWraps(t *testing.T) {
	m := mustMap(t, "viridis", TrueColor, true)
	r := &Raster{}
	r.Resize(6, 2)
	for i := range r.Pix {
		r.Pix[i] = 77
	}
	opt := Plain(1)
	plain := cells(r.Lines(nil, m, opt), 6)
	opt.NowX = 5
	if last := cells(r.Lines(nil, m, opt), 6); !last.CellAt(5, 0).Equal(plain.CellAt(5, 0)) {
		t.Error("the last column is lit")
	}
	opt.NowX = 0
	first := cells(r.Lines(nil, m, opt), 6)
	for x := range 6 {
		if first.CellAt(x, 0).Equal(plain.CellAt(x, 0)) != (x != 0) {
			t.Errorf("column %d is wrong", x)
		}
	}
}

func TestGuides(t *testing.T) {
	everyMap(t, func(t *testing.T, m *Map) {
		r := &Raster{}
		r.Resize(5, 6)
		for i := range r.Pix {
			r.Pix[i] = 100
		}
		opt := Plain(1)
		opt.CursorX, opt.CursorY = 2, 2
		bare := cells(r.Lines(nil, m, opt), 5)
		opt.Guides = true
		lit := cells(r.Lines(nil, m, opt), 5)
		line := 2 / RowsPerLine(m.depth)
		for y := range bare.Height() {
			for x := range 5 {
				differs := !bare.CellAt(x, y).Equal(lit.CellAt(x, y))
				cursor := x == 2 && y == line
				if want := x == 2 || y == line; !cursor && differs != want {
					t.Fatalf("cell %d,%d: differs is %v", x, y, differs)
				}
			}
		}
	})
}

func TestLinesRows(t *testing.T) {
	for _, d := range depths {
		m := mustMap(t, "magma", d, false)
		r := &Raster{}
		r.Resize(4, 5)
		opt := Plain(3)
		want := (5 + RowsPerLine(d) - 1) / RowsPerLine(d)
		if got := len(r.Lines(nil, m, opt)); got != want {
			t.Errorf("%v: %d lines, want %d", d, got, want)
		}
		for _, rows := range []int{1, 2, 9} {
			opt.Rows = rows
			lines := r.Lines([]string{"kept"}, m, opt)
			if len(lines) != rows+1 || lines[0] != "kept" {
				t.Errorf("%v: %d lines after one kept, want %d", d, len(lines), rows+1)
			}
			for _, l := range lines[1:] {
				if ansi.StringWidth(l) != 12 || !strings.HasSuffix(l, "\x1b[m") {
					t.Errorf("%v: %q is not 12 columns and a reset", d, l)
				}
			}
		}
	}
}

func TestLinesPanicsOnShortRaster(t *testing.T) {
	defer func() {
		if v := recover(); v != "heat: raster holds fewer pixels than W·H" {
			t.Errorf("recovered %v", v)
		}
	}()
	raster(3, 3, 1, 2).Lines(nil, mustMap(t, "grey", Mono, true), Plain(1))
}

// Whatever the raster and the options: the right number of lines, of exactly the
// right width, ending with a reset, with nothing but cells in them.
func FuzzLines(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6}, uint8(3), uint8(1), 0, 0, 2, uint8(0), false, uint8(15))
	f.Add([]byte{}, uint8(0), uint8(0), -1, -1, -1, uint8(4), true, uint8(3))
	f.Add([]byte{0, 0, 255}, uint8(1), uint8(2), 0, 2, 0, uint8(9), true, uint8(30))
	var maps []*Map
	for _, name := range Names() {
		for _, d := range depths {
			maps = append(maps, mustMap(f, name, d, true), mustMap(f, name, d, false))
		}
	}
	f.Fuzz(func(t *testing.T, pix []byte, w, cellW uint8, cx, cy, now int, rows uint8, guides bool, which uint8) {
		m := maps[int(which)%len(maps)]
		r := &Raster{W: int(w), Pix: pix}
		if w > 0 {
			r.H = len(pix) / int(w)
		}
		opt := LineOptions{CellW: int(cellW % 8), CursorX: cx, CursorY: cy, NowX: now, Rows: int(rows % 70), Guides: guides}
		lines := r.Lines(nil, m, opt)
		want := opt.Rows
		if want == 0 {
			want = (r.H + RowsPerLine(m.depth) - 1) / RowsPerLine(m.depth)
		}
		if len(lines) != want {
			t.Fatalf("%d lines, want %d", len(lines), want)
		}
		for _, l := range lines {
			if got := ansi.StringWidth(l); got != r.W*max(opt.CellW, 1) {
				t.Fatalf("%q is %d columns wide, want %d", l, got, r.W*max(opt.CellW, 1))
			}
			if !strings.HasSuffix(l, "\x1b[m") {
				t.Fatalf("%q does not end with a reset", l)
			}
		}
	})
}

func TestResize(t *testing.T) {
	r := &Raster{}
	r.Resize(4, 4)
	for i := range r.Pix {
		r.Pix[i] = 9
	}
	r.Resize(3, 2)
	if r.W != 3 || r.H != 2 || len(r.Pix) != 6 {
		t.Fatalf("%d×%d with %d pixels", r.W, r.H, len(r.Pix))
	}
	for i, p := range r.Pix {
		if p != 0 {
			t.Errorf("pixel %d is still %d", i, p)
		}
	}
	if r.Resize(-1, 5); r.W != 0 || len(r.Lines(nil, mustMap(t, "grey", TrueColor, true), Plain(1))) != 3 {
		t.Errorf("a raster without columns is %d×%d", r.W, r.H)
	}
}

// Every glyph in the tables is one column wide, by both ways of measuring.
func TestGlyphsAreOneColumn(t *testing.T) {
	everyMap(t, func(t *testing.T, m *Map) {
		for _, g := range append([]string{m.dot}, m.glyph...) {
			if ansi.StringWidth(g) != 1 || ansi.StringWidthWc(g) != 1 {
				t.Errorf("%q is %d columns wide", g, ansi.StringWidth(g))
			}
		}
	})
}

// Two pixels alike are a space on their colour, and it carries no foreground
// from its left: the same cell looks the same wherever it stands.
func TestAlikePixelsAreASpace(t *testing.T) {
	m, err := NewMap("viridis", TrueColor, true)
	if err != nil {
		t.Fatal(err)
	}
	r := Raster{W: 3, H: 2, Pix: []uint8{10, 200, 200, 250, 200, 200}}
	opt := Plain(2)
	line := r.Lines(nil, m, opt)[0]
	buf := uv.NewScreenBuffer(6, 1)
	uv.NewStyledString(line).Draw(buf, buf.Bounds())
	alone := Raster{W: 1, H: 2, Pix: []uint8{200, 200}}
	one := uv.NewScreenBuffer(2, 1)
	uv.NewStyledString(alone.Lines(nil, m, opt)[0]).Draw(one, one.Bounds())
	for x := 2; x < 6; x++ {
		c := buf.CellAt(x, 0)
		if c.Content != " " || c.Style.Fg != nil {
			t.Errorf("column %d is %q with foreground %v, want a space without", x, c.Content, c.Style.Fg)
		}
		same(t, "background", c.Style.Bg, m.rgb[m.slot[200]])
		if *c != *one.CellAt(0, 0) {
			t.Errorf("column %d is %+v after another colour and %+v alone", x, *c, *one.CellAt(0, 0))
		}
	}
}
