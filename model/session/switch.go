package session

import (
	"context"
	"errors"
	"fmt"
)

// SwitchBranch makes branch ID the current one. What it shares with the branch
// that is left is not computed again. When it is stopped on the way, the old
// branch stays.
type SwitchBranch struct{ ID int }

// KeepTweaks keeps the list of tweaks in force under a name: as a branch of the
// tokens so far that can be compared and switched to. The current branch stays
// as it is.
type KeepTweaks struct{ Name string }

func (o SwitchBranch) apply(ctx context.Context, s *Session) error {
	if err := s.usable(); err != nil {
		return err
	}
	i := s.find(o.ID)
	switch {
	case i < 0:
		return s.noBranch(o.ID)
	case i == s.current:
		s.say("branch %d is the current one", o.ID)
		return nil
	}
	return s.surely(func() error {
		c := s.lineOf(i)
		c.full, c.base = true, s.clean
		c.first = min(s.tokens.cut(s.clean.n).common(c.tokens), max(c.tokens.Len()-1, 0))
		r, err := newRun(s, c)
		if err != nil {
			return err
		}
		if err := s.travel(ctx, r); err != nil {
			r.free()
			return err
		}
		return s.arrive(i, r)
	})
}

// travel brings r, the run of another branch, to its end.
func (s *Session) travel(ctx context.Context, r *run) error {
	extra := s.pending
	defer func() { s.pending = extra }()
	from, end := r.n, r.tokens.Len()
	for r.n < end {
		s.pending = extra + end - r.n
		if r.n > from && s.between != nil {
			s.between()
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("session: stopped after %d of %d tokens of branch %d: %w", r.n-from, end-from, r.branch, err)
		}
		if _, _, err := r.advance(end, end, nil); err != nil {
			return err
		}
	}
	return nil
}

// arrive makes branch i, which r has come to the end of, the current one.
func (s *Session) arrive(i int, r *run) error {
	old := &s.branches[s.current]
	old.tokens = s.tokens.cut(s.clean.n)
	shared := r.origin.at
	s.dropChanged()
	s.clean.absorb(r)
	r.free()
	s.tokens = s.clean.tokens
	s.others = s.tokens.others(0, s.clean.n)
	s.groups = nil
	if s.parity.To > shared {
		s.parity = Parity{}
	}
	s.current = i
	b := &s.branches[i]
	if s.compare == b.id {
		s.compare = old.id
	}
	if b.name != "" {
		s.say("branch %d, %s, with %s", b.id, b.name, count(s.clean.n, "token"))
	} else {
		s.say("branch %d, with %s", b.id, count(s.clean.n, "token"))
	}
	return nil
}

func (o KeepTweaks) apply(_ context.Context, s *Session) error {
	if err := s.usable(); err != nil {
		return err
	}
	switch {
	case len(s.overlay().inForce()) == 0:
		return errors.New("session: there are no tweaks in force to keep")
	case o.Name == "":
		return errors.New("session: tweaks are kept under a name")
	case len(o.Name) > maxName:
		return fmt.Errorf("session: the name has %d bytes, want at most %d", len(o.Name), maxName)
	}
	b := &s.branches[s.current]
	n := s.clean.n
	s.branches = append(s.branches, branch{
		id: len(s.branches) + 1, parent: b.id, at: n - 1, name: o.Name, marks: b.marks,
		tokens: s.tokens.cut(n), overlay: b.overlay.shared(), kept: true,
	})
	s.say("kept as branch %d, %s", len(s.branches), o.Name)
	return nil
}
