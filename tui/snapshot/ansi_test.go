package snapshot

import (
	"bytes"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

func text(t *testing.T, s Screen) string {
	t.Helper()
	var b bytes.Buffer
	if err := ANSI(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sameScreen(t *testing.T, a, b Screen) {
	t.Helper()
	if a.Bounds() != b.Bounds() {
		t.Fatalf("%v and %v", a.Bounds(), b.Bounds())
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			p, q := *a.CellAt(x, y), *b.CellAt(x, y)
			p.Link, q.Link = uv.Link{}, uv.Link{}
			if !p.Equal(&q) {
				t.Fatalf("cell %d,%d: %+v and %+v", x, y, p, q)
			}
		}
	}
}

// What is written reads back as the same cells.
func TestANSIRoundTrip(t *testing.T) {
	s := Parse("plain \x1b[1;31mred\x1b[m \x1b[38;5;208m\x1b[48;2;1;2;3m▀▀\x1b[7m中\x1b[m\n\n  \x1b[4:3mwave\x1b[m B\u0304", 16, 4)
	out := text(t, s)
	sameScreen(t, s, Parse(out, 16, 4))
	lines := strings.Split(out, "\n")
	if len(lines) != 5 || lines[4] != "" {
		t.Fatalf("%d lines: %q", len(lines), out)
	}
	for _, l := range lines[:4] {
		if !strings.HasSuffix(l, "\x1b[m") || ansi.StringWidth(l) != 16 {
			t.Errorf("%q is not 16 columns and a reset", l)
		}
	}
	for _, want := range []string{"\x1b[31;1mred", "38;5;208", "48;2;1;2;3"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %q", want, out)
		}
	}
}

func FuzzANSI(f *testing.F) {
	f.Add("a\x1b[31;1mb\x1b[m中 \x1b[48;5;3m░\nx")
	f.Add("\x1b]8;;http://a\x07link\x1b]8;;\x07\x1b[2J\x1b[?1049h")
	f.Fuzz(func(t *testing.T, in string) {
		out := text(t, Parse(in, 12, 3))
		if n := strings.Count(out, "\n"); n != 3 {
			t.Fatalf("%d lines: %q", n, out)
		}
		for _, l := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
			if !strings.HasSuffix(l, "\x1b[m") {
				t.Fatalf("%q does not end with a reset", l)
			}
			// Only SGR: nothing that moves, clears or links.
			for rest := l; ; {
				i := strings.IndexByte(rest, '\x1b')
				if i < 0 {
					break
				}
				rest = rest[i+1:]
				end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r != '[' })
				if !strings.HasPrefix(rest, "[") || end < 0 || rest[end] != 'm' {
					t.Fatalf("an escape code that is no SGR in %q", l)
				}
			}
		}
	})
}

// Control characters in a cell must not reach the file, nor half of a wide
// character, and a screen may have cells that are nil.
func TestANSIHostileCells(t *testing.T) {
	got := text(t, hostile{})
	if want := "a?b  \x1b[m\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

type hostile struct{}

func (hostile) Bounds() uv.Rectangle { return uv.Rect(0, 0, 5, 1) }

func (hostile) CellAt(x, _ int) *uv.Cell {
	switch x {
	case 0:
		return &uv.Cell{Content: "a", Width: 1}
	case 1:
		return &uv.Cell{Content: "\x1b", Width: 1}
	case 2:
		return &uv.Cell{Content: "b", Width: 1, Link: uv.NewLink("http://x")}
	case 4:
		return &uv.Cell{Content: "中", Width: 2}
	}
	return nil
}
