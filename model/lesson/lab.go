package lesson

import (
	"errors"
	"fmt"
	"math"

	"mamba-tui/assets"
	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/measure"
	"mamba-tui/model/tokenizer"
	"mamba-tui/scan"
)

// Lab is where claims are measured: the built-in models on a CPU backend of
// their own, with one thread, opened when first asked for. It belongs to one goroutine.
type Lab struct {
	// Load reads a model by name. nil reads the built-in ones; a test brings
	// others, to see claims fail.
	Load func(name string) (*checkpoint.File, error)

	open map[string]*Subject
}

// Subject is a model in the lab.
type Subject struct {
	File   *checkpoint.File
	Model  *model.Model
	Tokens tokenizer.Tokenizer

	backend scan.Backend
}

// builtin reads a built-in model.
func builtin(name string) (*checkpoint.File, error) {
	dir, ok := assets.Dir(name)
	if !ok {
		return nil, fmt.Errorf("lesson: there is no built-in model %q", name)
	}
	return checkpoint.Load(assets.FS, dir)
}

// Subject opens a model, once.
func (l *Lab) Subject(name string) (*Subject, error) {
	if s, ok := l.open[name]; ok {
		return s, nil
	}
	load := l.Load
	if load == nil {
		load = builtin
	}
	f, err := load(name)
	if err != nil {
		return nil, fmt.Errorf("lesson: %w", err)
	}
	s := &Subject{File: f, backend: scan.NewCPU(scan.Options{Threads: 1})}
	if s.Tokens, err = tokenizer.For(f.Card, f.Config.VocabSize); err == nil {
		s.Model, err = model.New(s.backend, f.Config, f.Weights)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lesson: %w", err), s.backend.Close())
	}
	if l.open == nil {
		l.open = map[string]*Subject{}
	}
	l.open[name] = s
	return s, nil
}

// Close frees the models.
func (l *Lab) Close() {
	for _, s := range l.open {
		s.Model.Close()
		s.backend.Close()
	}
	l.open = nil
}

// Measured is the model as package measure takes it.
func (s *Subject) Measured() measure.Subject {
	return measure.Subject{Config: s.File.Config, Weights: s.File.Weights}
}

// Encode turns text into token ids; what is outside the alphabet is an error.
func (s *Subject) Encode(text string) ([]int32, error) {
	tokens, err := s.Tokens.Encode(text, true)
	if err != nil {
		return nil, fmt.Errorf("lesson: %w", err)
	}
	ids := make([]int32, len(tokens))
	for i, t := range tokens {
		ids[i] = t.ID
	}
	return ids, nil
}

// Run is what happened in one pass over T tokens.
type Run struct {
	Tokens []int32
	Layers []Layer
	Logits []float32 // (T, V)
}

// Layer is what happened in one layer.
type Layer struct {
	D, N        int
	A           []float32 // (D, N), as the model has it
	Delta, U, Y []float32 // (T, D)
	B, C        []float32 // (T, N)
	H           []float32 // (T, D, N) after each token
}

// Run lets the model read tokens from a state of zeros and keeps everything.
// resets holds a mark a token, or is nil.
func (s *Subject) Run(tokens []int32, tweaks *model.Tweaks, resets []int32) (*Run, error) {
	return s.run(tokens, func(t int) *model.Tweaks { return tweaks }, resets)
}

