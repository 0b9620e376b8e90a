package kernels

// The numbers of scan.Rule.
const (
	Released = iota
	ZOH
	Bilinear
	Euler
	BackwardEuler
)

// ScanArgs is scan.ScanArgs on the device, for Batch sequences of the same
// shape: sequence b of a view begins b·(its batch distance) elements further
// on. Batch 0 means 1.
type ScanArgs struct {
	L, D, N, Batch int
	Rule           int
	Softplus       bool
	U, Delta, Z, Y View   // (L, D); Z may be absent
	B, C           View   // (L, N)
	A              View   // (D, N)
	H              View   // (D, N), in and out
	Bias, Skip     uint64 // (D), may be absent
	Resets         uint64 // int32 (L) of each sequence, may be absent
	Taps           uint64 // int32 (NumTaps), ascending; of a batch of 1 only
	NumTaps        int
	TapH           uint64 // (NumTaps, D, N)
	Work           uint64 // ScanWork bytes
	Distance       ScanDistance
	Force          ScanKind // of kernel; 0: Scan chooses
}

// ScanDistance are the distances between the sequences of a batch, in elements.
type ScanDistance struct{ U, Delta, Z, Y, B, C, H, Resets int64 }

// ScanKind is a way to scan.
type ScanKind int

// The ways to scan. ScanLanes needs the released rule and N ≤ 16,
// ScanStream also 8 < N and compute capability 8.0, ScanOne 8 < N and L = 1;
// where they cannot be had, Scan chooses.
const (
	ScanAuto    ScanKind = iota
	ScanSerial           // serial in time, channels and states across threads
	ScanLanes            // a warp has 512 steps of a channel, 16 a lane
	ScanChunked          // chunks summed, combined, and scanned again from their states
	ScanStream           // whole or chunked, the next tile on its way while one is scanned
	ScanOne              // a single step
)

type scanParams struct {
	u, delta, z, y, b, c, a, h View
	bias, skip, resets         uint64
	tapOf, tapH                uint64 // int32 (L): row of tapH or −1
	chunkH, chunkP, chunkReset uint64 // (Batch, chunks, D, N) twice, int32 (Batch, chunks)
	distance                   ScanDistance
	l, d, n                    int64
	chunk, chunks              int64
	rule, softplus             int32
	lanes                      int32 // log2 of the lanes that share two channels
	channels                   int32 // of a block of ScanLanes and of StreamSplit
	pieces, inverse            int32 // of a tile of StreamSplit; 2¹⁶/(channels/4), rounded up
	quads, _                   int32 // see streamQuads
}

type tapParams struct {
	tapOf, taps uint64
	l, taps_    int64
}

const (
	scanBlock  = 128 // threads of the serial kernels
	stepBlock  = 64  // threads of ScanStep
	lanesSteps = 512
	lanesMaxN  = 16

	stepChannels = stepBlock / 4
)

// Scan plans the selective scan.
func (p *Planner) Scan(a ScanArgs) {
	if a.L == 0 || a.D == 0 || a.Batch < 0 {
		return
	}
	batch := max(a.Batch, 1)
	s := scanParams{u: a.U, delta: a.Delta, z: a.Z, y: a.Y, b: a.B, c: a.C, a: a.A, h: a.H,
		bias: a.Bias, skip: a.Skip, resets: a.Resets, tapH: a.TapH, distance: a.Distance,
		l: int64(a.L), d: int64(a.D), n: int64(a.N), chunk: int64(a.L), chunks: 1,
		rule: int32(a.Rule), softplus: mark(a.Softplus)}
	work := a.Work
	take := func(bytes int) uint64 {
		at := work
		work += uint64(ceil(bytes, 256) * 256)
		return at
	}
	if a.NumTaps > 0 {
		s.tapOf = take(4 * a.L)
		add(p, TapMap, [3]int{ceil(a.L, 256), 1, 1}, 256, 0,
			&tapParams{tapOf: s.tapOf, taps: a.Taps, l: s.l, taps_: int64(a.NumTaps)})
	}
	kind, chunk := p.scanKind(a)
	switch kind {
	case ScanStream:
		p.stream(&s, batch, take)
		return
	case ScanOne:
		s.quads = stepQuads(&s, batch)
		add(p, ScanStep, [3]int{ceil(a.D, stepChannels), batch, 1}, stepBlock, 0, &s)
		return
	}
	fast := a.Rule == Released && a.N > 8 && a.N <= 16
	_, s.lanes = powerOfTwo(ceil(a.N, 8), 1, 32)
	blocks := ceil(a.D, 2*scanBlock>>s.lanes)
	pick := func(any Entry) Entry {
		if fast {
			return any + 1
		}
		return any
	}
	switch kind {
	case ScanLanes:
		warps := p.lanesWarps(a.D, a.N, batch)
		s.channels = int32(warps)
		add(p, ScanLanes512, [3]int{ceil(a.D, warps), batch, 1}, 32*warps, lanesShared(a.N, warps), &s)
	case ScanChunked:
		s.chunk, s.chunks = int64(chunk), int64(ceil(a.L, chunk))
		n := int(s.chunks)
		s.chunkH = take(4 * batch * n * a.D * a.N)
		s.chunkP = take(4 * batch * n * a.D * a.N)
		s.chunkReset = take(4 * batch * n)
		shared := serialShared(int(s.lanes))
		add(p, pick(ScanSumAny), [3]int{blocks, batch, n}, scanBlock, shared, &s)
		add(p, ScanCombine, [3]int{ceil(a.D*max(a.N, 1), 256), batch, 1}, 256, 0, &s)
		add(p, pick(ScanOutAny), [3]int{blocks, batch, n}, scanBlock, shared, &s)
	default:
		add(p, pick(ScanSerialAny), [3]int{blocks, batch, 1}, scanBlock, serialShared(int(s.lanes)), &s)
	}
}

