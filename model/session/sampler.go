package session

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// Sampler chooses the next token from the model's logits. The zero value takes
// the most probable one.
type Sampler struct {
	Temperature float64 // logits are divided by it; 0: the most probable token, always
	TopK        int     // only the k most probable take part; 0: all
	Seed        uint64
}

// errNotFinite says that logits hold NaN or +Inf.
var errNotFinite = errors.New("session: the model's logits are not finite: no next token can be chosen")

// choose picks an id from logits for the token at position. It depends on
// nothing but its arguments: the same seed, position and logits give the same
// id, whatever was generated before.
func (s Sampler) choose(logits []float32, position int) (int32, error) {
	if !(s.Temperature >= 0) || math.IsInf(s.Temperature, 1) {
		return 0, fmt.Errorf("session: temperature %v: want a number ≥ 0", s.Temperature)
	}
	if s.TopK < 0 {
		return 0, fmt.Errorf("session: top-k %d: want 0 (all) or more", s.TopK)
	}
	k := s.TopK
	switch {
	case s.Temperature == 0:
		k = 1
	case k == 0:
		k = len(logits)
	}
	list := best(logits, k)
	if list[0].ID < 0 {
		return 0, errNotFinite
	}
	if len(list) == 1 {
		return list[0].ID, nil
	}
	x := make([]float64, len(list))
	for i, g := range list {
		x[i] = (float64(logits[g.ID]) - float64(logits[list[0].ID])) / s.Temperature
	}
	lse := floats.LogSumExp(x)
	u := uniform(s.Seed, uint64(position))
	for i, v := range x {
		if u -= math.Exp(v - lse); u < 0 {
			return list[i].ID, nil
		}
	}
	return list[0].ID, nil // the probabilities summed to 1 − rounding
}

// uniform is a number in [0, 1) from two numbers, by the finaliser of
// SplitMix64 over both (Steele, Lea, Flood 2014).
func uniform(seed, position uint64) float64 {
	mix := func(z uint64) uint64 {
		z += 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	return float64(mix(mix(seed)^position)>>11) / (1 << 53)
}

// best lists the k most probable ids with their probabilities
//
//	p_i = exp(x_i) / Σ_j exp(x_j)
//
// over all logits x, best first, ties by id. If a logit is NaN or +Inf there
// are no probabilities, and the answer is one Guess with ID −1.
func best(logits []float32, k int) []Guess {
	k = min(k, len(logits))
	list := make([]Guess, 0, k)
	// P holds the logit until the end. A short list is kept sorted: most logits
	// fall below its last and cost one comparison. A long one is sorted once.
	long := k > 64
	for i, x := range logits {
		if x != x || x > math.MaxFloat32 {
			return []Guess{{ID: -1, P: float32(math.NaN())}}
		}
		if long {
			list = append(list, Guess{ID: int32(i), P: x})
			continue
		}
		if len(list) == k && x <= list[k-1].P {
			continue
		}
		at, _ := slices.BinarySearchFunc(list, x, func(g Guess, x float32) int {
			if g.P >= x {
				return -1
			}
			return 1
		})
		if len(list) == k {
			list = list[:k-1]
		}
		list = slices.Insert(list, at, Guess{ID: int32(i), P: x})
	}
	if long {
		slices.SortStableFunc(list, func(a, b Guess) int { return cmp.Compare(b.P, a.P) })
		list = list[:k]
	}
	if math.IsInf(float64(list[0].P), -1) {
		return []Guess{{ID: -1, P: float32(math.NaN())}}
	}
	top := float64(list[0].P)
	var sum float64
	for _, x := range logits {
		sum += math.Exp(float64(x) - top)
	}
	for i := range list {
		list[i].P = float32(math.Exp(float64(list[i].P)-top) / sum)
	}
	return list
}
