package panel

import (
	"strconv"

	"mamba-tui/model/session"
	"mamba-tui/tui/theme"
)

// table is rows of right-aligned numbers under headings; one row is marked.
type table struct {
	title string
	heads []string
	rows  [][]string
	mark  int
}

// statesTable lists the channel's states: each decays at its own rate and
// takes its own share of what is written.
func (x cell) statesTable(c *Context, w *session.Window) table {
	t := table{
		title: "the " + strconv.Itoa(w.N) + " states of channel " + strconv.Itoa(x.d),
		heads: []string{"n", "A", "Ā", "h[t−1]", "B", "write", "h[t]", "C", "C·h"},
		mark:  x.n,
	}
	for n := range w.N {
		i := x.d*w.N + n
		if i >= len(w.A) || i >= len(x.m.H) || n >= len(x.m.B) || n >= len(x.m.C) {
			break
		}
		a, b, read := float64(w.A[i]), float64(x.m.B[n]), float64(x.m.C[n])
		share, gain := x.m.Rule.Coefficients(x.delta, a)
		decay, write := forcedText(c, w, x.m.T, x.d, n, share, gain*b*x.u)
		now := float64(x.m.H[i])
		t.rows = append(t.rows, []string{strconv.Itoa(n), sig(a, 3), decay, sig(float64(x.m.HPrev[i]), 3),
			sig(b, 3), write, sig(now, 3), sig(read, 3), sig(read*now, 3)})
	}
	return t
}

// historyTable lists the cell over the tokens up to the cursor's, as far as
// the window holds them: Δ, what that kept and wrote, and h.
func (x cell) historyTable(c *Context, w *session.Window, n int) table {
	t := table{title: "the cell over the last tokens", heads: []string{"t", "token", "Δ", "Ā", "B", "u", "write", "h[t]"}}
	from := max(w.From, x.m.T-n+1)
	for k := from; k <= x.m.T; k++ {
		delta, u, b := at(w, w.Delta, k, w.D), at(w, w.U, k, w.D), at(w, w.B, k, w.N)
		h := at(w, w.H, k, w.D*w.N)
		if delta == nil || u == nil || b == nil {
			continue
		}
		share, gain := x.m.Rule.Coefficients(float64(delta[x.d]), x.a)
		decay, write := forcedText(c, w, k, x.d, x.n, share, gain*float64(b[x.n])*float64(u[x.d]))
		now := "–"
		if h != nil {
			now = sig(float64(h[x.d*w.N+x.n]), 3)
		}
		t.rows = append(t.rows, []string{strconv.Itoa(k), clip(text(c.Frame, k), 8), sig(float64(delta[x.d]), 3), decay,
			sig(float64(b[x.n]), 3), sig(float64(u[x.d]), 3), write, now})
	}
	t.mark = len(t.rows) - 1
	return t
}

// table writes what fits of t: the rows around the marked one.
func (p *page) table(t table) {
	n := min(len(t.rows), p.room()-2)
	if n < 1 {
		return
	}
	first := max(0, min(t.mark-n/2, len(t.rows)-n))
	title := t.title
	if n < len(t.rows) {
		title += ", " + strconv.Itoa(first) + "–" + strconv.Itoa(first+n-1)
	}
	p.row().pad(1).put(theme.Dim, title)
	const wide = 10
	cols := min(len(t.heads), max(1, (p.w-1)/wide))
	head := p.row()
	for _, h := range t.heads[:cols] {
		head.put(theme.Dim, right(h, wide))
	}
	for i := first; i < first+n; i++ {
		r, role := p.row(), theme.Text
		if i == t.mark {
			role = theme.Accent
		}
		for k, s := range t.rows[i][:cols] {
			if k == 0 && i == t.mark {
				s = "› " + s
			}
			r.put(role, right(s, wide))
		}
	}
}
