package heat

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

var (
	inf = math.Inf(1)
	nan = math.NaN()
)

func TestLevel(t *testing.T) {
	for _, c := range []struct {
		r    Range
		v    float64
		want float64
	}{
		{Range{0, 20, Linear}, 0, 0},
		{Range{0, 20, Linear}, 5, 0.25},
		{Range{0, 20, Linear}, 20, 1},
		{Range{0, 20, Linear}, -3, 0},
		{Range{0, 20, Linear}, 99, 1},
		{Range{0, 20, Linear}, inf, 1},
		{Range{0, 20, Linear}, -inf, 0},
		{Range{0, 20, Linear}, nan, -1},
		{Range{-2, 2, Linear}, -1, 0.25},
		{Range{-math.MaxFloat64, math.MaxFloat64, Linear}, 0, 0.5},
		{Range{0, 0, Linear}, 0, 0},
		{Range{0, 0, Linear}, 1, 1},
		{Range{5, 5, Linear}, 5, 0},
		{Range{0.01, 100, Log}, 1, 0.5},
		{Range{0.01, 100, Log}, 0.01, 0},
		{Range{0.01, 100, Log}, 10, 0.75},
		{Range{0.01, 100, Log}, 0, 0},
		{Range{0.01, 100, Log}, -5, 0},
		{Range{0.01, 100, Log}, inf, 1},
		{Range{0.01, 100, Log}, nan, -1},
		{Range{0, 1, Log}, 1e-3, 0.5}, // six decades when Min is not positive
		{Range{0, 0, Log}, 0, 0},
		{Range{-4, 4, Symmetric}, 0, 0.5},
		{Range{-4, 4, Symmetric}, -4, 0},
		{Range{-4, 4, Symmetric}, 1, 0.625},
		{Range{-1, 4, Symmetric}, -2, 0.25}, // the larger limit holds for both sides
		{Range{-4, 4, Symmetric}, -inf, 0},
		{Range{0, 0, Symmetric}, 0, 0.5},
		{Range{0, 0, Symmetric}, -1e-9, 0},
		{Range{-4, 4, Symmetric}, nan, -1},
		{Range{-1, 1, SymLog}, 0, 0.5},
		{Range{-1, 1, SymLog}, 1, 1},
		{Range{-1, 1, SymLog}, -1, 0},
		// c = 0.001, v = 0.001·(√1001 − 1): log(1 + v/c) is half of log(1001).
		{Range{-1, 1, SymLog}, 0.001 * (math.Sqrt(1001) - 1), 0.75},
		{Range{-1, 1, SymLog}, -0.001 * (math.Sqrt(1001) - 1), 0.25},
	} {
		if got := c.r.Level(c.v); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%+v.Level(%v) = %v, want %v", c.r, c.v, got, c.want)
		}
	}
}

func TestPixel(t *testing.T) {
	r := Range{0, 254, Linear}
	for _, c := range []struct {
		v    float64
		want uint8
	}{{nan, 0}, {-inf, 1}, {0, 1}, {1, 2}, {127, 128}, {254, 255}, {inf, 255}} {
		if got := r.Pixel(c.v); got != c.want {
			t.Errorf("Pixel(%v) = %d, want %d", c.v, got, c.want)
		}
	}
	if got := (Range{-3, 3, Symmetric}).Pixel(0); got != 128 {
		t.Errorf("zero is pixel %d, want 128", got)
	}
}

var scales = []Scale{Linear, Log, Symmetric, SymLog}

func drawRange(t *rapid.T) Range {
	s := rapid.SampledFrom(scales).Draw(t, "scale")
	hi := math.Exp(rapid.Float64Range(-20, 20).Draw(t, "log max"))
	switch s {
	case Log:
		return Range{hi * math.Exp(-rapid.Float64Range(0.1, 30).Draw(t, "span")), hi, s}
	case Linear:
		return Range{-hi * rapid.Float64Range(-0.9, 3).Draw(t, "min"), hi, s}
	}
	return Range{-hi, hi, s}
}

