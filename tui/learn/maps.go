package learn

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"mamba-tui/tui/heat"
	"mamba-tui/tui/learn/history"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

// selects is the AUC from which on a channel is said to select.
const selects = 0.95

// group are the channels that means are over: nil for all, or those that
// select at the newest probe.
func (m *Model) group() []int {
	if !m.selecting {
		return nil
	}
	return m.selected()
}

// selected are the channels that select at the newest probe; nil if none does.
func (m *Model) selected() []int {
	if n := len(m.h.Probes); n > 0 {
		return m.h.Probes[n-1].Layers[m.layer].Above(selects)
	}
	return nil
}

func (m *Model) groupName() string {
	if g := m.group(); g != nil {
		return fmt.Sprintf("of %d channels with AUC > %g at step %d", len(g), selects, m.h.Probes[len(m.h.Probes)-1].Step)
	}
	return fmt.Sprintf("of all %d channels", m.h.Info.Channels)
}

func (m *Model) groupShort() string {
	if g := m.group(); g != nil {
		return fmt.Sprintf("%d ch. AUC > %g", len(g), selects)
	}
	return "all channels"
}

// grid is a matrix to be drawn: what of a layer, and how its rows are ordered.
type grid struct {
	rows   int
	signed bool
	data   func(l *history.Layer) []float32 // (T, rows)
	order  func(l *history.Layer) []int     // nil: as they are
	red    heat.Reduction
	noun   string
}

// byAUC are the channels, those that open first. Where the AUC is the same to
// two digits, the one whose Δ differs more between tokens comes first.
func byAUC(i *history.Info) func(l *history.Layer) []int {
	return func(l *history.Layer) []int {
		order, key := make([]int, len(l.AUC)), make([]float64, len(l.AUC))
		one := make([]int, 1)
		for d := range order {
			order[d], one[0] = d, d
			key[d] = i.Gap(l, one)
		}
		slices.SortStableFunc(order, func(a, b int) int {
			if x, y := math.Round(100*float64(l.AUC[a])), math.Round(100*float64(l.AUC[b])); x != y {
				return cmp.Compare(y, x)
			}
			return cmp.Compare(key[b], key[a])
		})
		return order
	}
}

// gridOf is what a map panel shows.
func (m *Model) gridOf(id string) grid {
	switch id {
	case panelB:
		return grid{rows: m.h.Info.States, signed: true, data: func(l *history.Layer) []float32 { return l.B }, red: heat.Max, noun: "states"}
	case panelC:
		return grid{rows: m.h.Info.States, signed: true, data: func(l *history.Layer) []float32 { return l.C }, red: heat.Max, noun: "states"}
	}
	return grid{rows: m.h.Info.Channels, data: func(l *history.Layer) []float32 { return l.Delta }, order: byAUC(m.h.Info), red: heat.Mean, noun: "channels"}
}

// shown is a grid of one probe as it is drawn: (T, len(rows.Of)) values.
func (g grid) shown(l *history.Layer, T int, rows heat.Rows) []float32 {
	data := g.data(l)
	var order []int
	if g.order != nil {
		order = g.order(l)
	}
	R := len(rows.Of)
	out := make([]float32, T*R)
	for t := range T {
		row := data[t*g.rows : (t+1)*g.rows]
		for y, of := range rows.Of {
			var sum, most float64
			for _, k := range of {
				if order != nil {
					k = order[k]
				}
				v := float64(row[k])
				sum += v
				if math.Abs(v) > math.Abs(most) {
					most = v
				}
			}
			if g.red == heat.Mean {
				most = sum / float64(len(of))
			}
			out[t*R+y] = float32(most)
		}
	}
	return out
}

// extremes are the large magnitudes of what one panel shows over all probes:
// colours must mean the same at every step.
type extremes struct {
	layer, rows int
	seen        int
	hi, lo      float32 // the greatest of the probes' high |v|, least positive v
	beyond      bool    // some values are greater
}

// highShare is the share of a probe's values that set the colours' range: one
// channel far out would leave all others dark.
const highShare = 0.99

// rangeOf is the colours' range of a map, the same at every step, and whether
// some values lie beyond it.
func (m *Model) rangeOf(id string, g grid, rows heat.Rows) (heat.Range, bool) {
	e := m.ranges[id]
	if e == nil || e.layer != m.layer || e.rows != len(rows.Of) || e.seen > len(m.h.Probes) {
		e = &extremes{layer: m.layer, rows: len(rows.Of), lo: math.MaxFloat32}
		m.ranges[id] = e
	}
	most := float32(0)
	for _, p := range m.h.Probes[e.seen:] {
		all := g.shown(&p.Layers[m.layer], m.h.Info.T(), rows)
		for i, v := range all {
			if v > 0 && v < e.lo {
				e.lo = v
			}
			if v < 0 {
				all[i] = -v
			}
		}
		if len(all) == 0 {
			continue
		}
		slices.Sort(all)
		e.hi = max(e.hi, all[int(highShare*float64(len(all)-1))])
		most = max(most, all[len(all)-1])
	}
	e.seen = len(m.h.Probes)
	var a heat.AutoRange
	switch {
	case g.signed:
		a.Scale = heat.Symmetric
	case m.logs[panelDelta]:
		a.Scale = heat.Log
		a.Observe([]float32{e.lo})
	}
	a.Observe([]float32{e.hi})
	r := a.Range()
	e.beyond = e.beyond || float64(most) > r.Max
	return r, e.beyond
}

