package main

import (
	"errors"
	"fmt"

	"mamba-tui/model"
	"mamba-tui/model/bench"
	"mamba-tui/model/tokenizer"
	"mamba-tui/scan"
)

// weightsStatus is what a format of --weights costs in accuracy.
type weightsStatus struct {
	Format string  `json:"format"`
	Error  float64 `json:"error_to_float64"` // max|a−b|/max|b| of the logits of an example
	Model  string  `json:"model"`            // whose example that is
	Note   string  `json:"note,omitempty"`   // why there is no error
}

// weightsModel is the built-in model that the formats are tried on: a trained
// one, whose weights are no round numbers.
const weightsModel = "chars"

// checkWeights runs the example of a model in every format, and in float64.
func checkWeights(name string) []weightsStatus {
	var list []weightsStatus
	exact, err := exampleLogits(name, scan.Options{DType: scan.Float64})
	for _, f := range scan.WeightFormats() {
		s := weightsStatus{Format: f.String(), Model: name}
		got, failed := exampleLogits(name, scan.Options{Weights: f})
		if failed = errors.Join(err, failed); failed != nil {
			s.Note = oneLine(failed)
		} else {
			s.Error = bench.Relative(got, exact)
		}
		list = append(list, s)
	}
	return list
}

// exampleLogits is the logits after every token of a built-in model's example.
func exampleLogits(name string, o scan.Options) ([]float32, error) {
	f, _, err := loadModel(name)
	if err != nil {
		return nil, err
	}
	tok, err := tokenizer.For(f.Card, f.Config.VocabSize)
	if err != nil {
		return nil, err
	}
	if len(f.Card.Prompts) == 0 {
		return nil, fmt.Errorf("%s brings no example", name)
	}
	tokens, err := tok.Encode(f.Card.Prompts[0].Text, true)
	if err != nil {
		return nil, err
	}
	ids := make([]int32, len(tokens))
	for i, t := range tokens {
		ids[i] = t.ID
	}
	b := scan.NewCPU(o)
	defer b.Close()
	m, err := model.New(b, f.Config, f.Weights)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	s, err := m.NewState()
	if err != nil {
		return nil, err
	}
	defer s.Free()
	logits := make([]float32, len(ids)*f.Config.VocabSize)
	return logits, m.Forward(s, ids, model.Options{Logits: logits})
}

// detail is a line of doctor.
func (s weightsStatus) detail() string {
	if s.Note != "" {
		return s.Format + " not tried: " + s.Note
	}
	size := "as they come"
	if s.Format != scan.WeightsF32.String() {
		size = "half the memory"
	}
	return fmt.Sprintf("%s: %s; the logits of %s are %.1g off float64, relative to the largest", s.Format, size, s.Model, s.Error)
}
