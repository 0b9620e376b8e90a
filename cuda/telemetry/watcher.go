package telemetry

import (
	"sync/atomic"
	"time"
)

// Interval is how often a Watcher reads: twice a second is as often as the
// values change.
const Interval = 500 * time.Millisecond

// Watcher reads a Monitor again and again on a goroutine of its own.
type Watcher struct {
	latest atomic.Pointer[reading]
	stop   chan struct{}
	ended  chan struct{}
}

type reading struct {
	sample Sample
	err    error
}

// Watch reads m once, which may take some milliseconds, and then again and again
// elsewhere. It closes m at the end.
func Watch(m Monitor, every time.Duration) *Watcher {
	w := &Watcher{stop: make(chan struct{}), ended: make(chan struct{})}
	w.read(m)
	go w.run(m, every)
	return w
}

func (w *Watcher) run(m Monitor, every time.Duration) {
	defer close(w.ended)
	defer m.Close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-tick.C:
			w.read(m)
		}
	}
}

func (w *Watcher) read(m Monitor) {
	s, err := m.Read()
	w.latest.Store(&reading{s, err})
}

// Latest is the newest sample; ok is false while the device cannot be read. It never waits.
func (w *Watcher) Latest() (s Sample, ok bool) {
	r := w.latest.Load()
	if r == nil || r.err != nil {
		return unknown(), false
	}
	return r.sample, true
}

// Close ends the goroutine and waits for the reading under way.
func (w *Watcher) Close() {
	close(w.stop)
	<-w.ended
}
