package train

import (
	"fmt"
	"math"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// Network is a model on one backend that can be differentiated: weights that
// are updated in place, the activations of one sequence, and one gradient. It
// belongs to one goroutine at a time, like its backend.
type Network struct {
	cfg  model.Config
	tied bool
	b    scan.Differentiable
	rows int // the longest sequence that there is room for

	embed, normF scan.Buffer
	head         scan.Weight
	layers       []netLayer
	hostA        [][]float32 // per layer (D, N): −exp(A_log)

	grad    scan.Buffer // (parameters) in the layout of Parameters
	views   gradViews
	ids     scan.Buffer   // Int32 (L)
	targets scan.Buffer   // Int32 (L)
	best    scan.Buffer   // Int32 (L)
	loss    scan.Buffer   // (L)
	x       []scan.Buffer // per layer and one more (L, M): the residual stream
	last    scan.Buffer   // (L, M) after norm_f
	logits  scan.Buffer   // (L, V), then their gradient
	h       scan.Buffer   // (D, N)
	window  scan.Buffer   // (K-1, D)
	back    backScratch

	taps     []int
	hostLoss []float32
	hostBest []float32
	owned    []scan.Buffer
	err      error
}

// netLayer is one block: its weights, and what the way back needs of a pass.
type netLayer struct {
	norm, inBias, convW, convB, dtBias, a, skip, outBias scan.Buffer
	inProj, xProj, dtProj, outProj                       scan.Weight

	r      scan.Buffer // (L, M) after RMSNorm
	xz     scan.Buffer // (L, 2D)
	u      scan.Buffer // (L, D)
	proj   scan.Buffer // (L, R+2N)
	delta  scan.Buffer // (L, D) before softplus, without the bias
	y      scan.Buffer // (L, D) after the gate
	states scan.Buffer // (chunks−1, D, N)
}

// NewNetwork makes room on b for sequences of up to rows tokens. Its weights
// are zero until SetWeights. It does not own b.
func NewNetwork(b scan.Differentiable, c model.Config, tied bool, rows int) (*Network, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if rows < 1 {
		return nil, fmt.Errorf("train: room for %d tokens, want at least 1", rows)
	}
	n := &Network{cfg: c, tied: tied, b: b, rows: rows, layers: make([]netLayer, c.NLayer)}
	V, M, D, N, K, R, L := c.VocabSize, c.DModel, c.DInner, c.DState, c.DConv, c.DtRank, rows
	p := NewParameters(c, tied)
	n.embed, n.normF, n.head = n.room(V*M), n.room(M), n.weight(V, M)
	n.grad = n.room(len(p.Flat))
	n.ids, n.targets, n.best = n.ints(L), n.ints(L), n.ints(L)
	n.loss, n.last, n.logits = n.room(L), n.room(L*M), n.room(L*V)
	n.h, n.window = n.room(D*N), n.room((K-1)*D)
	n.hostLoss, n.hostBest = make([]float32, L), make([]float32, L)
	n.taps = scan.ChunkTaps(nil, L)
	n.x = []scan.Buffer{n.room(L * M)}
	for i := range n.layers {
		l := &n.layers[i]
		n.x = append(n.x, n.room(L*M))
		n.hostA = append(n.hostA, make([]float32, D*N))
		l.norm, l.convW, l.dtBias, l.a, l.skip = n.room(M), n.room(D*K), n.room(D), n.room(D*N), n.room(D)
		if c.ConvBias {
			l.convB = n.room(D)
		}
		if c.Bias {
			l.inBias, l.outBias = n.room(2*D), n.room(M)
		}
		l.inProj, l.xProj, l.dtProj, l.outProj = n.weight(2*D, M), n.weight(R+2*N, D), n.weight(D, R), n.weight(M, D)
		l.r, l.xz, l.u, l.proj = n.room(L*M), n.room(L*2*D), n.room(L*D), n.room(L*(R+2*N))
		l.delta, l.y, l.states = n.room(L*D), n.room(L*D), n.room(len(n.taps)*D*N)
	}
	n.back = backScratch{
		dx: n.room(L * M), dr: n.room(L * M), dy: n.room(L * D), dxz: n.room(L * 2 * D),
		du: n.room(L * D), dDelta: n.room(L * D), dProj: n.room(L * (R + 2*N)),
	}
	if n.err != nil {
		n.Close()
		return nil, n.err
	}
	n.views = viewsOf(n.grad, p)
	return n, nil
}

// room allocates count elements and keeps the first error.
func (n *Network) room(count int) scan.Buffer { return n.alloc(n.b.DType(), count) }

// ints is room for Int32.
func (n *Network) ints(count int) scan.Buffer { return n.alloc(scan.Int32, count) }

func (n *Network) alloc(t scan.DType, count int) scan.Buffer {
	if n.err != nil {
		return nil
	}
	b, err := n.b.Alloc(t, count)
	if err != nil {
		n.err = fmt.Errorf("train: no room for %d elements on %s: %w", count, n.b.Name(), err)
		return nil
	}
	n.owned = append(n.owned, b)
	return b
}

// weight is a matrix of zeros.
func (n *Network) weight(out, in int) scan.Weight {
	if n.err != nil {
		return nil
	}
	w, err := n.b.LoadWeight(out, in, make([]float32, out*in))
	if err != nil {
		n.err = fmt.Errorf("train: a weight (%d, %d) on %s: %w", out, in, n.b.Name(), err)
	}
	return w
}

// Close frees everything; the backend stays open.
func (n *Network) Close() {
	for _, b := range n.owned {
		b.Free()
	}
	weights := []scan.Weight{n.head}
	for i := range n.layers {
		l := &n.layers[i]
		weights = append(weights, l.inProj, l.xProj, l.dtProj, l.outProj)
	}
	for _, w := range weights {
		if w != nil {
			w.Free()
		}
	}
	n.owned, n.layers, n.head = nil, nil, nil
}

// SetWeights copies w, whose shapes must be the network's, to the backend. A
// is rounded to float32 as in model.New.
func (n *Network) SetWeights(w *model.Weights) {
	b := n.b
	head := w.Head
	if n.tied {
		head = w.Embedding
	}
	b.Write(n.embed, 0, w.Embedding)
	b.Write(n.normF, 0, w.NormF)
	b.UpdateWeight(n.head, head)
	for i := range n.layers {
		l, src := &n.layers[i], &w.Layers[i]
		for k, v := range src.ALog {
			n.hostA[i][k] = float32(-math.Exp(float64(v)))
		}
		b.Write(l.norm, 0, src.Norm)
		b.Write(l.convW, 0, src.ConvW)
		b.Write(l.dtBias, 0, src.DtBias)
		b.Write(l.a, 0, n.hostA[i])
		b.Write(l.skip, 0, src.D)
		if l.convB != nil {
			b.Write(l.convB, 0, src.ConvB)
		}
		if l.inBias != nil {
			b.Write(l.inBias, 0, src.InBias)
			b.Write(l.outBias, 0, src.OutBias)
		}
		b.UpdateWeight(l.inProj, src.InProj)
		b.UpdateWeight(l.xProj, src.XProj)
		b.UpdateWeight(l.dtProj, src.DtProj)
		b.UpdateWeight(l.outProj, src.OutProj)
	}
}

// forward runs tokens from a zero state to logits: the operations of
// model.Forward in their order, so that every logit has the same bits.
func (n *Network) forward(tokens []int32) {
	c, b := n.cfg, n.b
	L := len(tokens)
	if L > n.rows {
		panic("train: a sequence is longer than the network has room for")
	}
	V, M, D, N, K, R := c.VocabSize, c.DModel, c.DInner, c.DState, c.DConv, c.DtRank
	b.WriteInts(n.ids, 0, tokens)
	b.Embed(scan.Dense(n.x[0], M), scan.Dense(n.embed, M), n.ids, L, M)
	n.taps = scan.ChunkTaps(n.taps, L)
	for i := range n.layers {
		l := &n.layers[i]
		x, r, xz, u := scan.Dense(n.x[i], M), scan.Dense(l.r, M), scan.Dense(l.xz, 2*D), scan.Dense(l.u, D)
		proj, y := scan.Dense(l.proj, R+2*N), scan.Dense(l.y, D)
		b.RMSNorm(r, x, l.norm, L, M, c.Eps)
		b.Linear(scan.LinearArgs{Y: xz, X: r, W: l.inProj, Bias: l.inBias, L: L})
		b.Zero(n.window)
		b.Conv(scan.ConvArgs{Y: u, X: xz, W: scan.Dense(l.convW, K), Bias: l.convB,
			Window: scan.Dense(n.window, D), L: L, D: D, K: K, SiLU: true})
		b.Linear(scan.LinearArgs{Y: proj, X: u, W: l.xProj, L: L})
		b.Linear(scan.LinearArgs{Y: scan.Dense(l.delta, D), X: proj, W: l.dtProj, L: L})
		b.Zero(n.h)
		n.back.tap = scan.ScanTap{Steps: n.taps, H: l.states}
		b.Scan(scan.ScanArgs{L: L, D: D, N: N, U: u, Delta: scan.Dense(l.delta, D), Bias: l.dtBias, Softplus: true,
			A: scan.Dense(l.a, N), B: proj.Col(R), C: proj.Col(R + N), Skip: l.skip, Z: xz.Col(D),
			H: scan.Dense(n.h, N), Y: y, Tap: &n.back.tap})
		next := scan.Dense(n.x[i+1], M)
		b.Copy(next, x, L, M)
		b.Linear(scan.LinearArgs{Y: next, X: y, W: l.outProj, Bias: l.outBias, L: L, Accumulate: true})
	}
	last := scan.Dense(n.last, M)
	b.RMSNorm(last, scan.Dense(n.x[len(n.layers)], M), n.normF, L, M, c.Eps)
	b.Linear(scan.LinearArgs{Y: scan.Dense(n.logits, V), X: last, W: n.head, L: L})
}

// Score is what a sequence's answers are worth.
type Score struct {
	Loss  float64 // summed over the questions, in nats
	Right int
	Asked int
}

// add adds another sequence's.
func (s *Score) add(o Score) {
	s.Loss += o.Loss
	s.Right += o.Right
	s.Asked += o.Asked
}

// Score runs tokens and compares with targets, the right next token after each
// or −1. Both have the same length.
func (n *Network) Score(tokens, targets []int32) (Score, error) {
	n.forward(tokens)
	return n.score(targets, 0, scan.View{})
}

// score compares the logits with targets; dLogits may be absent.
func (n *Network) score(targets []int32, scale float64, dLogits scan.View) (Score, error) {
	L, V := len(targets), n.cfg.VocabSize
	n.b.WriteInts(n.targets, 0, targets)
	n.b.CrossEntropy(scan.CrossEntropyArgs{L: L, V: V, Logits: scan.Dense(n.logits, V), Targets: n.targets, Scale: scale,
		Loss: n.loss, Best: n.best, DLogits: dLogits})
	loss, best := n.hostLoss[:L], n.hostBest[:L]
	if err := n.b.Read(loss, n.loss, 0); err != nil {
		return Score{}, fmt.Errorf("train: reading the loss: %w", err)
	}
	if err := n.b.Read(best, n.best, 0); err != nil {
		return Score{}, fmt.Errorf("train: reading the answers: %w", err)
	}
	var s Score
	for t, want := range targets {
		if want < 0 {
			continue
		}
		s.Asked++
		s.Loss += float64(loss[t])
		if int32(best[t]) == want {
			s.Right++
		}
	}
	return s, nil
}
