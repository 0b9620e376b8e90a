package train

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// Evaluation is a measurement on sequences that were not trained on.
type Evaluation struct {
	Step      int
	Length    int // tokens of a sequence
	Sequences int
	Right     int
	Asked     int
	Accuracy  float64 // Right/Asked
	Loss      float64 // nats a question
	// Layers says what Δ does in each layer.
	Layers []Selection
	// Frozen is the accuracy with every Δ at its mean over all tokens: what is
	// left without selection by Δ.
	Frozen float64
	// Resets says how much of the document before survives a separator, in a
	// task where nothing of it should.
	Resets []Reset
}

// Selection is what Δ does in one layer.
type Selection struct {
	// ByClass is the mean of Δ over the tokens of a class and all channels;
	// Tokens counts them.
	ByClass [task.NumClasses]float64
	Tokens  [task.NumClasses]int
	// Mean is each channel's mean Δ over all tokens.
	Mean []float32
	// AUC is, for each channel, the probability that Δ is greater on a token
	// that matters than on one that does not (About.Events and Rest), ties
	// counted half: 1 opens on events, 0 closes, ½ is blind.
	AUC []float64
}

// Share is the share of channels whose AUC is above x.
func (s Selection) Share(x float64) float64 {
	n := 0
	for _, a := range s.AUC {
		if a > x {
			n++
		}
	}
	return float64(n) / float64(max(1, len(s.AUC)))
}

// Reset is what is left in h when the document before a separator was another.
type Reset struct {
	Offset int // tokens after the separator; −1 is the token before it
	// Change is, for each layer, the mean of ‖h_a−h_b‖ / ½(‖h_a‖+‖h_b‖) over
	// pairs of sequences that differ only before the separator.
	Change []float64
}

// Sizes of an evaluation.
const (
	evalSequences  = 64
	probeSequences = 16
	resetTrials    = 24
)

// resetOffsets are where a Reset is measured.
var resetOffsets = []int{-1, 0, 1, 4, 8}

// prober evaluates weights on a model of its own.
type prober struct {
	b    scan.Differentiable
	task task.Task
}

func newProber(open func() (scan.Differentiable, error), t task.Task, p *Parameters) (*prober, error) {
	b, err := open()
	if err != nil {
		return nil, fmt.Errorf("train: opening a backend: %w", err)
	}
	if h, ok := t.(task.HeldOut); ok {
		t = h.HeldOut()
	}
	return &prober{b: b, task: t}, nil
}

func (p *prober) close() { p.b.Close() }

// evaluate measures w at a length, on sequences that depend on seed and step.
func (p *prober) evaluate(w *Parameters, length int, seed uint64, step int) (*Evaluation, error) {
	rng := rand.New(rand.NewPCG(seed^uint64(step)<<32, evalStream))
	e, err := Evaluate(p.b, w.Config, w.Weights, p.task, length, rng)
	if err != nil {
		return nil, err
	}
	e.Step = step
	return e, nil
}

