package scan

import "math"

// Attention writes row t of the channel's hidden attention matrix
// (arXiv 2403.01590): how much input s weighs in output t,
//
//	α[t,s] = Σ_n C[t,n] · (Π_{k=s+1..t} Ā_k[n]) · g_s[n] · B[s,n],
//
// into row, which has L values; those after t, and those before the last
// reset, are 0. The values are signed and do not sum to 1: they are no
// probabilities. It returns what the initial state adds, so that
//
//	Σ_n C[t,n]·h_t[n] = Σ_s α[t,s]·u[s] + initial,
//
// to which Skip·u[t] and the gate come outside. O(L·N): one row is a walk back
// from t.
func (c *Channel) Attention(t int, row []float64) (initial float64) {
	c.check(t)
	mustHave(row, len(c.Delta), false, "scan: Attention: row is not (L)")
	clear(row)
	N := len(c.A)
	carry := c.carries(t)
	for s := t; ; s-- {
		for n := range N {
			_, bgain := c.Rule.Coefficients(c.Delta[s], c.A[n])
			row[s] += c.C[t*N+n] * carry.factor[n] * bgain * c.B[s*N+n]
		}
		if !carry.back(s) {
			break
		}
	}
	if carry.s < 0 && c.H != nil {
		for n, h := range c.H {
			initial += c.C[t*N+n] * carry.factor[n] * h
		}
	}
	return initial
}

// carries is a walk back in time from step t: factor[n] is the share of what
// state n held after step s that is still there after step t,
// Π_{k=s+1..t} Ā_k[n].
type carries struct {
	c      *Channel
	s      int
	tau    float64 // Σ_{k=s+1..t} Δ_k
	factor []float64
}

// carries starts a walk at step t, where everything is still there.
func (c *Channel) carries(t int) *carries {
	f := make([]float64, len(c.A))
	for n := range f {
		f[n] = 1
	}
	return &carries{c: c, s: t, factor: f}
}

// back goes from step s to s−1 and says whether there is such a step and
// anything of it is left: a reset before step s keeps nothing. At the end of
// the walk s is −1 if the initial state is reached, and not if a reset is.
//
// Where Ā = exp(ΔA) the product telescopes to exp(A·ΣΔ): one running sum a
// channel, whose error does not grow with the distance as that of a product
// does. Other rules multiply.
func (w *carries) back(s int) bool {
	c := w.c
	if c.Resets != nil && c.Resets[s]&ResetState != 0 {
		return false
	}
	w.tau += c.Delta[s]
	for n, a := range c.A {
		if c.Rule.exponential() {
			w.factor[n] = math.Exp(a * w.tau)
		} else {
			abar, _ := c.Rule.Coefficients(c.Delta[s], a)
			w.factor[n] *= abar
		}
	}
	w.s = s - 1
	return w.s >= 0
}
