package model

import (
	"errors"
	"fmt"

	"mamba-tui/scan"
)

// Drive is what enters the scans of a Forward, as a Tap (TapDrive) once received
// it: with A and a state it gives every later state, without the weights.
type Drive struct {
	Delta, U [][]float32 // a layer: (L, D); Δ after the softplus
	B, C     [][]float32 // a layer: (L, N)
}

// DrivenTaps are the arrays that a driven model has.
const DrivenTaps = TapDrive | TapY | TapH

// NewDriven makes a model of the scans alone: a has A of every layer, (D, N),
// and skip D of every layer, (D). Its Forward takes Options.Drive instead of
// computing it, so every layer is given what the layer before it once made, and
// no tweak reaches a later layer. The convolution's window of its states stays
// zero.
//
// Of tweaks it has those that act inside the scan. What needs the weights is an
// error: ConvTaps, and GateOff and OffChannels, which are only seen in later
// layers. DeltaBias is added to the inverse of the softplus of Δ, computed in
// float64.
func NewDriven(b scan.Backend, cfg Config, a, skip [][]float32) (*Model, error) {
	if b == nil {
		return nil, errors.New("model: no backend: open one with scan.NewCPU")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if len(a) != cfg.NLayer || len(skip) != cfg.NLayer {
		return nil, fmt.Errorf("model: A of %d layers and D of %d, want %d", len(a), len(skip), cfg.NLayer)
	}
	m := &Model{cfg: cfg, b: b, layers: make([]layer, cfg.NLayer), driven: true}
	l := loader{b: b}
	for i := range m.layers {
		if len(a[i]) != cfg.DInner*cfg.DState || len(skip[i]) != cfg.DInner {
			return nil, fmt.Errorf("model: layer %d: A has %d elements and D %d, want %d and %d", i, len(a[i]), len(skip[i]), cfg.DInner*cfg.DState, cfg.DInner)
		}
		dst := &m.layers[i]
		dst.hostA = append([]float32(nil), a[i]...)
		dst.hostSkip = append([]float32(nil), skip[i]...)
		dst.hostDtBias = make([]float32, cfg.DInner)
		dst.a = l.buffer("A", dst.hostA)
		dst.skip = l.buffer("D", dst.hostSkip)
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

// checkDrive refuses what a driven model cannot do, and a drive that does not
// fit.
func (m *Model) checkDrive(L int, o *Options) error {
	if !m.driven {
		if o.Drive != nil {
			return errors.New("model: a Drive for a model that computes its own: make one with NewDriven")
		}
		return nil
	}
	if o.Drive == nil {
		return errors.New("model: a model of the scans alone needs a Drive")
	}
	if len(o.Logits) > 0 {
		return errors.New("model: logits need the weights, and this model has the scans alone")
	}
	if o.Tap != nil && o.Tap.What&^DrivenTaps != 0 {
		return errors.New("model: a model of the scans alone has Δ, u, B, C, y and h to tap")
	}
	c := m.cfg
	for _, a := range []struct {
		name string
		rows [][]float32
		cols int
	}{{"Delta", o.Drive.Delta, c.DInner}, {"U", o.Drive.U, c.DInner}, {"B", o.Drive.B, c.DState}, {"C", o.Drive.C, c.DState}} {
		if len(a.rows) != c.NLayer {
			return fmt.Errorf("model: %s of %d layers, want %d", a.name, len(a.rows), c.NLayer)
		}
		for i, x := range a.rows {
			if len(x) != L*a.cols {
				return fmt.Errorf("model: %s of layer %d has %d elements, want %d × %d", a.name, i, len(x), L, a.cols)
			}
		}
	}
	if o.Tweaks != nil {
		for i := range o.Tweaks.Layers {
			if t := &o.Tweaks.Layers[i]; t.GateOff || t.ConvTaps != 0 && t.ConvTaps != c.DConv || len(t.OffChannels) > 0 {
				return fmt.Errorf("model: tweaks of layer %d: the gate, the taps of the convolution and channels that give nothing need the weights", i)
			}
		}
	}
	return nil
}

// drivenBlock is the part of block that begins with Δ, u, B and C.
func (m *Model) drivenBlock(i int, s *State, a, b int, o *Options) error {
	c, be, sc, l := m.cfg, m.b, &m.sc, &m.layers[i]
	D, N, T := c.DInner, c.DState, b-a
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

	// x_proj's output is dt, B, C side by side; without dt, B and C.
	u, B, C := scan.Dense(sc.u, D), scan.Dense(sc.xproj, N), scan.Dense(sc.xproj, N).Row(T)
	be.Write(u.Buf, 0, o.Drive.U[i][a*D:b*D])
	be.Write(B.Buf, B.Off, o.Drive.B[i][a*N:b*N])
	be.Write(C.Buf, C.Off, o.Drive.C[i][a*N:b*N])
	e.selected(m, B, C, T)

	sa := scan.ScanArgs{
		L: T, D: D, N: N, U: u, Delta: scan.Dense(sc.delta, D),
		A: scan.Dense(l.a, N), B: B, C: C, Skip: l.skip,
		H: scan.Dense(s.h[i], N), Resets: resets, Y: scan.Dense(sc.y, D),
	}
	delta := o.Drive.Delta[i][a*D : b*D]
	if o.Tweaks != nil && i < len(o.Tweaks.Layers) && len(o.Tweaks.Layers[i].DeltaBias) > 0 {
		sa.Softplus = true
		delta = inverseSoftplus(delta)
	}
	be.Write(sa.Delta.Buf, 0, delta)
	e.scanArgs(m, &sa)
	if err := m.scan(&k, rec, &sa, e, marks); err != nil {
		return err
	}
	for _, t := range []struct {
		dst  []float32
		v    scan.View
		cols int
	}{{rec.U, u, D}, {rec.B, B, N}, {rec.C, C, N}} {
		if err := m.copyRows(&k, t.dst, t.v, t.cols); err != nil {
			return err
		}
	}
	return nil
}

// inverseSoftplus is the x with softplus(x) = Δ; −Inf for Δ = 0.
func inverseSoftplus(delta []float32) []float32 {
	x := make([]float32, len(delta))
	for i, d := range delta {
		x[i] = d // above 20, where the softplus is linear
		if d <= 20 {
			x[i] = float32(InverseSoftplus(float64(d)))
		}
	}
	return x
}
