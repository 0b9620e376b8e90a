package scan

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// closeTo demands |got−want| ≤ tol·max(1, |want|).
func closeTo(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*max(1, math.Abs(want))) {
		t.Errorf("%s is %.17g, want %.17g within %g", what, got, want, tol)
	}
}

// TestRuleNumbers: Ā and g at A = −1 for the four Δ of the notes, worked out by
// hand: from e^−0.1, e^−1, e^−5, e^−20 and from fractions.
func TestRuleNumbers(t *testing.T) {
	const e01, e1, e5, e20 = 0.90483741803595957, 0.36787944117144232, 0.0067379469990854671, 2.0611536224385578e-9
	for _, c := range []struct {
		rule        Rule
		delta       float64
		abar, bgain float64
	}{
		{Released, 0.1, e01, 0.1},
		{Released, 1, e1, 1},
		{Released, 5, e5, 5},
		{Released, 20, e20, 20},
		{ZOH, 0.1, e01, 0.095162581964040427},
		{ZOH, 1, e1, 0.63212055882855768},
		{ZOH, 5, e5, 0.99326205300091453},
		{ZOH, 20, e20, 0.99999999793884642},
		{Bilinear, 0.1, 0.95 / 1.05, 0.1 / 1.05},
		{Bilinear, 1, 1.0 / 3, 2.0 / 3},
		{Bilinear, 5, -3.0 / 7, 10.0 / 7},
		{Bilinear, 20, -9.0 / 11, 20.0 / 11},
		{Euler, 0.1, 0.9, 0.1},
		{Euler, 1, 0, 1},
		{Euler, 5, -4, 5},
		{Euler, 20, -19, 20},
		{BackwardEuler, 0.1, 1 / 1.1, 0.1 / 1.1},
		{BackwardEuler, 1, 0.5, 0.5},
		{BackwardEuler, 5, 1.0 / 6, 5.0 / 6},
		{BackwardEuler, 20, 1.0 / 21, 20.0 / 21},
	} {
		abar, bgain := c.rule.Coefficients(c.delta, -1)
		closeTo(t, c.rule.String()+": Ā", abar, c.abar, 1e-15)
		closeTo(t, c.rule.String()+": g", bgain, c.bgain, 1e-15)
	}
	// The three digits that stand in the notes.
	abar, _ := Bilinear.Coefficients(20, -1)
	if abar != -9.0/11 {
		t.Errorf("bilinear Ā(20) is %v, want −9/11 exactly", abar)
	}
	abar, _ = BackwardEuler.Coefficients(20, -1)
	closeTo(t, "backward Euler Ā(20)", abar, 0.048, 5e-4)
}

// TestRuleLimits: at A = 0, and on the way there, every rule has Ā = 1, g = Δ.
func TestRuleLimits(t *testing.T) {
	for _, r := range Rules() {
		for _, delta := range []float64{0, 1e-9, 0.1, 1, 20} {
			abar, bgain := r.Coefficients(delta, 0)
			if abar != 1 || bgain != delta {
				t.Errorf("%v at A = 0, Δ = %v: (%v, %v), want (1, %v)", r, delta, abar, bgain, delta)
			}
			for _, a := range []float64{-1e-300, -1e-17, -1e-12, 1e-12} {
				abar, bgain = r.Coefficients(delta, a)
				closeTo(t, r.String()+" near A = 0: Ā", abar, 1, 1e-10)
				closeTo(t, r.String()+" near A = 0: g", bgain, delta, 1e-10)
			}
		}
		// Δ → 0 keeps h and writes nothing, for any A.
		abar, bgain := r.Coefficients(0, -3)
		if abar != 1 || bgain != 0 {
			t.Errorf("%v at Δ = 0: (%v, %v), want (1, 0)", r, abar, bgain)
		}
	}
}

// TestRuleForgetting: what Δ → ∞ does under each rule. Only the exponential
// rules reset; bilinear keeps everything with its sign turned.
func TestRuleForgetting(t *testing.T) {
	const delta = 1e4
	for r, want := range map[Rule]float64{
		Released: 0, ZOH: 0, Bilinear: -1, BackwardEuler: 1e-4, Euler: 1 - delta,
	} {
		abar, _ := r.Coefficients(delta, -1)
		closeTo(t, r.String()+": Ā at Δ = 10⁴", abar, want, 1e-3)
	}
	// Euler leaves the unit circle at Δ|A| = 2, bilinear never does.
	for _, delta := range []float64{1.9, 2.1, 50} {
		e, _ := Euler.Coefficients(delta, -1)
		b, _ := Bilinear.Coefficients(delta, -1)
		if (math.Abs(e) > 1) != (delta > 2) || math.Abs(b) >= 1 {
			t.Errorf("Δ = %v: |Ā| is %v under euler, %v under bilinear", delta, e, b)
		}
	}
	// float32 keeps nothing beyond Δ|A| = 104.
	abar, _ := Released.Coefficients(104, -1)
	if float32(abar) != 0 {
		t.Errorf("exp(−104) is %v in float32, want 0", float32(abar))
	}
}

