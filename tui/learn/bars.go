package learn

import (
	"fmt"
	"math"
	"strings"

	"mamba-tui/tui/heat"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

// barLines is the mean Δ of each class at the step that is shown, and how many
// times what it was at the first probe that is.
func (m *Model) barLines(w, h int) []string {
	p := panel.NewPage(m.theme, w, h)
	probe := m.probe()
	info := m.h.Info
	p.Title(m.focused() == panelBars, "Δ by class", panel.Part{Long: m.groupName(), Short: m.groupShort(), Keep: 3})
	if probe == nil {
		p.Row().Pad(1).Put(theme.Dim, "no probe yet")
		return p.Lines()
	}
	classes := classesOf(info)
	group := m.group()
	first := m.h.Probes[0]
	top, names := 0.0, 0
	for _, c := range classes {
		names = max(names, panel.Width(className(info, c)))
		for _, q := range m.h.Probes {
			top = max(top, q.Layers[m.layer].Mean(c, group))
		}
	}
	if w < 30 {
		names = 0
		for _, c := range classes {
			names = max(names, panel.Width(panel.Safe(info.Text(c))))
		}
	}
	names = min(names, w/3)
	var a heat.AutoRange
	a.Observe([]float32{float32(top)})
	rng := a.Range()
	numbers := 13 // " 0.712  ×1234"
	if w < 30 {
		numbers = 7
	}
	for _, c := range classes {
		v := probe.Layers[m.layer].Mean(c, group)
		name := className(info, c)
		if w < 30 {
			name = panel.Safe(info.Text(c))
		}
		r := p.Row().Pad(1).Put(classRoles[c], classSigns[c]+" "+panel.Clip(name, names)).Pad(names - panel.Width(panel.Clip(name, names)) + 1)
		wide := r.Left() - numbers
		bar := ""
		if wide > 2 {
			bar = heat.Bar(wide, rng.Level(v))
		}
		ink := classRoles[c]
		if m.theme.Depth == heat.Mono {
			ink = theme.Text
		}
		r.Put(ink, bar).Put(theme.Text, " "+panel.Right(panel.Sig(v, 2), 6))
		if was := first.Layers[m.layer].Mean(c, group); was > 0 && probe != first && numbers > 7 {
			r.Put(theme.Dim, panel.Right("×"+times(v/was), 6))
		}
	}
	if p.Room() > 0 && len(m.h.Probes) > 1 && numbers > 7 {
		p.Row().Pad(1).Put(theme.Dim, fmt.Sprintf("× against step %d", first.Step))
	}
	return p.Lines()
}

// times is a factor with as many digits as one wants to read.
func times(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return panel.Sig(x, 2)
	case x >= 9.95:
		return fmt.Sprintf("%.0f", x)
	case x >= 0.095:
		return fmt.Sprintf("%.1f", x)
	}
	return panel.Sig(x, 1)
}

// aucBins is the number of bars of the histogram.
const aucBins = 20

