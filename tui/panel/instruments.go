package panel

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// fact is one line of an instrument: what it is, its value and a remark.
type fact struct {
	name, value, note string
	role              theme.Role // of the value
}

// facts is an instrument that reads as a list.
type facts struct {
	base
	name string
	what string
	of   func(c *Context) []fact
	more func(c *Context, p *page) // what follows the list; nil: nothing
}

// Lines draws the title, the facts and what follows them. A remark stands beside
// its value where there is room for all of it, or below where there are lines.
func (f *facts) Lines(c *Context) []string {
	return f.draw(c, func(p *page) {
		p.title(c.Focus == f.id, f.name, part{long: f.what, keep: 3})
		list := f.of(c)
		name := 0
		for _, x := range list {
			name = max(name, width(x.name))
		}
		name = min(name, max(p.w/3, 8))
		for i, x := range list {
			spare := p.room() - (len(list) - i) // lines for remarks
			if spare < -(len(list)-i)+1 {
				return
			}
			r := p.row().pad(1).put(theme.Dim, fill(x.name, name)).pad(2).put(x.role, x.value)
			switch {
			case x.note == "":
			case x.value == "" && width(x.note) <= r.left:
				r.put(theme.Dim, x.note)
			case width(x.note)+2 <= r.left:
				r.pad(2).put(theme.Dim, x.note)
			default:
				for _, l := range words(x.note, p.w-name-4) {
					if spare--; spare >= 0 {
						p.row().pad(3+name).put(theme.Dim, l)
					}
				}
			}
		}
		if f.more != nil && p.room() > 1 {
			f.more(c, p)
		}
	})
}

// Hit never moves the cursor.
func (f *facts) Hit(c *Context, x, y int) (Cursor, bool) { return c.Cursor, false }

// Wants says how many lines show all of the list.
func (f *facts) Wants(c *Context) (least, best int) { return 2, 1 + len(f.of(c)) }

// NewParity is how far the run is from the same model in float64.
func NewParity() Panel {
	return &facts{base: base{id: "parity"}, name: "parity", what: "this run against float64", of: func(c *Context) []fact {
		p := c.Frame.Parity
		switch {
		case !p.Known && !c.Frame.Info.Oracle:
			return []fact{{"distance", "not measured", "no float64 copy of this model is at hand", theme.Warn}}
		case !p.Known:
			return []fact{{"distance", "being measured …", "", theme.Dim}}
		}
		role := theme.Good
		if !(p.Rel <= parityBound) {
			role = theme.Bad
		}
		floor := fact{"", "", "", theme.Dim}
		if p.Rel < parityFloor {
			floor.note = "below " + sig(parityFloor, 1) + " float32 cannot tell them apart"
		}
		list := []fact{
			{"distance", sig(p.Rel, 2), "max|a−b| / max|b|, the worst of h and logits", role},
			{"over", fmt.Sprintf("tokens %d–%d", p.From, p.To-1), "", theme.Text},
			{"bound", sig(parityBound, 1), "promised of float32", theme.Text},
		}
		if floor.note != "" {
			list = append(list, floor)
		}
		return list
	}, more: func(c *Context, p *page) {
		if !c.Frame.Parity.Known || p.room() < 3 {
			return
		}
		// A scale of decades: where the distance is, and where the bound.
		rng := heat.Range{Min: 1e-9, Max: 1e-3, Scale: heat.Log}
		wide := min(p.w-4, 60)
		spot := func(v float64) int { return int(rng.Level(max(v, rng.Min)) * float64(wide-1)) }
		line := []rune(strings.Repeat("─", wide))
		for e := range 7 {
			line[spot(1e-9*math.Pow(10, float64(e)))] = '┬'
		}
		p.row()
		r := p.row().pad(1)
		at, bound := spot(c.Frame.Parity.Rel), spot(parityBound)
		for x := range wide {
			switch x {
			case at:
				r.put(theme.Good, "▼")
			case bound:
				r.put(theme.Bad, "┃")
			default:
				r.pad(1)
			}
		}
		p.row().pad(1).put(theme.Dim, string(line))
		p.row().pad(1).put(theme.Dim, fill("1e-9", spot(1e-6)-1)+fill("1e-6", wide-spot(1e-6)-3)+"1e-3")
	}}
}

// parityFloor is what a comparison of float32 numbers can tell apart: the
// oracle's values are rounded to float32 before they are compared.
const parityFloor = 6e-8

// parityBound is the distance to the float64 oracle that the project promises.
const parityBound = 1e-5

