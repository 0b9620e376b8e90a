package theme

import (
	"fmt"
	"image/color"
	"strconv"

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

	sgr    [roles]string  // "\x1b[…m", or "" for plain text
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
		if s := t.style(r); s != "" {
			t.sgr[r] = "\x1b[" + s + "m"
		}
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

// style is the SGR parameter list of a role.
func (t *Theme) style(r Role) string {
	l := looks[r]
	switch t.Depth {
	case heat.Mono:
		return l.mono
	case heat.ANSI16:
		if t.Dark {
			return l.dark16
		}
		return l.light16
	}
	c := l.light
	if t.Dark {
		c = l.dark
	}
	attr := l.attr
	if attr != "" {
		attr += ";"
	}
	if t.Depth == heat.ANSI256 {
		x := l.light256
		if t.Dark {
			x = l.dark256
		}
		return attr + "38;5;" + strconv.Itoa(int(x))
	}
	return attr + "38;2;" + params(c)
}

func params(c color.RGBA) string {
	return strconv.Itoa(int(c.R)) + ";" + strconv.Itoa(int(c.G)) + ";" + strconv.Itoa(int(c.B))
}
