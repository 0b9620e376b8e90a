package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mamba-tui/scan"
)

// call is a mutation made of a function.
type call func(ctx context.Context, s *Session) error

func (c call) apply(ctx context.Context, s *Session) error { return c(ctx, s) }

// startEngine runs an engine on a new session. It is closed at the end.
func startEngine(t *testing.T, o Options) *Engine {
	t.Helper()
	cfg := lettered
	if o.Card.Symbols == nil {
		o.Card = letters
	}
	s, err := New(newModel(t, cfg, scan.Float32), o)
	if err != nil {
		t.Fatal(err)
	}
	e := Start(s)
	t.Cleanup(e.Close)
	return e
}

func ids32(f *Frame) []int32 {
	return f.Tokens.ids(nil, 0, f.Tokens.Len())
}

func TestEngineTypes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, Options{})
		if f := e.Frame(); f == nil || f.Clean == nil || f.Look.T != -1 {
			t.Fatal("no frame at the start")
		}
		synctest.Wait()
		<-e.Changed()
		for range 5 {
			e.Do(Type{At: End, Text: "ab", Flags: FromKeys})
		}
		e.Do(Back{N: 3})
		e.Do(Type{At: End, Text: "b"})
		e.Do(Back{N: -3})
		synctest.Wait()
		f := e.Frame()
		if want := []int32{0, 1, 0, 1, 0, 1, 0, 1}; !slices.Equal(ids32(f), want) {
			t.Errorf("tokens %v, want %v", ids32(f), want)
		}
		if f.Look.T != 7 || f.Clean.At == nil || f.Clean.At.T != 7 || f.Pending != 0 || f.Err != nil {
			t.Errorf("look %+v, pending %d, error %v", f.Look, f.Pending, f.Err)
		}
		select {
		case <-e.Changed():
		default:
			t.Error("Changed is silent")
		}
		select {
		case <-e.Changed():
			t.Error("Changed speaks twice")
		default:
		}
		e.Do(Type{At: 2, Text: "b"})
		synctest.Wait()
		if f := e.Frame(); f.Branch.ID != 2 || f.Tokens.Len() != 4 || f.Look.T != 3 {
			t.Errorf("branch %+v, %d tokens, look %+v", f.Branch, f.Tokens.Len(), f.Look)
		}
		e.Do(Freeze{On: true})
		e.Do(Type{At: End, Text: "a"})
		synctest.Wait()
		if f := e.Frame(); f.Changed == nil || f.Changed.At.T != 4 || len(f.Tweaks) != 1 {
			t.Error("no changed run")
		}
		e.Do(Freeze{})
		e.Do(Clear{})
		e.Do(Back{N: 5})
		synctest.Wait()
		if f := e.Frame(); f.Changed != nil || f.Tokens.Len() != 0 || f.Branch.Count != 3 || f.Look.T != -1 {
			t.Errorf("after clearing: %+v", f)
		}
	})
}

func TestEngineGenerates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, Options{})
		e.Do(Type{At: End, Text: "abab", Flags: FromPrompt})
		e.Do(Generate{N: 30, Sampler: Sampler{Temperature: 2, Seed: 4}})
		synctest.Wait()
		first := e.Frame()
		if first.Tokens.Len() != 34 || first.Pending != 0 || first.Tokens.At(20).Flags&Generated == 0 {
			t.Fatalf("%d tokens, %d pending", first.Tokens.Len(), first.Pending)
		}
		e.Do(Back{N: 30})
		for range 30 { // one by one gives the same
			e.Do(Generate{N: 1, Sampler: Sampler{Temperature: 2, Seed: 4}})
		}
		synctest.Wait()
		if !slices.Equal(ids32(e.Frame()), ids32(first)) {
			t.Error("another text from the same seed")
		}
	})
}

// Errors are shown, nothing changes, and the next mutation works.
func TestEngineErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, Options{Strict: true})
		e.Do(Generate{N: 5})
		synctest.Wait()
		if f := e.Frame(); f.Err == nil || !strings.Contains(f.Err.Error(), "empty") {
			t.Errorf("error %v", f.Err)
		}
		e.Do(Type{Text: "a!"})
		synctest.Wait()
		if f := e.Frame(); f.Err == nil || f.Tokens.Len() != 0 {
			t.Errorf("error %v, %d tokens", f.Err, f.Tokens.Len())
		}
		e.Do(Type{Text: "a"})
		synctest.Wait()
		if f := e.Frame(); f.Err != nil || f.Tokens.Len() != 1 {
			t.Errorf("error %v, %d tokens", f.Err, f.Tokens.Len())
		}
		// A view that fails keeps the last picture and says why.
		e.Do(call(func(context.Context, *Session) error { e.s.broken = errors.New("no device"); return nil }))
		synctest.Wait()
		if f := e.Frame(); f.Err == nil || f.Err.Error() != "no device" || f.Tokens.Len() != 1 || f.Clean.At == nil {
			t.Errorf("error %v, %d tokens", f.Err, f.Tokens.Len())
		}
		e.Do(call(func(context.Context, *Session) error { e.s.broken = nil; return nil }))
		synctest.Wait()
		if f := e.Frame(); f.Err != nil {
			t.Errorf("error %v after the device came back", f.Err)
		}
	})
}