// tallest is how many pixel rows a row of data may take.
const tallest = 6

// mapLines draws Δ, B or C.
func (m *Model) mapLines(id string, w, h int) []string {
	p := panel.NewPage(m.theme, w, h)
	focus := m.focused() == id
	name, what := "Δ", "step size"
	switch id {
	case panelB:
		name, what = "B", "what enters h"
	case panelC:
		name, what = "C", "what is read from h"
	}
	probe := m.probe()
	if probe == nil {
		p.Title(focus, name, panel.Part{Long: what, Keep: 3}, panel.Part{Long: "no probe yet", Keep: 9})
		return p.Lines()
	}
	g := m.gridOf(id)
	l := &probe.Layers[m.layer]
	T, per := m.h.Info.T(), heat.RowsPerLine(m.theme.Depth)
	n := p.Room() - 1
	bar := n >= 8 && (n-1)*per >= g.rows
	if bar {
		n--
	}
	rows := heat.ReduceNamed(g.red, g.rows, n*per, nil, g.noun)
	if k := min(n*per/g.rows, tallest); k > 1 {
		rows = rows.Stretch(k)
	}
	rng, beyond := m.rangeOf(id, g, rows)
	parts := []panel.Part{{Long: what, Keep: 2}}
	long, short := rows.Title, fmt.Sprintf("%d → %d", g.rows, min(len(rows.Of), g.rows))
	if len(rows.Of) >= g.rows {
		short = long
	} else {
		short += map[heat.Reduction]string{heat.Mean: ", mean", heat.Max: ", max|·|"}[g.red]
	}
	if g.order != nil {
		long, short = long+", by AUC", short+", by AUC"
	}
	limits := rangeText(rng)
	if beyond {
		limits += " and beyond"
	}
	parts = append(parts, panel.Part{Long: long, Short: short, Keep: 6}, panel.Part{Long: limits, Short: rangeText(rng), Keep: 8})
	p.Title(focus, name, parts...)
	var ras heat.Raster
	ras.Resize(T, len(rows.Of))
	each := heat.Reduce(heat.Mean, len(rows.Of), len(rows.Of), nil)
	ras.Fill(g.shown(l, T, rows), T, len(rows.Of), each, rng, nil)
	opt := heat.Plain(m.layout.cellW)
	colours := m.theme.Seq
	if g.signed {
		colours = m.theme.Div
	}
	order := []int(nil)
	if g.order != nil {
		order = g.order(l)
	}
	for y, s := range ras.Lines(nil, colours, opt) {
		r := p.Row()
		r.Put(theme.Dim, m.rowLabel(l, order, rows, y*per, per, id)).Raw(s, T*m.layout.cellW)
	}
	if bar {
		wide := min(w-m.layout.gutter, 48)
		p.Row().Pad(m.layout.gutter).Raw(heat.Colourbar(wide, colours, rng), wide)
	}
	return p.Lines()
}

// rowLabel is what stands left of a line of a map: the AUC of its channels, or
// the number of its first state.
func (m *Model) rowLabel(l *history.Layer, order []int, rows heat.Rows, y, per int, id string) string {
	g := m.layout.gutter
	label := ""
	if order != nil {
		var sum float64
		n := 0
		for i := y; i < y+per; i++ {
			for _, k := range rows.Channels(i) {
				sum += float64(l.AUC[order[k]])
				n++
			}
		}
		if n > 0 {
			label = fmt.Sprintf("%.2f", sum/float64(n))
		}
	} else if of := rows.Channels(y); len(of) > 0 && (y == 0 || !slices.Equal(of, rows.Channels(y-1))) {
		label = fmt.Sprintf("n%d", of[0])
	}
	return panel.Right(label, g-1) + " "
}

// rangeText is the colours' range in words.
func rangeText(r heat.Range) string {
	switch r.Scale {
	case heat.Symmetric:
		return "±" + panel.Short(r.Limit())
	case heat.Log:
		return "log " + panel.Short(r.Min) + "…" + panel.Short(r.Max)
	}
	return panel.Short(r.Min) + "…" + panel.Short(r.Max)
}
