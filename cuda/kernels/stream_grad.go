package kernels

// A block of stream_grad.cu that computes gradients.
type streamGradBlock struct {
	entry    Entry
	channels int
}

var (
	streamGradWide   = streamGradBlock{StreamGradWide, 64}
	streamGradNarrow = streamGradBlock{StreamGradNarrow, 32}
)

const (
	streamGradThreads     = 128
	streamGradSumChannels = 32
	streamGradWindow      = 32 // steps between two kept states
	streamGradPart        = 8  // steps that are gone through at a time
)

type streamGradParams struct {
	u, delta, z, dy View
	a, b, c, h0     View
	du, ddelta, dz  View
	da, dh, db, dc  View
	bias, skip      uint64
	dbias, dskip    uint64
	states, resets  uint64
	chunkE, chunkP  uint64 // (chunks, D, N)
	chunkReset      uint64 // int32 (chunks)
	partBC          uint64 // (blocks, L, [B, C], 16)
	partA, partD    uint64 // (chunks, D, N), (chunks, [bias, skip], D)
	l, d, n         int64
	chunk, chunks   int64
	blocks          int64
	softplus, quads int32
}

// streamsGrad says that stream_grad.cu has the gradient of such a scan.
func (p *Planner) streamsGrad(rule, D, N int) bool {
	return p.Device.CC >= 80 && rule == Released && D > 0 && N > 8 && N <= streamStates
}

// streamGradShape chooses the block and the steps of a chunk, which are whole
// windows or parts of one. The numbers are what was fastest on an H100 over the
// shapes of NOTES.md.
//
// Where there is little to do, narrow blocks, and parts of windows rather than
// multiprocessors without a block. Otherwise wide ones, of which a multiprocessor
// has three at once, in such chunks that the busiest is done first: two blocks
// take some nine tenths of the time of three, one takes seven, and every block
// takes as long as some 12 steps to begin.
func (p *Planner) streamGradShape(L, D int) (b streamGradBlock, chunk int) {
	if p.streamGradWith != nil {
		return p.streamGradWith(L)
	}
	sms := max(p.Device.SMs, 1)
	if D*L <= 1<<19 {
		b, chunk = streamGradNarrow, streamGradWindow
		for chunk > streamGradPart && 2*ceil(D, b.channels)*ceil(L, chunk) < 3*sms {
			chunk /= 2
		}
		return b, chunk
	}
	b = streamGradWide
	least := 0
	for c := streamGradWindow; c <= 16*streamGradWindow; c += streamGradWindow {
		blocks := ceil(ceil(D, b.channels)*ceil(L, c), sms) // of the busiest multiprocessor
		time := (30*(blocks/3) + []int{0, 22, 27}[blocks%3]) * (c + 12)
		if least == 0 || time < least {
			least, chunk = time, c
		}
	}
	return b, chunk
}

// streamGradSumShared is the dynamic shared memory of the sum.
func streamGradSumShared() int {
	const channels = streamGradSumChannels
	return 4 * (2*streamTile*(3*channels+streamStates) + channels)
}

// shared is the dynamic shared memory of a block.
func (b streamGradBlock) shared() int {
	const small, warps = streamStates, streamGradThreads / 32
	n := streamGradWindow*(5*b.channels+2*small) + 4*b.channels*small // with h before each part
	n += streamGradPart*(3*b.channels+warps*2*small) + warps*8*2*small + 2*b.channels
	return 4 * n
}

// streamGradWork lays out the scratch of a stream's gradient from the address at
// on, and returns where it ends.
func (p *Planner) streamGradWork(s *streamGradParams, at uint64, L, D, N int) (b streamGradBlock, end uint64) {
	take := func(elements int) uint64 {
		from := at
		at += uint64(ceil(4*elements, 256) * 256)
		return from
	}
	b, chunk := p.streamGradShape(L, D)
	n, blocks := ceil(L, chunk), ceil(D, b.channels)
	s.chunk, s.chunks, s.blocks = int64(chunk), int64(n), int64(blocks)
	s.chunkE, s.chunkP, s.chunkReset = take(n*D*N), take(n*D*N), take(n)
	s.partBC = take(blocks * L * 2 * streamStates)
	s.partA, s.partD = take(n*D*N), take(n*2*D)
	return b, at
}

// streamGrad plans the gradient of a scan by stream_grad.cu.
func (p *Planner) streamGrad(a ScanGrad) {
	s := streamGradParams{u: a.U, delta: a.Delta, z: a.Z, dy: a.DY, a: a.A, b: a.B, c: a.C, h0: a.H0,
		du: a.DU, ddelta: a.DDelta, dz: a.DZ, da: a.DA, dh: a.DH, db: a.DB, dc: a.DC,
		bias: a.Bias, skip: a.Skip, dbias: a.DBias, dskip: a.DSkip, states: a.States, resets: a.Resets,
		l: int64(a.L), d: int64(a.D), n: int64(a.N), softplus: mark(a.Softplus),
		quads: quads(a.D%4 == 0 && inQuads(a.U, a.Delta, a.Z, a.DY, a.DU, a.DDelta, a.DZ),
			a.N == streamStates && inQuads(a.B, a.C, a.A, a.H0, a.DH, View{Ptr: a.States}))}
	b, _ := p.streamGradWork(&s, a.Work, a.L, a.D, a.N)
	chunks := int(s.chunks)
	if chunks > 1 {
		add(p, StreamGradSum, [3]int{ceil(a.D, streamGradSumChannels), 1, chunks - 1}, streamGradThreads, streamGradSumShared(), &s)
		add(p, StreamGradCombine, [3]int{ceil(a.D*a.N, 128), 1, 1}, 128, 0, &s)
	}
	add(p, b.entry, [3]int{int(s.blocks), 1, chunks}, streamGradThreads, b.shared(), &s)
	add(p, StreamGradGather, [3]int{ceil(a.L*2*streamStates/4, 32) + ceil(a.D*a.N+2*a.D, 32), 1, 1}, 128, 16*128, &s)
}
