package lesson

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"mamba-tui/model/tokenizer"
)

// Value is something measured, and how it is written in every language.
type Value struct {
	Name   string
	Number float64 // NaN for what is not a number, such as a token
	Text   string
}

// count is a whole number.
func count(name string, n int) Value {
	return Value{name, float64(n), strconv.Itoa(n)}
}

// share is a part of a whole, in per cent; many times the whole as a factor.
func share(name string, x float64) Value {
	text := ""
	switch p := 100 * x; {
	case x >= 10:
		return Value{name, x, "×" + digits(x)}
	case x == 0 || x == 1 || p >= 100:
		text = strconv.FormatFloat(p, 'f', 0, 64)
	case p < 0.1:
		text = scientific(p)
	default:
		text = strconv.FormatFloat(p, 'f', 1, 64)
	}
	return Value{name, x, text + " %"}
}

// keptShare is a share near 1 with as many nines as it has: 100 % would be another
// thing.
func keptShare(name string, x float64) Value {
	if p := 100 * x; p > 99.9 && p < 100 {
		n := min(int(math.Ceil(-math.Log10(100-p))), 12)
		return Value{name, x, strconv.FormatFloat(p, 'f', n, 64) + " %"}
	}
	return share(name, x)
}

// number is any other number, with three digits.
func number(name string, x float64) Value { return Value{name, x, digits(x)} }

func digits(x float64) string {
	switch a := math.Abs(x); {
	case x == 0:
		return "0"
	case math.IsNaN(x) || math.IsInf(x, 0):
		return fmt.Sprint(x)
	case a < 0.001 || a >= 1e6:
		return scientific(x)
	case a < 10:
		return strings.Replace(strconv.FormatFloat(x, 'g', 3, 64), "-", "−", 1)
	}
	return strings.Replace(strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0"), "-", "−", 1)
}

// scientific is x as 2.1·10⁻⁹.
func scientific(x float64) string {
	if x == 0 {
		return "0"
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(x, 'e', 1, 64), "e")
	n, err := strconv.Atoi(exponent)
	if err != nil { // NaN and infinities have none
		return mantissa
	}
	up := strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹")
	return strings.Replace(mantissa, "-", "−", 1) + "·10" + up.Replace(strconv.Itoa(n))
}

// word is a token or a name.
func word(name, text string) Value {
	return Value{name, math.NaN(), tokenizer.Visible(text)}
}
