package tui

import (
	tea "charm.land/bubbletea/v2"
)

// View returns the screen. Bubble Tea calls it after every message, so the
// screen is assembled only when something on it changed.
func (m *Model) View() tea.View {
	if m.dirty || m.shown.Content == "" {
		m.dirty = false
		m.shown = tea.View{
			Content:     m.draw(),
			AltScreen:   true,
			MouseMode:   tea.MouseModeAllMotion,
			WindowTitle: "mamba-tui · " + oneLine(m.frame.Info.Card.Name),
		}
	}
	return m.shown
}
