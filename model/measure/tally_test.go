package measure

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// Values of Wilson's interval from its formula, computed by hand to six digits
// (and, for 8 of 10, printed in many textbooks as 0.490 to 0.943).
func TestWilson(t *testing.T) {
	for _, c := range []struct{ p, n, low, high float64 }{
		{0.8, 10, 0.490162, 0.943318},
		{0.5, 100, 0.403832, 0.596168},
		{1, 10, 0.722467, 1},
		{0, 10, 0, 0.277533},
		{1, 1000, 0.996173, 1},
		{0.99, 400, 0.974573, 0.996105},
	} {
		low, high := Wilson(c.p, c.n)
		if math.Abs(low-c.low) > 2e-6 || math.Abs(high-c.high) > 2e-6 {
			t.Errorf("Wilson(%g, %g) = %.6f, %.6f, want %.6f, %.6f", c.p, c.n, low, high, c.low, c.high)
		}
	}
	for _, n := range []float64{0, -1, math.NaN()} {
		if low, high := Wilson(0.5, n); low != 0 || high != 1 {
			t.Errorf("without trials (%g) the interval is %g to %g", n, low, high)
		}
	}
	if low, high := Wilson(math.NaN(), 10); low != 0 || high != 1 {
		t.Errorf("without a share the interval is %g to %g", low, high)
	}
}

// The interval narrows with n, holds p, and is symmetric: wrong answers are
// right answers to the opposite.
func TestWilsonProperties(t *testing.T) {
	for p := 0.0; p <= 1; p += 0.05 {
		width := 2.0
		for n := 1.0; n < 1e7; n *= 3 {
			low, high := Wilson(p, n)
			if !(low <= p && p <= high && low >= 0 && high <= 1 && high-low < width) {
				t.Fatalf("Wilson(%g, %g) = %g, %g after a width of %g", p, n, low, high, width)
			}
			width = high - low
			a, b := Wilson(1-p, n)
			if math.Abs(a-(1-high)) > 1e-12 || math.Abs(b-(1-low)) > 1e-12 {
				t.Fatalf("Wilson(%g, %g) = %g, %g, of the opposite %g, %g", p, n, low, high, a, b)
			}
		}
	}
}

// tallyOf counts sequences given as right, asked.
func tallyOf(sequences ...[2]int) Tally {
	var t Tally
	for _, s := range sequences {
		t.sequence(s[0], s[1], float64(s[1]))
	}
	return t
}

func TestTally(t *testing.T) {
	a, b := tallyOf([2]int{1, 2}, [2]int{3, 3}), tallyOf([2]int{0, 5})
	a.Add(b)
	if a != tallyOf([2]int{1, 2}, [2]int{3, 3}, [2]int{0, 5}) {
		t.Errorf("adding tallies and adding sequences differ: %+v", a)
	}
	if a.Sequences != 3 || a.Right != 4 || a.Asked != 10 || a.Accuracy() != 0.4 || a.MeanLoss() != 1 {
		t.Errorf("%+v", a)
	}
	if !math.IsNaN(Tally{}.Accuracy()) {
		t.Error("an empty tally has an accuracy")
	}
	if low, high := (Tally{}).Interval(); low != 0 || high != 1 {
		t.Errorf("an empty tally is sure: %g to %g", low, high)
	}
}

// By hand: p = ½, every sequence of 4 wholly right or wholly wrong. Σ(r−pa)² =
// 4·2² = 16 over (16)² is 1/16, times n/(n−1) = 4/3 is 1/12. Independent
// questions have p(1−p)/16 = 1/64: the effect is 64/12 = 5⅓.
func TestDesignEffect(t *testing.T) {
	whole := tallyOf([2]int{4, 4}, [2]int{0, 4}, [2]int{4, 4}, [2]int{0, 4})
	if got := whole.designEffect(); math.Abs(got-16.0/3) > 1e-12 {
		t.Errorf("the design effect is %g, want 5⅓", got)
	}
	low, high := whole.Interval()
	a, b := Wilson(0.5, 3)
	if math.Abs(low-a) > 1e-12 || math.Abs(high-b) > 1e-12 {
		t.Errorf("the interval is %g to %g, want that of three questions, %g to %g", low, high, a, b)
	}
	for name, c := range map[string]Tally{
		"evenly spread": tallyOf([2]int{2, 4}, [2]int{2, 4}, [2]int{2, 4}),
		"all right":     tallyOf([2]int{4, 4}, [2]int{4, 4}),
		"one sequence":  tallyOf([2]int{1, 4}),
		"nothing":       {},
	} {
		if got := c.designEffect(); got != 1 {
			t.Errorf("%s: the design effect is %g, want 1", name, got)
		}
	}
}

// The interval is right in 95 of 100 experiments whose questions hang together
// in sequences; Wilson's of all questions is far too narrow there.
func TestIntervalCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const experiments, sequences, asked = 2000, 60, 8
	covered, naive := 0, 0
	for range experiments {
		var tally Tally
		for range sequences {
			// A quarter of the sequences is hard. The share is ¾·0.95 + ¼·0.35 = 0.8.
			p := 0.95
			if r.IntN(4) == 0 {
				p = 0.35
			}
			right := 0
			for range asked {
				if r.Float64() < p {
					right++
				}
			}
			tally.sequence(right, asked, 0)
		}
		if low, high := tally.Interval(); low <= 0.8 && 0.8 <= high {
			covered++
		}
		if low, high := Wilson(tally.Accuracy(), float64(tally.Asked)); low <= 0.8 && 0.8 <= high {
			naive++
		}
	}
	if share := float64(covered) / experiments; share < 0.93 || share > 0.975 {
		t.Errorf("the interval held the truth in %.1f %% of the experiments", 100*share)
	}
	if share := float64(naive) / experiments; share > 0.85 {
		t.Errorf("the test cannot tell: independent questions would give %.1f %%", 100*share)
	}
}

func ExampleWilson() {
	low, high := Wilson(1, 64) // 64 of 64 right
	fmt.Printf("%.3f to %.3f\n", low, high)
	// Output: 0.943 to 1.000
}
