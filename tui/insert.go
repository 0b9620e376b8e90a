package tui

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
	"mamba-tui/model/tokenizer"
)

// maxPaste bounds a paste: 1 MiB is about a million tokens of the built-in
// models, as much as a session is made for.
const maxPaste = 1 << 20

// enterInsert makes printable keys text.
func (m *Model) enterInsert() tea.Cmd {
	m.stop("")
	m.insert = true
	m.over = overlay{}
	m.hand.open = false
	m.ctx.Typing = true
	m.turn()
	if m.cursor.T < m.frame.Tokens.Len()-1 {
		return m.say(note, fmt.Sprintf("typing after token %d opens a branch; the history stays", m.cursor.T))
	}
	return nil
}

// leaveInsert makes them commands again.
func (m *Model) leaveInsert() {
	m.insert = false
	m.digits = ""
	m.ctx.Typing = false
	m.turn()
}

// typeText steps the model with what a key or a paste brought.
func (m *Model) typeText(text string, flags session.Flags) tea.Cmd {
	if outside := m.refused(text); outside != "" {
		return m.say(bad, fmt.Sprintf("%s is not in the alphabet, and strict mode refuses it: %s",
			outside, m.alphabet(40)))
	}
	at := m.cursor.T
	if m.follow {
		at = session.End
	}
	if !m.intro.on { // the tour still needs the prompt's question
		m.play.queue = nil // typing leaves the prompt: its rest no longer follows
	}
	m.typeAt(at, text, flags)
	return nil
}

// refused is the first character strict mode will not take, or "". A long text
// is left to the session, which refuses it with the same reason.
func (m *Model) refused(text string) string {
	if !m.opt.Strict || m.split == nil || len(text) >= longText {
		return ""
	}
	tokens, err := m.split.Encode(text, false)
	if err != nil {
		return ""
	}
	for _, t := range tokens {
		if t.Other {
			return tokenizer.Visible(t.Text)
		}
	}
	return ""
}

// insertKey handles a printable key in insert mode.
func (m *Model) insertKey(text string) tea.Cmd {
	if m.split != nil {
		return m.typeText(text, session.FromKeys)
	}
	// A model without symbols is typed as numbers: digits collect until a
	// space or enter ends them.
	switch {
	case len(text) == 1 && text[0] >= '0' && text[0] <= '9':
		if len(m.digits) >= 9 {
			return m.say(note, "a token id has at most 9 digits")
		}
		m.digits += text
		m.touch()
		return nil
	case text == " ":
		return m.endNumber()
	}
	return m.say(note, fmt.Sprintf("this model has no symbols: type token ids 0 to %d, a space ends each",
		m.frame.Info.Config.VocabSize-1))
}

// endNumber types the id that was collected.
func (m *Model) endNumber() tea.Cmd {
	if m.digits == "" {
		return m.say(note, "type a token id first: digits, then a space")
	}
	text := m.digits
	m.digits = ""
	m.touch()
	return m.typeText(text, session.FromKeys)
}

// insertEnter types a line feed, or ends a number.
func (m *Model) insertEnter() tea.Cmd {
	if m.split == nil {
		return m.endNumber()
	}
	return m.typeText("\n", session.FromKeys)
}

// backspace rolls the newest token back.
func (m *Model) backspace() tea.Cmd {
	if m.digits != "" {
		m.digits = m.digits[:len(m.digits)-1]
		m.touch()
		return nil
	}
	if !m.follow {
		return m.say(note, "backspace rolls the newest token back, and the cursor is in the past: end goes there")
	}
	if m.frame.Tokens.Len() == 0 && m.sent == 0 {
		return m.say(note, "nothing to roll back")
	}
	m.do(session.Back{N: 1})
	m.sent = max(m.sent-1, 0)
	return nil
}

// paste prefills a block of text, in any mode but a list.
func (m *Model) paste(text string) tea.Cmd {
	switch {
	case m.over.kind == overQuestion:
		return m.questionText(oneLine(text))
	case m.over.kind == overPalette || m.over.kind == overPrompts || m.over.kind == overMarks:
		m.over.filter += oneLine(text)
		m.filterChanged()
		return nil
	case len(text) > maxPaste:
		return m.say(bad, fmt.Sprintf("the paste has %d bytes, at most %d are taken: use --prompt-file", len(text), maxPaste))
	case !utf8.ValidString(text):
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	if text == "" {
		return m.say(note, "the paste is empty")
	}
	m.over = overlay{}
	m.stop("")
	if cmd := m.typeText(text, session.FromKeys); cmd != nil {
		return cmd
	}
	if len(text) >= longText {
		return m.say(good, count(utf8.RuneCountInString(text), "character")+" pasted")
	}
	return m.say(good, count(m.tokensIn(text), "token")+" pasted")
}

// alphabet lists what can be typed, up to n cells or so. Runs of letters and
// digits are written as ranges.
func (m *Model) alphabet(n int) string {
	if m.split == nil {
		return fmt.Sprintf("token ids 0–%d", m.frame.Info.Config.VocabSize-1)
	}
	a := slices.Clone(m.frame.Info.Alphabet)
	var b strings.Builder
	for i := 0; i < len(a); {
		j := i
		for j+1 < len(a) && follows(a[j], a[j+1]) {
			j++
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		if utf8.RuneCountInString(b.String()) > n {
			b.WriteString("…")
			break
		}
		b.WriteString(tokenizer.Visible(a[i]))
		if j > i+1 {
			b.WriteString("–" + tokenizer.Visible(a[j]))
			i = j + 1
			continue
		}
		i++
	}
	return b.String()
}

// follows says that b is the letter or digit after a.
func follows(a, b string) bool {
	if len(a) != 1 || len(b) != 1 || b[0] != a[0]+1 {
		return false
	}
	in := func(c, lo, hi byte) bool { return c >= lo && c <= hi }
	return in(a[0], '0', '8') || in(a[0], 'a', 'y') || in(a[0], 'A', 'Y')
}
