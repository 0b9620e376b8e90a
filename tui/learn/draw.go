package learn

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/learn/history"
	"mamba-tui/tui/panel"
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
	m.lines = lines
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

// mode is the badge at the right of the status line.
func (m *Model) mode() (string, theme.Role) {
	switch {
	case m.h.Err != nil:
		return "FAILED", theme.Bad
	case m.stopping:
		return "STOPPING", theme.Warn
	case m.playing != 0:
		return "PLAY", theme.Cursor
	case !m.live:
		return "STEP " + itoa(m.shownStep()), theme.Cursor
	case m.src.live == nil:
		return "REPLAY", theme.Good
	case m.h.State == history.Ended && m.h.Stopped:
		return "STOPPED", theme.Warn
	case m.h.State == history.Ended:
		return "TRAINED", theme.Good
	case m.wished || m.h.State == history.Paused:
		return "PAUSED", theme.Cursor
	}
	return "LIVE", theme.Good
}

// statusLine says what is trained, how far it is and how fast.
func (m *Model) statusLine() string {
	h, r := m.h, m.h.Info.Recipe
	badge, role := m.mode()
	badge = " " + badge + " "
	type field struct {
		text string
		keep int
		role theme.Role
	}
	what := "training"
	switch {
	case h.State == history.Ended && h.Stopped:
		what = "stopped"
	case h.State == history.Ended:
		what = "trained"
	case m.wished || h.State == history.Paused:
		what = "paused"
	}
	fields := []field{
		{panel.Phrase(m.src.Name), 10, theme.Title},
		{fmt.Sprintf("%s · step %d/%d", what, h.Step(), h.Steps()), 9, theme.Accent},
		{fmt.Sprintf("%s, D %d, N %d", plural(h.Info.Layers, "layer"), h.Info.Channels, h.Info.States), 4, theme.Text},
		{thousands(h.Info.Parameters) + " parameters", 3, theme.Dim},
		{ablations(h), 7, theme.Changed},
	}
	if p := h.Now; p.Step > 0 && m.active() {
		fields = append(fields,
			field{thousands(int(p.PerSecond)) + " tokens/s", 6, theme.Text},
			field{duration(p.Left) + " left", 8, theme.Text})
	}
	if i := h.PointAt(m.shownStep()); i >= 0 {
		length := fmt.Sprintf("length %d", h.Points.Length[i])
		if n := len(r.Lengths); n > 1 {
			stage := slices.Index(r.Lengths, h.Points.Length[i])
			length = fmt.Sprintf("length %d (stage %d/%d)", h.Points.Length[i], stage+1, n)
		}
		fields = append(fields, field{"lr " + panel.Sig(float64(h.Points.Rate[i]), 2), 2, theme.Dim}, field{length, 5, theme.Dim})
	}
	fields = append(fields, field{fmt.Sprintf("seed %d", r.Seed), 1, theme.Dim})
	fields = slices.DeleteFunc(fields, func(f field) bool { return f.text == "" })
	room := m.w - ansi.StringWidth(badge) - 2
	for len(fields) > 1 {
		total, least := -3, 0
		for i, f := range fields {
			total += ansi.StringWidth(f.text) + 3
			if f.keep < fields[least].keep {
				least = i
			}
		}
		if total <= room {
			break
		}
		fields = slices.Delete(fields, least, least+1)
	}
	var b strings.Builder
	b.WriteByte(' ')
	for i, f := range fields {
		if i > 0 {
			b.WriteString(m.theme.Paint(theme.Dim, " · "))
		}
		b.WriteString(m.theme.Paint(f.role, f.text))
	}
	return tui.Fill(b.String(), room+2) + m.theme.Paint(role, badge)
}

// ablations says what of the model is switched off, or "".
func ablations(h *history.History) string {
	r := h.Info.Recipe
	var out []string
	if s := r.Selective; !s.Delta || !s.B || !s.C {
		if s.String() == "none" {
			out = append(out, "LTI: Δ, B, C constant")
		} else {
			out = append(out, "selective: "+s.String())
		}
	}
	if r.Conv != "" && r.Conv != "identity" {
		out = append(out, "conv "+string(r.Conv))
	}
	return strings.Join(out, " · ")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// thousands writes 9512 as 9.5k.
func thousands(n int) string {
	switch {
	case n < 1000:
		return itoa(n)
	case n < 99_950:
		return fmt.Sprintf("%.1fk", float64(n)/1e3)
	case n < 999_500:
		return fmt.Sprintf("%.0fk", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1fM", float64(n)/1e6)
}

// duration is a time as people say it.
func duration(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 100*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 100*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
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
