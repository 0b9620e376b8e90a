package session

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// slow is a machine that takes a millisecond a token.
type slow struct {
	live
	tokens atomic.Int64
}

func (m *slow) Forward(s MachineState, at Place, tokens []int32, o model.Options) error {
	m.tokens.Add(int64(len(tokens)))
	time.Sleep(time.Duration(len(tokens)) * time.Millisecond)
	return m.live.Forward(s, at, tokens, o)
}

// A changed run of a long history is computed while everything else goes on: a
// frame without it comes at once, keys are answered between its chunks, a newer
// tweak ends it, and the window that is looked at comes before the rest.
func TestEngineComputesBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &slow{live: live{newModel(t, lettered, scan.Float32)}}
		s, err := On(m, Options{Card: letters, KeyframeEvery: 16})
		if err != nil {
			t.Fatal(err)
		}
		e := Start(s)
		t.Cleanup(e.Close)
		e.Do(Type{At: End, Text: strings.Repeat("abba", 1000)})
		time.Sleep(time.Minute)
		e.Look(Look{T: 1010, From: 1000, To: 1020})
		time.Sleep(time.Minute)
		synctest.Wait()
		m.tokens.Store(0)

		e.Do(AddTweak{Tweak: all(DeltaGain, 2)})
		time.Sleep(200 * time.Millisecond)
		if f := e.Frame(); len(f.Tweaks) != 1 || f.Changed != nil || f.TweakPending < 3500 {
			t.Fatalf("after 0.2 s: %d tweaks, changed %v, %d pending", len(f.Tweaks), f.Changed != nil, f.TweakPending)
		}
		if m.tokens.Load() < 150 {
			t.Errorf("%d tokens in 200 ms", m.tokens.Load())
		}
		e.Do(AddTweak{Tweak: all(DeltaGain, 3)})
		time.Sleep(1200 * time.Millisecond)
		f := e.Frame()
		if f.Changed == nil || f.Tweaks[0].Value != 3 || f.Changed.From != 1000 || f.TweakPending == 0 {
			t.Fatalf("after 1.2 s more: changed %v, %d pending", f.Changed != nil, f.TweakPending)
		}
		if m.tokens.Load() > 1500 {
			t.Errorf("%d tokens for 1.4 s of millisecond tokens: the older tweak went on", m.tokens.Load())
		}
		// A key is answered while the rest is filled.
		e.Do(Type{At: End, Text: "a"})
		time.Sleep(150 * time.Millisecond)
		if f := e.Frame(); f.Tokens.Len() != 4001 || f.Changed == nil || f.TweakPending == 0 {
			t.Errorf("0.15 s after a key: %d tokens, changed %v, %d pending", f.Tokens.Len(), f.Changed != nil, f.TweakPending)
		}
		e.Look(Look{To: 20, Follow: true})
		time.Sleep(150 * time.Millisecond)
		if f := e.Frame(); f.Look.T != 4000 || f.Changed != nil {
			t.Errorf("0.15 s after looking at the end: cursor %d, changed %v", f.Look.T, f.Changed != nil)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		f = e.Frame()
		if f.TweakPending != 0 || f.Changed == nil || f.Changed.At.T != 4000 || f.Err != nil {
			t.Fatalf("%d pending, changed %v, error %v", f.TweakPending, f.Changed != nil, f.Err)
		}
		h, _, _ := stepped(t, m.Model, f.Tokens.all(), f.Tweaks, f.Look)
		bits(t, "h", f.Changed.At.H, h[len(h)-1])
		// Then typing brings both along.
		m.tokens.Store(0)
		e.Do(Type{At: End, Text: "b"})
		time.Sleep(time.Second)
		synctest.Wait()
		f = e.Frame()
		if f.Changed.At.T != 4001 || m.tokens.Load() > 8 {
			t.Errorf("cursor %d, %d tokens computed for one more", f.Changed.At.T, m.tokens.Load())
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if e.Frame() != f {
			t.Error("frames without a cause")
		}
	})
}

// Many tweaks in a row cost what the last costs.
func TestEngineCoalescesTweaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &slow{live: live{newModel(t, lettered, scan.Float32)}}
		s, err := On(m, Options{Card: letters})
		if err != nil {
			t.Fatal(err)
		}
		e := Start(s)
		t.Cleanup(e.Close)
		e.Do(Type{At: End, Text: strings.Repeat("abba", 50)})
		time.Sleep(time.Minute)
		synctest.Wait()
		m.tokens.Store(0)
		for i := range 100 {
			e.Do(AddTweak{Tweak: all(DeltaGain, float64(i)), More: true})
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if f := e.Frame(); f.Tweaks[0].Value != 99 || f.TweakPending != 0 || f.CanUndo != "Δ×99.0" {
			t.Errorf("tweak %+v, %d pending, undo %q", f.Tweaks[0], f.TweakPending, f.CanUndo)
		}
		if m.tokens.Load() > 600 {
			t.Errorf("%d tokens computed for 100 tweaks of 200", m.tokens.Load())
		}
	})
}

// A changed run that fails is given up with the reason; the clean one goes on.
func TestEngineGivesUpAChangedRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &slow{live: live{newModel(t, lettered, scan.Float32)}}
		f := &failing{slow: m}
		s, err := On(f, Options{Card: letters})
		if err != nil {
			t.Fatal(err)
		}
		e := Start(s)
		t.Cleanup(e.Close)
		e.Do(Type{At: End, Text: strings.Repeat("abba", 50)})
		time.Sleep(time.Minute)
		e.Do(AddTweak{Tweak: all(GateOff, 0)})
		time.Sleep(time.Minute)
		synctest.Wait()
		if fr := e.Frame(); fr.Err == nil || fr.Changed != nil || !fr.TweaksHidden || fr.TweakPending != 0 {
			t.Errorf("error %v, hidden %v, %d pending", fr.Err, fr.TweaksHidden, fr.TweakPending)
		}
		e.Do(Type{At: End, Text: "a"})
		time.Sleep(time.Minute)
		if fr := e.Frame(); fr.Err != nil || fr.Tokens.Len() != 201 {
			t.Errorf("error %v, %d tokens", fr.Err, fr.Tokens.Len())
		}
	})
}

// failing cannot compute tweaks.
type failing struct{ *slow }

func (m *failing) Forward(s MachineState, at Place, tokens []int32, o model.Options) error {
	if o.Tweaks != nil {
		return errShaky
	}
	return m.slow.Forward(s, at, tokens, o)
}