// Level rises with the value, stays in 0..1, and Value undoes it; the quick way
// that Fill takes gives the same pixels.
func TestLevelProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRange(t)
		a := rapid.Float64Range(-2, 2).Draw(t, "a") * r.Limit()
		b := rapid.Float64Range(-2, 2).Draw(t, "b") * r.Limit()
		if a > b {
			a, b = b, a
		}
		la, lb := r.Level(a), r.Level(b)
		if la < 0 || lb > 1 || la > lb {
			t.Fatalf("%+v: Level(%v) = %v, Level(%v) = %v", r, a, la, b, lb)
		}
		l := rapid.Float64Range(0, 1).Draw(t, "level")
		if back := r.Level(r.Value(l)); math.Abs(back-l) > 1e-9 {
			t.Fatalf("%+v: Level(Value(%v)) = %v", r, l, back)
		}
		if r.Scale.Signed() && math.Abs(r.Level(a)+r.Level(-a)-1) > 1e-12 {
			t.Fatalf("%+v: %v and its opposite are at %v and %v", r, a, r.Level(a), r.Level(-a))
		}
		px := r.pixels()
		if quick, slow := px.at(a), r.Pixel(a); max(quick, slow)-min(quick, slow) > 1 {
			t.Fatalf("%+v: pixel of %v is %d one way and %d the other", r, a, quick, slow)
		}
	})
}

func TestScaleNames(t *testing.T) {
	want := []string{"lin", "log", "sym", "symlog"}
	for i, s := range scales {
		if s.String() != want[i] || s.Signed() != (i >= 2) {
			t.Errorf("scale %d is %q, signed %v", i, s, s.Signed())
		}
	}
}

func f32(v ...float32) []float32 { return v }