// ScanWork is the scratch that Scan needs, in bytes.
func (p *Planner) ScanWork(a ScanArgs) int {
	bytes := 0
	take := func(n int) { bytes += ceil(n, 256) * 256 }
	if a.NumTaps > 0 {
		take(4 * a.L)
	}
	kind, chunk := p.scanKind(a)
	if kind == ScanStream {
		chunk = p.streamShape(a.L, a.D, max(a.Batch, 1)).chunk
	}
	if kind == ScanChunked || kind == ScanStream && chunk < a.L {
		n := max(a.Batch, 1) * ceil(a.L, chunk)
		take(4 * n * a.D * a.N)
		take(4 * n * a.D * a.N)
		take(4 * n)
	}
	return bytes
}

// scanKind chooses how to scan, and the chunk of ScanChunked.
func (p *Planner) scanKind(a ScanArgs) (ScanKind, int) {
	batch, sms := max(a.Batch, 1), max(p.Device.SMs, 1)
	_, lanes := powerOfTwo(ceil(a.N, 8), 1, 32)
	blocks := batch * ceil(a.D, 2*scanBlock>>lanes)
	// Chunks of at least 64 steps, as many as give every multiprocessor four
	// blocks: 16 warps hide the latency of the shared memory.
	chunk := max(64, ceil(a.L, 32*max(1, 4*sms/blocks))*32)
	lanesFit := a.Rule == Released && a.N >= 1 && a.N <= lanesMaxN && lanesShared(a.N, 2) <= p.Device.Shared
	sixteen := a.Rule == Released && a.N > 8 && a.N <= streamStates
	streamFits := sixteen && p.Device.CC >= 80 && a.L > 0
	stepFits := sixteen && a.L == 1
	switch kind := a.Force; {
	case stepFits && (kind == ScanOne || kind == ScanAuto):
		return ScanOne, 0
	case kind == ScanStream && streamFits, kind == ScanAuto && streamFits:
		return ScanStream, 0
	case kind == ScanLanes && lanesFit, kind == ScanChunked, kind == ScanSerial:
		return kind, chunk
	case a.L < 48 || blocks >= 2*sms || a.N == 0:
		return ScanSerial, chunk
	case lanesFit:
		return ScanLanes, chunk
	case a.L > 2*chunk:
		return ScanChunked, chunk
	}
	return ScanSerial, chunk
}

// serialShared is the dynamic shared memory of a serial kernel whose channel
// pairs have 2^lanes lanes: 32 steps of Δ and Δ·u, of y, of B and of C.
func serialShared(lanes int) int {
	channels, states := 2*scanBlock>>lanes, 8<<lanes
	return 4 * 32 * (3*channels + 2*states)
}

// lanesShared is the dynamic shared memory of ScanLanes: 512 steps of B and
// C, and of Δ and x of each channel, in rows of 516.
func lanesShared(n, channels int) int {
	return 4 * (2*n*lanesSteps + 2*channels*(lanesSteps+4))
}

// lanesWarps is how many warps, and channels, a block of ScanLanes has. A block
// stages B and C for all its channels, and one that is alone on its multiprocessor
// computes nothing meanwhile; a multiprocessor has registers for ten warps. What is
// weighed is the channels that the busiest multiprocessor takes, in units of the
// time of one.
func (p *Planner) lanesWarps(d, n, batch int) int {
	const most, together = 8, 10
	sms := max(p.Device.SMs, 1)
	best, least := 1, 0.0
	for w := 1; w <= most; w++ {
		shared := lanesShared(n, w) + 1024 // what the driver keeps of each block
		if shared > p.Device.Shared+1024 {
			break
		}
		resident := max(1, min((p.Device.Shared+1024)/shared, together/w))
		blocks := batch * ceil(d, w)
		busy := ceil(blocks, sms) // blocks of the busiest multiprocessor
		if rounds := ceil(blocks, sms*resident); rounds > 1 {
			busy = rounds * resident
		}
		// Below four channels it is latency that counts, not work.
		cost := max(4, float64(busy*w)) + 6*float64(busy)/float64(w)
		if min(busy, resident) == 1 {
			cost *= 1.25
		}
		if w == 1 || cost < least {
			best, least = w, cost
		}
	}
	return best
}
