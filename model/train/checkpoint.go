package train

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"mamba-tui/model"
)

// Checkpoint is a run that can go on where it was, to the bit.
type Checkpoint struct {
	Recipe Recipe
	Step   int // steps done
	Stage  int // index in Recipe.Lengths
	Tokens int64
	// Average are the moving Averages of the stage.
	Average Averages
	// Source is the state of the generator of training sequences.
	Source []byte

	Parameters    *Parameters
	First, Second []float32 // AdamW's m and v, in the layout of Parameters.Flat
	Updates       int       // AdamW's t

	// Accuracy is what the evaluation at step Evaluated found at Length; 0 if
	// there was none.
	Evaluated int
	Accuracy  float64
	Length    int

	// Card says what the model is, to whoever opens it.
	Card model.Card
}

// clone is a copy that shares nothing.
func (c *Checkpoint) clone() *Checkpoint {
	d := *c
	d.Source = append([]byte(nil), c.Source...)
	d.Parameters = c.Parameters.copyOf()
	d.First = append([]float32(nil), c.First...)
	d.Second = append([]float32(nil), c.Second...)
	return &d
}

// Metadata is what the model's file says of its making: the recipe, seed, steps
// and accuracy. There is no date and no place in it, so the same run makes the
// same file.
func (c *Checkpoint) Metadata() map[string]string {
	recipe, err := json.Marshal(c.Recipe)
	if err != nil {
		panic("train: a recipe that is no JSON") // plain fields, checked by Validate
	}
	m := map[string]string{
		"name":       c.Card.Name,
		"provenance": string(model.Trained),
		"command":    c.Card.Command,
		"recipe":     string(recipe),
		"task":       c.Recipe.Task,
		"seed":       strconv.FormatUint(c.Recipe.Seed, 10),
		"steps":      strconv.Itoa(c.Step),
		"tokens":     strconv.FormatInt(c.Tokens, 10),
	}
	if c.Length > 0 {
		m["accuracy"] = fmt.Sprintf("%.4f", c.Accuracy)
		m["accuracy_length"] = strconv.Itoa(c.Length)
	}
	return m
}

// card says what the model is so far.
func (t *trainer) card() model.Card {
	c := t.task.Card()
	c.Name, c.TaskName, c.Kind, c.Command = t.r.Task, t.task.Name(), model.Trained, t.r.Command()
	c.Note = fmt.Sprintf("%d of %d steps", t.step, t.r.Steps)
	if t.last != nil {
		c.Note = fmt.Sprintf("measured after %d of %d steps: %.1f %% right at %d tokens (%d questions); %.1f %% with Δ frozen at its mean",
			t.last.Step, t.r.Steps, 100*t.last.Accuracy, t.last.Length, t.last.Asked, 100*t.last.Frozen)
	}
	return c
}

// equal compares recipes.
func (r Recipe) equal(o Recipe) bool { return reflect.DeepEqual(r, o) }

// Command is the command line that follows the recipe: the flags in which it
// differs from the task's Defaults.
func (r Recipe) Command() string {
	d := Defaults(r.Task)
	args := []string{"mamba-tui train --task " + r.Task}
	flag := func(name string, have, standard any) {
		if !reflect.DeepEqual(have, standard) {
			args = append(args, fmt.Sprintf("--%s %v", name, have))
		}
	}
	flag("seed", r.Seed, uint64(0)) // always there
	flag("layers", r.Layers, d.Layers)
	flag("d-model", r.DModel, d.DModel)
	flag("d-state", r.DState, d.DState)
	flag("d-conv", r.DConv, d.DConv)
	flag("dt-rank", r.DtRank, d.DtRank)
	flag("tied", r.Tied, d.Tied)
	flag("steps", r.Steps, d.Steps)
	flag("batch", r.Batch, d.Batch)
	flag("most-tokens", r.MostTokens, d.MostTokens)
	flag("lengths", list(r.Lengths), list(d.Lengths))
	flag("advance", r.Advance, d.Advance)
	flag("lr", r.LearningRate, d.LearningRate)
	flag("warm-up", r.WarmUp, d.WarmUp)
	flag("floor", r.Floor, d.Floor)
	flag("beta1", r.Beta1, d.Beta1)
	flag("beta2", r.Beta2, d.Beta2)
	flag("weight-decay", r.WeightDecay, d.WeightDecay)
	flag("clip", r.Clip, d.Clip)
	flag("conv", r.Conv, d.Conv)
	flag("a", r.A, d.A)
	flag("dt-min", r.DtMin, d.DtMin)
	flag("dt-max", r.DtMax, d.DtMax)
	flag("embedding-std", r.EmbeddingStd, d.EmbeddingStd)
	flag("selective", r.Selective.String(), d.Selective.String())
	return strings.Join(args, " ")
}

// list is numbers with commas between.
func list(n []int) string {
	s := make([]string, len(n))
	for i, v := range n {
		s[i] = strconv.Itoa(v)
	}
	return strings.Join(s, ",")
}
