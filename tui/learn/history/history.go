package history

import (
	"cmp"
	"math"
	"slices"

	"mamba-tui/model/task"
	"mamba-tui/model/train"
)

// Info is what does not change during a run.
type Info struct {
	Recipe     train.Recipe `json:"recipe"`
	Line       string       `json:"definition"` // the task in one line
	Shows      string       `json:"shows"`
	Parameters int          `json:"parameters"`
	Layers     int          `json:"layers"`
	Channels   int          `json:"channels"` // D
	States     int          `json:"states"`   // N
	Symbols    []string     `json:"symbols"`  // token id → text

	// The probe: one sequence of the task, always the same.
	Tokens  []int32  `json:"tokens"`  // (T)
	Classes []string `json:"classes"` // (T): names of task.Class
	Asks    []Ask    `json:"asks"`
	// Events and Rest are the classes that an AUC tells apart.
	Events []string `json:"events"`
	Rest   []string `json:"rest"`
	// Counted is how many tokens of each class the means of a probe are over:
	// several sequences, the first of which is the one that is shown.
	Counted []int `json:"counted"`
}

// Ask says that after token At the right answer is Answer.
type Ask struct {
	At     int   `json:"at"`
	Answer int32 `json:"answer"`
}

// T is the number of tokens of the probe.
func (i *Info) T() int { return len(i.Tokens) }

// Class is the class of the probe's token t.
func (i *Info) Class(t int) task.Class { return classOf(i.Classes[t]) }

// Symbol is the text of a token id, or "".
func (i *Info) Symbol(id int32) string {
	if id < 0 || int(id) >= len(i.Symbols) {
		return ""
	}
	return i.Symbols[id]
}

// Text is the symbol of all tokens of a class in the probe, or the name of the
// class where there are several symbols.
func (i *Info) Text(c task.Class) string {
	found := ""
	for t := range i.Tokens {
		if i.Class(t) != c {
			continue
		}
		s := i.Symbol(i.Tokens[t])
		if s == "" || found != "" && found != s {
			return c.String()
		}
		found = s
	}
	if found == "" {
		return c.String()
	}
	return found
}

// Has says whether tokens of the class were counted.
func (i *Info) Has(c task.Class) bool { return int(c) < len(i.Counted) && i.Counted[c] > 0 }

// classOf is the class with a name; task.NumClasses if there is none.
func classOf(name string) task.Class {
	for c := range task.NumClasses {
		if c.String() == name {
			return c
		}
	}
	return task.NumClasses
}

// Points are the curves: one row is the mean over a few steps, which end with
// Step. The slices have one length and are only appended to.
type Points struct {
	Step      []int
	Loss      []float32 // of the batches, nats a question
	Right     []float32 // share of a batch's questions
	MeanLoss  []float32 // moving average
	MeanRight []float32
	Norm      []float32 // of the gradient, before clipping
	Rate      []float32 // learning rate
	Length    []int     // of the sequences
}

// Len is the number of points.
func (p *Points) Len() int { return len(p.Step) }

// cut keeps the points before a step.
func (p *Points) cut(step int) {
	n, _ := slices.BinarySearch(p.Step, step)
	p.Step, p.Length = p.Step[:n:n], p.Length[:n:n]
	for _, c := range p.columns() {
		*c = (*c)[:n:n]
	}
}

func (p *Points) columns() []*[]float32 {
	return []*[]float32{&p.Loss, &p.Right, &p.MeanLoss, &p.MeanRight, &p.Norm, &p.Rate}
}

// Eval is a measurement on fresh sequences.
type Eval struct {
	Step     int     `json:"step"`
	Accuracy float64 `json:"accuracy"`
	Loss     float64 `json:"loss"`   // nats a question
	Frozen   float64 `json:"frozen"` // accuracy with every Δ at its mean
	Right    int     `json:"right"`
	Asked    int     `json:"asked"`
	Length   int     `json:"length"` // tokens of a sequence
}

// Probe is what the model does on the probe's sequence at one step.
type Probe struct {
	Step   int
	Layers []Layer
	// Best is the most probable answer to each of Info.Asks, P its probability.
	Best []int32
	P    []float32
}

