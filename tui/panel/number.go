package panel

import (
	"math"
	"strconv"
	"strings"
)

// minus is the sign of negative numbers on the screen.
const minus = "−"

// sig writes v with n significant digits: plainly from 0.001 to below 1e5,
// with an exponent beyond ("2.06e-9"), and NaN and ∞ by name.
func sig(v float64, n int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return minus + "∞"
	case v == 0:
		return strconv.FormatFloat(0, 'f', n-1, 64)
	}
	s := strconv.FormatFloat(v, 'e', n-1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	e, _ := strconv.Atoi(exponent)
	if e < -3 || e > 4 {
		s = mantissa + "e" + strconv.Itoa(e)
	} else {
		s = strconv.FormatFloat(v, 'f', max(n-1-e, 0), 64)
	}
	return strings.Replace(s, "-", minus, signAt(s))
}

// signAt is 1 when s starts with a minus sign (to be replaced), else 0: the
// sign of an exponent stays as it is.
func signAt(s string) int {
	if strings.HasPrefix(s, "-") {
		return 1
	}
	return 0
}

// short writes v for titles: two significant digits without trailing zeros.
func short(v float64) string {
	s := sig(v, 2)
	mantissa, exponent, ok := strings.Cut(s, "e")
	if strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	if ok {
		return mantissa + "e" + exponent
	}
	return mantissa
}

// parse reads what sig wrote.
func parse(s string) (float64, error) {
	s = strings.Replace(s, minus, "-", 1)
	switch s {
	case "∞":
		return math.Inf(1), nil
	case "-∞":
		return math.Inf(-1), nil
	}
	return strconv.ParseFloat(s, 64)
}

// round is v as sig shows it with n digits.
func round(v float64, n int) float64 {
	r, err := parse(sig(v, n))
	if err != nil {
		return v
	}
	return r
}

// percent writes a share as a percentage with one decimal.
func percent(share float64) string {
	if math.IsNaN(share) {
		return "NaN %"
	}
	return strconv.FormatFloat(100*share, 'f', 1, 64) + " %"
}

// probability writes p with two decimals; what is not 0 does not read 0.00.
func probability(p float64) string {
	switch {
	case math.IsNaN(p):
		return "NaN"
	case p > 0 && p < 0.005:
		return "<.01"
	}
	return strconv.FormatFloat(p, 'f', 2, 64)
}
