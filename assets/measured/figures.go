package measured

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"mamba-tui/model"
	"mamba-tui/model/measure"
	"mamba-tui/model/task"
	"mamba-tui/model/train"
	"mamba-tui/scan"
)

// Key is the key of the metadata of model.safetensors that holds Figures as
// JSON.
const Key = "figures"

// Opens is the area under the curve from which a channel selects: the
// probability that its Δ is greater on an event than on what is to be ignored.
const Opens = 0.95

// Figures are what was measured of one model.
type Figures struct {
	Length    int     `json:"length"` // the longest it was trained at
	Sequences int     `json:"sequences"`
	Asked     int     `json:"asked"`
	Right     int     `json:"right"`
	Low       float64 `json:"low"` // 95 % interval of Right/Asked
	High      float64 `json:"high"`
	Loss      float64 `json:"loss"`   // nats a question
	Frozen    float64 `json:"frozen"` // share right with every Δ at its mean

	Layer    int                `json:"layer"` // the one with the most channels that select; the rest is about it
	Channels int                `json:"channels"`
	Openers  int                `json:"openers"` // AUC above Opens
	Closers  int                `json:"closers"` // AUC below 1 − Opens
	Delta    map[string]float64 `json:"delta"`   // class → mean Δ over channels
	Resets   []Reset            `json:"resets,omitempty"`

	Lengths []AtLength `json:"lengths,omitempty"`
	// Other is a variant of the task that training never showed, if there is
	// one, at the trained length.
	Other     *AtLength `json:"other,omitempty"`
	OtherTask string    `json:"other_task,omitempty"`
}

// Reset is how much h differs after a separator when what came before is
// swapped, relative to its size.
type Reset struct {
	Offset int     `json:"offset"` // tokens after the separator
	Change float64 `json:"change"`
}

// AtLength is what a model answers at one length.
type AtLength struct {
	Length    int     `json:"length"`
	Sequences int     `json:"sequences"`
	Asked     int     `json:"asked"`
	Right     int     `json:"right"`
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
}

// Accuracy is the share answered right.
func (a AtLength) Accuracy() float64 { return float64(a.Right) / float64(a.Asked) }

// Accuracy is the share answered right at the trained length.
func (f Figures) Accuracy() float64 { return float64(f.Right) / float64(f.Asked) }

// Share is the share of the channels of Layer that select.
func (f Figures) Share() float64 { return float64(f.Openers) / float64(f.Channels) }

// Kept is the change of h at an offset after the separator; −1 if it was not
// measured.
func (f Figures) Kept(offset int) float64 {
	for _, r := range f.Resets {
		if r.Offset == offset {
			return r.Change
		}
	}
	return -1
}

// sequences of a measurement at the trained length.
const sequences = 512

// kernels are plain Go: recorded figures must not depend on the machine that
// took them.
const kernels = scan.Generic

// Measure takes the figures of a model at a length. Two seeds give two
// independent sets of sequences.
func Measure(ctx context.Context, c model.Config, w *model.Weights, t task.Task, length int, seed uint64, threads int) (Figures, error) {
	f := Figures{Length: length, Sequences: sequences}
	b := scan.NewCPU(scan.Options{Threads: threads, Kernels: kernels})
	defer b.Close()
	held := t
	if h, ok := t.(task.HeldOut); ok {
		held = h.HeldOut()
	}
	// Stream 2^32 of the seed: Accuracy draws from the first few hundred of another.
	e, err := train.Evaluate(b, c, w, held, length, task.Stream(seed, 1<<32))
	if err != nil {
		return f, fmt.Errorf("measured: %w", err)
	}
	f.selection(e)
	s := measure.Subject{Config: c, Weights: w}
	o := measure.Options{Length: length, Sequences: sequences, Seed: seed, Threads: threads, Kernels: kernels}
	tally, err := s.Accuracy(ctx, t, o)
	if err != nil {
		return f, err
	}
	f.Asked, f.Right, f.Loss = tally.Asked, tally.Right, round(tally.MeanLoss())
	f.Low, f.High = interval(tally)
	o.Tweaks = &model.Tweaks{}
	for _, l := range e.Layers {
		o.Tweaks.Layers = append(o.Tweaks.Layers, model.LayerTweaks{FreezeDelta: l.Mean})
	}
	if tally, err = s.Accuracy(ctx, t, o); err != nil {
		return f, err
	}
	f.Frozen = round(tally.Accuracy())
	return f, f.other(ctx, s, t, o)
}

