package panel

import (
	"fmt"
	"math"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// keptLane draws how much of h each token kept.
type keptLane struct{ base }

// NewKept is the kept lane: a bar a token. By default ρ = ‖Ā⊙h‖/‖h‖, the
// share of h before the token that survives it, with ticks below the two
// thresholds; the options show the unweighted mean of Ā or the half-life.
func NewKept() Panel { return &keptLane{base{id: "kept"}} }

// laneValues returns the lane's numbers and a function to a bar's height 0..1.
func laneValues(c *Context, w *session.Window) (name string, parts []part, v func(t int) (float64, bool), height func(float64) float64) {
	l := lane(w, w.Layer)
	get := func(a []float32) func(t int) (float64, bool) {
		return func(t int) (float64, bool) {
			x, ok := one(w, a, t)
			return float64(x), ok
		}
	}
	if l == nil {
		l = &session.Lane{}
	}
	share := func(x float64) float64 { return x }
	switch c.Opt.LaneMode {
	case LaneRetention:
		return "retained", []part{{long: "mean of Ā over channels and states, not weighted by h", short: "mean Ā", keep: 8}, {long: "0…1", keep: 5}}, get(l.Retention), share
	case LaneHalfLife:
		v := get(l.HalfLife)
		lo, hi := math.Inf(1), math.Inf(-1)
		for t := c.Axis.From; t < c.Axis.To; t++ {
			if x, ok := v(t); ok && x > 0 && !math.IsInf(x, 0) {
				lo, hi = min(lo, x), max(hi, x)
			}
		}
		if lo > hi {
			lo, hi = 1, 1
		}
		span := math.Log(hi / lo)
		return "half-life", []part{{long: "ln 2 / mean Δ|A|, in tokens", short: "tokens", keep: 6}, {long: "log " + short(lo) + "…" + short(hi), keep: 8}}, v,
			func(x float64) float64 {
				switch {
				case math.IsNaN(x):
					return x
				case math.IsInf(x, 1):
					return 1
				case x <= 0:
					return 0
				case span == 0:
					return 1
				}
				return math.Log(x/lo) / span
			}
	}
	return "kept", []part{
		{long: "ρ = ‖Ā⊙h‖ / ‖h‖, share of h that survives", short: "ρ, share of h", keep: 3},
		{long: fmt.Sprintf("┆ ρ < %s", short(session.HalfBelow)), short: fmt.Sprintf("┆<%s", short(session.HalfBelow)), keep: 8},
		{long: fmt.Sprintf("┃ ρ < %s", short(session.WipeBelow)), short: fmt.Sprintf("┃<%s", short(session.WipeBelow)), keep: 8},
		{long: "· = h was 0", keep: 2},
	}, get(l.Kept), share
}

// Lines draws the title and the bars.
func (k *keptLane) Lines(c *Context) []string {
	return k.draw(c, func(p *page) {
		w := run(c)
		focused := c.Focus == k.id
		if w == nil || w.To <= w.From {
			p.title(focused, "kept", part{long: "no tokens yet", keep: 9})
			return
		}
		name, parts, value, height := laneValues(c, w)
		if p.h > 1 {
			p.title(focused, name, append(parts, runPart(c, w)...)...)
		}
		n := p.room()
		for y := range n {
			k.line(c, p, w, value, height, n-1-y, n)
		}
	})
}

// line draws the cells of level up (0 is the lowest) of n lines of bars.
func (k *keptLane) line(c *Context, p *page, w *session.Window, value func(int) (float64, bool), height func(float64) float64, up, n int) {
	r := p.row()
	switch {
	case up == n-1 && n > 1 && c.Opt.LaneMode != LaneHalfLife:
		label(c, r, "1")
	case up == 0 && n > 1 && c.Opt.LaneMode != LaneHalfLife:
		label(c, r, "0")
	case n == 1 && c.Opt.LaneMode == LaneKept:
		label(c, r, "ρ")
	default:
		label(c, r, "")
	}
	cw := c.Axis.CellW
	for x := range c.Axis.Slots() {
		t, ok := c.Axis.TokenAt(x * cw)
		v, have := 0.0, false
		if ok {
			v, have = value(t)
		}
		if !have {
			r.pad(cw)
			continue
		}
		role := theme.Bar
		if c.Opt.LaneMode == LaneKept && v >= keptAbove {
			role = theme.BarDim // nothing happens here
		}
		if t == c.Cursor.T {
			role = here(c)
		}
		glyph := " "
		l := height(v)
		switch {
		case math.IsNaN(l) && up == 0:
			glyph, role = "·", theme.Dim
		case math.IsNaN(l):
		default:
			e := int(math.Round(l*8*float64(n))) - 8*up
			if up == 0 {
				e = max(e, 1) // a value is never an empty cell
			}
			glyph = eighths[max(0, min(e, 8))]
		}
		tick := session.TickNone
		if c.Opt.LaneMode == LaneKept {
			tick = session.TickOf(float32(v))
		}
		switch tick {
		case session.TickWipe:
			r.put(theme.Wipe, "┃").pad(cw - 1)
		case session.TickHalf:
			r.put(theme.Half, "┆")
			k.bar(r, role, glyph, cw-1)
		default:
			k.bar(r, role, glyph, cw)
		}
	}
}

// here is the role of the cursor's bar: without colours the focus is reversed,
// which would turn a full bar into an empty one.
func here(c *Context) theme.Role {
	if c.Theme.Depth == heat.Mono {
		return theme.Accent
	}
	return theme.Focus
}

// bar repeats glyph over n cells, keeping bars of wide slots apart.
func (k *keptLane) bar(r *row, role theme.Role, glyph string, n int) {
	for i := range n {
		if i > 0 && (i == n-1 || glyph == "·") {
			r.pad(1)
			continue
		}
		r.put(role, glyph)
	}
}

// Hit maps a cell to its token.
func (k *keptLane) Hit(c *Context, x, y int) (Cursor, bool) { return hitToken(c, &k.base, x, y) }

// Wants says how many lines the lane can do with and how many show all.
func (k *keptLane) Wants(*Context) (least, best int) { return 2, 4 }
