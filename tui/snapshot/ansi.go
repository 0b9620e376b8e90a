package snapshot

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// ANSI writes a screen as text with escape codes, one line a row, every line
// with a reset at its end. The colours are those of the cells, as indices or RGB
// as they were; links are left out. `cat` shows the picture.
func ANSI(w io.Writer, s Screen) error {
	out := bufio.NewWriter(w)
	b := s.Bounds()
	for y := range b.Dy() {
		var pen uv.Style
		for x := 0; x < b.Dx(); {
			cell := uv.EmptyCell
			if c := s.CellAt(b.Min.X+x, b.Min.Y+y); c != nil && c.Content != "" {
				cell = *c
			}
			if cell.Width < 1 || x+cell.Width > b.Dx() {
				cell.Content, cell.Width = " ", 1
			}
			if !cell.Style.Equal(&pen) {
				out.WriteString(uv.StyleDiff(&pen, &cell.Style))
				pen = cell.Style
			}
			out.WriteString(printable(cell.Content))
			x += cell.Width
		}
		out.WriteString(ansi.ResetStyle)
		out.WriteByte('\n')
	}
	// The first error of a bufio.Writer sticks until Flush.
	if err := out.Flush(); err != nil {
		return fmt.Errorf("snapshot: ansi: %w", err)
	}
	return nil
}

// printable replaces control characters, which must not reach a terminal from a
// file.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, s)
}
