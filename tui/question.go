package tui

import (
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui/theme"
)

// question is a line at the foot that asks for a text: what to search for,
// where to go, a name.
type question struct {
	badge   string // SEARCH, GO TO, NAME
	hint    string // what can be typed
	changed func(m *Model, text string) tea.Cmd
	step    func(m *Model, by int) tea.Cmd // ↑ and ↓; nil: nothing
	done    func(m *Model, text string) tea.Cmd
	left    func(m *Model) tea.Cmd // esc; nil: nothing more than closing
}

// ask opens a question, with a text to begin with.
func (m *Model) question(q question, text string) tea.Cmd {
	m.stop("")
	m.over = overlay{kind: overQuestion, ask: q, filter: text}
	m.touch()
	return nil
}

// questionText is a key or a paste in the line.
func (m *Model) questionText(text string) tea.Cmd {
	const most = 200
	if len(m.over.filter)+len(text) > most {
		return m.say(note, "200 bytes are the most this line takes")
	}
	m.over.filter += text
	return m.questionChanged()
}

func (m *Model) questionChanged() tea.Cmd {
	m.touch()
	if f := m.over.ask.changed; f != nil {
		return f(m, m.over.filter)
	}
	return nil
}

// questionErase shortens the text; an empty line closes.
func (m *Model) questionErase() tea.Cmd {
	r := []rune(m.over.filter)
	if len(r) == 0 {
		return m.questionLeave()
	}
	m.over.filter = string(r[:len(r)-1])
	return m.questionChanged()
}

// questionStep is ↑ or ↓.
func (m *Model) questionStep(by int) tea.Cmd {
	if f := m.over.ask.step; f != nil {
		return f(m, by)
	}
	return m.say(note, "type, then enter; esc closes")
}

// questionDone takes the text.
func (m *Model) questionDone() tea.Cmd {
	q, text := m.over.ask, m.over.filter
	m.closeOver()
	return q.done(m, text)
}

// questionLeave closes the line and changes nothing.
func (m *Model) questionLeave() tea.Cmd {
	q := m.over.ask
	m.closeOver()
	if q.left != nil {
		return q.left(m)
	}
	return nil
}

// questionLine is the footer while a question is open.
func (m *Model) questionLine(w int) string {
	q := m.over.ask
	badge := m.theme.Paint(theme.Cursor, " "+q.badge+" ")
	text := oneLine(m.over.filter)
	room := w - ansi.StringWidth(badge) - 3
	if n := ansi.StringWidth(text); n > room {
		text = "…" + ansi.TruncateLeft(text, n-room+1, "")
	}
	line := badge + " " + m.theme.Paint(theme.Text, text) + m.theme.Paint(theme.Cursor, " ")
	return line + m.theme.Paint(theme.Dim, ansi.Truncate("  "+q.hint, max(w-ansi.StringWidth(line), 0), "…"))
}
