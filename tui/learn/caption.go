package learn

import (
	"fmt"
	"math"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/model/task"
	"mamba-tui/tui"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

// caption is one sentence about the step that is shown. Every number in it is
// computed from the probe, the curves and the evaluations.
func (m *Model) caption() string {
	h, step := m.h, m.shownStep()
	if h.Err != nil {
		return "The training failed: " + tui.OneLine(h.Err.Error())
	}
	if step == 0 {
		return "The first step is under way: " + panel.Phrase(h.Info.Line)
	}
	var parts []string
	if e, i := h.EvalAt(step), h.PointAt(step); e != nil && (i < 0 || e.Step == step || float64(h.Points.Step[i]-e.Step) < 0.1*float64(h.Steps())) {
		s := "accuracy " + panel.Percent(e.Accuracy)
		s += m.otherLength(e)
		if e.Step != step {
			s += fmt.Sprintf(" (measured at step %d)", e.Step)
		}
		parts = append(parts, s)
	} else if i >= 0 {
		parts = append(parts, "accuracy "+panel.Percent(float64(h.Points.MeanRight[i]))+" of the last batches")
	}
	if s := m.deltaSentence(); s != "" {
		parts = append(parts, s)
	}
	return fmt.Sprintf("step %d: %s", step, strings.Join(parts, "; "))
}

// deltaSentence compares Δ on what opens a document with Δ on noise, or the two
// classes that an AUC of this task is about.
func (m *Model) deltaSentence() string {
	h, probe := m.h, m.probe()
	if probe == nil {
		return ""
	}
	yes, no, ok := m.contrast()
	if !ok {
		return ""
	}
	group := m.group()
	l := &probe.Layers[m.layer]
	a, b := l.Mean(yes, group), l.Mean(no, group)
	na, nb := m.called(yes), m.called(no)
	ratio := a / b
	var s string
	switch {
	case math.IsNaN(ratio) || math.IsInf(ratio, 0):
		return ""
	case ratio >= 1.5:
		s = fmt.Sprintf("Δ on %s %s, on %s %s: %s×", na, panel.Sig(a, 2), nb, panel.Sig(b, 2), times(ratio))
	case ratio > 1/1.5:
		s = fmt.Sprintf("Δ does not tell them apart yet: %s on %s, %s on %s", panel.Sig(a, 2), na, panel.Sig(b, 2), nb)
	default:
		s = fmt.Sprintf("Δ on the mean is smaller on %s (%s) than on %s (%s)", na, panel.Sig(a, 2), nb, panel.Sig(b, 2))
	}
	if first := h.Probes[0]; first != probe {
		if was := first.Layers[m.layer].Mean(yes, group); was > 0 && a/was >= 2 {
			s += fmt.Sprintf("; on %s it grew ×%s since step %d", na, times(a/was), first.Step)
		}
	}
	if open := len(l.Above(selects)); open > 0 {
		s += fmt.Sprintf("; %d of %d channels select", open, len(l.AUC))
	}
	return s
}

// called is how a sentence names a class: what opens or asks by its symbol.
func (m *Model) called(c task.Class) string {
	if c == task.Event || c == task.Query {
		return panel.Safe(m.h.Info.Text(c))
	}
	return c.String()
}

// contrast are the two classes a sentence is about: an event, else data, against
// noise, else the first of the rest.
func (m *Model) contrast() (yes, no task.Class, ok bool) {
	pick := func(names []string, order ...task.Class) (task.Class, bool) {
		for _, c := range order {
			for _, n := range names {
				if n == c.String() && m.h.Info.Has(c) {
					return c, true
				}
			}
		}
		return 0, false
	}
	yes, ok1 := pick(m.h.Info.Events, task.Event, task.Data, task.Query, task.Noise)
	no, ok2 := pick(m.h.Info.Rest, task.Noise, task.Data, task.Query, task.Event)
	return yes, no, ok1 && ok2
}

// captionLines puts the caption into h lines of w cells.
func (m *Model) captionLines(w, h int) []string {
	text := m.caption()
	parts := strings.Split(ansi.Wordwrap(text, max(w-2, 1), ""), "\n")
	if len(parts) > h { // the last line ends with an ellipsis
		parts = append(parts[:h-1], strings.Join(parts[h-1:], " "))
	}
	lines := make([]string, h)
	for i := range lines {
		s := ""
		if i < len(parts) {
			s = panel.Clip(parts[i], w-2)
		}
		lines[i] = tui.Fill(" "+m.theme.Paint(theme.Accent, s), w)
	}
	return lines
}
