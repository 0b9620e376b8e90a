package history

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/model/train"
	"mamba-tui/scan"
)

func recorder(t testing.TB, r train.Recipe, to train.Options, o Options) *Recorder {
	t.Helper()
	c, err := NewRecorder(r, to, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A real training: what was published at the end is what the log says, and the
// probes are of the weights of their step.
func TestRealRun(t *testing.T) {
	r := tiny(24)
	var log bytes.Buffer
	kept := &store{}
	c := recorder(t, r, train.Options{Store: kept, EvalEvery: 10}, Options{Log: &log, ProbeEvery: 8})
	ctx := context.Background()
	o, detach := c.Attach(ctx)
	defer detach()
	res, err := train.Run(ctx, r, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.End(res, nil); err != nil {
		t.Fatal(err)
	}
	h := c.History()
	var steps []int
	for _, p := range h.Probes {
		steps = append(steps, p.Step)
	}
	if want := []int{1, 8, 16, 24}; !slices.Equal(steps, want) {
		t.Errorf("probes at %v, want %v", steps, want)
	}
	if h.Points.Len() != 24 || h.Points.Step[23] != 24 || h.State != Ended || h.Stopped {
		t.Errorf("%d points, state %d, stopped %v", h.Points.Len(), h.State, h.Stopped)
	}
	if n := len(h.Evals); n != 3 || h.Evals[2].Accuracy != res.Final.Accuracy || h.Evals[0].Step != 10 {
		t.Errorf("evaluations %+v", h.Evals)
	}
	// Every tenth step, and the last one both before and after its evaluation.
	if !slices.Contains(kept.steps, 10) || !slices.Contains(kept.steps, 20) || kept.steps[len(kept.steps)-1] != 24 || slices.Contains(kept.steps, 8) {
		t.Errorf("checkpoints of %v", kept.steps)
	}
	read, err := Read(bytes.NewReader(log.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := equal(h, read); err != nil {
		t.Errorf("the log differs: %v", err)
	}
	if got := h.Info.Parameters; got != res.Weights.Parameters() {
		t.Errorf("%d parameters, want %d", got, res.Weights.Parameters())
	}
	checkProbe(t, h.Info, h.Probes[3], res.Config, res.Weights)
}

// checkProbe computes a probe's Δ, answers and kept shares once more, step by
// step from the recurrence.
func checkProbe(t *testing.T, info *Info, p *Probe, cfg model.Config, w *model.Weights) {
	t.Helper()
	m, err := model.New(scan.NewCPU(scan.Options{Threads: 1}), cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	D, N := cfg.DInner, cfg.DState
	a := m.A(0)
	ask := 0
	for at, id := range info.Tokens {
		logits := make([]float32, cfg.VocabSize)
		err := m.Forward(s, []int32{id}, model.Options{Logits: logits, Tap: &model.Tap{What: model.TapDelta | model.TapB | model.TapH, Func: func(r *model.Record) {
			for d, x := range r.Delta {
				if got := p.Layers[0].Delta[at*D+d]; got != fromHalf(toHalf(x)) {
					t.Fatalf("Δ of token %d, channel %d is %g, want %g", at, d, got, x)
				}
			}
			for n, x := range r.B {
				if got := p.Layers[0].B[at*N+n]; got != fromHalf(toHalf(x)) {
					t.Fatalf("B of token %d, state %d is %g, want %g", at, n, got, x)
				}
			}
			// What is left of h is h minus what the token wrote. Compared by its norm.
			var left, held float64
			for i, h := range r.H0 {
				abar, _ := scan.Released.Coefficients(float64(r.Delta[i/N]), float64(a[i]))
				left += (abar * float64(h)) * (abar * float64(h))
				held += float64(h) * float64(h)
			}
			rho := float64(p.Layers[0].Kept[at])
			if held == 0 {
				if rho == rho {
					t.Errorf("token %d keeps %g of nothing", at, rho)
				}
			} else if d := rho*rho - left/held; d > 2e-3 || d < -2e-3 {
				t.Errorf("token %d keeps ρ² = %g, want %g", at, rho*rho, left/held)
			}
		}}})
		if err != nil {
			t.Fatal(err)
		}
		if ask < len(info.Asks) && info.Asks[ask].At == at {
			best := model.Top(logits, 1)[0].ID
			if best != p.Best[ask] {
				t.Errorf("question %d is answered %d, want %d", ask, p.Best[ask], best)
			}
			ask++
		}
	}
	if ask == 0 || ask != len(info.Asks) {
		t.Errorf("%d of %d questions were met", ask, len(info.Asks))
	}
}

// The means and AUCs of a tally against a count by hand.
func TestTally(t *testing.T) {
	c := newTally(2)
	about := task.About{Events: task.Classes(task.Event), Rest: task.Classes(task.Noise)}
	c.add([]float32{4, 1, 0, 2, 1, 2, 2, 0}, []task.Class{task.Event, task.Noise, task.Noise, task.Event}, about)
	c.add([]float32{8, 8}, []task.Class{task.Data}, about)
	means, auc := c.result()
	// Channel 0: events 4, 2; noise 0, 1: always greater. Channel 1: events 1, 0;
	// noise 2, 2: never.
	if !slices.Equal(auc, []float32{1, 0}) {
		t.Errorf("AUC %v", auc)
	}
	want := map[task.Class][]float32{task.Event: {3, 0.5}, task.Noise: {0.5, 2}, task.Data: {8, 8}}
	l := &Layer{Means: means, AUC: auc}
	for class, row := range want {
		if got := means[2*class : 2*class+2]; !slices.Equal(got, row) {
			t.Errorf("%s: %v, want %v", class, got, row)
		}
		if got := l.Mean(class, nil); got != float64(row[0]+row[1])/2 {
			t.Errorf("%s: mean %g", class, got)
		}
		if got := l.Mean(class, []int{1}); got != float64(row[1]) {
			t.Errorf("%s: mean of channel 1 %g", class, got)
		}
	}
	if q := means[2*task.Query]; q == q {
		t.Errorf("the mean of no tokens is %g", q)
	}
	if got := l.Above(0.95); !slices.Equal(got, []int{0}) {
		t.Errorf("channels above 0.95: %v", got)
	}
	info := &Info{Events: []string{"event"}, Rest: []string{"noise"}, Counted: []int{2, 1, 2, 0}}
	if got := info.Gap(l, []int{0}); got != 2.5 {
		t.Errorf("gap %g, want 2.5", got)
	}
}

// A paused training waits, keeps a checkpoint when asked, goes on, and ends with
// its context.
func TestPauseKeepAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := tiny(1000)
		kept := &store{}
		c := recorder(t, r, train.Options{Store: kept, SaveEvery: 500}, Options{})
		ctx, cancel := context.WithCancel(context.Background())
		o, detach := c.Attach(ctx)
		defer detach()
		f := newFake(t, ctx, r, o)
		done := make(chan struct{})
		c.Pause(true)
		go func() {
			defer close(done)
			for s := 1; s <= 1000 && ctx.Err() == nil; s++ {
				time.Sleep(time.Millisecond)
				f.steps(s, s)
			}
		}()
		time.Sleep(time.Second)
		synctest.Wait()
		if h := c.History(); h.State != Paused || h.Step() != 1 {
			t.Fatalf("state %d at step %d, want paused at 1", h.State, h.Step())
		}
		c.Keep()
		time.Sleep(time.Second)
		synctest.Wait()
		if h := c.History(); h.State != Paused || h.Saved != 1 || h.SavedStep != 1 || !slices.Equal(kept.steps, []int{1}) {
			t.Fatalf("state %d, saved %d at %d: %v", h.State, h.Saved, h.SavedStep, kept.steps)
		}
		c.Pause(false)
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if h := c.History(); h.State != Running || h.Step() < 50 {
			t.Fatalf("state %d at step %d", h.State, h.Step())
		}
		kept.err = errors.New("disk full")
		c.Keep()
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if h := c.History(); h.SaveErr == nil || h.Saved != 2 || h.State != Running {
			t.Fatalf("a failed save is %v, %d saves", h.SaveErr, h.Saved)
		}
		c.Pause(true)
		time.Sleep(100 * time.Millisecond)
		cancel() // also a paused training must end
		<-done
		if err := c.End(nil, nil); err != nil {
			t.Fatal(err)
		}
		if h := c.History(); h.State != Ended || !h.Stopped {
			t.Errorf("state %d, stopped %v", h.State, h.Stopped)
		}
	})
}

// However many steps there are, points, probes and pictures are bounded, and a
// published history never changes.
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := tiny(9000)
		c := recorder(t, r, train.Options{}, Options{})
		o, detach := c.Attach(context.Background())
		defer detach()
		f := newFake(t, context.Background(), r, o)
		before := c.History()
		f.steps(1, 1000)
		early := c.History()
		n, last := early.Points.Len(), early.Step()
		f.steps(1001, 9000)
		f.save(9000)
		c.End(&train.Result{}, nil)
		h := c.History()
		if k := h.Points.Len(); k > mostPoints+1 || k < mostPoints*8/10 {
			t.Errorf("%d points", k)
		}
		if k := len(h.Probes); k > mostProbes+2 || k < mostProbes*8/10 {
			t.Errorf("%d probes", k)
		}
		if h.Points.Step[h.Points.Len()-1] != 9000 || h.Probes[len(h.Probes)-1].Step != 9000 {
			t.Error("the last step is missing")
		}
		if early.Points.Len() != n || early.Step() != last || before.Points.Len() != 0 {
			t.Error("a published history changed")
		}
		// Rows are means over their steps: 5 steps a row here, of losses 3/s.
		i := 100
		var want float64
		for s := h.Points.Step[i-1] + 1; s <= h.Points.Step[i]; s++ {
			want += 3 / float64(s) / float64(h.Points.Step[i]-h.Points.Step[i-1])
		}
		if got := float64(h.Points.Loss[i]); got < want*0.999999 || got > want*1.000001 {
			t.Errorf("row %d is %g, want %g", i, got, want)
		}
	})
}

