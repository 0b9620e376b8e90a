package heat

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestReduceTitles(t *testing.T) {
	v := make([]float64, 64)
	for _, c := range []struct {
		red  Reduction
		d, r int
		v    []float64
		want string
	}{
		{Max, 64, 64, nil, "64 channels"},
		{Mean, 64, 100, nil, "64 channels"},
		{TopK, 64, 64, v, "64 channels"},
		{Max, 64, 24, nil, "64 channels → 24 rows, max|·|"},
		{Mean, 64, 24, v, "64 channels → 24 rows, mean"},
		{RMS, 1536, 128, nil, "1536 channels → 128 rows, rms"},
		{TopK, 64, 24, v, "24 of 64 channels, largest variance"},
		{TopK, 64, 24, nil, "24 of 64 channels, first"},
		{TopK, 64, 0, v, "0 of 64 channels, largest variance"},
		{Max, 0, 10, nil, "0 channels"},
		{Max, -3, -1, nil, "0 channels"},
	} {
		if got := Reduce(c.red, c.d, c.r, c.v); got.Title != c.want {
			t.Errorf("Reduce(%v, %d, %d): %q, want %q", c.red, c.d, c.r, got.Title, c.want)
		}
	}
	if got := ReduceNamed(Max, 16, 8, nil, "states").Title; got != "16 states → 8 rows, max|·|" {
		t.Errorf("ReduceNamed: %q", got)
	}
}

func TestReduceTopK(t *testing.T) {
	v := []float64{1, 9, 0, 9, math.NaN(), 3, math.Inf(1)}
	for _, c := range []struct {
		rows int
		want [][]int
	}{
		{1, [][]int{{4}}},                     // NaN first: something is wrong there
		{2, [][]int{{4}, {6}}},                // then infinity
		{3, [][]int{{1}, {4}, {6}}},           // the first of equals
		{5, [][]int{{1}, {3}, {4}, {5}, {6}}}, // in channel order
	} {
		if got := Reduce(TopK, 7, c.rows, v).Of; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%d rows: %v, want %v", c.rows, got, c.want)
		}
	}
}

// Mean, max and rms show every channel once, in order, in groups as equal as can
// be; and Row and Channels are each other's inverse.
func TestReduceIsAPartition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		red := rapid.SampledFrom(Reductions()).Draw(t, "reduction")
		D := rapid.IntRange(0, 300).Draw(t, "D")
		n := rapid.IntRange(1, 80).Draw(t, "rows")
		r := Reduce(red, D, n, nil)
		if len(r.Of) != min(D, n) || r.Red != red {
			t.Fatalf("%d rows of %d channels, want %d", len(r.Of), D, min(D, n))
		}
		var all []int
		small, large := D, 0
		for y, of := range r.Of {
			all = append(all, of...)
			small, large = min(small, len(of)), max(large, len(of))
			for _, d := range of {
				if r.Row(d) != y {
					t.Fatalf("channel %d is in row %d but Row says %d", d, y, r.Row(d))
				}
			}
			if !reflect.DeepEqual(r.Channels(y), of) {
				t.Fatalf("Channels(%d) = %v", y, r.Channels(y))
			}
		}
		if D > 0 && (large-small > 1 || small < 1) {
			t.Fatalf("groups of %d to %d", small, large)
		}
		if red != TopK && len(all) != D || !slices.IsSorted(all) || len(slices.Compact(all)) != len(all) {
			t.Fatalf("%v is not every channel once", all)
		}
		if r.Channels(-1) != nil || r.Channels(len(r.Of)) != nil || r.Row(-1) != -1 || r.Row(D) != -1 {
			t.Fatal("something is found outside")
		}
	})
}

func TestStretch(t *testing.T) {
	r := Reduce(Max, 2, 9, nil).Stretch(3)
	if want := [][]int{{0}, {0}, {0}, {1}, {1}, {1}}; !reflect.DeepEqual(r.Of, want) || r.Title != "2 channels" {
		t.Errorf("%v %q", r.Of, r.Title)
	}
	if r.Row(1) != 3 {
		t.Errorf("channel 1 is in row %d first, want 3", r.Row(1))
	}
}

func TestReductionNames(t *testing.T) {
	for _, r := range Reductions() {
		got, err := ParseReduction(r.String())
		if err != nil || got != r {
			t.Errorf("%v reads back as %v, %v", r, got, err)
		}
	}
	if _, err := ParseReduction("median"); err == nil {
		t.Error("median is no reduction, but there was no error")
	}
}

