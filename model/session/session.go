package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mamba-tui/model"
	"mamba-tui/model/tokenizer"
)

// Options of a Session.
type Options struct {
	Card      model.Card
	Tokenizer tokenizer.Tokenizer // nil: the one the card asks for
	Oracle    *model.Model        // the same weights on the float64 backend, or nil: no parity
	// BackendNote says why no other backend is used, for the status bar.
	BackendNote string
	// Fallback is where the session goes on when its backend is lost or has too
	// little memory; nil: the first ends it, the second is an error.
	Fallback Fallback
	// Parameters is the number of parameters to show; 0: Config.Parameters,
	// which is right for a tied head.
	Parameters int
	// KeyframeEvery is the spacing of keyframes near the end, in tokens;
	// 0: chosen from KeyframeBytes.
	KeyframeEvery int
	// KeyframeBytes bounds the memory of a run's keyframes, half of it for one
	// that is shown beside; 0: 24 MiB, or half
	// of what the weights take if that is more. At least 16 keyframes are kept
	// whatever they cost.
	KeyframeBytes int
	// Strict makes characters outside the alphabet an error.
	Strict bool
}

// Session is a history of tokens and everything needed to show any of it. It
// belongs to one goroutine at a time, and so does its model.
type Session struct {
	m       Machine
	cfg     model.Config
	opt     Options
	tok     tokenizer.Tokenizer
	vocab   int // ids a token can have: the rest of V is padding
	info    Info
	a, skip [][]float32 // a layer: (D, N), (D)

	tokens     History // may run ahead of the runs within a mutation
	others     int
	clean      *run
	changed    *run // what is shown beside; nil: nothing, or not begun yet
	versus     Versus
	compare    int  // id of the branch to show beside; 0: the tweaks
	unsettled  bool // the changed run may be another one than is wanted
	difference *difference
	looked     Look // of the newest frame, resolved
	branches   []branch
	current    int // index in branches

	observer  Observer
	recordErr error // what ended the observing

	groups   []Group // a layer, for groupsAt tokens; nil: stale
	pending  int
	between  func() // called between the chunks of a long mutation; may be nil
	timing   Timing
	parity   Parity
	err      error  // what failed last
	broken   error  // the model can no longer be trusted to answer
	notice   string // for the person
	noticeAt uint64
	seq      uint64
	done     uint64 // mutations that an engine has applied
}

// New makes an empty session with m, which stays the caller's and must compute
// for nobody else meanwhile.
func New(m *model.Model, o Options) (*Session, error) { return On(Live(m), o) }

// On is New with any machine.
func On(m Machine, o Options) (*Session, error) {
	s := &Session{m: m, cfg: m.Config(), opt: o, tok: o.Tokenizer}
	if s.opt.KeyframeBytes <= 0 {
		s.opt.KeyframeBytes = max(24<<20, 4*s.cfg.Parameters()/2)
	}
	if s.tok == nil {
		var err error
		if s.tok, err = tokenizer.For(o.Card, s.cfg.VocabSize); err != nil {
			return nil, err
		}
	}
	if size := s.tok.Size(); size < 1 || size > s.cfg.VocabSize {
		return nil, fmt.Errorf("session: the tokenizer has %d ids, the model's embedding %d rows: they are not of one model",
			size, s.cfg.VocabSize)
	}
	if o.Oracle != nil && o.Oracle.Config() != s.cfg {
		return nil, fmt.Errorf("session: the oracle's configuration %+v is not the model's %+v", o.Oracle.Config(), s.cfg)
	}
	s.vocab = s.tok.Size()
	for l := range s.cfg.NLayer {
		s.a = append(s.a, m.A(l))
		s.skip = append(s.skip, m.Skip(l))
	}
	s.info = s.describe()
	s.branches = []branch{{id: 1, at: -1}}
	var err error
	s.clean, err = newRun(s, course{branch: 1, full: true})
	return s, err
}