// Layer is one block's part of a probe.
type Layer struct {
	Delta []float32 // (T, D), after softplus
	B, C  []float32 // (T, N)
	// Kept is ρ = ‖Ā⊙h‖/‖h‖ (T); NaN where h was 0.
	Kept []float32
	// Means is each channel's mean Δ over the counted tokens of each class,
	// (task.NumClasses, D); NaN for a class without tokens.
	Means []float32
	// AUC is, for each channel, the probability that Δ is greater on a token of
	// Info.Events than on one of Info.Rest.
	AUC []float32
}

// Mean is the mean Δ of a class over channels; all of them if none are named.
func (l *Layer) Mean(c task.Class, channels []int) float64 {
	D := len(l.AUC)
	row := l.Means[int(c)*D : (int(c)+1)*D]
	var sum float64
	if channels == nil {
		for _, x := range row {
			sum += float64(x)
		}
		return sum / float64(D)
	}
	for _, d := range channels {
		sum += float64(row[d])
	}
	return sum / float64(len(channels))
}

// Above lists the channels whose AUC is greater than x.
func (l *Layer) Above(x float32) []int {
	var out []int
	for d, a := range l.AUC {
		if a > x {
			out = append(out, d)
		}
	}
	return out
}

// Gap is how much greater Δ is, on the mean, on the events than on the rest; NaN
// where one of them has no tokens.
func (i *Info) Gap(l *Layer, channels []int) float64 {
	return i.over(l, i.Events, channels) - i.over(l, i.Rest, channels)
}

// over is the mean Δ over the tokens of several classes.
func (i *Info) over(l *Layer, names []string, channels []int) float64 {
	var sum float64
	n := 0
	for _, name := range names {
		if c := classOf(name); i.Has(c) {
			sum += l.Mean(c, channels) * float64(i.Counted[c])
			n += i.Counted[c]
		}
	}
	return sum / float64(n)
}

// State is how far a run is.
type State uint8

// States.
const (
	Running State = iota
	Paused
	Ended
)

// History is a run so far. It is never changed once it is published: the next
// one shares what they have in common.
type History struct {
	Seq    uint64
	Info   *Info
	Now    train.Progress // of the last step; zero in a history that was read
	Points Points
	Evals  []Eval
	Probes []*Probe
	State  State
	// Stopped says that the run ended before its last step.
	Stopped bool
	// Err is why the training failed.
	Err error
	// Saved counts the checkpoints kept on request, SavedStep is the last one's
	// step, SaveErr why it was not kept.
	Saved, SavedStep int
	SaveErr          error
	// LogErr is why the log ended early.
	LogErr error
	// Torn says that the log ends in the middle of a line.
	Torn bool
	torn int64 // bytes of that line
}

// Step is the last step that is known.
func (h *History) Step() int {
	step := h.Now.Step
	if n := h.Points.Len(); n > 0 {
		step = max(step, h.Points.Step[n-1])
	}
	return step
}

// Steps is the length of the run.
func (h *History) Steps() int { return max(h.Info.Recipe.Steps, h.Step()) }

// ProbeAt is the index of the last probe that is not after step, or the first;
// −1 where there are none.
func (h *History) ProbeAt(step int) int {
	n, ok := slices.BinarySearchFunc(h.Probes, step, func(p *Probe, s int) int { return cmp.Compare(p.Step, s) })
	if !ok {
		n--
	}
	return max(min(n, len(h.Probes)-1), min(0, len(h.Probes)-1))
}

// EvalAt is the last evaluation that is not after step, or nil.
func (h *History) EvalAt(step int) *Eval {
	for i := len(h.Evals) - 1; i >= 0; i-- {
		if h.Evals[i].Step <= step {
			return &h.Evals[i]
		}
	}
	return nil
}

// PointAt is the index of the first point that reaches step, or the last one;
// −1 where there are none.
func (h *History) PointAt(step int) int {
	n, _ := slices.BinarySearch(h.Points.Step, step)
	return min(n, h.Points.Len()-1)
}

// cut forgets everything from a step on.
func (h *History) cut(step int) {
	h.Points.cut(step)
	h.Evals = before(h.Evals, func(e Eval) bool { return e.Step < step })
	h.Probes = before(h.Probes, func(p *Probe) bool { return p.Step < step })
}

// before is the head of s for which keep holds, so that an append copies it.
func before[T any](s []T, keep func(T) bool) []T {
	n := len(s)
	for n > 0 && !keep(s[n-1]) {
		n--
	}
	return s[:n:n]
}

// finite replaces what is no number, which JSON cannot say, by 0.
func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}
