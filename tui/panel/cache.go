package panel

import (
	"mamba-tui/model/session"
	"mamba-tui/tui/theme"
)

// base is what every panel has: a name, a size and its lines as long as
// nothing it shows has changed.
type base struct {
	id    string
	w, h  int
	key   key
	lines []string
	drawn uint64 // how often lines were built, for the cache's tests
}

// key is everything the lines of a panel depend on.
type key struct {
	frame  *session.Frame
	seq    uint64
	theme  *theme.Theme
	cursor Cursor
	axis   Axis
	opt    Options
	rev    uint64
	w, h   int
	focus  bool
	stale  bool
	typing bool
}

// ID names the panel.
func (b *base) ID() string { return b.id }

// SetSize sets the outer size in cells; negative sizes count as 0.
func (b *base) SetSize(w, h int) { b.w, b.h = max(w, 0), max(h, 0) }

// draw returns the cached lines, or those that paint puts on a fresh page.
func (b *base) draw(c *Context, paint func(*page)) []string {
	k := key{
		frame: c.Frame, seq: c.Frame.Seq, theme: c.Theme, cursor: c.Cursor, axis: c.Axis,
		opt: c.Opt, rev: c.Rev, w: b.w, h: b.h,
		focus: c.Focus == b.id, stale: c.Stale, typing: c.Typing,
	}
	if b.lines != nil && k == b.key {
		return b.lines
	}
	p := &page{w: b.w, h: b.h, t: c.Theme, lines: make([]string, 0, b.h), faint: c.Stale}
	if b.w > 0 && b.h > 0 {
		paint(p)
	}
	b.lines, b.key = p.done(), k
	b.drawn++
	return b.lines
}
