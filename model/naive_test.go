package model_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// naive is the whole model in float64, token by token, from the equations of
// the paper alone: it uses nothing of package scan but the names of the reset
// bits and of the rules. Every step keeps everything.
type naive struct {
	cfg    model.Config
	w      *model.Weights
	h      [][]float64 // per layer (D, N)
	window [][]float64 // per layer (K-1, D)
	tweaks *model.Tweaks
}

// moment is what one layer does at one token.
type moment struct {
	in, norm, x, u, delta, b, c, z, y, gated, out []float64
	h0, h, window                                 []float64
}

func newNaive(cfg model.Config, w *model.Weights) *naive {
	n := &naive{cfg: cfg, w: w}
	for range cfg.NLayer {
		n.h = append(n.h, make([]float64, cfg.DInner*cfg.DState))
		n.window = append(n.window, make([]float64, (cfg.DConv-1)*cfg.DInner))
	}
	return n
}

func matmul(w []float32, bias []float32, x []float64) []float64 {
	out := make([]float64, len(w)/len(x))
	for o := range out {
		for i, v := range x {
			out[o] += float64(w[o*len(x)+i]) * v
		}
		if bias != nil {
			out[o] += float64(bias[o])
		}
	}
	return out
}

func rmsnorm(x []float64, w []float32, eps float64) []float64 {
	var sum float64
	for _, v := range x {
		sum += v * v
	}
	scale := 1 / math.Sqrt(sum/float64(len(x))+eps)
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v * scale * float64(w[i])
	}
	return out
}

func silu(x float64) float64 { return x / (1 + math.Exp(-x)) }

func softplus(x float64) float64 {
	if x > 20 {
		return x
	}
	return math.Log1p(math.Exp(x))
}

// discretise gives Ā and what B·u is multiplied with.
func discretise(rule scan.Rule, delta, a float64) (float64, float64) {
	switch rule {
	case scan.Released:
		return math.Exp(delta * a), delta
	case scan.ZOH:
		return math.Exp(delta * a), math.Expm1(delta*a) / a
	case scan.Bilinear:
		return (1 + delta*a/2) / (1 - delta*a/2), delta / (1 - delta*a/2)
	case scan.Euler:
		return 1 + delta*a, delta
	}
	return 1 / (1 - delta*a), delta / (1 - delta*a)
}

// step runs one token and gives the logits and what every layer did.
func (n *naive) step(token, reset int32) ([]float64, []moment) {
	c := n.cfg
	M, D, N, K, R := c.DModel, c.DInner, c.DState, c.DConv, c.DtRank
	x := make([]float64, M)
	for i := range x {
		x[i] = float64(n.w.Embedding[int(token)*M+i])
	}
	var did []moment
	for i := range n.w.Layers {
		l, h, win, tw := &n.w.Layers[i], n.h[i], n.window[i], n.tweaks.Layer(i)
		m := moment{in: append([]float64(nil), x...), h0: append([]float64(nil), h...)}
		m.norm = rmsnorm(x, l.Norm, c.Eps)
		xz := matmul(l.InProj, l.InBias, m.norm)
		m.x, m.z = xz[:D], xz[D:]
		if reset&scan.ResetConv != 0 {
			clear(win)
		}
		m.window = append(append([]float64(nil), win...), m.x...)
		m.u = make([]float64, D)
		for d := range D {
			var sum float64
			for k := range K {
				if tw.ConvTaps == 0 || k >= K-tw.ConvTaps {
					sum += float64(l.ConvW[d*K+k]) * m.window[k*D+d]
				}
			}
			if l.ConvB != nil {
				sum += float64(l.ConvB[d])
			}
			m.u[d] = silu(sum)
		}
		copy(win, m.window[D:])
		proj := matmul(l.XProj, nil, m.u)
		m.b, m.c = proj[R:R+N], proj[R+N:]
		m.delta = matmul(l.DtProj, l.DtBias, proj[:R])
		for d := range D {
			if tw.DeltaBias != nil {
				m.delta[d] += float64(tw.DeltaBias[d])
			}
			m.delta[d] = softplus(m.delta[d])
			if tw.DeltaGain != nil {
				m.delta[d] *= float64(tw.DeltaGain[d])
			}
			if tw.FreezeDelta != nil && !math.IsNaN(float64(tw.FreezeDelta[d])) {
				m.delta[d] = float64(tw.FreezeDelta[d])
			}
		}
		for s := range N {
			if tw.FreezeB != nil {
				m.b[s] = float64(tw.FreezeB[s])
			}
			if tw.FreezeC != nil {
				m.c[s] = float64(tw.FreezeC[s])
			}
		}
		if reset&scan.ResetState != 0 {
			clear(h)
		}
		m.y, m.gated = make([]float64, D), make([]float64, D)
		for d := range D {
			for s := range N {
				a := -math.Exp(float64(l.ALog[d*N+s]))
				if tw.AScale != 0 {
					a *= float64(tw.AScale)
				}
				keep, write := discretise(tw.Rule, m.delta[d], a)
				h[d*N+s] = keep*h[d*N+s] + write*m.b[s]*m.u[d]
				for _, c := range tw.SetH {
					if c.D == d && c.N == s {
						h[d*N+s] = float64(c.V)
					}
				}
				if tw.States > 0 && s >= tw.States || slices.Contains(tw.OffStates, s) {
					h[d*N+s] = 0
				}
				m.y[d] += m.c[s] * h[d*N+s]
			}
			m.y[d] += float64(l.D[d]) * m.u[d]
			m.gated[d] = m.y[d]
			if !tw.GateOff {
				m.gated[d] *= silu(m.z[d])
			}
			if slices.Contains(tw.OffChannels, d) {
				m.gated[d] = 0
			}
		}
		for i, v := range matmul(l.OutProj, l.OutBias, m.gated) {
			x[i] += v
		}
		m.h = append([]float64(nil), h...)
		m.out = append([]float64(nil), x...)
		did = append(did, m)
	}
	head := n.w.Head
	if head == nil {
		head = n.w.Embedding
	}
	return matmul(head, nil, rmsnorm(x, n.w.NormF, c.Eps)), did
}

