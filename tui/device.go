package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// deviceMsg says that it is time to look at the GPU again.
type deviceMsg struct{}

// deviceEvery is how often: as often as it is read.
const deviceEvery = 500 * time.Millisecond

// watchDevice looks at the newest reading of the GPU, if the model computes on
// one, and asks to be called again. Reading goes on elsewhere: nothing waits.
func (m *Model) watchDevice() tea.Cmd {
	if m.opt.Device == nil {
		return nil
	}
	before := m.ctx.Device
	m.ctx.Device = nil
	if d, ok := m.opt.Device(); ok {
		m.ctx.Device = &d
	}
	if before != m.ctx.Device {
		if m.view == Instruments {
			m.ctx.Rev++
		}
		m.touch()
	}
	return m.after(deviceEvery, deviceMsg{})
}

// hasDevice says that there is a GPU to show.
func (m *Model) hasDevice() bool { return m.opt.Device != nil }
