package session

import "slices"

// Beside is a branch and what stands beside its tokens: all of a session that an
// Observer is not told step by step.
type Beside struct {
	Branch BranchInfo // Tweaks are below
	Marks  []Mark
	Tweaks []Tweak // the list over the branch, constants included
	Hidden bool    // the list is not in force
	Kept   bool    // the branch was made by naming its list: it is compared under it
}

// besideOf is branch i. Its slices must not be changed.
func (s *Session) besideOf(i int) Beside {
	b := &s.branches[i]
	info := s.infoOf(i)
	info.Tweaks = nil
	return Beside{Branch: info, Marks: b.marks, Tweaks: b.list, Hidden: b.hidden, Kept: b.kept}
}

// tellBeside tells the observer of every branch that is not as it was last told.
func (s *Session) tellBeside() {
	for i := range s.branches {
		if s.observer == nil {
			return
		}
		b, now := &s.branches[i], s.besideOf(i)
		if b.told.same(now) {
			continue
		}
		b.told = now
		s.observed(func(o Observer) error { return o.Beside(&now) })
	}
}

// same says that nothing of it changed but the number of tokens. Lists are never
// changed in place.
func (a Beside) same(b Beside) bool {
	return a.Branch.ID == b.Branch.ID && a.Branch.Name == b.Branch.Name && a.Branch.Current == b.Branch.Current &&
		a.Hidden == b.Hidden && a.Kept == b.Kept && slices.Equal(a.Marks, b.Marks) && sameList(a.Tweaks, b.Tweaks)
}

// sameList says that two lists of tweaks are one.
func sameList(a, b []Tweak) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
