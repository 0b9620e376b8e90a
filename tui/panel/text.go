package panel

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/model/tokenizer"
	"mamba-tui/tui/theme"
)

// reset ends every line.
const reset = "\x1b[m"

// safe makes untrusted text fit for a cell: what it contains is visible and
// its width is the same by both ways a terminal may count (by code point and
// by grapheme). A character on which they differ becomes ▯.
func safe(s string) string {
	s = tokenizer.Visible(s)
	if ansi.StringWidth(s) == ansi.StringWidthWc(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		one := string(r)
		switch {
		case unicode.IsMark(r):
		case ansi.StringWidth(one) == ansi.StringWidthWc(one):
			b.WriteString(one)
		default:
			b.WriteString("▯")
		}
	}
	if s = b.String(); ansi.StringWidth(s) == ansi.StringWidthWc(s) {
		return s
	}
	return strings.Repeat("▯", utf8.RuneCountInString(s))
}

// phrase is safe for text of several words: its spaces stay spaces.
func phrase(s string) string { return strings.ReplaceAll(safe(s), "␣", " ") }

// ascii says that s is plain ASCII, so that its length is its width.
func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// width is the number of cells of s, which holds no escape sequences.
func width(s string) int {
	if ascii(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// clip shortens s to at most w cells, the last one an ellipsis if something is
// missing.
func clip(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if width(s) <= w {
		return s
	}
	if w == 1 {
		// One cell of text says more than an ellipsis.
		return ansi.Truncate(s, 1, "")
	}
	return ansi.Truncate(s, w, "…")
}

// spaces returns n spaces, none for n < 1.
func spaces(n int) string {
	const some = "                                                                "
	if n <= 0 {
		return ""
	}
	if n <= len(some) {
		return some[:n]
	}
	return strings.Repeat(" ", n)
}

// fill is s padded with spaces to w cells, or clipped to them.
func fill(s string, w int) string {
	s = clip(s, w)
	return s + spaces(w-width(s))
}

// right is fill with the padding on the left.
func right(s string, w int) string {
	s = clip(s, w)
	return spaces(w-width(s)) + s
}

// row builds one line of a known number of cells. Neighbouring text of one
// role becomes one run of escapes.
type row struct {
	b     strings.Builder
	t     *theme.Theme
	left  int // cells still free
	faint bool
	run   strings.Builder // text of role that is not painted yet
	role  theme.Role
}

// put appends s in role, clipped to what is left. s holds no escapes.
func (r *row) put(role theme.Role, s string) *row {
	s = clip(s, r.left)
	if s == "" {
		return r
	}
	r.left -= width(s)
	if r.faint && role != theme.Title && role != theme.Focus {
		role = theme.Dim
	}
	if role != r.role {
		r.flush()
		r.role = role
	}
	r.run.WriteString(s)
	return r
}

// flush paints the run that is being collected.
func (r *row) flush() {
	if r.run.Len() > 0 {
		r.b.WriteString(r.t.Paint(r.role, r.run.String()))
		r.run.Reset()
	}
}

// raw appends s, which is w cells wide and may hold escapes.
func (r *row) raw(s string, w int) *row {
	if w > r.left {
		s, w = ansi.Truncate(s, r.left, ""), r.left
	}
	r.flush()
	if r.faint {
		s = fade(r.t, s)
	}
	r.b.WriteString(s)
	r.left -= w
	return r
}

// pad appends n spaces.
func (r *row) pad(n int) *row {
	n = min(n, r.left)
	if n > 0 {
		r.flush()
		r.b.WriteString(spaces(n))
		r.left -= n
	}
	return r
}

// String is the line, padded to its width and reset.
func (r *row) String() string {
	r.pad(r.left)
	r.flush()
	return r.b.String() + reset
}

// page builds the lines of one panel.
type page struct {
	w, h  int
	t     *theme.Theme
	lines []string
	cur   *row
	faint bool // stale: text is dimmed
}

// room is the number of lines still free, after the one being written.
func (p *page) room() int {
	p.flush()
	return p.h - len(p.lines)
}

// row starts a new line; it is finished by the next call of row or done.
func (p *page) row() *row {
	p.flush()
	p.cur = &row{t: p.t, left: p.w, faint: p.faint}
	return p.cur
}

func (p *page) flush() {
	if p.cur == nil {
		return
	}
	if len(p.lines) < p.h {
		p.lines = append(p.lines, p.cur.String())
	}
	p.cur = nil
}

// done fills up with empty lines and returns exactly h of them.
func (p *page) done() []string {
	p.flush()
	for len(p.lines) < p.h {
		p.lines = append(p.lines, spaces(p.w)+reset)
	}
	return p.lines[:p.h]
}
