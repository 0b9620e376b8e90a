package session

import (
	"context"
	"fmt"
	"slices"

	"mamba-tui/model"
)

// Observer is told what happens in a Session, in order, on its goroutine: what
// a recording is made of. An error from it ends the observing, with a notice,
// and nothing else.
type Observer interface {
	// Act is told an operation before it acts, at the end of the current branch:
	// one that leaves something to the session, such as the mean to freeze Δ at,
	// with that filled in, so that it does the same anywhere. Its slices must not
	// be changed.
	Act(op Op, at Place) error
	// Steps is told of tokens of the clean run that were computed for the first
	// time. Everything in it is valid only during the call.
	Steps(s *Steps) error
	// Beside is told of a branch when it appears, and after an operation that
	// changed anything of it but its tokens: its name, its marks, its list of
	// tweaks, or that it is the current one.
	Beside(b *Beside) error
}

// Steps are tokens [From, From+len(Tokens)) of a branch, computed for the first
// time.
type Steps struct {
	Branch  BranchInfo // Len is From+len(Tokens)
	From    int
	Tokens  []Token
	Records []*model.Record // one a layer: Delta, U, B, C, H and H0
	Top     [][]Guess       // the most probable next tokens after each, best first, up to 16
	// State saves the state after the last of the tokens.
	State func(dst *model.Snapshot) error
}

// Record starts telling To what happens, from the first token of the history on
// (Session.Record), or stops with a nil To.
type Record struct{ To Observer }

func (o Record) apply(ctx context.Context, s *Session) error { return s.Record(ctx, o.To) }

// Do applies op, after telling the observer of it.
func (s *Session) Do(ctx context.Context, op Op) error {
	if _, own := op.(Record); !own && s.usable() == nil && s.observer != nil {
		if o, open := op.(resolver); open {
			op = o.resolve(s)
		}
		s.observed(func(o Observer) error { return o.Act(op, Place{s.branches[s.current].id, s.clean.n}) })
	}
	err := op.apply(ctx, s)
	s.tellBeside()
	return err
}

// resolver is an operation that leaves something to the session.
type resolver interface{ resolve(s *Session) Op }

// Record makes o the observer of everything from now on, after telling it the
// past (Replay). A nil o ends the observing. When the past cannot be told, the
// old observer goes on.
func (s *Session) Record(ctx context.Context, o Observer) error {
	if o != nil {
		if err := s.Replay(ctx, o); err != nil {
			return err
		}
	}
	s.observer, s.recordErr = o, nil
	return nil
}

// observed calls f with the observer, if there is one, which an error ends.
func (s *Session) observed(f func(Observer) error) {
	if s.observer == nil {
		return
	}
	if err := f(s.observer); err != nil {
		s.observer, s.recordErr = nil, err
		s.say("the recording has stopped: %v", err)
	}
}

// Replay tells o the past as if it had observed it: the tokens of every branch
// that are the branch's own, in the order of the branches, so that each comes
// after the one it left, computed again, and what stands beside them. What was
// rolled back is gone and not told.
func (s *Session) Replay(ctx context.Context, o Observer) error {
	if err := s.usable(); err != nil {
		return err
	}
	for i, b := range s.branches {
		if err := s.replay(ctx, o, i); err != nil {
			return fmt.Errorf("session: telling the past of branch %d: %w", b.id, err)
		}
		now := s.besideOf(i)
		s.branches[i].told = now
		if err := o.Beside(&now); err != nil {
			return err
		}
	}
	return nil
}

// replay tells o of the own tokens of branch i.
func (s *Session) replay(ctx context.Context, o Observer, i int) error {
	r, err := newRun(s, s.lineOf(i))
	if err != nil {
		return err
	}
	defer r.free()
	own := s.branches[i].at + 1
	end := r.tokens.Len()
	for r.n < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		steps := s.stepsOf(i)
		if r.n < own {
			steps = nil
		}
		to := end
		if r.n < own {
			to = own
		}
		if _, _, err := r.advance(to, end, steps); err != nil {
			return err
		}
		if steps != nil {
			if err := o.Steps(steps); err != nil {
				return err
			}
		}
	}
	return nil
}

// stepsOf is an empty Steps of branch i for run.advance to fill.
func (s *Session) stepsOf(i int) *Steps {
	return &Steps{Branch: s.infoOf(i), Records: make([]*model.Record, s.cfg.NLayer)}
}

// keep copies rec, whose arrays are about to be used again.
func (st *Steps) keep(rec *model.Record) {
	c := *rec
	for _, a := range []*[]float32{&c.Delta, &c.U, &c.B, &c.C, &c.H, &c.H0} {
		*a = slices.Clone(*a)
	}
	st.Records[rec.Layer] = &c
}
