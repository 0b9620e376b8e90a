package tui

import (
	"fmt"
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
)

// needTweak is the reason of what compares two runs.
func needTweak(m *Model) string {
	if m.frame.Changed == nil {
		return "there is no changed run yet: f freezes Δ, t changes more, b compares branches"
	}
	return ""
}

// toggleChanged flips which run the maps show; in What-if their difference
// comes first.
func (m *Model) toggleChanged() tea.Cmd {
	a, b := "the clean run", "the changed run"
	if m.compared() != 0 {
		a, b = "the branch you are on", "the other branch"
	}
	o := &m.ctx.Opt
	switch {
	case m.view == WhatIf && m.difference:
		m.difference, o.Changed = false, true
	case m.view == WhatIf && !o.Changed:
		m.difference, o.Changed = true, m.compared() == 0
	default:
		o.Changed = !o.Changed
	}
	m.turn()
	switch {
	case m.view == WhatIf && m.difference:
		return m.say(note, "maps show the difference of the two runs")
	case o.Changed:
		return m.say(note, "maps show "+b)
	}
	return m.say(note, "maps show "+a)
}

// sameBC says of B and of C that their difference is shown and there is none.
func (m *Model) sameBC() (b, c bool) {
	x, y := m.frame.Clean, m.frame.Changed
	if m.view != WhatIf || !m.difference || x == nil || y == nil || x.From != y.From || x.To != y.To {
		return false, false
	}
	return slices.Equal(x.B, y.B), slices.Equal(x.C, y.C)
}

// canUndo is the reason where there is nothing to undo.
func canUndo(m *Model) string {
	if m.acked() && m.frame.CanUndo == "" {
		return "nothing to undo: no change was made yet"
	}
	return ""
}

// canRedo is the reason where nothing was undone.
func canRedo(m *Model) string {
	if m.acked() && m.frame.CanRedo == "" {
		return "nothing to redo"
	}
	return ""
}

func (m *Model) undo() tea.Cmd {
	what := m.frame.CanUndo
	m.do(session.Undo{})
	return m.changing("undone: " + what)
}

func (m *Model) redo() tea.Cmd {
	what := m.frame.CanRedo
	m.do(session.Redo{})
	return m.changing("done again: " + what)
}

// changing waits for a list that only the session knows.
func (m *Model) changing(what string) tea.Cmd {
	m.hand.asked, m.hand.upTo = m.tweaks(), m.did
	m.askNo++
	m.turn()
	return tea.Batch(m.after(lateAfter, staleMsg{m.askNo}), m.say(note, what))
}

// keepTweaks asks for the name under which the changes are kept.
func (m *Model) keepTweaks() tea.Cmd {
	if len(m.tweaks()) == 0 {
		return m.say(note, "nothing is changed: there is nothing to keep")
	}
	return m.question(question{
		badge: "KEEP", hint: "name of what is changed · enter keeps it as a branch",
		done: func(m *Model, name string) tea.Cmd {
			if name == "" {
				return m.say(note, "give a name: the changes are not kept")
			}
			m.do(session.KeepTweaks{Name: name})
			return nil
		},
	}, "")
}

// askToken asks for the symbol that stands at the cursor instead.
func (m *Model) askToken(k *knob) tea.Cmd {
	hint := "the symbol to read here instead: " + m.alphabet(40)
	return m.question(question{
		badge: "TOKEN", hint: hint,
		done: func(m *Model, text string) tea.Cmd {
			id, why := m.idOf(text)
			if why != "" {
				return m.say(bad, why)
			}
			aim := m.aim(k)
			if t := m.aimed(k); t != nil {
				aim = *t
			}
			return m.put(k, aim, session.Tweak{Token: id}, id != m.tokenAt(aim.From).ID)
		},
	}, "")
}

// idOf is the token id that a text stands for, or why it stands for none.
func (m *Model) idOf(text string) (id int32, why string) {
	if m.split == nil {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n >= m.vocabulary() {
			return 0, fmt.Sprintf("%s is no token id: 0 to %d", text, m.vocabulary()-1)
		}
		return int32(n), ""
	}
	tokens, err := m.split.Encode(text, true)
	switch {
	case err != nil:
		return 0, err.Error()
	case len(tokens) != 1:
		return 0, fmt.Sprintf("%s is %s, and one stands here", text, count(len(tokens), "token"))
	}
	return tokens[0].ID, ""
}

// do gives an operation to the engine and remembers its number.
func (m *Model) do(op session.Op) { m.did = m.engine.Do(op) }

// acked says that everything asked of the engine was done.
func (m *Model) acked() bool { return m.frame.Done >= m.did }

// length is the number of tokens of the history.
func (m *Model) length() int { return m.frame.Tokens.Len() }

// tokenAt is a token of the history.
func (m *Model) tokenAt(t int) session.Token { return m.frame.Tokens.At(t) }

// vocabulary is the number of ids that mean something.
func (m *Model) vocabulary() int {
	if n := len(m.frame.Info.Texts); n > 0 {
		return n
	}
	return m.frame.Info.Config.VocabSize
}
