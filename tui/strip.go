package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
)

// stripSteps is how much shorter a stretch of the timeline gets with a step.
const stripStep = 4

// span is what the timeline asks for: all of the history, or a stretch around
// the cursor, in as many cells as it is wide. Nothing where it is not shown.
func (m *Model) span() session.Span {
	if !slices.ContainsFunc(m.layout.Places, func(p Place) bool { return p.ID == "timeline" }) {
		return session.Span{}
	}
	n := m.length()
	s := session.Span{To: session.End, Cells: m.layout.Cols}
	if w := m.stretch(); w < n {
		// Stretches lie on a grid of halves, so that the strip stands still while
		// the cursor walks through it.
		half := max(w/2, 1)
		s.From = clamp(m.cursor.T/half*half-half/2, 0, n-w)
		s.To = s.From + w
	}
	return s
}

// long says that the history is so much longer than what the maps show that
// the timeline is worth its lines.
func (m *Model) long() bool {
	slots := m.ctx.Axis.Slots()
	return slots > 0 && 2*m.length() > 3*slots
}

// stretch is how many tokens the timeline shows.
func (m *Model) stretch() int {
	n := m.length()
	for range m.strip {
		n /= stripStep
	}
	return max(n, min(m.layout.Cols, m.length()))
}

// zoomStrip makes the timeline show less or more of the history.
func (m *Model) zoomStrip(by int) tea.Cmd {
	before := m.stretch()
	m.strip = max(m.strip+by, 0)
	now := m.stretch()
	switch {
	case now == before && by > 0:
		m.strip -= by
		return m.say(note, "the timeline shows a token a cell already")
	case now == before:
		return m.say(note, "the timeline shows the whole history already")
	}
	m.turn()
	return tea.Batch(m.ask(), m.say(note, fmt.Sprintf("the timeline shows %s of %d", count(now, "token"), m.length())))
}
