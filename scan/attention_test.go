package scan

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAttentionByHand: Euler at A = −½ with B = C = 1. Δ = 1 halves the past,
// Δ = 0 keeps it, Δ = 2 erases it.
//
//	Δ = 1, 0, 1, 2:  Ā = ½, 1, ½, 0;  g = Δ
//	row 2: α = (1·1·½, 0·½, 1) = (½, 0, 1), initial h·½·1·½
//	row 3: Ā₃ = 0: only g₃ = 2
func TestAttentionByHand(t *testing.T) {
	c := &Channel{Rule: Euler, Delta: []float64{1, 0, 1, 2}, U: []float64{1, 1, 1, 1},
		A: []float64{-0.5}, B: []float64{1, 1, 1, 1}, C: []float64{1, 1, 1, 1}, H: []float64{8}}
	row := make([]float64, 4)
	for _, w := range []struct {
		t       int
		row     []float64
		initial float64
	}{
		{0, []float64{1, 0, 0, 0}, 4},
		{1, []float64{1, 0, 0, 0}, 4},
		{2, []float64{0.5, 0, 1, 0}, 2},
		{3, []float64{0, 0, 0, 2}, 0},
	} {
		initial := c.Attention(w.t, row)
		if !slices.Equal(row, w.row) || initial != w.initial {
			t.Errorf("row %d is %v and %v, want %v and %v", w.t, row, initial, w.row, w.initial)
		}
	}
	// A reset before step 2 hides steps 0 and 1 and the initial state.
	c.Resets = []int32{0, 0, ResetState, 0}
	if initial := c.Attention(2, row); !slices.Equal(row, []float64{0, 0, 1, 0}) || initial != 0 {
		t.Errorf("row 2 after a reset is %v and %v", row, initial)
	}
	// The mark of the convolution hides nothing.
	c.Resets = []int32{0, 0, ResetConv, 0}
	if initial := c.Attention(2, row); !slices.Equal(row, []float64{0.5, 0, 1, 0}) || initial != 2 {
		t.Errorf("row 2 with ResetConv is %v and %v", row, initial)
	}
}

// explained makes a random sequence with taps everywhere and some resets.
func explained(rng *rand.Rand, rule Rule, L, D, N int, resets bool) *Sequence {
	s := sequence(rng, rule, L, D, N)
	if resets {
		s.Resets = make([]int32, L)
		for t := range s.Resets {
			if rng.IntN(6) == 0 {
				s.Resets[t] = ResetState
			}
		}
	}
	for t := range L {
		s.Taps = append(s.Taps, t)
	}
	return s
}

// TestAttentionExplainsOutput: Σ_s α[t,s]·u[s] and the initial part, with skip
// and gate outside, are the outputs of the scan.
func TestAttentionExplainsOutput(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for _, rule := range Rules() {
		for _, resets := range []bool{false, true} {
			s := explained(rng, rule, 25, 3, 5, resets)
			y := Reference(s).Y
			row := make([]float64, s.L)
			for d := range s.D {
				c := s.Channel(d)
				for step := range s.L {
					sum := c.Attention(step, row)
					for i, alpha := range row {
						sum += alpha * c.U[i]
						if i > step && alpha != 0 {
							t.Fatalf("%v: α[%d,%d] is %v: the future weighs", rule, step, i, alpha)
						}
					}
					at := step*s.D + d
					sum = (sum + s.Skip[d]*s.U[at]) * silu64(s.Z[at])
					if off := math.Abs(sum - y[at]); off > 1e-10 {
						t.Fatalf("%v: y[%d,%d] is %v from attention, %v from the scan: off by %g",
							rule, step, d, sum, y[at], off)
					}
				}
			}
		}
	}
}

// TestAttentionIsExactFarBack: by one running sum the weight of a token a
// million half-lives of Δ away has the accuracy of the sum, not of a million
// products.
func TestAttentionIsExactFarBack(t *testing.T) {
	const L = 20000
	c := &Channel{Rule: ZOH, Delta: make([]float64, L), U: make([]float64, L), A: []float64{-1},
		B: make([]float64, L), C: make([]float64, L)}
	for i := range L {
		c.Delta[i], c.B[i], c.C[i] = 1e-3, 1, 1
	}
	row := make([]float64, L)
	c.Attention(L-1, row)
	for _, s := range []int{0, 1, L / 2, L - 2, L - 1} {
		want := math.Exp(-1e-3*float64(L-1-s)) * -math.Expm1(-1e-3)
		if e := math.Abs(row[s]-want) / want; e > 1e-10 {
			t.Errorf("α[%d,%d] is %v, want %v: relative error %.2g", L-1, s, row[s], want, e)
		}
	}
}

func TestAttentionShapes(t *testing.T) {
	s := sequence(rand.New(rand.NewPCG(4, 2)), Released, 3, 1, 2)
	row := make([]float64, 3)
	mustPanic(t, "a short row", func() { s.Channel(0).Attention(0, row[:2]) })
	mustPanic(t, "step 3 of 3", func() { s.Channel(0).Attention(3, row) })
	mustPanic(t, "step −1", func() { s.Channel(0).Attention(-1, row) })
	for what, change := range map[string]func(c *Channel){
		"U":      func(c *Channel) { c.U = c.U[1:] },
		"B":      func(c *Channel) { c.B = c.B[1:] },
		"C":      func(c *Channel) { c.C = nil },
		"H":      func(c *Channel) { c.H = c.H[1:] },
		"Resets": func(c *Channel) { c.Resets = []int32{0} },
		"Rule":   func(c *Channel) { c.Rule = numRules },
	} {
		c := s.Channel(0)
		change(c)
		mustPanic(t, "a channel with a wrong "+what, func() { c.Attention(0, row) })
	}
}