// selection takes what Δ does in the layer where most channels select.
func (f *Figures) selection(e *train.Evaluation) {
	for i, l := range e.Layers {
		if l.Share(Opens) > e.Layers[f.Layer].Share(Opens) {
			f.Layer = i
		}
	}
	l := e.Layers[f.Layer]
	f.Channels, f.Delta = len(l.AUC), map[string]float64{}
	for _, a := range l.AUC {
		switch {
		case a > Opens:
			f.Openers++
		case a < 1-Opens:
			f.Closers++
		}
	}
	for class, n := range l.Tokens {
		if n > 0 {
			f.Delta[task.Class(class).String()] = round(l.ByClass[class])
		}
	}
	for _, r := range e.Resets {
		f.Resets = append(f.Resets, Reset{r.Offset, round(r.Change[f.Layer])})
	}
}

// Extend adds the accuracy at other lengths: what the model does not do.
func (f *Figures) Extend(ctx context.Context, c model.Config, w *model.Weights, t task.Task, lengths []int, seed uint64, threads int) error {
	s := measure.Subject{Config: c, Weights: w}
	for _, length := range lengths {
		n := min(256, max(16, 1<<20/length))
		tally, err := s.Accuracy(ctx, Hold(t), measure.Options{Length: length, Sequences: n, Seed: seed, Threads: threads, Kernels: kernels})
		if err != nil {
			return err
		}
		a := AtLength{Length: length, Sequences: n, Asked: tally.Asked, Right: tally.Right}
		a.Low, a.High = interval(tally)
		f.Lengths = append(f.Lengths, a)
	}
	return nil
}

// other measures the variant of the task that was not trained.
func (f *Figures) other(ctx context.Context, s measure.Subject, t task.Task, o measure.Options) error {
	if _, ok := t.(task.Induction); !ok {
		return nil
	}
	o.Tweaks = nil
	tally, err := s.Accuracy(ctx, task.Induction{Pairs: 4}, o)
	if err != nil {
		return err
	}
	f.OtherTask = "with four keys in the sequence, of which the newest counts"
	f.Other = &AtLength{Length: o.Length, Sequences: o.Sequences, Asked: tally.Asked, Right: tally.Right}
	f.Other.Low, f.Other.High = interval(tally)
	return nil
}

// Hold is the variant of a task that asks for memory over the whole length, if
// it has one: a header with a single document. Recall and majority have
// documents of bounded length: there a greater length asks whether resetting
// goes on working.
func Hold(t task.Task) task.Task {
	if _, ok := t.(task.Header); ok {
		return task.Header{Documents: 1}
	}
	return t
}

// Decode reads the figures in the metadata of a model.
func Decode(metadata map[string]string) (Figures, error) {
	var f Figures
	text, ok := metadata[Key]
	if !ok {
		return f, fmt.Errorf("measured: the metadata has no %q", Key)
	}
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return f, fmt.Errorf("measured: %w", err)
	}
	if f.Asked < 1 || f.Channels < 1 || slices.ContainsFunc(f.Lengths, func(a AtLength) bool { return a.Asked < 1 }) {
		return f, fmt.Errorf("measured: the figures are of nothing: %d questions, %d channels", f.Asked, f.Channels)
	}
	return f, nil
}

// interval is Tally.Interval to six digits.
func interval(t measure.Tally) (low, high float64) {
	low, high = t.Interval()
	return round(low), round(high)
}
