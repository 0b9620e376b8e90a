package main

import (
	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/model/tokenizer"
	"mamba-tui/model/trace"
	"mamba-tui/scan"
)

// Where a token came from.
const (
	sourcePrompt    = "prompt"
	sourceGenerated = "generated"
)

// step is what a run reports of one token. It is valid only during the call
// that receives it.
type step struct {
	index  int
	token  tokenizer.Token
	text   string // the symbol of the token's id
	source string
	layers []session.Measures
	top    []model.Guess // next tokens, best first
	texts  []string      // of top
}

// walk runs a model over tokens, a chunk at a time, in memory that does not
// depend on how many there are.
type walk struct {
	in    *input
	chunk int // tokens of one Forward
	top   int
	vocab int

	record *trace.Recorder // nil: nothing is recorded
	failed error           // what ended the recording

	state  *model.State
	a      [][]float32 // A of each layer, (D, N)
	done   int         // tokens
	logits []float32   // (chunk, V)
	last   []float32   // (V) after the newest token
	ids    []int32
	layers [][]session.Measures // token of the chunk → layer
	texts  []string
}

// Bounds of the memory of a walk, in float32.
const (
	maxChunk     = 256     // tokens, so that a signal is soon noticed
	maxTapFloats = 1 << 22 // h of a chunk in every layer: 16 MiB
	maxLogits    = 1 << 22 // logits of a chunk: 16 MiB
)

func newWalk(in *input, top int) (*walk, error) {
	c := in.file.Config
	w := &walk{in: in, top: top, vocab: in.tokenizer.Size()}
	w.chunk = max(1, min(maxChunk, maxTapFloats/(c.NLayer*c.DInner*c.DState), maxLogits/c.VocabSize))
	w.logits = make([]float32, w.chunk*c.VocabSize)
	w.layers = make([][]session.Measures, w.chunk)
	for t := range w.layers {
		w.layers[t] = make([]session.Measures, c.NLayer)
	}
	for l := range c.NLayer {
		w.a = append(w.a, in.model.A(l))
	}
	var err error
	w.state, err = in.model.NewState()
	return w, err
}

func (w *walk) free() { w.state.Free() }

// forward runs at most w.chunk tokens and hands each to f.
func (w *walk) forward(tokens []tokenizer.Token, source string, f func(*step) error) error {
	w.ids = w.ids[:0]
	for _, t := range tokens {
		w.ids = append(w.ids, t.ID)
	}
	V := w.in.file.Config.VocabSize
	logits := w.logits[:len(tokens)*V]
	var steps *session.Steps
	if w.record != nil && w.failed == nil {
		steps = w.steps(tokens, source)
	}
	err := w.in.model.Forward(w.state, w.ids, model.Options{
		Logits: logits,
		Tap: &model.Tap{
			What: model.TapDrive | model.TapH,
			Func: func(r *model.Record) {
				if steps != nil {
					steps.Records[r.Layer] = trace.Keep(r)
				}
				for t := range w.layers[:len(tokens)] {
					w.layers[t][r.Layer] = session.MeasureToken(r, t, w.a[r.Layer], scan.Released)
				}
			},
		},
	})
	if err != nil {
		return err
	}
	if steps != nil {
		// A full disk ends the recording, not the run.
		w.failed = w.record.Computed(steps, logits, V)
	}
	for t, token := range tokens {
		// Rows above the tokenizer's ids are padding of the embedding.
		w.last = logits[t*V:][:w.vocab]
		s := step{
			index: w.done, token: token, text: w.in.tokenizer.Text(token.ID), source: source,
			layers: w.layers[t], top: model.Top(w.last, w.top),
		}
		w.texts = w.texts[:0]
		for _, g := range s.top {
			w.texts = append(w.texts, w.in.guessText(g))
		}
		s.texts = w.texts
		w.done++
		if err := f(&s); err != nil {
			return err
		}
	}
	return nil
}

// steps are tokens about to be computed, as a recorder takes them.
func (w *walk) steps(tokens []tokenizer.Token, source string) *session.Steps {
	flags := session.FromPrompt
	if source == sourceGenerated {
		flags = session.Generated
	}
	return &session.Steps{
		Branch: session.BranchInfo{ID: 1, At: -1}, From: w.done,
		Tokens:  w.in.sessionTokens(tokens, flags),
		Records: make([]*model.Record, len(w.a)),
		State:   func(dst *model.Snapshot) error { return w.state.Save(dst) },
	}
}

// sessionTokens are tokens as a session keeps them.
func (in *input) sessionTokens(tokens []tokenizer.Token, flags session.Flags) []session.Token {
	list := make([]session.Token, len(tokens))
	for i, t := range tokens {
		list[i] = session.Token{ID: t.ID, Flags: flags}
		if t.Other {
			list[i].Flags |= session.Other
		}
		if t.Text != in.tokenizer.Text(t.ID) {
			list[i].Typed = t.Text
		}
	}
	return list
}