// NewTiming is how long the newest work took.
func NewTiming() Panel {
	return &facts{base: base{id: "timing"}, name: "timing", what: "measured, newest work", of: func(c *Context) []fact {
		t := c.Frame.Timing
		step := fact{"step", "–", "no token was computed yet", theme.Dim}
		if t.StepMicros > 0 {
			step = fact{"step", Micros(t.StepMicros) + " a token", short(1e6/t.StepMicros) + " tokens a second", theme.Accent}
		}
		scan := fact{"re-scan", "–", "no window was rebuilt yet", theme.Dim}
		if t.RescanMicros > 0 && t.RescanTokens > 0 {
			scan = fact{"re-scan", Micros(t.RescanMicros), fmt.Sprintf("%d tokens, %s each", t.RescanTokens, Micros(t.RescanMicros/float64(t.RescanTokens))), theme.Accent}
		}
		return []fact{step, scan}
	}, more: func(c *Context, p *page) {
		if len(c.Steps) < 2 {
			return
		}
		n := min(len(c.Steps), p.w-2)
		v := c.Steps[len(c.Steps)-n:]
		most := 0.0
		for _, x := range v {
			most = max(most, x)
		}
		p.row()
		p.row().pad(1).put(theme.Dim, "step, the last "+strconv.Itoa(n)+" measured, up to "+Micros(most))
		levels := make([]float64, n)
		for i, x := range v {
			levels[i] = x / most
		}
		for _, l := range heat.Columns(nil, levels, min(max(p.room(), 1), 4), 1) {
			p.row().pad(1).put(theme.Bar, l)
		}
	}}
}

// Micros writes a duration given in microseconds.
func Micros(us float64) string {
	switch {
	case us < 9.95:
		return fmt.Sprintf("%.1f µs", us)
	case us < 999.5:
		return fmt.Sprintf("%.0f µs", us)
	}
	return fmt.Sprintf("%.3g ms", us/1000)
}

// NewMemory is what the history and the program hold.
func NewMemory() Panel {
	return &facts{base: base{id: "memory"}, name: "memory", what: "what is kept", of: func(c *Context) []fact {
		f := c.Frame
		cfg := f.Info.Config
		state := cfg.NLayer * cfg.DInner * cfg.DState * 4
		list := []fact{
			{"tokens", count(total(f)), "", theme.Text},
			{"h, one token", Bytes(state), fmt.Sprintf("%d layers × %d × %d, kept now and then", cfg.NLayer, cfg.DInner, cfg.DState), theme.Text},
			{"Δ u B C", Bytes(cfg.NLayer * (2*cfg.DInner + 2*cfg.DState) * 4), "a token: h is computed from them", theme.Text},
		}
		if k := f.Keyframes; k.Every > 0 {
			note := fmt.Sprintf("%d, every %d tokens", k.Count, k.Every)
			if k.Oldest > k.Every {
				note = fmt.Sprintf("%d, every %d tokens, the oldest every %d", k.Count, k.Every, k.Oldest)
			}
			list = append(list, fact{"keyframes", Bytes(k.Bytes), note, theme.Text})
		}
		if w := f.Clean; w != nil && w.To > w.From {
			list = append(list, fact{"window", Bytes(windowBytes(w) + windowBytes(f.Changed)), fmt.Sprintf("tokens %d–%d of layer %d", w.From, w.To-1, w.Layer), theme.Text})
		}
		if c.Heap > 0 {
			list = append(list, fact{"program", Bytes(int(c.Heap)), "of Go's heap in use", theme.Accent})
		}
		return list
	}}
}

// windowBytes is what the arrays of a window take.
func windowBytes(w *session.Window) int {
	if w == nil {
		return 0
	}
	return 4 * (len(w.Delta) + len(w.U) + len(w.B) + len(w.C) + len(w.Z) + len(w.Write) + len(w.H))
}

// Bytes writes a number of bytes.
func Bytes(n int) string {
	units := []string{"B", "KB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for v >= 1000 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	if i == 0 {
		return strconv.Itoa(n) + " B"
	}
	return strconv.FormatFloat(v, 'f', 2-int(math.Min(2, math.Log10(math.Max(v, 1)))), 64) + " " + units[i]
}

// NewBackend is where the model computes, and what the model is.
func NewBackend() Panel {
	return &facts{base: base{id: "backend"}, name: "backend", what: "where this is computed", of: func(c *Context) []fact {
		i := c.Frame.Info
		list := []fact{{"backend", phrase(i.Backend), "", theme.Accent}}
		if i.BackendNote != "" {
			list = append(list, fact{"", "", phrase(i.BackendNote), theme.Dim})
		}
		if lacks := Lacking(c.Frame); lacks != "" {
			list = append(list, fact{"not recorded", "", lacks, theme.Warn})
		}
		k := i.Config
		return append(list,
			fact{"model", phrase(i.Card.Name), phrase(string(i.Card.Kind)), theme.Text},
			fact{"layers", strconv.Itoa(k.NLayer), fmt.Sprintf("D %d · N %d · d_model %d · dt_rank %d · d_conv %d", k.DInner, k.DState, k.DModel, k.DtRank, k.DConv), theme.Text},
			fact{"parameters", count(i.Parameters), fmt.Sprintf("vocabulary %d", k.VocabSize), theme.Text},
		)
	}}
}
