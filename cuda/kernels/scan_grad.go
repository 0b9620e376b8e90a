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

const (
	gradWarps  = 8  // channels of a block that are under way at a time
	gradStates = 16 // states of a pass
)

// gradShared is the dynamic shared memory of a scan_grad kernel with the given
// steps a tile.
func gradShared(tile int) int {
	return 4 * (4*gradStates*tile + 3*gradWarps*(tile+4) + 2*gradWarps*gradWarps)
}

// gradShape decides the kernel, its tile, how many groups of eight channels a
// block has, and the number of blocks. Blocks that share one tile of B and C
// leave fewer parts of dB and dC to be added.
func (p *Planner) gradShape(rule, L, D, N int) (e Entry, tile, groups, blocks int) {
	e, tile = ScanGradAny, 128
	if rule == Released {
		e = ScanGrad128
		if L > 256 && gradShared(512) <= p.Device.Shared {
			e, tile = ScanGrad512, 512
		}
	}
	groups, resident := 1, max(p.Device.SMs, 1)
	if tile == 128 {
		resident *= 2
	}
	if N <= gradStates {
		groups = max(1, ceil(ceil(D, gradWarps), resident))
	}
	return e, tile, groups, ceil(D, gradWarps*groups)
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
	e, tile, groups, blocks := p.gradShape(a.Rule, a.L, a.D, a.N)
	cells := uint64(4 * ceil(a.D*a.N, 64) * 64)
	if a.D > 0 {
		add(p, e, [3]int{blocks, 1, 1}, 32*gradWarps, gradShared(tile), &scanGradParams{
			u: a.U, delta: a.Delta, z: a.Z, dy: a.DY, a: a.A, b: a.B, c: a.C, h0: a.H0,
			du: a.DU, ddelta: a.DDelta, dz: a.DZ, da: a.DA, dh: a.DH, bias: a.Bias, skip: a.Skip,
			dbias: a.DBias, dskip: a.DSkip, states: a.States, resets: a.Resets,
			carry: a.Work, work: a.Work + cells, l: int64(a.L), d: int64(a.D), n: int64(a.N),
			rule: int32(a.Rule), softplus: mark(a.Softplus), groups: int32(groups)})
	}
	if a.N > 0 {
		add(p, ScanGradGather, [3]int{ceil(2*a.L*a.N, 256), 1, 1}, 256, 0, &gatherParams{db: a.DB, dc: a.DC,
			work: a.Work + cells, l: int64(a.L), n: int64(a.N), blocks: int64(blocks)})
	}
}

// ScanGradWork is the scratch that ScanBackward needs, in bytes.
func (p *Planner) ScanGradWork(rule, L, D, N int) int {
	if p.streamsGrad(rule, D, N) {
		return int(p.streamGradWork(&streamGradParams{}, 0, L, D, N))
	}
	_, _, _, blocks := p.gradShape(rule, L, D, N)
	return 4*ceil(D*N, 64)*64 + 4*blocks*2*L*N
}
