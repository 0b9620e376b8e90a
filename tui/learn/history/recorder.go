package history

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/model/train"
)

// Bounds of what is kept of a run in memory.
const (
	mostPoints = 2000
	mostProbes = 150
	probeBytes = 64 << 20 // all probes together
)

// publishGap is how close two published histories may follow each other.
const publishGap = 30 * time.Millisecond

// Options of a Recorder.
type Options struct {
	// Log receives the lines of the log; nil keeps none. An error of it ends
	// the log, not the run.
	Log io.Writer
	// ProbeEvery is the number of steps between two probes; 0 takes about 150 in
	// the whole run.
	ProbeEvery int
	// Past is what a resumed run did before, as its log says; nil is nothing.
	Past *History
}

// Recorder watches one run. Its methods may be called from any goroutine; those
// of train.Observer and train.Store are for the training's.
type Recorder struct {
	changed chan struct{}
	now     atomic.Pointer[History]

	// The training's goroutine.
	task   task.Task
	prober *prober
	log    *logger
	h      History // being built
	every  int     // steps a point
	probes int     // steps between two probes
	sum    [6]float64
	summed int
	length int
	sent   time.Time
	inner  train.Options
	last   int // step of the last Save

	keepEvery int // steps between two checkpoints

	// Between goroutines.
	mu     sync.Mutex
	wake   sync.Cond
	paused bool
	ask    bool // a checkpoint is wanted
	over   bool // the run is to end
}

// NewRecorder prepares to watch a run of a recipe; o is what train.Run would
// get without it. Attach gives what to run with.
func NewRecorder(r train.Recipe, o train.Options, ro Options) (*Recorder, error) {
	t := o.Task
	if t == nil {
		found, err := task.ByName(r.Task)
		if err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		t = found
	}
	if err := r.Validate(t); err != nil {
		return nil, err
	}
	cfg := r.Config(t.Vocab())
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	info := &Info{
		Recipe: r, Line: t.About().Line, Shows: t.About().Shows, Parameters: parameters(cfg, r.Tied),
		Layers: cfg.NLayer, Channels: cfg.DInner, States: cfg.DState, Symbols: t.Card().Symbols,
	}
	c := &Recorder{
		changed: make(chan struct{}, 1), task: t, inner: o, last: -1,
		prober: newProber(t, cfg, r.Lengths[len(r.Lengths)-1]),
		h:      History{Info: info},
		every:  max(1, (r.Steps+mostPoints-1)/mostPoints),
		probes: ro.ProbeEvery,
	}
	c.wake.L = &c.mu
	if c.inner.EvalEvery <= 0 { // said outright: the checkpoints go by it
		c.inner.EvalEvery = max(50, r.Steps/40)
	}
	if c.keepEvery = c.inner.SaveEvery; c.keepEvery <= 0 {
		c.keepEvery = c.inner.EvalEvery
	}
	c.prober.fill(info)
	if c.probes <= 0 {
		size := 4 * info.Layers * (info.T()*(info.Channels+2*info.States+1) + (int(task.NumClasses)+1)*info.Channels)
		c.probes = max(1, (r.Steps+mostProbes-1)/mostProbes, int(float64(r.Steps)*float64(size)/probeBytes))
	}
	if past := ro.Past; past != nil {
		if !sameProbe(past.Info, info) {
			return nil, errors.New("history: the log is that of another model or task: begin a new one")
		}
		c.h.Points, c.h.Evals, c.h.Probes = past.Points, past.Evals, past.Probes
		c.h.Points.cut(past.Step() + 1) // the first append copies
		c.h.Probes = before(c.h.Probes, func(*Probe) bool { return true })
	}
	if ro.Log != nil {
		c.log = &logger{w: ro.Log, from: c.h.Points.Len()}
		c.log.run(info)
	}
	c.publish(true)
	return c, nil
}

func parameters(cfg model.Config, tied bool) int {
	n := cfg.Parameters()
	if !tied {
		n += cfg.VocabSize * cfg.DModel
	}
	return n
}

// Attach is the options to run with: those of NewRecorder, with the recorder
// between. The training waits in it while it is paused; ctx ends that.
func (c *Recorder) Attach(ctx context.Context) (o train.Options, detach func()) {
	o = c.inner
	o.Task, o.Observer, o.Store, o.SaveEvery = c.task, c, c, 1
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.over = true
		c.wake.Broadcast()
	})
	return o, func() { stop() }
}

// History is the newest one that was published, never nil.
func (c *Recorder) History() *History { return c.now.Load() }

// Changed receives when there is a newer History than the last one read.
func (c *Recorder) Changed() <-chan struct{} { return c.changed }

// Pause stops the training after the step under way, or lets it go on.
func (c *Recorder) Pause(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused = on
	c.wake.Broadcast()
}

// Keeps says whether there is a place for checkpoints.
func (c *Recorder) Keeps() bool { return c.inner.Store != nil }

// Keep asks for a checkpoint after the step under way, also of a paused run.
func (c *Recorder) Keep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ask = true
	c.wake.Broadcast()
}