// oddShapes are dimensions that fit no vector width, with every option on and
// off.
func oddShapes() []model.Config {
	return []model.Config{
		{VocabSize: 11, DModel: 7, DInner: 9, DState: 3, DConv: 4, DtRank: 2, NLayer: 2, Eps: 1e-5, ConvBias: true},
		{VocabSize: 5, DModel: 1, DInner: 1, DState: 1, DConv: 1, DtRank: 1, NLayer: 1, Eps: 1e-5},
		{VocabSize: 19, DModel: 13, DInner: 31, DState: 16, DConv: 3, DtRank: 5, NLayer: 3, Eps: 1e-6, Bias: true, ConvBias: true},
		{VocabSize: 3, DModel: 33, DInner: 17, DState: 1, DConv: 2, DtRank: 3, NLayer: 1, Eps: 1e-5, Bias: true},
		{VocabSize: 23, DModel: 6, DInner: 21, DState: 5, DConv: 7, DtRank: 1, NLayer: 2, Eps: 1e-5, ConvBias: true},
	}
}

// livelyWeights have no tensor at its trivial initial value. Every second seed
// has a head of its own.
func livelyWeights(cfg model.Config, seed uint64) *model.Weights {
	w := model.RandomWeights(cfg, seed)
	r := rand.New(rand.NewPCG(seed, 99))
	normal := func(s []float32, std float64) {
		for i := range s {
			s[i] = float32(std * r.NormFloat64())
		}
	}
	uniform := func(s []float32, low, high float64) {
		for i := range s {
			s[i] = float32(low + (high-low)*r.Float64())
		}
	}
	normal(w.Embedding, 1)
	uniform(w.NormF, 0.5, 1.5)
	if seed%2 == 1 {
		w.Head = make([]float32, len(w.Embedding))
		normal(w.Head, 1)
	}
	for i := range w.Layers {
		l := &w.Layers[i]
		uniform(l.Norm, 0.5, 1.5)
		normal(l.InBias, 0.3)
		normal(l.OutBias, 0.3)
		normal(l.ConvW, 0.6)
		normal(l.ConvB, 0.3)
		uniform(l.ALog, -1.5, 1.5)
		normal(l.D, 1)
		uniform(l.DtBias, -4, 1)
	}
	return w
}

// randomTokens draws L ids.
func randomTokens(r *rand.Rand, cfg model.Config, L int) []int32 {
	ids := make([]int32, L)
	for i := range ids {
		ids[i] = r.Int32N(int32(cfg.VocabSize))
	}
	return ids
}

// open makes a model on the CPU with a fresh state.
func open(t testing.TB, dtype scan.DType, cfg model.Config, w *model.Weights) (*model.Model, *model.State) {
	t.Helper()
	m, err := model.New(scan.NewCPU(scan.Options{DType: dtype}), cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Free(); m.Close() })
	return m, s
}

// save is a snapshot, or the end of the test.
func save(t testing.TB, s *model.State) model.Snapshot {
	t.Helper()
	var snap model.Snapshot
	if err := s.Save(&snap); err != nil {
		t.Fatal(err)
	}
	return snap
}

// rounded is x as float32.
func rounded(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}