// describe fills what is fixed for the session.
func (s *Session) describe() Info {
	i := Info{
		Card: s.opt.Card, Config: s.cfg, Parameters: s.opt.Parameters,
		Backend: s.m.Backend(), BackendNote: s.opt.BackendNote,
		OtherID: s.tok.Other(),
		Oracle:  s.opt.Oracle != nil,
		Missing: s.m.Missing(),
	}
	if i.Parameters == 0 {
		i.Parameters = s.cfg.Parameters()
	}
	if _, numeric := s.tok.(*tokenizer.Numbers); !numeric {
		i.Alphabet = s.tok.Alphabet()
		i.Texts = make([]string, s.vocab)
		for id := range i.Texts {
			i.Texts[id] = s.tok.Text(int32(id))
		}
	}
	return i
}

// Close frees the session's states. The model stays open.
func (s *Session) Close() {
	if s.clean != nil {
		s.clean.free()
		s.clean = nil
	}
	if s.changed != nil {
		s.changed.free()
		s.changed = nil
	}
	if s.broken == nil {
		s.broken = errors.New("session: closed")
	}
}

// Len is the number of tokens of the current branch.
func (s *Session) Len() int {
	if s.clean == nil {
		return 0
	}
	return s.clean.n
}

// Encode maps text to tokens with the given flags. A character outside the
// alphabet becomes the model's other symbol, with the flag Other, or an error
// if the session is strict.
func (s *Session) Encode(text string, flags Flags) ([]Token, error) {
	list, err := s.tok.Encode(text, s.opt.Strict)
	if err != nil {
		return nil, err
	}
	tokens := make([]Token, len(list))
	for i, t := range list {
		tokens[i] = Token{ID: t.ID, Flags: flags}
		if t.Other {
			tokens[i].Flags |= Other
		}
		if t.Text != s.tok.Text(t.ID) {
			tokens[i].Typed = t.Text
		}
	}
	return tokens, nil
}

// Append steps the model over tokens, after the newest one. When ctx ends
// first, or the model fails, what was done stays and the rest is dropped; the
// error says so.
func (s *Session) Append(ctx context.Context, tokens []Token) error {
	if err := s.usable(); err != nil {
		return err
	}
	for i, t := range tokens {
		if t.ID < 0 || int(t.ID) >= s.vocab {
			return fmt.Errorf("session: token %d of %d has id %d: the model has ids 0 to %d", i, len(tokens), t.ID, s.vocab-1)
		}
	}
	if len(tokens) == 0 {
		return nil
	}
	s.setTokens(s.tokens.add(tokens))
	return s.computeAll(ctx)
}

// computeAll steps the model over the tokens that are not yet computed. When it
// fails, those are dropped.
func (s *Session) computeAll(ctx context.Context) error {
	end := s.tokens.Len()
	extra := s.pending
	var took time.Duration
	start := s.clean.n
	for s.clean.n < end {
		s.pending = extra + end - s.clean.n
		if s.clean.n > start && s.between != nil {
			s.between()
		}
		if err := ctx.Err(); err != nil {
			s.cut(extra)
			return fmt.Errorf("session: stopped after %d of %d tokens: %w", s.clean.n-start, end-start, err)
		}
		from := s.clean.n
		var steps *Steps
		if s.observer != nil {
			steps = s.stepsOf(s.current)
		}
		err := s.surely(func() error {
			if s.clean.n > from { // lost at the keyframe after them
				return nil
			}
			_, t, err := s.clean.advance(end, end, steps)
			took += t
			return err
		})
		if err == nil && s.follows() && s.changed.n == from {
			err = s.fill(context.WithoutCancel(ctx), s.clean.n, 0)
		}
		if err != nil {
			s.repair(from)
			s.cut(extra)
			return err
		}
		s.others += s.tokens.others(from, s.clean.n)
		s.groups = nil
		if steps != nil {
			s.observed(func(o Observer) error { return o.Steps(steps) })
		}
	}
	s.pending = extra
	s.timing.StepMicros = float64(took.Nanoseconds()) / 1e3 / float64(max(end-start, 1))
	return nil
}

