package session

import (
	"context"
	"runtime"
	"testing"
	"time"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// exact is a session with a hand-written model.
func exact(t testing.TB, o Options, build func() (model.Config, *model.Weights, model.Card)) *Session {
	t.Helper()
	cfg, w, card := build()
	m, err := model.New(scan.NewCPU(scan.Options{}), cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	o.Card = card
	return newSession(t, m, o)
}

// heap is the live heap in bytes.
func heap() uint64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// allocated is what the program has allocated so far, in bytes.
func allocated() uint64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.TotalAlloc
}

// 100,000 tokens take the memory of their tokens and lanes and no more than the
// budget of keyframes, also when they are typed one by one with frames between,
// and a token at the end does no more work than one at the start.
func TestLongHistory(t *testing.T) {
	const n, budget = 100_000, 1 << 20
	s := exact(t, Options{KeyframeBytes: budget}, task.HeaderExact)
	tokens := ids(n, s.vocab)
	before := heap()
	var spent [10]time.Duration
	var made [11]uint64 // bytes allocated since the start of the program
	ctx := context.Background()
	for i := range tokens {
		if i%(n/10) == 0 {
			made[i*10/n] = allocated()
		}
		start := time.Now()
		if err := s.Append(ctx, tokens[i:i+1]); err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			f, err := s.Frame(ctx, Look{To: 100, Follow: true})
			if err != nil {
				t.Fatal(err)
			}
			if i > 0 && f.Timing.RescanTokens != 50 {
				t.Fatalf("token %d: %d tokens computed again for the frame, want the 50 new ones", i, f.Timing.RescanTokens)
			}
		}
		spent[i*10/n] += time.Since(start)
	}
	made[10] = allocated()
	if got := s.clean.keys.count(); got > s.clean.keys.max || s.clean.keys.max > budget/1000 {
		t.Errorf("%d keyframes, at most %d", got, s.clean.keys.max)
	}
	used := heap() - before
	// 24 bytes a token, 24 a lane, a quarter more for growing, the keyframes
	// with their headers, and the newest window.
	if limit := uint64(n*(24+24)*5/4 + 2*budget + 1<<20); used > limit {
		t.Errorf("%d tokens took %d bytes, want at most %d", n, used, limit)
	}
	runtime.KeepAlive(tokens)
	t.Logf("%d tokens: %.1f MB, %d keyframes", n, float64(used)/1e6, s.clean.keys.count())
	for i, x := range spent {
		t.Logf("tenth %d: %v and %d bytes allocated a token", i, x/(n/10), (made[i+1]-made[i])/(n/10))
	}
	// Something copied or scanned once a token would allocate or take ten times
	// as much at the end. Growing slices allocate all of themselves now and then.
	if first, last := made[2]-made[1], made[10]-made[9]; last > first+first/2+n*(24+24)*5/4 {
		t.Errorf("the last tenth allocated %d bytes, the second %d", last, first)
	}
	for _, l := range []Look{{T: 50_000, From: 49_950, To: 50_050}, {T: 3, To: 100}} {
		f := mustFrame(t, s, l)
		if f.Timing.RescanTokens > 100+4*n/s.clean.keys.max {
			t.Errorf("looking at token %d took %d tokens", l.T, f.Timing.RescanTokens)
		}
	}
}
