package kernels

// ScanGrad is scan.ScanGrad on the device.
type ScanGrad struct {
	L, D, N, Rule  int
	Softplus       bool
	U, Delta, Z    View // (L, D); Z may be absent
	A, B, C        View
	Bias, Skip     uint64 // (D), may be absent
	Resets         uint64 // int32 (L), may be absent
	H0             View   // (D, N) or absent: zeros
	States         uint64 // (chunks−1, D, N): h after steps 31, 63, …
	DY             View
	DU, DDelta, DZ View   // (L, D), written; DZ absent exactly where Z is
	DB, DC         View   // (L, N), written
	DA             View   // (D, N), added to
	DH             View   // (D, N), in and out; absent: zeros in, not wanted out
	DBias, DSkip   uint64 // (D), added to; absent: not wanted
	Work           uint64 // ScanGradWork bytes
}

type scanGradParams struct {
	u, delta, z, dy View
	a, b, c, h0     View
	du, ddelta, dz  View
	da, dh          View
	bias, skip      uint64
	dbias, dskip    uint64
	states, resets  uint64
	carry, work     uint64
	l, d, n         int64
	rule, softplus  int32
	groups, _       int32
}

type gatherParams struct {
	db, dc       View
	work         uint64
	l, n, blocks int64
}

const gradStates = 16 // states of a pass, and the most warps of a block

// gradShape is how a gradient is cut: a block of so many warps takes as many
// channels at a time, groups times, through tiles of so many steps.
type gradShape struct {
	entry                       Entry
	tile, warps, groups, blocks int
}

// shared is the dynamic shared memory of a block.
func (g gradShape) shared() int {
	return 4 * (4*gradStates*g.tile + 3*g.warps*(g.tile+4) + 2*32*g.warps)
}

// gradShape decides how a gradient is cut. Blocks that take several groups share
// one tile of B and C and leave fewer parts of dB and dC to be added; only where
// one pass has all states can they.
func (p *Planner) gradShape(rule, L, D, N int) gradShape {
	sms := max(p.Device.SMs, 1)
	fit := func(g gradShape) gradShape {
		units := ceil(D, g.warps)
		g.groups = 1
		if N <= gradStates {
			g.groups = max(1, ceil(units, sms))
		}
		g.blocks = ceil(units, g.groups)
		return g
	}
	small := fit(gradShape{entry: ScanGrad128, tile: 128, warps: 8})
	if rule != Released {
		small.entry = ScanGradAny
	}
	best, least := small, 0.0
	if rule != Released || L <= 128 {
		return small
	}
	for warps := 4; warps <= 12; warps++ {
		g := fit(gradShape{entry: ScanGrad256, tile: 256, warps: warps})
		if g.shared() > p.Device.Shared {
			break
		}
		// Below seven warps it is latency that counts; staging costs as much as one
		// and a half.
		cost := float64(ceil(g.blocks, sms)*g.groups) * (max(float64(warps), 7) + 1.5)
		if warps == 4 || cost < least {
			best, least = g, cost
		}
	}
	return best
}

// ScanBackward plans the gradient of Scan.
func (p *Planner) ScanBackward(a ScanGrad) {
	if a.L == 0 || a.D == 0 && a.N == 0 {
		return
	}
	if p.streamsGrad(a.Rule, a.D, a.N) {
		p.streamGrad(a)
		return
	}
	g := p.gradShape(a.Rule, a.L, a.D, a.N)
	cells := uint64(4 * ceil(a.D*a.N, 64) * 64)
	if a.D > 0 {
		add(p, g.entry, [3]int{g.blocks, 1, 1}, 32*g.warps, g.shared(), &scanGradParams{
			u: a.U, delta: a.Delta, z: a.Z, dy: a.DY, a: a.A, b: a.B, c: a.C, h0: a.H0,
			du: a.DU, ddelta: a.DDelta, dz: a.DZ, da: a.DA, dh: a.DH, bias: a.Bias, skip: a.Skip,
			dbias: a.DBias, dskip: a.DSkip, states: a.States, resets: a.Resets,
			carry: a.Work, work: a.Work + cells, l: int64(a.L), d: int64(a.D), n: int64(a.N),
			rule: int32(a.Rule), softplus: mark(a.Softplus), groups: int32(g.groups)})
	}
	if a.N > 0 {
		add(p, ScanGradGather, [3]int{ceil(2*a.L*a.N, 256), 1, 1}, 256, 0, &gatherParams{db: a.DB, dc: a.DC,
			work: a.Work + cells, l: int64(a.L), n: int64(a.N), blocks: int64(g.blocks)})
	}
}

// ScanGradWork is the scratch that ScanBackward needs, in bytes.
func (p *Planner) ScanGradWork(rule, L, D, N int) int {
	if p.streamsGrad(rule, D, N) {
		_, bytes := p.streamGradWork(&streamGradParams{}, 0, L, D, N)
		return int(bytes)
	}
	return 4*ceil(D*N, 64)*64 + 4*p.gradShape(rule, L, D, N).blocks*2*L*N
}
