package bench

import "time"

// Clocks of a row. One thread is timed by the processor time of the process,
// where the system counts it: what other programs take away does not count, and
// on a quiet machine the two are the same. Several threads are timed by a wall
// clock.
const (
	ClockCPU  = "cpu"
	ClockWall = "wall"
)

// clock measures stretches of work.
type clock struct {
	name string
	now  func() time.Duration
}

// clockFor is the clock for work on some threads.
func clockFor(threads int) clock {
	if _, ok := cpuTime(); ok && threads == 1 {
		return clock{ClockCPU, func() time.Duration { d, _ := cpuTime(); return d }}
	}
	return wallClock()
}

// wallClock is the time that passes.
func wallClock() clock {
	begin := time.Now()
	return clock{ClockWall, func() time.Duration { return time.Since(begin) }}
}
