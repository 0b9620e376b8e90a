package learn

import (
	"fmt"
	"math"
	"strconv"

	"mamba-tui/model/task"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/learn/history"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/plot"
	"mamba-tui/tui/theme"
)

// axisW is the width of the labels left of a plot, its line included.
const axisW = 6

// span is the number of steps a plot shows: the run's, or, of a run that has
// not come that far, a half, a quarter … of them, so that the beginning can be
// seen too.
func (m *Model) span() int {
	steps, done := m.h.Steps(), m.h.Step()
	if m.h.State == history.Ended {
		return max(done, 1)
	}
	for range 4 {
		if half := (steps + 1) / 2; done <= half {
			steps = half
		}
	}
	return max(steps, 1)
}

// otherRoles are the colours of the runs that are laid over.
var otherRoles = []theme.Role{theme.Changed, theme.Half, theme.Clean, theme.BarDim}

// key is an entry of a plot's legend.
type key struct {
	role theme.Role
	sign string
	text string
}

// chart is one panel of curves.
type chart struct {
	name   string
	parts  []panel.Part
	rng    heat.Range
	format func(float64) string
	draw   func(a *axes)
	keys   []key
	low    bool // the legend stands at the bottom, where the curves leave room
}

// lines draws a chart in w×h cells.
func (m *Model) chartLines(id string, c chart, w, h int) []string {
	p := panel.NewPage(m.theme, w, h)
	p.Title(m.focused() == id, c.name, c.parts...)
	n := p.Room()
	foot := n >= 4
	if foot {
		n--
	}
	if n < 1 {
		return p.Lines()
	}
	pic := plot.New(w-axisW, n)
	pic.Plain = m.theme.Depth == heat.Mono
	a := &axes{p: pic, steps: m.span(), rng: c.rng}
	c.draw(a)
	m.legend(pic, c)
	if !m.follows() {
		pic.Cursor(a.x(m.shownStep()) / 2)
	}
	for y := range n {
		label, tick := "", "│"
		switch {
		case y == 0:
			label, tick = c.format(c.rng.Value(1)), "┤"
		case y == n-1:
			label, tick = c.format(c.rng.Value(0)), "┤"
		case n >= 5 && n%2 == 1 && y == n/2:
			label, tick = c.format(c.rng.Value(0.5)), "┤"
		}
		r := p.Row().Put(theme.Dim, panel.Right(label, axisW-1)+tick)
		pic.Row(r, y)
	}
	if foot {
		m.stepAxis(p.Row(), a)
	}
	return p.Lines()
}

// stepAxis writes the steps under a plot.
func (m *Model) stepAxis(r *panel.Row, a *axes) {
	end := strconv.Itoa(a.steps)
	r.Put(theme.Dim, panel.Right("0", axisW))
	room := r.Left()
	at := ""
	from := 0
	if !m.follows() {
		at = strconv.Itoa(m.shownStep())
		from = clamp(a.x(m.shownStep())/2-len(at)/2, 1, max(room-len(at), 1))
	} else {
		at, from = "steps", max((room-5)/2, 1)
	}
	role := theme.Dim
	if !m.follows() {
		role = theme.Focus
	}
	if from+len(at)+1 > room-len(end) {
		if m.follows() {
			r.Pad(room-len(end)).Put(theme.Dim, end)
			return
		}
		r.Pad(from).Put(role, at)
		return
	}
	r.Pad(from).Put(role, at).Pad(room-from-len(at)-len(end)).Put(theme.Dim, end)
}

// legend writes the keys into the corner that curves leave free.
func (m *Model) legend(p *plot.Picture, c chart) {
	if len(c.keys) == 0 || p.H < 3 {
		return
	}
	wide := 0
	for _, k := range c.keys {
		wide = max(wide, panel.Width(k.text)+2)
	}
	wide = min(wide, p.W/2)
	if wide < 6 {
		return
	}
	most := min(len(c.keys), (p.H+1)/2)
	for i, k := range c.keys[:most] {
		y := i
		if c.low {
			y = p.H - most + i
		}
		p.Put(p.W-wide, y, k.role, k.sign)
		p.Put(p.W-wide+1, y, k.role, " "+panel.Clip(k.text, wide-2))
	}
}

// fitted is a round range around some values.
func fitted(log bool, series ...[]float32) heat.Range {
	var a heat.AutoRange
	if log {
		a.Scale = heat.Log
	}
	var all []float32
	for _, s := range series {
		all = append(all, s...)
	}
	a.Observe(all)
	return a.Range()
}

func f64(x []float32) func(int) float64 { return func(i int) float64 { return float64(x[i]) } }

