package model

import "math"

// Guess is a next token and its probability.
type Guess struct {
	ID int32
	P  float64
}

// Softmax writes exp(logits)/Σexp(logits) to dst, computed in float64, and
// returns dst, which is made longer when it is shorter than logits. A NaN
// among the logits, or nothing but −Inf, gives NaN everywhere: there is no
// distribution. Logits of +Inf share all the probability.
func Softmax(dst []float64, logits []float32) []float64 {
	dst = fit(dst, len(logits))
	z := normalizer(logits)
	for i, x := range logits {
		dst[i] = z.p(x)
	}
	return dst
}

// Top is the k most probable tokens, best first, ties by the lower id. It
// gives fewer when there are fewer tokens. With a NaN among the logits the
// probabilities are NaN, see Softmax.
func Top(logits []float32, k int) []Guess {
	k = min(k, len(logits))
	if k <= 0 {
		return nil
	}
	z := normalizer(logits)
	best := make([]Guess, 0, k)
	for i, x := range logits {
		// best is sorted by logit: insert x where it belongs. NaN sorts last.
		if len(best) == k && !before(x, logits[best[k-1].ID]) {
			continue
		}
		if len(best) < k {
			best = append(best, Guess{})
		}
		j := len(best) - 1
		for ; j > 0 && before(x, logits[best[j-1].ID]); j-- {
			best[j] = best[j-1]
		}
		best[j] = Guess{ID: int32(i), P: z.p(x)}
	}
	return best
}

// before says that a logit a ranks strictly above b; NaN ranks below all.
func before(a, b float32) bool { return a > b || b != b && a == a }

// norm is what turns a logit into a probability.
type norm struct {
	top, sum float64
	infs     int // logits of +Inf
}

// normalizer takes the greatest logit and Σexp(x−greatest).
func normalizer(logits []float32) norm {
	z := norm{top: math.Inf(-1)}
	for _, x := range logits {
		if x != x {
			return norm{top: math.NaN()}
		}
		z.top = max(z.top, float64(x))
		if math.IsInf(float64(x), 1) {
			z.infs++
		}
	}
	for _, x := range logits {
		z.sum += math.Exp(float64(x) - z.top)
	}
	return z
}

// p is the probability of a token with logit x.
func (z norm) p(x float32) float64 {
	switch {
	case z.infs == 0:
		return math.Exp(float64(x)-z.top) / z.sum
	case math.IsInf(float64(x), 1):
		return 1 / float64(z.infs)
	}
	return 0
}
