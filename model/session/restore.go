package session

import (
	"context"
	"errors"
	"fmt"
)

// Line is a branch from elsewhere, such as a recording.
type Line struct {
	Parent int     // the number of an earlier line, 1 being the first; 0: none
	At     int     // last token shared with it; −1: none
	Tokens []Token // those after At
	Name   string  // untrusted text; may be empty
	Marks  []Mark  // ascending by T
	Tweaks []Tweak // the list over it, constants included
	Hidden bool    // the list is not in force
	Kept   bool    // made by naming its list
}

// Restore fills an empty session with branches, numbered from 1 on, and makes
// one of them the current one. Only that one is computed.
func (s *Session) Restore(ctx context.Context, lines []Line, current int) error {
	if err := s.usable(); err != nil {
		return err
	}
	if s.clean.n > 0 || len(s.branches) > 1 {
		return errors.New("session: branches can be restored in an empty session only")
	}
	if current < 1 || current > len(lines) {
		return fmt.Errorf("session: branch %d cannot be the current one of %d", current, len(lines))
	}
	branches := make([]branch, 0, len(lines))
	for i, l := range lines {
		b := branch{id: i + 1, parent: l.Parent, at: l.At, name: l.Name}
		if len(b.name) > maxName {
			return fmt.Errorf("session: the name of branch %d has %d bytes, want at most %d", b.id, len(b.name), maxName)
		}
		if l.Parent < 0 || l.Parent > i {
			return fmt.Errorf("session: branch %d comes from branch %d, which is not before it", b.id, l.Parent)
		}
		shared := 0
		if l.Parent > 0 {
			p := branches[l.Parent-1].tokens
			if shared = l.At + 1; shared < 0 || shared > p.Len() {
				return fmt.Errorf("session: branch %d shares %d tokens with branch %d, which has %d", b.id, shared, l.Parent, p.Len())
			}
			b.tokens = p.cut(shared)
		} else if l.At != -1 {
			return fmt.Errorf("session: branch %d shares tokens with no branch", b.id)
		}
		for _, t := range l.Tokens {
			if t.ID < 0 || int(t.ID) >= s.vocab {
				return fmt.Errorf("session: branch %d has a token with id %d: the model has ids 0 to %d", b.id, t.ID, s.vocab-1)
			}
		}
		b.tokens = b.tokens.add(l.Tokens)
		if err := s.restoreBeside(&b, l); err != nil {
			return err
		}
		branches = append(branches, b)
	}
	tokens := branches[current-1].tokens
	s.branches, s.current, s.clean.branch = branches, current-1, current
	s.setTokens(tokens)
	s.dropChanged() // the tweaks of the current branch begin theirs
	return s.computeAll(ctx)
}

// restoreBeside checks and sets what stands beside a branch's tokens.
func (s *Session) restoreBeside(b *branch, l Line) error {
	for i, m := range l.Marks {
		if m.T < 0 || m.T >= b.tokens.Len() || i > 0 && m.T <= l.Marks[i-1].T || len(m.Name) > maxName {
			return fmt.Errorf("session: mark %d of branch %d is at token %d of %d", i, b.id, m.T, b.tokens.Len())
		}
	}
	b.marks = l.Marks
	if len(l.Tweaks) > maxTweaks {
		return fmt.Errorf("session: branch %d has %d tweaks, the most there can be are %d", b.id, len(l.Tweaks), maxTweaks)
	}
	for _, t := range l.Tweaks {
		if frozenName[t.Kind] != "" && t.Vector == nil {
			return fmt.Errorf("session: tweak %q of branch %d has no constants", t.Kind, b.id)
		}
		t, err := s.check(t)
		if err != nil {
			return err
		}
		if t.ID <= b.lastID {
			return fmt.Errorf("session: tweak %d of branch %d comes after tweak %d", t.ID, b.id, b.lastID)
		}
		b.lastID = t.ID
		b.list = append(b.list, t)
	}
	b.hidden, b.kept = l.Hidden, l.Kept
	return nil
}

// fixed refuses what would read other tokens than those a machine knows.
func (s *Session) fixed(what string) error {
	if m := s.m.Missing(); m.Tokens {
		return fmt.Errorf("session: %s needs the weights: this is %s", what, m.Why)
	}
	return nil
}
