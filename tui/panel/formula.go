package panel

import (
	"math"
	"strings"

	"mamba-tui/scan"
)

// formula is arithmetic that can be printed with numbers of a given precision
// and computed from exactly the numbers that were printed.
type formula struct {
	op   opKind
	v    float64 // number
	s    string  // literal text, or the name of a function
	args []*formula
}

type opKind uint8

const (
	opNumber  opKind = iota // printed with the chosen digits
	opLiteral               // printed as it is: the 1 and 2 of a rule
	opAdd
	opSub
	opMul
	opDiv
	opCall // exp, softplus, σ
)

func number(v float64) *formula { return &formula{op: opNumber, v: v} }
func literal(s string, v float64) *formula {
	return &formula{op: opLiteral, s: s, v: v}
}
func add(a ...*formula) *formula { return &formula{op: opAdd, args: a} }
func sub(a, b *formula) *formula { return &formula{op: opSub, args: []*formula{a, b}} }
func mul(a ...*formula) *formula { return &formula{op: opMul, args: a} }
func div(a, b *formula) *formula { return &formula{op: opDiv, args: []*formula{a, b}} }
func call(f string, a *formula) *formula {
	return &formula{op: opCall, s: f, args: []*formula{a}}
}

// value computes f from its numbers as printed with digits digits, or from
// the exact ones if digits is 0.
func (f *formula) value(digits int) float64 {
	switch f.op {
	case opNumber:
		if digits > 0 {
			return round(f.v, digits)
		}
		return f.v
	case opLiteral:
		return f.v
	case opCall:
		x := f.args[0].value(digits)
		switch f.s {
		case "exp":
			return math.Exp(x)
		case "softplus":
			if x > 20 { // the released kernel is linear there
				return x
			}
			return math.Log1p(math.Exp(x))
		default: // σ
			return 1 / (1 + math.Exp(-x))
		}
	}
	r := f.args[0].value(digits)
	for _, a := range f.args[1:] {
		v := a.value(digits)
		switch f.op {
		case opAdd:
			r += v
		case opSub:
			r -= v
		case opMul:
			r *= v
		case opDiv:
			r /= v
		}
	}
	return r
}

// String prints f with the given digits.
func (f *formula) text(digits int) string {
	switch f.op {
	case opNumber:
		return sig(f.v, digits)
	case opLiteral:
		return f.s
	case opCall:
		return f.s + "(" + f.args[0].text(digits) + ")"
	}
	var b strings.Builder
	for i, a := range f.args {
		if i > 0 {
			b.WriteString([...]string{opAdd: " + ", opSub: " − ", opMul: "·", opDiv: "/"}[f.op])
		}
		loose := a.op == opAdd || a.op == opSub
		if (f.op == opMul || f.op == opDiv) && loose || f.op == opDiv && i > 0 && (a.op == opMul || a.op == opDiv) {
			b.WriteString("(" + a.text(digits) + ")")
			continue
		}
		b.WriteString(a.text(digits))
	}
	return b.String()
}

// kept is Ā of the rule for step size delta and A = a.
func kept(r scan.Rule, delta, a float64) *formula {
	da := mul(number(delta), number(a))
	switch r {
	case scan.Bilinear:
		return div(add(lit1(), div(da, lit2())), sub(lit1(), div(da, lit2())))
	case scan.Euler:
		return add(lit1(), da)
	case scan.BackwardEuler:
		return div(lit1(), sub(lit1(), da))
	}
	return call("exp", da)
}

// gain is what the rule multiplies B·u with.
func gain(r scan.Rule, delta, a float64) *formula {
	d := number(delta)
	da := mul(d, number(a))
	switch r {
	case scan.ZOH:
		if a == 0 { // the rule's limit
			return d
		}
		return div(sub(call("exp", da), lit1()), number(a))
	case scan.Bilinear:
		return div(d, sub(lit1(), div(da, lit2())))
	case scan.BackwardEuler:
		return div(d, sub(lit1(), da))
	}
	return d
}

func lit1() *formula { return literal("1", 1) }
func lit2() *formula { return literal("2", 2) }

// ruleText is the rule in force, in words and letters.
func ruleText(r scan.Rule) (name, keep, write string) {
	switch r {
	case scan.ZOH:
		return "ZOH", "exp(Δ·A)", "(exp(Δ·A)−1)/A·B·u"
	case scan.Bilinear:
		return "bilinear", "(1+Δ·A/2)/(1−Δ·A/2)", "Δ/(1−Δ·A/2)·B·u"
	case scan.Euler:
		return "Euler", "(1+Δ·A)", "Δ·B·u"
	case scan.BackwardEuler:
		return "backward Euler", "1/(1−Δ·A)", "Δ/(1−Δ·A)·B·u"
	}
	return "released rule", "exp(Δ·A)", "Δ·B·u"
}

// shown chooses how many digits f's numbers need so that computing with the
// printed ones gives result as it is printed. The third return is an error
// bound, printed after the result, for a result that is the small difference
// of large terms; it is "" otherwise.
func shown(f *formula, result float64) (digits int, text, bound string) {
	const least, most = 3, 9
	for d := least; d <= most; d++ {
		if s := sig(result, least); sig(clamp32(f.value(d)), least) == s {
			return d, s, ""
		}
	}
	// One unit of the last digit: a rounding edge.
	for n := least; n >= 1; n-- {
		s := sig(result, n)
		v := round(result, n)
		if math.Abs(clamp32(f.value(most))-v) <= unit(s) {
			return most, s, ""
		}
	}
	s := sig(result, least)
	off := math.Abs(f.value(most) - round(result, least))
	return most, s, " ± " + sig(roundUp(off), 1)
}

// clamp32 is v as float32 can hold it.
func clamp32(v float64) float64 {
	switch {
	case v > math.MaxFloat32:
		return math.Inf(1)
	case v < -math.MaxFloat32:
		return math.Inf(-1)
	case math.Abs(v) < math.SmallestNonzeroFloat32/2:
		return 0
	}
	return v
}

// roundUp is the smallest number with one digit that is not below v > 0.
func roundUp(v float64) float64 {
	r := round(v, 1)
	if r < v {
		r = round(v+unit(sig(v, 1)), 1)
	}
	return r
}

// unit is one unit of the last printed digit of s.
func unit(s string) float64 {
	mantissa, exponent, ok := strings.Cut(s, "e")
	e := 0.0
	if ok {
		if v, err := parse(exponent); err == nil {
			e = v
		}
	}
	if _, frac, ok := strings.Cut(mantissa, "."); ok {
		e -= float64(len(frac))
	}
	return math.Pow(10, e)
}
