package session

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// progress is how often a long mutation shows how far it is.
	progress = 120 * time.Millisecond
	// settle is how long nothing must happen before parity is measured, so
	// that a key does not cost two frames.
	settle = 200 * time.Millisecond
	// patience is how long mutations may keep pushing a frame back.
	patience = 250 * time.Millisecond
	// besideTime is how long a frame waits for the changed run, and slice how
	// long that is worked on between looking for other things to do.
	besideTime = 40 * time.Millisecond
	slice      = 20 * time.Millisecond
	// startWidth is the visible width until the first Look.
	startWidth = 64
)

// Engine owns a Session in a goroutine of its own. Its methods may be called
// from any goroutine and never wait for the model, but for Close, which waits
// for the chunk under way.
//
// Mutations (Do) happen in order and none is lost. What to show (Look) is newest
// wins: a newer Look ends the computing for an older one. After a mutation the
// newest Look is computed again. A mutation also ends a view under way, if the
// last frame is young: keys come first, and the rows that were done are kept.
type Engine struct {
	s       *Session
	frame   atomic.Pointer[Frame]
	changed chan struct{} // capacity 1: a newer frame
	wake    chan struct{} // capacity 1: something to do
	done    chan struct{} // closed when the goroutine has ended
	ctx     context.Context
	stop    context.CancelFunc

	mu         sync.Mutex
	ops        []Op
	queued     uint64 // mutations accepted so far
	look       Look
	lookGen    uint64 // grows with every Look
	cancelView context.CancelFunc
	yielding   bool // a Do may cancel the view under way
	cancelOp   context.CancelFunc
	over       bool // closed or dead: nothing more is accepted
	onPanic    func(v any, stack []byte)
	fallen     *fall

	// The goroutine's own.
	shownGen  uint64 // Look of the newest frame
	stale     bool   // the session changed since the newest frame
	published time.Time
	measured  bool // parity is up to date, or cannot be had
}

// fall is a recovered panic.
type fall struct {
	value any
	stack []byte
}

// Start gives s to an engine, which closes it at the end. Nobody else may use s
// or its model until Close has returned.
func Start(s *Session) *Engine {
	e := &Engine{
		s:       s,
		changed: make(chan struct{}, 1),
		wake:    make(chan struct{}, 1),
		done:    make(chan struct{}),
		look:    Look{T: -1, To: startWidth, Follow: true},
		lookGen: 1,
	}
	e.ctx, e.stop = context.WithCancel(context.Background())
	e.frame.Store(s.blank())
	s.between = e.between
	go e.run()
	return e
}

// Frame is the newest finished frame, never nil. It does not change.
func (e *Engine) Frame() *Frame { return e.frame.Load() }

// Changed receives after a newer frame than the last one received for exists.
func (e *Engine) Changed() <-chan struct{} { return e.changed }

// Look asks for another view. The newest request wins: one under way is
// cancelled, and its answer is never shown after a newer one's.
func (e *Engine) Look(l Look) {
	e.mu.Lock()
	if !e.over {
		e.look = l
		e.lookGen++
		if e.cancelView != nil {
			e.cancelView()
		}
	}
	e.mu.Unlock()
	poke(e.wake)
}

// Do queues a mutation and returns its number: Frame.Done reaches it when the
// mutation was applied or has failed.
func (e *Engine) Do(op Op) uint64 {
	e.mu.Lock()
	defer poke(e.wake)
	defer e.mu.Unlock()
	if !e.over {
		e.queued++
		e.ops = append(e.ops, op)
		if e.cancelView != nil && e.yielding {
			e.cancelView()
		}
	}
	return e.queued
}

// Stop ends the mutation under way, such as a long Generate. What it did stays;
// queued mutations still happen.
func (e *Engine) Stop() {
	e.mu.Lock()
	if e.cancelOp != nil {
		e.cancelOp()
	}
	e.mu.Unlock()
}

// OnPanic sets who is told when the engine's goroutine panics, with the value
// and the stack, once; on that goroutine, after the engine is marked dead. A
// panic from before the handler was set is told at once.
func (e *Engine) OnPanic(f func(v any, stack []byte)) {
	e.mu.Lock()
	e.onPanic = f
	past := e.fallen
	if f != nil {
		e.fallen = nil
	}
	e.mu.Unlock()
	if past != nil && f != nil {
		f(past.value, past.stack)
	}
}

// Close cancels what is under way, waits for it and frees the session.
// Mutations still queued are dropped. The last frame stays readable.
func (e *Engine) Close() {
	e.mu.Lock()
	e.over = true
	e.ops = nil
	e.mu.Unlock()
	e.stop()
	<-e.done
}

// poke fills a channel of capacity 1.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run is the goroutine.
func (e *Engine) run() {
	defer func() {
		v := recover()
		if v == nil {
			e.s.Close()
			close(e.done)
			return
		}
		e.die(v, debug.Stack())
	}()
	e.stale = true
	for e.ctx.Err() == nil {
		if op := e.take(); op != nil {
			e.mutate(op)
			continue
		}
		if e.stale || e.outdated() {
			e.view(true)
			continue
		}
		if e.s.behind() > 0 {
			e.work()
			continue
		}
		e.rest()
	}
}

