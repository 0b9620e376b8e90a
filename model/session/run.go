package session

import (
	"context"
	"fmt"
	"time"

	"mamba-tui/model"
)

// run is one pass of the machine over tokens with fixed tweaks: the clean run of
// the current branch, or a changed one. It holds the state after the first n
// tokens and what is needed to show any of them.
//
// A changed run begins where it can first differ from the clean one, its base:
// at its origin, a keyframe of the base. What comes before is the base's.
type run struct {
	m      Machine
	cfg    model.Config
	lacks  Missing
	a      [][]float32 // A of every layer, (D, N)
	plan   *plan       // the tweaks; nil: none
	branch int         // id of the branch that tokens are of
	tokens History
	vocab  int // ids that stand for something; rows above are padding

	base   *run     // nil: none
	origin keyframe // where the run begins; without H, the zero state

	n      int // tokens done
	state  MachineState
	logits []float32 // (V) after token n−1

	keys *keyframes
	// Of a full run, a layer: summaries of every token, and the statistics of Δ.
	// Others measure what is looked at when it is.
	sums    []summary
	spread  []spread
	largest []Largest // of what was looked at, a layer; of others

	view   MachineState // a second state, for showing the past
	viewAt int          // tokens it has seen
	rows   *rows        // those of the newest window
	at     *Moment      // the newest

	ids    []int32 // scratch
	micros float64 // per token, smoothed: sizes chunks so that they can be cancelled
}

// Sizes of chunks.
const (
	maxChunk   = 256     // tokens of one Forward
	tapFloats  = 1 << 20 // floats of h that one Forward may copy out: 4 MiB
	logitsMax  = 1 << 20 // floats of logits that one Forward may produce
	chunkTime  = 30 * time.Millisecond
	maxTopRows = 4096 // vocabulary up to which every visible token has its guess
)

// course says what a run is to compute.
type course struct {
	branch int // id
	tokens History
	plan   *plan // the tweaks; nil: none
	full   bool  // it is, or will be, the clean run
	// base lends everything before its keyframe nearest to token first; nil: the
	// run begins at the beginning.
	base  *run
	first int
}

func newRun(s *Session, c course) (*run, error) {
	r := &run{
		cfg: s.cfg, a: s.a, vocab: s.vocab,
		plan: c.plan, branch: c.branch, tokens: c.tokens, base: c.base,
		logits: make([]float32, s.cfg.VocabSize),
	}
	size, budget := 4*s.cfg.NLayer*s.cfg.DInner*(s.cfg.DState+s.cfg.DConv-1), s.opt.KeyframeBytes
	if c.full {
		r.sums, r.spread = make([]summary, s.cfg.NLayer), make([]spread, s.cfg.NLayer)
		for l := range r.spread {
			r.spread[l] = newSpread(s.cfg.DInner, s.cfg.DState)
			size += 8 * r.spread[l].floats()
		}
	} else {
		r.largest = make([]Largest, s.cfg.NLayer)
		budget /= 2
	}
	r.keys = newKeyframes(size, budget, s.opt.KeyframeEvery)
	if c.base != nil {
		if f := c.base.nearest(min(c.first, c.base.n)); f != nil {
			r.origin.copyFrom(f)
		}
	}
	for l := range r.sums {
		r.sums[l].start = r.origin.at
	}
	if err := r.open(s.m); err != nil {
		return nil, err
	}
	if err := r.rewind(nil); err != nil {
		r.free()
		return nil, err
	}
	return r, nil
}

// open makes the run's states on m, which have seen nothing.
func (r *run) open(m Machine) (err error) {
	r.m, r.lacks, r.viewAt = m, m.Missing(), -1
	if r.state, err = m.NewState(); err != nil {
		return fmt.Errorf("session: the newest state: %w", err)
	}
	if r.view, err = m.NewState(); err != nil {
		r.state.Free()
		return fmt.Errorf("session: the state of the view: %w", err)
	}
	return nil
}

func (r *run) free() {
	r.state.Free()
	r.view.Free()
}

// history returns the ids of tokens [from, to).
func (r *run) history(from, to int) []int32 {
	r.ids = r.tokens.ids(r.ids[:0], from, to)
	if r.plan != nil && len(r.plan.tokens) > 0 {
		for i := range r.ids {
			if id, ok := r.plan.tokens[from+i]; ok {
				r.ids[i] = id
			}
		}
	}
	return r.ids
}

