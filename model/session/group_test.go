package session

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"
)

func TestSpreadIsMeanAndVariance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float32Range(0, 30), 2, 200).Draw(t, "x")
		s := newSpread(1, 1)
		for i := range x {
			s.add(x[i:i+1], i)
		}
		y := make([]float64, len(x))
		for i := range x {
			y[i] = float64(x[i])
		}
		mean, variance := stat.PopMeanVariance(y, nil)
		if math.Abs(s.mean[0]-mean) > 1e-12*(1+mean) || math.Abs(s.m2[0]/float64(len(x))-variance) > 1e-10*(1+variance) {
			t.Fatalf("mean %v variance %v, want %v and %v", s.mean[0], s.m2[0]/float64(len(x)), mean, variance)
		}
	})
}

// Rows at once and one by one give the same bits.
func TestSpreadOfAChunk(t *testing.T) {
	a, b := newSpread(3, 1), newSpread(3, 1)
	x := make([]float32, 3*50)
	for i := range x {
		x[i] = float32(math.Abs(math.Sin(float64(i * i))))
	}
	a.add(x, 0)
	for i := range 50 {
		b.add(x[3*i:3*i+3], i)
	}
	if !slices.Equal(a.mean, b.mean) || !slices.Equal(a.m2, b.m2) {
		t.Error("a chunk differs from its tokens")
	}
}

func TestGroup(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		m2   []float64
		want []int
		name string
	}{
		{[]float64{0, 0, 0}, []int{0, 1, 2}, "all 3 channels, Δ does not vary"},
		{[]float64{4, 0, 2, 1.99}, []int{0, 2}, "2 of 4 channels, Δ varies most"},
		{[]float64{1, 1, 1}, []int{0, 1, 2}, "3 of 3 channels, Δ varies most"},
		{[]float64{nan, 5, 1}, []int{1}, "1 of 3 channels, Δ varies most"},
		{[]float64{nan, nan}, []int{0, 1}, "all 2 channels, Δ does not vary"},
		{[]float64{inf, 5, 1}, []int{0, 1}, "2 of 3 channels, Δ varies most"},
	} {
		s := spread{mean: make([]float64, len(c.m2)), m2: c.m2}
		g := s.group()
		if !slices.Equal(g.Channels, c.want) || g.Name != c.name {
			t.Errorf("variances %v: %v %q, want %v %q", c.m2, g.Channels, g.Name, c.want, c.name)
		}
	}
}
