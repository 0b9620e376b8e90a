package panel

import (
	"math"
	"strings"

	"mamba-tui/model/session"
	"mamba-tui/tui/theme"
)

// answer lists next-token probabilities.
type answer struct {
	base
	name string
	of   func(f *session.Frame) (left, right *session.Window)
}

// NewAnswer is the next-token distribution at the cursor; with a changed run,
// clean and changed side by side.
func NewAnswer() Panel {
	return &answer{base{id: "answer"}, "answer", func(f *session.Frame) (l, r *session.Window) { return f.Clean, f.Changed }}
}

// NewClean is the clean run's answer, NewChanged that of the changed run.
func NewClean() Panel {
	return &answer{base{id: "clean"}, "clean", func(f *session.Frame) (l, r *session.Window) { return f.Clean, nil }}
}

// NewChanged is the changed run's answer.
func NewChanged() Panel {
	return &answer{base{id: "changed"}, "changed", func(f *session.Frame) (l, r *session.Window) { return nil, f.Changed }}
}

// unsureBelow is the probability under which the best guess is called unsure:
// all the others together are then more likely.
const unsureBelow = 0.5

// Lines draws the title and one line a guess.
func (a *answer) Lines(c *Context) []string {
	return a.draw(c, func(p *page) {
		l, r := a.of(c.Frame)
		m := moment(l)
		if m == nil {
			m = moment(r)
		}
		focused := c.Focus == a.id
		if m == nil || len(m.Top) == 0 {
			why := "no tokens yet"
			if a.id == "changed" && c.Frame.Changed == nil {
				why = "no tweak in force"
			}
			p.title(focused, a.name, part{long: why, keep: 9})
			return
		}
		parts := []part{{long: "next token after " + named(c.Frame, m.T), short: "after '" + clip(text(c.Frame, m.T), 8) + "'", keep: 8}}
		if top := float64(m.Top[0].P); top < unsureBelow && r == nil {
			parts = append(parts, part{long: "unsure: best is " + probability(top), short: "unsure", keep: 7, role: theme.Warn})
		}
		if c.Stale || m.T != c.Cursor.T {
			parts = append(parts, part{long: "computing …", short: "…", keep: 3})
		}
		p.title(focused, a.name, parts...)
		if a.id == "answer" && r != nil && moment(r) != nil {
			a.two(c, p, m, moment(r))
			return
		}
		role := theme.Clean
		if l == nil {
			role = theme.Changed
		}
		n := min(len(m.Top), p.room())
		name := widest(c.Frame, m.Top[:n])
		for i := range n {
			guess(c, p.row().pad(1), m.Top[i], name, p.w-2, i == 0, role)
		}
		if p.room() > 0 && len(m.Top) > 1 {
			a.rest(c, p.row().pad(1), m.Top, name)
		}
	})
}

// two draws the clean answer on the left and the changed one on the right.
func (a *answer) two(c *Context, p *page, clean, changed *session.Moment) {
	half := (p.w - 2) / 2
	head := p.row().pad(1)
	head.put(theme.Clean, fill("clean", half-1)).pad(1).put(theme.Changed, "changed")
	n := min(max(len(clean.Top), len(changed.Top)), p.room())
	name := max(widest(c.Frame, clean.Top[:min(n, len(clean.Top))]), widest(c.Frame, changed.Top[:min(n, len(changed.Top))]))
	for i := range n {
		r := p.row().pad(1)
		start := r.left
		if i < len(clean.Top) {
			guess(c, r, clean.Top[i], name, half-2, i == 0, theme.Clean)
		}
		r.pad(half - (start - r.left))
		if i < len(changed.Top) {
			guess(c, r, changed.Top[i], name, min(half-1, r.left), i == 0, theme.Changed)
		}
	}
}

// widest is the width of the longest token text, at most 8 cells.
func widest(f *session.Frame, top []session.Guess) int {
	w := 1
	for _, g := range top {
		w = max(w, width(symbol(f, g.ID)))
	}
	return min(w, 8)
}

// guess writes one line of w cells: token, probability, bar.
func guess(c *Context, r *row, g session.Guess, name, w int, best bool, role theme.Role) {
	text, dim := role, role
	if !best {
		text, dim = theme.Text, theme.Dim
	}
	start := r.left
	r.put(text, fill(symbol(c.Frame, g.ID), min(name, w)))
	if w-name >= 5 {
		r.pad(1).put(text, right(probability(float64(g.P)), 4))
	}
	if rest := w - (start - r.left) - 1; rest >= 2 {
		r.pad(1).put(dim, hbar(float64(g.P), rest))
	}
}

var eastEighths = [...]string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}

// hbar is a horizontal bar of share·w cells; a share that is printed as more
// than <.01 always shows.
func hbar(share float64, w int) string {
	if !(share >= 0.005) || w < 1 {
		return ""
	}
	e := max(1, int(math.Round(min(share, 1)*float64(w)*8)))
	return strings.Repeat("█", e/8) + eastEighths[e%8]
}

// rest writes how much probability the tokens that are not listed hold.
func (a *answer) rest(c *Context, r *row, top []session.Guess, name int) {
	sum := 0.0
	for _, g := range top {
		sum += float64(g.P)
	}
	V := c.Frame.Info.Config.VocabSize
	if more := V - len(top); more > 0 {
		r.put(theme.Dim, fill("…", name)+" "+right(probability(max(0, 1-sum)), 4)+" "+count(more)+" more")
	}
}

// Hit never moves the cursor: an answer belongs to the cursor's token.
func (a *answer) Hit(c *Context, x, y int) (Cursor, bool) { return c.Cursor, false }

// Wants says how many lines the answer can do with and how many show it well.
func (a *answer) Wants(*Context) (least, best int) { return 2, 9 }
