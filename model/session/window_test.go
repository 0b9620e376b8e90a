package session

import (
	"context"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// direct computes a window and a moment the plain way: one Forward from the
// first token to the last, everything tapped, and cut out.
func direct(t rapid.TB, m *model.Model, tokens []Token, tweaks *model.Tweaks, l Look, groups []Group) *Window {
	t.Helper()
	c := m.Config()
	D, N, V := c.DInner, c.DState, c.VocabSize
	st, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer st.Free()
	list := make([]int32, len(tokens))
	for i := range tokens {
		list[i] = tokens[i].ID
	}
	w := &Window{From: l.From, To: l.To, Layer: l.Layer, D: D, N: N, A: m.A(l.Layer), Skip: m.Skip(l.Layer), Lanes: make([]Lane, c.NLayer)}
	cut := func(a []float32, cols int) []float32 { return slices.Clone(a[l.From*cols : l.To*cols]) }
	one := func(a []float32, cols int) []float32 { return slices.Clone(a[l.T*cols : (l.T+1)*cols]) }
	logits := make([]float32, len(tokens)*V)
	tap := &model.Tap{What: model.TapAll, Func: func(r *model.Record) {
		a, rule := m.A(r.Layer), tweaks.Layer(r.Layer).Rule
		lane := &w.Lanes[r.Layer]
		for i := l.From; i < l.To; i++ {
			before := r.H0
			if i > 0 {
				before = r.H[(i-1)*D*N : i*D*N]
			}
			after := r.H[i*D*N : (i+1)*D*N]
			var num, den, bar, rate, wrote, norm, mean float64
			top := math.Inf(-1)
			for d := range D {
				dt := float64(r.Delta[i*D+d])
				top = max(top, dt)
				for n := range N {
					an := float64(a[d*N+n])
					abar, gain := rule.Coefficients(dt, an)
					num = math.Hypot(num, abar*float64(before[d*N+n]))
					den = math.Hypot(den, float64(before[d*N+n]))
					norm = math.Hypot(norm, float64(after[d*N+n]))
					wrote = math.Hypot(wrote, gain*float64(r.B[i*N+n])*float64(r.U[i*D+d]))
					bar += abar / float64(D*N)
					rate += dt * -an / float64(D*N)
				}
			}
			for _, d := range groups[r.Layer].Channels {
				mean += float64(r.Delta[i*D+d]) / float64(len(groups[r.Layer].Channels))
			}
			lane.Kept = append(lane.Kept, float32(num/den))
			lane.Retention = append(lane.Retention, float32(bar))
			lane.HalfLife = append(lane.HalfLife, float32(math.Ln2/rate))
			lane.DeltaMean = append(lane.DeltaMean, float32(mean))
			lane.DeltaMax = append(lane.DeltaMax, float32(top))
			lane.Write = append(lane.Write, float32(wrote))
			lane.HNorm = append(lane.HNorm, float32(norm))
		}
		if r.Layer != l.Layer {
			return
		}
		w.Delta, w.U, w.Z, w.B, w.C = cut(r.Delta, D), cut(r.U, D), cut(r.Z, D), cut(r.B, N), cut(r.C, N)
		w.H = cut(r.H, D*N)
		for i := l.From; i < l.To; i++ {
			for d := range D {
				var sum float64
				for n := range N {
					_, gain := rule.Coefficients(float64(r.Delta[i*D+d]), float64(a[d*N+n]))
					sum = math.Hypot(sum, gain*float64(r.B[i*N+n])*float64(r.U[i*D+d]))
				}
				w.Write = append(w.Write, float32(sum))
			}
		}
		if l.T < 0 {
			return
		}
		at := &Moment{T: l.T, Layer: l.Layer, Rule: rule, H: one(r.H, D*N), HPrev: slices.Clone(r.H0),
			Window: one(r.Window, c.DConv*D), In: one(r.In, c.DModel), Norm: one(r.Norm, c.DModel), Out: one(r.Out, c.DModel),
			X: one(r.X, D), U: one(r.U, D), Delta: one(r.Delta, D), Z: one(r.Z, D), Y: one(r.Y, D), Gated: one(r.Gated, D),
			B: one(r.B, N), C: one(r.C, N)}
		if l.T > 0 {
			at.HPrev = slices.Clone(r.H[(l.T-1)*D*N : l.T*D*N])
		}
		w.At = at
	}}
	if err := m.Forward(st, list, model.Options{Logits: logits, Tap: tap, Tweaks: tweaks}); err != nil {
		t.Fatal(err)
	}
	for i := l.From; i < l.To; i++ {
		w.Top = append(w.Top, guesses(logits[i*V:(i+1)*V], 1)...)
	}
	if w.At != nil {
		w.At.Top = guesses(logits[l.T*V:(l.T+1)*V], topGuesses)
	}
	return w
}

// sameWindow demands equal bits of what the model computed, and equality to a
// few roundings of what is derived in float64.
func sameWindow(t rapid.TB, got, want *Window) {
	t.Helper()
	if got.From != want.From || got.To != want.To || got.Layer != want.Layer || got.D != want.D || got.N != want.N {
		t.Fatalf("window [%d,%d) layer %d, want [%d,%d) layer %d", got.From, got.To, got.Layer, want.From, want.To, want.Layer)
	}
	bits(t, "Δ", got.Delta, want.Delta)
	bits(t, "u", got.U, want.U)
	bits(t, "B", got.B, want.B)
	bits(t, "C", got.C, want.C)
	bits(t, "z", got.Z, want.Z)
	bits(t, "h", got.H, want.H)
	bits(t, "A", got.A, want.A)
	bits(t, "D", got.Skip, want.Skip)
	near(t, "write", got.Write, want.Write)
	if !slices.Equal(got.Top, want.Top) {
		t.Fatalf("guesses %v, want %v", got.Top, want.Top)
	}
	for l := range want.Lanes {
		g, w := reflect.ValueOf(got.Lanes[l]), reflect.ValueOf(want.Lanes[l])
		for i := range g.NumField() {
			near(t, g.Type().Field(i).Name, g.Field(i).Interface().([]float32), w.Field(i).Interface().([]float32))
		}
	}
	if (got.At == nil) != (want.At == nil) {
		t.Fatalf("moment %v, want %v", got.At, want.At)
	}
	if got.At != nil && !reflect.DeepEqual(got.At, want.At) {
		t.Fatalf("moment\n%+v, want\n%+v", got.At, want.At)
	}
}

func near(t rapid.TB, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d elements, want %d", what, len(got), len(want))
	}
	for i := range got {
		x, y := float64(got[i]), float64(want[i])
		if x != y && !(x != x && y != y) && !(math.Abs(x-y) <= 1e-6*math.Abs(y)) {
			t.Fatalf("%s: element %d of %d is %v, want %v", what, i, len(got), x, y)
		}
	}
}

