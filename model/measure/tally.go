package measure

import "math"

// Tally counts answers over sequences.
type Tally struct {
	Sequences int
	Asked     int     // questions
	Right     int     // of them answered right: the greatest logit is the answer's
	Loss      float64 // −ln p of the answers, summed, in nats

	// Sums over the sequences, of right², right·asked and asked²: what the
	// variance between sequences is made of.
	rr, ra, aa float64
}

// sequence adds what one sequence gave.
func (t *Tally) sequence(right, asked int, loss float64) {
	t.Sequences++
	t.Right += right
	t.Asked += asked
	t.Loss += loss
	r, a := float64(right), float64(asked)
	t.rr += r * r
	t.ra += r * a
	t.aa += a * a
}

// Add adds the tally of other sequences.
func (t *Tally) Add(o Tally) {
	t.Sequences += o.Sequences
	t.Right += o.Right
	t.Asked += o.Asked
	t.Loss += o.Loss
	t.rr += o.rr
	t.ra += o.ra
	t.aa += o.aa
}

// Accuracy is the share of the questions answered right; NaN without any.
func (t Tally) Accuracy() float64 { return float64(t.Right) / float64(t.Asked) }

// MeanLoss is the mean of −ln p over the questions, in nats.
func (t Tally) MeanLoss() float64 { return t.Loss / float64(t.Asked) }

// Interval is the 95 % confidence interval of Accuracy: Wilson's, of as many
// independent questions as these are worth. The questions of one sequence are
// often right or wrong together. Then there are fewer: their number divided by
// the design effect, the variance of the share as estimated between the
// sequences over that of independent questions (Kish 1965, §5.4). Where every
// answer is right, or every one wrong, nothing can be estimated and all are
// counted.
func (t Tally) Interval() (low, high float64) {
	return Wilson(t.Accuracy(), float64(t.Asked)/t.designEffect())
}

// designEffect is at least 1. For a share p = Σr/Σa of n sequences the
// variance between them is n/(n−1)·Σ(r−p·a)²/(Σa)².
func (t Tally) designEffect() float64 {
	n, asked := float64(t.Sequences), float64(t.Asked)
	p := t.Accuracy()
	if t.Sequences < 2 || !(p > 0 && p < 1) {
		return 1
	}
	between := n / (n - 1) * (t.rr - 2*p*t.ra + p*p*t.aa) / (asked * asked)
	return max(1, between/(p*(1-p)/asked))
}

// z95 is the two-sided 95 % point of the normal distribution.
const z95 = 1.959963984540054

// Wilson is the 95 % score interval (Wilson 1927) of a share p seen in n
// independent trials:
//
//	(p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n)
//
// Unlike p ± z·√(p(1−p)/n) it says something where p is 0 or 1, and never
// leaves [0, 1]. Without trials it is all of it.
func Wilson(p, n float64) (low, high float64) {
	if !(n > 0) || math.IsNaN(p) {
		return 0, 1
	}
	zz := z95 * z95
	middle := p + zz/(2*n)
	half := z95 * math.Sqrt(p*(1-p)/n+zz/(4*n*n))
	low, high = (middle-half)/(1+zz/n), (middle+half)/(1+zz/n)
	if p == 0 { // rounding must not move an end that is exact
		low = 0
	}
	if p == 1 {
		high = 1
	}
	return max(0, low), min(1, high)
}
