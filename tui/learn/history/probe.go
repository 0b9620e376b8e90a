package history

import (
	"fmt"
	"math"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/model/train"
	"mamba-tui/scan"
)

// Sizes of a probe.
const (
	// probeLength fits the narrowest screen with a column a token.
	probeLength = 48
	// countLength bounds the sequences that only the means and AUCs are over,
	// countSequences is how many there are.
	countLength    = 128
	countSequences = 3
	// probeSeed has nothing to do with a run's seed: runs of one task are
	// compared on the same sequence.
	probeSeed = 0x70726f6265
	// candidates are the sequences of which the shown one is chosen.
	candidates = 64
)

// prober measures weights on a few fixed sequences.
type prober struct {
	b       scan.Backend
	cfg     model.Config
	about   task.About
	samples []task.Sample // the first is shown
	logits  []float32
	probs   []float64
}

// newProber chooses the sequences.
func newProber(t task.Task, cfg model.Config, length int) *prober {
	if h, ok := t.(task.HeldOut); ok {
		t = h.HeldOut()
	}
	p := &prober{b: scan.NewCPU(scan.Options{Threads: 1}), cfg: cfg, about: t.About()}
	p.samples = append(p.samples, show(t, max(min(probeLength, length), t.Shortest())))
	for i := range countSequences {
		n := max(min(countLength, length), t.Shortest())
		p.samples = append(p.samples, task.Nth(t, probeSeed, uint64(candidates+i), n))
	}
	return p
}

// show picks the sequence that is shown: the first that has every class some
// sequence has, and at least two questions if any has.
func show(t task.Task, length int) task.Sample {
	draws := make([]task.Sample, candidates)
	best, at := -1, 0
	for i := range draws {
		draws[i] = task.Nth(t, probeSeed, uint64(i), length)
		var seen [task.NumClasses]bool
		score := 4 * min(len(draws[i].Asks), 2)
		for _, c := range draws[i].Classes {
			if !seen[c] {
				score++
			}
			seen[c] = true
		}
		if score > best {
			best, at = score, i
		}
	}
	return draws[at]
}

// fill tells info about the sequences.
func (p *prober) fill(info *Info) {
	s := p.samples[0]
	info.Tokens = s.Tokens
	for _, c := range s.Classes {
		info.Classes = append(info.Classes, c.String())
	}
	for _, a := range s.Asks {
		info.Asks = append(info.Asks, Ask{a.At, a.Answer})
	}
	for c := range task.NumClasses {
		if p.about.Events.Has(c) {
			info.Events = append(info.Events, c.String())
		}
		if p.about.Rest.Has(c) {
			info.Rest = append(info.Rest, c.String())
		}
	}
	info.Counted = make([]int, task.NumClasses)
	for _, s := range p.samples {
		for _, c := range s.Classes {
			info.Counted[c]++
		}
	}
}

// close gives the backend back.
func (p *prober) close() error { return p.b.Close() }

// measure runs the sequences through the weights.
func (p *prober) measure(step int, w *model.Weights) (*Probe, error) {
	m, err := model.New(p.b, p.cfg, w)
	if err != nil {
		return nil, fmt.Errorf("history: probing step %d: %w", step, err)
	}
	defer m.Close()
	s, err := m.NewState()
	if err != nil {
		return nil, fmt.Errorf("history: probing step %d: %w", step, err)
	}
	defer s.Free()
	D := p.cfg.DInner
	out := &Probe{Step: step, Layers: make([]Layer, p.cfg.NLayer)}
	tallies := make([]tally, p.cfg.NLayer)
	for i := range tallies {
		tallies[i] = newTally(D)
	}
	for i, sample := range p.samples {
		s.Reset()
		o := model.Options{Tap: &model.Tap{What: model.TapDelta, Func: func(r *model.Record) {
			tallies[r.Layer].add(r.Delta, sample.Classes, p.about)
		}}}
		if i == 0 {
			p.logits = grow(p.logits, len(sample.Tokens)*p.cfg.VocabSize)
			o.Logits = p.logits
			o.Tap.What |= model.TapB | model.TapC | model.TapH
			o.Tap.Func = func(r *model.Record) {
				tallies[r.Layer].add(r.Delta, sample.Classes, p.about)
				out.Layers[r.Layer] = Layer{
					Delta: rounded(append([]float32(nil), r.Delta...)),
					B:     rounded(append([]float32(nil), r.B...)),
					C:     rounded(append([]float32(nil), r.C...)),
					Kept:  rounded(kept(m.A(r.Layer), r, D)),
				}
			}
		}
		if err := m.Forward(s, sample.Tokens, o); err != nil {
			return nil, fmt.Errorf("history: probing step %d: %w", step, err)
		}
	}
	for i := range tallies {
		out.Layers[i].Means, out.Layers[i].AUC = tallies[i].result()
	}
	for _, a := range p.samples[0].Asks {
		V := p.cfg.VocabSize
		p.probs = model.Softmax(p.probs, p.logits[a.At*V:(a.At+1)*V])
		best := 0
		for id, x := range p.probs {
			if x > p.probs[best] {
				best = id
			}
		}
		out.Best, out.P = append(out.Best, int32(best)), append(out.P, float32(p.probs[best]))
	}
	rounded(out.P)
	return out, nil
}

// kept is ρ of each token of a record with Δ and h, A being (D, N).
func kept(a []float32, r *model.Record, D int) []float32 {
	T, N := r.To-r.From, len(a)/D
	out := make([]float32, T)
	before := r.H0
	for t := range T {
		var held, left float64
		for d, x := range r.Delta[t*D : (t+1)*D] {
			for n := range N {
				h := float64(before[d*N+n])
				l := math.Exp(float64(x)*float64(a[d*N+n])) * h
				held += h * h
				left += l * l
			}
		}
		out[t] = float32(math.Sqrt(left / held)) // NaN where h is 0
		before = r.H[t*D*N : (t+1)*D*N]
	}
	return out
}

// tally counts Δ by class, and by whether a token matters.
type tally struct {
	D            int
	sums         []float64 // (NumClasses, D)
	n            [task.NumClasses]int
	events, rest [][]float32 // per channel
}

func newTally(D int) tally {
	return tally{D: D, sums: make([]float64, int(task.NumClasses)*D), events: make([][]float32, D), rest: make([][]float32, D)}
}

// add takes Δ (T, D) of a sequence in.
func (c *tally) add(delta []float32, classes []task.Class, about task.About) {
	for t, class := range classes {
		event, rest := about.Events.Has(class), about.Rest.Has(class)
		c.n[class]++
		for d, x := range delta[t*c.D : (t+1)*c.D] {
			c.sums[int(class)*c.D+d] += float64(x)
			switch {
			case event:
				c.events[d] = append(c.events[d], x)
			case rest:
				c.rest[d] = append(c.rest[d], x)
			}
		}
	}
}

// result is the means and the AUCs, in half precision.
func (c *tally) result() (means, auc []float32) {
	means, auc = make([]float32, len(c.sums)), make([]float32, c.D)
	for i, s := range c.sums {
		means[i] = float32(s / float64(c.n[i/c.D]))
	}
	for d := range auc {
		auc[d] = float32(train.AUC(c.events[d], c.rest[d]))
	}
	return rounded(means), rounded(auc)
}

// grow is s with n elements, new memory if needed.
func grow(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
