package session

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Mark is a bookmark at a token of a branch. A branch begins with the marks of
// the past it shares; rolling back drops those of the tokens that go.
type Mark struct {
	T    int
	Name string // untrusted text; may be empty
}

// maxName bounds a name that a file may bring.
const maxName = 200

// SetMark marks token T, or renames its mark.
type SetMark struct {
	T    int
	Name string
}

// DeleteMark takes the mark of token T away; without one it does nothing.
type DeleteMark struct{ T int }

func (o SetMark) apply(_ context.Context, s *Session) error {
	if err := s.usable(); err != nil {
		return err
	}
	if o.T < 0 || o.T >= s.clean.n {
		return fmt.Errorf("session: mark token %d: the history has %s", o.T, count(s.clean.n, "token"))
	}
	if len(o.Name) > maxName {
		return fmt.Errorf("session: the mark's name has %d bytes, want at most %d", len(o.Name), maxName)
	}
	b := &s.branches[s.current]
	i, found := findMark(b.marks, o.T)
	marks := slices.Clone(b.marks) // frames have the old list
	if found {
		marks[i].Name = o.Name
	} else {
		marks = slices.Insert(marks, i, Mark(o))
	}
	b.marks = marks
	return nil
}

func (o DeleteMark) apply(_ context.Context, s *Session) error {
	if err := s.usable(); err != nil {
		return err
	}
	b := &s.branches[s.current]
	if i, found := findMark(b.marks, o.T); found {
		b.marks = slices.Concat(b.marks[:i], b.marks[i+1:])
	}
	return nil
}

// findMark is where the mark of token t stands, or would stand.
func findMark(marks []Mark, t int) (int, bool) {
	return slices.BinarySearchFunc(marks, t, func(m Mark, t int) int { return cmp.Compare(m.T, t) })
}

// marksBefore are the marks of the first n tokens.
func marksBefore(marks []Mark, n int) []Mark {
	i, _ := findMark(marks, n)
	return marks[:i:i]
}
