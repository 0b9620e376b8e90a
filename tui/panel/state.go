package panel

import (
	"fmt"
	"math"
	"strconv"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// state is h at the cursor, before and after its token.
type state struct {
	base
	rng   heat.AutoRange
	seen  *session.Frame
	layer int
	maps  []placed // as last drawn, for Hit
}

// placed is one map of the panel: its grid and where it stands.
type placed struct {
	g    grid
	x, y int
}

// NewState is h (D × N) at the cursor token, before it and after it, on one
// colour range; where there is room a third map shows the change.
func NewState() Panel { return &state{base: base{id: "h"}} }

// Lines draws the title and the maps.
func (s *state) Lines(c *Context) []string {
	return s.draw(c, func(p *page) {
		s.maps = s.maps[:0]
		w := run(c)
		m := moment(w)
		focused := c.Focus == s.id
		if m == nil || w.D == 0 || w.N == 0 || len(m.H) < w.D*w.N || len(m.HPrev) < w.D*w.N {
			p.title(focused, "h", part{long: "D × N at the cursor", keep: 5}, part{long: "no tokens yet", keep: 9})
			return
		}
		if s.seen == nil || s.layer != m.Layer {
			s.rng = heat.AutoRange{}
		}
		s.rng.Scale = heat.Symmetric
		s.rng.Frozen = c.Opt.Frozen && s.seen != nil
		if s.seen != c.Frame {
			s.rng.Observe(m.HPrev)
			s.rng.Observe(m.H)
			s.seen, s.layer = c.Frame, m.Layer
		}
		s.paint(c, p, w, m, s.rng.Range())
	})
}

// paint chooses between maps side by side and stacked ones: whichever shows
// more of D × N, and three only if that costs nothing.
func (s *state) paint(c *Context, p *page, w *session.Window, m *session.Moment, rng heat.Range) {
	const gap = 2
	n := p.room() - 1 // below the title
	type plan struct {
		across, down int
		g            grid
	}
	best, top := plan{}, -1
	for _, q := range []plan{{across: 1, down: 2}, {across: 1, down: 3}, {across: 2, down: 1}, {across: 3, down: 1}} {
		gw, gh := (p.w-gap*(q.across-1))/q.across, n/q.down-1
		if gw < 4 || gh < 1 {
			continue
		}
		q.g = layGrid(w.D, w.N, gw, gh, c.Theme.Depth, c.Opt.Reduction)
		// What is shown counts most, then size, labels, and the third map.
		score := q.g.shown()*100 + 4*q.g.area() + 6*b2i(q.g.gutter > 0) + 3*b2i(q.across*q.down == 3)
		if score > top {
			best, top = q, score
		}
	}
	tok := named(c.Frame, m.T)
	parts := []part{{long: fmt.Sprintf("D × N = %d × %d at token %s", w.D, w.N, tok), short: "at " + tok, keep: 9}}
	if best.across > 0 && best.g.title != "" {
		parts = append(parts, part{long: best.g.title, short: best.g.few, keep: 50})
	}
	parts = append(parts, part{long: rangeText(rng, c.Opt.Frozen), keep: 6},
		part{long: change(m), keep: 4})
	if c.Stale || m.T != c.Cursor.T || m.Layer != c.Cursor.Layer {
		parts = append(parts, part{long: "computing …", short: "…", keep: 3})
	}
	p.title(c.Focus == s.id, "h", parts...)
	if best.across == 0 {
		return
	}
	s.draw3(c, p, w, m, rng, best.across, best.down, best.g, gap)
}

// draw3 draws the maps of a plan.
func (s *state) draw3(c *Context, p *page, w *session.Window, m *session.Moment, rng heat.Range, across, down int, g grid, gap int) {
	size := w.D * w.N
	sets := []struct {
		name string
		v    []float32
		rng  heat.Range
	}{
		{"before", m.HPrev, rng},
		{"after", m.H, rng},
	}
	if across*down == 3 {
		diff := make([]float32, size)
		for i := range diff {
			diff[i] = m.H[i] - m.HPrev[i]
		}
		sets = append(sets, sets[0])
		sets[2].name, sets[2].v = "change", diff
	}
	gw := (p.w - gap*(across-1)) / across
	for j := range down {
		head := p.row()
		for i := range across {
			if i > 0 {
				head.pad(gap)
			}
			at := j*across + i
			before := head.left
			head.pad(g.gutter).put(theme.Dim, heading(sets[at].name, norm(sets[at].v[:size]), gw-g.gutter))
			if i < across-1 {
				head.pad(gw - (before - head.left))
			}
			s.maps = append(s.maps, placed{g: g, x: i * (gw + gap), y: 2 + j*(g.lines+1)})
		}
		bodies := make([][]string, across)
		for i := range across {
			set := sets[j*across+i]
			bodies[i] = g.draw(c, set.v, set.rng)
		}
		for y := range g.lines {
			r := p.row()
			for i := range across {
				if i > 0 {
					r.pad(gap)
				}
				before := r.left
				g.label(r, c, y)
				if y < len(bodies[i]) {
					r.raw(bodies[i][y], g.width())
				}
				if i < across-1 {
					r.pad(gw - (before - r.left))
				}
			}
		}
	}
}

// heading is a map's name and, where it fits, the norm of what it shows.
func heading(name string, norm float64, w int) string {
	letter := "  ‖h‖ "
	if name == "change" {
		letter = "  ‖·‖ "
	}
	if long := name + letter + sig(norm, 3); width(long) <= w {
		return long
	}
	return clip(name, w)
}

// change says in words how h moved.
func change(m *session.Moment) string {
	a, b := norm(m.HPrev), norm(m.H)
	return "‖h‖ " + sig(a, 3) + " → " + sig(b, 3)
}

// norm is the Euclidean length.
func norm(v []float32) float64 {
	s := 0.0
	for _, x := range v {
		s += float64(x) * float64(x)
	}
	return math.Sqrt(s)
}

// Hit maps a cell to its channel and state.
func (s *state) Hit(c *Context, x, y int) (Cursor, bool) {
	cur := c.Cursor
	if x < 0 || y < 0 || x >= s.w || y >= s.h {
		return cur, false
	}
	for _, m := range s.maps {
		if d, n, ok := m.g.at(x-m.x, y-m.y); ok {
			cur.D, cur.N = d, n
			return cur, true
		}
	}
	return cur, false
}

// Wants says how many lines the panel can do with and how many show all.
func (s *state) Wants(c *Context) (least, best int) {
	w := run(c)
	if w == nil || s.w < 8 {
		return 3, 8
	}
	if w.N == 1 {
		return 3, 2 + max(2, (w.D+15)/16)
	}
	per := heat.RowsPerLine(c.Theme.Depth)
	return 3, 2 + max(1, (w.D+per-1)/per)
}

// cellName is "d9" or "d9 n3".
func cellName(d, n, N int) string {
	if N == 1 {
		return "d" + strconv.Itoa(d)
	}
	return "d" + strconv.Itoa(d) + " n" + strconv.Itoa(n)
}
