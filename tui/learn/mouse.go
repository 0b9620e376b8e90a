package learn

import (
	"image"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/tui/plot"
)

// onMouse lets a click focus a panel, a click or drag on a curve show that step,
// and the wheel scrub.
func (m *Model) onMouse(msg tea.MouseMsg) tea.Cmd {
	if m.layout.tooSmall || m.help || m.asking != askNothing || len(m.h.Probes) == 0 {
		return nil
	}
	e := msg.Mouse()
	switch msg.(type) {
	case tea.MouseWheelMsg:
		switch e.Button {
		case tea.MouseWheelUp, tea.MouseWheelLeft:
			return m.scrub(-1)
		case tea.MouseWheelDown, tea.MouseWheelRight:
			return m.scrub(1)
		}
		return nil
	case tea.MouseClickMsg, tea.MouseMotionMsg:
		if e.Button != tea.MouseLeft {
			return nil
		}
	default:
		return nil
	}
	for _, p := range m.layout.places {
		if !image.Pt(e.X, e.Y).In(p.rect) {
			continue
		}
		if _, click := msg.(tea.MouseClickMsg); click {
			m.focus = p.id
			m.touch()
		}
		if x := e.X - p.rect.Min.X - axisW; x >= 0 && isCurve(p.id) {
			a := axes{p: plot.New(p.rect.Dx()-axisW, 1), steps: m.span()}
			m.seek(a.stepAt(x))
		}
	}
	return nil
}

// isCurve says that a panel's columns are steps.
func isCurve(id string) bool {
	return id == panelLoss || id == panelAccuracy || id == panelClasses || id == panelNorm
}

// seek shows the probe nearest to a step.
func (m *Model) seek(step int) {
	m.playing = 0
	i := m.h.ProbeAt(step)
	if i+1 < len(m.h.Probes) && m.h.Probes[i+1].Step-step < step-m.h.Probes[i].Step {
		i++
	}
	m.live = i >= len(m.h.Probes)-1
	if !m.live {
		m.at = m.h.Probes[i].Step
	}
	m.touch()
}
