package panel

import (
	"math"
	"slices"
	"strings"

	"mamba-tui/model/session"
	"mamba-tui/tui/theme"
)

// answer lists next-token probabilities.
type answer struct{ base }

// NewAnswer is the next-token distribution at the cursor; with a second run,
// both side by side, a line a token.
func NewAnswer() Panel { return &answer{base{id: "answer"}} }

// unsureBelow is the probability under which the best guess is called unsure:
// all the others together are then more likely.
const unsureBelow = 0.5

// Lines draws the title and one line a guess.
func (a *answer) Lines(c *Context) []string {
	return a.draw(c, func(p *page) {
		m, other := moment(c.Frame.Clean), moment(c.Frame.Changed)
		focused := c.Focus == a.id
		if m == nil || len(m.Top) == 0 {
			why := part{long: "no tokens yet", keep: 9}
			if m != nil && c.Frame.Info.Missing.Logits {
				why = part{long: "not recorded", keep: 9, role: theme.Warn}
			}
			p.title(focused, "answer", why)
			return
		}
		parts := []part{{long: "next token after " + named(c.Frame, m.T), short: "after '" + clip(text(c.Frame, m.T), 8) + "'", keep: 8}}
		if top := float64(m.Top[0].P); top < unsureBelow && other == nil {
			parts = append(parts, part{long: "unsure: best is " + probability(top), short: "unsure", keep: 7, role: theme.Warn})
		}
		if other != nil && len(other.Top) == 0 && c.Frame.Info.Missing.Logits {
			_, name := names(c.Frame)
			parts = append(parts, part{long: name + ": not recorded", keep: 9, role: theme.Warn})
		}
		if c.Stale || m.T != c.Cursor.T {
			parts = append(parts, part{long: "computing …", short: "…", keep: 3})
		}
		p.title(focused, "answer", parts...)
		if other != nil && other.T == m.T && len(other.Top) > 0 {
			a.two(c, p, m.Top, other.Top)
			return
		}
		n := min(len(m.Top), p.room())
		name := widest(c.Frame, m.Top[:n])
		for i := range n {
			guess(c, p.row().pad(1), m.Top[i], name, p.w-2, i == 0, theme.Clean)
		}
		if p.room() > 0 && len(m.Top) > 1 {
			a.rest(c, p.row().pad(1), m.Top, name)
		}
	})
}

// pairOf is a token's probability in both runs; NaN: not among the best of one.
type pairOf struct {
	id   int32
	p, q float32
}

// together lists the tokens of two tops, the likeliest in either first.
func together(clean, changed []session.Guess) []pairOf {
	nan := float32(math.NaN())
	var list []pairOf
	where := map[int32]int{}
	for _, g := range clean {
		where[g.ID] = len(list)
		list = append(list, pairOf{g.ID, g.P, nan})
	}
	for _, g := range changed {
		if i, ok := where[g.ID]; ok {
			list[i].q = g.P
			continue
		}
		list = append(list, pairOf{g.ID, nan, g.P})
	}
	top := func(x pairOf) float32 {
		if !(x.p > x.q) && x.q == x.q {
			return x.q
		}
		return x.p
	}
	slices.SortStableFunc(list, func(a, b pairOf) int {
		switch x, y := top(a), top(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return list
}

// two draws both runs' answers: the first at the left, the second at the right,
// a token on one line.
func (a *answer) two(c *Context, p *page, clean, changed []session.Guess) {
	list := together(clean, changed)
	list = list[:min(len(list), max(p.room()-1, 0))]
	name := 1
	for _, x := range list {
		name = max(name, width(symbol(c.Frame, x.id)))
	}
	name = min(name, 8)
	half := max((p.w-3-name)/2, 1)
	first, second := names(c.Frame)
	p.row().pad(2+name).put(theme.Clean, fill(first, half-1)).pad(1).put(theme.Changed, fill(second, half-1))
	for _, x := range list {
		role := theme.Text
		switch x.id {
		case clean[0].ID:
			role = theme.Clean
		case changed[0].ID:
			role = theme.Changed
		}
		r := p.row().pad(1).put(role, fill(symbol(c.Frame, x.id), name)).pad(1)
		share(r, x.p, half-1, x.id == clean[0].ID, theme.Clean)
		r.pad(1)
		share(r, x.q, half-1, x.id == changed[0].ID, theme.Changed)
	}
}

// share writes a probability and its bar in exactly w cells.
func share(r *row, v float32, w int, best bool, role theme.Role) {
	text := theme.Text
	if best {
		text = role
	}
	end := r.left - w
	s := probability(float64(v))
	if v != v {
		s, text = "–", theme.Dim
	}
	r.put(text, right(s, min(4, w)))
	if rest := r.left - end - 1; rest >= 2 {
		r.pad(1).put(role, hbar(float64(v), rest))
	}
	r.pad(r.left - end)
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
