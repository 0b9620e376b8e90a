package panel

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// tokens is the ribbon: every token in its slot.
type tokens struct {
	base
	heat timeHeat
}

// NewTokens is the ribbon of tokens. The background is Δ of the frame's
// channel group; a row of marks under the tokens says the same without colour:
// reset ticks, the cursor, tokens outside the alphabet, and Δ as a bar.
func NewTokens() Panel { return &tokens{base: base{id: "tokens"}} }

// ribbonSeries is Δ of the frame's channel group, one value a token.
func ribbonSeries(w *session.Window, log bool) series {
	s := series{rows: 1, cursor: -1, log: log}
	if l := lane(w, w.Layer); l != nil {
		s.data, s.most = l.DeltaMean, w.Largest.Delta
	}
	return s
}

// Lines draws the title, the tokens and, with more height, marks and numbers.
func (k *tokens) Lines(c *Context) []string {
	return k.draw(c, func(p *page) {
		w := run(c)
		var s series
		var rng heat.Range
		known := w != nil && w.To > w.From
		if known {
			s = ribbonSeries(w, c.Opt.LogDelta)
			rng = k.heat.observe(c, w, &s)
		}
		if p.h > 1 {
			p.title(c.Focus == k.id, "tokens", k.describe(c, known, rng)...)
		}
		k.ribbon(c, p, w, s, rng)
		if second, any := Second(c.Frame); any && p.room() > 0 {
			k.other(c, p, second)
		}
		if p.room() > 0 {
			k.marks(c, p, w, s, rng)
		}
		if p.room() > 0 {
			k.numbers(c, p)
		}
	})
}

func (k *tokens) describe(c *Context, known bool, rng heat.Range) []part {
	f := c.Frame
	if f.Tokens.Len() == 0 {
		hint := "no tokens yet: press i and type"
		if c.Typing {
			hint = "no tokens yet: type"
		}
		return []part{{long: hint, keep: 9}}
	}
	var parts []part
	if known {
		what := "background = Δ"
		if f.Group.Name != "" {
			what += ", mean over " + phrase(f.Group.Name)
		}
		parts = append(parts, part{long: what, short: "background = Δ", keep: 6},
			part{long: rangeText(rng, c.Opt.Frozen), keep: 5})
	}
	if shown := max(0, min(c.Axis.To, f.Tokens.Len())-max(c.Axis.From, 0)); shown < f.Tokens.Len() {
		parts = append(parts, part{long: fmt.Sprintf("%d–%d of %d", c.Axis.From, c.Axis.To-1, f.Tokens.Len()), keep: 4})
	}
	if f.Pending > 0 {
		parts = append(parts, part{long: fmt.Sprintf("+%d pending", f.Pending), short: fmt.Sprintf("+%d", f.Pending), keep: 8, role: theme.Warn})
	}
	return parts
}

// marked puts a token's marks on its text and not on the space beside it.
func marked(pre, txt string) string {
	if pre == "" {
		return txt
	}
	word := strings.TrimRight(txt, " ")
	return pre + word + notMarked + txt[len(word):]
}

// outside says that a token was typed outside the alphabet.
func outside(k session.Token) bool { return k.Flags&session.Other != 0 && k.Typed != "" }

// slot is a token's text in w cells. Wide slots keep words apart; a character
// that is wider than the slot becomes ▯.
func slot(s string, w int) string {
	most := w
	if w >= 3 {
		most--
	}
	t := clip(s, most)
	if most <= 2 { // too little to spend a cell on an ellipsis
		t = ansi.Truncate(s, max(most, 0), "")
	}
	if t == "" && s != "" && w > 0 {
		t = "▯"
	}
	return fill(t, w)
}

// Attributes that mark tokens in every colour depth: generated ones are
// underlined, those outside the alphabet struck through, the cursor's bold and
// reversed.
const (
	bold      = "\x1b[1m"
	underline = "\x1b[4m"
	reverse   = "\x1b[7m"
	strike    = "\x1b[9m"
	notMarked = "\x1b[24;29m" // neither underlined nor struck
)