// Evaluate measures a model on sequences of a task drawn from rng.
func Evaluate(b scan.Backend, cfg model.Config, w *model.Weights, t task.Task, length int, rng *rand.Rand) (*Evaluation, error) {
	m, err := model.New(b, cfg, w)
	if err != nil {
		return nil, fmt.Errorf("train: evaluating: %w", err)
	}
	defer m.Close()
	s, err := m.NewState()
	if err != nil {
		return nil, fmt.Errorf("train: evaluating: %w", err)
	}
	defer s.Free()
	r := &runner{m: m, s: s, task: t, logits: make([]float32, length*cfg.VocabSize)}
	e := &Evaluation{Length: length, Sequences: evalSequences}
	samples := make([]task.Sample, evalSequences)
	for i := range samples {
		samples[i] = t.Draw(rng, length)
	}
	var score Score
	if e.Layers, score, err = r.selection(samples); err != nil {
		return nil, err
	}
	e.Right, e.Asked = score.Right, score.Asked
	e.Accuracy = float64(score.Right) / float64(max(1, score.Asked))
	e.Loss = score.Loss / float64(max(1, score.Asked))
	frozen := &model.Tweaks{}
	for _, l := range e.Layers {
		frozen.Layers = append(frozen.Layers, model.LayerTweaks{FreezeDelta: l.Mean})
	}
	if score, err = r.score(samples, frozen); err != nil {
		return nil, err
	}
	e.Frozen = float64(score.Right) / float64(max(1, score.Asked))
	if t.About().Resets {
		if e.Resets, err = r.resets(rng, length); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// runner runs whole sequences through a model.
type runner struct {
	m      *model.Model
	s      *model.State
	task   task.Task
	logits []float32
	probs  []float64
}

// forward runs tokens from a fresh state.
func (r *runner) forward(tokens []int32, o model.Options) error {
	r.s.Reset()
	if err := r.m.Forward(r.s, tokens, o); err != nil {
		return fmt.Errorf("train: evaluating: %w", err)
	}
	return nil
}

// score counts right answers.
func (r *runner) score(samples []task.Sample, tw *model.Tweaks) (Score, error) {
	var total Score
	for _, s := range samples {
		if err := r.forward(s.Tokens, model.Options{Logits: r.logits, Tweaks: tw}); err != nil {
			return total, err
		}
		total.add(r.answers(s))
	}
	return total, nil
}

// answers compares the logits with what a sample asks.
func (r *runner) answers(s task.Sample) Score {
	var score Score
	V := r.m.Config().VocabSize
	for _, a := range s.Asks {
		row := r.logits[a.At*V : (a.At+1)*V]
		r.probs = model.Softmax(r.probs, row)
		score.Asked++
		score.Loss += -logOf(r.probs[a.Answer])
		if best := model.Top(row, 1); best[0].ID == a.Answer {
			score.Right++
		}
	}
	return score
}

// selection measures Δ, over the first probeSequences, and the score over all.
func (r *runner) selection(samples []task.Sample) ([]Selection, Score, error) {
	cfg, about := r.m.Config(), r.task.About()
	D := cfg.DInner
	layers := make([]Selection, cfg.NLayer)
	// Per layer and channel: Δ on events and on the rest.
	events, rest := make([][]float32, cfg.NLayer*D), make([][]float32, cfg.NLayer*D)
	sums := make([]float64, cfg.NLayer*D)
	total := 0
	var score Score
	for i, s := range samples {
		o := model.Options{Logits: r.logits}
		if i < probeSequences {
			total += len(s.Tokens)
			o.Tap = &model.Tap{What: model.TapDelta, Func: func(rec *model.Record) {
				l := &layers[rec.Layer]
				for t, class := range s.Classes {
					row := rec.Delta[t*D : (t+1)*D]
					l.Tokens[class]++
					event, other := about.Events.Has(class), about.Rest.Has(class)
					for d, x := range row {
						k := rec.Layer*D + d
						l.ByClass[class] += float64(x)
						sums[k] += float64(x)
						if event {
							events[k] = append(events[k], x)
						} else if other {
							rest[k] = append(rest[k], x)
						}
					}
				}
			}}
		}
		if err := r.forward(s.Tokens, o); err != nil {
			return nil, score, err
		}
		score.add(r.answers(s))
	}
	for i := range layers {
		l := &layers[i]
		for c, n := range l.Tokens {
			l.ByClass[c] /= float64(max(1, n) * D)
		}
		l.Mean, l.AUC = make([]float32, D), make([]float64, D)
		for d := range D {
			l.Mean[d] = float32(sums[i*D+d] / float64(max(1, total)))
			l.AUC[d] = AUC(events[i*D+d], rest[i*D+d])
		}
	}
	return layers, score, nil
}

// AUC is the probability that a value of a is greater than one of b, ties
// counted half (the Mann–Whitney statistic over len(a)·len(b)); ½ where one of
// them is empty. It sorts both.
func AUC(a, b []float32) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0.5
	}
	slices.Sort(a)
	slices.Sort(b)
	var wins float64
	below, upTo := 0, 0 // values of b less than x, and not greater than x
	for _, x := range a {
		for below < len(b) && b[below] < x {
			below++
		}
		for upTo < len(b) && b[upTo] <= x {
			upTo++
		}
		wins += float64(below) + float64(upTo-below)/2
	}
	return wins / (float64(len(a)) * float64(len(b)))
}
