package scan

import "errors"

// What can go wrong on a backend whose memory and processor are not the
// host's. Errors of Alloc, LoadWeight, Read and Sync wrap them.
var (
	// ErrNoMemory: the backend has too little memory for what was asked. What
	// it holds is intact, and less may fit.
	ErrNoMemory = errors.New("not enough memory on the device")
	// ErrLost: the device failed in a way that it does not recover from.
	// Nothing on the backend can be read or computed any more; whoever keeps
	// host copies goes on from them on another backend.
	ErrLost = errors.New("the device is lost")
)

// Chunker is a Backend that works best on chunks of about Chunk rows. Others are
// given what fits a processor's caches.
type Chunker interface{ Chunk() int }

// LateReader is a Backend that many small reads need not wait for one by one.
type LateReader interface {
	// ReadLater is Read without waiting: dst holds src as it is at this place of
	// the order after the next Read or Sync that returns no error, and must stay
	// untouched until then.
	ReadLater(dst []float32, src Buffer, off int)
}

// Capturer is a Backend that can record a run of operations and enqueue it
// again at once, for less than the operations one by one cost. Buffers are
// recorded, not their contents: a token's id is written to a buffer that the
// recording reads.
type Capturer interface {
	Backend
	// Capture records what f enqueues, without running it. f may call the
	// operations of a Mamba block, from Copy to Scan, on buffers and shapes that it has
	// run with before; anything else, and a failure of the device, is an error
	// and nothing is recorded. A nil Graph without an error says that the backend
	// does not record.
	Capture(f func()) (Graph, error)
}

// Graph is a recorded run of operations.
type Graph interface {
	// Launch enqueues the operations. The buffers they use must not have been
	// freed.
	Launch()
	// Free forgets the recording.
	Free()
}
