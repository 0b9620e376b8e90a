package kernels

// The kernels of stream_grad.cu: a block has 32 channels.
const (
	streamGradThreads  = 128
	streamGradChannels = 32
	streamGradSegment  = 32 // steps between two kept states
	streamGradPart     = 8  // steps that are gone through at a time
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
	softplus, _     int32
}

// streamsGrad says that stream_grad.cu has the gradient of such a scan.
func (p *Planner) streamsGrad(rule, D, N int) bool {
	return p.Device.CC >= 80 && rule == Released && D > 0 && N > 8 && N <= streamStates
}

// streamGradChunk is the steps of a chunk: whole segments, as few as give every
// multiprocessor six blocks, which is what it holds at once, twice; more where the
// last blocks of a long sequence would wait for each other.
func (p *Planner) streamGradChunk(L, D int) int {
	blocks := ceil(D, streamGradChannels)
	each := 6
	if L >= 32768 {
		each = 12
	}
	chunks := max(each*max(p.Device.SMs, 1)/blocks, 1)
	return max(ceil(ceil(L, chunks), streamGradSegment), 1) * streamGradSegment
}

// streamGradShared is the dynamic shared memory of the sum and of the out kernel.
func streamGradShared() (sum, out int) {
	const tile, segment = streamTile * streamGradChannels, streamGradSegment * streamGradChannels
	sum = 4 * 2 * (3*tile + streamTile*streamStates)
	stage := 4*segment + 2*streamGradSegment*streamStates + streamGradChannels*streamStates
	out = 4 * (2*stage + 4*segment + 4*streamGradPart*2*streamStates + 3*streamGradThreads*4)
	return sum, out
}

// streamGradWork lays out the scratch of a stream's gradient from the address at
// on, and returns where it ends.
func (p *Planner) streamGradWork(s *streamGradParams, at uint64, L, D, N int) uint64 {
	take := func(elements int) uint64 {
		from := at
		at += uint64(ceil(4*elements, 256) * 256)
		return from
	}
	chunk := p.streamGradChunk(L, D)
	n, blocks := ceil(L, chunk), ceil(D, streamGradChannels)
	s.chunk, s.chunks, s.blocks = int64(chunk), int64(n), int64(blocks)
	s.chunkE, s.chunkP, s.chunkReset = take(n*D*N), take(n*D*N), take(n)
	s.partBC = take(blocks * L * 2 * streamStates)
	s.partA, s.partD = take(n*D*N), take(n*2*D)
	return at
}

// streamGrad plans the gradient of a scan by stream_grad.cu.
func (p *Planner) streamGrad(a ScanGrad) {
	s := streamGradParams{u: a.U, delta: a.Delta, z: a.Z, dy: a.DY, a: a.A, b: a.B, c: a.C, h0: a.H0,
		du: a.DU, ddelta: a.DDelta, dz: a.DZ, da: a.DA, dh: a.DH, db: a.DB, dc: a.DC,
		bias: a.Bias, skip: a.Skip, dbias: a.DBias, dskip: a.DSkip, states: a.States, resets: a.Resets,
		l: int64(a.L), d: int64(a.D), n: int64(a.N), softplus: mark(a.Softplus)}
	p.streamGradWork(&s, a.Work, a.L, a.D, a.N)
	sum, out := streamGradShared()
	blocks, chunks := int(s.blocks), int(s.chunks)
	if chunks > 1 {
		add(p, StreamGradSum, [3]int{blocks, 1, chunks - 1}, streamGradThreads, sum, &s)
		add(p, StreamGradCombine, [3]int{ceil(a.D*a.N, 128), 1, 1}, 128, 0, &s)
	}
	add(p, StreamGradOut, [3]int{blocks, 1, chunks}, streamGradThreads, out, &s)
	add(p, StreamGradGather, [3]int{ceil(a.L*2*streamStates+a.D*a.N+2*a.D, 128), 1, 1}, 128, 0, &s)
}