// ribbon draws the tokens themselves.
func (k *tokens) ribbon(c *Context, p *page, w *session.Window, s series, rng heat.Range) {
	r := p.row()
	label(c, r, "")
	for x := range c.Axis.Slots() {
		cw := c.Axis.CellW
		t, ok := c.Axis.TokenAt(x * cw)
		if !ok || t >= c.Frame.Tokens.Len() {
			if ok = !c.Axis.Sweep && c.Frame.Pending > 0 && t >= c.Frame.Tokens.Len() && t-c.Frame.Tokens.Len() < c.Frame.Pending; ok {
				r.put(theme.Dim, fill("…", cw))
			} else {
				r.pad(cw)
			}
			continue
		}
		txt := text(c.Frame, t)
		txt = slot(txt, cw)
		flags := c.Frame.Tokens.At(t).Flags
		pre, cursor := "", ""
		if flags&session.Generated != 0 {
			pre += underline
		}
		if outside(c.Frame.Tokens.At(t)) {
			pre += strike
		}
		level := uint8(0)
		if v, ok := one(w, s.data, t); ok {
			level = rng.Pixel(float64(v))
		}
		if t == c.Cursor.T {
			// Reversed: the colour of Δ is still there, on the letters.
			cursor = bold + reverse
			switch {
			case c.Theme.Depth == heat.Mono && cw >= 2 && cw < 4:
				txt = slot(text(c.Frame, t), cw-1) + "◂"
			case cw >= 4:
				txt = "[" + slot(text(c.Frame, t), cw-2) + "]"
			}
		}
		if cw >= 2 && bookmarked(c.Frame, t) {
			txt = ansi.Truncate(txt, cw-1, "") + "▾"
		}
		r.raw(c.Theme.Level(true, level, cursor+marked(pre, txt)), cw)
	}
}

// Second is the tokens that the second run reads where they may be others than
// the first's: those of another branch, or those that tweaks replace.
func Second(f *session.Frame) (text func(t int) (s string, same, ok bool), any bool) {
	if f.Other.Len() > 0 {
		return func(t int) (string, bool, bool) {
			if t >= f.Other.Len() {
				return "", false, false
			}
			tok := f.Other.At(t)
			if t < f.Tokens.Len() && alikeToken(f.Tokens.At(t), tok) {
				return "", true, true
			}
			if outside(tok) {
				return safe(tok.Typed), false, true
			}
			return symbol(f, tok.ID), false, true
		}, true
	}
	replaced := map[int]int32{}
	for _, k := range acting(f, f.Changed) {
		if k.Kind == session.SetToken {
			replaced[k.From] = k.Token
		}
	}
	return func(t int) (string, bool, bool) {
		id, ok := replaced[t]
		if !ok {
			return "", true, t < f.Tokens.Len()
		}
		return symbol(f, id), false, true
	}, len(replaced) > 0
}

// other draws the tokens of the second run: those that are not the same as the
// ones above by name.
func (k *tokens) other(c *Context, p *page, of func(t int) (string, bool, bool)) {
	r := p.row()
	name := "≠"
	if f := c.Frame; f.Versus.Kind == session.VersusBranch {
		name += " " + strconv.Itoa(f.Versus.Branch)
	}
	label(c, r, name)
	cw := c.Axis.CellW
	for x := range c.Axis.Slots() {
		t, ok := c.Axis.TokenAt(x * cw)
		txt, same, known := "", false, false
		if ok {
			txt, same, known = of(t)
		}
		switch {
		case !known:
			r.pad(cw)
		case same:
			r.put(theme.Dim, fill("·", cw))
		default:
			r.put(theme.Changed, slot(txt, cw))
		}
	}
}

// alikeToken says that two tokens read the same, wherever they came from.
func alikeToken(a, b session.Token) bool { return a.ID == b.ID && a.Typed == b.Typed }