// nearest is the newest keyframe at or before position at; nil is the origin.
func (r *run) nearest(at int) *keyframe {
	if f := r.keys.nearest(at); f != nil || r.origin.snap.H == nil {
		return f
	}
	return &r.origin
}

// chunk is how many of left tokens from position at on to do at once, at most
// limit: few enough that a cancelled request ends soon, and all with the same
// tweaks.
func (r *run) chunk(at, left, limit int) int {
	n := min(left, limit, maxChunk, r.plan.at(at).to-at)
	if r.micros > 0 {
		n = min(n, int(float64(chunkTime.Microseconds())/r.micros))
	}
	return max(n, 1)
}

// forward is Machine.Forward over tokens [at, at+n), which are of one segment,
// with the run's tweaks, timed.
func (r *run) forward(state MachineState, at, n int, logits []float32, tap *model.Tap) (time.Duration, error) {
	if r.lacks.Logits {
		logits = nil
	}
	seg := r.plan.at(at)
	start := time.Now()
	err := r.m.Forward(state, Place{r.branch, at}, r.history(at, at+n),
		model.Options{Logits: logits, Tweaks: seg.tweaks, Resets: seg.marks(n), Tap: tap})
	took := time.Since(start)
	if err == nil && n > 0 {
		each := float64(took.Nanoseconds()) / 1e3 / float64(n)
		if r.micros == 0 {
			r.micros = each
		}
		r.micros += (each - r.micros) / 4
	}
	return took, err
}

// advance does the next tokens of the history, up to position to, in one chunk
// of its choosing, which it returns the length of. end is where the history is
// known to lead: keyframes that would be thinned out by then are not made. With
// steps it tells what happened there.
func (r *run) advance(to, end int, steps *Steps) (int, time.Duration, error) {
	limit := max(tapFloats/(r.cfg.DInner*r.cfg.DState*r.cfg.NLayer), 1)
	stop := r.keys.next(r.n, end)
	n := min(r.chunk(r.n, to-r.n, limit), stop-r.n)
	logits := r.logits
	if steps != nil && !r.lacks.Logits {
		n = min(n, max(logitsMax/r.cfg.VocabSize, 1))
		logits = make([]float32, n*r.cfg.VocabSize)
	}
	// After a roll-back the summaries exist up to where it leads: the tail is run
	// again for the state and the statistics only.
	known := r.done()
	var tap *model.Tap
	switch {
	case steps != nil || r.full() && known == r.n:
		tap = &model.Tap{What: model.TapDrive | model.TapH}
	case r.full():
		tap = &model.Tap{What: model.TapDelta | model.TapB | model.TapC}
	}
	seg := r.plan.at(r.n)
	if tap != nil {
		tap.Func = func(rec *model.Record) {
			if r.full() {
				r.spread[rec.Layer].take(rec, r.n)
			}
			if r.full() && known == r.n {
				r.sums[rec.Layer].add(rec, seg.in(rec.Layer, r.a[rec.Layer]))
			}
			if steps != nil {
				steps.keep(rec)
			}
		}
	}
	took, err := r.forward(r.state, r.n, n, logits, tap)
	if err != nil {
		return 0, took, fmt.Errorf("session: tokens %d to %d: %w", r.n, r.n+n-1, err)
	}
	if steps != nil {
		if err := r.fill(steps, n, logits); err != nil {
			return 0, took, err
		}
		copy(r.logits, logits[len(logits)-len(r.logits):])
	}
	r.n += n
	if r.n == stop {
		err = r.keys.add(r.n, func(f *keyframe) error {
			f.spread = resize(f.spread, len(r.spread))
			for l := range f.spread {
				f.spread[l].copyFrom(r.spread[l])
			}
			return r.state.Save(&f.snap)
		})
		if err != nil {
			return 0, took, fmt.Errorf("session: keyframe at token %d: %w", r.n, err)
		}
	}
	return n, took, nil
}

// full says that the run has summaries of every token.
func (r *run) full() bool { return r.sums != nil }

// done is how many tokens the run has been over, also while it is put back to
// fewer or its last chunk has failed.
func (r *run) done() int {
	if r.full() {
		return r.sums[0].end()
	}
	return r.n
}