// A log that cannot be written ends; the training does not.
func TestLogFails(t *testing.T) {
	r := tiny(20)
	c := recorder(t, r, train.Options{}, Options{Log: &limited{left: 2000}})
	o, detach := c.Attach(context.Background())
	defer detach()
	newFake(t, context.Background(), r, o).steps(1, 20)
	c.End(&train.Result{}, nil)
	h := c.History()
	if h.LogErr == nil || !strings.Contains(h.LogErr.Error(), "no space") || h.Step() != 20 {
		t.Errorf("log error %v at step %d", h.LogErr, h.Step())
	}
}

// limited is a disk that fills up.
type limited struct{ left int }

func (l *limited) Write(b []byte) (int, error) {
	if len(b) > l.left {
		return 0, errors.New("no space left")
	}
	l.left -= len(b)
	return len(b), nil
}

// The shown sequence of every task has every class that the task has, and a
// question; it is the same every time.
func TestShownSequence(t *testing.T) {
	for _, x := range task.All() {
		r := train.Defaults(x.Name())
		a := recorder(t, r, train.Options{}, Options{}).History().Info
		b := recorder(t, r, train.Options{}, Options{}).History().Info
		if !slices.Equal(a.Tokens, b.Tokens) || len(a.Tokens) < x.Shortest() || len(a.Tokens) > max(probeLength, x.Shortest()) {
			t.Errorf("%s: %d and %d tokens", x.Name(), len(a.Tokens), len(b.Tokens))
		}
		if len(a.Asks) == 0 {
			t.Errorf("%s: no question in the shown sequence", x.Name())
		}
		for c := range task.NumClasses {
			if a.Has(c) && !slices.Contains(a.Classes, c.String()) {
				t.Errorf("%s: no %s in the shown sequence", x.Name(), c)
			}
		}
	}
}