// Progress is called by the training after each step.
func (c *Recorder) Progress(p train.Progress) {
	if c.h.Step() >= p.Step { // the run was resumed from before
		c.h.cut(p.Step)
		if c.log != nil {
			c.log.from = min(c.log.from, c.h.Points.Len())
		}
	}
	c.h.Now, c.length = p, p.Length
	for i, x := range []float64{p.Loss, p.Accuracy, p.MeanLoss, p.MeanRight, p.GradNorm, p.Rate} {
		c.sum[i] += x
	}
	if c.summed++; c.summed >= c.every || p.Step >= p.Steps || c.h.Points.Len() == 0 {
		c.point(p.Step)
	}
	if c.inner.Observer != nil {
		c.inner.Observer.Progress(p)
	}
	c.publish(false)
}

// point ends a row of the curves.
func (c *Recorder) point(step int) {
	if c.summed == 0 {
		return
	}
	p := &c.h.Points
	p.Step, p.Length = append(p.Step, step), append(p.Length, c.length)
	for i, col := range p.columns() {
		*col = append(*col, float32(c.sum[i]/float64(c.summed)))
		c.sum[i] = 0
	}
	c.summed = 0
}

// Evaluated is called by the training after each evaluation.
func (c *Recorder) Evaluated(e *train.Evaluation, w *model.Weights) {
	x := Eval{Step: e.Step, Accuracy: finite(e.Accuracy), Loss: finite(e.Loss), Frozen: finite(e.Frozen), Right: e.Right, Asked: e.Asked, Length: e.Length}
	c.h.Evals = append(before(c.h.Evals, func(o Eval) bool { return o.Step < x.Step }), x)
	if c.log != nil {
		c.log.write(line{Kind: "evaluation", Eval: &x})
	}
	if c.inner.Observer != nil {
		c.inner.Observer.Evaluated(e, w)
	}
	c.publish(true)
}

// Save is called by the training after each step, and once more at the end: a
// probe is due, a checkpoint, or nothing; and a paused training waits here.
func (c *Recorder) Save(k *train.Checkpoint) error {
	end := c.last == k.Step || k.Step >= c.h.Info.Recipe.Steps
	c.last = k.Step
	if end {
		c.point(k.Step)
	}
	if end || len(c.h.Probes) == 0 || k.Step%c.probes == 0 {
		if err := c.probe(k); err != nil {
			return err
		}
	}
	if c.inner.Store != nil && (end || k.Step%c.keepEvery == 0) {
		if err := c.inner.Store.Save(k); err != nil {
			return err
		}
	}
	c.wait(k)
	return nil
}

// probe measures the weights, unless this step was.
func (c *Recorder) probe(k *train.Checkpoint) error {
	if n := len(c.h.Probes); n > 0 && c.h.Probes[n-1].Step == k.Step {
		return nil
	}
	p, err := c.prober.measure(k.Step, k.Parameters.Weights)
	if err != nil {
		return err
	}
	c.h.Probes = append(c.h.Probes, p)
	if c.log != nil {
		c.log.points(&c.h.Points)
		c.log.probe(p)
	}
	c.publish(true)
	return nil
}

// wait keeps what was asked for, and holds a paused training.
func (c *Recorder) wait(k *train.Checkpoint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if c.ask {
			c.ask = false
			c.mu.Unlock()
			c.keep(k)
			c.mu.Lock()
			continue
		}
		if !c.paused || c.over {
			break
		}
		if c.h.State != Paused {
			c.h.State = Paused
			c.publish(true)
		}
		c.wake.Wait()
	}
	if c.h.State == Paused {
		c.h.State = Running
		c.publish(true)
	}
}

// keep hands a checkpoint to the store because somebody asked.
func (c *Recorder) keep(k *train.Checkpoint) {
	c.h.SaveErr = nil
	if c.inner.Store == nil {
		return
	}
	if err := c.inner.Store.Save(k); err != nil {
		c.h.SaveErr = err
	}
	c.h.Saved++
	c.h.SavedStep = k.Step
	c.publish(true)
}

// End says that the run is over: to be called with what train.Run has returned.
func (c *Recorder) End(r *train.Result, failed error) error {
	c.h.State, c.h.Err = Ended, failed
	c.h.Stopped = r == nil || r.Stopped
	if c.log != nil {
		c.log.points(&c.h.Points)
		c.log.write(line{Kind: "end", End: &end{Step: c.h.Step(), Stopped: c.h.Stopped}})
	}
	c.publish(true)
	return c.prober.close()
}

// publish shows what is known, not too often unless it must be now.
func (c *Recorder) publish(must bool) {
	t := time.Now()
	if !must && t.Sub(c.sent) < publishGap {
		return
	}
	c.sent = t
	if c.log != nil {
		c.h.LogErr = c.log.err
	}
	c.h.Seq++
	h := c.h // slices are appended to behind what h sees
	c.now.Store(&h)
	select {
	case c.changed <- struct{}{}:
	default:
	}
}
