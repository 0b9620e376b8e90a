package scan

// scanGradJob is a ScanBackward under way; its range counts groups of channels.
// B and C are shared by all channels: each group sums its part of their
// gradients by itself, and the parts are added in order. The groups depend on D
// alone, so the sums do not depend on the number of threads.
type scanGradJob[T float] struct {
	u, delta, a, b, c, z, dy  view[T]
	du, dDelta, dz, dA, dh    view[T]
	bias, skip, dBias, dSkip  []T
	h0                        view[T]
	states                    []T // (chunks−1, D, N)
	resets                    []int32
	rule                      Rule
	softplus                  func(dst, x, bias []T) // nil: Delta is positive already
	kernels                   gradKernels[T]
	rows, numStates, channels int
	groups, width             int         // width channels a group
	chunk                     []T         // (groups, room)
	room                      int         // of a group's scratch
	fused                     gradScan[T] // nil: channel by channel
	partial                   []T         // (groups, 2, L, N)
	zeros                     []T         // (N)
}

// mostGroups bounds the memory of the partial gradients of B and C to
// 2·mostGroups·L·N values.
const mostGroups = 8

// ScanBackward implements Differentiable. From the last step to the first, with
// G the gradient of h[t] (its own use in y and what later steps pass back):
//
//	G        = dy[t]·C[t] + Ā[t+1]⊙G[t+1]        0 beyond a reset
//	dC[t]   += dy[t]·h[t]
//	dĀ       = G⊙h[t−1]                          h[t−1] = 0 at a reset
//	dg       = G⊙B[t]·u[t]                       the gain g = B̄/B
//	dB[t]   += G⊙g·u[t]
//	dΔ, dA   = dĀ and dg through the rule; see Rule.slopes
//	du[t]    = Σ_n G⊙g⊙B[t] + dy[t]·Skip
//
// where dy is dY·SiLU(z). h and Ā of a chunk of ChunkSteps steps are computed
// again from the state before it and live in the first cache level.
func (c *cpu[T]) ScanBackward(a ScanGrad) {
	c.unrecorded()
	L, D, N := a.L, a.D, a.N
	if L < 0 || D < 0 || N < 0 {
		panic("scan: ScanBackward: a size is negative")
	}
	if !a.Rule.Valid() {
		panic("scan: ScanBackward: unknown rule")
	}
	if a.Bias != nil && !a.Softplus {
		panic("scan: ScanBackward: Bias needs Softplus")
	}
	if a.Z.Absent() != a.DZ.Absent() {
		panic("scan: ScanBackward: DZ must be there exactly where Z is")
	}
	chunks := (L + ChunkSteps - 1) / ChunkSteps
	j := scanGradJob[T]{
		u:      viewOf[T](a.U, L, D, "scan: ScanBackward: U is not (L, D)"),
		delta:  viewOf[T](a.Delta, L, D, "scan: ScanBackward: Delta is not (L, D)"),
		bias:   sliceOf[T](a.Bias, D, true, "scan: ScanBackward: Bias is not (D)"),
		a:      viewOf[T](a.A, D, N, "scan: ScanBackward: A is not (D, N)"),
		b:      viewOf[T](a.B, L, N, "scan: ScanBackward: B is not (L, N)"),
		c:      viewOf[T](a.C, L, N, "scan: ScanBackward: C is not (L, N)"),
		skip:   sliceOf[T](a.Skip, D, true, "scan: ScanBackward: Skip is not (D)"),
		resets: sliceOf[int32](a.Resets, L, true, "scan: ScanBackward: Resets is not int32 (L)"),
		states: sliceOf[T](a.States, max(0, chunks-1)*D*N, false, "scan: ScanBackward: States is not (len(ChunkTaps), D, N)"),
		dy:     viewOf[T](a.DY, L, D, "scan: ScanBackward: DY is not (L, D)"),
		du:     viewOf[T](a.DU, L, D, "scan: ScanBackward: DU is not (L, D)"),
		dDelta: viewOf[T](a.DDelta, L, D, "scan: ScanBackward: DDelta is not (L, D)"),
		dA:     viewOf[T](a.DA, D, N, "scan: ScanBackward: DA is not (D, N)"),
		rule:   a.Rule, kernels: c.grad.kernels, rows: L, numStates: N, channels: D,
	}
	db := viewOf[T](a.DB, L, N, "scan: ScanBackward: DB is not (L, N)")
	dc := viewOf[T](a.DC, L, N, "scan: ScanBackward: DC is not (L, N)")
	if !a.Z.Absent() {
		j.z = viewOf[T](a.Z, L, D, "scan: ScanBackward: Z is not (L, D)")
		j.dz = viewOf[T](a.DZ, L, D, "scan: ScanBackward: DZ is not (L, D)")
	}
	if !a.H0.Absent() {
		j.h0 = viewOf[T](a.H0, D, N, "scan: ScanBackward: H0 is not (D, N)")
	}
	if !a.DH.Absent() {
		j.dh = viewOf[T](a.DH, D, N, "scan: ScanBackward: DH is not (D, N)")
	}
	if !a.DBias.Absent() {
		j.dBias = viewOf[T](a.DBias, 1, D, "scan: ScanBackward: DBias is not (1, D)").data
	}
	if !a.DSkip.Absent() {
		j.dSkip = viewOf[T](a.DSkip, 1, D, "scan: ScanBackward: DSkip is not (1, D)").data
	}
	if L == 0 {
		return
	}
	if a.Softplus {
		j.softplus = c.kernels.softplus
	}
	blocks := (D + scanBlock - 1) / scanBlock
	j.width = (blocks + mostGroups - 1) / mostGroups * scanBlock
	j.groups = (D + max(j.width, 1) - 1) / max(j.width, 1)
	j.room = chunkRoom(N)
	if a.Rule == Released && c.grad.kernels.fused != nil {
		j.fused = c.grad.kernels.fused
		j.room = j.fused.room(N, j.width)
	}
	j.chunk = room(&c.grad.chunk, j.groups*j.room)
	j.partial = room(&c.grad.partial, j.groups*2*L*N)
	j.zeros = c.zeroRow(N)
	c.grad.scan = j
	c.split(&c.grad.scan, j.groups, 1, c.share(16*L*D*max(N, 1)))
	c.grad.scan.gather(db, dc)
}

