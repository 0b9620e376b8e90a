package session

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"mamba-tui/scan"
)

func lineTokens(ids ...int32) (list []Token) {
	for _, id := range ids {
		list = append(list, Token{ID: id, Flags: FromPrompt})
	}
	return list
}

// Restored branches are what the same history makes when it is typed.
func TestRestore(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	typed, restored := newSession(t, m, Options{}), newSession(t, m, Options{})
	for _, op := range []Op{
		Type{At: End, Text: "1 2 3 4 5 6", Flags: FromPrompt}, Type{At: 2, Text: "9 9", Flags: FromPrompt}, Type{At: 3, Text: "7", Flags: FromPrompt},
		NameBranch{ID: 3, Name: "third"},
	} {
		if err := typed.Do(context.Background(), op); err != nil {
			t.Fatal(err)
		}
	}
	lines := []Line{
		{At: -1, Tokens: lineTokens(1, 2, 3, 4, 5, 6)},
		{Parent: 1, At: 2, Tokens: lineTokens(9, 9)},
		{Parent: 2, At: 3, Tokens: lineTokens(7), Name: "third"},
	}
	if err := restored.Restore(context.Background(), lines, 3); err != nil {
		t.Fatal(err)
	}
	l := Look{Follow: true, To: 5}
	a, b := mustFrame(t, typed, l), mustFrame(t, restored, l)
	if len(a.Branches) != 3 || len(b.Branches) != 3 {
		t.Fatalf("branches %+v", b.Branches)
	}
	for i := range a.Branches {
		if !reflect.DeepEqual(a.Branches[i], b.Branches[i]) {
			t.Errorf("branch %+v, want %+v", b.Branches[i], a.Branches[i])
		}
	}
	if a.Tokens.Len() != b.Tokens.Len() || a.Tokens.At(2) != b.Tokens.At(2) {
		t.Errorf("%d tokens, want %d", b.Tokens.Len(), a.Tokens.Len())
	}
	bits(t, "h", b.Clean.At.H, a.Clean.At.H)
	bits(t, "Δ", b.Clean.Delta, a.Clean.Delta)
}

func TestRestoreRefuses(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	one := Line{At: -1, Tokens: lineTokens(1, 2)}
	for _, c := range []struct {
		lines   []Line
		current int
		want    string
	}{
		{nil, 1, "cannot be the current one of 0"},
		{[]Line{one}, 2, "cannot be the current one of 1"},
		{[]Line{one, {Parent: 2, At: 0}}, 1, "which is not before it"},
		{[]Line{one, {Parent: 1, At: 2}}, 1, "shares 3 tokens with branch 1, which has 2"},
		{[]Line{{At: 0}}, 1, "shares tokens with no branch"},
		{[]Line{{At: -1, Tokens: lineTokens(11)}}, 1, "id 11"},
		{[]Line{{At: -1, Name: strings.Repeat("x", maxName+1)}}, 1, "at most"},
	} {
		s := newSession(t, m, Options{})
		if err := s.Restore(context.Background(), c.lines, c.current); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	s := newSession(t, m, Options{})
	if err := s.TypeAt(context.Background(), End, "1", 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Restore(context.Background(), []Line{one}, 1); err == nil {
		t.Error("a history was replaced")
	}
}

// fixedMachine reads what it knows and nothing else.
type fixedMachine struct{ Machine }

func (fixedMachine) Missing() Missing { return Missing{Tokens: true, Why: "a recording"} }

// With a machine that knows its tokens alone, nothing is typed, taken back or
// generated, and the history stays.
func TestFixedTokens(t *testing.T) {
	s, err := On(fixedMachine{Live(newModel(t, small, scan.Float32))}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Restore(context.Background(), []Line{{At: -1, Tokens: lineTokens(1, 2, 3)}}, 1); err != nil {
		t.Fatal(err)
	}
	for _, op := range []Op{Type{At: 0, Text: "1"}, Type{At: End, Text: "1"}, Back{N: 1}, Generate{N: 1}, Clear{}} {
		if err := s.Do(context.Background(), op); err == nil || !strings.Contains(err.Error(), "needs the weights: this is a recording") {
			t.Errorf("%T: %v", op, err)
		}
	}
	if f := mustFrame(t, s, Look{}); f.Tokens.Len() != 3 || len(f.Branches) != 1 {
		t.Errorf("%d tokens on %d branches", f.Tokens.Len(), len(f.Branches))
	}
}

// Small vocabularies are told whole.
func TestToldGuesses(t *testing.T) {
	for vocab, want := range map[int]int{2: 2, 64: 64, 65: 16, 50280: 16} {
		if got := toldGuesses(vocab); got != want {
			t.Errorf("%d of %d ids", got, vocab)
		}
	}
}
