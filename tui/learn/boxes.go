package learn

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui"
	"mamba-tui/tui/theme"
)

// drawQuestion asks whether to stop.
func (m *Model) drawQuestion(body []string) {
	title, key := "stop the training?", "q"
	if m.asking == askOpen {
		title, key = "stop the training and open the model?", "o"
	}
	text := []string{fmt.Sprintf("It is at step %d of %d.", m.h.Step(), m.h.Steps())}
	if m.src.live.Keeps() {
		text = append(text, "The model and where it stands are saved"+m.inPlace()+":", "--resume goes on from there.")
	} else {
		text = append(text, "Nothing is saved: it was started without --out.")
	}
	inner := min(64, m.w-8)
	var lines []string
	for _, s := range text {
		for _, part := range strings.Split(ansi.Wrap(s, inner, ""), "\n") {
			lines = append(lines, m.theme.Paint(theme.Text, part))
		}
	}
	lines = append(lines, "", m.theme.Paint(theme.Key, key+" y enter")+m.theme.Paint(theme.Text, " yes   ")+
		m.theme.Paint(theme.Key, "esc n")+m.theme.Paint(theme.Text, " no, go on"))
	tui.Box{Title: title, Lines: lines}.Splice(m.theme, body, m.w, inner)
}

// drawHelp lists every key.
func (m *Model) drawHelp(body []string) {
	inner := min(72, m.w-8)
	var all []string
	if m.opt.Version != "" {
		all = append(all, m.theme.Paint(theme.Dim, "mamba-tui "+tui.OneLine(m.opt.Version)), "")
	}
	for _, g := range groups {
		all = append(all, m.theme.Paint(theme.Title, g))
		for _, c := range m.table.all {
			if c.group != g {
				continue
			}
			names := make([]string, len(c.keys))
			for i, k := range c.keys {
				names[i] = tui.KeyName(k)
			}
			const keyW = 10
			for i, part := range strings.Split(ansi.Wordwrap(c.title, max(inner-keyW-1, 10), ""), "\n") {
				key := ""
				if i == 0 {
					key = strings.Join(names, " ")
				}
				all = append(all, m.theme.Paint(theme.Key, tui.Fill(key, keyW))+" "+m.theme.Paint(theme.Text, part))
			}
		}
		all = append(all, "")
	}
	all = append(all, m.theme.Paint(theme.Title, "Signs"))
	for _, s := range []string{
		"loss, accuracy: dots are batches, the line their moving average, ◆ fresh sequences",
		"probe: one sequence of the task, always the same; below it what the model answers",
		"Δ: channels from those that open on what matters (AUC 1) to those that close (AUC 0)",
	} {
		for _, part := range strings.Split(ansi.Wordwrap(s, inner, ""), "\n") {
			all = append(all, m.theme.Paint(theme.Text, part))
		}
	}
	visible := max(len(body)-4, 1)
	m.scroll = clamp(m.scroll, 0, max(len(all)-visible, 0))
	b := tui.Box{Title: "every key", Foot: "esc closes"}
	if len(all) > visible {
		b.Foot = fmt.Sprintf("↑↓ scroll · %d–%d of %d lines · esc closes", m.scroll+1, min(m.scroll+visible, len(all)), len(all))
	}
	b.Lines = all[m.scroll:min(m.scroll+visible, len(all))]
	b.Splice(m.theme, body, m.w, inner)
}
