package snapshot

import (
	"fmt"
	"go/scanner"
	"go/token"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// ink of a content at scale 2, as the number of pixels with any.
func inked(t *testing.T, content string, cells int) int {
	t.Helper()
	m, err := newGlyphs(2).mask(content, cells, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, a := range m.Pix {
		if a > 40 {
			n++
		}
	}
	return n
}

// known says whether a rune has a drawing or a glyph, not just its number.
func known(t *testing.T, r rune) bool {
	t.Helper()
	if _, ok := drawn(r, cellW, cellH); ok {
		return true
	}
	g := newGlyphs(1)
	_, f, err := g.face(0)
	if err != nil {
		t.Fatal(err)
	}
	i, err := f.GlyphIndex(&g.buf, r)
	if err != nil {
		t.Fatal(err)
	}
	return i != 0
}

// programRunes are the characters beyond ASCII in the string literals of the
// program: what its screen may show of its own accord.
func programRunes(t *testing.T) map[rune]string {
	t.Helper()
	out := map[rune]string{}
	for _, dir := range []string{"tui", "model", "cmd"} {
		root := filepath.Join("..", "..", dir)
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			src, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fset := token.NewFileSet()
			var s scanner.Scanner
			s.Init(fset.AddFile(path, -1, len(src)), src, nil, 0)
			for {
				_, tok, lit := s.Scan()
				if tok == token.EOF {
					return nil
				}
				if tok != token.STRING && tok != token.CHAR {
					continue
				}
				text, err := strconv.Unquote(lit)
				if err != nil {
					continue // a file that is being written
				}
				for _, r := range text {
					if r > '~' && unicode.IsPrint(r) && r != unicode.ReplacementChar {
						out[r] = path
					}
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// japanese says that r is a letter or a punctuation mark of Japanese, which no
// font of the pictures has.
func japanese(r rune) bool {
	const punctuation, fullWidth, long = 0x3000, 0xff00, 'ー'
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r == long ||
		r&^0x3f == punctuation || r&^0xff == fullWidth
}

// Nothing that the program shows is an empty box in a picture.
func TestNoTofu(t *testing.T) {
	runes := programRunes(t)
	if len(runes) < 30 {
		t.Fatalf("only %d characters found in the program's texts", len(runes))
	}
	for _, r := range "ΔρĀσμλτ·…–—×−≤≥≈≡←→↑↓─│┌┐└┘├┤┬┴┼╭╮╰╯┆┃▀▄█▌▐░▒▓▁▂▃▄▅▆▇▏▎▍▋▊▉¶§␣⏎⇥⠋⠿✓✗◆▶‖⊙²⁶₀∞√⟨⟩é" {
		runes[r] = "the list of this test"
	}
	for r, where := range runes {
		if unicode.Is(unicode.Mn, r) || japanese(r) {
			continue // marks stand on letters; Japanese shows its numbers
		}
		if !known(t, r) {
			t.Errorf("%c U+%04X, in %s, has no glyph", r, r, where)
		}
		if !unicode.IsSpace(r) && r != '\u2800' && inked(t, string(r), 1) == 0 {
			t.Errorf("%c U+%04X, in %s, draws nothing", r, r, where)
		}
	}
}

// What no font has is still told apart, by its number.
func TestCodePoints(t *testing.T) {
	g := newGlyphs(1)
	seen := map[string]rune{}
	for _, r := range []rune{'中', '国', '🐍', '🐎', 0x10fffd, 0x00ad, 0x0007, 0x1234} {
		if inked(t, string(r), 2) == 0 {
			t.Errorf("U+%04X draws nothing", r)
		}
		m, err := g.mask(string(r), 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if o, ok := seen[string(m.Pix)]; ok {
			t.Errorf("U+%04X looks like U+%04X", r, o)
		}
		seen[string(m.Pix)] = r
	}
	for d, bits := range digits {
		if len(bits) != 15 {
			t.Errorf("digit %X has %d dots", d, len(bits))
		}
		for e := range d {
			if digits[e] == bits {
				t.Errorf("digits %X and %X look the same", e, d)
			}
		}
	}
}

// A mark over a letter adds to the letter; joiners and selectors add nothing.
func TestCombining(t *testing.T) {
	b := inked(t, "B", 1)
	for _, mark := range []string{"\u0304", "\u0302", "\u0303", "\u0331", "\u0307"} {
		if got := inked(t, "B"+mark, 1); got <= b {
			t.Errorf("B with U+%04X has %d pixels of ink, B alone %d", []rune(mark)[0], got, b)
		}
	}
	for _, mark := range []string{"\ufe0f", "\u200d"} {
		if got := inked(t, "B"+mark, 1); got != b {
			t.Errorf("U+%04X changes B", []rune(mark)[0])
		}
	}
}

// A line reaches the edges that its name says and no others, so that lines join.
func TestBoxLinesReachTheEdges(t *testing.T) {
	edge := func(m *image.Alpha, side int) bool {
		w, h := m.Rect.Dx(), m.Rect.Dy()
		n := w
		if side%2 == 1 {
			n = h
		}
		for i := range n {
			x, y := i, 0
			switch side {
			case 1:
				x, y = w-1, i
			case 2:
				y = h - 1
			case 3:
				x, y = 0, i
			}
			if m.AlphaAt(x, y).A > 100 {
				return true
			}
		}
		return false
	}
	want := map[rune][4]bool{'╭': {false, true, true, false}, '╮': {false, false, true, true}, '╯': {true, false, false, true}, '╰': {true, true, false, false}}
	if len(arms) != 128 {
		t.Fatalf("%d entries for 128 characters", len(arms))
	}
	for i, a := range arms {
		if a != "" {
			want[rune(0x2500+i)] = [4]bool{a[0] != '0', a[1] != '0', a[2] != '0', a[3] != '0'}
		}
	}
	for _, scale := range []int{1, 2} {
		g := newGlyphs(scale)
		for r, sides := range want {
			m, err := g.mask(string(r), 1, 0)
			if err != nil {
				t.Fatal(err)
			}
			for side, yes := range sides {
				if got := edge(m, side); got != yes {
					t.Errorf("scale %d, %c: side %d is reached: %v, want %v", scale, r, side, got, yes)
				}
			}
		}
	}
}

// Spot checks of the table against the names in the Unicode standard.
func TestArms(t *testing.T) {
	for r, want := range map[rune]string{
		'─': "0101", '┃': "2020", '┌': "0110", '┓': "0022", '┕': "1200", '┙': "1002", '├': "1110", '┣': "2220",
		'┤': "1011", '┬': "0111", '┻': "2202", '┼': "1111", '╂': "2121", '╋': "2222", '╴': "0001", '╵': "1000",
		'╶': "0100", '╷': "0010", '╸': "0002", '╼': "0201", '╿': "2010", '╾': "0102", '┆': "", '═': "", '╬': "", '╭': "", '╳': "",
		'╃': "2112", '╆': "1221", '╊': "2221",
	} {
		if got := arms[r-0x2500]; got != want {
			t.Errorf("%c: %q, want %q", r, got, want)
		}
	}
	heavy, light := inked(t, "┃", 1), inked(t, "│", 1)
	if heavy < 2*light {
		t.Errorf("┃ has %d pixels of ink, │ %d", heavy, light)
	}
	if dashed := inked(t, "┆", 1); dashed >= light || dashed == 0 {
		t.Errorf("┆ has %d pixels of ink, │ %d", dashed, light)
	}
	for r := range dashes {
		if n := len(must(boxLine(r, 9, 18)).rects); n != dashes[r].pieces {
			t.Errorf("%c has %d pieces", r, n)
		}
	}
}

func must(in ink, ok bool) ink {
	if !ok {
		panic(fmt.Sprint("not drawn: ", in))
	}
	return in
}