// Wherever one looks, in whatever order, the window is what one long pass
// computes.
func TestWindowsEqualOnePass(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	rapid.Check(t, func(rt *rapid.T) {
		s, err := New(m, Options{KeyframeEvery: rapid.SampledFrom([]int{3, 16, 0}).Draw(rt, "every")})
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		n := rapid.IntRange(1, 90).Draw(rt, "n")
		mustAppend(rt, s, ids(n, 11))
		for range rapid.IntRange(1, 6).Draw(rt, "looks") {
			l := s.resolve(Look{
				T:     rapid.IntRange(-1, n).Draw(rt, "T"),
				Layer: rapid.IntRange(0, 1).Draw(rt, "layer"),
				From:  rapid.IntRange(0, n).Draw(rt, "from"),
				To:    rapid.IntRange(0, n+3).Draw(rt, "to"),
			})
			f := mustFrame(rt, s, l)
			sameWindow(rt, f.Clean, direct(rt, m, s.tokens.all(), nil, l, s.groups))
		}
	})
}

// The window that a cursor pulls along while tokens come in is the same too.
func TestFollow(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	s := newSession(t, m, Options{})
	tokens := ids(60, 11)
	for i := range tokens {
		mustAppend(t, s, tokens[i:i+1])
		f := mustFrame(t, s, Look{To: 20, Follow: true})
		want := Look{T: i, From: max(i+1-20, 0), To: i + 1, Follow: true}
		if f.Look != want || f.Asked != (Look{To: 20, Follow: true}) {
			t.Fatalf("look %+v for %+v, want %+v", f.Look, f.Asked, want)
		}
		if i%7 == 0 {
			sameWindow(t, f.Clean, direct(t, m, s.tokens.all(), nil, f.Look, s.groups))
		}
		// One token's work a token, once it goes on from the view's own state.
		if i > 0 && f.Timing.RescanTokens != 1 {
			t.Fatalf("token %d: %d tokens computed again, want 1", i, f.Timing.RescanTokens)
		}
	}
}