// gather adds the groups' parts of dB and dC in order.
func (j *scanGradJob[T]) gather(db, dc view[T]) {
	L, N := j.rows, j.numStates
	if N == 0 {
		return
	}
	for t := range L {
		for i, dst := range [2][]T{db.row(t, N), dc.row(t, N)} {
			clear(dst)
			for g := range j.groups {
				addTo(dst, j.partial[((2*g+i)*L+t)*N:])
			}
		}
	}
}

// run takes groups [from, to) of channels back through all steps.
func (j *scanGradJob[T]) run(from, to int) {
	size := 2 * j.rows * j.numStates
	for g := from; g < to; g++ {
		part, scratch := j.partial[g*size:(g+1)*size], j.chunk[g*j.room:(g+1)*j.room]
		if j.fused != nil {
			j.fused.group(j, scratch, g*j.width, min((g+1)*j.width, j.channels), part[:size/2], part[size/2:])
			continue
		}
		clear(part)
		s := chunkOf(scratch, j.numStates)
		for d := g * j.width; d < min((g+1)*j.width, j.channels); d++ {
			j.channel(&s, d, part[:size/2], part[size/2:])
		}
	}
}

// chunk is the scratch of one channel in one chunk.
type chunk[T float] struct {
	h, abar []T // (ChunkSteps+1, N), (ChunkSteps, N): h[0] is the state before
	g, dA   []T // (N)
	// (ChunkSteps) each; x holds what goes into softplus, then z.
	x, delta, slope, u, dy, sigmoid, y, dDelta, du []T
}

// chunkRoom is the number of elements of a chunk.
func chunkRoom(N int) int { return (2*ChunkSteps+3)*N + 9*ChunkSteps }

// chunkOf cuts a chunk out of s.
func chunkOf[T float](s []T, N int) (c chunk[T]) {
	cut := func(n int) []T {
		x := s[:n:n]
		s = s[n:]
		return x
	}
	c.h, c.abar = cut((ChunkSteps+1)*N), cut(ChunkSteps*N)
	c.g, c.dA = cut(N), cut(N)
	for _, row := range []*[]T{&c.x, &c.delta, &c.slope, &c.u, &c.dy, &c.sigmoid, &c.y, &c.dDelta, &c.du} {
		*row = cut(ChunkSteps)
	}
	return c
}