// TestZOHSolvesTheODE: for an input held constant over the step, ZOH is the
// solution of h' = A·h + u, which a thousand small Runge-Kutta steps find too.
// The other rules are not, each in its own measure.
func TestZOHSolvesTheODE(t *testing.T) {
	for _, c := range []struct{ delta, a, h, u float64 }{
		{0.1, -1, 1, 2}, {1, -1, -2, 0.5}, {5, -0.3, 4, -1}, {2, -4, 1, 3}, {0.5, 0.7, 1, 1},
	} {
		exact, steps := c.h, 1000
		dt := c.delta / float64(steps)
		f := func(h float64) float64 { return c.a*h + c.u }
		for range steps {
			k1 := f(exact)
			k2 := f(exact + dt/2*k1)
			k3 := f(exact + dt/2*k2)
			k4 := f(exact + dt*k3)
			exact += dt / 6 * (k1 + 2*k2 + 2*k3 + k4)
		}
		for _, r := range Rules() {
			abar, bgain := r.Coefficients(c.delta, c.a)
			off := math.Abs(abar*c.h + bgain*c.u - exact)
			if r == ZOH && off > 1e-9 {
				t.Errorf("zoh is %g from the solution at Δ = %v, A = %v", off, c.delta, c.a)
			}
			if r != ZOH && off < 1e-6 {
				t.Errorf("%v is only %g from the solution at Δ = %v, A = %v", r, off, c.delta, c.a)
			}
		}
	}
}

// TestRuleOrder: as Δ halves, the error of one step against ZOH falls as Δ² or,
// for bilinear, Δ³.
func TestRuleOrder(t *testing.T) {
	off := func(r Rule, delta float64) float64 {
		a0, g0 := ZOH.Coefficients(delta, -1)
		a1, g1 := r.Coefficients(delta, -1)
		return math.Abs(a0 - a1 + 2*(g0-g1))
	}
	for r, order := range map[Rule]float64{Released: 2, Euler: 2, BackwardEuler: 2, Bilinear: 3} {
		got := math.Log2(off(r, 0.02) / off(r, 0.01))
		closeTo(t, r.String()+": order of the local error", got, order, 0.05)
	}
}

func TestRuleIDs(t *testing.T) {
	want := []string{"released", "zoh", "bilinear", "euler", "backward-euler"}
	for i, r := range Rules() {
		if r.String() != want[i] {
			t.Errorf("rule %d is %q, want %q", i, r, want[i])
		}
		back, err := ParseRule(want[i])
		if err != nil || back != r {
			t.Errorf("ParseRule(%q) is %v, %v", want[i], back, err)
		}
		text, err := json.Marshal(r)
		if err != nil || string(text) != `"`+want[i]+`"` {
			t.Errorf("JSON of %v is %s, %v", r, text, err)
		}
		var read Rule
		if err := json.Unmarshal(text, &read); err != nil || read != r {
			t.Errorf("JSON %s is read as %v, %v", text, read, err)
		}
	}
	for _, id := range []string{"", "ZOH", "zoh ", "Released", "tustin"} {
		_, err := ParseRule(id)
		if err == nil || !strings.Contains(err.Error(), "backward-euler") {
			t.Errorf("ParseRule(%q): %v, want an error that lists the ids", id, err)
		}
	}
	bad := Rule(200)
	if bad.Valid() || bad.String() != "rule(200)" {
		t.Errorf("Rule(200) is %v and valid: %v", bad, bad.Valid())
	}
	if _, err := json.Marshal(bad); err == nil {
		t.Error("Rule(200) has JSON")
	}
	if err := json.Unmarshal([]byte(`"nope"`), &bad); err == nil || bad != 200 {
		t.Errorf("reading an unknown id: %v, rule now %v", err, bad)
	}
	mustPanic(t, "Coefficients of an unknown rule", func() { Rule(200).Coefficients(1, -1) })
}

// mustPanic demands a panic with a constant string of this package.
func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if s, ok := recover().(string); !ok || !strings.HasPrefix(s, "scan: ") {
			t.Errorf("%s: panic with %q, want a string that begins with \"scan: \"", what, s)
		}
	}()
	f()
}
