package scan

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// newTestPool is a pool of threads goroutines that ends with the test.
func newTestPool(t testing.TB, threads int) *pool {
	p := newPool(threads)
	t.Cleanup(p.close)
	return p
}

// waitFor polls until ok, for two seconds at most.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Second); !ok(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within two seconds", what)
		}
	}
}

// jobFunc is a job made of a function.
type jobFunc func(from, to int)

func (f jobFunc) run(from, to int) { f(from, to) }

// TestPoolSequence: thousands of operations one after the other, some with a
// pause in which the workers go to sleep. Every element is run exactly once and
// before split returns. The elements are not atomic: a worker that came too
// late and ran a piece of another operation is a data race, which the race
// detector sees.
func TestPoolSequence(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	p := newTestPool(t, 4)
	for round := range 3000 {
		n, parts := 1+round%97, 1+round%5
		c := &covered{times: make([]int32, n), bad: -1}
		p.split(c, n, 1+round%3, parts)
		for i, k := range c.times {
			if k != 1 {
				t.Fatalf("round %d: element %d of %d ran %d times", round, i, n, k)
			}
		}
		if round%500 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// TestPoolShares: two goroutines really are in an operation at the same time.
func TestPoolShares(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	p := newTestPool(t, 2)
	var inside, most atomic.Int32
	meet := jobFunc(func(from, to int) {
		most.Store(max(most.Load(), inside.Add(1)))
		for end := time.Now().Add(100 * time.Millisecond); most.Load() < 2 && time.Now().Before(end); {
			runtime.Gosched()
		}
		inside.Add(-1)
	})
	for range 20 {
		p.split(meet, 8, 1, 2)
	}
	if most.Load() != 2 {
		t.Errorf("%d goroutines were in an operation at once, want 2", most.Load())
	}
}

// TestPoolParks: workers without work sleep, and the caller sleeps while a
// piece of a worker's takes long.
func TestPoolParks(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	p := newTestPool(t, 3)
	p.split(&covered{times: make([]int32, 64), bad: -1}, 64, 1, 3)
	waitFor(t, "workers sleep", func() bool { return int(p.parked.Load()) == p.workers && p.workers == 2 })

	release, begun := make(chan struct{}), make(chan struct{}, 64)
	var held atomic.Int32
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		p.split(jobFunc(func(from, to int) {
			if held.Add(1) <= 2 { // two of three are held up, one of them may be the caller
				begun <- struct{}{}
				<-release
			}
		}), 12, 1, 3)
	}()
	<-begun
	<-begun
	waitFor(t, "all other pieces are done without those", func() bool { return p.pending.Load() == 2 })
	close(release)
	<-finished
}

// TestPoolPanics: the first panic comes out of split, wherever it happened, the
// other pieces are done, and the pool goes on.
func TestPoolPanics(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	p := newTestPool(t, 3)
	for bad := range 12 {
		c := &covered{times: make([]int32, 12), bad: bad}
		mustPanic(t, "a panic in a piece", func() { p.split(c, 12, 1, 3) })
		for i, k := range c.times {
			if want := map[bool]int32{true: 0, false: 1}[i == bad]; k != want {
				t.Fatalf("panic in piece %d: piece %d ran %d times, want %d", bad, i, k, want)
			}
		}
		c = &covered{times: make([]int32, 12), bad: -1}
		p.split(c, 12, 1, 3)
	}
}

// TestPoolEnds: no goroutine is left after Close, nor after a backend that its
// owner forgot was collected; before the first large operation there is none.
func TestPoolEnds(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	before := runtime.NumGoroutine()
	large := func() *CPU {
		k := newKit(t, Options{Threads: 4})
		k.c.Linear(k.linearArgs(64, 257, 257))
		return k.c
	}
	c := NewCPU(Options{Threads: 4})
	if got := runtime.NumGoroutine(); got != before {
		t.Errorf("a new backend has %d goroutines", got-before)
	}
	c.Close()
	c = large()
	if got := runtime.NumGoroutine(); got <= before {
		t.Errorf("after a large operation there are %d goroutines more", got-before)
	}
	c.Close()
	waitFor(t, "Close ends the workers", func() bool { return runtime.NumGoroutine() <= before })
	c.Close() // twice is fine
	large()   // and forgotten
	waitFor(t, "a forgotten backend ends its workers", func() bool {
		runtime.GC()
		return runtime.NumGoroutine() <= before
	})
}

// TestPoolAllocatesNothing once its workers run.
func TestPoolAllocatesNothing(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	p := newTestPool(t, 2)
	c := &covered{times: make([]int32, 64), bad: -1}
	p.split(c, 64, 1, 2)
	if n := testing.AllocsPerRun(200, func() { p.split(c, 64, 1, 2) }); n != 0 {
		t.Errorf("split allocates %v times", n)
	}
}

// BenchmarkPool is an operation without work on two goroutines, one after the
// other and with pauses long enough to sleep.
func BenchmarkPool(b *testing.B) {
	for name, pause := range map[string]time.Duration{"hot": 0, "cold": 200 * time.Microsecond} {
		b.Run(name, func(b *testing.B) {
			p := newTestPool(b, 2)
			c := &covered{times: make([]int32, 8), bad: -1}
			var spent time.Duration
			for b.Loop() {
				for end := time.Now().Add(pause); pause > 0 && time.Now().Before(end); {
				}
				start := time.Now()
				p.split(c, 8, 1, 2)
				spent += time.Since(start)
			}
			b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "ns/split")
		})
	}
}
