package learn

import (
	"fmt"
	"slices"
	"strings"

	"mamba-tui/model/session"
	"mamba-tui/model/task"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/learn/history"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

// ribbonOf is the mean Δ of each token over the group.
func (m *Model) ribbonOf(l *history.Layer) []float32 {
	group, D, T := m.group(), m.h.Info.Channels, m.h.Info.T()
	out := make([]float32, T)
	for t := range out {
		row := l.Delta[t*D : (t+1)*D]
		var sum float64
		if group == nil {
			for _, x := range row {
				sum += float64(x)
			}
			out[t] = float32(sum / float64(D))
			continue
		}
		for _, d := range group {
			sum += float64(row[d])
		}
		out[t] = float32(sum / float64(len(group)))
	}
	return out
}

// ribbonRange is the range of the ribbon's colours over all probes.
func (m *Model) ribbonRange() heat.Range {
	// The group may change with a new probe, so nothing is kept: T·D additions a
	// probe are little.
	var hi float32
	for _, p := range m.h.Probes {
		hi = max(hi, slices.Max(m.ribbonOf(&p.Layers[m.layer])))
	}
	var a heat.AutoRange
	a.Observe([]float32{hi})
	return a.Range()
}

// tokenLines is the ribbon: the tokens on the colour of their Δ, under them the
// classes and what the model answers.
func (m *Model) tokenLines(w, h int) []string {
	p := panel.NewPage(m.theme, w, h)
	info, probe := m.h.Info, m.probe()
	focus := m.focused() == panelTokens
	parts := []panel.Part{}
	if probe != nil {
		parts = append(parts, panel.Part{Long: fmt.Sprintf("step %d", probe.Step), Keep: 9, Role: theme.Accent})
	}
	if info.Layers > 1 {
		parts = append(parts, panel.Part{Long: fmt.Sprintf("layer %d of %d", m.layer, info.Layers), Short: fmt.Sprintf("layer %d/%d", m.layer, info.Layers), Keep: 8})
	}
	right, role := m.answers(probe)
	parts = append(parts, panel.Part{Long: right, Short: strings.Replace(right, " answers", "", 1), Keep: 7, Role: role},
		panel.Part{Long: "colour = mean Δ " + m.groupName(), Short: "colour = Δ", Keep: 4})
	p.Title(focus, "probe", parts...)
	if h < 2 {
		return p.Lines()
	}
	cw := m.layout.cellW
	r := p.Row().Pad(m.layout.gutter)
	var delta []float32
	var rng heat.Range
	if probe != nil {
		delta, rng = m.ribbonOf(&probe.Layers[m.layer]), m.ribbonRange()
	}
	for t, id := range info.Tokens {
		text := panel.Clip(panel.Safe(symbol(info, id)), cw)
		text += spaces(cw - panel.Width(text))
		if delta == nil {
			r.Put(theme.Text, text)
			continue
		}
		r.Raw(m.theme.Level(true, rng.Pixel(float64(delta[t])), text), cw)
	}
	if p.Room() > 0 {
		m.answerLine(p.Row(), probe)
	}
	return p.Lines()
}

// symbol is the text of a token, or its number.
func symbol(info *history.Info, id int32) string {
	if s := info.Symbol(id); s != "" {
		return s
	}
	return fmt.Sprint(id)
}

// answers counts the right answers of a probe.
func (m *Model) answers(p *history.Probe) (string, theme.Role) {
	if p == nil {
		return "", theme.Dim
	}
	right := 0
	for i, a := range m.h.Info.Asks {
		if p.Best[i] == a.Answer {
			right++
		}
	}
	n := len(m.h.Info.Asks)
	role := theme.Warn
	if right == n {
		role = theme.Good
	}
	return fmt.Sprintf("%d of %d answers right", right, n), role
}

// answerLine is the classes' signs, and at each question the model's answer.
func (m *Model) answerLine(r *panel.Row, probe *history.Probe) {
	info, cw := m.h.Info, m.layout.cellW
	r.Put(theme.Dim, panel.Right("says", m.layout.gutter-1)).Pad(1)
	asks := map[int]int{}
	for i, a := range info.Asks {
		asks[a.At] = i
	}
	for t := range info.Tokens {
		c := info.Class(t)
		sign, role := classSigns[c], classRoles[c]
		if c == task.Noise || c == task.Query {
			sign = " "
		}
		if i, ok := asks[t]; ok && probe != nil {
			sign, role = panel.Safe(symbol(info, probe.Best[i])), theme.Bad
			if probe.Best[i] == info.Asks[i].Answer {
				role = theme.Good
			}
			// The sign says it without colour, where no answer stands close by.
			if _, next := asks[t+1]; cw >= 3 || cw == 2 && !next {
				sign += map[theme.Role]string{theme.Good: "✔", theme.Bad: "✘"}[role]
			}
		}
		sign = panel.Clip(sign, cw)
		r.Put(role, sign).Pad(cw - panel.Width(sign))
	}
}

// keptLines is the share of h that survives each token.
func (m *Model) keptLines(w, h int) []string {
	p := panel.NewPage(m.theme, w, h)
	probe := m.probe()
	p.Title(m.focused() == panelKept, "kept", panel.Part{Long: "ρ = ‖Ā⊙h‖ / ‖h‖, share of h that survives", Short: "share of h", Keep: 3},
		panel.Part{Long: fmt.Sprintf("┆ ρ < %s", panel.Short(session.HalfBelow)), Short: fmt.Sprintf("┆<%s", panel.Short(session.HalfBelow)), Keep: 6},
		panel.Part{Long: fmt.Sprintf("┃ ρ < %s", panel.Short(session.WipeBelow)), Short: fmt.Sprintf("┃<%s", panel.Short(session.WipeBelow)), Keep: 6})
	if probe == nil {
		return p.Lines()
	}
	n, cw := p.Room(), m.layout.cellW
	levels := make([]float64, m.h.Info.T())
	for t, rho := range probe.Layers[m.layer].Kept {
		levels[t] = float64(rho)
	}
	for y, line := range heat.Columns(nil, levels, n, 1) {
		label := ""
		switch y {
		case 0:
			label = "1"
		case n - 1:
			label = "0"
		}
		if n == 1 {
			label = "ρ"
		}
		r := p.Row().Put(theme.Dim, panel.Right(label, m.layout.gutter-1)).Pad(1)
		t := 0
		for _, glyph := range line {
			tick := session.TickOf(probe.Layers[m.layer].Kept[t])
			switch {
			case tick == session.TickWipe:
				r.Put(theme.Wipe, "┃").Pad(cw - 1)
			case tick == session.TickHalf:
				r.Put(theme.Half, "┆").Pad(cw - 1)
			default:
				role := theme.Bar
				if levels[t] >= 0.8 {
					role = theme.BarDim
				}
				for range cw {
					r.Put(role, string(glyph))
				}
			}
			t++
		}
	}
	return p.Lines()
}

func spaces(n int) string { return panel.Right("", n) }
