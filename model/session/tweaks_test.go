package session

import (
	"context"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// do applies operations in order.
func do(t rapid.TB, s *Session, ops ...Op) {
	t.Helper()
	for _, op := range ops {
		if err := s.Do(context.Background(), op); err != nil {
			t.Fatalf("%#v: %v", op, err)
		}
	}
}

// all is a tweak of a kind on everything.
func all(kind TweakKind, value float64) Tweak {
	return Tweak{Kind: kind, Layer: -1, Channel: -1, State: -1, To: End, Value: value}
}

// A second run whose tweaks change nothing is the first one, bit for bit.
func TestNeutralTweaksAreTheCleanRun(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	for name, tweak := range map[string]Tweak{
		"gain 1": all(DeltaGain, 1), "bias 0": all(DeltaBias, 0), "A×1": all(AScale, 1),
		"all taps": all(ConvTaps, float64(small.DConv)), "all states": all(FirstStates, float64(small.DState)),
		"released rule": all(UseRule, 0), "beyond the end": {Kind: GateOff, Layer: -1, From: 1000},
	} {
		s := newSession(t, m, Options{KeyframeEvery: 16})
		mustAppend(t, s, ids(100, 11))
		do(t, s, AddTweak{Tweak: tweak})
		mustFrame(t, s, Look{To: 100})
		mustAppend(t, s, ids(20, 11))
		t.Log(name)
		sameRun(t, s.changed, s.clean)
		f := mustFrame(t, s, Look{T: 80, From: 70, To: 110})
		sameWindow(t, f.Changed, f.Clean)
		for l := range f.Divergence.H {
			for i, x := range f.Divergence.H[l] {
				if x != 0 || f.Divergence.Output[i] != 0 {
					t.Fatalf("a divergence of %v and %v", x, f.Divergence.Output[i])
				}
			}
		}
	}
}

func TestFreezeDelta(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	s := newSession(t, m, Options{KeyframeEvery: 16})
	tokens := ids(100, 11)
	mustAppend(t, s, tokens)
	all := mustFrame(t, s, Look{T: 99, Layer: 1, To: 100})
	if err := s.FreezeDelta(true); err != nil {
		t.Fatal(err)
	}
	constant := s.overlay().list[0].Vector
	for d := range small.DInner {
		var column []float64
		for i := range 100 {
			column = append(column, float64(all.Clean.Delta[i*small.DInner+d]))
		}
		want := stat.Mean(column, nil)
		if got := float64(constant[1][d]); math.Abs(got-want) > 1e-6*want {
			t.Errorf("channel %d frozen at %v, the mean is %v", d, got, want)
		}
	}
	check := func(layer int) {
		t.Helper()
		l := s.resolve(Look{T: s.Len() - 1, Layer: layer, From: s.Len() - 30, To: s.Len()})
		f := mustFrame(t, s, l)
		sameWindow(t, f.Clean, direct(t, m, s.tokens.all(), nil, l, s.groups))
		sameWindow(t, f.Changed, direct(t, m, s.tokens.all(), s.changed.plan.at(0).tweaks, l, s.groups))
		for i, x := range f.Changed.Delta {
			if x != constant[layer][i%small.DInner] {
				t.Fatalf("Δ of token %d is %v, want the constant %v", f.Look.From+i/small.DInner, x, constant[layer][i%small.DInner])
			}
		}
		if len(f.Tweaks) != 1 || f.Tweaks[0].Scope() != "all layers · all channels · from t=0 · mean of 100 tokens of branch 1" {
			t.Errorf("tweaks %+v", f.Tweaks)
		}
	}
	check(0)
	// Typing advances both; the constant stays what it was.
	mustAppend(t, s, tokens[:33])
	check(1)
	if err := s.Truncate(70); err != nil {
		t.Fatal(err)
	}
	check(1)
	if err := s.TypeAt(context.Background(), 40, "1 2 3", 0); err != nil {
		t.Fatal(err)
	}
	check(0)
	if err := s.FreezeDelta(true); err != nil { // again: nothing changes
		t.Fatal(err)
	}
	if &constant[0][0] != &s.overlay().list[0].Vector[0][0] {
		t.Error("a second press froze Δ at another mean")
	}
	if err := s.FreezeDelta(false); err != nil {
		t.Fatal(err)
	}
	if f := mustFrame(t, s, Look{T: 3, To: 9}); f.Changed != nil || len(f.Tweaks) != 0 {
		t.Error("the changed run is still there")
	}
	want := newSession(t, m, Options{})
	mustAppend(t, want, s.tokens.all())
	sameState(t, s, want)
}

// Rolling back to before the place where the changed run begins, and going on,
// begins it anew.
func TestRollBackBeforeATweak(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	s := newSession(t, m, Options{KeyframeEvery: 4})
	mustAppend(t, s, ids(60, 11))
	do(t, s, AddTweak{Tweak: Tweak{Kind: GateOff, Layer: -1, From: 41, To: End}})
	mustFrame(t, s, Look{To: 60})
	if s.changed.origin.at != 40 {
		t.Fatalf("the changed run begins at token %d", s.changed.origin.at)
	}
	for _, n := range []int{50, 40, 39, 7} {
		if err := s.Truncate(n); err != nil {
			t.Fatal(err)
		}
		if f := mustFrame(t, s, Look{T: n - 1, To: 60}); f.Changed.To != n || f.Changed.At == nil {
			t.Fatalf("rolled back to %d tokens, %d are shown", n, f.Changed.To)
		}
	}
	mustAppend(t, s, ids(90, 11)[37:]) // others than were there
	l := Look{T: 59, Layer: 1, From: 30, To: 60}
	f := mustFrame(t, s, l)
	h, _, _ := stepped(t, m, s.tokens.all(), s.overlay().list, l)
	bits(t, "h", f.Changed.H, slices.Concat(h...))
}

// random draws a tweak for a history of about n tokens.
func random(t *rapid.T, n int) Tweak {
	x := Tweak{
		Kind:  rapid.SampledFrom(Kinds()).Draw(t, "kind"),
		Layer: rapid.IntRange(-1, small.NLayer-1).Draw(t, "layer"), Channel: rapid.IntRange(-1, small.DInner-1).Draw(t, "channel"), State: rapid.IntRange(-1, small.DState-1).Draw(t, "state"),
		From: rapid.IntRange(0, n+3).Draw(t, "from"), To: End,
		Value: rapid.SampledFrom([]float64{0, 0.5, 1, 2}).Draw(t, "value"),
		Rule:  rapid.SampledFrom([]scan.Rule{scan.Released, scan.ZOH, scan.Bilinear}).Draw(t, "rule"),
		Reset: rapid.SampledFrom([]ResetMode{ResetDelta, ResetState, ResetStateConv}).Draw(t, "reset"),
		Token: int32(rapid.IntRange(0, 2).Draw(t, "token")),
		Off:   rapid.IntRange(0, 9).Draw(t, "off") == 0,
	}
	if rapid.Bool().Draw(t, "closed") {
		x.To = x.From + rapid.IntRange(1, 9).Draw(t, "len")
	}
	switch x.Kind {
	case ResetAt:
		x.Layer = -1
	case ConvTaps, FirstStates:
		x.Value = float64(rapid.IntRange(1, small.DState).Draw(t, "few"))
	case KnockChannel:
		x.Channel = max(x.Channel, 0)
	case KnockState:
		x.State = max(x.State, 0)
	}
	return x
}

// stepped is what a list of tweaks does, one token a call from a zero state:
// the window that a session must show, whatever it splits and shares.
func stepped(t rapid.TB, m *model.Model, tokens []Token, list []Tweak, l Look) (h, delta [][]float32, last []float32) {
	t.Helper()
	c := m.Config()
	st, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer st.Free()
	p := newPlan(list, c, allA(m))
	logits := make([]float32, c.VocabSize)
	for i, tok := range tokens {
		id := tok.ID
		o := model.Options{Logits: logits}
		if p != nil {
			seg := p.at(i)
			o.Tweaks, o.Resets = seg.tweaks, seg.marks(1)
			if other, ok := p.tokens[i]; ok {
				id = other
			}
		}
		o.Tap = &model.Tap{What: model.TapH | model.TapDelta, Layers: []int{l.Layer}, Func: func(r *model.Record) {
			if i >= l.From && i < l.To {
				h, delta = append(h, slices.Clone(r.H)), append(delta, slices.Clone(r.Delta))
			}
		}}
		if err := m.Forward(st, []int32{id}, o); err != nil {
			t.Fatal(err)
		}
	}
	return h, delta, logits
}

func allA(m *model.Model) (a [][]float32) {
	for l := range m.Config().NLayer {
		a = append(a, m.A(l))
	}
	return a
}

// Any list of tweaks gives, wherever one looks and however the history came
// about, what the model gives token by token.
func TestAnyTweaksEqualSteps(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	rapid.Check(t, func(rt *rapid.T) {
		s, err := New(m, Options{KeyframeEvery: rapid.SampledFrom([]int{3, 16}).Draw(rt, "every")})
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		mustAppend(rt, s, ids(rapid.IntRange(1, 60).Draw(rt, "n"), 11))
		for range rapid.IntRange(1, 5).Draw(rt, "ops") {
			switch rapid.IntRange(0, 8).Draw(rt, "op") {
			default:
				do(rt, s, AddTweak{Tweak: random(rt, s.Len()), More: rapid.Bool().Draw(rt, "more")})
			case 4:
				mustAppend(rt, s, ids(rapid.IntRange(1, 30).Draw(rt, "n"), 11))
			case 5:
				if err := s.Truncate(rapid.IntRange(1, s.Len()).Draw(rt, "keep")); err != nil {
					rt.Fatal(err)
				}
			case 6:
				do(rt, s, Undo{})
			case 7:
				do(rt, s, Redo{})
			case 8:
				mustFrame(rt, s, Look{T: rapid.IntRange(-1, 60).Draw(rt, "T"), From: rapid.IntRange(0, 60).Draw(rt, "from"), To: rapid.IntRange(0, 90).Draw(rt, "to")})
			}
		}
		from := rapid.IntRange(0, s.Len()-1).Draw(rt, "from")
		l := Look{T: s.Len() - 1, Layer: rapid.IntRange(0, 1).Draw(rt, "layer"), From: from, To: rapid.IntRange(from, s.Len()).Draw(rt, "to")}
		f := mustFrame(rt, s, l)
		list := s.overlay().inForce()
		if (f.Changed != nil) != (len(list) > 0) {
			rt.Fatalf("a changed run is there: %v, with %d tweaks", f.Changed != nil, len(list))
		}
		if f.Changed == nil {
			return
		}
		h, delta, logits := stepped(rt, m, s.tokens.all(), list, l)
		bits(rt, "h", f.Changed.H, slices.Concat(h...))
		bits(rt, "Δ", f.Changed.Delta, slices.Concat(delta...))
		if top := guesses(logits, topGuesses); !slices.Equal(f.Changed.At.Top, top) {
			rt.Fatalf("guesses %v, want %v", f.Changed.At.Top, top)
		}
		if f.TweakPending != 0 || f.Versus.Kind != VersusTweaks {
			rt.Fatalf("%d tokens pending, versus %+v", f.TweakPending, f.Versus)
		}
	})
}