// bookmarked says that token t has a mark.
func bookmarked(f *session.Frame, t int) bool {
	_, ok := slices.BinarySearchFunc(f.Marks, t, func(m session.Mark, t int) int { return m.T - t })
	return ok
}

// label writes s into the gutter, right-aligned.
func label(c *Context, r *row, s string) {
	g := min(c.Axis.Gutter, r.left)
	if g > 1 {
		r.put(theme.Dim, right(s, g-1))
	}
	r.pad(g - (g-1)*b2i(g > 1))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

var eighths = [...]string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// marks draws one line of signs under the tokens.
func (k *tokens) marks(c *Context, p *page, w *session.Window, s series, rng heat.Range) {
	r := p.row()
	label(c, r, "Δ")
	cw := c.Axis.CellW
	for x := range c.Axis.Slots() {
		t, ok := c.Axis.TokenAt(x * cw)
		if !ok || t >= c.Frame.Tokens.Len() {
			r.pad(cw)
			continue
		}
		var signs []sign
		if t == c.Cursor.T {
			signs = append(signs, sign{theme.Focus, "▲"})
		}
		if c.Axis.Sweep && t == c.Axis.To-1 && t != c.Cursor.T {
			signs = append(signs, sign{theme.Good, "◆"})
		}
		switch tickAt(w, t) {
		case session.TickHalf:
			signs = append(signs, sign{theme.Half, "┆"})
		case session.TickWipe:
			signs = append(signs, sign{theme.Wipe, "┃"})
		}
		if outside(c.Frame.Tokens.At(t)) {
			signs = append(signs, sign{theme.Warn, "×"})
		}
		if v, ok := one(w, s.data, t); ok {
			signs = append(signs, sign{theme.Bar, bar8(rng.Level(float64(v)))})
		}
		used := 0
		for _, g := range signs {
			if used < cw {
				r.put(g.role, g.s)
				used++
			}
		}
		r.pad(cw - used)
	}
}

type sign struct {
	role theme.Role
	s    string
}

// bar8 is one cell of a bar of height l in 0..1: never empty for a value, "·"
// for none.
func bar8(l float64) string {
	if !(l >= 0) {
		return "·"
	}
	return eighths[1+min(int(l*8), 7)]
}

// numbers draws every fifth token's number, and always the cursor's.
func (k *tokens) numbers(c *Context, p *page) {
	r := p.row()
	label(c, r, "t")
	cw, pos := c.Axis.CellW, 0
	here, end := -1, -1 // the cells of the cursor's number
	if x, ok := c.Axis.Slot(c.Cursor.T); ok {
		here = x * cw
		end = here + len(strconv.Itoa(c.Cursor.T))
	}
	for x := range c.Axis.Slots() {
		t, ok := c.Axis.TokenAt(x * cw)
		n := strconv.Itoa(t)
		from, to := x*cw, x*cw+len(n)
		mine := from == here
		switch {
		case !ok || from < pos:
			continue
		case !mine && (t%5 != 0 || from <= end && to >= here):
			continue
		}
		role := theme.Dim
		if mine {
			role = theme.Focus
		}
		r.pad(from-pos).put(role, n)
		pos = to
		if !mine {
			pos++
			r.pad(1)
		}
	}
}

// Hit maps a cell to its token.
func (k *tokens) Hit(c *Context, x, y int) (Cursor, bool) { return hitToken(c, &k.base, x, y) }

// hitToken maps a cell of a panel on the axis to its token.
func hitToken(c *Context, b *base, x, y int) (Cursor, bool) {
	cur := c.Cursor
	if x < 0 || y < 0 || x >= b.w || y >= b.h {
		return cur, false
	}
	t, ok := c.Axis.TokenAt(x - c.Axis.Gutter)
	if !ok || t >= c.Frame.Tokens.Len() {
		return cur, false
	}
	cur.T = t
	return cur, true
}

// Wants says how many lines the ribbon can do with and how many show all.
func (k *tokens) Wants(*Context) (least, best int) { return 1, 3 }
