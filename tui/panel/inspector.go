package panel

import (
	"fmt"
	"math"
	"strings"

	"mamba-tui/model/session"
	"mamba-tui/tui/theme"
)

// inspector prints the selected cell's arithmetic.
type inspector struct{ base }

// NewInspector prints the update of the selected cell h[d,n] with its
// numbers, under the rule in force. Computing with the printed numbers gives
// the printed h; as many digits are printed as that takes. With enough lines
// it shows every step of the cell, from Δ to the gate.
func NewInspector() Panel { return &inspector{base{id: "inspector"}} }

// cell is one cell of the state at one token.
type cell struct {
	m                         *session.Moment
	d, n, N                   int
	delta, a, b, u, prev, now float64
	force                     forced // what a tweak makes of it
	by                        string // that tweak
}

// selected is the cursor's cell, or false when the frame does not hold it.
func selected(c *Context, w *session.Window) (cell, bool) {
	m := moment(w)
	if m == nil || w.D == 0 || w.N == 0 {
		return cell{}, false
	}
	d, n := max(0, min(c.Cursor.D, w.D-1)), stateOf(c, w)
	i := d*w.N + n
	if i >= len(m.H) || i >= len(m.HPrev) || i >= len(w.A) || d >= len(m.Delta) || d >= len(m.U) || n >= len(m.B) {
		return cell{}, false
	}
	x := cell{m: m, d: d, n: n, N: w.N, delta: float64(m.Delta[d]), a: float64(w.A[i]), b: float64(m.B[n]),
		u: float64(m.U[d]), prev: float64(m.HPrev[i]), now: float64(m.H[i])}
	x.force, x.by = forcedBy(c, w, m.T, d, n)
	return x, true
}

// keeps and writes are the two terms of the cell's update.
func (x cell) keeps() *formula {
	if x.force == forgot {
		return mul(literal("0", 0), number(x.prev))
	}
	return mul(kept(x.m.Rule, x.delta, x.a), number(x.prev))
}

func (x cell) writes() *formula {
	return mul(gain(x.m.Rule, x.delta, x.a), number(x.b), number(x.u))
}

// equation is the update in three pieces that may stand on separate lines:
// what is kept, what is written, and the result.
func (x cell) equation() []string {
	if x.force >= set {
		return []string{fmt.Sprintf("h[%d,%d]", x.d, x.n), "= " + sig(x.now, 3)}
	}
	k, w := x.keeps(), x.writes()
	digits, result, bound := shown(add(k, w), x.now)
	return []string{
		fmt.Sprintf("h[%d,%d]", x.d, x.n),
		"= " + k.text(digits),
		"+ " + w.text(digits),
		"= " + result + bound,
	}
}

// wrap packs pieces into lines of at most w cells, continuations indented. A
// piece that is wider than a line is broken at its products.
func wrap(pieces []string, w, indent int) []string {
	for _, s := range pieces[1:] {
		indent = max(0, min(indent, w-width(s)))
	}
	lines := []string{pieces[0]}
	for _, s := range pieces[1:] {
		if n := len(lines); width(lines[n-1])+1+width(s) <= w {
			lines[n-1] += " " + s
			continue
		}
		for i, part := range factors(s, w-indent) {
			lines = append(lines, spaces(indent+2*b2i(i > 0))+part)
		}
	}
	return lines
}

// factors splits a product that is wider than w before its signs of
// multiplication, no more often than needed; all but the first part leave two
// cells for their indent.
func factors(s string, w int) []string {
	var out []string
	for i, f := range strings.Split(s, "·") {
		if i > 0 {
			f = "·" + f
		}
		if n := len(out); n > 0 && width(out[n-1])+width(f) <= w-2*b2i(n > 1) {
			out[n-1] += f
			continue
		}
		out = append(out, f)
	}
	return out
}

