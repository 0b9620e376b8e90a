package scan

import (
	"fmt"
	"math"
	"strings"
)

// Rule is a discretisation of h' = A·h + B·u over a step Δ.
type Rule uint8

// The rules; doc.go gives their formulas.
const (
	Released      Rule = iota // Ā = exp(ΔA), B̄ = ΔB: the released code, and real checkpoints
	ZOH                       // Ā = exp(ΔA), B̄ = (exp(ΔA)−1)/A·B: the paper's eq. 4
	Bilinear                  // Ā = (1+ΔA/2)/(1−ΔA/2), B̄ = Δ/(1−ΔA/2)·B: S4
	Euler                     // Ā = 1+ΔA, B̄ = ΔB
	BackwardEuler             // Ā = 1/(1−ΔA), B̄ = Δ/(1−ΔA)·B
)

// numRules counts the rules: a Rule is valid below it.
const numRules = BackwardEuler + 1

// ruleIDs are the names of the rules in keys, JSON and traces.
var ruleIDs = [numRules]string{"released", "zoh", "bilinear", "euler", "backward-euler"}

// Rules lists every rule in the order of its constants.
func Rules() []Rule {
	return []Rule{Released, ZOH, Bilinear, Euler, BackwardEuler}
}

// Valid says that r is one of the rules.
func (r Rule) Valid() bool { return r < numRules }

// String is the id of the rule: released, zoh, bilinear, euler or
// backward-euler.
func (r Rule) String() string {
	if !r.Valid() {
		return fmt.Sprintf("rule(%d)", uint8(r))
	}
	return ruleIDs[r]
}

// ParseRule is the rule with the given id.
func ParseRule(id string) (Rule, error) {
	for r, s := range ruleIDs {
		if s == id {
			return Rule(r), nil
		}
	}
	return 0, fmt.Errorf("scan: unknown discretisation rule %q: use one of %s",
		id, strings.Join(ruleIDs[:], ", "))
}

// MarshalText is the id of the rule, so that JSON and traces hold the id.
func (r Rule) MarshalText() ([]byte, error) {
	if !r.Valid() {
		return nil, fmt.Errorf("scan: rule %d has no id: the last is %d", uint8(r), numRules-1)
	}
	return []byte(ruleIDs[r]), nil
}

// UnmarshalText reads what MarshalText wrote.
func (r *Rule) UnmarshalText(id []byte) error {
	parsed, err := ParseRule(string(id))
	if err == nil {
		*r = parsed
	}
	return err
}

// Coefficients discretises one state of one channel over a step delta: Ā, and
// the gain g that makes B̄ = g·B. At a = 0 every rule has the limit Ā = 1,
// g = Δ, because (exp(Δa)−1)/a → Δ.
//
// Only ZOH and Released make Ā → 0 as Δ → ∞ fast enough to reset a state;
// Bilinear tends to −1 (a memory that flips its sign), BackwardEuler to 0 only
// like 1/Δ, and Euler grows beyond Δ|a| = 2.
func (r Rule) Coefficients(delta, a float64) (abar, bgain float64) {
	x := delta * a
	switch r {
	case Released:
		return math.Exp(x), delta
	case ZOH:
		if a == 0 {
			return 1, delta
		}
		// expm1 keeps the digits that exp(x)−1 loses for small Δ|a|.
		return math.Exp(x), math.Expm1(x) / a
	case Bilinear:
		return (1 + x/2) / (1 - x/2), delta / (1 - x/2)
	case Euler:
		return 1 + x, delta
	case BackwardEuler:
		return 1 / (1 - x), delta / (1 - x)
	}
	panic("scan: Coefficients: unknown rule")
}

// exponential says that Ā = exp(ΔA), so that products of Ā over time are
// exp(A·ΣΔ) and need one running sum of Δ a channel.
func (r Rule) exponential() bool { return r == Released || r == ZOH }
