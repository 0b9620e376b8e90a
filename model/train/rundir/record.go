package rundir

import (
	"fmt"
	"math"
	"strconv"

	"mamba-tui/model/task"
	"mamba-tui/model/train"
)

// Schema is the version of the log. A member that is added does not change it;
// one that changes its meaning does.
const Schema = 1

// Header is the first line of a log.
type Header struct {
	Schema int          `json:"schema"`
	Type   string       `json:"type"` // "run"
	Recipe train.Recipe `json:"recipe"`
	Text   string       `json:"text,omitempty"` // name and SHA-256 of the text, if there is one
}

// Step is a line of the log: one step, and the batch it learned from. How long
// it took is not in it, so that the same run gives the same log.
type Step struct {
	Type      string `json:"type"` // "step"
	Step      int    `json:"step"`
	Loss      Number `json:"loss"`
	Accuracy  Number `json:"accuracy"`
	MeanLoss  Number `json:"mean_loss"` // moving averages
	MeanRight Number `json:"mean_accuracy"`
	GradNorm  Number `json:"grad_norm"`
	Rate      Number `json:"rate"`
	Stage     int    `json:"stage"`
	Length    int    `json:"length"`
	Tokens    int64  `json:"tokens"`
}

// StepOf is the line for a step.
func StepOf(p train.Progress) Step {
	return Step{Type: "step", Step: p.Step, Loss: Number(p.Loss), Accuracy: Number(p.Accuracy), MeanLoss: Number(p.MeanLoss),
		MeanRight: Number(p.MeanRight), GradNorm: Number(p.GradNorm), Rate: Number(p.Rate), Stage: p.Stage, Length: p.Length, Tokens: p.Tokens}
}

// Progress is the step as the observer was told, without times. steps is the
// recipe's.
func (s Step) Progress(steps int) train.Progress {
	return train.Progress{Step: s.Step, Steps: steps, Loss: float64(s.Loss), Accuracy: float64(s.Accuracy), MeanLoss: float64(s.MeanLoss),
		MeanRight: float64(s.MeanRight), GradNorm: float64(s.GradNorm), Rate: float64(s.Rate), Stage: s.Stage, Length: s.Length, Tokens: s.Tokens}
}

// Evaluation is a line of the log: a measurement on fresh sequences.
type Evaluation struct {
	Type      string  `json:"type"` // "evaluation"
	Step      int     `json:"step"`
	Length    int     `json:"length"`
	Sequences int     `json:"sequences"`
	Right     int     `json:"right"`
	Asked     int     `json:"asked"`
	Loss      Number  `json:"loss"`
	Frozen    Number  `json:"frozen"` // accuracy with Δ frozen at its mean
	Layers    []Layer `json:"layers"`
	Resets    []Reset `json:"resets,omitempty"`
}

// Layer is what Δ does in one layer.
type Layer struct {
	Delta  map[string]Number `json:"delta"`  // class → mean Δ; classes without a token are not there
	Tokens map[string]int    `json:"tokens"` // class → tokens it was taken over
	Mean   []Number          `json:"mean"`   // channel → mean Δ
	AUC    []Number          `json:"auc"`    // channel → how well Δ tells events from the rest
}

// Reset is what is left in h of the document before a separator.
type Reset struct {
	Offset int      `json:"offset"`
	Change []Number `json:"change"` // layer → relative change of h
}

// EvaluationOf is the line for an evaluation. It shares nothing with e.
func EvaluationOf(e *train.Evaluation) Evaluation {
	out := Evaluation{Type: "evaluation", Step: e.Step, Length: e.Length, Sequences: e.Sequences, Right: e.Right, Asked: e.Asked,
		Loss: Number(e.Loss), Frozen: Number(e.Frozen), Layers: make([]Layer, len(e.Layers))}
	for i, l := range e.Layers {
		o := Layer{Delta: map[string]Number{}, Tokens: map[string]int{}, AUC: numbers(l.AUC)}
		for _, m := range l.Mean {
			o.Mean = append(o.Mean, Number(m))
		}
		for c, n := range l.Tokens {
			if n > 0 {
				name := task.Class(c).String()
				o.Delta[name], o.Tokens[name] = Number(l.ByClass[c]), n
			}
		}
		out.Layers[i] = o
	}
	for _, r := range e.Resets {
		out.Resets = append(out.Resets, Reset{r.Offset, numbers(r.Change)})
	}
	return out
}

// Evaluation is the measurement as the observer was told.
func (e Evaluation) Evaluation() *train.Evaluation {
	out := &train.Evaluation{Step: e.Step, Length: e.Length, Sequences: e.Sequences, Right: e.Right, Asked: e.Asked,
		Accuracy: float64(e.Right) / float64(max(1, e.Asked)), Loss: float64(e.Loss), Frozen: float64(e.Frozen),
		Layers: make([]train.Selection, len(e.Layers))}
	for i, l := range e.Layers {
		o := train.Selection{AUC: floats(l.AUC)}
		for _, m := range l.Mean {
			o.Mean = append(o.Mean, float32(m))
		}
		for c := range task.NumClasses {
			o.ByClass[c], o.Tokens[c] = float64(l.Delta[c.String()]), l.Tokens[c.String()]
		}
		out.Layers[i] = o
	}
	for _, r := range e.Resets {
		out.Resets = append(out.Resets, train.Reset{Offset: r.Offset, Change: floats(r.Change)})
	}
	return out
}

// Number is a float64 that JSON writes with six digits, which is more than a
// curve shows, and as null where it is none.
type Number float64

// MarshalJSON writes the number.
func (n Number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(n), 'g', 6, 64), nil
}

// UnmarshalJSON reads it; null is NaN.
func (n *Number) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return fmt.Errorf("rundir: %.20q is not a number", text)
	}
	*n = Number(v)
	return nil
}

func numbers(list []float64) []Number {
	out := make([]Number, len(list))
	for i, x := range list {
		out[i] = Number(x)
	}
	return out
}

func floats(list []Number) []float64 {
	out := make([]float64, len(list))
	for i, x := range list {
		out[i] = float64(x)
	}
	return out
}
