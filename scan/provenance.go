package scan

// Provenance says which tokens are in state n after step t: it writes
//
//	share[s] = (Π_{k=s+1..t} Ā_k[n]) · g_s[n] · u[s] · B[s,n]
//
// into share, which has L values, 0 after t and before the last reset, and
// returns what is left of the initial state. The shares and the initial part
// sum to h_t[n]; they are signed, so one token can cancel another. O(L).
func (c *Channel) Provenance(t, n int, share []float64) (initial float64) {
	c.check(t)
	if n < 0 || n >= len(c.A) {
		panic("scan: Provenance: no such state")
	}
	mustHave(share, len(c.Delta), false, "scan: Provenance: share is not (L)")
	clear(share)
	cell := c.state(n)
	carry := cell.carries(t)
	for s := t; ; s-- {
		_, bgain := cell.Rule.Coefficients(cell.Delta[s], cell.A[0])
		share[s] = carry.factor[0] * bgain * c.U[s] * c.B[s*len(c.A)+n]
		if !carry.back(s) {
			break
		}
	}
	if carry.s < 0 && c.H != nil {
		initial = carry.factor[0] * c.H[n]
	}
	return initial
}

// state is the channel with state n alone, for a walk back; B and C stay those
// of all states and are not read through it.
func (c *Channel) state(n int) *Channel {
	cell := *c
	cell.A = c.A[n : n+1]
	return &cell
}
