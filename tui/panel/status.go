package panel

import (
	"fmt"
	"strings"

	"mamba-tui/model"
	"mamba-tui/tui/theme"
)

// Mode is what the status line says of the program: the view's name, such as
// "WATCH", and what it is doing, such as "LIVE", "PAUSED" or "INSERT".
type Mode struct {
	View string
	Mode string
}

// Status is the status line, exactly w cells: which model this is and where
// its weights come from, where it computes, where the cursor stands, how long
// a step took, and the mode. Fields are dropped by priority where there is no
// room; the provenance is the last to go.
func Status(w int, c *Context, s Mode) string {
	f := c.Frame
	r := &row{t: c.Theme, left: max(w, 0)}
	if r.left == 0 {
		return reset
	}
	name := phrase(f.Info.Card.Name)
	if name == "" {
		name = "no name"
	}
	kind := kindText(f.Info.Card.Kind)
	at := "no tokens"
	if n := len(f.Tokens); n > 0 {
		at = fmt.Sprintf("token %d of %d", c.Cursor.T, n)
	}
	parts := []part{
		{long: name, keep: 50, role: theme.Title},
		{long: kind, keep: 60, role: kindRole(f.Info.Card.Kind)},
		{long: phrase(f.Info.Backend), short: firstWord(phrase(f.Info.Backend)), keep: 20},
		{long: phrase(f.Info.BackendNote), keep: 4, role: theme.Dim},
		{long: at, short: strings.TrimPrefix(at, "token "), keep: 30},
	}
	if n := f.Info.Config.NLayer; n > 1 {
		parts = append(parts, part{long: fmt.Sprintf("layer %d of %d", c.Cursor.Layer, n), short: fmt.Sprintf("layer %d", c.Cursor.Layer), keep: 28})
	}
	if f.Branch.Count > 1 {
		parts = append(parts, part{long: fmt.Sprintf("branch %d of %d", f.Branch.ID, f.Branch.Count), short: fmt.Sprintf("br %d", f.Branch.ID), keep: 16})
	}
	if f.Others > 0 {
		parts = append(parts, part{long: fmt.Sprintf("%d outside the alphabet", f.Others), short: fmt.Sprintf("%d×", f.Others), keep: 18, role: theme.Warn})
	}
	if f.Pending > 0 {
		parts = append(parts, part{long: fmt.Sprintf("%d pending", f.Pending), keep: 17, role: theme.Warn})
	}
	if f.Timing.StepMicros > 0 {
		parts = append(parts, part{long: micros(f.Timing.StepMicros) + "/step", short: micros(f.Timing.StepMicros), keep: 12})
	}
	if f.Timing.RescanMicros > 0 {
		parts = append(parts, part{long: fmt.Sprintf("re-scan %d in %s", f.Timing.RescanTokens, micros(f.Timing.RescanMicros)), keep: 8, role: theme.Dim})
	}
	left := len(parts)
	parts = append(parts,
		part{long: phrase(s.View), keep: 35, role: theme.Accent},
		part{long: phrase(s.Mode), keep: 48, role: modeRole(s.Mode)})
	r.pad(1)
	texts := fit(parts, 3, r.left-1)
	sum, tail := 0, 0
	for i, t := range texts {
		if t != "" {
			sum += width(t) + 3
			if i >= left {
				tail += width(t) + 3
			}
		}
	}
	first := true
	for i, t := range texts {
		switch {
		case t == "":
			continue
		case i >= left && tail > 0:
			r.pad(r.left - tail + 2) // the mode stands at the right edge
			tail = 0
		case !first:
			r.put(theme.Dim, " · ")
		}
		first = false
		r.put(parts[i].role, t)
	}
	return r.String()
}

// kindText is the provenance in one word, never empty.
func kindText(k model.Kind) string {
	if k == "" {
		k = model.Unknown
	}
	if k == model.Unknown {
		return "unknown origin"
	}
	return phrase(string(k))
}

// kindRole makes weights that nothing is known of, or that are random, stand
// out.
func kindRole(k model.Kind) theme.Role {
	switch k {
	case model.HandWritten, model.Trained, model.Real:
		return theme.Good
	}
	return theme.Warn
}

func modeRole(mode string) theme.Role {
	if strings.HasPrefix(mode, "INSERT") {
		return theme.Key
	}
	return theme.Focus
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return w
}

// micros writes a duration given in microseconds.
func micros(us float64) string {
	switch {
	case us < 9.95:
		return fmt.Sprintf("%.1f µs", us)
	case us < 9995:
		return fmt.Sprintf("%.0f µs", us)
	case us < 999500:
		return fmt.Sprintf("%.0f ms", us/1e3)
	}
	return fmt.Sprintf("%.1f s", us/1e6)
}

// Parity is the footer's word on how far the run is from the float64 oracle:
// max|a−b| / max|b| over h and logits.
func Parity(c *Context) string {
	p := c.Frame.Parity
	if !p.Known {
		return "parity …"
	}
	return "parity " + short(p.Rel)
}
