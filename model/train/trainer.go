package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"time"

	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// Streams of random numbers: one seed gives several independent generators.
const (
	drawStream = 0x64726177 // "draw": the training sequences
	evalStream = 0x6576616c // "eval": fresh ones
)

// Weight of the past in the moving Averages, and how often a batch of an
// earlier length comes.
const (
	averageKeep = 0.95
	earlierOne  = 5 // one in
)

// trainer is a run under way.
type trainer struct {
	r    Recipe
	o    Options
	task task.Task

	p        *Parameters
	opt      adamW
	source   *rand.PCG
	rng      *rand.Rand
	step     int
	stage    int
	average  Averages
	tokens   int64
	replicas *replicas
	grad     []float32 // the batch's
	samples  []task.Sample
	probe    *prober

	started time.Time
	clock   speedometer
	last    *Evaluation
	saved   int // step of the last checkpoint
	// What Progress shows of the averages, also just after a stage began.
	meanLoss, meanRight float64
}

// Averages are the moving Averages of the stage under way.
type Averages struct {
	Loss, Right float64
	Batches     int
}

// add takes another batch in.
func (a *Averages) add(loss, right float64) {
	a.Loss = averageKeep*a.Loss + (1-averageKeep)*loss
	a.Right = averageKeep*a.Right + (1-averageKeep)*right
	a.Batches++
}

// means are the Averages without the bias of their start at zero.
func (a Averages) means() (loss, right float64) {
	w := 1 - math.Pow(averageKeep, float64(a.Batches))
	if w == 0 {
		return 0, 0
	}
	return a.Loss / w, a.Right / w
}

// newTrainer makes everything that a run needs.
func newTrainer(r Recipe, o Options) (*trainer, error) {
	t := &trainer{r: r, o: o, task: o.Task}
	if t.task == nil {
		found, err := task.ByName(r.Task)
		if err != nil {
			return nil, fmt.Errorf("train: %w", err)
		}
		t.task = found
	}
	if err := r.Validate(t.task); err != nil {
		return nil, err
	}
	cfg := r.Config(t.task.Vocab())
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if t.o.EvalEvery == 0 {
		t.o.EvalEvery = max(50, r.Steps/40)
	}
	if t.o.SaveEvery == 0 {
		t.o.SaveEvery = t.o.EvalEvery
	}
	t.p = NewParameters(cfg, r.Tied)
	t.opt = adamW{m: make([]float32, len(t.p.Flat)), v: make([]float32, len(t.p.Flat))}
	t.opt.frozen = initialise(t.p, r)
	t.source = rand.NewPCG(r.Seed, drawStream)
	t.rng = rand.New(t.source)
	if o.Resume != nil {
		if err := t.resume(o.Resume); err != nil {
			return nil, err
		}
	}
	t.grad = make([]float32, len(t.p.Flat))
	t.samples = make([]task.Sample, r.Batch)
	threads := o.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	open := o.Backend
	if open == nil {
		open = func() (scan.Differentiable, error) { return scan.NewCPU(scan.Options{Threads: 1}), nil }
	}
	var err error
	if t.probe, err = newProber(open, t.task, t.p); err != nil {
		return nil, err
	}
	t.replicas, err = newReplicas(open, t.p, min(threads, r.Batch), r.Batch, r.Lengths[len(r.Lengths)-1])
	if err != nil {
		t.probe.close()
		return nil, err
	}
	return t, nil
}

// close gives everything back.
func (t *trainer) close() {
	t.replicas.close()
	t.probe.close()
}

// run trains to the end of the recipe or of ctx.
func (t *trainer) run(ctx context.Context) (*Result, error) {
	t.started = time.Now()
	for t.step < t.r.Steps && ctx.Err() == nil {
		if err := t.oneStep(); err != nil {
			return nil, err
		}
		if t.step%t.o.EvalEvery == 0 && t.step < t.r.Steps {
			if err := t.evaluate(); err != nil {
				return nil, err
			}
		}
		if t.step%t.o.SaveEvery == 0 {
			if err := t.save(); err != nil {
				return nil, err
			}
		}
	}
	if err := t.evaluate(); err != nil {
		return nil, err
	}
	t.saved = -1 // the last one holds the last evaluation
	if err := t.save(); err != nil {
		return nil, err
	}
	c := t.checkpoint().clone()
	return &Result{
		Config: t.p.Config, Weights: c.Parameters.Weights, Steps: t.step, Stopped: t.step < t.r.Steps,
		Final: t.last, Checkpoint: c,
	}, nil
}

