package session

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mamba-tui/scan"
)

// A panic in the goroutine is told once, marks the engine dead and blocks
// nobody.
func TestEnginePanic(t *testing.T) {
	for _, early := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			e := startEngine(t, Options{})
			var told []any
			var stack string
			handler := func(v any, s []byte) {
				told = append(told, v)
				stack = string(s)
				e.Close() // as a program would
			}
			if early {
				e.OnPanic(handler)
			}
			e.Do(Type{At: End, Text: "ab"})
			e.Do(call(func(context.Context, *Session) error { panic("out of chalk") }))
			e.Do(Type{At: End, Text: "ab"})
			synctest.Wait()
			if !early {
				e.OnPanic(handler)
			}
			e.OnPanic(handler)
			f := e.Frame()
			if f.Err == nil || !strings.Contains(f.Err.Error(), "out of chalk") {
				t.Errorf("error %v", f.Err)
			}
			if len(told) != 1 || told[0] != "out of chalk" || !strings.Contains(stack, "TestEnginePanic") {
				t.Errorf("told %v with stack %q", told, stack)
			}
			e.Do(Type{At: End, Text: "ab"})
			e.Look(Look{})
			e.Stop()
			e.Close()
			if e.Frame() != f {
				t.Error("a dead engine has a new frame")
			}
		})
	}
}

func TestEngineClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, Options{KeyframeEvery: 16})
		chunks := 0
		e.Do(call(func(ctx context.Context, s *Session) error {
			s.between = func() {
				if chunks++; chunks == 3 {
					go e.Close()
					time.Sleep(time.Millisecond) // Close has cancelled when this returns
				}
			}
			return Type{At: End, Text: strings.Repeat("a", 1000)}.apply(ctx, s)
		}))
		e.Do(Type{At: End, Text: "b"})
		synctest.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		if chunks != 3 {
			t.Errorf("%d chunks, want the third to be the last", chunks)
		}
		e.Close()
		e.Do(Type{At: End, Text: "b"})
		e.Look(Look{})
		if e.Frame() == nil {
			t.Error("no frame after Close")
		}
		if err := e.s.Append(context.Background(), ids(1, 2)); err == nil {
			t.Error("the session is still open")
		}
	})
}

// Frames are read while the engine works; the race detector watches.
func TestEngineConcurrentReaders(t *testing.T) {
	e := startEngine(t, Options{Oracle: newModel(t, lettered, scan.Float64)})
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			var seq uint64
			var sum float32
			for {
				f := e.Frame()
				if f.Seq < seq {
					t.Error("frames went backwards")
					return
				}
				seq = f.Seq
				for _, w := range []*Window{f.Clean, f.Changed} {
					if w == nil {
						continue
					}
					for _, x := range w.Delta {
						sum += x
					}
					for _, l := range w.Lanes {
						for _, x := range l.Kept {
							sum += x
						}
					}
				}
				for _, tok := range f.Tokens.all() {
					sum += float32(tok.ID)
				}
				for _, ev := range f.Events {
					sum += float32(ev.T)
				}
				select {
				case <-done:
					return
				case <-e.Changed():
				case <-time.After(time.Millisecond):
				}
			}
		})
	}
	for i := range 60 {
		e.Do(Type{At: End, Text: "abbab"})
		e.Look(Look{T: i, From: i, To: 2 * i, Layer: i % 2, Follow: i%3 == 0})
		switch i % 10 {
		case 3:
			e.Do(Back{N: 7})
		case 5:
			e.Do(Freeze{On: i%20 == 5})
		case 7:
			e.Do(Type{At: 4, Text: "bb"})
		case 8:
			e.Do(Generate{N: 9, Sampler: Sampler{Temperature: 1}})
		}
		time.Sleep(time.Millisecond)
	}
	finished := make(chan struct{})
	e.Do(call(func(context.Context, *Session) error { close(finished); return nil }))
	<-finished
	close(done)
	wg.Wait()
}
