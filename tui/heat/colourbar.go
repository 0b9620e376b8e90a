package heat

import (
	"math"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Colourbar is the legend of a map over a range, one line of exactly width
// columns ending with a reset (nothing at all for width < 1): the minimum, the
// gradient with 0 printed where zero lies inside, the maximum, the scale's name
// and the notes, such as "frozen". What does not fit is dropped, last things
// first; the gradient stays.
func Colourbar(width int, m *Map, r Range, notes ...string) string {
	if width < 1 {
		return ""
	}
	lo, hi := r.Min, r.Max
	switch {
	case r.Scale.Signed():
		hi = r.Limit()
		lo = -hi
	case r.Scale == Log:
		lo = r.logMin()
	}
	left, right := Number(lo)+" ", " "+Number(hi)
	tail := append([]string{r.Scale.String()}, notes...)
	const least = 8 // columns of gradient worth printing numbers for
	for len(tail) > 0 && width < least+ansi.StringWidth(left+right)+1+ansi.StringWidth(strings.Join(tail, " ")) {
		tail = tail[:len(tail)-1]
	}
	if len(tail) > 0 {
		right += " " + strings.Join(tail, " ")
	}
	if width < least+ansi.StringWidth(left+right) {
		left, right = "", ""
	}
	n := width - ansi.StringWidth(left+right)
	if r.Scale.Signed() && n%2 == 0 && n >= 4 {
		left, n = left+" ", n-1 // zero wants a column of its own in the middle
	}
	zero := -1
	if lo < 0 && hi > 0 && n >= 3 {
		zero = int(math.Round(Range{Min: lo, Max: hi, Scale: r.Scale}.Level(0) * float64(n-1)))
	}
	var b strings.Builder
	b.Grow(32 * width)
	b.WriteString(left)
	for i := range n {
		pix := uint8(128)
		if n > 1 {
			pix = uint8(1 + (254*i+(n-1)/2)/(n-1))
		}
		mark := ""
		if i == zero {
			mark = "0"
		}
		m.writeCell(&b, pix, mark)
	}
	b.WriteString("\x1b[m")
	b.WriteString(right)
	b.WriteString("\x1b[m")
	return b.String()
}

// writeCell writes one cell in a level's colour, with a mark on it or none.
func (m *Map) writeCell(b *strings.Builder, pix uint8, mark string) {
	s := m.slot[pix]
	switch {
	case mark != "" && m.depth == Mono:
		b.WriteString(m.cursor)
	case mark != "":
		b.WriteString("\x1b[0;" + m.Foreground(pix) + ";" + m.Background(pix) + "m")
	case m.depth >= ANSI256:
		b.WriteString("\x1b[0;" + m.bg[s] + "m")
		mark = " "
	default:
		b.WriteString(m.sgr[s])
		mark = m.glyph[s]
	}
	b.WriteString(mark)
}

// Black and white foregrounds that a terminal's own palette does not move.
var (
	black = [...]string{ANSI256: "38;5;16", TrueColor: "38;2;0;0;0"}
	white = [...]string{ANSI256: "38;5;231", TrueColor: "38;2;255;255;255"}
)

// Number prints a value for a legend: three significant digits at most, no
// exponent between 0.001 and 99999.
func Number(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return strings.TrimPrefix(strconv.FormatFloat(v, 'g', -1, 64), "+")
	case a == 0:
		return "0"
	case a >= 0.001 && a < 99999.5:
		digits := 2 - int(math.Floor(math.Log10(a)))
		s := strconv.FormatFloat(v, 'f', min(max(digits, 0), 5), 64)
		if strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		return s
	}
	s := strconv.FormatFloat(v, 'e', 2, 64)
	mant, exp, _ := strings.Cut(s, "e")
	mant = strings.TrimRight(strings.TrimRight(mant, "0"), ".")
	e, _ := strconv.Atoi(exp)
	return mant + "e" + strconv.Itoa(e)
}
