package session

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// losing is a backend that fails at the n-th Read, and from then on.
type losing struct {
	scan.Backend
	reads   int
	failure error
}

func (l *losing) Name() string { return "losing" }

func (l *losing) Read(dst []float32, src scan.Buffer, off int) error {
	if l.reads--; l.reads < 0 {
		return fmt.Errorf("cuda: launching scan: a kernel touched memory that is not its own (CUDA error 700): %w", l.failure)
	}
	return l.Backend.Read(dst, src, off)
}

// TestFallback: wherever the backend is lost, the session goes on with every
// token, and shows to the bit what one shows that never was on it.
func TestFallback(t *testing.T) {
	story := func(s *Session) error {
		ctx := context.Background()
		if _, err := s.Frame(ctx, Look{To: 40, Follow: true}); err != nil {
			return err
		}
		for _, text := range []string{"abbaabbaabababbabababaabbbabab", "b", "a"} {
			if err := s.TypeAt(ctx, End, text, 0); err != nil {
				return err
			}
			if _, err := s.Frame(ctx, Look{To: 40, Follow: true}); err != nil {
				return err
			}
		}
		if err := s.FreezeDelta(true); err != nil {
			return err
		}
		if err := s.TypeAt(ctx, End, "abab", 0); err != nil {
			return err
		}
		return s.Truncate(33)
	}
	look := Look{T: 20, From: 4, To: 33}
	options := func() Options { return Options{Card: letters, KeyframeEvery: 8} }
	want := newSession(t, newModel(t, lettered, scan.Float32), options())
	if err := story(want); err != nil {
		t.Fatal(err)
	}
	wanted, err := want.Frame(context.Background(), look)
	if err != nil {
		t.Fatal(err)
	}
	moved := 0
	for at := 0; ; at += 5 {
		failure := []error{scan.ErrLost, scan.ErrNoMemory}[at%2]
		m := newModelOn(t, lettered, &losing{scan.NewCPU(scan.Options{}), at, failure})
		o := options()
		other := newModel(t, lettered, scan.Float32)
		opened := 0
		o.Fallback = func(cause error) (*model.Model, string, error) {
			if opened++; !errors.Is(cause, failure) {
				t.Errorf("the cause is %v", cause)
			}
			return other, "the GPU is lost", nil
		}
		s, err := New(m, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := story(s); err != nil {
			t.Fatalf("lost at read %d: %v", at, err)
		}
		f, err := s.Frame(context.Background(), look)
		if err != nil {
			t.Fatalf("lost at read %d: %v", at, err)
		}
		if !slices.Equal(f.Tokens.all(), wanted.Tokens.all()) {
			t.Fatalf("lost at read %d: tokens %v, want %v", at, f.Tokens, wanted.Tokens)
		}
		for _, pair := range [][2]*Window{{f.Clean, wanted.Clean}, {f.Changed, wanted.Changed}} {
			got, want := pair[0], pair[1]
			for name, rows := range map[string][2][]float32{
				"h": {got.H, want.H}, "Δ": {got.Delta, want.Delta}, "the write": {got.Write, want.Write},
				"the kept share": {got.Lanes[1].Kept, want.Lanes[1].Kept}, "the norm of h": {got.Lanes[0].HNorm, want.Lanes[0].HNorm},
			} {
				same := func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }
				if len(rows[0]) == 0 || !slices.EqualFunc(rows[0], rows[1], same) {
					t.Fatalf("lost at read %d: %s is another one", at, name)
				}
			}
		}
		s.Close()
		if opened == 0 {
			break // the story has fewer reads
		}
		moved++
		if f.Info.Backend != other.Backend().Name() || f.Info.BackendNote != "the GPU is lost" ||
			!strings.Contains(f.Notice, "error 700") {
			t.Fatalf("lost at read %d: on %q (%q), notice %q", at, f.Info.Backend, f.Info.BackendNote, f.Notice)
		}
	}
	if moved < 20 {
		t.Errorf("the backend was lost at %d places, want at least 20", moved)
	}
}

// TestNoFallback: without another backend, or when that fails too, the error
// says so.
func TestNoFallback(t *testing.T) {
	for _, fallback := range []Fallback{nil, func(error) (*model.Model, string, error) { return nil, "", errors.New("no memory either") }} {
		m := newModelOn(t, lettered, &losing{scan.NewCPU(scan.Options{}), 3, scan.ErrLost})
		s := newSession(t, m, Options{Card: letters, Fallback: fallback})
		err := s.TypeAt(context.Background(), End, "abab", 0)
		if !errors.Is(err, scan.ErrLost) || fallback != nil && !strings.Contains(err.Error(), "no memory either") {
			t.Errorf("the error is %v", err)
		}
	}
}
