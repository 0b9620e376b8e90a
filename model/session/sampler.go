package session

import (
	"errors"
	"fmt"
	"math"

	"mamba-tui/model"
)

// Sampler chooses the next token from the model's logits. The zero value takes
// the most probable one, the lower id if two are equal.
type Sampler struct {
	Temperature float64 // logits are divided by it; 0: always the most probable token
	TopK        int     // only the k most probable take part; 0: all
	Seed        uint64
}

var errNotNumbers = errors.New("session: the model's logits hold NaN: no next token can be chosen")

// Choose picks an id from logits for the token at position. It depends on
// nothing but its arguments: the same seed, position and logits give the same
// id, whatever was generated before.
func (s Sampler) Choose(logits []float32, position int) (int32, error) {
	if !(s.Temperature >= 0) || math.IsInf(s.Temperature, 1) {
		return 0, fmt.Errorf("session: temperature %v: want a number ≥ 0", s.Temperature)
	}
	if s.TopK < 0 {
		return 0, fmt.Errorf("session: top-k %d: want 0 (all) or more", s.TopK)
	}
	best := model.Top(logits, 1)[0]
	if best.P != best.P {
		return 0, errNotNumbers
	}
	if s.Temperature == 0 || s.TopK == 1 {
		return best.ID, nil
	}
	// The candidates, in an order that does not depend on how close they are:
	// by probability with top-k, else by id.
	var ids []int32
	x := logits
	if s.TopK > 0 {
		x = nil
		for _, g := range model.Top(logits, s.TopK) {
			ids = append(ids, g.ID)
			x = append(x, logits[g.ID])
		}
	}
	p := model.Softmax(nil, scaled(x, logits[best.ID], s.Temperature))
	u := uniform(s.Seed, uint64(position))
	for i := range p {
		if u -= p[i]; u < 0 {
			if ids == nil {
				return int32(i), nil
			}
			return ids[i], nil
		}
	}
	return best.ID, nil // the probabilities sum to 1 − rounding, and u is within it
}

// scaled is (x − top)/temperature. Subtracting first keeps a low temperature
// from overflowing: the greatest is 0.
func scaled(x []float32, top float32, temperature float64) []float32 {
	y := make([]float32, len(x))
	for i := range x {
		if x[i] != top { // Inf − Inf would be NaN
			y[i] = float32((float64(x[i]) - float64(top)) / temperature)
		}
	}
	return y
}

// uniform is a number in [0, 1) made of two numbers by the finaliser of
// SplitMix64 (Steele, Lea, Flood 2014), first over the seed, then over both.
func uniform(seed, position uint64) float64 {
	mix := func(z uint64) uint64 {
		z += 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	return float64(mix(mix(seed)^position)>>11) / (1 << 53)
}
