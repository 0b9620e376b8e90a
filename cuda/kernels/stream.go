package kernels

// A block of stream.cu: threads and channels.
type streamBlock struct {
	whole             Entry // then its sum and its out
	threads, channels int
}

var (
	streamWide   = streamBlock{StreamWide, 128, 64}
	streamNarrow = streamBlock{StreamNarrow, 128, 32}
)

const (
	streamStates = 16 // states of a channel, those beyond N zero
	streamTile   = 16 // steps
)

// shared is the dynamic shared memory of a block: two tiles of Δ, u, z, B and C,
// one of y; without z, C and y for a sum.
func (b streamBlock) shared(sum bool) int {
	column, small := streamTile*b.channels, streamTile*streamStates
	if sum {
		return 4 * 2 * (2*column + small)
	}
	return 4 * (2*(3*column+2*small) + column)
}

// blocks is how many blocks the channels of batch sequences take.
func (b streamBlock) blocks(D, batch int) int { return batch * ceil(D, b.channels) }

// streamShape chooses the block and the chunk of a stream over batch sequences;
// a chunk of L or more is no chunk. The numbers are what was fastest on an H100
// over the shapes of NOTES.md.
//
// One pass reads everything once and is taken where its blocks give every
// multiprocessor at least two. Otherwise there are so many chunks that a
// multiprocessor has eight blocks, more than it holds at once, so that the last
// ones end together; narrow blocks where there is little to do.
func (p *Planner) streamShape(L, D, batch int) (b streamBlock, chunk int) {
	if p.streamWith != nil {
		return p.streamWith(L)
	}
	sms := max(p.Device.SMs, 1)
	if streamNarrow.blocks(D, batch) >= 2*sms {
		if streamWide.blocks(D, batch) >= 3*sms {
			return streamWide, L
		}
		return streamNarrow, L
	}
	b, each := streamWide, 8
	if batch*D*L <= 2<<20 {
		b, each = streamNarrow, 4
	} else if L >= 32768 {
		each = 16
	}
	chunks := max(each*sms/b.blocks(D, batch), 1)
	// One tile a chunk, where two would leave multiprocessors without a block.
	least := 2 * streamTile
	if b.blocks(D, batch)*ceil(L, streamTile) <= 2*sms {
		least = streamTile
	}
	chunk = max(ceil(ceil(L, chunks), streamTile)*streamTile, least)
	if L <= 2*chunk {
		return b, L
	}
	return b, chunk
}

// stream plans a scan by stream.cu; take reserves scratch.
func (p *Planner) stream(s *scanParams, batch int, take func(bytes int) uint64) {
	L, D, N := int(s.l), int(s.d), int(s.n)
	b, chunk := p.streamShape(L, D, batch)
	blocks := ceil(D, b.channels)
	if chunk >= L {
		add(p, b.whole, [3]int{blocks, batch, 1}, b.threads, b.shared(false), s)
		return
	}
	n := ceil(L, chunk)
	s.chunk, s.chunks = int64(chunk), int64(n)
	s.chunkH = take(4 * batch * n * D * N)
	s.chunkP = take(4 * batch * n * D * N)
	s.chunkReset = take(4 * batch * n)
	add(p, b.whole+1, [3]int{blocks, batch, n - 1}, b.threads, b.shared(true), s)
	add(p, StreamCombine, [3]int{ceil(D*N, 128), batch, 1}, 128, 0, s)
	add(p, b.whole+2, [3]int{blocks, batch, n}, b.threads, b.shared(false), s)
}
