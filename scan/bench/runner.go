package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"mamba-tui/scan"
)

// Backend is one of the places to compute that are compared.
type Backend struct {
	Name    string // as rows show it, such as "cpu avx512"
	Threads int
	// Open opens it with weights in a format; whoever opens closes.
	Open   func(f scan.WeightFormat) (scan.Backend, error)
	Limits Limits // what the machine can do at most there; zero: unknown
	// Slow backends are measured on fewer tokens.
	Slow bool
	// Formats are the formats of weights that are measured; nil means float32.
	Formats []scan.WeightFormat
	// Elsewhere says that the work is not done by this process's processors: it
	// is timed by a wall clock.
	Elsewhere bool
}

// Limits are measured rates of a machine.
type Limits struct {
	GFLOPS float64 // multiply-adds in float32, counted as two
	GBytes float64 // reading memory, in 10⁹ bytes a second
}

// Options of a run.
type Options struct {
	Backends []Backend
	Quick    bool // shorter: fewer repetitions, smaller shapes
	// Budget is how long one measurement may go on repeating, and PerPoint how
	// long one repetition of a sweep may be expected to take: longer ones are
	// left out. Zero values mean half a second and five (quick: a tenth).
	Budget, PerPoint time.Duration
	// Array is the size of what reading is measured over, in bytes; zero means
	// 512 MiB (quick: 128), far beyond any cache that one core has to itself.
	Array int
	// Layer is the shape of the scan suite; the zero value means mamba-130m's.
	Layer Layer
	// MaxLength ends the sweep; zero means 2^16.
	MaxLength int
	// Row receives every row as it is measured; Progress what comes next.
	Row      func(Row)
	Progress func(what string)
}

// budget is Budget with its default.
func (o *Options) budget() time.Duration { return o.orDefault(o.Budget, 500*time.Millisecond) }

// perPoint is PerPoint with its default.
func (o *Options) perPoint() time.Duration { return o.orDefault(o.PerPoint, 5*time.Second) }

func (o *Options) orDefault(d, normal time.Duration) time.Duration {
	switch {
	case d > 0:
		return d
	case o.Quick:
		return normal / 10
	}
	return normal
}

// Measure times f as a row: it runs f once to warm up, then until the budget is
// spent, once at least, and keeps the best; what alone takes eight budgets is
// not repeated. f is called in groups where it is too short for a clock.
func (o *Options) Measure(ctx context.Context, r Row, b *Backend, w Work, f func() error) error {
	c := clockFor(b.Threads)
	if b.Elsewhere {
		c = wallClock()
	}
	return o.measure(ctx, c, r, b, w, f, nil)
}

// MeasureWall is Measure by a wall clock, for work that waits for others. after,
// if it is not nil, completes the row.
func (o *Options) MeasureWall(ctx context.Context, r Row, b *Backend, w Work, f func() error, after func(*Row)) error {
	return o.measure(ctx, wallClock(), r, b, w, f, after)
}

func (o *Options) measure(ctx context.Context, c clock, r Row, b *Backend, w Work, f func() error, after func(*Row)) error {
	o.announce(r)
	ns, n, err := o.best(ctx, c, f)
	if err != nil {
		return err
	}
	r.Backend, r.Threads, r.Clock = b.Name, b.Threads, c.name
	r.fill(w, ns, n, b.Limits)
	if after != nil {
		after(&r)
	}
	o.emit(r)
	return nil
}

// Leave emits a row without a time.
func (o *Options) Leave(r Row, b *Backend, why string) {
	r.Backend, r.Threads, r.LeftOut = b.Name, b.Threads, why
	o.emit(r)
}

func (o *Options) emit(r Row) {
	if o.Row != nil {
		o.Row(r)
	}
}

func (o *Options) announce(r Row) {
	if o.Progress != nil {
		o.Progress(r.Name + " " + r.Shape)
	}
}

// shortest is how long a group of calls is at least, so that reading the clock
// does not count.
const shortest = time.Millisecond

// best is the time of the fastest of the repetitions that the budget allows, in
// ns, and how many there were. Repetitions that took less than half of the median
// do not count: the processor time of a virtual machine's process now and then
// stands still for a while.
func (o *Options) best(ctx context.Context, c clock, f func() error) (ns float64, repetitions int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, 0, err
	}
	begin, start := time.Now(), c.now()
	if err := f(); err != nil {
		return 0, 0, err
	}
	once, took := c.now()-start, time.Since(begin)
	if once > 8*o.budget() {
		// Once more would take as long again; warming up is a small part of it.
		return float64(once.Nanoseconds()), 1, ctx.Err()
	}
	group := 1
	if took < shortest {
		group = int(shortest/max(took, 50*time.Nanosecond)) + 1
	}
	var times []float64
	for end := begin.Add(o.budget()); repetitions == 0 || time.Now().Before(end); repetitions += group {
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		start := c.now()
		for range group {
			if err := f(); err != nil {
				return 0, 0, err
			}
		}
		if d := float64((c.now() - start).Nanoseconds()) / float64(group); d > 0 {
			times = append(times, d)
		}
	}
	return fastestOf(times), repetitions, nil
}

// fastestOf is the least of times that is at least half of their median, or 0
// without any. It sorts them.
func fastestOf(times []float64) float64 {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	least := times[len(times)/2] / 2
	return times[slices.IndexFunc(times, func(t float64) bool { return t >= least })]
}

// EachFormat calls do for every format that is measured.
func (b *Backend) EachFormat(do func(scan.WeightFormat) error) error {
	formats := b.Formats
	if formats == nil {
		formats = []scan.WeightFormat{scan.WeightsF32}
	}
	for _, f := range formats {
		if err := do(f); err != nil {
			return err
		}
	}
	return nil
}

// run opens b with weights in format f and calls do.
func (b *Backend) run(f scan.WeightFormat, do func(scan.Backend) error) error {
	be, err := b.Open(f)
	if err != nil {
		return fmt.Errorf("bench: %s: %w", b.Name, err)
	}
	defer be.Close()
	return do(be)
}