// oneStep draws a batch and takes one step down its gradient.
func (t *trainer) oneStep() error {
	stage := t.stage
	if stage > 0 && t.rng.IntN(earlierOne) == 0 {
		stage = t.rng.IntN(stage)
	}
	length := t.r.Lengths[stage]
	asked := 0
	samples := t.samples[:t.r.sequences(length)]
	for i := range samples {
		samples[i] = t.task.Draw(t.rng, length)
		asked += len(samples[i].Asks)
	}
	begin := time.Now()
	score, err := t.replicas.gradient(samples, 1/float64(max(1, asked)), t.grad)
	if err != nil {
		return err
	}
	t.step++
	rate := t.r.rate(t.step)
	norm := t.opt.update(t.p, t.grad, rate, t.r)
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return fmt.Errorf("train: the gradient of step %d is no number (norm %g): take a smaller learning rate than %g, or another seed",
			t.step, norm, t.r.LearningRate)
	}
	t.replicas.changed()
	n := length * len(samples)
	t.tokens += int64(n)
	t.clock.add(n, time.Since(begin))
	loss, right := score.Loss/float64(max(1, asked)), float64(score.Right)/float64(max(1, asked))
	if stage == t.stage {
		t.average.add(loss, right)
		t.meanLoss, t.meanRight = t.average.means()
		if t.average.Right >= t.r.Advance && t.stage < len(t.r.Lengths)-1 {
			t.stage++
			t.average = Averages{}
		}
	}
	if t.o.Observer != nil {
		p := Progress{Step: t.step, Steps: t.r.Steps, Loss: loss, Accuracy: right, GradNorm: norm, Rate: rate,
			Stage: stage, Length: length, Tokens: t.tokens, PerSecond: t.clock.perSecond(), Elapsed: time.Since(t.started),
			MeanLoss: t.meanLoss, MeanRight: t.meanRight}
		if p.PerSecond > 0 {
			now := t.r.Lengths[t.stage]
			rest := float64((t.r.Steps-t.step)*t.r.sequences(now)*now) / p.PerSecond
			p.Left = time.Duration(rest * float64(time.Second))
		}
		t.o.Observer.Progress(p)
	}
	return nil
}

// evaluate measures the model on fresh sequences.
func (t *trainer) evaluate() error {
	if t.last != nil && t.last.Step == t.step {
		return nil
	}
	e, err := t.probe.evaluate(t.p, t.r.Lengths[len(t.r.Lengths)-1], t.r.Seed, t.step)
	if err != nil {
		return err
	}
	t.last = e
	if t.o.Observer != nil {
		t.o.Observer.Evaluated(e, t.p.Weights)
	}
	return nil
}

// save hands the store a checkpoint, unless it has this step's.
func (t *trainer) save() error {
	if t.o.Store == nil || t.saved == t.step {
		return nil
	}
	t.saved = t.step
	if err := t.o.Store.Save(t.checkpoint()); err != nil {
		return fmt.Errorf("train: keeping the checkpoint of step %d: %w", t.step, err)
	}
	return nil
}

// checkpoint is the run as it stands. It shares the run's memory.
func (t *trainer) checkpoint() *Checkpoint {
	source, err := t.source.MarshalBinary()
	if err != nil {
		panic("train: a generator that cannot be written") // never, says its documentation
	}
	c := &Checkpoint{Recipe: t.r, Step: t.step, Stage: t.stage, Tokens: t.tokens, Average: t.average, Source: source,
		Parameters: t.p, First: t.opt.m, Second: t.opt.v, Updates: t.opt.step, Card: t.card()}
	if t.last != nil {
		c.Evaluated, c.Accuracy, c.Length = t.last.Step, t.last.Accuracy, t.last.Length
	}
	return c
}

var errOtherRecipe = errors.New("train: the checkpoint belongs to another recipe: only the number of steps may change")

// resume goes back to where c was made.
func (t *trainer) resume(c *Checkpoint) error {
	have := c.Recipe
	have.Steps = t.r.Steps
	if !have.equal(t.r) {
		return errOtherRecipe
	}
	if c.Parameters == nil || c.Parameters.Config != t.p.Config || c.Parameters.Tied() != t.p.Tied() ||
		len(c.First) != len(t.p.Flat) || len(c.Second) != len(t.p.Flat) {
		return errors.New("train: the checkpoint holds a model of other dimensions")
	}
	if c.Step < 0 || c.Step > t.r.Steps || c.Stage < 0 || c.Stage >= len(t.r.Lengths) {
		return fmt.Errorf("train: the checkpoint is at step %d of %d, stage %d of %d", c.Step, t.r.Steps, c.Stage, len(t.r.Lengths))
	}
	if err := t.source.UnmarshalBinary(c.Source); err != nil {
		return fmt.Errorf("train: the checkpoint's random generator: %w", err)
	}
	copy(t.p.Flat, c.Parameters.Flat)
	copy(t.opt.m, c.First)
	copy(t.opt.v, c.Second)
	t.opt.step, t.step, t.stage, t.tokens, t.average = c.Updates, c.Step, c.Stage, c.Tokens, c.Average
	t.meanLoss, t.meanRight = t.average.means()
	return nil
}

// speedometer is the number of tokens a second over the last second or so.
type speedometer struct {
	tokens float64
	spent  float64 // seconds
}

// add takes a step in; what lies further back counts less.
func (s *speedometer) add(tokens int, d time.Duration) {
	keep := math.Exp(-d.Seconds())
	s.tokens, s.spent = keep*s.tokens+float64(tokens), keep*s.spent+d.Seconds()
}

func (s *speedometer) perSecond() float64 {
	if s.spent == 0 {
		return 0
	}
	return s.tokens / s.spent
}
