package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
)

// markAt is the mark of a token.
func (m *Model) markAt(t int) (session.Mark, bool) {
	for _, k := range m.frame.Marks {
		if k.T == t {
			return k, true
		}
	}
	return session.Mark{}, false
}

// toggleMark sets or removes a mark at the cursor.
func (m *Model) toggleMark() tea.Cmd {
	t := m.cursor.T
	if _, ok := m.markAt(t); ok {
		m.do(session.DeleteMark{T: t})
		return m.say(note, fmt.Sprintf("mark at token %d removed", t))
	}
	m.do(session.SetMark{T: t})
	return m.say(note, fmt.Sprintf("token %d marked: [ and ] stop here, M names it, ' lists marks", t))
}

// nameMark asks for the name of the mark at the cursor, and sets it.
func (m *Model) nameMark() tea.Cmd {
	t := m.cursor.T
	old, _ := m.markAt(t)
	return m.question(question{
		badge: "NAME", hint: fmt.Sprintf("of the mark at token %d · enter sets it", t),
		done: func(m *Model, name string) tea.Cmd {
			m.do(session.SetMark{T: t, Name: name})
			if name == "" {
				return m.say(note, fmt.Sprintf("token %d marked", t))
			}
			return m.say(good, fmt.Sprintf("token %d is “%s”: : and its name go there", t, name))
		},
	}, old.Name)
}

// openMarks lists the marks.
func (m *Model) openMarks() tea.Cmd {
	if len(m.frame.Marks) == 0 {
		return m.say(note, "no marks yet: m marks the cursor's token, M names it")
	}
	m.over = overlay{kind: overMarks}
	m.touch()
	return nil
}

// markItems are the lines of the list.
func (m *Model) markItems() []item {
	var out []item
	for i, k := range m.frame.Marks {
		name := oneLine(k.Name)
		if name == "" {
			name = "mark"
		}
		out = append(out, item{text: name, detail: m.position(k.T), index: i})
	}
	return out
}
