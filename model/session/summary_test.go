package session

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// Two channels of two states, by hand. With A = −1 and −2 and Δ = ln 2 the
// decays are 1/2 and 1/4; with Δ = 0 nothing decays.
func TestMeasureByHand(t *testing.T) {
	a := []float32{-1, -2, -1, -2}
	delta := []float32{float32(math.Ln2), 0}
	u := []float32{3, 5}
	b := []float32{1, 2}
	before := []float32{4, 8, 0, 1}
	after := []float32{3, 0, 0, 4}
	m := measure(scan.Released, a, delta, u, b, before, after)
	// Ā⊙h = 2, 2, 0, 1: ρ² = 9/81.
	// Mean Ā = (1/2 + 1/4 + 1 + 1)/4. Σ Δ|A| = 3·ln 2 over four cells.
	// ΔBu: channel 0 is 3·ln 2·(1, 2), channel 1 nothing.
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"kept", float64(m.Kept), 1.0 / 3},
		{"retention", float64(m.Retention), 2.75 / 4},
		{"half-life", float64(m.HalfLife), 4.0 / 3},
		{"max Δ", float64(m.DeltaMax), math.Ln2},
		{"write", float64(m.Write), 3 * math.Ln2 * math.Sqrt(5)},
		{"‖h‖", float64(m.HNorm), 5},
	} {
		if math.Abs(c.got-c.want) > 1e-6 {
			t.Errorf("%s is %v, want %v", c.what, c.got, c.want)
		}
	}
}

// The kept share uses Ā of the rule in force: at Δ = 20 and A = −1 the released
// rule keeps nothing, bilinear keeps 9/11 with its sign turned (a bilinear Mamba
// cannot reset), backward Euler 1/21.
func TestKeptByRule(t *testing.T) {
	for rule, want := range map[scan.Rule]float64{
		scan.Released: math.Exp(-20), scan.ZOH: math.Exp(-20),
		scan.Bilinear: 9.0 / 11, scan.Euler: 19, scan.BackwardEuler: 1.0 / 21,
	} {
		m := measure(rule, []float32{-1}, []float32{20}, []float32{1}, []float32{1}, []float32{7}, []float32{0})
		if math.Abs(float64(m.Kept)/want-1) > 1e-6 {
			t.Errorf("%v keeps %v, want %v", rule, m.Kept, want)
		}
	}
	// ZOH writes (1 − e^−20)·u, the released rule 20·u.
	for rule, want := range map[scan.Rule]float32{scan.Released: 20, scan.ZOH: 1, scan.BackwardEuler: 20.0 / 21} {
		m := measure(rule, []float32{-1}, []float32{20}, []float32{1}, []float32{1}, []float32{7}, []float32{0})
		if math.Abs(float64(m.Write/want)-1) > 1e-6 {
			t.Errorf("%v writes %v, want %v", rule, m.Write, want)
		}
	}
}

// decay is the exponential, and never more than 1.
func TestDecay(t *testing.T) {
	for i := range 200_000 {
		x := -float64(i) * 750 / 200_000
		for _, x := range []float64{x, x / 1000, x / 1e9, -math.Exp(x)} {
			got, want := decay(x), math.Exp(x)
			if math.Abs(got-want) > 2e-12*want || got > 1 {
				t.Fatalf("exp(%v) is %v, want %v", x, got, want)
			}
		}
	}
	if decay(0) != 1 || decay(math.Inf(-1)) != 0 || decay(-1e300) != 0 || !math.IsNaN(decay(math.NaN())) || decay(1) != math.E {
		t.Error("decay at its edges")
	}
}

func TestMeasureAtTheEdges(t *testing.T) {
	one := func(h float32) Measures {
		return measure(scan.Released, []float32{-1, -1}, []float32{0.5, 0.5}, []float32{0, 0}, []float32{1}, []float32{h, h}, []float32{h, h})
	}
	if k := one(0).Kept; k == k {
		t.Errorf("the kept share of nothing is %v, want NaN", k)
	}
	want := float32(math.Exp(-0.5))
	for _, h := range []float32{math.MaxFloat32, math.SmallestNonzeroFloat32, 1e-30, 1} {
		if k := one(h).Kept; math.Abs(float64(k/want)-1) > 1e-6 {
			t.Errorf("the kept share of %v is %v, want %v", h, k, want)
		}
	}
	inf := float32(math.Inf(1))
	if k := one(inf).Kept; k == k {
		t.Errorf("the kept share of Inf is %v, want NaN", k)
	}
	still := measure(scan.Released, []float32{-1}, []float32{0}, []float32{1}, []float32{1}, []float32{1}, []float32{1})
	if !math.IsInf(float64(still.HalfLife), 1) || still.Kept != 1 || still.Retention != 1 || still.Write != 0 {
		t.Errorf("Δ = 0 gives %+v, want everything kept and nothing written", still)
	}
}

