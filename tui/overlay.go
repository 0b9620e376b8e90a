package tui

import (
	"image"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui/theme"
)

// overKind is what lies over the picture.
type overKind uint8

const (
	overNone overKind = iota
	overHelp
	overPalette
	overPrompts
	overLessons
	overLesson // the page of the one that is open
	overArithmetic
	overMarks
	overBranches
	overGenerate // a line, not a box
	overQuestion // another
)

// overlay is what is open over the picture; the zero value is nothing.
type overlay struct {
	kind   overKind
	filter string // what is typed
	ask    question
	at     int             // marked line of a list, first line of a page
	rows   int             // lines the list or page has, as last drawn
	top    int             // first list line drawn
	box    image.Rectangle // where it was drawn
}

// closeOver closes what is open.
func (m *Model) closeOver() tea.Cmd {
	m.over = overlay{}
	m.touch()
	return nil
}

// listMove moves the marked line, or scrolls.
func (m *Model) listMove(by int) {
	m.over.at += by
	m.touch()
}

// filterChanged begins again at the best match.
func (m *Model) filterChanged() {
	m.over.at = 0
	m.touch()
}

// listErase shortens the filter.
func (m *Model) listErase() tea.Cmd {
	if r := []rune(m.over.filter); len(r) > 0 {
		m.over.filter = string(r[:len(r)-1])
		m.filterChanged()
		return nil
	}
	return m.say(note, "the filter is empty: esc closes the list")
}

// box is a framed piece of text, spliced over finished lines.
type box struct {
	title string
	foot  string
	lines []string // styled, any width up to the inner one
	low   bool     // at the bottom, so that what is above stays in sight
}

// splice puts the box over the screen's lines, centred, and returns where. The
// inner size is bounded by the screen; lines below it are cut.
func (b *box) splice(t *theme.Theme, screen []string, w, inner int) image.Rectangle {
	inner = min(inner, w-4)
	lines := b.lines
	if most := len(screen) - 4; len(lines) > most {
		lines = lines[:max(most, 0)]
	}
	r := image.Rect(0, 0, inner+4, len(lines)+2)
	r = r.Add(image.Pt((w-r.Dx())/2, (len(screen)-r.Dy())/2))
	if b.low {
		r = r.Add(image.Pt(0, len(screen)-1-r.Max.Y))
	}
	put := func(i int, s string) {
		if y := r.Min.Y + i; y >= 0 && y < len(screen) {
			screen[y] = over(screen[y], s, r.Min.X, r.Dx(), w)
		}
	}
	put(0, t.Paint(theme.Focus, edge("╭", "╮", b.title, inner+4)))
	side := t.Paint(theme.Focus, "│")
	for i, s := range lines {
		put(i+1, side+" "+fill(s, inner)+" "+side)
	}
	put(len(lines)+1, t.Paint(theme.Focus, edge("╰", "╯", b.foot, inner+4)))
	return r
}

// edge is a line of the frame with a text in it, w cells wide.
func edge(left, right, text string, w int) string {
	if text != "" {
		text = ansi.Truncate(" "+text+" ", w-4, "…")
	}
	return left + "─" + text + strings.Repeat("─", max(w-3-ansi.StringWidth(text), 0)) + right
}

// fill makes s exactly w cells wide.
func fill(s string, w int) string {
	n := ansi.StringWidth(s)
	if n > w {
		s = ansi.Truncate(s, w, "…")
		n = ansi.StringWidth(s)
	}
	return s + strings.Repeat(" ", w-n)
}

// over replaces the cells [x, x+n) of a line that is w cells wide.
func over(line, s string, x, n, w int) string {
	left := ansi.Truncate(line, x, "")
	right := ansi.TruncateLeft(line, x+n, "")
	// A character two cells wide may straddle either edge: its half becomes a space.
	if ansi.StringWidth(right) > w-x-n {
		right = ansi.TruncateLeft(line, x+n+1, "")
	}
	lead := strings.Repeat(" ", max(x-ansi.StringWidth(left), 0))
	trail := strings.Repeat(" ", max(w-x-n-ansi.StringWidth(right), 0))
	return left + "\x1b[m" + lead + s + "\x1b[m" + trail + right
}
