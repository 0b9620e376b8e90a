package session

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// notes keeps everything it is told.
type notes struct {
	t      *testing.T
	s      *Session
	acts   []string
	beside []Beside
	// branch → token → what was told of it
	rows map[int]map[int]row
	fail int // the call that fails; 0: none
}

type row struct {
	token Token
	drive [][]float32 // a layer and array: Δ, u, B, C, h
	top   []Guess
}

var errFull = errors.New("no space left")

func (n *notes) call() error {
	if n.fail--; n.fail == 0 {
		return errFull
	}
	return nil
}

func (n *notes) Act(op Op, at Place) error {
	n.acts = append(n.acts, fmt.Sprintf("%d@%d %T", at.ID, at.T, op))
	return n.call()
}

func (n *notes) Beside(b *Beside) error {
	n.beside = append(n.beside, *b)
	return nil
}

// last is what each branch was last told to be, but for its length.
func (n *notes) last() map[int]Beside {
	m := map[int]Beside{}
	for _, b := range n.beside {
		b.Branch.Len = 0
		m[b.Branch.ID] = b
	}
	return m
}

func (n *notes) Steps(st *Steps) error {
	id := st.Branch.ID
	if n.rows[id] == nil {
		n.rows[id] = map[int]row{}
	}
	for i, tok := range st.Tokens {
		r := row{token: tok, top: slices.Clone(st.Top[i])}
		for l, rec := range st.Records {
			D, N := small.DInner, small.DState
			if rec.Layer != l || len(rec.Delta) != len(st.Tokens)*D {
				n.t.Fatalf("record of layer %d at %d", rec.Layer, l)
			}
			for _, a := range []struct {
				x []float32
				n int
			}{{rec.Delta, D}, {rec.U, D}, {rec.B, N}, {rec.C, N}, {rec.H, D * N}} {
				r.drive = append(r.drive, slices.Clone(a.x[i*a.n:(i+1)*a.n]))
			}
		}
		n.rows[id][st.From+i] = r
	}
	var snap model.Snapshot
	if err := st.State(&snap); err != nil {
		n.t.Fatal(err)
	}
	for l, rec := range st.Records {
		bits(n.t, "state after the steps", snap.H[l], rec.H[len(rec.H)-len(snap.H[l]):])
	}
	if st.Branch.Len != st.From+len(st.Tokens) {
		n.t.Fatalf("%d tokens from %d on make a branch of %d", len(st.Tokens), st.From, st.Branch.Len)
	}
	return n.call()
}