// cut drops the tokens that were accepted and not computed.
func (s *Session) cut(pending int) {
	s.setTokens(s.tokens.cut(s.clean.n))
	s.pending = pending
	s.groups = nil
}

// setTokens changes the tokens of the current branch, and so of the runs.
func (s *Session) setTokens(h History) {
	s.tokens, s.clean.tokens = h, h
	if s.follows() {
		s.changed.tokens = h
	}
}

// runs are the clean run and, with tweaks, the changed one.
func (s *Session) runs() []*run {
	if s.changed == nil {
		return []*run{s.clean}
	}
	return []*run{s.clean, s.changed}
}

// Truncate rolls back to the first n tokens: the state is restored from the
// nearest keyframe and the tail computed again, bit for bit as it was. The
// tokens after n are forgotten; Type in the past keeps them as a branch.
func (s *Session) Truncate(n int) error {
	if err := s.usable(); err != nil {
		return err
	}
	if n < 0 || n > s.clean.n {
		return fmt.Errorf("session: roll back to %d tokens: the history has %d", n, s.clean.n)
	}
	if n == s.clean.n {
		return nil
	}
	s.others -= s.tokens.others(n, s.clean.n)
	s.setTokens(s.tokens.cut(n))
	b := &s.branches[s.current]
	b.marks = marksBefore(b.marks, n)
	s.groups = nil
	if s.parity.To > n {
		s.parity = Parity{}
	}
	if r := s.changed; r != nil && n < r.origin.at {
		s.dropChanged() // its past is gone
	}
	for _, r := range s.runs() {
		if r.n <= n || r == s.changed && !s.follows() {
			continue
		}
		if err := s.surely(func() error { return r.restore(n) }); err != nil {
			s.broken = fmt.Errorf("session: rolling back to %d tokens failed, the state is lost: %w", n, err)
			return s.broken
		}
	}
	return nil
}

// repair brings the session back to n tokens after a failure in the middle of a
// chunk. If that fails too, the session is over. The changed run begins anew.
func (s *Session) repair(n int) {
	s.dropChanged()
	if err := s.clean.restore(n); err != nil {
		s.broken = fmt.Errorf("session: the state after token %d is lost: %w", n-1, err)
	}
}

func (s *Session) usable() error { return s.broken }

// Next is the token that the sampler chooses to continue the history with.
func (s *Session) Next(sampler Sampler) (Token, error) {
	if err := s.usable(); err != nil {
		return Token{}, err
	}
	if s.clean.n == 0 {
		return Token{}, errors.New("session: nothing to continue: the history is empty, type something first")
	}
	if m := s.clean.lacks; m.Logits {
		return Token{}, fmt.Errorf("session: there are no logits to choose a next token from: %s", m.Why)
	}
	id, err := sampler.Choose(s.clean.logits[:s.vocab], s.clean.n)
	if err != nil {
		return Token{}, err
	}
	return Token{ID: id, Flags: Generated}, nil
}

// say leaves a notice for the person.
func (s *Session) say(format string, args ...any) {
	s.notice = fmt.Sprintf(format, args...)
	s.noticeAt++
}

// resolve clips l to what exists.
func (s *Session) resolve(l Look) Look {
	n := s.clean.n
	l.Layer = min(max(l.Layer, 0), s.cfg.NLayer-1)
	if l.Follow {
		width := max(l.To-l.From, 0)
		l.T, l.From, l.To = n-1, max(n-width, 0), n
	}
	l.T = min(max(l.T, -1), n-1)
	l.From = min(max(l.From, 0), n)
	l.To = min(max(l.To, l.From), n)
	bytes := 4 * (3*s.cfg.DInner + 2*s.cfg.DState + s.cfg.NLayer*s.cfg.DInner)
	if most := max(windowBytes/bytes, windowRows); l.To-l.From > most {
		if l.T >= l.From && l.T < l.To {
			l.From = min(max(l.T-most/2, l.From), l.To-most)
		}
		l.To = l.From + most
	}
	return l
}

