package panel

import (
	"strconv"
	"strings"

	"mamba-tui/model/session"
	"mamba-tui/tui/theme"
)

// Knob is one thing that can be changed, as the tweak panel shows it.
type Knob struct {
	Name  string
	Value string // what it stands at; "" for a line that only leads on
	Set   bool   // not where the model has it
	Steps bool   // ← and → change it
}

// Knobs is what the tweak panel draws beside the frame's list: the state of
// the hand, not of the model.
type Knobs struct {
	Open  bool // keys go to the panel
	Rows  []Knob
	At    int    // the chosen row; rows past the knobs are the tweaks in force
	Typed string // a number being typed
	Scope []Choice
}

// Choice is a key and what it stands at: what a new change will act on.
type Choice struct {
	Key, Value string
	Set        bool // narrower than all
}

// tweaksInvite stands where nothing is changed yet.
const tweaksInvite = "Change one thing, and the whole history is computed again beside the clean run: " +
	"what the model would have answered stands above, where Δ, B, C and h differ at the left."

// tweaks is the panel of what is changed and what can be.
type tweaks struct {
	base
	first []int // for every line the row it shows, −1: none
}

// NewTweaks is the tweak panel: the knobs, what a change will act on, and the
// list of changes in force, each with its scope.
func NewTweaks() Panel { return &tweaks{base: base{id: "tweaks"}} }

// tweakLine is a line of the panel: the row it belongs to and how it is drawn.
type tweakLine struct {
	row  int // −1: none
	draw func(r *row)
}

// Lines draws the knobs and the list. Where there is no room for all, the list
// keeps a third and the chosen row stays in sight.
func (k *tweaks) Lines(c *Context) []string {
	return k.draw(c, func(p *page) {
		list := c.Frame.Tweaks
		parts := []part{{long: tweakCount(c.Frame), keep: 6, role: theme.Changed}}
		if n := c.Frame.TweakPending; n > 0 {
			parts = append(parts, part{long: "computing " + count(n), short: "…", keep: 9, role: theme.Warn})
		}
		if !c.Knobs.Open {
			parts = append(parts, part{long: "t opens", keep: 5})
		}
		if f := c.Frame; f.Versus.Kind == session.VersusBranch {
			parts = append(parts, part{long: "compared: " + branchName(f, f.Versus.Branch), keep: 8, role: theme.Changed})
		}
		if c.Frame.Info.Missing.Later && len(list) > 0 {
			parts = append(parts, part{long: "later layers cannot follow", short: "this layer only", keep: 9, role: theme.Warn})
		}
		p.title(c.Focus == k.id || c.Knobs.Open, "tweaks", parts...)
		knobs := k.knobLines(c, p.w)
		force := k.forceLines(c, p.w)
		foot := k.footLines(c, p.w)
		room := p.room() - len(foot)
		if room < 3 {
			foot, room = nil, p.room()
		}
		below := min(len(force), room)
		if c.Knobs.Open || len(list) == 0 { // the knobs come first, the list keeps a third
			below = min(len(force), max(room-len(knobs), room/3, 1), room)
		}
		if below < len(force) { // a line for each, if that is what there is
			force = k.shortLines(c, p.w)
			below = min(below, len(force))
		}
		above := min(len(knobs), max(room-below, 0))
		lines := append(window(knobs, above, c.Knobs.At), window(force, below, c.Knobs.At)...)
		k.first = k.first[:0]
		for _, l := range lines {
			k.first = append(k.first, l.row)
			l.draw(p.row())
		}
		if len(list) == 0 && c.Frame.Versus.Kind == session.VersusNothing && p.room() > len(foot)+3 {
			p.row()
			for _, l := range words(tweaksInvite, p.w-4) {
				if p.room() > len(foot) {
					p.row().pad(2).put(theme.Dim, l)
				}
			}
		}
		for n := p.room() - len(foot); n > 0; n-- {
			p.row()
		}
		for _, l := range foot {
			l.draw(p.row())
		}
	})
}

func tweakCount(f *session.Frame) string {
	n := 0
	for _, t := range f.Tweaks {
		if !t.Off {
			n++
		}
	}
	switch {
	case len(f.Tweaks) == 0:
		return "none in force"
	case f.TweaksHidden:
		return "all switched off"
	case n == 1:
		return "1 in force"
	}
	return strconv.Itoa(n) + " in force"
}

// knobLines are the knobs, one a line.
func (k *tweaks) knobLines(c *Context, w int) []tweakLine {
	name := 0
	for _, r := range c.Knobs.Rows {
		name = max(name, width(r.Name))
	}
	name = min(name, max(w-8, 4))
	var lines []tweakLine
	for i, knob := range c.Knobs.Rows {
		lines = append(lines, tweakLine{i, func(r *row) {
			role, here := theme.Text, c.Knobs.Open && i == c.Knobs.At
			if here {
				role = theme.Focus
				r.put(role, "▸ ")
			} else {
				r.pad(2)
			}
			r.put(role, knob.Name).pad(name - width(knob.Name) + 2)
			value := knob.Value
			if here && c.Knobs.Typed != "" {
				r.put(theme.Cursor, c.Knobs.Typed+"▏")
				return
			}
			valueRole := theme.Dim
			if knob.Set {
				valueRole = theme.Changed
			}
			if here && knob.Steps {
				r.put(theme.Key, "‹ ").put(valueRole, value).put(theme.Key, " ›")
				return
			}
			r.put(valueRole, value)
		}})
	}
	return lines
}

