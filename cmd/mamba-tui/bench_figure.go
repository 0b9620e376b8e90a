package main

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/scan/bench"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/plot"
	"mamba-tui/tui/snapshot"
	"mamba-tui/tui/theme"
)

// Size of the chart in cells.
const (
	figureWidth, figureHeight = 100, 34
	figureLeast               = 40
)

// figureLooks tell the curves apart.
var figureLooks = []struct {
	sign string
	role theme.Role
}{{"●", theme.Accent}, {"■", theme.Changed}, {"○", theme.Clean}, {"◆", theme.Half}, {"▲", theme.Bad}, {"x", theme.Text}}

// figureOf is the chart of a sweep: the paper's Figure 8, of this machine.
func figureOf(rows []bench.Row, notes ...string) *plot.LogLog {
	names, lengths, cells := sweepOf(rows)
	c := &plot.LogLog{Title: "time of a layer over the length of its sequence", X: "L, steps", Y: "time",
		FormY: func(ms float64) string { return durationText(ms * 1e6) }}
	for i, n := range names {
		look := figureLooks[i%len(figureLooks)]
		s := plot.Series{Name: n, Sign: look.sign, Role: look.role}
		last := bench.Row{}
		for _, L := range lengths {
			if r := cells[n][L]; r.NS > 0 {
				s.X, s.Y = append(s.X, float64(L)), append(s.Y, r.NS/1e6)
				last = r
			}
		}
		if last.Length > 0 {
			s.Name += fmt.Sprintf(": %s at L=%d on %s", durationText(last.NS), last.Length, last.Backend)
		}
		if last.Length < lengths[len(lengths)-1] {
			s.Name += "; longer ones left out"
		}
		c.Series = append(c.Series, s)
	}
	c.Notes = append([]string{sweepShape(rows) + ", one thread; these ways do not compute the same thing"}, notes...)
	return c
}

// figureLines is the chart for the output: as wide as the terminal, with its
// colours.
func (a *app) figureLines(rows []bench.Row) ([]string, error) {
	if !a.outTerm {
		return figureText(rows)
	}
	w := figureWidth
	if tw, _ := a.size(); tw > 0 {
		w = min(w, max(tw, figureLeast))
	}
	p, _ := a.colours()
	t, err := figureTheme(theme.DepthOf(p))
	if err != nil {
		return nil, err
	}
	return figureOf(rows).Lines(t, w, figureHeight), nil
}

// figureText is the chart as text alone.
func figureText(rows []bench.Row) ([]string, error) {
	t, err := figureTheme(heat.Mono)
	if err != nil {
		return nil, err
	}
	lines := figureOf(rows).Lines(t, figureWidth, figureHeight)
	for i, s := range lines {
		lines[i] = strings.TrimRight(ansi.Strip(s), " ")
	}
	return lines, nil
}

func figureTheme(depth heat.Depth) (*theme.Theme, error) {
	return theme.New(depth, true, "viridis", "blue-red")
}

// encodeFigure is the chart as a picture, with the machine below.
func encodeFigure(rows []bench.Row, m machine, kind snapshot.Kind) ([]byte, error) {
	t, err := figureTheme(heat.TrueColor)
	if err != nil {
		return nil, err
	}
	notes := []string{sentence(m.String())}
	if m.loads() != "" {
		notes = append(notes, sentence(m.loads()))
	}
	c := figureOf(rows, notes...)
	lines := c.Lines(t, figureWidth+20, figureHeight)
	screen := snapshot.Parse(strings.Join(lines, "\n"), figureWidth+20, figureHeight)
	return snapshot.Encode(screen, kind, snapshot.Options{Scale: 2, Title: c.Title + "; " + strings.Join(c.Notes, "; ")})
}
