package panel

import (
	"fmt"
	"math"
	"strings"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// diverge draws how far two runs are apart over time.
type diverge struct {
	base
	heat timeHeat
	memo *session.Frame // whose distances data holds
	data []float32      // (T, layers)
}

// NewDiverge is the distance of two runs over time: for every layer
// ‖h_a − h_b‖ / max(‖h_a‖, ‖h_b‖), on a logarithmic scale, and under it how
// much probability the two next-token distributions do not share. Where the
// runs are equal bit for bit there is a dot.
func NewDiverge() Panel { return &diverge{base: base{id: "diverge"}} }

// closest is the distance below which the colours of the panel end: float32
// tells numbers of one size apart to 6e-8.
const closest = 1e-7

// Lines draws the title, a row a layer and the answers' distance.
func (v *diverge) Lines(c *Context) []string {
	return v.draw(c, func(p *page) {
		d := c.Frame.Divergence
		clean, _, why := both(c)
		if why == "" && d == nil {
			why = "computing …"
		}
		what := part{long: "‖h − h′‖ / max ‖h‖ a layer", short: "‖h−h′‖/‖h‖", keep: 6}
		if why != "" {
			p.title(c.Focus == v.id, "apart", what, part{long: why, keep: 9})
			return
		}
		if c.Stale {
			what = part{long: "computing …", short: "…", keep: 6}
		}
		v.observe(c.Frame, d, clean)
		s := series{data: v.data, rows: len(d.H), noun: "layers", letter: "l", cursor: c.Cursor.Layer, log: true}
		n := p.room() - 2 // the title and the answers
		if n < 1 {        // one line: the answers say most
			n = 0
		}
		rows := s.spread(c, clean, max(n, 1))
		rng := heat.Range{Min: closest, Max: 1, Scale: heat.Log}
		parts := []part{what}
		switch t := c.Cursor.T; {
		case t >= d.From && t < clean.To:
			if said := apart(d, t-d.From, c.Cursor.Layer); said != "" {
				parts = append(parts, part{long: said, keep: 8, role: theme.Changed})
			}
		}
		if reduced(&s, rows) {
			parts = append(parts, part{long: rows.Title, short: s.few(rows), keep: 7})
		}
		parts = append(parts, part{long: fmt.Sprintf("log %s…1", short(closest)), keep: 4}, part{long: "· the same bit for bit", short: "· same", keep: 5})
		if alike(v.data) && alike(d.Output) {
			parts = []part{what, {long: "the same bit for bit", keep: 9}}
		}
		p.title(c.Focus == v.id, "apart", parts...)
		if n > 0 {
			v.heat.lines(c, p, clean, &s, rng, rows, n, false)
		}
		v.answers(c, p, d)
	})
}

// apart is the distances at the cursor in numbers.
func apart(d *session.Divergence, i, layer int) string {
	var list []string
	if layer < len(d.H) && i < len(d.H[layer]) {
		list = append(list, "h "+sig(float64(d.H[layer][i]), 3))
	}
	if i < len(d.Output) {
		list = append(list, "answers "+percent(float64(d.Output[i])))
	}
	if list == nil {
		return ""
	}
	return strings.Join(list, ", ") + " apart"
}

// observe lays the layers' distances out as one matrix, once a frame. What is
// exactly 0 is left out: it gets a dot and no colour.
func (v *diverge) observe(f *session.Frame, d *session.Divergence, w *session.Window) {
	if v.memo == f {
		return
	}
	v.memo = f
	T, L := w.To-w.From, len(d.H)
	v.data = make([]float32, T*L)
	for l, row := range d.H {
		for i := range T {
			x := float32(math.NaN())
			if k := w.From + i - d.From; k >= 0 && k < len(row) && row[k] > 0 {
				x = row[k]
			}
			v.data[i*L+l] = x
		}
	}
}

// answers draws the distance of the next-token distributions as bars: the
// total variation, 0 to 1.
func (v *diverge) answers(c *Context, p *page, d *session.Divergence) {
	if p.room() < 1 {
		return
	}
	if d.Output == nil {
		p.row().pad(min(c.Axis.Gutter, p.w/4)).put(theme.Dim, "the answers of both runs are not known")
		return
	}
	r := p.row()
	label(c, r, "answer")
	cw := c.Axis.CellW
	for x := range c.Axis.Slots() {
		t, ok := c.Axis.TokenAt(x * cw)
		i := t - d.From
		if !ok || i < 0 || i >= len(d.Output) {
			r.pad(cw)
			continue
		}
		role := theme.Changed
		if t == c.Cursor.T {
			role = here(c)
		}
		switch y := float64(d.Output[i]); {
		case math.IsNaN(y):
			r.put(theme.Dim, "·").pad(cw - 1)
		case y == 0:
			r.pad(cw)
		default:
			for k := range cw {
				if k > 0 && k == cw-1 {
					r.pad(1)
					continue
				}
				r.put(role, bar8(y))
			}
		}
	}
}

// Hit maps a cell to its token and, on a layer's row, to the layer.
func (v *diverge) Hit(c *Context, x, y int) (Cursor, bool) {
	cur, ok := hitToken(c, &v.base, x, y)
	if !ok {
		return cur, false
	}
	if l, ok := v.heat.rowAt(c, y-1); ok && y < v.h-1 {
		cur.Layer = l
	}
	return cur, true
}

// Wants says how many lines the panel can do with and how many show all.
func (v *diverge) Wants(c *Context) (least, best int) {
	per := heat.RowsPerLine(c.Theme.Depth)
	return 2, 2 + max(1, (c.Frame.Info.Config.NLayer+per-1)/per)
}