// othersKeys are the names of the runs laid over.
func (m *Model) othersKeys(what func(h *history.Named) string) []key {
	var keys []key
	for i, o := range m.opt.Others {
		keys = append(keys, key{otherRoles[i%len(otherRoles)], "┅", panel.Phrase(o.Name) + what(o)})
	}
	if len(keys) > 0 {
		keys = append([]key{{theme.Accent, "━", panel.Phrase(m.src.Name)}}, keys...)
	}
	return keys
}

// eachOther draws the runs laid over, below what comes after.
func (m *Model) eachOther(a *axes, value func(h *history.Named) []float32) {
	for i := len(m.opt.Others) - 1; i >= 0; i-- {
		o := m.opt.Others[i]
		a.curve(o.Points.Step, f64(value(o)), otherRoles[i%len(otherRoles)], true)
	}
}

// lossChart is the loss: dots are batches, the line their moving average, ◆
// what fresh sequences gave.
func (m *Model) lossChart() chart {
	h, log := m.h, m.logs[panelLoss]
	series := [][]float32{h.Points.MeanLoss}
	for _, o := range m.opt.Others {
		series = append(series, o.Points.MeanLoss)
	}
	steps, evals := evalsOf(h, func(e history.Eval) float64 { return e.Loss })
	for i := range steps {
		series = append(series, []float32{float32(evals(i))})
	}
	c := chart{name: "loss", rng: fitted(log, series...), format: panel.Short}
	if i := h.PointAt(m.shownStep()); i >= 0 {
		c.parts = append(c.parts, panel.Part{Long: panel.Sig(float64(h.Points.MeanLoss[i]), 3) + " nats a question", Short: panel.Sig(float64(h.Points.MeanLoss[i]), 3) + " nats", Keep: 9, Role: theme.Accent})
	}
	if e := h.EvalAt(m.shownStep()); e != nil {
		c.parts = append(c.parts, panel.Part{Long: "◆ " + panel.Sig(e.Loss, 3) + m.otherLength(e), Short: "◆ " + panel.Sig(e.Loss, 3), Keep: 5, Role: theme.Good})
	}
	if log {
		c.parts = append(c.parts, panel.Part{Long: "log", Keep: 6})
	}
	c.keys = m.othersKeys(func(o *history.Named) string {
		if i := o.PointAt(m.shownStep()); i >= 0 {
			return " " + panel.Sig(float64(o.Points.MeanLoss[i]), 2)
		}
		return ""
	})
	c.draw = func(a *axes) {
		m.eachOther(a, func(o *history.Named) []float32 { return o.Points.MeanLoss })
		a.scatter(h.Points.Step, f64(h.Points.Loss), theme.BarDim)
		a.curve(h.Points.Step, f64(h.Points.MeanLoss), theme.Accent, false)
		a.marks(steps, evals, theme.Good, "◆", 3)
	}
	return c
}

// otherLength names an evaluation's length where the batches have another.
func (m *Model) otherLength(e *history.Eval) string {
	if i := m.h.PointAt(m.shownStep()); i >= 0 && m.h.Points.Length[i] != e.Length {
		return fmt.Sprintf(" at %d tokens", e.Length)
	}
	return ""
}

// evalsOf is a series of the evaluations.
func evalsOf(h *history.History, value func(history.Eval) float64) ([]int, func(int) float64) {
	steps := make([]int, len(h.Evals))
	for i, e := range h.Evals {
		steps[i] = e.Step
	}
	return steps, func(i int) float64 { return value(h.Evals[i]) }
}

// accuracyChart is the share of right answers.
func (m *Model) accuracyChart() chart {
	h := m.h
	steps, evals := evalsOf(h, func(e history.Eval) float64 { return e.Accuracy })
	c := chart{name: "accuracy", rng: heat.Range{Max: 1}, low: true, format: func(v float64) string {
		return strconv.Itoa(int(math.Round(100*v))) + "%"
	}}
	if i := h.PointAt(m.shownStep()); i >= 0 {
		c.parts = append(c.parts, panel.Part{Long: panel.Percent(float64(h.Points.MeanRight[i])), Keep: 8, Role: theme.Accent})
	}
	if e := h.EvalAt(m.shownStep()); e != nil {
		c.parts = append(c.parts, panel.Part{Long: fmt.Sprintf("◆ %s on fresh sequences%s", panel.Percent(e.Accuracy), m.otherLength(e)), Short: "◆ " + panel.Percent(e.Accuracy), Keep: 9, Role: theme.Good},
			panel.Part{Long: fmt.Sprintf("Δ frozen: %s", panel.Percent(e.Frozen)), Keep: 2})
	}
	c.keys = m.othersKeys(func(o *history.Named) string {
		if e := o.EvalAt(m.shownStep()); e != nil {
			return " " + panel.Percent(e.Accuracy)
		}
		return ""
	})
	c.draw = func(a *axes) {
		m.eachOther(a, func(o *history.Named) []float32 { return o.Points.MeanRight })
		a.scatter(h.Points.Step, f64(h.Points.Right), theme.BarDim)
		a.curve(h.Points.Step, f64(h.Points.MeanRight), theme.Accent, false)
		a.marks(steps, evals, theme.Good, "◆", 3)
	}
	return c
}

