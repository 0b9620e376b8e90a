package panel

import (
	"math"
	"strings"
	"testing"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
)

func TestCaptionOfTheHeaderModel(t *testing.T) {
	s := header(t)
	for T, want := range map[int]string{
		0:  "token ¶: Δ at most 2.06e-9; h was 0; wrote nothing (‖ΔBu‖ 0)",
		1:  "token 4 after ¶: Δ 20.0 in 16 of 64 channels; h was 0; wrote 78.5 to channel 4",
		2:  "token a after 4: Δ at most 2.06e-9; kept 100.0 % of h; wrote nothing (‖ΔBu‖ 0)",
		12: "token 9 after ¶: Δ 20.0 in 16 of 64 channels; kept 0.0 % of h; wrote 78.5 to channel 9",
		27: "token ? after c: Δ at most 2.06e-9; kept 100.0 % of h; wrote nothing (‖ΔBu‖ 0)",
	} {
		c := contextFor(frameAt(t, s, T, 0), themed(t, heat.TrueColor, true), 60, 2)
		if got := Caption(c); got != want {
			t.Errorf("token %d:\n got %s\nwant %s", T, got, want)
		}
	}
}

// captioned is a frame of one token over two channels with the given numbers.
func captioned(delta, hprev, write []float32, kept, total, norm float32) *session.Frame {
	f := made{D: len(delta), N: 1, M: 2, K: 2, T: 2, texts: []string{"a", "b"}}.frame()
	w := f.Clean
	w.At.Delta, w.At.HPrev = delta, hprev
	copy(w.Write[len(delta):], write)
	l := &w.Lanes[0]
	l.Kept[1], l.Write[1], l.HNorm[1] = kept, total, norm
	return f
}

func TestCaptionOfAnyNumbers(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	one := []float32{1, 0, 0}
	for _, test := range []struct {
		f    *session.Frame
		want string
	}{
		{captioned([]float32{0.9, 0.5, 0.1}, one, []float32{2, 1, 0}, 0.4, 2.236, 3),
			"token b after a: Δ 0.500…0.900 in 2 of 3 channels; kept 40.0 % of h; wrote 2.24 in all, most (2.00) to channel 0"},
		{captioned([]float32{0.5, 0.5, 0.5}, one, []float32{0, 0, 3}, 0.4, 3, 3),
			"token b after a: Δ 0.500 in all 3 channels; kept 40.0 % of h; wrote 3.00 to channel 2"},
		{captioned([]float32{1e-3, 0, 0}, one, []float32{1e-3, 0, 0}, 0.999, 1e-3, 10),
			"token b after a: Δ at most 0.00100; kept 99.9 % of h; wrote almost nothing (‖ΔBu‖ 0.001)"},
		{captioned([]float32{1e-3, 0, 0}, one, []float32{0, 0, 0}, 0.2, 0, 10), // forgets and writes nothing
			"token b after a: Δ 0.00100 in 1 of 3 channels; kept 20.0 % of h; wrote nothing (‖ΔBu‖ 0)"},
		{captioned([]float32{nan, 1, nan}, one, []float32{nan, 0, 0}, nan, nan, nan),
			"token b after a: Δ is NaN in 2 of 3 channels; kept NaN % of h; wrote NaN"},
		{captioned([]float32{inf, 1, 1}, one, []float32{inf, 0, 0}, 0, inf, inf),
			"token b after a: Δ ∞ in 1 of 3 channels; kept 0.0 % of h; wrote ∞ to channel 0"},
		{captioned([]float32{0, 0, 0}, []float32{0, 0, 0}, []float32{0, 0, 0}, nan, 0, 0),
			"token b after a: Δ at most 0.00; h was 0; wrote nothing (‖ΔBu‖ 0)"},
	} {
		c := contextFor(test.f, themed(t, heat.TrueColor, true), 60, 2)
		if got := Caption(c); got != test.want {
			t.Errorf("\n got %s\nwant %s", got, test.want)
		}
	}
	empty := contextFor(&session.Frame{}, themed(t, heat.TrueColor, true), 60, 2)
	if got := Caption(empty); got != "no tokens yet: h is 0" {
		t.Errorf("empty: %q", got)
	}
}

func TestCaptionOfATokenOutsideTheAlphabet(t *testing.T) {
	f := made{D: 3, N: 1, M: 2, K: 2, T: 6, texts: []string{"a", "b", "·"}}.frame() // token 5 is such
	got := Caption(contextFor(f, themed(t, heat.TrueColor, true), 60, 2))
	if want := `token \x1b]0;owne… after b (outside the alphabet, read as ·): `; !strings.HasPrefix(got, want) {
		t.Errorf("got %q", got)
	}
	if bad := control(got); bad != "" {
		t.Errorf("the caption holds %s", bad)
	}
}

