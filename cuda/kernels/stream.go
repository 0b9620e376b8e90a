package kernels

import "slices"

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

// shared is the dynamic shared memory of a block: two tiles of Δ, u, z, B and C and
// two of Δ and Δu; without z and C for a sum.
func (b streamBlock) shared(sum bool) int {
	width := b.channels
	if b == streamNarrow {
		width += 8
	}
	column, small, sizes := streamTile*width, streamTile*streamStates, streamTile*2*b.channels
	if sum {
		return 4 * 2 * (2*column + small + sizes)
	}
	return 4 * 2 * (3*column + 2*small + sizes)
}

// blocks is how many blocks the channels of batch sequences take.
func (b streamBlock) blocks(D, batch int) int { return batch * ceil(D, b.channels) }

// A block of stream_split.cu has so many threads at most; channels by quads, up to
// splitChannels; pieces in pairs.
const (
	splitThreads  = 384
	splitChannels = 20
	splitPiece    = 8 // steps
)

// streamShape is how a scan is streamed: by chunks of stream.cu, a chunk of L or
// more being no chunk, or, where pieces is not 0, by stream_split.cu.
type streamShape struct {
	block            streamBlock
	chunk            int
	channels, pieces int
}

// splitShared is the dynamic shared memory of a block of stream_split.cu: three
// tiles of Δ, u, z, B, C and marks, one of Δ and Δu; of each thread what its piece
// does to its states, bias, skip and states between tiles.
func splitShared(channels, pieces int) int {
	const pad = 16
	steps, threads := splitPiece*pieces, 4*channels*pieces
	rows := steps*streamStates + pieces*pad
	slot := 3*steps*channels + 2*rows + 2*steps
	return 4 * (3*slot + steps*2*splitChannels + pieces*pad + 20*threads)
}

// split is the shape of stream_split.cu for blocks of so many channels: tiles as
// long as threads and shared memory allow, and no longer than L needs.
func (p *Planner) split(L, channels int) streamShape {
	pieces := splitThreads / (4 * channels) / 2 * 2
	for pieces > 2 && splitShared(channels, pieces) > p.Device.Shared {
		pieces -= 2
	}
	tiles := ceil(L, splitPiece*pieces)
	pieces = ceil(ceil(L, tiles), 2*splitPiece) * 2
	return streamShape{chunk: L, channels: channels, pieces: pieces}
}

// streamShape chooses how to stream batch sequences. The numbers are what was
// fastest on an H100 over the shapes of NOTES.md.
//
// Blocks of stream.cu in one pass, where they give every multiprocessor at least
// two, and for a single tile. Blocks of stream_split.cu for short sequences, with
// the fewest channels for the busiest multiprocessor. Otherwise chunks: where there
// is little to do, of narrow blocks, four for a multiprocessor; else of wide ones,
// up to twelve, so that the last ones end together.
func (p *Planner) streamShape(L, D, batch int) streamShape {
	if p.streamWith != nil {
		return p.streamWith(L)
	}
	sms := max(p.Device.SMs, 1)
	if streamNarrow.blocks(D, batch) >= 2*sms {
		if streamWide.blocks(D, batch) >= 3*sms {
			return streamShape{block: streamWide, chunk: L}
		}
		return streamShape{block: streamNarrow, chunk: L}
	}
	if L <= streamTile {
		return streamShape{block: streamNarrow, chunk: L}
	}
	if L <= 512 && splitShared(splitChannels, 2) <= p.Device.Shared {
		channels, least := 0, 0
		for c := 4; c <= splitChannels; c += 4 {
			// B and C of a block cost as much as one channel.
			if cost := ceil(batch*ceil(D, c), sms) * (c + 1); channels == 0 || cost < least {
				channels, least = c, cost
			}
		}
		return p.split(L, channels)
	}
	b, each, least := streamWide, 12, 8*streamTile
	if batch*D*L <= 2<<20 {
		b, each, least = streamNarrow, 4, 2*streamTile
		// One tile a chunk, where two would leave multiprocessors without a block.
		if b.blocks(D, batch)*ceil(L, streamTile) <= 2*sms {
			least = streamTile
		}
	}
	chunks := max(each*sms/b.blocks(D, batch), 1)
	chunk := max(ceil(ceil(L, chunks), streamTile)*streamTile, least)
	if L <= 2*chunk {
		chunk = L
	}
	return streamShape{block: b, chunk: chunk}
}

// quads says what kernels copy four floats at a time: bit 0 for what is (L, D),
// bit 1 for rows of states.
func quads(columns, rows bool) int32 { return mark(columns) | mark(rows)<<1 }

// inQuads says that four neighbours in a row, from a multiple of four on, are 16
// aligned bytes in all views, and that 32 bits count the floats of a few rows.
func inQuads(views ...View) bool {
	for _, v := range views {
		if v.Ptr%16 != 0 || v.Stride%4 != 0 || v.Stride >= 1<<26 {
			return false
		}
	}
	return true
}

// apart says that all distances between the sequences of a batch are multiples of
// four.
func apart(batch int, distances ...int64) bool {
	return batch == 1 || !slices.ContainsFunc(distances, func(d int64) bool { return d%4 != 0 })
}

// streamQuads is quads of the views of a scan.
func streamQuads(s *scanParams, batch int) int32 {
	d := s.distance
	return quads(s.d%4 == 0 && inQuads(s.u, s.delta, s.z, s.y) && apart(batch, d.U, d.Delta, d.Z, d.Y),
		s.n == streamStates && inQuads(s.b, s.c) && apart(batch, d.B, d.C))
}

// stepQuads is quads of the states of a single step, which reads them, A, B and C.
func stepQuads(s *scanParams, batch int) int32 {
	d := s.distance
	return quads(false, s.n == streamStates && inQuads(s.a, s.b, s.c, s.h) && apart(batch, d.B, d.C, d.H))
}

// stream plans a scan by stream.cu or stream_split.cu; take reserves scratch.
func (p *Planner) stream(s *scanParams, batch int, take func(bytes int) uint64) {
	L, D, N := int(s.l), int(s.d), int(s.n)
	shape := p.streamShape(L, D, batch)
	s.quads = streamQuads(s, batch)
	if shape.pieces > 0 {
		c, n := shape.channels, shape.pieces
		s.channels, s.pieces, s.inverse = int32(c), int32(n), int32(ceil(1<<16, c/4))
		add(p, StreamSplit, [3]int{ceil(D, c), batch, 1}, 4*c*n, splitShared(c, n), s)
		return
	}
	b, chunk := shape.block, shape.chunk
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
