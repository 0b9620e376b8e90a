package panel

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/scan"
	"mamba-tui/tui/heat"
)

// calculator reads what a person would type from the screen: numbers, + − · /,
// parentheses, exp, softplus and σ. It shares nothing with the printer.
type calculator struct {
	s []rune
	i int
	t testing.TB
}

func calculate(t testing.TB, s string) float64 {
	c := &calculator{s: []rune(strings.ReplaceAll(s, " ", "")), t: t}
	v := c.sum()
	if c.i != len(c.s) {
		t.Fatalf("cannot read %q from %q on", s, string(c.s[c.i:]))
	}
	return v
}

func (c *calculator) peek() rune {
	if c.i < len(c.s) {
		return c.s[c.i]
	}
	return 0
}

func (c *calculator) sum() float64 {
	v := c.product()
	for {
		switch c.peek() {
		case '+':
			c.i++
			v += c.product()
		case '−':
			c.i++
			v -= c.product()
		default:
			return v
		}
	}
}

func (c *calculator) product() float64 {
	v := c.atom()
	for {
		switch c.peek() {
		case '·':
			c.i++
			v *= c.atom()
		case '/':
			c.i++
			v /= c.atom()
		default:
			return v
		}
	}
}

func (c *calculator) atom() float64 {
	rest := string(c.s[c.i:])
	for name, f := range map[string]func(float64) float64{
		"exp(":      math.Exp,
		"softplus(": func(x float64) float64 { return math.Log1p(math.Exp(-math.Abs(x))) + math.Max(x, 0) },
		"σ(":        func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
		"(":         func(x float64) float64 { return x },
	} {
		if strings.HasPrefix(rest, name) {
			c.i += len([]rune(name))
			v := f(c.sum())
			if c.peek() != ')' {
				c.t.Fatalf("no ) in %q", string(c.s))
			}
			c.i++
			return v
		}
	}
	sign := 1.0
	if c.peek() == '−' {
		sign = -1
		c.i++
	}
	if strings.HasPrefix(string(c.s[c.i:]), "NaN") {
		c.i += 3
		return math.NaN()
	}
	if c.peek() == '∞' {
		c.i++
		return math.Inf(int(sign))
	}
	j := c.i
	for j < len(c.s) && (c.s[j] >= '0' && c.s[j] <= '9' || c.s[j] == '.' || c.s[j] == 'e' || c.s[j] == '-' && c.s[j-1] == 'e') {
		j++
	}
	v, err := strconv.ParseFloat(string(c.s[c.i:j]), 64)
	if err != nil {
		c.t.Fatalf("no number at %q in %q", string(c.s[c.i:]), string(c.s))
	}
	c.i = j
	return sign * v
}

// checkEquation computes "… = f = r" or "f = r ± e" from its printed numbers
// and compares with the printed result.
func checkEquation(t testing.TB, line string, exact float64) {
	t.Helper()
	line = strings.TrimSpace(line)
	if _, after, ok := strings.Cut(line, "] = "); ok {
		line = after
	}
	k := strings.LastIndex(line, "= ")
	if k < 0 {
		t.Fatalf("no result in %q", line)
	}
	f, result, bound := line[:k], line[k+2:], ""
	result, bound, _ = strings.Cut(result, " ± ")
	got, want := calculate(t, f), calculate(t, result)
	if math.IsNaN(got) && math.IsNaN(want) {
		return
	}
	// Not more than a unit of the last printed digit, or the bound that is
	// printed where the result is the small difference of large numbers.
	allowed := lastDigit(result)
	if bound != "" {
		allowed += calculate(t, bound)
	}
	if got != want && !(math.Abs(got-want) <= allowed*1.0000001) && !(math.Abs(got) > math.MaxFloat32 && math.IsInf(want, 0)) {
		t.Fatalf("%q: the printed numbers give %v, printed is %v (allowed %g)", line, got, want, allowed)
	}
	// And what is printed is the model's own value.
	if !(math.Abs(want-exact) <= lastDigit(result)) && !(math.IsNaN(exact) && math.IsNaN(want)) && want != exact {
		t.Fatalf("%q: printed %v, the frame says %v", line, want, exact)
	}
}

func lastDigit(s string) float64 {
	mantissa, exp, _ := strings.Cut(s, "e")
	e, _ := strconv.Atoi(exp)
	if _, frac, ok := strings.Cut(mantissa, "."); ok {
		e -= len(frac)
	}
	return math.Pow(10, float64(e))
}

// inspect is the printed equation of a cell of a frame, as it stands on the
// screen of a given width, its lines joined.
func inspect(t testing.TB, f *session.Frame, cur Cursor, w, h int) (eq string, all []string) {
	return inspectRun(t, f, cur, w, h, false)
}

// inspectRun is inspect of the clean or the changed run.
func inspectRun(t testing.TB, f *session.Frame, cur Cursor, w, h int, changed bool) (eq string, all []string) {
	c := contextFor(f, themed(t, heat.TrueColor, true), 60, 2)
	c.Cursor, c.Opt.Changed = cur, changed
	p := NewInspector()
	p.SetSize(w, h)
	buf := screen(t, p.Lines(c), w)
	on := false
	for y := range h {
		l := strings.TrimSpace(rowText(buf, y))
		all = append(all, l)
		if y > 0 && strings.HasPrefix(l, "h[") && !strings.HasPrefix(l, "h[t]") {
			on = true
		}
		if on {
			eq += " " + l
			forced := strings.Contains(eq, "] = ") && !strings.ContainsAny(eq, "·(+")
			if forced || strings.HasPrefix(l, "= ") && !strings.Contains(l, "(") && !strings.Contains(l, "·") || strings.Contains(eq, "+ ") && strings.Count(eq, " = ") >= 2 {
				on = false
			}
		}
	}
	return strings.TrimSpace(eq), all
}

