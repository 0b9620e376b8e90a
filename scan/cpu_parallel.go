package scan

import (
	"runtime"
	"sync"
)

// job is an operation that is the same however [0, n) is cut: its parts write
// to different places and read nothing that another part writes.
type job interface{ run(from, to int) }

// parallelWork is about the number of multiply-adds below which a second
// goroutine costs more than it gives (some 60 µs of one core).
const parallelWork = 1 << 17

// share is how many goroutines an operation of the given work (multiply-adds)
// is worth.
func (c *cpu[T]) share(work int) int {
	if c.threads == 1 || work < 2*parallelWork {
		return 1
	}
	return min(c.threads, work/parallelWork, runtime.GOMAXPROCS(0))
}

// split runs j over [0, n) in at most parts pieces whose borders are multiples
// of grain.
func split(j job, n, grain, parts int) {
	units := (n + grain - 1) / grain
	if parts > units {
		parts = units
	}
	if parts <= 1 {
		j.run(0, n)
		return
	}
	splitConcurrently(j, n, grain, units, parts)
}

// splitConcurrently is split with goroutines. A panic in any piece comes out
// here, in the caller's goroutine, where a screen can be restored.
func splitConcurrently(j job, n, grain, units, parts int) {
	var wg sync.WaitGroup
	var once sync.Once
	var failure any
	for p := 1; p < parts; p++ {
		from, to := p*units/parts*grain, min((p+1)*units/parts*grain, n)
		wg.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					once.Do(func() { failure = r })
				}
			}()
			j.run(from, to)
		})
	}
	// The first piece is the caller's own; wait for the others even when it
	// panics, because they use the caller's buffers.
	func() {
		defer wg.Wait()
		j.run(0, units/parts*grain)
	}()
	if failure != nil {
		panic(failure)
	}
}
