package model

import (
	"errors"
	"fmt"
	"math"

	"mamba-tui/scan"
)

// chunkRows is how many tokens Forward hands to the backend at a time, unless
// the backend says otherwise (scan.Chunker). It bounds the scratch, whatever the
// length of the prompt; it changes no bit of a result on a path that is serial
// in time.
const chunkRows = 256

// Model is a Mamba language model on a backend: the weights in the backend's
// layout, and the scratch of one pass. It belongs to one goroutine at a time,
// like its backend.
type Model struct {
	cfg    Config
	b      scan.Backend
	embed  scan.Buffer // (V, M)
	normF  scan.Buffer // (M)
	head   scan.Weight // (V, M)
	layers []layer
	sc     scratch
	rec    recorder
	one    [1]int32 // Step's token
	driven bool     // the scans alone: NewDriven
	closed bool
}

// layer is one block's weights on the backend, and host copies of what an
// inspector computes with.
type layer struct {
	norm    scan.Buffer // (M)
	inProj  scan.Weight // (2D, M)
	inBias  scan.Buffer // (2D) or nil
	convW   scan.Buffer // (D, K)
	convB   scan.Buffer // (D) or nil
	xProj   scan.Weight // (R+2N, D)
	dtProj  scan.Weight // (D, R)
	dtBias  scan.Buffer // (D)
	a       scan.Buffer // (D, N), −exp(A_log)
	skip    scan.Buffer // (D)
	outProj scan.Weight // (M, D)
	outBias scan.Buffer // (M) or nil

	edit edit // of the newest Forward with tweaks

	hostA, hostSkip, hostDtBias []float32
}

// New checks every shape of w against cfg and loads the weights to b. The
// model does not own b: Close frees the weights and leaves b open. w may be
// changed or dropped afterwards.
//
// A = −exp(A_log) is computed once and rounded to float32, as the released
// code does; a float64 backend gets the same rounded A.
func New(b scan.Backend, cfg Config, w *Weights) (*Model, error) {
	if b == nil {
		return nil, errors.New("model: no backend: open one with scan.NewCPU")
	}
	if w == nil {
		return nil, errors.New("model: no weights")
	}
	if err := w.Validate(cfg); err != nil {
		return nil, err
	}
	m := &Model{cfg: cfg, b: b, layers: make([]layer, cfg.NLayer)}
	V, M, D, N, R := cfg.VocabSize, cfg.DModel, cfg.DInner, cfg.DState, cfg.DtRank
	l := loader{b: b}
	m.embed = l.buffer("embeddings.weight", w.Embedding)
	m.normF = l.buffer("norm_f.weight", w.NormF)
	head := w.Head
	if len(head) == 0 { // tied: logits = E·x
		head = w.Embedding
	}
	m.head = l.weight("lm_head.weight", V, M, head)
	for i := range w.Layers {
		src, dst := &w.Layers[i], &m.layers[i]
		// A is a parameter, not selected: it acts only through exp(ΔA) (§3.5.2).
		dst.hostA = make([]float32, D*N)
		for j, x := range src.ALog {
			dst.hostA[j] = float32(-math.Exp(float64(x)))
		}
		dst.hostSkip = append([]float32(nil), src.D...)
		dst.hostDtBias = append([]float32(nil), src.DtBias...)
		dst.norm = l.buffer("norm.weight", src.Norm)
		dst.inProj = l.weight("in_proj.weight", 2*D, M, src.InProj)
		dst.inBias = l.buffer("in_proj.bias", src.InBias)
		dst.convW = l.buffer("conv1d.weight", src.ConvW)
		dst.convB = l.buffer("conv1d.bias", src.ConvB)
		dst.xProj = l.weight("x_proj.weight", R+2*N, D, src.XProj)
		dst.dtProj = l.weight("dt_proj.weight", D, R, src.DtProj)
		dst.dtBias = l.buffer("dt_proj.bias", src.DtBias)
		dst.a = l.buffer("A", dst.hostA)
		dst.skip = l.buffer("D", src.D)
		dst.outProj = l.weight("out_proj.weight", M, D, src.OutProj)
		dst.outBias = l.buffer("out_proj.bias", src.OutBias)
	}
	if l.err == nil {
		l.err = m.sc.alloc(b, cfg)
	}
	if l.err != nil {
		m.Close()
		return nil, l.err
	}
	return m, nil
}

// Config is what the model was made with.
func (m *Model) Config() Config { return m.cfg }

// Backend is where the model computes.
func (m *Model) Backend() scan.Backend { return m.b }

// A is a host copy of layer's A, shape (D, N), every element negative.
func (m *Model) A(layer int) []float32 { return append([]float32(nil), m.layers[layer].hostA...) }

// Skip is a host copy of layer's D, shape (D): y += D·u.
func (m *Model) Skip(layer int) []float32 {
	return append([]float32(nil), m.layers[layer].hostSkip...)
}

// Close frees the weights and the scratch. States stay valid for Save and
// Free; stepping them is an error. The backend stays open.
func (m *Model) Close() error {
	if m.closed {
		return nil
	}
	m.closed = true
	freeBuffers(m.embed, m.normF)
	freeWeights(m.head)
	for i := range m.layers {
		l := &m.layers[i]
		freeBuffers(l.norm, l.inBias, l.convW, l.convB, l.dtBias, l.a, l.skip, l.outBias)
		l.edit.free()
		freeWeights(l.inProj, l.xProj, l.dtProj, l.outProj)
	}
	m.sc.free()
	return nil
}

// loader allocates and fills, and keeps the first error.
type loader struct {
	b   scan.Backend
	err error
}

// buffer is data on the backend, or nil if there is none.
func (l *loader) buffer(name string, data []float32) scan.Buffer {
	if l.err != nil || len(data) == 0 {
		return nil
	}
	buf, err := l.b.Alloc(l.b.DType(), len(data))
	if err != nil {
		l.err = fmt.Errorf("model: no room for %s (%d elements) on %s: %w", name, len(data), l.b.Name(), err)
		return nil
	}
	l.b.Write(buf, 0, data)
	return buf
}

// weight is a matrix in the backend's layout.
func (l *loader) weight(name string, out, in int, data []float32) scan.Weight {
	if l.err != nil {
		return nil
	}
	w, err := l.b.LoadWeight(out, in, data)
	if err != nil {
		l.err = fmt.Errorf("model: cannot load %s (%d, %d) to %s: %w", name, out, in, l.b.Name(), err)
		return nil
	}
	return w
}

// freeBuffers frees those that are there.
func freeBuffers(bs ...scan.Buffer) {
	for _, b := range bs {
		if b != nil {
			b.Free()
		}
	}
}

// freeWeights frees those that are there.
func freeWeights(ws ...scan.Weight) {
	for _, w := range ws {
		if w != nil {
			w.Free()
		}
	}
}