// A cancelled request keeps the rows it finished, so that many short attempts
// get to the end.
func TestCancelledLooksMakeProgress(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	s := newSession(t, m, Options{KeyframeEvery: 16})
	mustAppend(t, s, ids(500, 11))
	s.clean.micros = 1e9 // one token a chunk
	l := Look{T: 499, From: 100, To: 300}
	attempts := 0
	for {
		ctx := &expiring{Context: context.Background(), left: 20}
		f, err := s.Frame(ctx, l)
		s.clean.micros = 1e9
		if err == nil {
			sameWindow(t, f.Clean, direct(t, m, s.tokens.all(), nil, f.Look, s.groups))
			break
		}
		if attempts++; attempts > 40 {
			t.Fatalf("no frame after %d attempts of 20 chunks", attempts)
		}
	}
	if attempts < 5 {
		t.Errorf("only %d attempts: nothing was cancelled", attempts)
	}
}

// Whatever is asked for and wherever it is cut short, the rows that are kept
// for later are the right ones.
func TestCancelledLooksKeepRightRows(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	s := newSession(t, m, Options{KeyframeEvery: 16})
	mustAppend(t, s, ids(120, 11))
	mustFrame(t, s, Look{T: -1})
	kept := 0
	rapid.Check(t, func(rt *rapid.T) {
		s.clean.micros = 1e9 // one token a chunk
		from := rapid.IntRange(0, 110).Draw(rt, "from")
		l := s.resolve(Look{T: rapid.IntRange(-1, 119).Draw(rt, "T"), From: from, To: from + rapid.IntRange(0, 40).Draw(rt, "width")})
		_, err := s.Frame(&expiring{Context: context.Background(), left: rapid.IntRange(0, 60).Draw(rt, "chunks")}, l)
		if r := s.clean.rows; err != nil && r != nil && r.to > r.from {
			kept++
			have := Look{T: -1, Layer: r.layer, From: r.from, To: r.to}
			want := direct(rt, m, s.tokens.all(), nil, have, s.groups)
			bits(rt, "Δ", r.delta, want.Delta)
			bits(rt, "h", r.h, want.H)
			bits(rt, "C", r.c, want.C)
			near(rt, "write", r.write, want.Write)
			if !slices.Equal(r.top, want.Top) {
				rt.Fatal("guesses differ")
			}
		}
	})
	if kept == 0 {
		t.Error("nothing was ever kept")
	}
}

// expiring is done after left questions.
type expiring struct {
	context.Context
	left int
}

func (c *expiring) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestResolve(t *testing.T) {
	s := newSession(t, newModel(t, small, scan.Float32), Options{})
	s.clean.n = 1 << 30 // resolve reads nothing else
	defer func() { s.clean.n = 0 }()
	per := 4 * (3*14 + 2*3 + 2*14)
	most := windowBytes / per
	for _, c := range []struct{ in, want Look }{
		{Look{T: -9, Layer: -1, From: 7, To: 3}, Look{T: -1, From: 7, To: 7}},
		{Look{T: 1 << 40, Layer: 5, From: 10, To: 20}, Look{T: 1<<30 - 1, Layer: 1, From: 10, To: 20}},
		{Look{From: 5, To: 1 << 29}, Look{From: 5, To: 5 + most}},
		{Look{T: 1 << 28, To: 1 << 29}, Look{T: 1 << 28, From: 1<<28 - most/2, To: 1<<28 - most/2 + most}},
		{Look{T: 3, To: 1 << 31, Follow: true}, Look{T: 1<<30 - 1, From: 1<<30 - most, To: 1 << 30, Follow: true}},
	} {
		if got := s.resolve(c.in); got != c.want {
			t.Errorf("%+v → %+v, want %+v", c.in, got, c.want)
		}
	}
}

// A window too large for h over time goes without it.
func TestLargeWindowHasNoH(t *testing.T) {
	c := small
	c.DInner, c.DState, c.NLayer = 64, 128, 1
	m := newModel(t, c, scan.Float32)
	s := newSession(t, m, Options{})
	mustAppend(t, s, ids(600, 11))
	if f := mustFrame(t, s, Look{T: 599, To: 600}); f.Clean.H != nil {
		t.Error("h over 600 tokens of 8192 cells")
	}
	l := Look{T: 599, From: 100, To: 600}
	f := mustFrame(t, s, l)
	if f.Clean.H == nil {
		t.Fatal("no h over 500 tokens of 8192 cells")
	}
	sameWindow(t, f.Clean, direct(t, m, s.tokens.all(), nil, l, s.groups))
}

// What was seen of tokens that were rolled back is not shown for those that
// took their places.
func TestRollBackForgetsWhatWasSeen(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	s := newSession(t, m, Options{KeyframeEvery: 4})
	mustAppend(t, s, ids(20, 11))
	l := Look{T: 19, Layer: 1, From: 5, To: 20}
	mustFrame(t, s, l)
	if err := s.Truncate(10); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, ids(33, 11)[23:])
	sameWindow(t, mustFrame(t, s, l).Clean, direct(t, m, s.tokens.all(), nil, l, s.groups))
}