// Lines draws the title and as much of the arithmetic as there is room for.
func (s *inspector) Lines(c *Context) []string {
	return s.draw(c, func(p *page) {
		w := run(c)
		x, ok := selected(c, w)
		focused := c.Focus == s.id
		if !ok {
			p.title(focused, "cell", part{long: "h[channel, state] at the cursor", keep: 5}, part{long: "no tokens yet", keep: 9})
			return
		}
		rule, keep, write := ruleText(x.m.Rule)
		parts := []part{
			{long: "token " + named(c.Frame, x.m.T), short: named(c.Frame, x.m.T), keep: 8},
			{long: fmt.Sprintf("layer %d", x.m.Layer), keep: 4},
			{long: rule, keep: 6},
		}
		parts = append(append(parts, runPart(c, w)...), x.forcedPart()...)
		if c.Stale || x.m.T != c.Cursor.T || x.m.Layer != c.Cursor.Layer {
			parts = append(parts, part{long: "computing …", short: "…", keep: 3})
		}
		p.title(focused, fmt.Sprintf("h[%d,%d]", x.d, x.n), parts...)
		eq := wrap(x.equation(), p.w-2, len(fmt.Sprintf("h[%d,%d] ", x.d, x.n)))
		detail := x.steps(c, w)
		// The rule in letters stands above its numbers where there is a line.
		if len(eq) > p.room() && len(eq) > 1 && strings.HasSuffix(eq[0], "]") {
			eq = eq[1:] // the title names the cell
		}
		if x.force == forgot {
			keep = "0"
		}
		letters := wrap([]string{"h[t]", "= " + keep + "·h[t−1]", "+ " + write}, p.w-2, 5)
		if x.force >= set {
			letters = nil
		}
		if p.room() >= len(letters)+len(eq) {
			for _, l := range letters {
				p.row().pad(1).put(theme.Dim, l)
			}
		}
		for _, l := range eq {
			p.row().pad(1).put(theme.Text, l)
		}
		if p.room() >= len(detail)+2 {
			p.row()
			p.steps(detail)
			if says := words(Caption(c), p.w-2); p.room() > len(says) {
				p.row()
				for _, l := range says {
					p.row().pad(1).put(theme.Text, l)
				}
			}
			if w.N > 1 && p.room() >= 5 {
				p.row()
				p.table(x.statesTable(c, w))
			}
			if p.room() >= 5 {
				p.row()
				p.table(x.historyTable(c, w, p.room()-2))
			}
			return
		}
		if sum := words(x.summary(), p.w-2); p.room() >= len(sum) {
			for _, l := range sum {
				p.row().pad(1).put(theme.Dim, l)
			}
		}
	})
}

// summary says what the two terms came to.
func (x cell) summary() string {
	if x.force >= set {
		return x.by
	}
	share, k, w := x.terms()
	return fmt.Sprintf("Ā %s: kept %s of %s, wrote %s", sig(share, 3), sig(k, 3), sig(x.prev, 3), sig(w, 3))
}

// terms are the numbers of the update: Ā, what is kept and what is written.
func (x cell) terms() (share, keeps, writes float64) {
	share, g := x.m.Rule.Coefficients(x.delta, x.a)
	if x.force == forgot {
		share = 0
	}
	return share, share * x.prev, g * x.b * x.u
}

// step is one line of the cell's arithmetic.
type step struct{ name, text, note string }

// line is a formula with its result, in digits that recompute.
func line(name string, f *formula, result float64, note string) step {
	digits, text, bound := shown(f, result)
	return step{name, f.text(digits) + " = " + text + bound, note}
}

