package scan

import "runtime"

// job is an operation that is the same however [0, n) is cut: its parts write
// to different places and read nothing that another part writes.
type job interface{ run(from, to int) }

// parallelWork is about the number of multiply-adds below which a second
// goroutine costs more than it gives (some 60 µs of one core in plain Go, 10 to
// 30 µs of a vector kernel that reads its weights from memory).
const parallelWork = 1 << 17

// share is how many goroutines an operation of the given work (multiply-adds)
// is worth.
func (c *cpu[T]) share(work int) int {
	if c.threads == 1 || work < 2*parallelWork {
		return 1
	}
	return min(c.threads, work/parallelWork, runtime.GOMAXPROCS(0))
}

// split runs j over [0, n) on at most parts goroutines.
func (c *cpu[T]) split(j job, n, grain, parts int) {
	if c.tape != nil {
		c.tape.add(j, n, grain, parts)
		return
	}
	if parts <= 1 { // one token of a small model: not even the pool is asked
		j.run(0, n)
		return
	}
	c.pool.split(j, n, grain, parts)
}
