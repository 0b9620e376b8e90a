package model

import "mamba-tui/scan"

// edit is a layer's tweaks made ready for a Forward: constants on the backend,
// lists as runs of neighbours. It is made once a call and used by each of its
// chunks; a nil edit changes nothing. It is made of operations that every
// scan.Backend has.
type edit struct {
	t *LayerTweaks

	bias         scan.Buffer // (D): dt_bias + DeltaBias
	gain, frozen scan.Buffer // (D)
	b, c         scan.Buffer // (N)
	a            scan.Buffer // (D, N): AScale·A

	frozenAt []span // channels whose Δ is a constant
	keeping  []span // channels whose Δ is exactly 0
	silent   []span // channels that give nothing
	live     []span // states that take part; nil: all
	dead     []span // the others
	states   int    // how many take part

	off []bool // scratch
}

// span is a run of neighbours [from, to).
type span struct{ from, to int }

// spans appends the runs of [0, n) for which in holds.
func spans(dst []span, n int, in func(int) bool) []span {
	for i := range n {
		switch k := len(dst) - 1; {
		case !in(i):
		case k >= 0 && dst[k].to == i:
			dst[k].to++
		default:
			dst = append(dst, span{i, i + 1})
		}
	}
	return dst
}

// prepare makes the edits of every layer that t changes.
func (m *Model) prepare(t *Tweaks) error {
	if t == nil {
		return nil
	}
	for i := range t.Layers {
		if err := m.layers[i].prepare(m.b, m.cfg, &t.Layers[i]); err != nil {
			return err
		}
	}
	if len(t.Layers) == 0 {
		return nil
	}
	// Zeros for what is off: enough for a row of channels or of states.
	return need(m.b, &m.sc.zeroRow, m.b.DType(), max(m.cfg.DInner, m.cfg.DState))
}

// edit is layer i's, or nil if it is clean.
func (m *Model) edit(i int, t *Tweaks) *edit {
	if t == nil || i >= len(t.Layers) {
		return nil
	}
	return &m.layers[i].edit
}

func (l *layer) prepare(b scan.Backend, c Config, t *LayerTweaks) error {
	e := &l.edit
	e.t = t
	D, N := c.DInner, c.DState
	for _, v := range []struct {
		dst *scan.Buffer
		src []float32
	}{{&e.gain, t.DeltaGain}, {&e.frozen, t.FreezeDelta}, {&e.b, t.FreezeB}, {&e.c, t.FreezeC},
		{&e.bias, l.biased(t.DeltaBias)}, {&e.a, l.scaled(t.AScale)}} {
		if len(v.src) == 0 {
			continue
		}
		if err := need(b, v.dst, b.DType(), len(v.src)); err != nil {
			return err
		}
		b.Write(*v.dst, 0, v.src)
	}

	// NaN is a channel that stays selective.
	frozen := func(d int) bool { return len(t.FreezeDelta) > 0 && t.FreezeDelta[d] == t.FreezeDelta[d] }
	e.frozenAt = spans(e.frozenAt[:0], D, frozen)
	e.keeping = spans(e.keeping[:0], D, func(d int) bool {
		if frozen(d) {
			return t.FreezeDelta[d] == 0
		}
		return len(t.DeltaGain) > 0 && t.DeltaGain[d] == 0
	})

	e.mark(D, t.OffChannels)
	e.silent = spans(e.silent[:0], D, func(d int) bool { return e.off[d] })

	e.mark(N, t.OffStates)
	for n := t.States; n < N && t.States > 0; n++ {
		e.off[n] = true
	}
	e.dead = spans(e.dead[:0], N, func(n int) bool { return e.off[n] })
	e.live, e.states = spans(e.live[:0], N, func(n int) bool { return !e.off[n] }), 0
	for _, s := range e.live {
		e.states += s.to - s.from
	}
	return nil
}

// mark makes off a set of n with the members of list.
func (e *edit) mark(n int, list []int) {
	e.off = fit(e.off, n)
	clear(e.off)
	for _, i := range list {
		e.off[i] = true
	}
}

// biased is dt_bias + add, or nil.
func (l *layer) biased(add []float32) []float32 {
	if len(add) == 0 {
		return nil
	}
	sum := make([]float32, len(add))
	for d, x := range add {
		sum[d] = l.hostDtBias[d] + x
	}
	return sum
}

