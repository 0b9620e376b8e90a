package learn

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"mamba-tui/model/train"
	"mamba-tui/tui"
	"mamba-tui/tui/learn/history"
)

// Options say how the screen starts. The zero value is a dark truecolor screen
// on the process's terminal.
type Options struct {
	// Name is the run's, for the legend; "" is the task's.
	Name string
	// Place is where checkpoints go, as it is told; "" if there is no store.
	Place string
	// Others are runs whose curves are laid over this one's; those of another
	// task are left out.
	Others []*history.Named
	// Log receives the log of the run (history.Create, history.Append); nil
	// keeps none. Past is what a resumed run did before.
	Log  io.Writer
	Past *history.History
	// ProbeEvery is the number of steps between two probes; 0 chooses.
	ProbeEvery int

	// Profile is what colours the terminal can show; 0 is TrueColor.
	Profile colorprofile.Profile
	// Dark is the background; nil asks the terminal and assumes dark until it
	// answers.
	Dark *bool
	// FPS bounds how often new pictures are drawn; 0 is 20.
	FPS int
	// SnapshotDir is where `p` writes; empty is the working directory.
	SnapshotDir string
	// Version stands in the help.
	Version string

	// Input and Output replace the process's terminal; nil keeps it. Stderr
	// receives the stack of a panic after the terminal is restored.
	Input  io.Reader
	Output io.Writer
	Stderr io.Writer
	// Now is the clock of file names; nil is time.Now.
	Now func() time.Time
	// Tea is appended to the options of the Bubble Tea program.
	Tea []tea.ProgramOption

	// train replaces train.Run in tests.
	train func(context.Context, train.Recipe, train.Options) (*train.Result, error)
	// wrap and started let tests hold the model and the program.
	wrap    func(tea.Model) tea.Model
	started func(*tea.Program)
}

const defaultFPS = 20

func (o Options) withDefaults() Options {
	if o.Profile == colorprofile.Unknown {
		o.Profile = colorprofile.TrueColor
	}
	if o.FPS <= 0 {
		o.FPS = defaultFPS
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.train == nil {
		o.train = train.Run
	}
	return o
}

func (o Options) host() tui.Host {
	return tui.Host{
		Profile: o.Profile, Input: o.Input, Output: o.Output, Stderr: o.Stderr,
		Now: o.Now, Tea: o.Tea, Started: o.started,
	}
}

// Result is what was made, and what the person wants next.
type Result struct {
	// Result is the training's; nil after a Replay, and where the training
	// failed.
	*train.Result
	// Open asks for the explorer on the model, At is the step that was shown
	// when it was asked for.
	Open bool
	At   int
}

// Run trains as train.Run does and shows it. The training stops, and its store
// gets the last checkpoint, when the person stops it, when ctx ends and when a
// signal comes; what was made is returned also then, and beside an error of the
// screen (see tui.ExitCode). An error of the training itself is shown, and
// returned when the screen is left.
func Run(ctx context.Context, r train.Recipe, to train.Options, o Options) (*Result, error) {
	o = o.withDefaults()
	rec, err := history.NewRecorder(r, to, history.Options{Log: o.Log, ProbeEvery: o.ProbeEvery, Past: o.Past})
	if err != nil {
		return nil, err
	}
	trainCtx, stop := context.WithCancel(ctx)
	defer stop()
	name := o.Name
	if name == "" {
		name = r.Task
	}
	m := newModel(source{Named: history.Named{Name: name, History: rec.History()}, live: rec, stop: stop}, o)
	attached, detach := rec.Attach(trainCtx)
	defer detach()
	done := make(chan struct{})
	var result *train.Result
	var failed error
	begin := func(fall func(any, []byte)) {
		go func() {
			defer close(done)
			defer func() {
				if v := recover(); v != nil {
					fall(v, debug.Stack())
				}
			}()
			result, failed = o.train(trainCtx, r, attached)
			if err := rec.End(result, failed); err != nil && failed == nil {
				failed = err
			}
		}()
	}
	err = o.host().Run(ctx, m.root(), tui.Hooks{
		OnPanic: begin,
		Ended:   m.Close,
		Last:    func() { stop(); <-done },
	})
	if err == nil {
		err = failed
	}
	return &Result{Result: result, Open: m.wantsOpen, At: m.shownStep()}, err
}

// Replay shows a run from its log.
func Replay(ctx context.Context, run *history.Named, o Options) (*Result, error) {
	if run == nil || run.History == nil || run.Info == nil {
		return nil, fmt.Errorf("learn: no run to replay")
	}
	o = o.withDefaults()
	m := newModel(source{Named: *run}, o)
	err := o.host().Run(ctx, m.root(), tui.Hooks{Ended: m.Close})
	return &Result{Open: m.wantsOpen, At: m.shownStep()}, err
}

// source is the run that is shown.
type source struct {
	history.Named
	live *history.Recorder // nil: a replay
	stop func()            // ends the training
}