func TestAutoRange(t *testing.T) {
	i32, n32 := float32(inf), float32(nan)
	for _, c := range []struct {
		name   string
		scale  Scale
		values []float32
		want   Range
	}{
		{"nothing", Linear, nil, Range{0, 1, Linear}},
		{"nothing signed", Symmetric, nil, Range{-1, 1, Symmetric}},
		{"nothing log", Log, nil, Range{1e-6, 1, Log}},
		{"only NaN and Inf", Linear, f32(n32, i32, -i32), Range{0, 1, Linear}},
		{"zeros", Linear, f32(0, 0, 0), Range{0, 1, Linear}},
		{"zeros signed", SymLog, f32(0, 0), Range{-1, 1, SymLog}},
		{"zeros log", Log, f32(0, 0), Range{1e-6, 1, Log}},
		{"constant", Linear, f32(20, 20), Range{0, 20, Linear}},
		{"positive", Linear, f32(0.2, 17.3, n32, i32), Range{0, 20, Linear}},
		{"with negative", Linear, f32(-0.07, 78.5), Range{-0.08, 80, Linear}},
		{"signed", Symmetric, f32(-0.07, 0.32), Range{-0.4, 0.4, Symmetric}},
		{"signed, negative", Symmetric, f32(-31), Range{-40, 40, Symmetric}},
		{"symlog", SymLog, f32(2.4, -1), Range{-2.5, 2.5, SymLog}},
		{"log", Log, f32(0.0031, 0.5, 7), Range{0.001, 8, Log}},
		{"log, wide", Log, f32(1e-20, 0, -4, 1), Range{1e-6, 1, Log}},
		{"tiny", Linear, f32(3e-5), Range{0, 3e-5, Linear}},
		{"denormal", Linear, f32(1e-44), Range{0, 1e-44, Linear}},
		{"huge", Symmetric, f32(2.9e38), Range{-3e38, 3e38, Symmetric}},
	} {
		a := AutoRange{Scale: c.scale}
		a.Observe(c.values)
		got := a.Range()
		near := func(x, y float64) bool { return x == y || math.Abs(x-y) <= 1e-6*math.Abs(y) }
		if c.name == "denormal" {
			if got.Max < float64(c.values[0]) || got.Max > 3*float64(c.values[0]) || got.Min != 0 {
				t.Errorf("denormal: %+v", got)
			}
			continue
		}
		if got.Scale != c.scale || !near(got.Min, c.want.Min) || !near(got.Max, c.want.Max) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// Grows at once, holds, then shrinks by steps; never below what is there.
func TestAutoRangeShrinksSlowly(t *testing.T) {
	a := AutoRange{}
	a.Observe(f32(1))
	a.Observe(f32(55))
	if got := a.Range().Max; got != 60 {
		t.Fatalf("after a peak of 55 the range ends at %v, want 60 at once", got)
	}
	for range holdFrames {
		a.Observe(f32(1))
		if a.Range().Max != 60 {
			t.Fatal("the range shrank while it should hold")
		}
	}
	last, steps := 60.0, 0
	for i := range 10 * halfFrames {
		a.Observe(f32(1))
		m := a.Range().Max
		if m > last || m < 1 {
			t.Fatalf("frame %d: the range went from %v to %v", i, last, m)
		}
		if m < last {
			steps++
		}
		last = m
	}
	if last != 1 {
		t.Errorf("in the end the range is %v, want 1", last)
	}
	if steps > 25 {
		t.Errorf("the picture changed colours %d times on the way down", steps)
	}
}

func TestAutoRangeFrozen(t *testing.T) {
	a := AutoRange{Scale: Symmetric}
	a.Observe(f32(-3))
	want := a.Range()
	a.Frozen = true
	a.Observe(f32(100))
	for range 500 {
		a.Observe(f32(0.01))
	}
	if a.Range() != want {
		t.Errorf("a frozen range went from %+v to %+v", want, a.Range())
	}
	a.Frozen = false
	a.Observe(f32(100))
	if got := a.Range().Max; got != 100 {
		t.Errorf("thawed, the range ends at %v, want 100", got)
	}
	a.Reset()
	if got := a.Range(); got != (Range{-1, 1, Symmetric}) {
		t.Errorf("after Reset: %+v", got)
	}
	a.Observe(f32(5))
	a.Scale = Linear
	if got := a.Range(); got != (Range{0, 5, Linear}) {
		t.Errorf("after a change of scale: %+v", got)
	}
}

// A logarithmic range of a single power of ten has a width, too.
func TestAutoRangeOfOnePower(t *testing.T) {
	for _, v := range []float32{1, 1000, 1e-3} {
		a := AutoRange{Scale: Log}
		a.Observe([]float32{v})
		if r := a.Range(); !(r.Min < r.Max) || r.Max < float64(v)*(1-1e-6) {
			t.Errorf("after %v: %+v", v, r)
		}
	}
}

// Whatever comes, the range has a width, is finite, and holds what was just
// seen.
func TestAutoRangeHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := AutoRange{Scale: rapid.SampledFrom(scales).Draw(t, "scale")}
		for range rapid.IntRange(1, 6).Draw(t, "frames") {
			v := rapid.SliceOf(rapid.Float32()).Draw(t, "values")
			a.Observe(v)
			r := a.Range()
			if !(r.Min < r.Max) || math.IsInf(r.Min, 0) || math.IsInf(r.Max, 0) {
				t.Fatalf("range %+v after %v", r, v)
			}
			for _, x := range v {
				x := float64(x)
				if math.IsNaN(x) || math.IsInf(x, 0) {
					continue
				}
				if x > r.Max*(1+1e-9) || a.Scale != Log && x < r.Min*(1+1e-9) {
					t.Fatalf("%v lies outside %+v", x, r)
				}
			}
		}
	})
}

func TestRoundUp(t *testing.T) {
	for _, c := range [][2]float64{{0, 0}, {-1, 0}, {1, 1}, {1.01, 1.5}, {0.03, 0.03}, {0.31, 0.4}, {78.5, 80}, {99, 100}, {7e-5, 8e-5}, {2.5e9, 2.5e9}} {
		if got := roundUp(c[0]); math.Abs(got-c[1]) > 1e-12*c[1] {
			t.Errorf("roundUp(%v) = %v, want %v", c[0], got, c[1])
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		v := math.Exp(rapid.Float64Range(-700, 700).Draw(t, "log v"))
		if r := roundUp(v); r < v*(1-1e-11) || r > 2.01*v {
			t.Fatalf("roundUp(%v) = %v", v, r)
		}
	})
}