// scaled is s·A, or nil where that is A.
func (l *layer) scaled(s float32) []float32 {
	if s == 0 || s == 1 {
		return nil
	}
	a := make([]float32, len(l.hostA))
	for i, x := range l.hostA {
		a[i] = s * x
	}
	return a
}

// free gives the constants back.
func (e *edit) free() {
	freeBuffers(e.bias, e.gain, e.frozen, e.b, e.c, e.a)
	*e = edit{}
}

// conv is the short convolution with its newest taps only. It works on a copy
// of the newest part of the window; a product with zero taps would let Inf and
// NaN through.
func (e *edit) conv(m *Model, full *scan.ConvArgs) error {
	if e == nil || e.t.ConvTaps == 0 || e.t.ConvTaps == full.K {
		m.b.Conv(*full)
		return nil
	}
	taps, K, D := e.t.ConvTaps, full.K, full.D
	few := *full
	few.K, few.W, few.Window = taps, full.W.Col(K-taps), scan.View{}
	if taps > 1 {
		if err := need(m.b, &m.sc.window, m.b.DType(), (K-1)*D); err != nil {
			return err
		}
		few.Window = scan.Dense(m.sc.window, D)
		m.b.Copy(few.Window, full.Window.Row(K-taps), taps-1, D)
	}
	m.b.Conv(few)
	// The whole convolution carries the window on, for when the tweak ends.
	// Nobody looks at what it computes; y is free until the scan.
	whole := *full
	whole.Y = scan.Dense(m.sc.y, D)
	m.b.Conv(whole)
	return nil
}

// selected replaces B and C, in place, where they are frozen.
func (e *edit) selected(m *Model, B, C scan.View, T int) {
	if e == nil {
		return
	}
	if len(e.t.FreezeB) > 0 {
		m.b.Broadcast(B, e.b, T, m.cfg.DState)
	}
	if len(e.t.FreezeC) > 0 {
		m.b.Broadcast(C, e.c, T, m.cfg.DState)
	}
}

// scanArgs edits what the scan is given: rule, gate, A and Δ.
func (e *edit) scanArgs(m *Model, sa *scan.ScanArgs) {
	if e == nil {
		return
	}
	sa.Rule = e.t.Rule
	if e.t.GateOff {
		sa.Z = scan.View{}
	}
	if e.t.AScale != 0 && e.t.AScale != 1 {
		sa.A = scan.Dense(e.a, sa.N)
	}
	e.delta(m, sa)
}

// delta edits what the scan takes for Δ. sa.Delta holds dt·dt_projᵀ, from
// before the softplus, or Δ itself without sa.Softplus; sa.Y is free until the
// scan.
func (e *edit) delta(m *Model, sa *scan.ScanArgs) {
	b, T, D := m.b, sa.L, sa.D
	if len(e.t.DeltaBias) > 0 {
		sa.Bias = e.bias
	}
	if len(e.t.DeltaGain) == 0 && len(e.frozenAt) == 0 {
		return
	}
	// From here on Δ itself is in the array: its softplus is taken first, and
	// gives the bits that the scan would compute.
	if sa.Softplus {
		b.Softplus(sa.Y, sa.Delta, sa.Bias, T, D)
	} else {
		b.Copy(sa.Y, sa.Delta, T, D)
	}
	sa.Bias, sa.Softplus = nil, false
	if len(e.t.DeltaGain) > 0 {
		// One tap a channel and no SiLU: 0 + gain·Δ, and Δ itself when it is 1.
		b.Conv(scan.ConvArgs{Y: sa.Delta, X: sa.Y, W: scan.Dense(e.gain, 1), L: T, D: D, K: 1})
	} else {
		b.Copy(sa.Delta, sa.Y, T, D)
	}
	if len(e.frozenAt) == 0 {
		return
	}
	b.Broadcast(sa.Y, e.frozen, T, D)
	for _, s := range e.frozenAt {
		b.Copy(sa.Delta.Col(s.from), sa.Y.Col(s.from), T, s.to-s.from)
	}
}

// silence makes y (T, D) zero in the channels that give nothing.
func (e *edit) silence(m *Model, y scan.View, T int) {
	if e == nil {
		return
	}
	for _, s := range e.silent {
		m.b.Broadcast(y.Col(s.from), m.sc.zeroRow, T, s.to-s.from)
	}
}
