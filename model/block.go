package model

import "mamba-tui/scan"

// block runs layer i over the chunk [a, b) of a call, T = b−a tokens, whose
// residual stream is in sc.x:
//
//	r      = RMSNorm(x)·w                    (T, M)
//	x', z  = in_proj r                       (T, D) each
//	u      = SiLU(conv(x') + bias)           (T, D)   tap K−1 is the current token
//	dt,B,C = x_proj u                        (T, R), (T, N), (T, N)
//	Δ      = softplus(dt_proj dt + bias)     (T, D)   linear above 20
//	h      = exp(Δ⊗A)⊙h + (Δ⊗B)·u            (D, N)   the released rule: Δ·B, not ZOH
//	y      = Σ_n C·h + D·u                   (T, D)
//	x      = x + out_proj (y·SiLU(z))        (T, M)
//
// The order is that of mamba_simple.py and of slow_forward in transformers;
// the released code chains Add → Norm → Mixer, which is the same numbers as
// Norm → Mixer → Add here.
func (m *Model) block(i int, s *State, a, b int, o *Options) error {
	c, be, sc, l := &m.cfg, m.b, &m.sc, &m.layers[i]
	M, D, N, K, R := c.DModel, c.DInner, c.DState, c.DConv, c.DtRank
	T := b - a
	var k cut
	if m.rec.on {
		k = m.cutOf(i, a, b, o.Resets)
	}
	rec := m.rec.orNone(k.rec)
	var resets scan.Buffer
	var marks []int32
	if o.Resets != nil {
		resets, marks = sc.resets, o.Resets[a:b]
	}
	e := m.edit(i, o.Tweaks)

	x := scan.Dense(sc.x, M)
	if err := m.copyRows(&k, rec.In, x, M); err != nil {
		return err
	}
	r := scan.Dense(sc.norm, M)
	be.RMSNorm(r, x, l.norm, T, M, c.Eps)
	if err := m.copyRows(&k, rec.Norm, r, M); err != nil {
		return err
	}

	xz := scan.Dense(sc.xz, 2*D)
	be.Linear(scan.LinearArgs{Y: xz, X: r, W: l.inProj, Bias: l.inBias, L: T})
	in, z := xz, xz.Col(D)

	if err := m.windowBefore(&k, s.conv[i]); err != nil {
		return err
	}
	u := scan.Dense(sc.u, D)
	conv := scan.ConvArgs{
		Y: u, X: in, W: scan.Dense(l.convW, K), Bias: l.convB,
		Window: scan.Dense(s.conv[i], D), Resets: resets, L: T, D: D, K: K, SiLU: true,
	}
	if err := e.conv(m, &conv); err != nil {
		return err
	}
	if err := m.windows(&k, in); err != nil {
		return err
	}

	proj := scan.Dense(sc.xproj, R+2*N)
	be.Linear(scan.LinearArgs{Y: proj, X: u, W: l.xProj, L: T})
	B, C := proj.Col(R), proj.Col(R+N)
	e.selected(m, B, C, T)

	y := scan.Dense(sc.y, D)
	sa := scan.ScanArgs{
		L: T, D: D, N: N,
		U: u, Delta: scan.Dense(sc.delta, D), Bias: l.dtBias, Softplus: true,
		A: scan.Dense(l.a, N), B: B, C: C, Skip: l.skip, Z: z,
		H: scan.Dense(s.h[i], N), Resets: resets, Y: y,
	}
	be.Linear(scan.LinearArgs{Y: sa.Delta, X: proj, W: l.dtProj, L: T})
	e.scanArgs(m, &sa)
	if err := m.scan(&k, rec, &sa, e, marks); err != nil {
		return err
	}
	e.silence(m, y, T)

	be.Linear(scan.LinearArgs{Y: x, X: y, W: l.outProj, Bias: l.outBias, L: T, Accumulate: true})
	if k.rec == nil {
		return nil
	}
	for _, t := range []struct {
		dst  []float32
		v    scan.View
		cols int
	}{{rec.X, in, D}, {rec.U, u, D}, {rec.B, B, N}, {rec.C, C, N}, {rec.Z, z, D}, {rec.Gated, y, D}, {rec.Out, x, M}} {
		if err := m.copyRows(&k, t.dst, t.v, t.cols); err != nil {
			return err
		}
	}
	return nil
}

// scan runs the selective scan, and beside it what a tap asks for: Δ as the
// scan sees it, y before the gate, and h at the tapped steps. marks are those
// of the chunk, or nil. It sets the tap of sa.
func (m *Model) scan(k *cut, rec *Record, sa *scan.ScanArgs, e *edit, marks []int32) error {
	be, sc, D := m.b, &m.sc, sa.D
	if k.wants(rec.Delta) {
		delta := sa.Delta
		if sa.Softplus {
			// y is free until the scan; Softplus gives the bits that Scan uses.
			delta = sa.Y
			be.Softplus(delta, sa.Delta, sa.Bias, sa.L, D)
		}
		if err := m.copyRows(k, rec.Delta, delta, D); err != nil {
			return err
		}
	}
	if k.wants(rec.Y) {
		// The same scan without its gate, from a copy of the state.
		if err := need(be, &sc.hCopy, be.DType(), D*sa.N); err != nil {
			return err
		}
		plain := *sa
		plain.H, plain.Z = scan.Dense(sc.hCopy, sa.N), scan.View{}
		be.Copy(plain.H, sa.H, D, sa.N)
		if err := e.scan(m, &plain, marks); err != nil {
			return err
		}
		if err := m.copyRows(k, rec.Y, sa.Y, D); err != nil {
			return err
		}
	}
	if err := m.stateBefore(k, sa.H.Buf); err != nil {
		return err
	}
	tap, err := m.states(k)
	if err != nil {
		return err
	}
	sa.Tap = tap
	if err := e.scan(m, sa, marks); err != nil {
		return err
	}
	return m.readStates(k, tap)
}