// fill puts what is told of the next n tokens beside their records.
func (r *run) fill(steps *Steps, n int, logits []float32) (err error) {
	steps.From = r.n
	steps.Branch.Len = r.n + n
	steps.Tokens = steps.Tokens[:0]
	for i := r.n; i < r.n+n; i++ {
		steps.Tokens = append(steps.Tokens, r.tokens.At(i))
	}
	steps.Top, err = r.guesses(r.n, n, toldGuesses(r.vocab), logits)
	steps.State = func(dst *model.Snapshot) error { return r.state.Save(dst) }
	return err
}

// guesses are the k most probable next tokens after each of tokens [at, at+n):
// of their logits, or what the machine knows without. Rows of the embedding
// beyond the tokenizer's ids are padding.
func (r *run) guesses(at, n, k int, logits []float32) ([][]Guess, error) {
	if r.lacks.Logits {
		if r.plan != nil {
			return nil, nil
		}
		return r.m.Guesses(Place{r.branch, at}, n, k)
	}
	list := make([][]Guess, n)
	for t := range list {
		list[t] = guesses(logits[t*r.cfg.VocabSize:][:r.vocab], k)
	}
	return list, nil
}

func resize(s []spread, n int) []spread {
	if len(s) != n {
		return make([]spread, n)
	}
	return s
}

// restore puts the run back to the first n tokens: the nearest keyframe, and
// the tail from there computed a second time, which gives the bits it gave
// before. It also repairs a run whose last chunk failed.
func (r *run) restore(n int) error {
	for l := range r.sums {
		r.sums[l].truncate(n)
	}
	r.keys.truncate(n)
	if r.viewAt > n {
		r.viewAt = -1
	}
	r.rows = r.rows.truncate(n)
	if r.at != nil && r.at.T >= n {
		r.at = nil
	}
	// One token before n at least, for the logits.
	if err := r.rewind(r.nearest(max(n-1, 0))); err != nil {
		return err
	}
	for r.n < n {
		if _, _, err := r.advance(n, n, nil); err != nil {
			return err
		}
	}
	return nil
}

// rewind puts the run back to a keyframe, nil meaning its origin.
func (r *run) rewind(f *keyframe) error {
	if f == nil && r.origin.snap.H != nil {
		f = &r.origin
	}
	at, err := r.load(r.state, f)
	if err != nil {
		return err
	}
	r.n = at
	for l := range r.spread {
		if f == nil {
			r.spread[l].zero()
		} else {
			r.spread[l].copyFrom(f.spread[l])
		}
	}
	return nil
}

// absorb makes r, which is o's base, go on as o does: o's tokens are r's then.
// o is only good to be freed afterwards.
func (r *run) absorb(o *run) {
	for l := range r.sums {
		r.sums[l].absorb(&o.sums[l])
	}
	r.keys.truncate(o.origin.at)
	for _, list := range [][]keyframe{o.keys.old, o.keys.recent} {
		for _, f := range list {
			r.keys.push(f)
		}
	}
	r.state, o.state = o.state, r.state
	r.view, o.view = o.view, r.view
	r.branch, r.tokens, r.n = o.branch, o.tokens, o.n
	r.logits, r.spread = o.logits, o.spread
	r.viewAt, r.rows, r.at = o.viewAt, o.rows, o.at
}

// load puts state to a keyframe, nil meaning the beginning, and returns its
// position.
func (r *run) load(state MachineState, f *keyframe) (int, error) {
	if f == nil {
		state.Reset()
		return 0, nil
	}
	if err := state.Load(&f.snap); err != nil {
		return 0, fmt.Errorf("session: keyframe at token %d: %w", f.at, err)
	}
	return f.at, nil
}

// seek brings the state of the view to position at, from wherever that takes
// the fewest tokens. It returns how many tokens it computed.
func (r *run) seek(ctx context.Context, at int) (int, error) {
	f := r.nearest(at)
	if r.viewAt < 0 || r.viewAt > at || f != nil && f.at > r.viewAt {
		n, err := r.load(r.view, f)
		if err != nil {
			return 0, err
		}
		r.viewAt = n
	}
	done := 0
	for r.viewAt < at {
		n := r.chunk(r.viewAt, at-r.viewAt, maxChunk)
		if err := r.look(ctx, n, nil, nil); err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// look runs the state of the view over the next n tokens.
func (r *run) look(ctx context.Context, n int, logits []float32, tap *model.Tap) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	from := r.viewAt
	r.viewAt = -1 // unless it succeeds
	if _, err := r.forward(r.view, from, n, logits, tap); err != nil {
		return fmt.Errorf("session: looking at tokens %d to %d: %w", from, from+n-1, err)
	}
	r.viewAt = from + n
	return nil
}
