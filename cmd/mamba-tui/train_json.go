package main

import (
	"fmt"
	"math"
	"strconv"

	"mamba-tui/model/task"
	"mamba-tui/model/train"
)

// jsonTraining writes a training as lines of JSON.
type jsonTraining struct{ a *app }

func (j *jsonTraining) begin(t *training) error {
	cfg := t.recipe.Config(t.task.Vocab())
	from := 0
	if t.from != nil {
		from = t.from.Step
	}
	return j.a.printJSON(struct {
		Schema     int          `json:"schema"`
		Type       string       `json:"type"`
		Version    string       `json:"version"`
		Task       string       `json:"task"`
		Shows      string       `json:"shows"`
		Text       string       `json:"text,omitempty"`
		Recipe     train.Recipe `json:"recipe"`
		Command    string       `json:"command"`
		VocabSize  int          `json:"vocab_size"`
		Parameters int          `json:"parameters"`
		Threads    int          `json:"threads"`
		From       int          `json:"from"` // steps done before
	}{schema, "train", version(), t.task.About().Line, t.task.About().Shows, source(t.task), t.recipe, t.recipe.Command(),
		cfg.VocabSize, parameters(cfg, t.recipe.Tied), t.threads, from})
}

func (j *jsonTraining) progress(p train.Progress) error {
	return j.a.printJSON(struct {
		stepLine
		PerSecond jsonNumber `json:"tokens_per_second"`
		Elapsed   jsonNumber `json:"seconds"`
		Left      jsonNumber `json:"seconds_left"`
	}{stepLineOf(p), jsonNumber(p.PerSecond), jsonNumber(p.Elapsed.Seconds()), jsonNumber(p.Left.Seconds())})
}

func (j *jsonTraining) evaluated(e *train.Evaluation) error {
	return j.a.printJSON(evaluationLineOf(e))
}

func (j *jsonTraining) end(t *training, r *train.Result) error {
	return j.a.printJSON(struct {
		Type     string     `json:"type"`
		Steps    int        `json:"steps"`
		Stopped  bool       `json:"stopped"`
		Accuracy jsonNumber `json:"accuracy"`
		Loss     jsonNumber `json:"loss"`
		Kept     bool       `json:"kept"`
	}{"end", r.Steps, r.Stopped, jsonNumber(r.Final.Accuracy), jsonNumber(r.Final.Loss), t.dir != nil})
}

// stepLine is a line of train --json: one step, and the batch it learned from.
type stepLine struct {
	Type      string     `json:"type"` // "step"
	Step      int        `json:"step"`
	Loss      jsonNumber `json:"loss"`
	Accuracy  jsonNumber `json:"accuracy"`
	MeanLoss  jsonNumber `json:"mean_loss"` // moving averages
	MeanRight jsonNumber `json:"mean_accuracy"`
	GradNorm  jsonNumber `json:"grad_norm"`
	Rate      jsonNumber `json:"rate"`
	Stage     int        `json:"stage"`
	Length    int        `json:"length"`
	Tokens    int64      `json:"tokens"`
}

// stepLineOf is the line for a step.
func stepLineOf(p train.Progress) stepLine {
	return stepLine{Type: "step", Step: p.Step, Loss: jsonNumber(p.Loss), Accuracy: jsonNumber(p.Accuracy), MeanLoss: jsonNumber(p.MeanLoss),
		MeanRight: jsonNumber(p.MeanRight), GradNorm: jsonNumber(p.GradNorm), Rate: jsonNumber(p.Rate), Stage: p.Stage, Length: p.Length, Tokens: p.Tokens}
}

// evaluationLine is a line of train --json: a measurement on fresh sequences.
type evaluationLine struct {
	Type      string      `json:"type"` // "evaluation"
	Step      int         `json:"step"`
	Length    int         `json:"length"`
	Sequences int         `json:"sequences"`
	Right     int         `json:"right"`
	Asked     int         `json:"asked"`
	Loss      jsonNumber  `json:"loss"`
	Frozen    jsonNumber  `json:"frozen"` // accuracy with Δ frozen at its mean
	Layers    []layerLine `json:"layers"`
	Resets    []resetLine `json:"resets,omitempty"`
}

// layerLine is what Δ does in one layer.
type layerLine struct {
	Delta  map[string]jsonNumber `json:"delta"`  // class → mean Δ; classes without a token are not there
	Tokens map[string]int        `json:"tokens"` // class → tokens it was taken over
	Mean   []jsonNumber          `json:"mean"`   // channel → mean Δ
	AUC    []jsonNumber          `json:"auc"`    // channel → how well Δ tells events from the rest
}

// resetLine is what is left in h of the document before a separator.
type resetLine struct {
	Offset int          `json:"offset"`
	Change []jsonNumber `json:"change"` // layer → relative change of h
}

// evaluationLineOf is the line for an evaluation. It shares nothing with e.
func evaluationLineOf(e *train.Evaluation) evaluationLine {
	out := evaluationLine{Type: "evaluation", Step: e.Step, Length: e.Length, Sequences: e.Sequences, Right: e.Right, Asked: e.Asked,
		Loss: jsonNumber(e.Loss), Frozen: jsonNumber(e.Frozen), Layers: make([]layerLine, len(e.Layers))}
	for i, l := range e.Layers {
		o := layerLine{Delta: map[string]jsonNumber{}, Tokens: map[string]int{}, AUC: numbers(l.AUC)}
		for _, m := range l.Mean {
			o.Mean = append(o.Mean, jsonNumber(m))
		}
		for c, n := range l.Tokens {
			if n > 0 {
				name := task.Class(c).String()
				o.Delta[name], o.Tokens[name] = jsonNumber(l.ByClass[c]), n
			}
		}
		out.Layers[i] = o
	}
	for _, r := range e.Resets {
		out.Resets = append(out.Resets, resetLine{r.Offset, numbers(r.Change)})
	}
	return out
}

// jsonNumber is a float64 that JSON writes with six digits, which is more than a
// curve shows, and as null where it is none.
type jsonNumber float64

// MarshalJSON writes the number.
func (n jsonNumber) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(n), 'g', 6, 64), nil
}

// UnmarshalJSON reads it; null is NaN.
func (n *jsonNumber) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*n = jsonNumber(math.NaN())
		return nil
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return fmt.Errorf("%.20q is not a number", text)
	}
	*n = jsonNumber(v)
	return nil
}

func numbers(list []float64) []jsonNumber {
	out := make([]jsonNumber, len(list))
	for i, x := range list {
		out[i] = jsonNumber(x)
	}
	return out
}
