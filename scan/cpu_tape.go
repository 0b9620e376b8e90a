package scan

import (
	"errors"
	"runtime"
)

var _ Capturer = (*CPU)(nil)

// tape is a Graph of a CPU backend: operations whose arguments have been checked
// and found in memory once. Around the kernels of one token of a small model
// that is a fifth of the time.
type tape[T float] struct {
	c     *cpu[T]
	tasks []task
	err   error // what was not to be recorded
}

// task is a job as split got it, or a short operation as a whole.
type task struct {
	job             job
	n, grain, parts int
	short           func()
}

var errTape = errors.New("scan: Capture: only the operations from Copy to Scan can be recorded")

// Capture implements Capturer. Scans of a number of states that the kernel set
// must pad are not recorded: there is no Graph then.
func (c *CPU) Capture(f func()) (Graph, error) { return c.backend.(Capturer).Capture(f) }

// Capture implements Capturer.
func (c *cpu[T]) Capture(f func()) (Graph, error) {
	if c.tape != nil {
		return nil, errTape
	}
	t := &tape[T]{c: c}
	c.tape = t
	defer func() { c.tape = nil }()
	f()
	switch {
	case errors.Is(t.err, errPadded):
		return nil, nil
	case t.err != nil:
		return nil, t.err
	}
	return t, nil
}

// errPadded stands for a scan that lays out B and C anew at every call.
var errPadded = errors.New("scan: Capture: padded states")

// recorded keeps a short operation, and says that it must not run now. It is
// checked when it runs; that takes less than keeping more of it.
func (c *cpu[T]) recorded(short func()) bool {
	if c.tape == nil {
		return false
	}
	c.tape.tasks = append(c.tape.tasks, task{short: short})
	return true
}

// unrecorded is called by what a recording may not contain.
func (c *cpu[T]) unrecorded() {
	if c.tape != nil {
		c.tape.err = errors.Join(c.tape.err, errTape)
	}
}

// add keeps a copy of j: the backend uses the same job again.
func (t *tape[T]) add(j job, n, grain, parts int) {
	switch own := j.(type) {
	case *product[T]:
		k := *own
		j = &k
	case *convJob[T]:
		k := *own
		j = &k
	case *scanJob[T]:
		k := *own
		j = &k
	}
	t.tasks = append(t.tasks, task{job: j, n: n, grain: grain, parts: parts})
}

// Launch implements Graph.
func (t *tape[T]) Launch() {
	for i := range t.tasks {
		switch k := &t.tasks[i]; {
		case k.short != nil:
			k.short()
		case k.parts <= 1:
			k.job.run(0, k.n)
		default:
			t.c.split(k.job, k.n, k.grain, min(k.parts, runtime.GOMAXPROCS(0)))
		}
	}
}

// Free implements Graph.
func (t *tape[T]) Free() { t.tasks = nil }
