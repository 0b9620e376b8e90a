package session

import (
	"context"
	"fmt"
	"time"
)

// The changed run is what is shown beside the clean one: the same tokens under
// the tweaks in force, or another branch. It begins where it can first differ,
// so the past costs nothing; how far it has come is its own business: a frame
// has it once it has come to the end of the window, and the engine fills the
// rest when nobody asks for anything.

// Versus says what the changed run of a frame is.
type Versus struct {
	Kind   VersusKind
	Branch int // the branch it runs over: the current one with tweaks
	From   int // the first token at which it can differ
}

// VersusKind is what the changed run differs in.
type VersusKind string

// What the changed run differs in.
const (
	VersusNothing VersusKind = ""
	VersusTweaks  VersusKind = "tweaks"
	VersusBranch  VersusKind = "branch"
)

// CompareBranch shows branch ID as the changed run, or the tweaks again with 0.
type CompareBranch struct{ ID int }

func (o CompareBranch) apply(_ context.Context, s *Session) error {
	if err := s.usable(); err != nil {
		return err
	}
	switch i := s.find(o.ID); {
	case o.ID == 0:
	case i < 0:
		return s.noBranch(o.ID)
	case i == s.current:
		return fmt.Errorf("session: branch %d is the current one: compare another with it", o.ID)
	}
	s.compare = o.ID
	s.dropChanged()
	return nil
}

// wanted is the course of the changed run and what it is; nil if there is none.
func (s *Session) wanted() (*course, Versus) {
	if i := s.find(s.compare); i >= 0 {
		c := s.lineOf(i)
		c.base, c.first = s.clean, min(s.tokens.common(c.tokens), max(c.tokens.Len()-1, 0))
		if kept := s.branches[i].kept; kept {
			c.plan = newPlan(s.branches[i].overlay.inForce(), s.cfg, s.a)
			if c.plan != nil {
				c.first = min(c.first, c.plan.first)
			}
		}
		return &c, Versus{VersusBranch, c.branch, c.first}
	}
	p := newPlan(s.overlay().inForce(), s.cfg, s.a)
	if p == nil {
		return nil, Versus{}
	}
	c := s.lineOf(s.current)
	c.plan, c.base, c.first = p, s.clean, p.first
	return &c, Versus{VersusTweaks, c.branch, c.first}
}

// dropChanged forgets the changed run: it is begun anew when it is next needed.
func (s *Session) dropChanged() {
	if s.changed != nil {
		s.changed.free()
		s.changed = nil
	}
	s.versus, s.difference = Versus{}, nil
	s.unsettled = true
}

// settle begins the changed run that is wanted, if it is not there.
func (s *Session) settle() error {
	if !s.unsettled {
		return nil
	}
	c, v := s.wanted()
	if c != nil {
		r, err := newRun(s, *c)
		if err != nil {
			return err
		}
		s.changed, s.versus = r, v
	}
	s.unsettled = false
	return nil
}

// follows says that the changed run is over the current branch's own tokens.
func (s *Session) follows() bool { return s.changed != nil && s.versus.Kind == VersusTweaks }

// behind is how many tokens the changed run has still to do.
func (s *Session) behind() int {
	if s.changed == nil {
		return 0
	}
	return s.changed.tokens.Len() - s.changed.n
}

// fill brings the changed run to position to, or to its end if that is before,
// a chunk at a time, until ctx ends or, with a limit, time is up.
func (s *Session) fill(ctx context.Context, to int, limit time.Duration) error {
	if err := s.settle(); err != nil || s.changed == nil {
		return err
	}
	start := time.Now()
	for r := s.changed; r.n < min(to, r.tokens.Len()); {
		if err := ctx.Err(); err != nil {
			return err
		}
		if limit > 0 && time.Since(start) > limit {
			return nil
		}
		err := s.surely(func() error {
			_, _, err := r.advance(min(to, r.tokens.Len()), r.tokens.Len(), nil)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// shown says that the changed run has come far enough for l.
func (s *Session) shown(l Look) bool {
	return s.changed != nil && s.changed.n >= min(l.To, s.changed.tokens.Len()) &&
		(l.T < s.changed.n || l.T >= s.changed.tokens.Len())
}

// abandon gives the changed run up because of err, which is shown.
func (s *Session) abandon(err error) {
	s.err = fmt.Errorf("session: what would have happened instead cannot be computed: %w", err)
	s.overlay().hidden = true
	s.compare = 0
	s.dropChanged()
}
