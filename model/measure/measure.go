package measure

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// Subject is a model that is measured.
type Subject struct {
	Config  model.Config
	Weights *model.Weights
}

// Options say on what a model is measured.
type Options struct {
	Length    int    // tokens of a sequence
	Sequences int    // how many; at least 1
	Seed      uint64 // of the sequences; they are others than those of training
	Threads   int    // sequences computed at the same time; 0 means GOMAXPROCS
	// Kernels forces a kernel set; the zero value is the machine's best.
	Kernels scan.KernelSet
	// Backend opens a backend for each of the threads; nil is the CPU's.
	Backend func() (scan.Backend, error)
	// Tweaks change the model, such as by freezing Δ; nil changes nothing.
	Tweaks *model.Tweaks
	// Progress is told the tokens computed so far, by one goroutine at a time,
	// about once a chunk. nil tells nobody.
	Progress func(tokens int64)
}

// fresh is added to a seed, so that no other use of task.Nth with a small seed
// draws the same sequences.
const fresh = 0x6d65_6173_7572_6500 // "measure"

// nth is sequence i of the held-out part of t, if it has one.
func nth(t task.Task, seed uint64, i, length int) task.Sample {
	if h, ok := t.(task.HeldOut); ok {
		t = h.HeldOut()
	}
	return task.Nth(t, fresh+seed, uint64(i), length)
}

// check says what cannot be measured.
func (s Subject) check(t task.Task, o Options) error {
	switch {
	case t.Vocab() > s.Config.VocabSize:
		return fmt.Errorf("measure: the task %s has %d token ids, the model %d: it was made for something else", t.Name(), t.Vocab(), s.Config.VocabSize)
	case o.Length < t.Shortest():
		return fmt.Errorf("measure: %d tokens are too few for the task %s, want at least %d", o.Length, t.Name(), t.Shortest())
	case o.Sequences < 1:
		return fmt.Errorf("measure: %d sequences, want at least 1", o.Sequences)
	}
	return nil
}

// runner is one goroutine's model and state.
type runner struct {
	m      *model.Model
	s      *model.State
	logits []float32 // (chunk, V)
}

// chunk is how many tokens go through the model at once. Between two chunks
// only the state is kept, so the length of a sequence costs no memory beyond
// its token ids.
const chunk = 256

// open makes a model on a backend of its own, which has one thread if it is the
// CPU's.
func (s Subject) open(o Options) (r *runner, free func(), err error) {
	var b scan.Backend
	if o.Backend == nil {
		b = scan.NewCPU(scan.Options{Threads: 1, Kernels: o.Kernels})
	} else if b, err = o.Backend(); err != nil {
		return nil, nil, fmt.Errorf("measure: opening a backend: %w", err)
	}
	m, err := model.New(b, s.Config, s.Weights)
	if err != nil {
		return nil, nil, errors.Join(err, b.Close())
	}
	state, err := m.NewState()
	if err != nil {
		m.Close()
		return nil, nil, errors.Join(err, b.Close())
	}
	return &runner{m: m, s: state}, func() {
		state.Free()
		m.Close()
		b.Close()
	}, nil
}

// each calls do for 0 … n−1, each once, from up to threads goroutines with a
// runner each. It stops at the first error, or when ctx ends.
func (s Subject) each(ctx context.Context, n int, o Options, do func(ctx context.Context, r *runner, i int) error) error {
	threads := o.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		next int
	)
	for range min(threads, n) {
		wg.Go(func() {
			r, free, err := s.open(o)
			if err != nil {
				stop(err)
				return
			}
			defer free()
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= n || ctx.Err() != nil {
					return
				}
				if err := do(ctx, r, i); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
