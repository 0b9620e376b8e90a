package model

import (
	"fmt"

	"mamba-tui/scan"
)

// cut is the part of a Record that one chunk fills: rows lo to hi of the call,
// of which the chunk holds a to b.
type cut struct {
	rec    *Record
	a, b   int
	lo, hi int
	resets []int32 // of the whole call, or nil
}

// cutOf is what chunk [a, b) has for the record of layer. Without a tap, or
// with one that lies elsewhere, its rec is nil.
func (m *Model) cutOf(layer, a, b int, resets []int32) cut {
	rec := m.rec.of(layer)
	if rec == nil {
		return cut{}
	}
	k := cut{rec: rec, a: a, b: b, lo: max(rec.From, a), hi: min(rec.To, b), resets: resets}
	if k.hi <= k.lo && !k.startsHere() {
		return cut{}
	}
	k.hi = max(k.hi, k.lo)
	return k
}

// wants says that the record asks for what and the chunk has rows of it.
func (k *cut) wants(what []float32) bool { return k.rec != nil && what != nil && k.hi > k.lo }

// startsHere says that h before token From is the state before one of the
// chunk's tokens.
func (k *cut) startsHere() bool { return k.rec.From >= k.a && k.rec.From < k.b }

// copyRows reads the chunk's rows of v, cols wide, to their place in dst.
func (m *Model) copyRows(k *cut, dst []float32, v scan.View, cols int) error {
	if !k.wants(dst) {
		return nil
	}
	return m.readRows(dst[(k.lo-k.rec.From)*cols:(k.hi-k.rec.From)*cols], v.Row(k.lo-k.a), k.hi-k.lo, cols)
}

// readRows reads a rows × cols matrix; rows that lie apart are gathered on the
// backend first.
func (m *Model) readRows(dst []float32, v scan.View, rows, cols int) error {
	if rows == 0 {
		return nil
	}
	if v.Stride != cols {
		if err := need(m.b, &m.sc.stage, m.b.DType(), m.sc.rows*max(m.cfg.DInner, m.cfg.DState)); err != nil {
			return err
		}
		gathered := scan.Dense(m.sc.stage, cols)
		m.b.Copy(gathered, v, rows, cols)
		v = gathered
	}
	return m.read(dst[:rows*cols], v.Buf, v.Off)
}

// read reads a part of a record, on a backend that can without waiting for it:
// settle does.
func (m *Model) read(dst []float32, src scan.Buffer, off int) error {
	if late, ok := m.b.(scan.LateReader); ok {
		late.ReadLater(dst, src, off)
		return nil
	}
	if err := m.b.Read(dst, src, off); err != nil {
		return fmt.Errorf("model: reading a tap: %w", err)
	}
	return nil
}

// settle waits until everything that read was asked for is there.
func (m *Model) settle() error {
	if _, late := m.b.(scan.LateReader); !late {
		return nil
	}
	if err := m.b.Sync(); err != nil {
		return fmt.Errorf("model: reading a tap: %w", err)
	}
	return nil
}

// windowBefore keeps the convolution's window from before the chunk, which the
// convolution is about to overwrite.
func (m *Model) windowBefore(k *cut, conv scan.Buffer) error {
	if !k.wants(k.rec.window()) {
		return nil
	}
	m.sc.hostWin = fit(m.sc.hostWin, (m.cfg.DConv-1)*m.cfg.DInner)
	if len(m.sc.hostWin) == 0 {
		return nil
	}
	if err := m.b.Read(m.sc.hostWin, conv, 0); err != nil {
		return fmt.Errorf("model: reading a convolution window: %w", err)
	}
	return nil
}

// window is Window of a record that may be absent.
func (r *Record) window() []float32 {
	if r == nil {
		return nil
	}
	return r.Window
}

// windows builds (T, K, D) from x, the convolution's input over the chunk, and
// from the window before it. A reset clears what came before it.
func (m *Model) windows(k *cut, x scan.View) error {
	if !k.wants(k.rec.window()) {
		return nil
	}
	K, D := m.cfg.DConv, m.cfg.DInner
	first := max(k.a, k.lo-(K-1)) // the oldest input of the chunk that a window shows
	m.sc.hostX = fit(m.sc.hostX, (k.hi-first)*D)
	if err := m.readRows(m.sc.hostX, x.Row(first-k.a), k.hi-first, D); err != nil {
		return err
	}
	if err := m.settle(); err != nil {
		return err
	}
	for t := k.lo; t < k.hi; t++ {
		cleared := false
		for j := K - 1; j >= 0; j-- { // from the current input to the oldest
			s := t - (K - 1) + j
			dst := k.rec.Window[((t-k.rec.From)*K+j)*D:][:D]
			switch {
			case cleared:
				clear(dst)
			case s >= k.a:
				copy(dst, m.sc.hostX[(s-first)*D:][:D])
			default:
				copy(dst, m.sc.hostWin[(K-1+s-k.a)*D:][:D])
			}
			if s >= k.a && k.resets != nil && k.resets[s]&scan.ResetConv != 0 {
				cleared = true
			}
		}
	}
	return nil
}

// states asks the scan for h after the chunk's tapped steps, and for the one
// before token From where that is a step of the chunk. It returns nil when
// nothing is asked for.
func (m *Model) states(k *cut) (*scan.ScanTap, error) {
	if k.rec == nil || k.rec.H == nil {
		return nil, nil
	}
	lo := k.lo - k.a
	if k.startsHere() && lo > 0 {
		lo--
	}
	steps := m.sc.steps[lo : k.hi-k.a]
	if len(steps) == 0 {
		return nil, nil
	}
	if err := need(m.b, &m.sc.hTap, m.b.DType(), len(steps)*m.cfg.DInner*m.cfg.DState); err != nil {
		return nil, err
	}
	m.sc.tap = scan.ScanTap{Steps: steps, H: m.sc.hTap}
	return &m.sc.tap, nil
}

// stateBefore reads h before the chunk if the record starts with it.
func (m *Model) stateBefore(k *cut, h scan.Buffer) error {
	if k.rec == nil || k.rec.H == nil || k.rec.From != k.a {
		return nil
	}
	return m.readState(k.rec.H0, h, 0)
}

// readStates reads what states asked for.
func (m *Model) readStates(k *cut, tap *scan.ScanTap) error {
	if tap == nil {
		return nil
	}
	DN, off := m.cfg.DInner*m.cfg.DState, 0
	if tap.Steps[0] < k.lo-k.a { // the step before From
		if err := m.readState(k.rec.H0, tap.H, 0); err != nil {
			return err
		}
		off = DN
	}
	if k.hi == k.lo {
		return nil
	}
	return m.readState(k.rec.H[(k.lo-k.rec.From)*DN:(k.hi-k.rec.From)*DN], tap.H, off)
}

// readState reads states of (D, N).
func (m *Model) readState(dst []float32, src scan.Buffer, off int) error {
	return m.read(dst, src, off)
}
