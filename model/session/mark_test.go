package session

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mamba-tui/scan"
)

// Marks are a branch's: a new one begins with those of the past it shares, and
// what is rolled back takes its marks along.
func TestMarks(t *testing.T) {
	s := newSession(t, newModel(t, lettered, scan.Float32), Options{Card: letters})
	ctx := context.Background()
	do := func(op Op) {
		t.Helper()
		if err := s.Do(ctx, op); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want ...Mark) *Frame {
		t.Helper()
		f := mustFrame(t, s, Look{})
		if !slices.Equal(f.Marks, want) {
			t.Fatalf("marks %v, want %v", f.Marks, want)
		}
		return f
	}
	do(Type{At: End, Text: "aabbaabb"})
	do(SetMark{5, "five"})
	do(SetMark{2, ""})
	old := check(Mark{2, ""}, Mark{5, "five"})
	do(SetMark{5, "again"})
	do(DeleteMark{3})
	check(Mark{2, ""}, Mark{5, "again"})
	do(Type{At: 3, Text: "b"})
	check(Mark{2, ""})
	do(SetMark{4, "here"})
	do(DeleteMark{2})
	check(Mark{4, "here"})
	do(Back{1})
	check()
	if b := s.branches[0]; !slices.Equal(b.marks, []Mark{{2, ""}, {5, "again"}}) {
		t.Errorf("branch 1 has the marks %v", b.marks)
	}
	if !slices.Equal(old.Marks, []Mark{{2, ""}, {5, "five"}}) {
		t.Errorf("an old frame has the marks %v now", old.Marks)
	}
	for _, op := range []Op{SetMark{4, ""}, SetMark{-1, ""}, SetMark{1, strings.Repeat("x", 201)}} {
		if err := s.Do(ctx, op); err == nil {
			t.Errorf("%+v was accepted", op)
		}
	}
}

func TestBranchesAreListed(t *testing.T) {
	s := newSession(t, newModel(t, lettered, scan.Float32), Options{Card: letters})
	ctx := context.Background()
	for _, op := range []Op{Type{At: End, Text: "aabb"}, Type{At: 1, Text: "bbbb"}, NameBranch{1, "the first"}, Type{At: End, Text: "a"}} {
		if err := s.Do(ctx, op); err != nil {
			t.Fatal(err)
		}
	}
	want := []BranchInfo{{ID: 1, At: -1, Len: 4, Name: "the first"}, {ID: 2, Parent: 1, At: 1, Len: 7, Current: true}}
	if f := mustFrame(t, s, Look{}); !reflect.DeepEqual(f.Branches, want) {
		t.Errorf("branches %+v, want %+v", f.Branches, want)
	}
	for _, op := range []Op{NameBranch{3, "x"}, NameBranch{0, "x"}, NameBranch{1, strings.Repeat("x", 201)}} {
		if err := s.Do(ctx, op); err == nil {
			t.Errorf("%+v was accepted", op)
		}
	}
}