// Mutations from several goroutines all happen, each goroutine's in its order.
func TestEngineLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, Options{})
		var mu sync.Mutex
		var seen []string
		var wg sync.WaitGroup
		const senders, each = 4, 50
		for g := range senders {
			wg.Go(func() {
				for i := range each {
					e.Do(Type{At: End, Text: "a"})
					e.Do(call(func(context.Context, *Session) error {
						mu.Lock()
						seen = append(seen, fmt.Sprintf("%d:%02d", g, i))
						mu.Unlock()
						return nil
					}))
					e.Look(Look{T: i, To: 30})
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		if f := e.Frame(); f.Tokens.Len() != senders*each {
			t.Errorf("%d tokens, want %d", f.Tokens.Len(), senders*each)
		}
		for g := range senders {
			last := ""
			n := 0
			for _, s := range seen {
				if strings.HasPrefix(s, fmt.Sprint(g)) {
					if n++; s <= last {
						t.Fatalf("%s after %s", s, last)
					}
					last = s
				}
			}
			if n != each {
				t.Errorf("%d mutations of sender %d, want %d", n, g, each)
			}
		}
	})
}

// The newest Look is the one that is answered, and one that came while another
// was being computed ends it.
func TestEngineNewestLookWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, Options{KeyframeEvery: 64})
		e.Do(Type{At: End, Text: strings.Repeat("abba", 500)})
		synctest.Wait()
		seq := e.Frame().Seq
		for i := range 100 {
			e.Look(Look{T: i, From: 0, To: 200})
		}
		synctest.Wait()
		f := e.Frame()
		if f.Look != (Look{T: 99, To: 200}) {
			t.Errorf("look %+v", f.Look)
		}
		if f.Seq-seq > 100 {
			t.Errorf("%d frames for 100 looks", f.Seq-seq)
		}
		// One under way: the mutation holds the goroutine, a look is cancelled by
		// a newer one from within the first chunk.
		var cancelled bool
		e.Do(call(func(context.Context, *Session) error {
			ctx, cancel := context.WithCancel(e.ctx)
			e.mu.Lock()
			e.cancelView = cancel
			e.mu.Unlock()
			e.Look(Look{T: 5, To: 9})
			cancelled = ctx.Err() != nil
			return nil
		}))
		synctest.Wait()
		if !cancelled {
			t.Error("a newer Look left the older one running")
		}
		if f := e.Frame(); f.Look != (Look{T: 5, To: 9}) {
			t.Errorf("look %+v", f.Look)
		}
	})
}

// A queue of slow mutations does not keep the screen waiting.
func TestEngineShowsBetweenMutations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, Options{})
		synctest.Wait()
		seq := e.Frame().Seq
		for range 40 {
			e.Do(call(func(ctx context.Context, s *Session) error {
				time.Sleep(50 * time.Millisecond)
				return Type{At: End, Text: "a"}.apply(ctx, s)
			}))
		}
		time.Sleep(1925 * time.Millisecond) // in the middle of the 39th
		frames := e.Frame().Seq - seq
		if frames < 5 || frames > 10 { // one after every sixth, of 50 ms, passes 250 ms
			t.Errorf("%d frames in 1.9 s of mutations", frames)
		}
		time.Sleep(time.Second)
		if f := e.Frame(); f.Tokens.Len() != 40 {
			t.Errorf("%d tokens, want 40", f.Tokens.Len())
		}
	})
}

// A mutation ends a view under way, but not one that the screen has waited for.
func TestEngineMutationsComeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, Options{})
		synctest.Wait()
		yielding := func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return e.yielding
		}
		e.Do(Type{At: End, Text: "a"})
		synctest.Wait()
		if !yielding() {
			t.Error("a view right after another does not yield to a mutation")
		}
		time.Sleep(time.Second)
		e.Do(Type{At: End, Text: "a"})
		synctest.Wait()
		if yielding() {
			t.Error("a view after a second without one yields to a mutation")
		}
		for _, yields := range []bool{true, false} {
			cancelled := false
			e.Do(call(func(context.Context, *Session) error {
				ctx, cancel := context.WithCancel(e.ctx)
				defer cancel()
				e.mu.Lock()
				e.cancelView, e.yielding = cancel, yields
				e.mu.Unlock()
				e.Do(Back{})
				cancelled = ctx.Err() != nil
				return nil
			}))
			synctest.Wait()
			if cancelled != yields {
				t.Errorf("a view that yields is %v: cancelled is %v", yields, cancelled)
			}
		}
	})
}

