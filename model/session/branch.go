package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// branch is one line of history. Branches are never deleted; of those that are
// not current only the tokens are kept, which is all that is needed to compute
// everything again.
type branch struct {
	id     int
	parent int // 0: none
	at     int // last token shared with the parent; −1: none
	name   string
	marks  []Mark
	tokens History // of the current branch: when it was last left
	overlay
	kept bool   // made by naming a list of tweaks: it is compared under them
	told Beside // to the observer
}

// BranchInfo is a branch in the list of all.
type BranchInfo struct {
	ID      int
	Parent  int // 0: none
	At      int // last token it shares with its parent; −1: none
	Len     int
	Name    string // untrusted text; may be empty
	Current bool
	Tweaks  []Tweak // of a branch that KeepTweaks made; nil otherwise
}

// infoOf describes branch i.
func (s *Session) infoOf(i int) BranchInfo {
	b := &s.branches[i]
	info := BranchInfo{ID: b.id, Parent: b.parent, At: b.at, Len: b.tokens.Len(), Name: b.name, Current: i == s.current}
	if info.Current {
		info.Len = s.clean.n
	}
	if b.kept {
		info.Tweaks = b.list
	}
	return info
}

// list describes every branch.
func (s *Session) list() []BranchInfo {
	all := make([]BranchInfo, len(s.branches))
	for i := range all {
		all[i] = s.infoOf(i)
	}
	return all
}

// lineOf is the course of a clean run of branch i from the first token on.
func (s *Session) lineOf(i int) course {
	c := course{branch: s.branches[i].id, tokens: s.branches[i].tokens}
	if i == s.current {
		c.tokens = s.tokens.cut(s.clean.n)
	}
	return c
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
	old.tokens = s.tokens.cut(n)
	marks := marksBefore(old.marks, at+1)
	kept := old.marks
	if err := s.Truncate(at + 1); err != nil {
		return err
	}
	old.marks = kept // rolling back dropped some
	s.branches = append(s.branches, branch{id: len(s.branches) + 1, parent: old.id, at: at, marks: marks, overlay: old.overlay.shared()})
	s.current = len(s.branches) - 1
	s.clean.branch = s.branches[s.current].id
	if s.follows() {
		s.changed.branch, s.versus.Branch = s.clean.branch, s.clean.branch
	} else {
		s.dropChanged()
	}
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
	if err := errors.Join(s.usable(), s.fixed("an empty branch")); err != nil {
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
	if err := s.fixed("typing"); err != nil {
		return err
	}
	if at = max(at, -1); at < s.clean.n-1 {
		if err := s.open(at); err != nil {
			return err
		}
	}
	return s.Append(ctx, tokens)
}

// NameBranch gives branch ID a name, or none.
type NameBranch struct {
	ID   int
	Name string
}

func (o NameBranch) apply(_ context.Context, s *Session) error {
	i := s.find(o.ID)
	if i < 0 {
		return s.noBranch(o.ID)
	}
	if len(o.Name) > maxName {
		return fmt.Errorf("session: the branch's name has %d bytes, want at most %d", len(o.Name), maxName)
	}
	s.branches[i].name = o.Name
	return nil
}

// find is the index of the branch with an id, or −1.
func (s *Session) find(id int) int {
	return slices.IndexFunc(s.branches, func(b branch) bool { return b.id == id })
}

func (s *Session) noBranch(id int) error {
	return fmt.Errorf("session: there is no branch %d: branches are 1 to %d", id, len(s.branches))
}
