package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui/theme"
)

// hint is one entry of the footer: keys and a word.
type hint struct{ keys, word string }

// paint draws hints that fit into w cells; the last ones go first.
func (m *Model) paint(hints []hint, w int) string {
	var b strings.Builder
	used := 1
	b.WriteByte(' ')
	for _, h := range hints {
		n := ansi.StringWidth(h.keys) + 1 + ansi.StringWidth(h.word) + 2
		if used+n > w {
			continue
		}
		used += n
		b.WriteString(m.theme.Paint(theme.Key, h.keys))
		b.WriteString(" ")
		b.WriteString(m.theme.Paint(theme.Dim, h.word))
		b.WriteString("  ")
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
	case len(m.frame.Tokens) == 0:
		list = id("insert", "prompts", "help", "quit")
	case m.over.kind == overArithmetic:
		list = append([]hint{{"esc", "close"}}, id("left", "up", "state-next", "clean-changed", "freeze", "help")...)
	case m.zoom != "":
		list = append([]hint{{"z esc", "back"}, {"tab", "next panel"}}, id("left", "up", "snapshot", "help")...)
	case m.view == WhatIf && len(m.frame.Tweaks) == 0:
		list = append(id("freeze", "left"), hint{"1", "watch"}, hint{"?", "help"})
	case m.view == WhatIf:
		list = append(id("clean-changed"), hint{"f", "undo freeze"}, hint{"←→", "time"}, hint{"[ ]", "events"}, hint{"1", "watch"}, hint{"?", "help"})
	case m.view == Block:
		list = append(id("left", "up", "layer-next", "arithmetic"), hint{"1", "watch"}, hint{"?", "help"})
	case m.play.what != stopped:
		list = append([]hint{{"space", "pause"}, {"+ -", "speed"}}, id("insert", "left", "help")...)
	default:
		if len(m.play.queue) > 0 && m.follow {
			list = id("play")
		}
		list = append(list, id("insert", "left", "up", "freeze", "arithmetic", "event-next", "help", "generate", "prompts", "play", "zoom", "block", "snapshot", "quit")...)
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
		return hint{"1 2 3", word}
	}
	return hint{keyName(c.keys[0]), word}
}

// insertLine is the footer while typing: what can be typed, and how to leave.
func (m *Model) insertLine(w int) string {
	where := "at the end"
	if !m.follow {
		where = fmt.Sprintf("after token %d: opens a branch", m.cursor.T)
	}
	if m.digits != "" {
		where = "id " + m.digits + "▏ space ends it"
	}
	badge := m.theme.Paint(theme.Focus, " INSERT ")
	keys := m.paint([]hint{{"esc", "leaves"}, {"backspace", "rolls back"}}, max(w-30, 12))
	room := max(w-ansi.StringWidth(badge)-ansi.StringWidth(keys)-ansi.StringWidth(where)-4, 8)
	alphabet := ansi.Truncate(m.alphabet(room), room, "…")
	return badge + " " + m.theme.Paint(theme.Accent, alphabet) + " " +
		m.theme.Paint(theme.Dim, where) + " " + keys
}

// generateLine is the footer while the model continues.
func (m *Model) generateLine(w int) string {
	state := "stopped"
	if m.play.what == generating {
		state = fmt.Sprintf("%g/s", speeds[m.play.speed])
	}
	badge := m.theme.Paint(theme.Focus, " GENERATE ")
	text := " " + m.play.gen.String() + " · " + state + " "
	hints := []hint{{"space", "pause"}, {"t T", "temperature"}, {"k K", "top-k"}, {"e E", "seed"}, {"+ -", "speed"}, {"esc", "stop"}}
	if m.play.gen.temperature == 0 { // nothing else has an effect
		hints = []hint{{"space", "pause"}, {"esc", "stop"}, {"t", "temperature"}, {"+ -", "speed"}}
	}
	return badge + m.theme.Paint(theme.Text, text) +
		m.paint(hints, w-ansi.StringWidth(badge)-ansi.StringWidth(text))
}