func TestWhatIf(t *testing.T) {
	s := header(t)
	c := contextFor(frameAt(t, s, 27, 0), themed(t, heat.TrueColor, true), 60, 2)
	if got := WhatIf(c); got != "" {
		t.Errorf("without a tweak: %q", got)
	}
	if err := s.FreezeDelta(true); err != nil {
		t.Fatal(err)
	}
	c.Frame = frameAt(t, s, 27, 0)
	a, b := c.Frame.Clean.At.Top[0], c.Frame.Changed.At.Top[0]
	if a.ID == b.ID || c.Frame.Text(a.ID) != "9" {
		t.Fatalf("frozen Δ answers %q, clean %q", c.Frame.Text(b.ID), c.Frame.Text(a.ID))
	}
	want := c.Frame.Tweaks[0].Name() + ": the answer after ? changes from 9 (" + probability(float64(a.P)) + ") to " +
		c.Frame.Text(b.ID) + " (" + probability(float64(b.P)) + ")"
	if got := WhatIf(c); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	c.Frame = frameAt(t, s, 5, 0)
	if got := WhatIf(c); !strings.Contains(got, "after a stays ·") {
		t.Errorf("an unchanged answer reads %q", got)
	}
}

func TestNumbers(t *testing.T) {
	for _, test := range []struct {
		v    float64
		n    int
		want string
	}{
		{20, 3, "20.0"}, {78.5403, 3, "78.5"}, {2.0611536e-9, 3, "2.06e-9"}, {-1, 3, "−1.00"}, {0, 3, "0.00"}, {0.0951, 3, "0.0951"},
		{0.001, 3, "0.00100"}, {0.00099, 3, "9.90e-4"}, {12345, 3, "12345"}, {99999, 3, "1.00e5"}, {999999, 3, "1.00e6"}, {-3.4e38, 2, "−3.4e38"},
		{math.NaN(), 3, "NaN"}, {math.Inf(1), 3, "∞"}, {math.Inf(-1), 3, "−∞"}, {0.99999, 3, "1.00"}, {math.Copysign(0, -1), 3, "0.00"},
	} {
		got := sig(test.v, test.n)
		if got != test.want {
			t.Errorf("sig(%v, %d) = %q, want %q", test.v, test.n, got, test.want)
		}
		if back, err := parse(got); err != nil || !(math.Abs(back-test.v) <= math.Abs(test.v)*0.05) && !math.IsNaN(test.v) && back != test.v {
			t.Errorf("%q reads back as %v, %v", got, back, err)
		}
	}
	for v, want := range map[float64]string{20: "20", 2e-9: "2e-9", 0.5: "0.5", 0.05: "0.05", 1: "1", 0: "0", 100: "100", 3.14e-7: "3.1e-7"} {
		if got := short(v); got != want {
			t.Errorf("short(%v) = %q, want %q", v, got, want)
		}
	}
	for p, want := range map[float64]string{1: "1.00", 0.954: "0.95", 0: "0.00", 0.001: "<.01"} {
		if got := probability(p); got != want {
			t.Errorf("probability(%v) = %q, want %q", p, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	parts := []part{{long: "name", keep: 9}, {long: "64 channels → 20 rows", short: "64 → 20", keep: 8}, {long: "note of no weight", keep: 1}, {long: "0…20", keep: 5}}
	for w, want := range map[int]string{
		80: "name|64 channels → 20 rows|note of no weight|0…20",
		45: "name|64 → 20|note of no weight|0…20",
		40: "name|64 channels → 20 rows||0…20",
		30: "name|64 → 20||0…20",
		15: "name|64 → 20||",
		5:  "name|||",
		3:  "na…|||",
		0:  "|||",
	} {
		if got := strings.Join(fit(parts, 3, w), "|"); got != want {
			t.Errorf("at %d: %q, want %q", w, got, want)
		}
	}
}

func TestWrapKeepsEveryPiece(t *testing.T) {
	x := cell{m: &session.Moment{}, d: 123, n: 15, N: 16, delta: 0.0870233, a: -4, b: -0.195, u: 0.4375, prev: -4.28e-4, now: -0.00773}
	pieces := x.equation()
	flat := strings.ReplaceAll(strings.Join(pieces, ""), " ", "")
	for w := 14; w < 120; w++ {
		lines := wrap(pieces, w, 10)
		if got := strings.ReplaceAll(strings.Join(lines, ""), " ", ""); got != flat {
			t.Fatalf("at %d: %q, want %q", w, got, flat)
		}
		for _, l := range lines {
			if w >= 24 && width(l) > w {
				t.Fatalf("at %d: %q is %d cells", w, l, width(l))
			}
		}
	}
}

func TestSafeText(t *testing.T) {
	for _, s := range hostile {
		got := safe(s)
		if bad := control(got); bad != "" {
			t.Errorf("safe(%q) = %q holds %s", s, got, bad)
		}
	}
	if got := phrase("cpu generic f32"); got != "cpu generic f32" {
		t.Errorf("phrase: %q", got)
	}
	if got := safe(" "); got != "␣" {
		t.Errorf("a token that is a space shows as %q", got)
	}
}