// work brings the changed run on for a while. There is a new frame when it has
// come to where it is looked at, when it is done, and now and then between.
func (e *Engine) work() {
	before := e.s.shown(e.s.looked)
	if err := e.s.fill(e.ctx, math.MaxInt, slice); err != nil && e.ctx.Err() == nil {
		e.s.abandon(err)
		e.stale = true
		return
	}
	if e.s.behind() == 0 || !before && e.s.shown(e.s.looked) || time.Since(e.published) >= progress {
		e.stale = true
	}
}

// take removes the oldest mutation of the queue; nil if there is none or if
// mutations have kept the screen waiting for too long.
func (e *Engine) take() Op {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.ops) == 0 || e.stale && !e.published.IsZero() && time.Since(e.published) > patience {
		return nil
	}
	op := e.ops[0]
	e.ops[0] = nil
	e.ops = e.ops[1:]
	return op
}

// outdated says that a Look came after the newest frame's.
func (e *Engine) outdated() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lookGen != e.shownGen
}

// mutate applies one mutation. Its error is shown until a mutation succeeds.
func (e *Engine) mutate(op Op) {
	ctx, cancel := context.WithCancel(e.ctx)
	e.mu.Lock()
	e.cancelOp = cancel
	e.mu.Unlock()
	err := e.s.Do(ctx, op)
	e.mu.Lock()
	e.cancelOp = nil
	e.mu.Unlock()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil // asked for
	}
	cancel()
	e.s.err = err
	e.s.done++
	e.stale = true
	e.measured = false
}

// between runs between the chunks of a long mutation: it shows how far it is,
// and answers a new Look.
func (e *Engine) between() {
	if e.ctx.Err() == nil && (e.outdated() || time.Since(e.published) >= progress) {
		e.stale = true
		e.view(false)
	}
}

// view computes a frame for the newest Look and publishes it. yielding lets a
// mutation end it, unless the screen has waited for long already.
func (e *Engine) view(yielding bool) {
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	e.mu.Lock()
	l, gen := e.look, e.lookGen
	e.cancelView = cancel
	e.yielding = yielding && time.Since(e.published) < patience
	e.mu.Unlock()

	f, err := e.s.frame(ctx, l, besideTime)

	e.mu.Lock()
	e.cancelView = nil
	e.mu.Unlock()
	if err != nil {
		if ctx.Err() != nil {
			return // a newer Look or a mutation comes first; still stale
		}
		e.fail(err)
	} else {
		e.publish(f)
	}
	e.shownGen, e.stale = gen, false
}

// fail publishes the newest frame again, with err.
func (e *Engine) fail(err error) {
	f := *e.frame.Load()
	e.s.seq++
	f.Seq, f.Err, f.Pending = e.s.seq, err, 0
	e.publish(&f)
}

func (e *Engine) publish(f *Frame) {
	e.frame.Store(f)
	e.published = time.Now()
	poke(e.changed)
}

// rest waits for something to do. When nothing comes for a while it measures
// parity.
func (e *Engine) rest() {
	if e.measured || e.s.opt.Oracle == nil {
		select {
		case <-e.wake:
		case <-e.ctx.Done():
		}
		return
	}
	timer := time.NewTimer(settle)
	defer timer.Stop()
	select {
	case <-e.wake:
	case <-e.ctx.Done():
	case <-timer.C:
		e.measure()
	}
}

// measure computes parity until something else is to be done.
func (e *Engine) measure() {
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	e.mu.Lock()
	if e.busy() {
		e.mu.Unlock()
		return
	}
	e.cancelView, e.yielding = cancel, true
	e.mu.Unlock()
	before := e.s.parity
	err := e.s.CheckParity(ctx)
	e.mu.Lock()
	e.cancelView = nil
	e.mu.Unlock()
	if err != nil && ctx.Err() != nil {
		return // again at the next rest
	}
	e.measured = true
	if err != nil {
		e.s.err = err
	}
	e.stale = err != nil || e.s.parity != before
}

// busy says, under the lock, that a mutation or a Look waits.
func (e *Engine) busy() bool { return len(e.ops) > 0 || e.lookGen != e.shownGen }

// die marks the engine dead after a panic: the frame says so, nothing is
// accepted any more, and the handler is told.
func (e *Engine) die(v any, stack []byte) {
	f := *e.frame.Load()
	f.Seq++
	f.Pending = 0
	f.Err = fmt.Errorf("session: the engine stopped: %v; restart the program to go on", v)
	e.mu.Lock()
	e.over = true
	e.ops = nil
	e.cancelView, e.cancelOp = nil, nil
	tell := e.onPanic
	if tell == nil {
		e.fallen = &fall{v, stack}
	}
	e.mu.Unlock()
	e.stop()
	e.publish(&f)
	close(e.done)
	if tell != nil {
		tell(v, stack)
	}
}
