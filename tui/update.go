package tui

import (
	tea "charm.land/bubbletea/v2"
)

// Update handles one message. Each group of messages has a file of its own.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		m.turn()
		return m, m.ask()
	case tea.BackgroundColorMsg:
		if m.opt.Dark == nil && m.dark != msg.IsDark() {
			m.dark = msg.IsDark()
			m.setTheme()
		}
	case tea.ColorProfileMsg:
		if m.opt.Profile != msg.Profile {
			m.opt.Profile = msg.Profile
			m.setTheme()
		}
	case tea.KeyPressMsg:
		return m, m.onKey(msg)
	case tea.PasteMsg:
		return m, m.paste(msg.Content)
	case tea.MouseMsg:
		return m, m.onMouse(msg)
	case frameMsg:
		return m, m.onFrame()
	case staleMsg:
		m.onStale(msg.n)
	case playMsg:
		return m, m.onPlay(msg.n)
	case verdictMsg:
		return m, m.onVerdict(msg)
	case toastMsg:
		m.onToast(msg.n)
	case deviceMsg:
		return m, m.watchDevice()
	case recordMsg:
		return m, m.onRecord(msg)
	case snapshotMsg:
		return m, m.onSnapshot(msg)
	case tea.ResumeMsg:
		m.turn()
	case SignalMsg:
		return m, m.quit()
	}
	return m, nil
}
