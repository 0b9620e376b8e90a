package theme

import (
	"fmt"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui/heat"
)

// Role is what a piece of text is for.
type Role uint8

// Roles.
const (
	Text    Role = iota // running text
	Dim                 // labels, units, what may be overlooked
	Title               // a panel's title
	Focus               // the focused panel's title and frame
	Accent              // what the eye should find: the current answer, a mode
	Key                 // a key to press
	Good                // a check that holds
	Warn                // a caution
	Bad                 // an error
	Bar                 // filled part of a bar
	BarDim              // a bar that is not the chosen one
	Cursor              // the cursor in text
	Half                // ┆ a half reset
	Wipe                // ┃ a wipe of the state
	Changed             // of the changed run
	Clean               // of the clean run
	roles
)

// Theme is a look, prepared for one depth and background. It is never changed
// after [New] and may be shared.
type Theme struct {
	Dark  bool
	Depth heat.Depth
	Seq   *heat.Map // sequential
	Div   *heat.Map // zero-centred

	sgr    [roles]string  // what the role's style puts before text: a style per cell would be too slow
	levels [2][256]string // ribbon cells: [0] zero-centred, [1] sequential
}

// New prepares a theme. seq and div name colour maps of [heat.Names], one
// sequential and one zero-centred.
func New(depth heat.Depth, dark bool, seq, div string) (*Theme, error) {
	t := &Theme{Dark: dark, Depth: depth}
	var err error
	if t.Seq, err = heat.NewMap(seq, depth, dark); err != nil {
		return nil, fmt.Errorf("theme: %w", err)
	}
	if t.Div, err = heat.NewMap(div, depth, dark); err != nil {
		return nil, fmt.Errorf("theme: %w", err)
	}
	if t.Seq.Diverging() {
		return nil, fmt.Errorf("theme: %q is centred on zero; a sequential map is one of %v", seq, heat.Sequential())
	}
	if !t.Div.Diverging() {
		return nil, fmt.Errorf("theme: %q is sequential; a zero-centred map is one of %v", div, heat.Diverging())
	}
	for r := range roles {
		t.sgr[r] = prefix(t.Style(r))
	}
	for i := range 256 {
		t.levels[0][i] = level(t.Div, uint8(i))
		t.levels[1][i] = level(t.Seq, uint8(i))
	}
	return t, nil
}

// Paint puts s in a role's style and resets after it. The empty string stays
// empty. s must hold no escape codes of its own.
func (t *Theme) Paint(r Role, s string) string {
	if s == "" {
		return ""
	}
	if r >= roles {
		r = Text
	}
	return t.sgr[r] + s + "\x1b[m"
}

// Level puts s on the colour of a raster pixel (0 no data, 1..255 a level) of
// the sequential or the zero-centred map, in a foreground that can be read on
// it. Without colours the level shows as underline, bold and reverse video.
func (t *Theme) Level(seq bool, level uint8, s string) string {
	if s == "" {
		return ""
	}
	i := 0
	if seq {
		i = 1
	}
	return t.levels[i][level] + s + "\x1b[m"
}

// Style is a role's Lip Gloss style, for text that is laid out rather than
// painted cell by cell.
func (t *Theme) Style(r Role) lipgloss.Style {
	if r >= roles {
		r = Text
	}
	l := looks[r]
	pick := lipgloss.LightDark(t.Dark)
	switch t.Depth {
	case heat.Mono:
		return styled(l.mono)
	case heat.ANSI16:
		if t.Dark {
			return styled(l.dark16)
		}
		return styled(l.light16)
	case heat.ANSI256:
		return styled(l.attr).Foreground(pick(ansi.IndexedColor(l.light256), ansi.IndexedColor(l.dark256)))
	}
	return styled(l.attr).Foreground(pick(l.light, l.dark))
}

// styled is the style of a list of SGR parameters such as "1;33": bold,
// underline, reverse, and the sixteen foregrounds.
func styled(params string) lipgloss.Style {
	s := lipgloss.NewStyle()
	for _, p := range strings.Split(params, ";") {
		switch n, _ := strconv.Atoi(p); {
		case n == 1:
			s = s.Bold(true)
		case n == 4:
			s = s.Underline(true)
		case n == 7:
			s = s.Reverse(true)
		case n >= 30 && n <= 37:
			s = s.Foreground(ansi.BasicColor(n - 30))
		case n >= 90 && n <= 97:
			s = s.Foreground(ansi.BasicColor(n - 90 + 8))
		}
	}
	return s
}

// prefix is the escape code that a style puts before text.
func prefix(s lipgloss.Style) string {
	const text = "x"
	before, _, _ := strings.Cut(s.Render(text), text)
	return before
}