// channel takes channel d back through all steps and adds its part of dB and
// dC to (L, N) arrays.
func (j *scanGradJob[T]) channel(s *chunk[T], d int, dB, dC []T) {
	N := j.numStates
	clear(s.dA)
	clear(s.g)
	if j.dh.data != nil {
		copy(s.g, j.dh.row(d, N))
	}
	var a []T
	if N > 0 {
		a = j.a.row(d, N)
	}
	var dBias, dSkip T
	for t0 := (j.rows - 1) / ChunkSteps * ChunkSteps; t0 >= 0; t0 -= ChunkSteps {
		n := min(ChunkSteps, j.rows-t0)
		j.load(s, d, t0, n)
		r := replayArgs[T]{
			h: s.h, abar: s.abar, a: a, b: j.b, c: j.c, t0: t0,
			delta: s.delta[:n], u: s.u[:n], y: s.y[:n], dy: s.dy[:n], dDelta: s.dDelta[:n], du: s.du[:n],
			g: s.g, dA: s.dA, zeros: j.zeros[:N], rule: j.rule,
			dB: dB[t0*N : (t0+n)*N], dC: dC[t0*N : (t0+n)*N],
		}
		if j.resets != nil {
			r.resets = j.resets[t0 : t0+n]
		}
		if j.rule == Released {
			j.kernels.replay(r)
			j.gate(s, d, t0, n)
			reverse(r)
		} else {
			replayRule(r)
			j.gate(s, d, t0, n)
			reverseRule(r)
		}
		for i := range n {
			dDelta := s.dDelta[i] * s.slope[i]
			dBias += dDelta
			dSkip += s.dy[i] * s.u[i]
			j.dDelta.data[(t0+i)*j.dDelta.stride+d] = dDelta
			du := s.du[i]
			if j.skip != nil {
				du += s.dy[i] * j.skip[d]
			}
			j.du.data[(t0+i)*j.du.stride+d] = du
		}
	}
	if N > 0 {
		addTo(j.dA.row(d, N), s.dA)
	}
	if j.dh.data != nil {
		copy(j.dh.row(d, N), s.g)
	}
	if j.dBias != nil {
		j.dBias[d] += dBias
	}
	if j.dSkip != nil {
		j.dSkip[d] += dSkip
	}
}

// load fills the chunk's inputs: the state before it, Δ and its slope, u.
func (j *scanGradJob[T]) load(s *chunk[T], d, t0, n int) {
	N := j.numStates
	switch k := t0 / ChunkSteps; {
	case k > 0:
		copy(s.h[:N], j.states[((k-1)*j.channels+d)*N:])
	case j.h0.data != nil:
		copy(s.h[:N], j.h0.row(d, N))
	default:
		clear(s.h[:N])
	}
	for i := range n {
		t := t0 + i
		s.u[i] = j.u.data[t*j.u.stride+d]
		s.delta[i], s.slope[i] = j.delta.data[t*j.delta.stride+d], 1
	}
	if j.softplus == nil {
		return
	}
	x := s.x[:n]
	copy(x, s.delta)
	if j.bias != nil {
		for i := range x {
			x[i] += j.bias[d]
		}
	}
	j.softplus(s.delta[:n], x, nil)
	j.kernels.sigmoid(s.slope[:n], x)
	for i, v := range x {
		if v > 20 { // softplus is the identity there
			s.slope[i] = 1
		}
	}
}

// gate turns dY into the gradient before the gate, and gives that of z: with
// s = sigmoid(z), SiLU(z) = z·s and its slope is s·(1 + z·(1−s)).
func (j *scanGradJob[T]) gate(s *chunk[T], d, t0, n int) {
	for i := range n {
		s.dy[i] = j.dy.data[(t0+i)*j.dy.stride+d]
	}
	if j.z.data == nil {
		return
	}
	z, sigmoid := s.x[:n], s.sigmoid[:n]
	for i := range z {
		z[i] = j.z.data[(t0+i)*j.z.stride+d]
	}
	j.kernels.sigmoid(sigmoid, z)
	var skip T
	if j.skip != nil {
		skip = j.skip[d]
	}
	for i, g := range sigmoid {
		dy, y := s.dy[i], s.y[i]+skip*s.u[i]
		j.dz.data[(t0+i)*j.dz.stride+d] = dy * y * (g * (1 + z[i]*(1-g)))
		s.dy[i] = dy * (z[i] * g)
	}
}