// Frame computes what l asks for and everything else the screen shows. When ctx
// ends first it returns ctx's error, and the rows that were done are kept for
// the next call.
func (s *Session) Frame(ctx context.Context, l Look) (*Frame, error) { return s.frame(ctx, l, 0) }

// frame is Frame without the changed run if that takes more than limit to come
// to where it is looked at; 0 is no limit.
func (s *Session) frame(ctx context.Context, l Look, limit time.Duration) (*Frame, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	asked := l
	l = s.resolve(l)
	s.looked = l
	start := time.Now()
	ran := 0
	show := func(r *run) error {
		return s.surely(func() error {
			n, err := r.show(ctx, l)
			ran += n
			return err
		})
	}
	if err := show(s.clean); err != nil {
		return nil, err
	}
	if err := s.fill(ctx, max(l.To, l.T+1), limit); err != nil {
		return nil, err
	}
	beside := s.shown(l)
	if beside {
		if err := show(s.changed); err != nil {
			return nil, err
		}
	}
	if ran > 0 {
		s.timing.RescanMicros = float64(time.Since(start).Nanoseconds()) / 1e3
		s.timing.RescanTokens = ran
	}
	if s.groups == nil {
		s.groups = make([]Group, s.cfg.NLayer)
		for i := range s.groups {
			s.groups[i] = s.clean.spread[i].group()
		}
	}
	f := s.blank()
	f.Asked, f.Look = asked, l
	f.Group = s.groups[l.Layer]
	f.Events = slices.Clip(s.clean.sums[l.Layer].events)
	f.Overview = s.clean.overview(l.Overview, l.Layer)
	f.Clean = s.clean.window(l, s.skip[l.Layer], s.groups)
	if beside {
		f.Changed = s.changed.window(l, s.skip[l.Layer], s.groups)
		f.Divergence = s.divergence()
		if s.versus.Kind == VersusBranch {
			f.Other = s.changed.tokens
		}
	}
	return f, nil
}

// difference is a divergence and what it was computed of.
type difference struct {
	a, b *rows
	*Divergence
}

// divergence compares the runs' newest rows, once.
func (s *Session) divergence() *Divergence {
	a, b := s.clean.rows, s.changed.rows
	if d := s.difference; d == nil || d.a != a || d.b != b {
		s.difference = &difference{a, b, diverge(a, b, s.vocab)}
	}
	return s.difference.Divergence
}

// blank is a frame without windows: what is known without computing.
func (s *Session) blank() *Frame {
	s.seq++
	return &Frame{
		Seq: s.seq, Done: s.done, Info: s.info, Keyframes: s.clean.keys.kept(),
		Tokens: s.tokens.cut(s.clean.n), Others: s.others, Pending: s.pending,
		Look:   Look{T: -1},
		Clean:  &Window{D: s.cfg.DInner, N: s.cfg.DState, A: s.a[0], Skip: s.skip[0], Lanes: make([]Lane, s.cfg.NLayer)},
		Branch: s.branch(), Branches: s.list(), Marks: s.branches[s.current].marks, Recording: s.observer != nil, RecordErr: s.recordErr,
		Tweaks: s.overlay().list, TweaksHidden: s.overlay().hidden, TweakPending: s.behind(), Versus: s.versus,
		CanUndo: newest(s.overlay().undo), CanRedo: newest(s.overlay().redo),
		Timing: s.timing, Parity: s.parity,
		Err: s.err, Notice: s.notice, NoticeSeq: s.noticeAt,
	}
}
