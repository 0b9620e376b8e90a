package heat

// Depth is how many colours the terminal has. Each depth has an encoding of its
// own: reducing a true-colour picture to fewer colours would bend the order of
// the levels (viridis falls to 14 of the 256 colours, with three reversals of
// lightness).
type Depth uint8

// Depths, poorest first.
const (
	Mono      Depth = iota // glyph ramps, attributes only (NO_COLOR)
	ANSI16                 // shades of ░▒▓█ between the 16 colours
	ANSI256                // ramps picked by hand from the 256 colours
	TrueColor              // 24 bit
)

// String is the depth's name for people.
func (d Depth) String() string {
	switch d {
	case Mono:
		return "no colour"
	case ANSI16:
		return "16 colours"
	case ANSI256:
		return "256 colours"
	case TrueColor:
		return "true colour"
	}
	return "unknown depth"
}

// RowsPerLine is how many pixel rows one line of text shows: 2 where a cell can
// carry two colours, 1 where it is a glyph of a ramp.
func RowsPerLine(d Depth) int {
	if d >= ANSI256 {
		return 2
	}
	return 1
}