// steps is all the arithmetic of the cell that a frame holds the numbers for.
func (x cell) steps(c *Context, w *session.Window) []step {
	m, d := x.m, x.d
	var s []step
	if K := c.Frame.Info.Config.DConv; K > 0 && len(m.Window) >= K*w.D {
		in := ""
		for k := K - taps(c, w, m.T, K); k < K; k++ {
			in += short(float64(m.Window[k*w.D+d])) + " "
		}
		s = append(s, step{"u", fmt.Sprintf("SiLU(conv(%s)) = %s", in[:len(in)-1], sig(x.u, 3)), "inputs of the convolution, newest last"})
	} else {
		s = append(s, step{"u", sig(x.u, 3), "after convolution and SiLU"})
	}
	frozen := c.Frame.Changed != nil && w == c.Frame.Changed && deltaDiffers(c, x)
	switch {
	case frozen:
		s = append(s, step{"Δ", sig(x.delta, 3), "set by a tweak"})
	default:
		s = append(s, line("Δ", call("softplus", number(beforeSoftplus(x.delta))), x.delta, "step size; the argument is recovered from Δ"))
	}
	share, keeps, writes := x.terms()
	if x.force >= set { // nothing of the update counts
		s = append(s, step{"h", sig(x.now, 3), x.by})
		return append(s, x.after(w)...)
	}
	decay := line("Ā", kept(m.Rule, x.delta, x.a), share, "share of h that is kept")
	if x.force == forgot {
		decay = step{"Ā", "0", x.by}
	}
	s = append(s, decay,
		line("kept", mul(number(share), number(x.prev)), keeps, "Ā·h before the token"),
		line("write", x.writes(), writes, "what the token adds"),
		line("h", add(number(keeps), number(writes)), x.now, "after the token"))
	return append(s, x.after(w)...)
}

// after is what comes of h: the output and the gate.
func (x cell) after(w *session.Window) (s []step) {
	m, d := x.m, x.d
	if len(m.C) >= w.N && d < len(m.Y) && d < len(w.Skip) {
		s = append(s, x.output(w))
	}
	if d < len(m.Z) && d < len(m.Gated) && d < len(m.Y) {
		z, y, g := float64(m.Z[d]), float64(m.Y[d]), float64(m.Gated[d])
		f := mul(number(y), number(z), call("σ", number(z)))
		if y == g && f.value(0) != g {
			s = append(s, step{"gate", sig(g, 3), "off: y as it is"})
		} else {
			s = append(s, line("gate", f, g, "y·z·σ(z), into out_proj"))
		}
	}
	return s
}

// output is the line of y = Σ C·h + D·u: every term for few states, the sum
// and its largest term for many.
func (x cell) output(w *session.Window) step {
	m, d := x.m, x.d
	skip := mul(number(float64(w.Skip[d])), number(x.u))
	y := float64(m.Y[d])
	if w.N <= 3 {
		var terms []*formula
		for n := range w.N {
			terms = append(terms, mul(number(float64(m.C[n])), number(float64(m.H[d*w.N+n]))))
		}
		return line("y", add(append(terms, skip)...), y, "Σ C·h + D·u")
	}
	sum, big, most := 0.0, 0, -1.0
	for n := range w.N {
		v := float64(m.C[n]) * float64(m.H[d*w.N+n])
		sum += v
		if math.Abs(v) > most {
			big, most = n, math.Abs(v)
		}
	}
	return line("y", add(number(sum), skip), y, fmt.Sprintf("Σ C·h over %d states (largest n%d: %s) + D·u", w.N, big,
		sig(float64(m.C[big])*float64(m.H[d*w.N+big]), 3)))
}

// deltaDiffers says that the changed run's Δ of this cell is not the clean one.
func deltaDiffers(c *Context, x cell) bool {
	m := moment(c.Frame.Clean)
	return m != nil && m.T == x.m.T && x.d < len(m.Delta) && float64(m.Delta[x.d]) != x.delta
}

// beforeSoftplus is the argument that softplus makes delta of.
func beforeSoftplus(delta float64) float64 {
	if delta > 20 {
		return delta
	}
	return math.Log(math.Expm1(delta))
}

// steps writes the lines of a cell's arithmetic: name, numbers, what it is.
func (p *page) steps(all []step) {
	name, text := 0, 0
	for _, s := range all {
		name, text = max(name, width(s.name)), max(text, width(s.text))
	}
	for _, s := range all {
		r := p.row().pad(1).put(theme.Accent, right(s.name, name)).put(theme.Dim, " = ").put(theme.Text, s.text)
		if free := p.w - 1 - name - 3 - text - 2; free >= width(s.note) {
			r.pad(text-width(s.text)+2).put(theme.Dim, s.note)
		}
	}
}

// Hit never moves the cursor.
func (s *inspector) Hit(c *Context, x, y int) (Cursor, bool) { return c.Cursor, false }

// Wants says how many lines the inspector can do with and how many show all.
func (s *inspector) Wants(*Context) (least, best int) { return 2, 5 }
