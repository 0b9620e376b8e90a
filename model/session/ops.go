package session

import (
	"context"
	"errors"
	"math"
)

// Op is a mutation of a session, as data: Type, Back, Generate, Freeze, Clear,
// NameBranch, SetMark, DeleteMark or Record.
type Op interface {
	apply(ctx context.Context, s *Session) error
}

// End, as Type.At, means after the newest token whatever that is when the
// operation's turn comes. A screen whose cursor follows the end types with it:
// two keys in one frame then do not open a branch.
const End = math.MaxInt

// Type is text typed or pasted after token At; −1 is the very start. At in the
// past opens a branch, At beyond the newest token is the end.
type Type struct {
	At    int
	Text  string
	Flags Flags
}

// Back rolls the newest N tokens back, or all if there are fewer.
type Back struct{ N int }

// Generate lets the model continue its history by N tokens.
type Generate struct {
	N       int
	Sampler Sampler
}

// Clear opens an empty branch; the old one is kept.
type Clear struct{}

func (o Type) apply(ctx context.Context, s *Session) error {
	return s.TypeAt(ctx, o.At, o.Text, o.Flags)
}

func (o Back) apply(_ context.Context, s *Session) error {
	if err := s.fixed("rolling back"); err != nil {
		return err
	}
	return s.Truncate(max(s.Len()-max(o.N, 0), 0))
}

func (o Generate) apply(ctx context.Context, s *Session) error {
	if err := s.fixed("going on"); err != nil {
		return err
	}
	defer func() { s.pending = 0 }()
	for left := o.N; left > 0; left-- {
		t, err := s.Next(o.Sampler)
		if err != nil {
			return err
		}
		s.pending = left - 1
		if err := s.Append(ctx, []Token{t}); err != nil {
			if errors.Is(err, context.Canceled) {
				s.say("stopped with %s to go", count(left, "token"))
			}
			return err
		}
		if s.between != nil && left > 1 {
			s.between()
		}
	}
	return nil
}

func (Clear) apply(_ context.Context, s *Session) error { return s.Clear() }
