package session

import (
	"context"
	"errors"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// shaky is a backend whose reads fail while failures is above 0.
type shaky struct {
	scan.Backend
	failures int
}

var errShaky = errors.New("device lost")

func (s *shaky) Read(dst []float32, src scan.Buffer, off int) error {
	if s.failures > 0 {
		s.failures--
		return errShaky
	}
	return s.Backend.Read(dst, src, off)
}

func shakySession(t *testing.T) (*Session, *shaky) {
	t.Helper()
	b := &shaky{Backend: scan.NewCPU(scan.Options{})}
	m, err := model.New(b, small, model.RandomWeights(small, 7))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return newSession(t, m, Options{KeyframeEvery: 8}), b
}

// A device that fails once costs the tokens of that call and nothing else: the
// state is rebuilt as it was.
func TestOneFailureIsRepaired(t *testing.T) {
	s, b := shakySession(t)
	mustAppend(t, s, ids(30, 11))
	if err := s.FreezeDelta(true); err != nil {
		t.Fatal(err)
	}
	b.failures = 1
	if err := s.Append(context.Background(), ids(5, 11)); !errors.Is(err, errShaky) {
		t.Fatalf("error %v", err)
	}
	if s.Len() != 30 || s.tokens.Len() != 30 || s.pending != 0 {
		t.Fatalf("%d tokens done, %d kept, %d pending, want 30, 30, 0", s.Len(), s.tokens.Len(), s.pending)
	}
	b.failures = 1
	if _, err := s.Frame(context.Background(), Look{T: 20, To: 30}); !errors.Is(err, errShaky) {
		t.Fatalf("error %v", err)
	}
	b.failures = 1
	if err := (Generate{N: 5}).apply(context.Background(), s); !errors.Is(err, errShaky) || s.pending != 0 || s.Len() != 30 {
		t.Fatalf("error %v, %d pending, %d tokens", err, s.pending, s.Len())
	}
	want, _ := shakySession(t)
	mustAppend(t, want, s.tokens.all())
	sameState(t, s, want)
	sameWindow(t, mustFrame(t, s, Look{T: 20, To: 30}).Clean, mustFrame(t, want, Look{T: 20, To: 30}).Clean)
	mustAppend(t, s, ids(5, 11))
	mustAppend(t, want, ids(5, 11))
	sameState(t, s, want)
}

// A device that is gone ends the session with its reason, and no later call
// pretends otherwise.
func TestALostDeviceIsSaid(t *testing.T) {
	s, b := shakySession(t)
	mustAppend(t, s, ids(30, 11))
	b.failures = 1 << 30
	if err := s.Append(context.Background(), ids(5, 11)); !errors.Is(err, errShaky) {
		t.Fatalf("error %v", err)
	}
	b.failures = 0
	_, frame := s.Frame(context.Background(), Look{})
	_, next := s.Next(Sampler{})
	for _, err := range []error{
		s.Append(context.Background(), ids(1, 11)), s.Truncate(3), s.Clear(), s.FreezeDelta(true),
		s.TypeAt(context.Background(), End, "1", 0), s.CheckParity(context.Background()), frame, next,
	} {
		if !errors.Is(err, errShaky) {
			t.Errorf("error %v after the state was lost", err)
		}
	}
}