func TestTickOf(t *testing.T) {
	nan := float32(math.NaN())
	for rho, want := range map[float32]Tick{0: TickWipe, 0.049: TickWipe, 0.05: TickHalf, 0.49: TickHalf, 0.5: TickNone, 1: TickNone, 19: TickNone} {
		if got := TickOf(rho); got != want {
			t.Errorf("ρ = %v is tick %d, want %d", rho, got, want)
		}
	}
	if TickOf(nan) != TickNone {
		t.Error("NaN has a tick")
	}
}

// Enough work for several goroutines gives the bits that one gives.
func TestSummaryInParallel(t *testing.T) {
	const T, D, N = 64, 128, 64
	rec := &model.Record{To: T, Delta: make([]float32, T*D), U: make([]float32, T*D), B: make([]float32, T*N), H: make([]float32, T*D*N), H0: make([]float32, D*N)}
	fill := func(x []float32) {
		for i := range x {
			x[i] = float32(math.Abs(math.Sin(float64(i))))
		}
	}
	for _, x := range [][]float32{rec.Delta, rec.U, rec.B, rec.H, rec.H0} {
		fill(x)
	}
	a := make([]float32, D*N)
	for i := range a {
		a[i] = -float32(i%N) / N
	}
	var all, single summary
	all.add(rec, conditions{a: a})
	for i := range T {
		one := &model.Record{From: i, To: i + 1, Delta: rec.Delta[i*D : (i+1)*D], U: rec.U[i*D : (i+1)*D], B: rec.B[i*N : (i+1)*N], H: rec.H[i*D*N : (i+1)*D*N], H0: rec.H0}
		if i > 0 {
			one.H0 = rec.H[(i-1)*D*N : i*D*N]
		}
		single.add(one, conditions{a: a})
	}
	sameSummary(t, &all, &single)
}

// sameSummary demands equal columns and ticks, from the later beginning on.
func sameSummary(t rapid.TB, got, want *summary) {
	t.Helper()
	if got.end() != want.end() {
		t.Fatalf("summaries up to token %d, want %d", got.end(), want.end())
	}
	from := max(got.start, want.start)
	for c := range columns {
		bits(t, "summary", got.column(nil, c, from, got.end()), want.column(nil, c, from, want.end()))
	}
	since := func(s *summary) []Event {
		return slices.DeleteFunc(slices.Clone(s.events), func(e Event) bool { return e.T < from })
	}
	if !slices.Equal(since(got), since(want)) {
		t.Fatalf("events %v, want %v", got.events, want.events)
	}
}

// What a frame holds stays when the summary is cut and grows again, over
// stretches and whatever the first token.
func TestSummarySharing(t *testing.T) {
	const n = 3 * stretchTokens
	rec := &model.Record{To: n, Delta: make([]float32, n), U: make([]float32, n), B: make([]float32, n), H: make([]float32, n), H0: []float32{1}}
	for i := range n {
		rec.Delta[i], rec.U[i], rec.B[i], rec.H[i] = float32(i%7), 1, 1, float32(1+i%5)
	}
	rec.Delta[0] = 20
	s := summary{start: 100}
	s.add(rec, conditions{a: []float32{-1}})
	if s.end() != n+100 || *s.at(colNorm, 103) != 4 || *s.at(colDeltaMax, 100) != 20 {
		t.Fatalf("%d tokens, norm %v", s.end(), *s.at(colNorm, 103))
	}
	from, to := 100+stretchTokens-3, 100+2*stretchTokens+3
	shown, events := s.column(nil, colNorm, from, to), s.events
	kept := slices.Clone(events)
	for i, x := range shown {
		if want := rec.H[from-100+i]; x != want {
			t.Fatalf("token %d: norm %v, want %v", from+i, x, want)
		}
	}
	s.truncate(from + 1)
	if last := s.events[len(s.events)-1]; last.T > from || s.end() != from+1 {
		t.Errorf("after cutting to %d tokens: %d, last tick %+v", from+1, s.end(), last)
	}
	for i := range rec.H {
		rec.H[i], rec.Delta[i] = 9, 2
	}
	s.add(rec, conditions{a: []float32{-1}})
	if shown[1] == 9 || !slices.Equal(events, kept) {
		t.Error("what was shown has changed")
	}
}
