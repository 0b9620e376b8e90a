package model_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mamba-tui/model"
)

func TestSoftmaxByHand(t *testing.T) {
	inf := float32(math.Inf(1))
	ln2, ln3 := float32(math.Ln2), float32(math.Log(3))
	for _, c := range []struct {
		logits []float32
		want   []float64
	}{
		{nil, nil},
		{[]float32{-7}, []float64{1}},
		{[]float32{0, 0}, []float64{0.5, 0.5}},
		{[]float32{0, ln2, ln3}, []float64{1. / 6, 2. / 6, 3. / 6}},
		{[]float32{1000, 1000 + ln3}, []float64{0.25, 0.75}}, // exp(1000) overflows
		{[]float32{-1000, -1000}, []float64{0.5, 0.5}},       // exp(−1000) is 0
		{[]float32{0, -inf}, []float64{1, 0}},
		{[]float32{inf, 5, inf, -inf}, []float64{0.5, 0, 0.5, 0}},
	} {
		have := model.Softmax(nil, c.logits)
		if len(have) != len(c.want) {
			t.Fatalf("%v: %d probabilities", c.logits, len(have))
		}
		for i := range have {
			if !(math.Abs(have[i]-c.want[i]) < 1e-4) { // 1000+ln3 is rounded to float32
				t.Errorf("%v: p[%d] is %g, want %g", c.logits, i, have[i], c.want[i])
			}
		}
	}
	nan := float32(math.NaN())
	for _, logits := range [][]float32{{1, nan, 2}, {nan}, {-inf, -inf}, {inf, nan}} {
		for i, p := range model.Softmax(nil, logits) {
			if p == p {
				t.Errorf("%v: p[%d] is %g, want NaN", logits, i, p)
			}
		}
	}
	buf := make([]float64, 8)
	if have := model.Softmax(buf, []float32{0, 0}); &have[0] != &buf[0] || len(have) != 2 {
		t.Error("Softmax did not use the slice that fits")
	}
}

// TestTop: the k best of a full sort, with many ties.
func TestTop(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 13))
	for range 500 {
		logits := make([]float32, 1+r.IntN(40))
		for i := range logits {
			logits[i] = float32(r.IntN(12))
			switch r.IntN(30) {
			case 0:
				logits[i] = float32(math.Inf(1))
			case 1:
				logits[i] = float32(math.Inf(-1))
			case 2:
				logits[i] = float32(math.NaN())
			}
		}
		ids := make([]int32, len(logits))
		for i := range ids {
			ids[i] = int32(i)
		}
		// cmp.Compare puts NaN below everything.
		slices.SortStableFunc(ids, func(a, b int32) int { return cmp.Compare(logits[b], logits[a]) })
		p := model.Softmax(nil, logits)
		k := r.IntN(45)
		have := model.Top(logits, k)
		if len(have) != min(k, len(logits)) {
			t.Fatalf("Top %d of %d gave %d", k, len(logits), len(have))
		}
		for i, g := range have {
			if g.ID != ids[i] || math.Float64bits(g.P) != math.Float64bits(p[g.ID]) && g.P == g.P {
				t.Fatalf("%v: Top[%d] is %+v, want id %d with %g", logits, i, g, ids[i], p[ids[i]])
			}
		}
	}
	if model.Top(nil, 3) != nil || model.Top([]float32{1}, -1) != nil {
		t.Error("Top of nothing is not nil")
	}
}
