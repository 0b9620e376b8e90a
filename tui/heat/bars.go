package heat

import (
	"math"
	"strings"
)

var (
	lowerEighths = [...]string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}
	leftEighths  = [...]string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}
)

// Block is a bar one cell high for a level in 0..1: a space at 0, ▁ for
// anything above it, up to █. A level below 0 or NaN is "no data": ·
func Block(level float64) string {
	if !(level >= 0) {
		return "·"
	}
	return lowerEighths[eighths(level, 1)]
}

// eighths is how many of cells·8 eighths a level fills: at least one for a level
// above zero, all only for a level of one.
func eighths(level float64, cells int) int {
	n := cells * 8
	switch {
	case n == 0 || level <= 0:
		return 0
	case level >= 1:
		return n
	}
	return min(max(int(math.Round(level*float64(n))), 1), n-1)
}

// Spark is one block a value: a line of len(values) columns.
func Spark(values []float64, r Range) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString(Block(r.Level(v)))
	}
	return b.String()
}

// Bar is a horizontal bar, exactly width columns, filled by a level in 0..1 to
// an eighth of a column. A level below 0 or NaN fills it with ·
func Bar(width int, level float64) string {
	width = max(width, 0)
	if !(level >= 0) {
		return strings.Repeat("·", width)
	}
	n := eighths(level, width)
	bar := strings.Repeat("█", n/8) + leftEighths[n%8]
	used := n / 8
	if n%8 > 0 {
		used++
	}
	return bar + spaces(width-used)
}

// Columns appends lines of vertical bars to dst, the top line first: one column
// of cellW cells a level. A level below 0 or NaN is one · on the bottom line.
// Each line is len(levels)·cellW columns wide and carries no escape codes.
func Columns(dst []string, levels []float64, lines, cellW int) []string {
	cellW = max(cellW, 1)
	for i := range lines {
		below := lines - 1 - i
		var b strings.Builder
		for _, l := range levels {
			glyph := " "
			if l >= 0 {
				glyph = lowerEighths[min(max(eighths(l, lines)-8*below, 0), 8)]
			} else if below == 0 {
				glyph = "·"
			}
			for range cellW {
				b.WriteString(glyph)
			}
		}
		dst = append(dst, b.String())
	}
	return dst
}
