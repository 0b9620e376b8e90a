package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui/theme"
)

// openHelp shows every key.
func (m *Model) openHelp() tea.Cmd {
	m.over = overlay{kind: overHelp}
	m.touch()
	return nil
}

// helpBox draws the help: the groups of the table in as many columns as fit.
func (m *Model) helpBox(w, h int) (box, int) {
	const colW = 52
	cols := clamp((w-6)/colW, 1, 3)
	inner := min(cols*colW, w-8)
	cell := inner / cols
	blocks := m.helpBlocks(cell - 2)
	columns := balance(blocks, cols)
	rows := 0
	for _, c := range columns {
		rows = max(rows, len(c))
	}
	visible := max(h-4, 1)
	m.over.rows = rows
	m.over.at = clamp(m.over.at, 0, max(rows-visible, 0))
	b := box{title: "every key", foot: "esc closes"}
	if rows > visible {
		b.foot = fmt.Sprintf("↑↓ scroll · %d–%d of %d lines · esc closes",
			m.over.at+1, min(m.over.at+visible, rows), rows)
	}
	for y := m.over.at; y < min(m.over.at+visible, rows); y++ {
		var line strings.Builder
		for _, c := range columns {
			s := ""
			if y < len(c) {
				s = c[y]
			}
			line.WriteString(fill(s, cell))
		}
		b.lines = append(b.lines, line.String())
	}
	return b, inner
}

// helpBlocks is one block of lines for each group.
func (m *Model) helpBlocks(w int) [][]string {
	const keyW = 9
	var out [][]string
	if m.opt.Version != "" {
		out = append(out, []string{m.theme.Paint(theme.Dim, "mamba-tui "+oneLine(m.opt.Version)), ""})
	}
	out = append(out, m.modelBlock(w))
	for _, g := range groups {
		lines := []string{m.theme.Paint(theme.Title, g)}
		for _, c := range m.table.all {
			if c.group != g || len(c.keys) == 0 {
				continue
			}
			text := ansi.Wordwrap(c.title, max(w-keyW-1, 10), "")
			for i, part := range strings.Split(text, "\n") {
				key := ""
				if i == 0 {
					key = keyNames(c.keys)
				}
				lines = append(lines, m.theme.Paint(theme.Key, fill(key, keyW))+" "+m.theme.Paint(theme.Text, part))
			}
		}
		out = append(out, append(lines, ""))
	}
	return out
}

// modelBlock says what the model is: its task, and what was measured of it.
func (m *Model) modelBlock(w int) []string {
	card := m.frame.Info.Card
	lines := []string{m.theme.Paint(theme.Title, "This model") + " " + m.theme.Paint(kindRole(card.Kind), kindText(card.Kind))}
	for _, text := range []string{card.Task, card.Note} {
		if text = oneLine(text); text == "" {
			continue
		}
		for _, part := range strings.Split(ansi.Wrap(text, max(w, 10), ""), "\n") {
			lines = append(lines, m.theme.Paint(theme.Text, part))
		}
	}
	return append(lines, "")
}

func keyNames(keys []string) string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = keyName(k)
	}
	return strings.Join(names, " ")
}

// balance puts blocks into columns of about the same height, in order.
func balance(blocks [][]string, cols int) [][]string {
	total := 0
	for _, b := range blocks {
		total += len(b)
	}
	out := make([][]string, cols)
	at := 0
	for _, b := range blocks {
		if at < cols-1 && len(out[at]) > 0 && len(out[at])+len(b)/2 > total/cols {
			at++
		}
		out[at] = append(out[at], b...)
	}
	return out
}