// forceLines are the tweaks in force: a name and, where it does not fit beside
// it, the scope below.
func (k *tweaks) forceLines(c *Context, w int) []tweakLine {
	var lines []tweakLine
	for i, t := range c.Frame.Tweaks {
		name, scope := phrase(t.Name()), phrase(t.Scope())
		if w < 44 && width(name)+width(scope)+6 > w {
			scope = brief(scope)
		}
		lines = append(lines, k.forceLine(c, i, ""))
		if width(name)+width(scope)+6 <= w {
			lines[len(lines)-1] = k.forceLine(c, i, scope)
			continue
		}
		for _, l := range words(scope, w-5) {
			lines = append(lines, tweakLine{len(c.Knobs.Rows) + i, func(r *row) { r.pad(4).put(theme.Dim, l) }})
		}
	}
	return lines
}

// shortLines are the tweaks in force, one a line, clipped.
func (k *tweaks) shortLines(c *Context, w int) []tweakLine {
	lines := make([]tweakLine, len(c.Frame.Tweaks))
	for i, t := range c.Frame.Tweaks {
		lines[i] = k.forceLine(c, i, brief(phrase(t.Scope())))
	}
	return lines
}

// forceLine is a tweak in force with a scope beside it, or none.
func (k *tweaks) forceLine(c *Context, i int, scope string) tweakLine {
	t, at := c.Frame.Tweaks[i], len(c.Knobs.Rows)+i
	return tweakLine{at, func(r *row) {
		mark, name, role := "≠ ", phrase(t.Name()), theme.Changed
		if t.Off || c.Frame.TweaksHidden {
			name, role = name+" (off)", theme.Dim
		}
		markRole := role
		if c.Knobs.Open && at == c.Knobs.At {
			mark, markRole = "▸ ", theme.Focus
		}
		r.put(markRole, mark).put(role, name)
		if scope != "" {
			r.put(theme.Dim, " · "+scope)
		}
	}}
}

// brief is a scope without what goes without saying: that all is all, and what
// a mean is the mean of.
func brief(scope string) string {
	scope = strings.Replace(scope, "all layers · all channels", "everywhere", 1)
	scope, _, _ = strings.Cut(scope, " · mean of ")
	return scope
}

// footLines say what a new change acts on.
func (k *tweaks) footLines(c *Context, w int) []tweakLine {
	if !c.Knobs.Open {
		return nil
	}
	var lines []tweakLine
	var now []Choice
	used := 0
	end := func() {
		if line := now; len(line) > 0 {
			lines = append(lines, tweakLine{-1, func(r *row) {
				r.pad(1)
				for _, x := range line {
					role := theme.Dim
					if x.Set {
						role = theme.Accent
					}
					r.put(theme.Key, x.Key).put(role, " "+x.Value).pad(2)
				}
			}})
		}
		now, used = nil, 0
	}
	for _, x := range c.Knobs.Scope {
		n := width(x.Key) + width(x.Value) + 3
		if used+n > w {
			end()
		}
		now, used = append(now, x), used+n
	}
	end()
	return lines
}

// window is n of the lines, those of the chosen row among them.
func window(lines []tweakLine, n, at int) []tweakLine {
	if n >= len(lines) {
		return lines
	}
	first := 0
	for i, l := range lines {
		if l.row == at && i >= n {
			first = i - n + 1
		}
	}
	return lines[first : first+n]
}

// Row is the knob or tweak drawn at line y of the panel, −1 for none.
func (k *tweaks) Row(y int) int {
	if y--; y < 0 || y >= len(k.first) {
		return -1
	}
	return k.first[y]
}

// Hit never moves the cursor.
func (k *tweaks) Hit(c *Context, x, y int) (Cursor, bool) { return c.Cursor, false }

// Wants says how many lines the panel can do with and how many show all.
func (k *tweaks) Wants(c *Context) (least, best int) {
	return 4, 1 + len(c.Knobs.Rows) + len(k.forceLines(c, k.w)) + 4
}

// inForce is one line of what is changed, for every view.
type inForce struct{ base }

// NewInForce is the line of tweaks in force, each with its scope as far as
// there is room, or the branch that is compared with.
func NewInForce() Panel { return &inForce{base{id: "inforce"}} }

// Lines draws the line.
func (k *inForce) Lines(c *Context) []string {
	return k.draw(c, func(p *page) {
		f := c.Frame
		r := p.row()
		if f.Versus.Kind == session.VersusBranch {
			a, b := names(f)
			r.pad(1).put(theme.Changed, "≠ "+a+" compared with "+b)
			return
		}
		parts := make([]part, 0, len(f.Tweaks)+1)
		for i, t := range f.Tweaks {
			role, off := theme.Changed, ""
			if t.Off || f.TweaksHidden {
				role, off = theme.Dim, " (off)"
			}
			parts = append(parts, part{long: "≠ " + phrase(t.Name()) + off + " · " + phrase(t.Scope()), short: "≠ " + phrase(t.Name()) + off,
				keep: 50 - i, role: role})
		}
		texts := fit(parts, 3, p.w-2)
		left := 0
		for _, s := range texts {
			if s == "" {
				left++
			}
		}
		if left > 0 { // room for saying how many are not named
			texts = fit(parts, 3, p.w-12)
			left = 0
		}
		r.pad(1)
		for i, s := range texts {
			if s == "" {
				left++
				continue
			}
			if i > 0 {
				r.pad(3)
			}
			r.put(parts[i].role, s)
		}
		if left > 0 {
			r.put(theme.Dim, "  and "+strconv.Itoa(left)+" more")
		}
	})
}

// Hit never moves the cursor.
func (k *inForce) Hit(c *Context, x, y int) (Cursor, bool) { return c.Cursor, false }

// Wants is one line.
func (k *inForce) Wants(*Context) (least, best int) { return 1, 1 }