// observedHistory runs a history with branches and a roll-back. During it every
// token is told once, before it a recording can begin at any time.
func observedHistory(t *testing.T, m *model.Model, recordAt int) *notes {
	s := newSession(t, m, Options{KeyframeEvery: 5})
	n := &notes{t: t, s: s, rows: map[int]map[int]row{}}
	ops := []Op{
		Type{At: End, Text: "1 2 3 4 5 6 7 8 9 10 1 2 3 4 5 6 7 8 9"},
		SetMark{3, "x"},
		Generate{N: 3},
		Back{N: 5},
		Type{At: 4, Text: "7 7 7"},
		Type{At: 2, Text: "5"},
		Freeze{On: true},
		Type{At: End, Text: "1 1"},
	}
	for i, op := range ops {
		if i == recordAt {
			if err := s.Do(context.Background(), Record{n}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Do(context.Background(), op); err != nil {
			t.Fatal(err)
		}
		if f := mustFrame(t, s, Look{Follow: true, To: 9}); f.Recording != (i >= recordAt) {
			t.Fatalf("recording is %v after operation %d", f.Recording, i)
		}
	}
	if recordAt == len(ops) {
		if err := s.Replay(context.Background(), n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// Whenever the recording begins, what is told of the tokens that are there at
// the end is the same, bit for bit.
func TestObserversAreToldEverything(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	first := observedHistory(t, m, 0)
	if want := []string{"1@0 session.Type", "1@19 session.SetMark", "1@19 session.Generate", "1@22 session.Back", "1@17 session.Type", "2@8 session.Type", "3@4 session.AddTweak", "3@4 session.Type"}; !slices.Equal(first.acts, want) {
		t.Errorf("acts %q, want %q", first.acts, want)
	}
	for branch, want := range map[int][2]int{1: {0, 22}, 2: {5, 8}, 3: {3, 6}} {
		if len(first.rows[branch]) != want[1]-want[0] {
			t.Errorf("branch %d: %d tokens told, want %d", branch, len(first.rows[branch]), want[1]-want[0])
		}
		for i := want[0]; i < want[1]; i++ {
			if _, ok := first.rows[branch][i]; !ok {
				t.Errorf("branch %d: token %d was not told", branch, i)
			}
		}
	}
	if b := first.last(); len(b) != 3 || len(b[1].Marks) != 1 || len(b[2].Marks) != 1 || len(b[3].Tweaks) != 1 || b[3].Tweaks[0].Vector == nil || !b[3].Branch.Current || b[1].Branch.Current {
		t.Errorf("beside the tokens: %+v", b)
	}
	for i := 17; i < 22; i++ {
		delete(first.rows[1], i) // rolled back: a late recording does not know them
	}
	for at := 4; at <= 8; at++ {
		late := observedHistory(t, m, at)
		if !reflect.DeepEqual(late.rows, first.rows) {
			t.Errorf("a recording that begins before operation %d tells something else", at)
		}
		if !reflect.DeepEqual(late.last(), first.last()) {
			t.Errorf("a recording that begins before operation %d tells something else beside the tokens", at)
		}
	}
}

// An observer that fails is dropped and said so; the session goes on.
func TestAFailingObserverIsDropped(t *testing.T) {
	s := newSession(t, newModel(t, small, scan.Float32), Options{})
	for fail := 1; fail <= 2; fail++ {
		n := &notes{t: t, s: s, rows: map[int]map[int]row{}}
		if err := s.Truncate(0); err != nil {
			t.Fatal(err)
		}
		if err := s.Record(context.Background(), n); err != nil {
			t.Fatal(err)
		}
		n.fail = fail
		if err := s.Do(context.Background(), Type{At: End, Text: "1 2 3"}); err != nil {
			t.Fatal(err)
		}
		f := mustFrame(t, s, Look{})
		if f.Recording || f.Tokens.Len() != 3 || !strings.Contains(f.Notice, "no space left") {
			t.Errorf("recording %v, %d tokens, notice %q", f.Recording, f.Tokens.Len(), f.Notice)
		}
	}
	// One that cannot take the past does not begin.
	n := &notes{t: t, s: s, rows: map[int]map[int]row{}, fail: 1}
	if err := s.Do(context.Background(), Record{n}); !errors.Is(err, errFull) || s.observer != nil {
		t.Errorf("error %v", err)
	}
}

// A machine without logits, gate and window: their arrays are nil and nothing
// is invented.
func TestAMachineThatLacks(t *testing.T) {
	s, err := On(&lacking{live{newModel(t, small, scan.Float32)}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Do(context.Background(), Type{At: End, Text: "1 2 3 4"}); err != nil {
		t.Fatal(err)
	}
	f := mustFrame(t, s, Look{T: 2, To: 4})
	w := f.Clean
	if !f.Info.Missing.Gate || w.Z != nil || w.At.Z != nil || w.At.Window != nil || w.At.Gated != nil {
		t.Error("arrays of what is missing")
	}
	if want := []Guess{{ID: 0, P: 1}, {ID: 1, P: 1}, {ID: 2, P: 1}, {ID: 3, P: 1}}; !slices.Equal(w.Top, want) || !slices.Equal(w.At.Top, want[2:3]) {
		t.Errorf("guesses %v, at the cursor %v, want what the machine recorded: %v", w.Top, w.At.Top, want)
	}
	if err := s.FreezeDelta(true); err != nil {
		t.Fatal(err)
	}
	if f := mustFrame(t, s, Look{T: 2, To: 4}); f.Changed.Top != nil || f.Changed.At.Top != nil {
		t.Errorf("guesses of a changed run without logits: %v", f.Changed.At.Top)
	}
	if err := s.Do(context.Background(), Generate{N: 1}); err == nil || !strings.Contains(err.Error(), "no weights") {
		t.Errorf("error %v", err)
	}
}

type lacking struct{ live }

func (l *lacking) Missing() Missing {
	return Missing{Gate: true, Conv: true, Residual: true, Logits: true, Why: "no weights"}
}

func (l *lacking) Forward(s MachineState, at Place, tokens []int32, o model.Options) error {
	if o.Logits != nil {
		return errors.New("logits asked of a machine without")
	}
	if o.Tap != nil {
		tap := *o.Tap
		tap.What &^= model.TapAll &^ (model.TapDrive | model.TapH)
		if o.Tap.What&model.TapZ != 0 && o.Tap.What != model.TapAll {
			return errors.New("the gate asked of a machine without")
		}
		o.Tap = &tap
	}
	return l.live.Forward(s, at, tokens, o)
}

func (l *lacking) Guesses(at Place, count, n int) ([][]Guess, error) {
	list := make([][]Guess, count)
	for i := range list {
		list[i] = []Guess{{ID: int32(at.T + i), P: 1}}
	}
	return list, nil
}