// run is Run with tweaks of its own for each token.
func (s *Subject) run(tokens []int32, tweaks func(t int) *model.Tweaks, resets []int32) (*Run, error) {
	state, err := s.Model.NewState()
	if err != nil {
		return nil, err
	}
	defer state.Free()
	c := s.File.Config
	r := &Run{Tokens: tokens, Layers: make([]Layer, c.NLayer), Logits: make([]float32, len(tokens)*c.VocabSize)}
	for l := range r.Layers {
		r.Layers[l] = Layer{D: c.DInner, N: c.DState, A: s.Model.A(l)}
	}
	tap := &model.Tap{What: model.TapDrive | model.TapH | model.TapY, Func: func(rec *model.Record) {
		l := &r.Layers[rec.Layer]
		for _, a := range []struct {
			dst *[]float32
			src []float32
		}{{&l.Delta, rec.Delta}, {&l.U, rec.U}, {&l.Y, rec.Y}, {&l.B, rec.B}, {&l.C, rec.C}, {&l.H, rec.H}} {
			*a.dst = append(*a.dst, a.src...)
		}
	}}
	for a := 0; a < len(tokens); {
		b := a + 1 // tokens with the same tweaks go together
		for b < len(tokens) && tweaks(b) == tweaks(a) {
			b++
		}
		o := model.Options{Logits: r.Logits[a*c.VocabSize : b*c.VocabSize], Tweaks: tweaks(a), Tap: tap}
		if resets != nil {
			o.Resets = resets[a:b]
		}
		if err := s.Model.Forward(state, tokens[a:b], o); err != nil {
			return nil, err
		}
		a = b
	}
	return r, nil
}

// Answer is the most probable next token after token t, and its probability.
func (r *Run) Answer(t int) model.Guess {
	V := len(r.Logits) / len(r.Tokens)
	return model.Top(r.Logits[t*V:(t+1)*V], 1)[0]
}

// State is h (D, N) after token t.
func (l *Layer) State(t int) []float32 { return l.H[t*l.D*l.N : (t+1)*l.D*l.N] }

// Mean is each channel's mean Δ over tokens [from, to): the constant that
// replaces it when selection is taken away.
func (l *Layer) Mean(from, to int) []float32 {
	mean := make([]float32, l.D)
	for d := range mean {
		var sum float64
		for t := from; t < to; t++ {
			sum += float64(l.Delta[t*l.D+d])
		}
		mean[d] = float32(sum / float64(to-from))
	}
	return mean
}

// frozen holds every Δ at its mean over the run.
func (r *Run) frozen() *model.Tweaks {
	t := &model.Tweaks{}
	for i := range r.Layers {
		t.Layers = append(t.Layers, model.LayerTweaks{FreezeDelta: r.Layers[i].Mean(0, len(r.Tokens))})
	}
	return t
}

// Span is ΣΔ of channel d over tokens [from, to).
func (l *Layer) Span(d, from, to int) float64 {
	var sum float64
	for t := from; t < to; t++ {
		sum += float64(l.Delta[t*l.D+d])
	}
	return sum
}

// Retention is R = exp(A·ΣΔ) of a cell over tokens [from, to): the share of
// what it held before them that is left after them.
func (l *Layer) Retention(d, n, from, to int) float64 {
	return math.Exp(float64(l.A[d*l.N+n]) * l.Span(d, from, to))
}

// channel is channel d of the layer in float64, for the walks of package scan.
func (l *Layer) channel(d int) *scan.Channel {
	T := len(l.Delta) / l.D
	c := &scan.Channel{Delta: make([]float64, T), U: make([]float64, T)}
	for t := range T {
		c.Delta[t], c.U[t] = float64(l.Delta[t*l.D+d]), float64(l.U[t*l.D+d])
	}
	c.A, c.B, c.C = wide(l.A[d*l.N:(d+1)*l.N]), wide(l.B), wide(l.C)
	return c
}

// wide is x in float64.
func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// distance is ‖a − b‖ and ‖b‖.
func distance(a, b []float32) (diff, size float64) {
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		diff += d * d
		size += float64(b[i]) * float64(b[i])
	}
	return math.Sqrt(diff), math.Sqrt(size)
}

// relative is ‖a − b‖ / ‖b‖, 0 where a is b.
func relative(a, b []float32) float64 {
	diff, size := distance(a, b)
	if diff == 0 {
		return 0
	}
	return diff / size
}

// sameBits says that a and b do not differ in a bit.
func sameBits(a, b []float32) bool {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}
