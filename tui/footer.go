package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui/theme"
)

// hint is one entry of the footer: keys and a word.
type hint struct{ keys, word string }

// paint draws the hints that fit into w cells, in their order. Help is shown
// before any other, for it leads to all of them.
func (m *Model) paint(hints []hint, w int) string { return paint(m.theme, hints, w) }

func paint(t *theme.Theme, hints []hint, w int) string {
	cells := func(h hint) int { return ansi.StringWidth(h.keys) + 1 + ansi.StringWidth(h.word) + 2 }
	room := w - 1
	show := make([]bool, len(hints))
	for i, h := range hints {
		if h.keys == "?" && cells(h) <= room {
			show[i] = true
			room -= cells(h)
		}
	}
	for i, h := range hints {
		if !show[i] && cells(h) <= room {
			show[i] = true
			room -= cells(h)
		}
	}
	var b strings.Builder
	b.WriteByte(' ')
	for i, h := range hints {
		if show[i] {
			b.WriteString(t.Paint(theme.Key, h.keys) + " " + t.Paint(theme.Dim, h.word) + "  ")
		}
	}
	return b.String()
}

// hints are the footer's keys, those that are useful now first.
func (m *Model) hints(w int) string {
	id := func(ids ...string) []hint {
		var out []hint
		for _, id := range ids {
			out = append(out, m.hintOf(id))
		}
		return out
	}
	var list []hint
	switch {
	case m.frame.Tokens.Len() == 0:
		list = id("insert", "prompts", "help", "quit")
	case m.over.kind == overBranches:
		list = []hint{{"↑↓", "choose"}, {"enter", "switch"}, {"c", "compare"}, {"n", "name"}, {"esc", "close"}}
	case m.turning() && m.over.kind == overNone:
		list = m.handHints()
	case m.over.kind == overArithmetic:
		list = append([]hint{{"esc", "close"}}, id("left", "up", "state-next", "clean-changed", "freeze", "help")...)
	case m.zoom != "":
		list = append([]hint{{"z esc", "back"}, {"tab", "next panel"}}, id("left", "up", "snapshot", "help")...)
	case m.view == WhatIf && m.frame.Changed == nil:
		list = append(id("tweaks", "freeze", "reset", "branches", "left"), hint{"1", "watch"}, hint{"?", "help"})
	case m.view == WhatIf:
		list = append(id("tweaks", "clean-changed", "left", "undo", "event-next", "branches"), hint{"1", "watch"}, hint{"?", "help"})
	case m.view == Instruments:
		list = append(id("left", "seek"), hint{"( )", "stretch"}, hint{"[ ]", "events"}, hint{"1", "watch"}, hint{"?", "help"})
	case m.view == Block:
		list = append(id("left", "up", "layer-next", "arithmetic"), hint{"1", "watch"}, hint{"?", "help"})
	case m.play.what != stopped:
		list = append([]hint{{"space", "pause"}, {"+ -", "speed"}}, id("insert", "left", "help")...)
	default:
		if len(m.play.queue) > 0 && m.follow {
			list = id("play")
		}
		list = append(list, id("insert", "left", "up", "freeze", "arithmetic", "event-next", "help", "tweaks", "generate", "prompts", "play", "search", "branches", "zoom", "block", "snapshot", "quit")...)
		seen := map[string]bool{}
		kept := list[:0]
		for _, h := range list {
			if !seen[h.keys] {
				kept = append(kept, h)
			}
			seen[h.keys] = true
		}
		list = kept
	}
	return m.paint(list, w)
}

// hintOf is the footer's form of a command; keys that go in pairs are shown as
// pairs.
func (m *Model) hintOf(id string) hint {
	c := m.table.byID[id]
	word := c.short
	if word == "" {
		word = c.id
	}
	switch id {
	case "left":
		return hint{"←→", word}
	case "up":
		return hint{"↑↓", word}
	case "event-next":
		return hint{"[ ]", word}
	case "state-next":
		return hint{", .", "state"}
	case "layer-next":
		return hint{"< >", "layer"}
	case "block":
		return hint{"1–4", word}
	}
	return hint{keyName(c.keys[0]), word}
}

// insertLine is the footer while typing: what can be typed, and how to leave.
func (m *Model) insertLine(w int) string {
	badge := m.theme.Paint(theme.Cursor, " INSERT ")
	room := w - ansi.StringWidth(badge) - 2
	alphabet := ansi.Truncate(m.alphabet(room), max(room-14, 10), "…")
	room -= ansi.StringWidth(alphabet)
	var hints []hint
	switch {
	case m.digits != "":
		hints = append(hints, hint{"space", "ends " + m.digits})
	case !m.follow:
		hints = append(hints, hint{"any", fmt.Sprintf("opens a branch after token %d", m.cursor.T)})
	}
	hints = append([]hint{{"esc", "leaves"}}, append(hints, hint{"backspace", "rolls back"}, hint{"←", "walks back"})...)
	return badge + " " + m.theme.Paint(theme.Accent, alphabet) + " " + m.paint(hints, room)
}

// generateLine is the footer while the model continues.
func (m *Model) generateLine(w int) string {
	state := "stopped"
	if m.play.what == generating {
		state = fmt.Sprintf("%g/s", speeds[m.play.speed])
	}
	badge := m.theme.Paint(theme.Cursor, " GENERATE ")
	text := " " + m.play.gen.String() + " · " + state + " "
	hints := []hint{{"space", "pause"}, {"t T", "temperature"}, {"k K", "top-k"}, {"e E", "seed"}, {"+ -", "speed"}, {"esc", "stop"}}
	if m.play.gen.temperature == 0 { // nothing else has an effect
		hints = []hint{{"space", "pause"}, {"esc", "stop"}, {"t", "temperature"}, {"+ -", "speed"}}
	}
	return badge + m.theme.Paint(theme.Text, text) +
		m.paint(hints, w-ansi.StringWidth(badge)-ansi.StringWidth(text))
}
