package session

import (
	"context"
	"errors"
	"math"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

func TestParity(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	s := newSession(t, m, Options{Oracle: newModel(t, small, scan.Float64)})
	ctx := context.Background()
	check := func(from, to int) {
		t.Helper()
		if err := s.CheckParity(ctx); err != nil {
			t.Fatal(err)
		}
		p := s.parity
		if !p.Known || p.From != from || p.To != to {
			t.Errorf("parity %+v, want tokens %d to %d", p, from, to)
		}
		if !(p.Rel > 0 && p.Rel < 1e-5) {
			t.Errorf("distance %v to the oracle, want above 0 and below 1e-5", p.Rel)
		}
	}
	if err := s.CheckParity(ctx); err != nil || s.parity.Known {
		t.Errorf("parity of nothing: %v, %+v", err, s.parity)
	}
	mustAppend(t, s, ids(50, 11))
	if mustFrame(t, s, Look{}).Parity.Known {
		t.Error("known before it was measured")
	}
	check(0, 50)
	mustAppend(t, s, ids(500, 11))
	if p := mustFrame(t, s, Look{}).Parity; p.To != 50 {
		t.Errorf("parity %+v: the last measure should stay until the next", p)
	}
	check(550-paritySpan, 550)
	if err := s.Truncate(549); err != nil {
		t.Fatal(err)
	}
	if s.parity.Known {
		t.Error("parity of tokens that were rolled back")
	}
	// The measure leaves the session as it was.
	want := newSession(t, m, Options{})
	mustAppend(t, want, s.tokens.all())
	check(549-paritySpan, 549)
	sameState(t, s, want)
	sameWindow(t, mustFrame(t, s, Look{T: 300, From: 280, To: 310}).Clean, mustFrame(t, want, Look{T: 300, From: 280, To: 310}).Clean)
}

// An oracle with other weights is far away: the measure sees a single changed
// weight.
func TestParitySees(t *testing.T) {
	w := model.RandomWeights(small, 7)
	m, err := model.New(scan.NewCPU(scan.Options{}), small, w)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	w.Layers[1].ALog[5] += 0.01
	oracle, err := model.New(scan.NewCPU(scan.Options{DType: scan.Float64}), small, w)
	if err != nil {
		t.Fatal(err)
	}
	defer oracle.Close()
	s := newSession(t, m, Options{Oracle: oracle})
	mustAppend(t, s, ids(50, 11))
	if err := s.CheckParity(context.Background()); err != nil {
		t.Fatal(err)
	}
	if s.parity.Rel < 1e-5 {
		t.Errorf("distance %v to another model", s.parity.Rel)
	}
}

// A slow model is measured over fewer tokens.
func TestParityOfASlowModel(t *testing.T) {
	s := newSession(t, newModel(t, small, scan.Float32), Options{Oracle: newModel(t, small, scan.Float64)})
	mustAppend(t, s, ids(500, 11))
	for micros, want := range map[float64]int{10: 256, 10_000: 66, 1e6: 16} {
		s.parity, s.clean.micros = Parity{}, micros
		if err := s.CheckParity(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := s.parity.To - s.parity.From; got != want || !(s.parity.Rel < 1e-5) {
			t.Errorf("%v µs a token: %+v, want %d tokens", micros, s.parity, want)
		}
	}
}

func TestParityIsCancelled(t *testing.T) {
	s := newSession(t, newModel(t, small, scan.Float32), Options{Oracle: newModel(t, small, scan.Float64)})
	mustAppend(t, s, ids(500, 11))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.CheckParity(ctx); !errors.Is(err, context.Canceled) || s.parity.Known {
		t.Errorf("error %v, parity %+v", err, s.parity)
	}
}

func TestDistance(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		a, b []float32
		want float64
	}{
		{[]float32{1, 2}, []float32{1, 2}, 0},
		{[]float32{1, 2.5}, []float32{1, 2}, 0.25},
		{[]float32{0, -4}, []float32{1, -4}, 0.25},
		{[]float32{1}, []float32{0}, math.Inf(1)},
		{[]float32{nan, 1}, []float32{nan, 1}, 0},
		{[]float32{nan, 1}, []float32{1, 1}, math.Inf(1)},
		{[]float32{inf, 1}, []float32{inf, 2}, 0.5},
		{[]float32{1}, []float32{inf}, math.Inf(1)},
	} {
		var d distance
		d.add(c.a, c.b)
		if got := d.rel(); got != c.want {
			t.Errorf("%v against %v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
	var d distance // one tensor over several calls
	d.add([]float32{1}, []float32{2})
	d.add([]float32{10}, []float32{10})
	if d.rel() != 0.1 {
		t.Errorf("over two calls: %v, want 0.1", d.rel())
	}
}
