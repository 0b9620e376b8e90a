package lesson

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
)

// verdicts are those of every claim, measured once for all tests.
var verdicts = sync.OnceValue(func() []Verdict {
	lab := &Lab{}
	defer lab.Close()
	var all []Verdict
	for _, l := range All() {
		if err := l.Check(context.Background(), lab, func(v Verdict) { all = append(all, v) }); err != nil {
			all = append(all, Verdict{Lesson: l.Name, Err: err})
		}
	}
	return all
})

// TestClaims is what learn --check does: every claim holds.
func TestClaims(t *testing.T) {
	n := 0
	for _, v := range verdicts() {
		l, err := ByName(v.Lesson)
		if err != nil {
			t.Fatal(err)
		}
		text, err := l.Text(English)
		if err != nil {
			t.Fatal(err)
		}
		said := text.Claim(v.Claim, v.Values)
		if v.Err != nil || !v.Holds {
			t.Errorf("%s: %s does not hold: %s (error %v)", v.Lesson, v.Claim, said, v.Err)
		}
		t.Logf("%s: %s: %s", v.Lesson, v.Claim, said)
		n++
	}
	want := 0
	for _, l := range All() {
		want += len(l.Claims)
	}
	if n != want || n == 0 {
		t.Errorf("%d verdicts on %d claims", n, want)
	}
}

// untrained loads a model of the same shape and symbols with random weights.
func untrained(name string) (*checkpoint.File, error) {
	f, err := builtin(name)
	if err != nil {
		return nil, err
	}
	f.Weights = model.RandomWeights(f.Config, 3)
	return f, nil
}

// always are the claims that hold whatever the weights are: they are about the
// equations. All others are about what the models do, and must fail where the
// models do nothing.
var always = []string{"ledger", "none", "huge", "both", "state", "mask", "select"}

