package checkpoint_test

import (
	"math"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/scan"
)

// A checkpoint that transformers itself wrote, in F16, gives the answers that
// transformers gives with it: testdata/transformers.py printed them.
func TestLoadWrittenByTransformers(t *testing.T) {
	f, err := checkpoint.LoadDir("testdata/transformers")
	if err != nil {
		t.Fatal(err)
	}
	want := model.Config{
		VocabSize: 37, DModel: 24, DInner: 48, DState: 5, DConv: 4, DtRank: 3, NLayer: 3, Eps: 1e-5, Bias: true, ConvBias: true,
	}
	if f.Config != want || f.Dtype != "F16" || f.Weights.Head != nil || f.NonFinite != 0 || f.Card.Kind != model.Unknown {
		t.Errorf("config %+v, dtype %s, card %+v", f.Config, f.Dtype, f.Card)
	}
	b := scan.NewCPU(scan.Options{})
	defer b.Close()
	m, err := model.New(b, f.Config, f.Weights)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Free()
	tokens := []int32{1, 5, 9, 36, 0, 7, 7, 2}
	logits := make([]float32, len(tokens)*37)
	if err := m.Forward(s, tokens, model.Options{Logits: logits}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []model.Guess{
		{ID: 3, P: 0.2236}, {ID: 10, P: 0.14115}, {ID: 23, P: 0.25979}, {ID: 10, P: 0.13452},
		{ID: 3, P: 0.20284}, {ID: 3, P: 0.185}, {ID: 31, P: 0.22066}, {ID: 33, P: 0.17656},
	} {
		got := model.Top(logits[i*37:][:37], 1)[0]
		// They are rounded to five digits.
		if got.ID != want.ID || math.Abs(got.P-want.P) > 1e-5 {
			t.Errorf("after token %d: %d with %.6f, transformers says %d with %.5f", i, got.ID, got.P, want.ID, want.P)
		}
	}
}
