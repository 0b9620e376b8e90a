package train

import (
	"context"
	"time"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// Options of a Run. None of them changes the weights that come out, except
// Resume.
type Options struct {
	// Task replaces the task that the recipe names, for one that needs more
	// than a name, such as a text.
	Task task.Task
	// Threads is the most sequences computed at the same time; 0 means
	// GOMAXPROCS.
	Threads int
	// Backend opens the backend of one replica; nil opens a float32 CPU backend
	// with one thread. Run closes what it opened.
	Backend func() (scan.Differentiable, error)
	// Resume goes on from a checkpoint; the recipe must be the checkpoint's,
	// except that it may have more Steps.
	Resume *Checkpoint
	// Observer is told what happens; nil tells nobody.
	Observer Observer
	// EvalEvery is the number of steps between two evaluations on fresh
	// sequences; 0 means a fortieth of the recipe's, at least 50. There is
	// always one at the end.
	EvalEvery int
	// Store keeps checkpoints: every SaveEvery steps (0 means EvalEvery), and
	// at the end. nil keeps none.
	Store     Store
	SaveEvery int
}

// Observer is told how a run goes, in the goroutine of Run: training waits
// until a method returns, so blocking in one is pausing. What is handed over is
// valid only during the call, unless its type says otherwise.
type Observer interface {
	// Progress comes after every step.
	Progress(Progress)
	// Evaluated comes after every evaluation. w are the weights at that moment
	// and must not be changed.
	Evaluated(e *Evaluation, w *model.Weights)
}

// Store keeps checkpoints. Save must have the checkpoint in safety when it
// returns; it must not keep its slices.
type Store interface {
	Save(c *Checkpoint) error
}

// Progress is one step.
type Progress struct {
	Step, Steps int
	Loss        float64 // mean over the batch's questions, in nats
	Accuracy    float64 // share of the batch's questions answered right
	MeanLoss    float64 // moving averages (0.95) over batches of the stage's length
	MeanRight   float64
	GradNorm    float64 // before clipping
	Rate        float64 // the learning rate of this step
	Stage       int     // index in Recipe.Lengths
	Length      int     // of this batch's sequences
	Tokens      int64   // since the beginning
	PerSecond   float64 // tokens, over the last second or so of training alone
	Elapsed     time.Duration
	Left        time.Duration // estimated
}

// Result is what a Run made.
type Result struct {
	Config  model.Config
	Weights *model.Weights
	Steps   int // done
	Stopped bool
	// Final is the evaluation of Weights.
	Final *Evaluation
	// Checkpoint is where a later Run can go on.
	Checkpoint *Checkpoint
}

// Run trains. When ctx ends it stops after the step under way and returns what
// it has with Stopped set and no error. Errors are those of the recipe, of the
// backend, of the store, and of a gradient that is no number.
func Run(ctx context.Context, r Recipe, o Options) (*Result, error) {
	t, err := newTrainer(r, o)
	if err != nil {
		return nil, err
	}
	defer t.close()
	return t.run(ctx)
}
