package scan

// scanJob is a Scan under way; its range counts channels, which never look at
// each other.
type scanJob[T float] struct {
	u, delta, a, b, c, z, h, y view[T]
	bias, skip                 []T
	resets                     []int32
	softplus                   func(dst, x, bias []T) // nil: Delta is positive already
	gate                       func(y, z []T)         // nil: none
	advance                    func(h, a, b, c []T, delta, u T) T
	steps                      []T // (D) Δ of the step under way, after softplus
	rows, states, channels     int
	rule                       Rule
	fused                      fusedScan[T] // nil: block
	packed                     []T          // the fused scan's
	tapSteps                   []int
	tap                        []T // (len(tapSteps), D, N)
}

// fusedScan is a kernel set's own Scan.
type fusedScan[T float] interface {
	// room is the number of elements of scanJob.packed.
	room(L, D, N int) int
	// prepare is called once, before the parts run.
	prepare(j *scanJob[T])
	// run scans channels [from, to); from is a multiple of scanBlock.
	run(j *scanJob[T], from, to int)
}

// scanBlock is the grain at which channels are shared out to goroutines: 16
// float32 are a cache line, so no line of Y has two writers.
const scanBlock = 16

// scanTile channels are carried through all steps together: four cache lines a
// row of U, Delta, Z and Y, which are fetched together (one at a time costs 40 %
// more where rows are kilobytes apart), and an h that stays in the first cache
// level.
const scanTile = 4 * scanBlock

// Scan implements Backend, as the paper's §3.3.2 has it for a GPU: Δ, Ā, B̄, h
// and the sum over states are made and used up inside one loop. One pass holds
// the h of scanTile channels in the first cache level, reads u, Δ, z (L, D) and
// B, C (L, N) once and writes y (L, D); nothing of size L·D·N exists unless a
// tap asks. All shapes are checked before the first write.
func (c *cpu[T]) Scan(a ScanArgs) {
	L, D, N := a.L, a.D, a.N
	if L < 0 || D < 0 || N < 0 {
		panic("scan: Scan: a size is negative")
	}
	if !a.Rule.Valid() {
		panic("scan: Scan: unknown rule")
	}
	if a.Bias != nil && !a.Softplus {
		panic("scan: Scan: Bias needs Softplus")
	}
	// In place: words just written are slow to copy, and one token is little work.
	j := &c.scan
	*j = scanJob[T]{rows: L, states: N, channels: D, rule: a.Rule, advance: c.kernels.advance[a.Rule], fused: c.kernels.fused}
	j.u = viewOf[T](a.U, L, D, "scan: Scan: U is not (L, D)")
	j.delta = viewOf[T](a.Delta, L, D, "scan: Scan: Delta is not (L, D)")
	j.bias = sliceOf[T](a.Bias, D, true, "scan: Scan: Bias is not (D)")
	j.a = viewOf[T](a.A, D, N, "scan: Scan: A is not (D, N)")
	j.b = viewOf[T](a.B, L, N, "scan: Scan: B is not (L, N)")
	j.c = viewOf[T](a.C, L, N, "scan: Scan: C is not (L, N)")
	j.skip = sliceOf[T](a.Skip, D, true, "scan: Scan: Skip is not (D)")
	j.h = viewOf[T](a.H, D, N, "scan: Scan: H is not (D, N)")
	j.resets = sliceOf[int32](a.Resets, L, true, "scan: Scan: Resets is not int32 (L)")
	j.y = viewOf[T](a.Y, L, D, "scan: Scan: Y is not (L, D)")
	if a.Softplus {
		j.softplus = c.kernels.softplus
	}
	if a.Softplus && j.fused == nil {
		c.steps = grown(c.steps, D)
		j.steps = c.steps
	}
	if !a.Z.Absent() {
		j.z = viewOf[T](a.Z, L, D, "scan: Scan: Z is not (L, D)")
		j.gate = c.kernels.gate
	}
	if a.Tap != nil {
		j.tapSteps = a.Tap.Steps
		checkSteps(j.tapSteps, L)
		j.tap = sliceOf[T](a.Tap.H, len(j.tapSteps)*D*N, false,
			"scan: Scan: Tap.H is not (len(Steps), D, N)")
	}
	if L == 0 || D == 0 {
		return // not even a mark is looked at: no steps change nothing
	}
	if j.fused != nil {
		c.packed = grown(c.packed, j.fused.room(L, D, N))
		j.packed = c.packed
		if c.tape != nil && N%4 != 0 {
			c.tape.err = errPadded
			return
		}
		j.fused.prepare(j)
	}
	// An exponential weighs some eight multiply-adds.
	c.split(j, D, scanBlock, c.share(8*L*D*max(N, 1)))
}

// checkSteps demands ascending steps inside [0, L): a tap is written as its step
// passes by, and one out of order would be waited for in vain.
func checkSteps(steps []int, L int) {
	last := -1
	for _, t := range steps {
		if t <= last || t >= L {
			panic("scan: Scan: Tap.Steps are not ascending in [0, L)")
		}
		last = t
	}
}

// run scans channels [from, to) through all steps.
func (j *scanJob[T]) run(from, to int) {
	if j.fused != nil {
		j.fused.run(j, from, to)
		return
	}
	for d := from; d < to; d += scanTile {
		j.block(d, min(d+scanTile, to))
	}
}

// block scans channels [d0, d1). Softplus and gate are taken for all channels
// of a step at once: their long chains of operations then overlap.
func (j *scanJob[T]) block(d0, d1 int) {
	N, tapped := j.states, 0
	var b, c, bias []T
	if j.bias != nil {
		bias = j.bias[d0:d1]
	}
	for t := range j.rows {
		if j.resets != nil && j.resets[t]&ResetState != 0 {
			j.reset(d0, d1)
		}
		if N > 0 {
			b, c = j.b.row(t, N), j.c.row(t, N)
		}
		// y may be u: each u[d] is read for the last time before y[d] is set.
		u, y := j.u.row(t, d1), j.y.row(t, d1)[d0:]
		delta := j.delta.row(t, d1)[d0:]
		if j.softplus != nil {
			steps := j.steps[d0:d1]
			j.softplus(steps, delta, bias)
			delta = steps
		}
		for i, dt := range delta {
			d := d0 + i
			var sum T
			if N > 0 {
				sum = j.advance(j.h.row(d, N), j.a.row(d, N), b, c, dt, u[d])
			}
			if j.skip != nil {
				sum += j.skip[d] * u[d]
			}
			y[i] = sum
		}
		if j.gate != nil {
			j.gate(y, j.z.row(t, d1)[d0:])
		}
		if tapped < len(j.tapSteps) && j.tapSteps[tapped] == t {
			j.write(tapped, d0, d1)
			tapped++
		}
	}
}

// reset makes h exactly +0. The old value is not an operand of anything: not
// even NaN or Inf in h gets past a reset.
func (j *scanJob[T]) reset(d0, d1 int) {
	if j.states == 0 {
		return
	}
	for d := d0; d < d1; d++ {
		clear(j.h.row(d, j.states))
	}
}

// write copies h of channels [d0, d1) to the k-th tap.
func (j *scanJob[T]) write(k, d0, d1 int) {
	N := j.states
	if N == 0 {
		return
	}
	for d := d0; d < d1; d++ {
		copy(j.tap[(k*j.channels+d)*N:], j.h.row(d, N))
	}
}
