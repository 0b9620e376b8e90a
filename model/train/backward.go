package train

import (
	"fmt"

	"mamba-tui/scan"
)

// backScratch holds the gradients of activations: of one block at a time, and
// of the residual stream.
type backScratch struct {
	dx     scan.Buffer // (L, M) of the residual stream
	dr     scan.Buffer // (L, M) of a norm's output
	dy     scan.Buffer // (L, D)
	dxz    scan.Buffer // (L, 2D)
	du     scan.Buffer // (L, D)
	dDelta scan.Buffer // (L, D)
	dProj  scan.Buffer // (L, R+2N)
	tap    scan.ScanTap
}

// gradViews are the tensors of the gradient, which is one buffer.
type gradViews struct {
	embed, normF, head scan.View
	layers             []layerGrad
}

type layerGrad struct {
	norm, inProj, inBias, convW, convB, xProj, dtProj, dtBias, a, skip, outProj, outBias scan.View
}

// viewsOf cuts a buffer in the layout of p.
func viewsOf(grad scan.Buffer, p *Parameters) gradViews {
	c := p.Config
	at := func(name string) scan.View {
		for _, s := range p.Tensors {
			if s.Name == name {
				stride := s.Len // vectors are (1, n)
				if len(s.Shape) == 2 {
					stride = s.Shape[1]
				}
				return scan.View{Buf: grad, Off: s.Off, Stride: stride}
			}
		}
		return scan.View{} // a bias that is not there
	}
	v := gradViews{embed: at("embeddings.weight"), normF: at("norm_f.weight"), head: at("lm_head.weight")}
	if p.Tied() {
		v.head = v.embed
	}
	for i := range c.NLayer {
		of := func(name string) scan.View { return at(layerName(i, name)) }
		v.layers = append(v.layers, layerGrad{
			norm: of("norm.weight"), inProj: of("mixer.in_proj.weight"), inBias: of("mixer.in_proj.bias"),
			convW: of("mixer.conv1d.weight"), convB: of("mixer.conv1d.bias"), xProj: of("mixer.x_proj.weight"),
			dtProj: of("mixer.dt_proj.weight"), dtBias: of("mixer.dt_proj.bias"), a: of("mixer.A_log"),
			skip: of("mixer.D"), outProj: of("mixer.out_proj.weight"), outBias: of("mixer.out_proj.bias"),
		})
	}
	return v
}

// Gradient is Score, and writes the gradient of scale·loss to dst, in the
// layout of Parameters.Flat.
func (n *Network) Gradient(tokens, targets []int32, scale float64, dst []float32) (Score, error) {
	s, err := n.backward(tokens, targets, scale)
	if err != nil {
		return s, err
	}
	if err := n.b.Read(dst, n.grad, 0); err != nil {
		return s, fmt.Errorf("train: reading the gradient: %w", err)
	}
	c := n.cfg
	for i := range n.layers {
		// The backend has the gradient of A = −exp(A_log): ∂A/∂A_log = A.
		at := n.views.layers[i].a.Off
		d := dst[at : at+c.DInner*c.DState]
		for k, a := range n.hostA[i] {
			d[k] *= a
		}
	}
	return s, nil
}

// backward leaves the gradient on the backend, with that of A in the place of
// A_log's. For each block, from the last to the first, with dx the gradient of
// the residual stream after it:
//
//	dy           = dx·out_proj
//	du, dΔ', dB, dC, dz, dA, dD, d bias   from the scan
//	ddt          = dΔ'·dt_proj
//	du          += (ddt, dB, dC)·x_proj
//	dx'          from the convolution
//	dr           = (dx', dz)·in_proj
//	dx          += RMSNorm's gradient of dr
func (n *Network) backward(tokens, targets []int32, scale float64) (Score, error) {
	c, b, k := n.cfg, n.b, &n.back
	L := len(tokens)
	V, M, D, N, K, R := c.VocabSize, c.DModel, c.DInner, c.DState, c.DConv, c.DtRank
	n.forward(tokens)
	logits := scan.Dense(n.logits, V)
	s, err := n.score(targets, scale, logits)
	if err != nil {
		return s, err
	}
	b.Zero(n.grad)
	dx, dr := scan.Dense(k.dx, M), scan.Dense(k.dr, M)
	dy, dxz, du, dDelta, dProj := scan.Dense(k.dy, D), scan.Dense(k.dxz, 2*D), scan.Dense(k.du, D), scan.Dense(k.dDelta, D), scan.Dense(k.dProj, R+2*N)
	b.LinearBackward(scan.LinearGrad{L: L, X: scan.Dense(n.last, M), W: n.head, DY: logits, DX: dr, DW: n.views.head})
	b.RMSNormBackward(scan.NormGrad{L: L, Cols: M, Eps: c.Eps, X: scan.Dense(n.x[len(n.layers)], M), W: n.normF,
		DY: dr, DX: dx, DW: n.views.normF})
	for i := len(n.layers) - 1; i >= 0; i-- {
		l, g := &n.layers[i], &n.views.layers[i]
		xz, u, proj := scan.Dense(l.xz, 2*D), scan.Dense(l.u, D), scan.Dense(l.proj, R+2*N)
		b.LinearBackward(scan.LinearGrad{L: L, X: scan.Dense(l.y, D), W: l.outProj, DY: dx, DX: dy, DW: g.outProj, DBias: g.outBias})
		b.ScanBackward(scan.ScanGrad{L: L, D: D, N: N,
			U: u, Delta: scan.Dense(l.delta, D), Bias: l.dtBias, Softplus: true,
			A: scan.Dense(l.a, N), B: proj.Col(R), C: proj.Col(R + N), Skip: l.skip, Z: xz.Col(D), States: l.states,
			DY: dy, DU: du, DDelta: dDelta, DB: dProj.Col(R), DC: dProj.Col(R + N), DZ: dxz.Col(D),
			DA: g.a, DBias: g.dtBias, DSkip: g.skip})
		b.LinearBackward(scan.LinearGrad{L: L, X: proj, W: l.dtProj, DY: dDelta, DX: dProj, DW: g.dtProj})
		b.LinearBackward(scan.LinearGrad{L: L, X: u, W: l.xProj, DY: dProj, DX: du, Accumulate: true, DW: g.xProj})
		b.ConvBackward(scan.ConvGrad{L: L, D: D, K: K, X: xz, W: scan.Dense(l.convW, K), Bias: l.convB, SiLU: true,
			DY: du, DX: dxz, DW: g.convW, DBias: g.convB})
		b.LinearBackward(scan.LinearGrad{L: L, X: scan.Dense(l.r, M), W: l.inProj, DY: dxz, DX: dr, DW: g.inProj, DBias: g.inBias})
		b.RMSNormBackward(scan.NormGrad{L: L, Cols: M, Eps: c.Eps, X: scan.Dense(n.x[i], M), W: l.norm,
			DY: dr, DX: dx, Accumulate: true, DW: g.norm})
	}
	b.EmbedBackward(n.views.embed, dx, n.ids, L, M)
	return s, nil
}
