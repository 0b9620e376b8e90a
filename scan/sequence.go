package scan

// Sequence is one selective scan on the host, in float64: what ScanArgs is for
// a backend. Arrays are dense and row-major; rows are steps. It is the input of
// Reference and the source of every Channel.
type Sequence struct {
	L, D, N int
	Rule    Rule

	U     []float64 // (L, D) input
	Delta []float64 // (L, D) step size, before softplus if Softplus is set
	Bias  []float64 // (D) added to Delta before softplus, or nil; needs Softplus
	// Softplus computes Δ = softplus(Delta + Bias), linear above 20.
	Softplus bool

	A    []float64 // (D, N), negative in a stable system
	B, C []float64 // (L, N), shared by all channels
	Skip []float64 // (D) the D of the paper, or nil
	Z    []float64 // (L, D) gate, or nil

	H      []float64 // (D, N) initial state, or nil: zero. Never written
	Resets []int32   // (L) marks, or nil: bit ResetState resets before the step
	Taps   []int     // steps, ascending in [0, L), after which h is wanted
}

// check panics when an array does not have its shape: that is an error of the
// program, not of its data.
func (s *Sequence) check() {
	L, D, N := s.L, s.D, s.N
	if L < 0 || D < 0 || N < 0 {
		panic("scan: Sequence: a size is negative")
	}
	if !s.Rule.Valid() {
		panic("scan: Sequence: unknown rule")
	}
	if s.Bias != nil && !s.Softplus {
		panic("scan: Sequence: Bias needs Softplus")
	}
	mustHave(s.U, L*D, false, "scan: Sequence: U is not (L, D)")
	mustHave(s.Delta, L*D, false, "scan: Sequence: Delta is not (L, D)")
	mustHave(s.Bias, D, true, "scan: Sequence: Bias is not (D)")
	mustHave(s.A, D*N, false, "scan: Sequence: A is not (D, N)")
	mustHave(s.B, L*N, false, "scan: Sequence: B is not (L, N)")
	mustHave(s.C, L*N, false, "scan: Sequence: C is not (L, N)")
	mustHave(s.Skip, D, true, "scan: Sequence: Skip is not (D)")
	mustHave(s.Z, L*D, true, "scan: Sequence: Z is not (L, D)")
	mustHave(s.H, D*N, true, "scan: Sequence: H is not (D, N)")
	if s.Resets != nil && len(s.Resets) != L {
		panic("scan: Sequence: Resets is not (L)")
	}
	checkSteps(s.Taps, L)
}

// mustHave panics unless x has n values, or is nil where that is allowed.
func mustHave(x []float64, n int, optional bool, message string) {
	if len(x) != n && (x != nil || !optional) {
		panic(message)
	}
}

// step is Δ of step t in channel d, after softplus.
func (s *Sequence) step(t, d int) float64 {
	delta := s.Delta[t*s.D+d]
	if !s.Softplus {
		return delta
	}
	if s.Bias != nil {
		delta += s.Bias[d]
	}
	return softplus64(delta)
}

// resetAt says that h is cleared before step t.
func (s *Sequence) resetAt(t int) bool {
	return s.Resets != nil && s.Resets[t]&ResetState != 0
}

// Channel is one channel of a Sequence by itself: a scalar input, N states. Its
// methods ask where an output or a state cell comes from.
type Channel struct {
	Rule   Rule
	Delta  []float64 // (L) step sizes, after softplus
	U      []float64 // (L) input
	A      []float64 // (N)
	B, C   []float64 // (L, N)
	H      []float64 // (N) initial state, or nil: zero
	Resets []int32   // (L) marks, or nil
}

// Channel takes channel d out of s. B, C and Resets are shared with s, not
// copied.
func (s *Sequence) Channel(d int) *Channel {
	s.check()
	if d < 0 || d >= s.D {
		panic("scan: Channel: no such channel")
	}
	c := &Channel{
		Rule:   s.Rule,
		Delta:  make([]float64, s.L),
		U:      make([]float64, s.L),
		A:      s.A[d*s.N : (d+1)*s.N],
		B:      s.B,
		C:      s.C,
		Resets: s.Resets,
	}
	if s.H != nil {
		c.H = s.H[d*s.N : (d+1)*s.N]
	}
	for t := range s.L {
		c.Delta[t] = s.step(t, d)
		c.U[t] = s.U[t*s.D+d]
	}
	return c
}

// check panics when an array does not have its shape or step t is not there.
func (c *Channel) check(t int) {
	L, N := len(c.Delta), len(c.A)
	if !c.Rule.Valid() {
		panic("scan: Channel: unknown rule")
	}
	mustHave(c.U, L, false, "scan: Channel: U is not (L)")
	mustHave(c.B, L*N, false, "scan: Channel: B is not (L, N)")
	mustHave(c.C, L*N, false, "scan: Channel: C is not (L, N)")
	mustHave(c.H, N, true, "scan: Channel: H is not (N)")
	if c.Resets != nil && len(c.Resets) != L {
		panic("scan: Channel: Resets is not (L)")
	}
	if t < 0 || t >= L {
		panic("scan: Channel: no such step")
	}
}
