package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

// field is a piece of a line that may be left out when there is no room.
type field struct {
	text string
	keep int // the lowest goes first
	role theme.Role
}

// fitFields drops fields until the rest, with separators of sep cells, fits.
func fitFields(fields []field, sep, w int) []field {
	fields = slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return f.text == "" })
	for len(fields) > 1 {
		total := -sep
		lowest := 0
		for i, f := range fields {
			total += ansi.StringWidth(f.text) + sep
			if f.keep <= fields[lowest].keep {
				lowest = i
			}
		}
		if total <= w {
			break
		}
		fields = slices.Delete(fields, lowest, lowest+1)
	}
	return fields
}

// statusLine is the first line: what runs, where, and in which mode.
func (m *Model) statusLine() string {
	f := m.frame
	right := " " + m.view.String() + " · " + m.modeName() + " "
	fields := []field{
		{oneLine(f.Info.Card.Name), 10, theme.Title},
		{kindText(f.Info.Card.Kind), 11, kindRole(f.Info.Card.Kind)},
		{oneLine(f.Info.Backend), 4, theme.Dim},
		{m.recordText(), 12, theme.Bad},
		{oneLine(m.opt.Badge), 10, theme.Accent}, // a replay says so before it counts tokens
		{m.tokenCount(), 9, theme.Text},
		{othersText(f.Others), 7, theme.Warn},
		{pendingText(f.Pending), 8, theme.Warn},
		{stepTime(f.Timing), 5, theme.Dim},
		{rescanTime(f.Timing), 3, theme.Dim},
		{m.layerText(), 6, theme.Text},
		{m.branchText(), 6, theme.Text},
		{lackingText(f), 9, theme.Warn},
		{tweakText(f), 8, theme.Changed},
		{m.ctx.Device.Line(), 2, theme.Dim},
		{oneLine(f.Info.BackendNote), 1, theme.Dim},
	}
	room := m.w - ansi.StringWidth(right) - 2
	var b strings.Builder
	b.WriteByte(' ')
	for i, f := range fitFields(fields, 3, room) {
		if i > 0 {
			b.WriteString(m.theme.Paint(theme.Dim, " · "))
		}
		b.WriteString(m.theme.Paint(f.role, f.text))
	}
	return fill(b.String(), room+2) + m.theme.Paint(m.modeRole(), right)
}

// modeName says what keys and time do now.
func (m *Model) modeName() string {
	switch {
	case m.insert:
		return "INSERT"
	case m.play.what == generating:
		return "GENERATE"
	case m.play.what != stopped:
		return fmt.Sprintf("PLAY %g/s", speeds[m.play.speed])
	case m.follow:
		return "LIVE"
	}
	return "PAUSED"
}

func (m *Model) modeRole() theme.Role {
	switch {
	case m.insert || m.play.what != stopped:
		return theme.Cursor
	case m.follow:
		return theme.Good
	}
	return theme.Title
}

// tokenCount is the cursor's place in the history, and in a prompt that plays.
func (m *Model) tokenCount() string {
	n := m.frame.Tokens.Len()
	if n == 0 {
		return "no tokens"
	}
	s := fmt.Sprintf("token %d/%d", m.cursor.T, n-1)
	if q := len(m.play.queue); q > 0 {
		s += fmt.Sprintf(" +%d", q)
	}
	return s
}

func othersText(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d outside the alphabet", n)
}

func pendingText(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("computing %d", n)
}

// stepTime is the measured time of one token.
func stepTime(t session.Timing) string {
	if t.StepMicros <= 0 {
		return ""
	}
	return panel.Micros(t.StepMicros) + "/step"
}

// rescanTime is the measured time of the newest rebuilding of a window.
func rescanTime(t session.Timing) string {
	if t.RescanMicros <= 0 || t.RescanTokens <= 0 {
		return ""
	}
	return fmt.Sprintf("re-scan %d in %s", t.RescanTokens, panel.Micros(t.RescanMicros))
}

// kindText is the provenance in a word or two, never empty.
func kindText(k model.Kind) string {
	if k == "" || k == model.Unknown {
		return "unknown origin"
	}
	return oneLine(string(k))
}

// kindRole makes weights that nothing is known of, or that are random, stand
// out.
func kindRole(k model.Kind) theme.Role {
	switch k {
	case model.HandWritten, model.Trained, model.Real:
		return theme.Accent
	}
	return theme.Warn
}

func (m *Model) layerText() string {
	if n := m.frame.Info.Config.NLayer; n > 1 {
		return fmt.Sprintf("layer %d/%d", m.cursor.Layer, n-1)
	}
	return ""
}

// branchText is the branch one is on, by its name where it has one.
func (m *Model) branchText() string {
	b := m.frame.Branch
	if b.Count < 2 {
		return ""
	}
	for _, x := range m.frame.Branches {
		if x.ID == b.ID && x.Name != "" {
			return "branch “" + oneLine(x.Name) + "”"
		}
	}
	return fmt.Sprintf("branch %d of %d", b.ID, b.Count)
}

// lackingText says that a trace does not hold everything; what it lacks is said
// where it would stand, and among the instruments.
func lackingText(f *session.Frame) string {
	if panel.Lacking(f) != "" {
		return "not all recorded"
	}
	return ""
}

// tweakText is what is changed: the one change that is in force, or how many
// are; a list that is switched off is said to be.
func tweakText(f *session.Frame) string {
	in := slices.DeleteFunc(slices.Clone(f.Tweaks), func(t session.Tweak) bool { return t.Off || f.TweaksHidden })
	switch {
	case len(f.Tweaks) == 0:
		return ""
	case len(in) == 0:
		return count(len(f.Tweaks), "tweak") + " off"
	case len(in) == 1:
		return oneLine(in[0].Name())
	}
	return count(len(in), "tweak")
}

// parityFloor is what a comparison of float32 numbers can tell apart: the
// oracle's values are rounded to float32 before they are compared.
const parityFloor = 6e-8

// parityText is the distance to the float64 oracle, or that none is known.
func parityText(p session.Parity) string {
	switch {
	case !p.Known:
		return "parity –"
	case p.Rel < parityFloor:
		return fmt.Sprintf("parity <%.0e", parityFloor)
	}
	return fmt.Sprintf("parity %.0e", p.Rel)
}

// footerLine is the last line: what to press next, and the parity.
func (m *Model) footerLine() string {
	parity := " " + parityText(m.frame.Parity) + " "
	if m.intro.on && m.w < 100 {
		parity = "" // the newcomer's line needs the width
	}
	room := m.w - ansi.StringWidth(parity)
	var left string
	switch {
	case m.over.kind == overQuestion:
		left = m.questionLine(room)
	case m.over.kind == overGenerate:
		left = m.generateLine(room)
	case m.intro.on:
		left = m.introLine()
	case m.insert:
		left = m.insertLine(room)
	default:
		left = m.hints(room)
	}
	return fill(left, room) + m.theme.Paint(theme.Dim, parity)
}

// introLine paints the newcomer's line; what stands between backquotes is a key.
func (m *Model) introLine() string {
	var b strings.Builder
	b.WriteString(m.theme.Paint(theme.Key, " ▸ "))
	for i, s := range strings.Split(m.intro.line(m), "`") {
		if i%2 == 1 {
			b.WriteString(m.theme.Paint(theme.Cursor, " "+s+" "))
			continue
		}
		b.WriteString(m.theme.Paint(theme.Accent, s))
	}
	return b.String()
}
