package tui

import (
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/tokenizer"
	"mamba-tui/tui/theme"
)

// tone is how a toast is meant.
type tone uint8

const (
	note tone = iota
	good
	bad
)

func (t tone) role() theme.Role {
	switch t {
	case good:
		return theme.Good
	case bad:
		return theme.Bad
	}
	return theme.Accent
}

// toast is one short sentence about what a key did, or why it did nothing.
type toast struct {
	text string
	tone tone
	n    int // numbers the toasts, so that an old timer ends no newer one
}

type toastMsg struct{ n int }

// maxToast bounds what a toast holds: an error may quote a file.
const maxToast = 400

// say shows a toast for as long as it takes to read it.
func (m *Model) say(t tone, text string) tea.Cmd {
	text = oneLine(text)
	if len(text) > maxToast {
		text = text[:maxToast]
		for !utf8.ValidString(text) {
			text = text[:len(text)-1]
		}
		text += "…"
	}
	m.toast = toast{text: text, tone: t, n: m.toast.n + 1}
	m.touch()
	stay := 2500*time.Millisecond + time.Duration(len(text))*30*time.Millisecond
	if t == bad {
		stay *= 2
	}
	return m.after(stay, toastMsg{m.toast.n})
}

// onToast ends a toast whose time is over.
func (m *Model) onToast(n int) {
	if n == m.toast.n {
		m.hush()
	}
}

// hush ends the toast that is shown.
func (m *Model) hush() {
	if m.toast.text != "" {
		m.toast.text = ""
		m.touch()
	}
}

// oneLine makes text safe and single-lined; spaces stay spaces.
func oneLine(text string) string {
	out := make([]byte, 0, len(text))
	start := 0
	for i := 0; i <= len(text); i++ {
		if i == len(text) || text[i] == ' ' || text[i] == '\n' {
			out = append(out, tokenizer.Visible(text[start:i])...)
			if i < len(text) {
				out = append(out, ' ')
			}
			start = i + 1
		}
	}
	return string(out)
}
