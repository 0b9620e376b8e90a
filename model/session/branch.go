package session

import "context"

// branch is one line of history. Branches are never deleted; of those that are
// not current only the tokens are kept, which is all that is needed to compute
// everything again.
type branch struct {
	id     int
	parent int // 0: none
	at     int // last token shared with the parent; −1: none
	tokens []Token
}

// branch is what a frame says of the current one.
func (s *Session) branch() Branch {
	b := s.branches[s.current]
	return Branch{ID: b.id, Parent: b.parent, At: b.at, Count: len(s.branches)}
}

// open leaves the current branch after token at and makes a new one of the
// tokens up to there.
func (s *Session) open(at int) error {
	old := &s.branches[s.current]
	n := s.clean.n
	old.tokens = s.tokens[:n:n]
	if err := s.Truncate(at + 1); err != nil {
		return err
	}
	s.branches = append(s.branches, branch{id: len(s.branches) + 1, parent: old.id, at: at})
	s.current = len(s.branches) - 1
	if at < 0 {
		s.say("branch %d opened, empty; branch %d keeps its %s", s.current+1, s.branches[s.current].parent, count(n, "token"))
	} else {
		s.say("branch %d opened at token %d; branch %d keeps its %s", s.current+1, at, s.branches[s.current].parent, count(n, "token"))
	}
	return nil
}

// Clear opens an empty branch. The old one keeps its tokens. An empty history
// stays as it is.
func (s *Session) Clear() error {
	if err := s.usable(); err != nil {
		return err
	}
	if s.clean.n == 0 {
		s.say("the history is already empty")
		return nil
	}
	return s.open(-1)
}

// TypeAt encodes text and appends it after token at (−1: at the very start).
// If tokens follow there, a branch is opened and they stay on the old one. Any
// at beyond the newest token means the end.
func (s *Session) TypeAt(ctx context.Context, at int, text string, flags Flags) error {
	if err := s.usable(); err != nil {
		return err
	}
	tokens, err := s.Encode(text, flags)
	if err != nil {
		return err
	}
	if len(tokens) == 0 {
		return nil
	}
	if at = max(at, -1); at < s.clean.n-1 {
		if err := s.open(at); err != nil {
			return err
		}
	}
	return s.Append(ctx, tokens)
}
