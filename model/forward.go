package model

import (
	"errors"
	"fmt"

	"mamba-tui/scan"
)

// Options of one Forward.
type Options struct {
	// Logits: nil none; len V those after the last token; len L·V every token's.
	Logits []float32
	// Resets holds one mark (scan.ResetState | scan.ResetConv) a token, or is nil.
	Resets []int32
	// Tweaks change the pass; nil or the zero value is bit-identical to none.
	Tweaks *Tweaks
	// Tap receives what happens; nil copies nothing.
	Tap *Tap
	// Drive is what enters the scans of a model of the scans alone, one row a
	// token; nil for every other model.
	Drive *Drive
}

// Forward runs L = len(tokens) tokens through the model and leaves s as it is
// after the last. Any split of a sequence into calls gives the same bits: h,
// windows and logits.
//
// Everything is checked before anything changes: a token id that is not in
// [0, V), and lengths of the options that do not fit, are errors that leave s
// alone. With L = 0 nothing is computed; asking for logits is then an error,
// because there is no token that they would come after. When the backend
// itself fails, s is undefined.
//
// Without Logits and Tap the work is only enqueued: failures of a device
// appear at the next read.
func (m *Model) Forward(s *State, tokens []int32, o Options) error {
	if err := m.check(s, tokens, &o); err != nil {
		return err
	}
	L := len(tokens)
	if err := m.rec.setup(o.Tap, m.cfg, L); err != nil {
		return err
	}
	if err := m.prepare(o.Tweaks); err != nil {
		return err
	}
	// A tap of every h needs memory of T·D·N: then the chunks are shorter, which
	// changes no bit.
	rows := m.sc.rows
	if m.rec.on && m.rec.what&TapH != 0 {
		rows = max(1, min(rows, tapElements/(m.cfg.DInner*m.cfg.DState)))
	}
	for a := 0; a < L; a += rows {
		if err := m.chunk(s, tokens, a, min(a+rows, L), &o); err != nil {
			m.rec.on = false
			return err
		}
	}
	if m.rec.on && m.rec.what&TapH != 0 && m.rec.from == L {
		// An empty range at the end: only the state there is asked for.
		for i := range m.layers {
			if rec := m.rec.of(i); rec != nil {
				if err := m.readState(rec.H0, s.h[i], 0); err != nil {
					m.rec.on = false
					return err
				}
			}
		}
	}
	if m.rec.on {
		if err := m.settle(); err != nil {
			m.rec.on = false
			return err
		}
	}
	m.rec.deliver()
	return nil
}

// Step is Forward over one token; logits has V elements or is nil. It does not
// allocate, but for the recording that a state's second step with logits, and
// its second without, makes on a backend that records (scan.Capturer).
func (m *Model) Step(s *State, token int32, logits []float32) error {
	m.one[0] = token
	return m.Forward(s, m.one[:], Options{Logits: logits})
}

// check refuses what cannot be run, before anything changes.
func (m *Model) check(s *State, tokens []int32, o *Options) error {
	switch {
	case m.closed:
		return errClosed
	case s == nil || s.m == nil:
		return errFreed
	case s.m != m:
		return errors.New("model: the state belongs to another model: move it with Save and Load")
	}
	L, V := len(tokens), m.cfg.VocabSize
	for i, id := range tokens {
		if id < 0 || int(id) >= V {
			return fmt.Errorf("model: token %d of %d has id %d, want 0 to %d", i, L, id, V-1)
		}
	}
	if n := len(o.Logits); n != 0 {
		if L == 0 {
			return fmt.Errorf("model: %d logits asked for after 0 tokens, want a nil slice", n)
		}
		if n != V && n != L*V {
			return fmt.Errorf("model: room for %d logits, want %d (after the last token) or %d (after each of %d)", n, V, L*V, L)
		}
	}
	if o.Resets != nil && len(o.Resets) != L {
		return fmt.Errorf("model: %d reset marks for %d tokens", len(o.Resets), L)
	}
	if o.Tweaks != nil {
		if err := o.Tweaks.check(m.cfg, L); err != nil {
			return err
		}
	}
	return m.checkDrive(L, o)
}

// chunk runs tokens [a, b) of a call.
func (m *Model) chunk(s *State, tokens []int32, a, b int, o *Options) error {
	c, be, sc := &m.cfg, m.b, &m.sc
	T := b - a
	be.WriteInts(sc.ids, 0, tokens[a:b])
	if o.Resets != nil {
		be.WriteInts(sc.resets, 0, o.Resets[a:b])
	}
	if m.driven {
		for i := range m.layers {
			if err := m.drivenBlock(i, s, a, b, o); err != nil {
				return err
			}
		}
		return nil
	}
	if g := m.recorded(s, T, o); g != nil {
		g.Launch()
		if len(o.Logits) == 0 {
			return nil
		}
		return m.readLogits(o.Logits, sc.last)
	}
	if err := m.blocks(s, a, b, o); err != nil {
		return err
	}
	// The final norm and the head are most of the work with a large
	// vocabulary: only the rows asked for are computed. V == L·V when L is 1.
	switch len(o.Logits) {
	case 0:
		return nil
	case c.VocabSize:
		if b < len(tokens) {
			return nil
		}
		return m.logits(o.Logits, sc.last, T-1, 1)
	}
	return m.allLogits(o.Logits[a*c.VocabSize:b*c.VocabSize], T)
}

// blocks runs the embedding and every layer over tokens [a, b) of a call, whose
// ids the backend has.
func (m *Model) blocks(s *State, a, b int, o *Options) error {
	M := m.cfg.DModel
	m.b.Embed(scan.Dense(m.sc.x, M), scan.Dense(m.embed, M), m.sc.ids, b-a, M)
	for i := range m.layers {
		if err := m.block(i, s, a, b, o); err != nil {
			return err
		}
	}
	return nil
}

// logits computes norm_f and the head for rows of sc.x from row first on, and
// reads rows·V logits to dst.
func (m *Model) logits(dst []float32, buf scan.Buffer, first, rows int) error {
	m.answer(buf, first, rows)
	return m.readLogits(dst, buf)
}

// answer computes norm_f and the head for rows of sc.x from row first on.
func (m *Model) answer(buf scan.Buffer, first, rows int) {
	c := &m.cfg
	x := scan.Dense(m.sc.x, c.DModel).Row(first)
	r := scan.Dense(m.sc.norm, c.DModel)
	m.b.RMSNorm(r, x, m.normF, rows, c.DModel, c.Eps)
	m.b.Linear(scan.LinearArgs{Y: scan.Dense(buf, c.VocabSize), X: r, W: m.head, L: rows})
}

// readLogits waits for the logits in buf.
func (m *Model) readLogits(dst []float32, buf scan.Buffer) error {
	if err := m.b.Read(dst, buf, 0); err != nil {
		return fmt.Errorf("model: reading logits: %w", err)
	}
	return nil
}

// allLogits is logits after each of the chunk's T tokens, in groups of rows
// that bound the memory of a large vocabulary.
func (m *Model) allLogits(dst []float32, T int) error {
	V, sc := m.cfg.VocabSize, &m.sc
	if sc.logits == nil {
		sc.logitRows = max(1, min(sc.rows, logitElements/V))
	}
	if err := need(m.b, &sc.logits, m.b.DType(), sc.logitRows*V); err != nil {
		return err
	}
	for t := 0; t < T; t += sc.logitRows {
		n := min(sc.logitRows, T-t)
		if err := m.logits(dst[t*V:(t+n)*V], sc.logits, t, n); err != nil {
			return err
		}
	}
	return nil
}
