package panel

import "mamba-tui/tui/theme"

// Page builds the lines of a rectangle for screens that are not the explorer,
// in the same style: a title with fields that shorten when there is no room,
// and rows of painted text that never leave their width.
type Page struct{ p page }

// NewPage begins a page of w×h cells.
func NewPage(t *theme.Theme, w, h int) *Page {
	return &Page{page{w: max(w, 0), h: max(h, 0), t: t}}
}

// Part is one field of a title.
type Part struct {
	Long  string
	Short string // "" = the same as Long
	Keep  int    // the higher, the longer it stays
	Role  theme.Role
}

// Title writes the title line: a focus mark, a name, and fields.
func (p *Page) Title(focused bool, name string, parts ...Part) {
	list := make([]part, len(parts))
	for i, x := range parts {
		list[i] = part{x.Long, x.Short, x.Keep, x.Role}
	}
	p.p.title(focused, name, list...)
}

// Row begins a line; it is finished by the next call of a method of the page.
func (p *Page) Row() *Row { return &Row{p.p.row()} }

// Room is the number of lines that are still free.
func (p *Page) Room() int { return p.p.room() }

// Lines are exactly h lines of exactly w cells, each ending with a reset.
func (p *Page) Lines() []string { return p.p.done() }

// Row is one line of a page.
type Row struct{ r *row }

// Put appends text without escape codes, clipped to what is left.
func (r *Row) Put(role theme.Role, s string) *Row { r.r.put(role, s); return r }

// Raw appends s, which is w cells wide and may hold escape codes.
func (r *Row) Raw(s string, w int) *Row { r.r.raw(s, w); return r }

// Pad appends n spaces.
func (r *Row) Pad(n int) *Row { r.r.pad(n); return r }

// Left is the number of cells still free.
func (r *Row) Left() int { return r.r.left }

// Safe makes untrusted text fit for a cell.
func Safe(s string) string { return safe(s) }

// Phrase is Safe for text of several words: its spaces stay spaces.
func Phrase(s string) string { return phrase(s) }

// Clip shortens s to at most w cells.
func Clip(s string, w int) string { return clip(s, w) }

// Right is s in exactly w cells, at their right end.
func Right(s string, w int) string { return right(s, w) }

// Sig writes v with n significant digits.
func Sig(v float64, n int) string { return sig(v, n) }

// Short writes v with two significant digits at most, for titles and axes.
func Short(v float64) string { return short(v) }

// Percent writes a share as a percentage with one decimal.
func Percent(share float64) string { return percent(share) }

// Width is the number of cells of s, which holds no escape codes.
func Width(s string) int { return width(s) }
