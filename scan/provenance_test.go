package scan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestProvenanceByHand: backward Euler at Δ = 1, A = −1 halves; g = ½, B = 2,
// so u enters whole. The shares of u = 3, 5, 7 and h₀ = 16 after three steps.
func TestProvenanceByHand(t *testing.T) {
	c := &Channel{Rule: BackwardEuler, Delta: []float64{1, 1, 1}, U: []float64{3, 5, 7},
		A: []float64{-9, -1}, B: []float64{0, 2, 0, 2, 0, 2}, C: make([]float64, 6), H: []float64{1, 16}}
	share := make([]float64, 3)
	if initial := c.Provenance(2, 1, share); !slices.Equal(share, []float64{0.75, 2.5, 7}) || initial != 2 {
		t.Errorf("the shares are %v and %v, want [0.75 2.5 7] and 2", share, initial)
	}
	if initial := c.Provenance(0, 1, share); !slices.Equal(share, []float64{3, 0, 0}) || initial != 8 {
		t.Errorf("after step 0 the shares are %v and %v, want [3 0 0] and 8", share, initial)
	}
	c.Resets = []int32{0, ResetState, 0}
	if initial := c.Provenance(2, 1, share); !slices.Equal(share, []float64{0, 2.5, 7}) || initial != 0 {
		t.Errorf("after a reset the shares are %v and %v, want [0 2.5 7] and 0", share, initial)
	}
}

// TestProvenanceSumsToState: shares and the initial part of every cell after
// every step are h, under every rule, with and without resets.
func TestProvenanceSumsToState(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	for _, rule := range Rules() {
		for _, resets := range []bool{false, true} {
			s := explained(rng, rule, 20, 3, 4, resets)
			taps := Reference(s).Taps
			share := make([]float64, s.L)
			for d := range s.D {
				c := s.Channel(d)
				for step := range s.L {
					for n := range s.N {
						sum := c.Provenance(step, n, share)
						for _, v := range share {
							sum += v
						}
						h := taps[(step*s.D+d)*s.N+n]
						if off := math.Abs(sum - h); off > 1e-10 {
							t.Fatalf("%v: h[%d,%d] after step %d is %v, its shares sum to %v: off by %g",
								rule, d, n, step, h, sum, off)
						}
					}
				}
			}
		}
	}
}

// TestProvenanceIsAttention: C times the shares of all states, over u, is the
// attention row.
func TestProvenanceIsAttention(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 2))
	s := explained(rng, ZOH, 15, 1, 6, true)
	c := s.Channel(0)
	row, share := make([]float64, s.L), make([]float64, s.L)
	for step := range s.L {
		c.Attention(step, row)
		sum := make([]float64, s.L)
		for n := range s.N {
			c.Provenance(step, n, share)
			for i, v := range share {
				sum[i] += c.C[step*s.N+n] * v / c.U[i]
			}
		}
		if off := worst(sum, row); off > 1e-10 {
			t.Errorf("step %d: attention and provenance differ by %g", step, off)
		}
	}
}

func TestProvenanceShapes(t *testing.T) {
	c := sequence(rand.New(rand.NewPCG(5, 3)), Released, 3, 1, 2).Channel(0)
	share := make([]float64, 3)
	mustPanic(t, "state 2 of 2", func() { c.Provenance(0, 2, share) })
	mustPanic(t, "state −1", func() { c.Provenance(0, -1, share) })
	mustPanic(t, "step 3 of 3", func() { c.Provenance(3, 0, share) })
	mustPanic(t, "short shares", func() { c.Provenance(0, 0, share[:1]) })
}

// Which tokens are in a state cell? The first enters and is halved twice, the
// second is ignored (Δ = 0), the third has just come in.
func ExampleChannel_Provenance() {
	c := &Channel{Rule: Euler, Delta: []float64{0.5, 0, 0.5}, U: []float64{8, 9, 10},
		A: []float64{-1}, B: []float64{1, 1, 1}, C: []float64{1, 1, 1}, H: []float64{4}}
	share := make([]float64, 3)
	initial := c.Provenance(2, 0, share)
	fmt.Println("tokens", share, "before", initial)
	// Output:
	// tokens [2 0 5] before 1
}