func TestReducePanicsOnVariance(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("3 variances for 4 channels went through")
		}
	}()
	Reduce(TopK, 4, 2, []float64{1, 2, 3})
}

func TestVariance(t *testing.T) {
	got := Variance(f32(
		1, 5, float32(nan),
		3, 5, 0,
		5, 5, 0,
		7, 5, 0), 4, 3)
	if got[0] != 5 || got[1] != 0 || !math.IsNaN(got[2]) {
		t.Errorf("variances %v, want 5 0 NaN", got)
	}
	if got := Variance(nil, 0, 2); got[0] != 0 || got[1] != 0 {
		t.Errorf("variance of nothing: %v", got)
	}
}

// A hand-computed table of 2 steps × 4 channels, in 2 rows.
func TestFill(t *testing.T) {
	n32, i32 := float32(nan), float32(inf)
	data := f32(
		1, -3, 2, 2,
		n32, 1, i32, 0)
	for _, c := range []struct {
		red  Reduction
		want []uint8 // (row, column)
	}{
		// Range −3..3: v is pixel 1 + 254·(v+3)/6, rounded.
		{Max, []uint8{1, 0, 213, 255}},   // −3 and 2 (212.67); NaN and +Inf
		{Mean, []uint8{86, 0, 213, 255}}, // (1 − 3)/2 = −1 is 85.67
		{RMS, []uint8{223, 0, 213, 255}}, // √((1 + 9)/2) = 2.236 is 222.66
		{TopK, []uint8{170, 0, 1, 170}},  // channels 0 and 1: 1 (170.33), NaN; −3, 1
	} {
		r := &Raster{}
		r.Resize(2, 2)
		r.Fill(data, 2, 4, Reduce(c.red, 4, 2, []float64{9, 9, 0, 0}), Range{-3, 3, Symmetric}, nil)
		if !slices.Equal(r.Pix, c.want) {
			t.Errorf("%v: %v, want %v", c.red, r.Pix, c.want)
		}
	}
}

func TestFillColumns(t *testing.T) {
	r := &Raster{}
	r.Resize(3, 3)
	data := f32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	rows := Reduce(Max, 2, 2, nil)
	// A sweep of three columns: steps 2, 3 and 4 are visible; 4 stands in column 1.
	r.Fill(data, 5, 2, rows, Range{Max: 254}, func(t int) (int, bool) { return t % 3, t >= 2 })
	want := []uint8{7, 9, 5, 8, 10, 6, 0, 0, 0}
	if !slices.Equal(r.Pix, want) {
		t.Errorf("%v, want %v", r.Pix, want)
	}
	// Steps outside the raster and rows below it are left out.
	r.Resize(2, 1)
	r.Fill(data, 5, 2, rows, Range{Max: 254}, func(t int) (int, bool) { return t - 1, true })
	if want := []uint8{3, 5}; !slices.Equal(r.Pix, want) {
		t.Errorf("%v, want %v", r.Pix, want)
	}
}

// h of shape (D, N): channels to the right, states down, both reduced.
func TestFillMatrix(t *testing.T) {
	const D, N = 4, 2
	h := f32(
		1, -10,
		2, 20,
		3, -30,
		-4, 40)
	r := &Raster{}
	r.Resize(2, 2)
	rng := Range{-127, 127, Symmetric}
	r.FillMatrix(h, N, 1, Reduce(Max, D, 2, nil), Reduce(Max, N, 2, nil), rng)
	if want := []uint8{130, 124, 148, 168}; !slices.Equal(r.Pix, want) {
		t.Errorf("max: %v, want %v", r.Pix, want)
	}
	r.FillMatrix(h, N, 1, Reduce(Mean, D, 2, nil), Reduce(Mean, N, 1, nil), rng)
	// (1 − 10 + 2 + 20)/4 = 3.25 → 131; (3 − 30 − 4 + 40)/4 = 2.25 → 130
	if want := []uint8{131, 130}; !slices.Equal(r.Pix[:2], want) {
		t.Errorf("mean: %v, want %v", r.Pix[:2], want)
	}
}

func TestFillPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("5 values for 2×3 went through")
		}
	}()
	new(Raster).Fill(make([]float32, 5), 2, 3, Rows{}, Range{}, nil)
}

func TestFillDoesNotAllocate(t *testing.T) {
	data := make([]float32, 50*64)
	r := &Raster{}
	r.Resize(50, 24)
	rows := Reduce(Max, 64, 24, nil)
	if n := testing.AllocsPerRun(20, func() { r.Fill(data, 50, 64, rows, Range{Max: 1}, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
