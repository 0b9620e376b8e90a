package model

import "mamba-tui/scan"

// scan is be.Scan(sa) with the tweaks that concern h: states that are off,
// cells that are set, and channels that keep h to the bit. sa is whole, with
// every state; marks are the chunk's resets or nil.
//
// States never look at each other, so one that is off is left out: A, B, C and
// h of the others are packed side by side and the scan is told that there are
// so many. Nothing is multiplied by zero; neither Inf nor NaN of a state that
// is off reaches y.
func (e *edit) scan(m *Model, sa *scan.ScanArgs, marks []int32) error {
	if e == nil {
		m.b.Scan(*sa)
		return nil
	}
	packed := *sa
	if len(e.dead) > 0 {
		if err := e.pack(m, &packed); err != nil {
			return err
		}
	}
	keeping := e.keeping
	if len(e.t.SetH) > 0 { // a call of one token
		if err := e.set(m, &packed, marks); err != nil {
			return err
		}
		keeping, marks = []span{{0, sa.D}}, nil
	}
	if err := e.keep(m, packed, keeping, marks); err != nil {
		return err
	}
	if len(e.dead) > 0 {
		e.unpack(m, sa.H, packed.H, sa.D)
		if sa.Tap != nil {
			rows := len(sa.Tap.Steps) * sa.D
			e.unpack(m, scan.Dense(sa.Tap.H, sa.N), scan.Dense(packed.Tap.H, e.states), rows)
		}
	}
	return nil
}

// pack replaces what a scan has of states by arrays of the live ones.
func (e *edit) pack(m *Model, sa *scan.ScanArgs) error {
	T, D, n, sc := sa.L, sa.D, e.states, &m.sc
	steps := 0
	if sa.Tap != nil {
		steps = len(sa.Tap.Steps)
	}
	for _, a := range []struct {
		dst *scan.Buffer
		n   int
	}{{&sc.packA, D * n}, {&sc.packB, T * n}, {&sc.packC, T * n}, {&sc.packH, D * n}, {&sc.packTap, steps * D * n}} {
		if err := need(m.b, a.dst, m.b.DType(), a.n); err != nil {
			return err
		}
	}
	for _, a := range []struct {
		v    *scan.View
		buf  scan.Buffer
		rows int
	}{{&sa.A, sc.packA, D}, {&sa.B, sc.packB, T}, {&sa.C, sc.packC, T}, {&sa.H, sc.packH, D}} {
		dst, at := scan.Dense(a.buf, n), 0
		for _, s := range e.live {
			m.b.Copy(dst.Col(at), a.v.Col(s.from), a.rows, s.to-s.from)
			at += s.to - s.from
		}
		*a.v = dst
	}
	if sa.Tap != nil {
		sa.Tap = &scan.ScanTap{Steps: sa.Tap.Steps, H: sc.packTap}
	}
	sa.N = n
	return nil
}

// unpack writes states back to where they came from; those that are off are +0.
func (e *edit) unpack(m *Model, dst, src scan.View, rows int) {
	at := 0
	for _, s := range e.live {
		m.b.Copy(dst.Col(s.from), src.Col(at), rows, s.to-s.from)
		at += s.to - s.from
	}
	for _, s := range e.dead {
		m.b.Broadcast(dst.Col(s.from), m.sc.zeroRow, rows, s.to-s.from)
	}
}

// set moves h by the one token of the call and sets its cells. What is left to
// do is to look at it: sa becomes a scan with Δ = 0, which keeps h.
func (e *edit) set(m *Model, sa *scan.ScanArgs, marks []int32) error {
	move := *sa
	move.Tap, move.Z = nil, scan.View{}
	if err := e.keep(m, move, e.keeping, marks); err != nil {
		return err
	}
	for _, c := range e.t.SetH {
		if n, ok := e.place(c.N); ok {
			m.b.Write(sa.H.Buf, sa.H.Off+c.D*sa.H.Stride+n, []float32{c.V})
		}
	}
	sa.Rule, sa.Delta, sa.Bias, sa.Softplus, sa.Resets = scan.Released, scan.Dense(m.sc.zeroRow, sa.D), nil, false, nil
	return nil
}

// place is where state n lies among the live ones.
func (e *edit) place(n int) (int, bool) {
	at := 0
	for _, s := range e.live {
		if n < s.to {
			return at + n - s.from, n >= s.from
		}
		at += s.to - s.from
	}
	return 0, false
}

// keep scans, and puts h back in the channels whose Δ is 0: with Ā = 1 and a
// write of 0 the arithmetic gives h again, except that −0 + 0 is +0. Nothing
// that C·h sums can tell the two apart, but a state that was ignored is then
// not the same bits. After a reset mark h is +0 in any case.
func (e *edit) keep(m *Model, sa scan.ScanArgs, channels []span, marks []int32) error {
	if len(channels) == 0 {
		m.b.Scan(sa)
		return nil
	}
	D, N := sa.D, sa.N
	if err := need(m.b, &m.sc.hKeep, m.b.DType(), D*N); err != nil {
		return err
	}
	before := scan.Dense(m.sc.hKeep, N)
	m.b.Copy(before, sa.H, D, N)
	m.b.Scan(sa)
	reset := 0 // the first marked step, or L
	for reset < len(marks) && marks[reset]&scan.ResetState == 0 {
		reset++
	}
	if marks == nil {
		reset = sa.L
	}
	for _, s := range channels {
		if reset == sa.L {
			m.b.Copy(sa.H.Row(s.from), before.Row(s.from), s.to-s.from, N)
		}
		if sa.Tap == nil {
			continue
		}
		tap := scan.Dense(sa.Tap.H, N)
		for i, t := range sa.Tap.Steps {
			if t < reset {
				m.b.Copy(tap.Row(i*D+s.from), before.Row(s.from), s.to-s.from, N)
			}
		}
	}
	return nil
}