// A recipe that cannot be is an error at once.
func TestRecorderRefuses(t *testing.T) {
	r := tiny(10)
	r.Steps = 0
	if _, err := NewRecorder(r, train.Options{}, Options{}); err == nil {
		t.Error("no steps were taken")
	}
	if _, err := NewRecorder(train.Recipe{Task: "nothing"}, train.Options{}, Options{}); err == nil {
		t.Error("no task was taken")
	}
	other := recorder(t, train.Defaults("majority"), train.Options{}, Options{}).History()
	if _, err := NewRecorder(tiny(10), train.Options{}, Options{Past: other}); err == nil {
		t.Error("another run's past was taken")
	}
}

// Where nothing says how often, checkpoints are kept at the evaluations.
func TestKeepsAtEvaluations(t *testing.T) {
	for steps, want := range map[int]int{120: 50, 4000: 100} {
		r := tiny(steps)
		kept := &store{}
		c := recorder(t, r, train.Options{Store: kept}, Options{ProbeEvery: steps})
		o, detach := c.Attach(context.Background())
		defer detach()
		if o.EvalEvery != want || o.SaveEvery != 1 {
			t.Errorf("%d steps: evaluations every %d, saves every %d", steps, o.EvalEvery, o.SaveEvery)
		}
		newFake(t, context.Background(), r, o).steps(1, want+1)
		if !slices.Equal(kept.steps, []int{want}) {
			t.Errorf("%d steps: checkpoints of %v, want one of %d", steps, kept.steps, want)
		}
	}
}
