package learn

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui"
	"mamba-tui/tui/learn/history"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

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