// A long mutation shows how far it is, answers new looks, and can be stopped.
func TestEngineProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, Options{KeyframeEvery: 16})
		e.Do(Type{At: End, Text: "abab"})
		synctest.Wait()
		var progress []*Frame
		chunks := 0
		e.Do(call(func(ctx context.Context, s *Session) error {
			between := s.between
			defer func() { s.between = between }()
			s.between = func() {
				chunks++
				if chunks == 5 {
					e.Look(Look{T: 3, To: 4})
				}
				time.Sleep(30 * time.Millisecond) // a slow model, in virtual time
				seq := e.Frame().Seq
				between()
				if f := e.Frame(); f.Seq != seq {
					progress = append(progress, f)
				}
				if chunks == 5 && e.Frame().Look.T != 3 {
					t.Error("a new Look waited for more than the chunk under way")
				}
				if chunks == 40 {
					e.Stop()
				}
			}
			return Type{At: End, Text: strings.Repeat("a", 2000)}.apply(ctx, s)
		}))
		e.Do(Type{At: End, Text: "b"})
		synctest.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		f := e.Frame()
		if n := f.Tokens.Len(); n != 4+12+39*16+1 {
			t.Errorf("%d tokens after stopping, want %d", n, 4+12+39*16+1)
		}
		if f.Err != nil || f.Pending != 0 {
			t.Errorf("error %v, %d pending", f.Err, f.Pending)
		}
		if n := len(progress); n < 8 || n > 15 { // 1.2 s, one a 120 ms and one for the Look
			t.Errorf("%d frames on the way", n)
		}
		looked := false
		for i, p := range progress {
			if p.Pending+p.Tokens.Len() != 2004 {
				t.Errorf("frame %d: %d tokens and %d pending, want 2004 together", i, p.Tokens.Len(), p.Pending)
			}
			looked = looked || p.Look.T == 3 && !p.Look.Follow
		}
		if !looked || f.Look.T != 3 {
			t.Error("the Look from the middle was not answered")
		}
	})
}

func TestEngineStopsGenerating(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, Options{})
		e.Do(Type{At: End, Text: "ab"})
		e.Do(call(func(ctx context.Context, s *Session) error {
			between, n := s.between, 0
			defer func() { s.between = between }()
			s.between = func() {
				if n++; n == 10 {
					e.Stop()
				}
			}
			return Generate{N: 1 << 40}.apply(ctx, s)
		}))
		synctest.Wait()
		f := e.Frame()
		if f.Tokens.Len() != 12 || f.Err != nil || !strings.HasPrefix(f.Notice, "stopped with ") {
			t.Errorf("%d tokens, error %v, notice %q", f.Tokens.Len(), f.Err, f.Notice)
		}
	})
}

func TestEngineParity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, Options{Oracle: newModel(t, lettered, scan.Float64)})
		e.Do(Type{At: End, Text: "abab"})
		synctest.Wait()
		if e.Frame().Parity.Known {
			t.Error("parity before the engine was idle")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		f := e.Frame()
		if p := f.Parity; !p.Known || p.To != 4 || !(p.Rel < 1e-5) {
			t.Errorf("parity %+v", p)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if e.Frame() != f {
			t.Error("frames without a cause")
		}
		e.Do(Back{}) // changes nothing: a frame, and no second one for parity
		synctest.Wait()
		f = e.Frame()
		time.Sleep(time.Minute)
		synctest.Wait()
		if e.Frame() != f {
			t.Error("a frame for a parity that did not change")
		}
		e.Do(Type{At: End, Text: "b"})
		time.Sleep(time.Second)
		synctest.Wait()
		if p := e.Frame().Parity; p.To != 5 {
			t.Errorf("parity %+v after another token", p)
		}
	})
}

// A frame says which mutations are in it, the one that failed among them.
func TestFrameSaysWhatIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, Options{})
		first := e.Do(Type{At: End, Text: "abab"})
		failed := e.Do(SetMark{T: 99})
		last := e.Do(SetMark{T: 1})
		if first != 1 || failed != 2 || last != 3 {
			t.Fatalf("numbers %d %d %d, want 1 2 3", first, failed, last)
		}
		synctest.Wait()
		if f := e.Frame(); f.Done != last || f.Tokens.Len() != 4 || len(f.Marks) != 1 {
			t.Errorf("after %d mutations: %d tokens, marks %v", f.Done, f.Tokens.Len(), f.Marks)
		}
	})
}