// TestClaimsCanFail: with random weights in place of the built-in models every
// claim about what they do is false.
func TestClaimsCanFail(t *testing.T) {
	lab := &Lab{Load: untrained}
	defer lab.Close()
	for _, l := range All() {
		err := l.Check(context.Background(), lab, func(v Verdict) {
			if v.Err != nil {
				t.Errorf("%s: %s: %v", v.Lesson, v.Claim, v.Err)
			}
			if want := slices.Contains(always, v.Claim); v.Holds != want {
				t.Errorf("%s: %s with random weights: holds %v, want %v", v.Lesson, v.Claim, v.Holds, want)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A claim that cannot be measured does not hold and says why; one after the end
// of the context is not measured at all.
func TestCheckErrors(t *testing.T) {
	gone := errors.New("the file is gone")
	lab := &Lab{Load: func(string) (*checkpoint.File, error) { return nil, gone }}
	l := boundary()
	n := 0
	err := l.Check(context.Background(), lab, func(v Verdict) {
		n++
		if v.Holds || !errors.Is(v.Err, gone) {
			t.Errorf("%s: holds %v, error %v", v.Claim, v.Holds, v.Err)
		}
	})
	if err != nil || n != len(l.Claims) {
		t.Errorf("%d verdicts, error %v", n, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err = l.Check(ctx, lab, func(v Verdict) { t.Errorf("%s was measured", v.Claim) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestTexts: every language has every part of every lesson and nothing else,
// with the same places; every place gets a value; and no number is typed.
func TestTexts(t *testing.T) {
	values := map[string][]Value{}
	for _, v := range verdicts() {
		values[v.Lesson+"/claim: "+v.Claim] = v.Values
	}
	for _, l := range All() {
		want := []string{"title", "question", "setup"}
		for _, s := range l.Steps {
			want = append(want, s.Name+": press", s.Name+": see")
		}
		for _, c := range l.Claims {
			want = append(want, "claim: "+c.Name)
		}
		slices.Sort(want)
		english, err := read(English, l.Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range Languages() {
			parts, err := read(lang, l.Name)
			if err != nil {
				t.Fatal(err)
			}
			var have []string
			for name, text := range parts {
				have = append(have, name)
				what := string(lang) + "/" + l.Name + ": " + name
				set := places(text)
				slices.Sort(set)
				set = slices.Compact(set)
				other := places(english[name])
				slices.Sort(other)
				other = slices.Compact(other)
				if !slices.Equal(set, other) {
					t.Errorf("%s has the places %v, in English %v", what, set, other)
				}
				if strings.HasPrefix(name, "claim: ") {
					var given []string
					for _, v := range values[l.Name+"/"+name] {
						given = append(given, v.Name)
					}
					for _, place := range set {
						if !slices.Contains(given, place) {
							t.Errorf("%s has a place for %s, measured are %v", what, place, given)
						}
					}
				}
				if strings.Count(text, "`")%2 != 0 {
					t.Errorf("%s: a back quote is not closed", what)
				}
				if d := typed(text); d != "" {
					t.Errorf("%s has the number %s, which nobody computes", what, d)
				}
			}
			slices.Sort(have)
			if !slices.Equal(have, want) {
				t.Errorf("%s/%s has the parts\n%v, want\n%v", lang, l.Name, have, want)
			}
		}
	}
}

// typed is a number in text that stands neither in a place nor between back
// quotes; a 0 by itself is a symbol, as in Ā = 0.
func typed(text string) string {
	var b strings.Builder
	quoted := false
	depth := 0
	for _, r := range text {
		switch {
		case r == '`':
			quoted = !quoted
		case r == '{':
			depth++
		case r == '}':
			depth--
		case !quoted && depth == 0:
			b.WriteRune(r)
			continue
		}
		b.WriteRune(' ')
	}
	digit := func(r rune) bool { return unicode.IsDigit(r) || strings.ContainsRune("⁰¹²³⁴⁵⁶⁷⁸⁹", r) }
	for _, f := range strings.FieldsFunc(b.String(), func(r rune) bool { return !digit(r) }) {
		if f != "0" {
			return f
		}
	}
	return ""
}

func TestTyped(t *testing.T) {
	for text, want := range map[string]string{
		"Ā = 0 at {at2}, press `3`": "", "half of 64": "64", "10⁻⁵": "10", "二つ目は12": "12", "": "",
	} {
		if have := typed(text); have != want {
			t.Errorf("%q: %q, want %q", text, have, want)
		}
	}
}

// TestWords: each language has the same words.
func TestWords(t *testing.T) {
	english, err := WordsIn(English)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range Languages() {
		words, err := WordsIn(lang)
		if err != nil {
			t.Fatal(err)
		}
		for name := range english {
			if words[name] == "" {
				t.Errorf("%s has no word for %q", lang, name)
			}
		}
		if len(words) != len(english) {
			t.Errorf("%s has %d words, English %d", lang, len(words), len(english))
		}
	}
}

func TestParse(t *testing.T) {
	parts, err := parse("## a\none\ntwo {x}\n\nthree\n## b\n二つ\n目 x\ny\n")
	if err != nil || parts["a"] != "one two {x} three" || parts["b"] != "二つ目 x y" {
		t.Errorf("%q, %v", parts, err)
	}
	for text, want := range map[string]string{
		"words\n## a\nx": "before the first", "## a\nx\n## a\ny": "there twice", "## a\n## b\nx": "no text",
	} {
		if _, err := parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestFill(t *testing.T) {
	values := []Value{count("n", 3), share("p", 0.5)}
	for text, want := range map[string]string{
		"{n} of {p}": "3 of 50.0 %", "{other} {n}": "… 3", "{n": "{n", "none": "none", "{n}{n}": "33",
	} {
		if have := fill(text, values); have != want {
			t.Errorf("%q: %q, want %q", text, have, want)
		}
	}
}

func TestLanguage(t *testing.T) {
	for locale, want := range map[string]Language{
		"ja_JP.UTF-8": Japanese, "ja": Japanese, "en_GB": English, "C": English, "": English, "de_DE.UTF-8": English, "jam_JM": English,
	} {
		if have := LanguageOf(locale); have != want {
			t.Errorf("%q: %s, want %s", locale, have, want)
		}
	}
	if _, err := ParseLanguage("de"); err == nil {
		t.Error("German was accepted")
	}
	if _, err := ByName("nothing"); err == nil || !strings.Contains(err.Error(), "fading, boundary, gating") {
		t.Errorf("error %v does not say which lessons there are", err)
	}
}

// TestValues: how numbers are written.
func TestValues(t *testing.T) {
	for _, c := range []struct {
		v    Value
		want string
	}{
		{count("", 32768), "32768"}, {number("", 20), "20"}, {number("", 78.486), "78.5"}, {number("", 1.4279), "1.43"},
		{number("", 0), "0"}, {number("", -0.25), "−0.25"}, {number("", 2.1e-9), "2.1·10⁻⁹"}, {number("", -3.4e8), "−3.4·10⁸"},
		{number("", math.NaN()), "NaN"}, {share("", 0), "0 %"}, {share("", 1), "100 %"}, {share("", 0.0597), "6.0 %"},
		{share("", 0.00001), "1.0·10⁻³ %"}, {share("", 3.144), "314 %"}, {share("", 191.7), "×191.7"}, {keptShare("", 0.99999998), "99.999998 %"},
		{keptShare("", 1), "100 %"}, {keptShare("", 0.5), "50.0 %"}, {word("", "a\x1b[m"), `a\x1b[m`},
	} {
		if c.v.Text != c.want {
			t.Errorf("%g is written %q, want %q", c.v.Number, c.v.Text, c.want)
		}
	}
}

// Lines of a file of texts are joined as the script is written: Japanese has no
// space behind its comma and stop, whatever follows.
func TestParseJoinsLines(t *testing.T) {
	parts, err := parse("## a\none\ntwo\n## b\n薄れる\n数\n## c\n出力は 1、\n2。\nh は\n3\n")
	if err != nil || parts["a"] != "one two" || parts["b"] != "薄れる数" || parts["c"] != "出力は 1、2。h は 3" {
		t.Errorf("%v %q", err, parts)
	}
}