// normChart is the norm of the gradient, with the bound it is clipped to.
func (m *Model) normChart() chart {
	h, log := m.h, m.logs[panelNorm]
	clip := h.Info.Recipe.Clip
	c := chart{name: "gradient norm", rng: fitted(log, h.Points.Norm), format: panel.Short}
	if i := h.PointAt(m.shownStep()); i >= 0 {
		c.parts = append(c.parts, panel.Part{Long: panel.Sig(float64(h.Points.Norm[i]), 2), Keep: 9, Role: theme.Accent})
	}
	c.parts = append(c.parts, panel.Part{Long: "clipped at " + panel.Short(clip), Short: "┄ " + panel.Short(clip), Keep: 5})
	if log {
		c.parts = append(c.parts, panel.Part{Long: "log", Keep: 6})
	}
	c.draw = func(a *axes) {
		if y := a.y(clip); clip < a.rng.Max {
			a.p.Line(0, y, 2*a.p.W-1, y, theme.Dim, true)
		}
		a.curve(h.Points.Step, f64(h.Points.Norm), theme.Bar, false)
	}
	return c
}

// Colours and signs of the classes, in the ribbon, the bars and the curves.
var (
	classRoles = [task.NumClasses]theme.Role{task.Noise: theme.Dim, task.Data: theme.Accent, task.Event: theme.Wipe, task.Query: theme.Changed}
	classSigns = [task.NumClasses]string{task.Noise: "·", task.Data: "•", task.Event: "▴", task.Query: "◇"}
	// classOrder is the order of lists: what should open Δ first.
	classOrder = []task.Class{task.Event, task.Data, task.Query, task.Noise}
)

// classes are those that have tokens, in the order of lists.
func classesOf(i *history.Info) []task.Class {
	var out []task.Class
	for _, c := range classOrder {
		if i.Has(c) {
			out = append(out, c)
		}
	}
	return out
}

// className is a class as people read it: its symbol where it has one.
func className(i *history.Info, c task.Class) string {
	s := panel.Safe(i.Text(c))
	if s == c.String() {
		return s
	}
	return s + " " + c.String()
}

// classChart is the mean Δ of each class over the steps.
func (m *Model) classChart() chart {
	h, log := m.h, m.logs[panelClasses]
	group := m.group()
	var steps []int
	for _, p := range h.Probes {
		steps = append(steps, p.Step)
	}
	values := map[task.Class][]float32{}
	var all [][]float32
	for _, c := range classesOf(h.Info) {
		for _, p := range h.Probes {
			values[c] = append(values[c], float32(p.Layers[m.layer].Mean(c, group)))
		}
		all = append(all, values[c])
	}
	c := chart{name: "mean Δ", rng: fitted(log, all...), format: panel.Short}
	c.parts = append(c.parts, panel.Part{Long: m.groupName(), Short: m.groupShort(), Keep: 3})
	if log {
		c.parts = append(c.parts, panel.Part{Long: "log", Keep: 6})
	}
	if p := m.probe(); p != nil {
		for i, cl := range classesOf(h.Info) {
			v := p.Layers[m.layer].Mean(cl, group)
			c.parts = append(c.parts, panel.Part{Long: panel.Safe(h.Info.Text(cl)) + " " + panel.Sig(v, 2), Keep: 9 - i, Role: classRoles[cl]})
		}
	}
	c.draw = func(a *axes) {
		cs := classesOf(h.Info)
		for i := len(cs) - 1; i >= 0; i-- {
			a.curve(steps, f64(values[cs[i]]), classRoles[cs[i]], false)
		}
		if len(steps) > 0 {
			names := make([]key, len(cs))
			at := make([]int, len(cs))
			for i, cl := range cs {
				names[i] = key{role: classRoles[cl], text: panel.Safe(h.Info.Text(cl))}
				at[i] = a.y(float64(values[cl][len(steps)-1]))
			}
			a.nameEnds(steps[len(steps)-1], names, at)
		}
	}
	return c
}