// aucLines is a histogram of the channels' AUCs: those at the right open Δ on
// what matters, those at the left close it there.
func (m *Model) aucLines(w, h int) []string {
	p := panel.NewPage(m.theme, w, h)
	probe := m.probe()
	focus := m.focused() == panelAUC
	if probe == nil {
		p.Title(focus, "AUC of channels", panel.Part{Long: "no probe yet", Keep: 9})
		return p.Lines()
	}
	auc := probe.Layers[m.layer].AUC
	open, closed := 0, 0
	bins := aucBins
	if w < 30 {
		bins = 10
	}
	counts := make([]float64, bins)
	for _, x := range auc {
		if x > selects {
			open++
		}
		if x < 1-selects {
			closed++
		}
		counts[clamp(int(float64(x)*float64(bins)), 0, bins-1)]++
	}
	p.Title(focus, "AUC", panel.Part{Long: fmt.Sprintf("%d of %d open (> %g)", open, len(auc), selects), Short: fmt.Sprintf("%d/%d open", open, len(auc)), Keep: 9, Role: theme.Accent},
		panel.Part{Long: fmt.Sprintf("%d close (< %.2g)", closed, 1-selects), Short: fmt.Sprintf("%d close", closed), Keep: 8},
		panel.Part{Long: strings.Join(m.h.Info.Events, ", ") + " against " + strings.Join(m.h.Info.Rest, ", "), Keep: 2})
	n := p.Room()
	foot := n >= 3
	if foot {
		n--
	}
	most := 1.0
	for _, c := range counts {
		most = max(most, c)
	}
	levels := make([]float64, bins)
	for i, c := range counts {
		levels[i] = c / most
	}
	const side = 5
	cell := max((w-side-1)/bins, 1)
	for y, line := range heat.Columns(nil, levels, n, 1) {
		label := ""
		if y == 0 {
			label = fmt.Sprintf("%.0f", most)
		}
		r := p.Row().Put(theme.Dim, panel.Right(label, side-1)+"│")
		i := 0
		for _, g := range line {
			role := theme.BarDim
			switch {
			case i == bins-1:
				role = theme.Accent
			case i == 0:
				role = theme.Half
			}
			for k := range cell {
				if k == cell-1 && cell > 1 {
					r.Pad(1)
					continue
				}
				r.Put(role, string(g))
			}
			i++
		}
	}
	if foot {
		wide := bins * cell
		left, middle, right := "0 closes", "½ blind", "1 opens"
		if wide < 30 {
			left, middle, right = "0", "½", "1"
		}
		gap := wide - panel.Width(left) - panel.Width(middle) - panel.Width(right)
		p.Row().Pad(side).Put(theme.Dim, left).Pad(gap/2).Put(theme.Dim, middle).Pad(gap-gap/2).Put(theme.Dim, right)
	}
	return p.Lines()
}

// freshLines is what the last evaluation found, and the same of the runs laid
// over at that step.
func (m *Model) freshLines(w, h int) []string {
	p := panel.NewPage(m.theme, w, h)
	focus := m.focused() == panelFresh
	e := m.h.EvalAt(m.shownStep())
	if e == nil {
		p.Title(focus, "fresh sequences", panel.Part{Long: "not measured yet", Keep: 9})
		return p.Lines()
	}
	p.Title(focus, "fresh sequences", panel.Part{Long: fmt.Sprintf("step %d", e.Step), Keep: 9, Role: theme.Accent},
		panel.Part{Long: fmt.Sprintf("%d of %d answers right", e.Right, e.Asked), Short: fmt.Sprintf("%d/%d", e.Right, e.Asked), Keep: 6},
		panel.Part{Long: fmt.Sprintf("%d tokens", e.Length), Keep: 3})
	bar := func(role theme.Role, sign, name string, share float64) {
		names := min(24, w/2)
		r := p.Row().Pad(1).Put(role, sign+" ").Put(role, panel.Clip(name, names)).Pad(names - panel.Width(panel.Clip(name, names)) + 1)
		if wide := r.Left() - 9; wide > 2 {
			ink := role
			if m.theme.Depth == heat.Mono {
				ink = theme.Text
			}
			r.Put(ink, heat.Bar(wide, share))
		}
		r.Put(theme.Text, panel.Right(panel.Percent(share), r.Left()-1))
	}
	name := panel.Phrase(m.src.Name)
	bar(theme.Accent, "━", name, e.Accuracy)
	bar(theme.Dim, "━", "with every Δ at its mean", e.Frozen)
	for i, o := range m.opt.Others {
		if x := o.EvalAt(m.shownStep()); x != nil && p.Room() > 0 {
			bar(otherRoles[i%len(otherRoles)], "┅", panel.Phrase(o.Name), x.Accuracy)
		}
	}
	return p.Lines()
}
