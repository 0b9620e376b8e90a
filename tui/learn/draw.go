package learn

import (
	"slices"
	"strings"

	"mamba-tui/tui"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// draw assembles the screen: exactly h2 lines of exactly w cells.
func (m *Model) draw() string {
	m.draws++
	if m.w <= 0 || m.h2 <= 0 {
		return ""
	}
	info := m.h.Info
	m.layout = arrange(m.w, m.h2, m.zoom, facts{
		T: info.T(), D: info.Channels, N: info.States,
		perLine: heat.RowsPerLine(m.theme.Depth), classes: len(classesOf(info)), runs: 2 + len(m.opt.Others),
	})
	l := &m.layout
	if l.tooSmall {
		return tui.TooSmall(m.w, m.h2)
	}
	lines := make([]string, m.h2)
	lines[0] = m.statusLine()
	type piece struct {
		x, w int
		text string
	}
	rows := make([][]piece, m.h2)
	for _, p := range l.places {
		for i, s := range m.panelLines(p.id, p.rect.Dx(), p.rect.Dy()) {
			rows[p.rect.Min.Y+i] = append(rows[p.rect.Min.Y+i], piece{p.rect.Min.X, p.rect.Dx(), s})
		}
	}
	rule := m.theme.Paint(theme.Dim, "│")
	for _, r := range l.rules {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			rows[y] = append(rows[y], piece{r.Min.X, 1, rule})
		}
	}
	for y := l.status.Max.Y; y < l.caption.Min.Y; y++ {
		slices.SortFunc(rows[y], func(a, b piece) int { return a.x - b.x })
		var b strings.Builder
		x := 0
		for _, p := range rows[y] {
			b.WriteString(spaces(p.x - x))
			b.WriteString(p.text)
			x = p.x + p.w
		}
		b.WriteString(spaces(m.w - x))
		lines[y] = b.String()
	}
	copy(lines[l.caption.Min.Y:], m.captionLines(l.caption.Dx(), l.caption.Dy()))
	lines[l.footer.Min.Y] = tui.Footer(m.theme, m.hints(), m.w)
	body := lines[l.status.Max.Y:l.caption.Min.Y]
	switch {
	case m.asking != askNothing:
		m.drawQuestion(body)
	case m.help:
		m.drawHelp(body)
	}
	if m.toast.text != "" {
		tui.Toast(m.theme, lines, m.w, l.caption.Min.Y, m.toast.tone, m.toast.text)
	}
	return strings.Join(lines, "\n")
}

// panelLines are the lines of a panel.
func (m *Model) panelLines(id string, w, h int) []string {
	switch id {
	case panelLoss:
		return m.chartLines(id, m.lossChart(), w, h)
	case panelAccuracy:
		return m.chartLines(id, m.accuracyChart(), w, h)
	case panelClasses:
		return m.chartLines(id, m.classChart(), w, h)
	case panelNorm:
		return m.chartLines(id, m.normChart(), w, h)
	case panelTokens:
		return m.tokenLines(w, h)
	case panelKept:
		return m.keptLines(w, h)
	case panelBars:
		return m.barLines(w, h)
	case panelAUC:
		return m.aucLines(w, h)
	case panelFresh:
		return m.freshLines(w, h)
	}
	return m.mapLines(id, w, h)
}

// hints are the footer's keys, those that are useful now first.
func (m *Model) hints() []tui.Hint {
	hint := func(id string) tui.Hint {
		c := m.table.byID[id]
		h := tui.Hint{Keys: tui.KeyName(c.keys[0]), Word: c.short}
		switch id {
		case "left":
			h.Keys = "←→"
		case "quit":
			h.Word = m.quitWord()
		case "pause":
			switch {
			case !m.active() && m.playing != 0:
			case !m.active():
				h.Word = "play"
			case m.wished:
				h.Word = "go on"
			}
		}
		return h
	}
	var list []tui.Hint
	switch {
	case m.asking != askNothing:
		return []tui.Hint{{Keys: "y enter", Word: "yes"}, {Keys: "esc n", Word: "go on"}}
	case m.help:
		return []tui.Hint{{Keys: "esc", Word: "close"}, {Keys: "↑↓", Word: "scroll"}}
	case m.zoom != "":
		list = append(list, tui.Hint{Keys: "z esc", Word: "back"}, tui.Hint{Keys: "tab", Word: "next panel"}, hint("log"))
	case !m.live:
		list = append(list, tui.Hint{Keys: "esc end", Word: "live"})
	}
	for _, id := range []string{"pause", "left", "open", "quit", "help", "group", "zoom", "save", "log", "picture"} {
		h := hint(id)
		if id == "save" && m.src.live == nil || slices.Contains(list, h) || id == "zoom" && m.zoom != "" {
			continue
		}
		list = append(list, h)
	}
	return list
}
