package scan

import (
	"sync"
	"sync/atomic"
	"time"
)

// pool is the goroutines of one CPU backend that help with operations large
// enough to be shared. It belongs to whoever calls split, one goroutine at a
// time; its workers start with the first operation that needs them and end with
// close.
//
// An operation is cut into pieces, and whoever is free takes the next one: the
// caller never waits for a worker that has not begun, only for pieces that are
// under way. A core that another process took costs one piece, not a barrier.
//
// Both sides spin for spinTime at most and then sleep in the runtime. Spinning
// is worth it because the operations of a forward pass follow each other within
// microseconds while waking a goroutine takes several; spinning without an end
// fell to a tenth of the speed where another process had the second core.
type pool struct {
	// claim is generation<<32 | pieces<<16 | next: a piece is taken by adding
	// one to next. The generation keeps a late worker from taking a piece of an
	// operation that it did not look at.
	claim   atomic.Uint64
	_       [56]byte
	pending atomic.Int32 // pieces that are not finished
	waiting atomic.Bool  // the caller sleeps until pending is 0
	closed  atomic.Bool
	_       [54]byte
	parked  atomic.Int32 // workers that sleep and have not been called

	wake chan struct{} // one message calls one worker
	done chan struct{}
	gone sync.WaitGroup

	// The operation under way. Written before claim is, read after a piece has
	// been taken.
	job            job
	n, grain       int
	units, pieces  int
	failure        atomic.Pointer[failure]
	workers, limit int
	generation     uint64
}

// failure is what a piece panicked with.
type failure struct{ value any }

// spinTime is how long a side without work looks for some before it sleeps.
const spinTime = 40 * time.Microsecond

// piecesPerThread cuts an operation finer than there are threads, so that one
// that was held up does not hold up the others.
const piecesPerThread = 4

// mostPieces is what the claim word has room for.
const mostPieces = 1<<16 - 1

// newPool is a pool of at most threads goroutines, the caller's included.
func newPool(threads int) *pool {
	limit := min(threads-1, mostPieces/piecesPerThread)
	return &pool{limit: limit, wake: make(chan struct{}, max(limit, 1)), done: make(chan struct{}, 1)}
}

// split runs j over [0, n) on at most parts goroutines, in pieces whose borders
// are multiples of grain. A panic in any piece comes out here, in the caller's
// goroutine, where a screen can be restored.
func (p *pool) split(j job, n, grain, parts int) {
	units := (n + grain - 1) / grain
	parts = min(parts, units, p.limit+1)
	if parts <= 1 || p.closed.Load() {
		j.run(0, n)
		return
	}
	for p.workers < parts-1 {
		p.workers++
		p.gone.Add(1)
		go p.work()
	}
	pieces := min(units, parts*piecesPerThread)
	p.job, p.n, p.grain, p.units, p.pieces = j, n, grain, units, pieces
	p.pending.Store(int32(pieces))
	p.generation++
	p.claim.Store(p.generation<<32 | uint64(pieces)<<16)
	for range parts - 1 {
		if !p.unpark() {
			break
		}
		p.wake <- struct{}{}
	}
	// Wait for the others even when a piece of the caller's own panics,
	// because they use the caller's buffers.
	defer p.finish()
	for {
		k, ok := p.take()
		if !ok {
			break
		}
		p.run(k)
	}
}

// take claims the next piece.
func (p *pool) take() (int, bool) {
	for {
		w := p.claim.Load()
		next, pieces := w&mostPieces, w>>16&mostPieces
		if next >= pieces {
			return 0, false
		}
		if p.claim.CompareAndSwap(w, w+1) {
			return int(next), true
		}
	}
}

// run computes piece k and counts it as finished.
func (p *pool) run(k int) {
	defer p.count()
	p.job.run(k*p.units/p.pieces*p.grain, min((k+1)*p.units/p.pieces*p.grain, p.n))
}

// count counts a piece as finished, and calls the caller after the last.
func (p *pool) count() {
	if r := recover(); r != nil {
		p.failure.CompareAndSwap(nil, &failure{r})
	}
	if p.pending.Add(-1) == 0 && p.waiting.CompareAndSwap(true, false) {
		p.done <- struct{}{}
	}
}

// finish waits until no piece is under way.
func (p *pool) finish() {
	if !p.spin(func() bool { return p.pending.Load() == 0 }) {
		p.waiting.Store(true)
		// Whoever makes waiting false again decides: a worker, and then there is
		// a message, or this side.
		if p.pending.Load() != 0 || !p.waiting.CompareAndSwap(true, false) {
			<-p.done
		}
	}
	p.job = nil // the pool must not keep an owner's buffers alive
	if f := p.failure.Swap(nil); f != nil {
		panic(f.value)
	}
}

// work is a worker's life.
func (p *pool) work() {
	defer p.gone.Done()
	for {
		if k, ok := p.take(); ok {
			p.run(k)
			continue
		}
		if p.closed.Load() {
			return
		}
		if p.spin(p.ready) {
			continue
		}
		p.parked.Add(1)
		// Work that came in between is seen here, or its caller sees parked.
		if p.ready() && p.unpark() {
			continue
		}
		<-p.wake
	}
}

// ready says that there may be something to do.
func (p *pool) ready() bool {
	w := p.claim.Load()
	return w&mostPieces < w>>16&mostPieces || p.closed.Load()
}

// unpark takes one worker off the count of sleepers: whoever does so for a
// worker other than itself owes it a message.
func (p *pool) unpark() bool {
	for {
		n := p.parked.Load()
		if n <= 0 {
			return false
		}
		if p.parked.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// spin waits for done at most spinTime.
func (p *pool) spin(done func() bool) bool {
	for k := 0; k < spinFirst; k++ {
		if done() {
			return true
		}
	}
	// The clock costs as much as some looks.
	for start := time.Now(); time.Since(start) < spinTime; {
		for k := 0; k < spinFirst; k++ {
			if done() {
				return true
			}
		}
	}
	return false
}

// spinFirst is how many looks lie between two at the clock.
const spinFirst = 64

// close ends the workers and waits for them. Operations afterwards run on the
// caller's goroutine alone.
func (p *pool) close() {
	if p.closed.Swap(true) {
		return
	}
	for p.unpark() {
		p.wake <- struct{}{}
	}
	p.gone.Wait()
}
