package tui

import (
	"image"
	"time"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/tui/panel"
)

// onMouse lets hovering and clicking set the cursor, and the wheel pan time.
// Hovering never interrupts what moves by itself; a click does.
func (m *Model) onMouse(msg tea.MouseMsg) tea.Cmd {
	if m.layout.TooSmall {
		return nil
	}
	e := msg.Mouse()
	switch msg.(type) {
	case tea.MouseWheelMsg:
		return m.onWheel(e)
	case tea.MouseMotionMsg:
		if m.over.kind != overNone || m.insert || m.play.what != stopped {
			return nil
		}
		// Over the timeline only dragging moves: a cell there is many tokens.
		if c, id, ok := m.hit(e.X, e.Y); ok && (id != "timeline" || e.Button == tea.MouseLeft) {
			return m.point(c)
		}
	case tea.MouseClickMsg:
		if e.Button != tea.MouseLeft {
			return nil
		}
		if m.over.kind != overNone && m.over.kind != overGenerate {
			if !image.Pt(e.X, e.Y).In(m.over.box) {
				return m.closeOver()
			}
			return m.listClick(e.Y)
		}
		if id, ok := m.panelAt(e.X, e.Y); ok && id != m.focused() && m.zoom == "" {
			m.focus = id
			m.turn()
		}
		if id, ok := m.panelAt(e.X, e.Y); ok && id == "tweaks" {
			return m.handClick(e.Y)
		}
		if c, _, ok := m.hit(e.X, e.Y); ok {
			m.stop("")
			if m.insert && c.T != m.cursor.T {
				m.leaveInsert()
			}
			return m.point(c)
		}
	}
	return nil
}

// onWheel pans time, or scrolls what is open.
func (m *Model) onWheel(e tea.Mouse) tea.Cmd {
	by := 0
	switch e.Button {
	case tea.MouseWheelUp, tea.MouseWheelLeft:
		by = -1
	case tea.MouseWheelDown, tea.MouseWheelRight:
		by = 1
	}
	if by == 0 {
		return nil
	}
	if m.over.kind != overNone && m.over.kind != overGenerate && m.over.kind != overArithmetic {
		m.listMove(by)
		return nil
	}
	if id, ok := m.panelAt(e.X, e.Y); ok && id == "tweaks" && m.turning() {
		return m.handMove(by)
	}
	if m.frame.Tokens.Len() == 0 {
		return nil
	}
	m.stop("")
	if m.insert {
		m.leaveInsert()
	}
	at := m.cursor.T + 3*by
	if m.frame.Tokens.Len() > m.ctx.Axis.Slots() {
		return m.pan(3 * by)
	}
	return m.seek(at)
}

// panelAt is the panel under a cell of the screen.
func (m *Model) panelAt(x, y int) (string, bool) {
	for _, p := range m.layout.Places {
		if image.Pt(x, y).In(p.Rect) {
			return p.ID, true
		}
	}
	return "", false
}

// hit is the cursor that a cell of the screen stands for.
func (m *Model) hit(x, y int) (panel.Cursor, string, bool) {
	for _, p := range m.layout.Places {
		if image.Pt(x, y).In(p.Rect) {
			m.fillContext()
			c, ok := m.screen.panels[p.ID].Hit(&m.ctx, x-p.Rect.Min.X, y-p.Rect.Min.Y)
			return c, p.ID, ok
		}
	}
	return panel.Cursor{}, "", false
}

// point moves the cursor to what the mouse showed.
func (m *Model) point(c panel.Cursor) tea.Cmd {
	if c == m.cursor {
		return nil
	}
	if c.T != m.cursor.T {
		m.pause()
	}
	if c.D != m.cursor.D || c.N != m.cursor.N {
		m.chosen = true
	}
	m.cursor = c
	m.clampCursor()
	m.centre()
	if m.cursor.T == m.frame.Tokens.Len()-1 {
		m.follow = true
	}
	m.relay = true
	m.touch()
	return m.ask()
}

// coalesce lets one mouse movement through per gap; clicks, wheel and keys
// always pass. A terminal sends hundreds of movements a second, and every one
// that passes costs an update and a view.
func coalesce(now func() time.Time, gap time.Duration) func(tea.Model, tea.Msg) tea.Msg {
	var last time.Time
	return func(_ tea.Model, msg tea.Msg) tea.Msg {
		if _, ok := msg.(tea.MouseMotionMsg); !ok {
			return msg
		}
		t := now()
		if t.Sub(last) < gap {
			return nil
		}
		last = t
		return msg
	}
}