func TestPrintedEquationRecomputes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	s := header(t)
	for T := range s.Len() {
		f := frameAt(t, s, T, 0)
		for range 4 {
			d := r.IntN(64)
			if r.IntN(2) == 0 {
				d = []int{4, 9}[r.IntN(2)]
			}
			eq, _ := inspect(t, f, Cursor{T: T, D: d}, 30+r.IntN(90), 8)
			checkEquation(t, eq, float64(f.Clean.At.H[d]))
		}
	}
	cfg := model.Config{VocabSize: 11, DModel: 10, DInner: 18, DState: 5, DConv: 4, DtRank: 2, NLayer: 2, Eps: 1e-5, ConvBias: true}
	rs := random(t, cfg, 25)
	for T := range rs.Len() {
		f := frameAt(t, rs, T, T%2)
		for range 8 {
			d, n := r.IntN(18), r.IntN(5)
			eq, _ := inspect(t, f, Cursor{T: T, Layer: T % 2, D: d, N: n}, 26+r.IntN(80), 9)
			checkEquation(t, eq, float64(f.Clean.At.H[d*5+n]))
		}
	}
}

// TestEquationOfEveryRule draws cells that obey each rule over many orders of
// magnitude, where the exact value comes from the rule's coefficients.
func TestEquationOfEveryRule(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	size := func() float32 {
		v := math.Pow(10, r.Float64()*12-8)
		if r.IntN(2) == 0 {
			v = -v
		}
		if r.IntN(9) == 0 {
			v = 0
		}
		return float32(v)
	}
	bounds := 0
	for _, rule := range scan.Rules() {
		for range 400 {
			f := made{D: 1, N: 1, M: 1, K: 1, T: 1, rule: rule}.frame()
			m, w := f.Clean.At, f.Clean
			m.Delta[0] = float32(math.Abs(float64(size())))
			w.A[0] = -float32(math.Abs(float64(size())))
			if rule != scan.Released && rule != scan.ZOH {
				m.Delta[0] = min(m.Delta[0], 30) // Ā stays a number
			}
			m.B[0], m.U[0], m.HPrev[0] = size(), size(), size()
			abar, gain := rule.Coefficients(float64(m.Delta[0]), float64(w.A[0]))
			m.H[0] = float32(abar*float64(m.HPrev[0]) + gain*float64(m.B[0])*float64(m.U[0]))
			eq, _ := inspect(t, f, Cursor{}, 200, 4)
			if strings.Contains(eq, "±") {
				bounds++
			}
			checkEquation(t, eq, float64(m.H[0]))
		}
	}
	if bounds > 20 {
		t.Fatalf("%d of 2000 equations needed an error bound", bounds)
	}
}

func TestEquationOfTheWipe(t *testing.T) {
	f := frameAt(t, header(t), 12, 0) // the second document's header, 9
	eq, _ := inspect(t, f, Cursor{T: 12, D: 9}, 120, 6)
	if !strings.HasPrefix(eq, "h[9,0] = exp(") || !strings.HasSuffix(eq, " = 78.5") {
		t.Errorf("the written cell reads %q", eq)
	}
	checkEquation(t, eq, float64(f.Clean.At.H[9]))
	eq, _ = inspect(t, f, Cursor{T: 12, D: 4}, 120, 6)
	if !strings.Contains(eq, ")·78.") { // what the first document left is multiplied away
		t.Errorf("the wiped cell reads %q", eq)
	}
	checkEquation(t, eq, float64(f.Clean.At.H[4]))
}

// TestSteps computes every line of the cell's arithmetic again.
func TestSteps(t *testing.T) {
	cfg := model.Config{VocabSize: 11, DModel: 10, DInner: 18, DState: 2, DConv: 4, DtRank: 2, NLayer: 1, Eps: 1e-5, ConvBias: true}
	s := random(t, cfg, 12)
	f := frameAt(t, s, 11, 0)
	m, n := f.Clean.At, 0
	for d := range 18 {
		_, all := inspect(t, f, Cursor{T: 11, D: d, N: d % 2}, 120, 40)
		want := map[string]float64{"Δ": float64(m.Delta[d]), "h": float64(m.H[d*2+d%2]), "y": float64(m.Y[d]), "gate": float64(m.Gated[d])}
		for _, l := range all {
			name, rest, ok := strings.Cut(l, " = ")
			v, known := want[strings.TrimSpace(name)]
			if !ok || !known {
				continue
			}
			if k := strings.Index(rest, "  "); k > 0 { // the note
				rest = rest[:k]
			}
			checkEquation(t, rest, v)
			n++
		}
	}
	if n != 18*4 {
		t.Fatalf("%d lines of arithmetic were checked, want 72", n)
	}
}

func TestInspectorTables(t *testing.T) {
	cfg := model.Config{VocabSize: 11, DModel: 10, DInner: 18, DState: 4, DConv: 4, DtRank: 2, NLayer: 1, Eps: 1e-5, ConvBias: true}
	f := frameAt(t, random(t, cfg, 12), 11, 0)
	_, all := inspect(t, f, Cursor{T: 11, D: 3, N: 2}, 120, 60)
	text := strings.Join(all, "\n")
	for _, want := range []string{"the 4 states of channel 3", "› 2", "the cell over the last tokens", "› 11", sig(float64(f.Clean.At.H[3*4+1]), 3)} {
		if !strings.Contains(text, want) {
			t.Errorf("the zoomed inspector lacks %q:\n%s", want, text)
		}
	}
}
