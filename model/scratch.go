package model

import (
	"errors"
	"fmt"

	"mamba-tui/scan"
)

// tapElements bounds the backend memory that a tap of h takes at a time:
// Forward then works in chunks of tapElements/(D·N) tokens, at least one.
const tapElements = 4 << 20

// logitElements bounds the backend memory of logits asked for at every token.
const logitElements = 4 << 20

// scratch holds the arrays of one chunk of T ≤ chunkRows tokens on the
// backend. The first group is there from the start; the second comes with the
// first use that needs it and stays.
type scratch struct {
	rows    int
	ids     scan.Buffer // Int32 (T)
	resets  scan.Buffer // Int32 (T)
	x       scan.Buffer // (T, M) residual stream
	norm    scan.Buffer // (T, M)
	xz      scan.Buffer // (T, 2D) in_proj: x and z
	u       scan.Buffer // (T, D) after convolution and SiLU
	xproj   scan.Buffer // (T, R+2N): dt, B, C
	delta   scan.Buffer // (T, D)
	y       scan.Buffer // (T, D) after the gate
	last    scan.Buffer // (V) logits of one token
	logits  scan.Buffer // (logitRows, V)
	stage   scan.Buffer // (T, max(D, N)): rows gathered for reading
	ungated scan.Buffer // (T, D) y before the gate
	hCopy   scan.Buffer // (D, N)
	hTap    scan.Buffer // (steps, D, N)

	// Of tweaks.
	zeroRow      scan.Buffer // (max(D, N)) zeros
	window       scan.Buffer // (K-1, D): the part of a window that fewer taps see
	hKeep        scan.Buffer // (D, N): h from before a token with Δ = 0
	packA, packH scan.Buffer // (D, live states)
	packB, packC scan.Buffer // (T, live states)
	packTap      scan.Buffer // (steps, D, live states)

	logitRows int
	steps     []int // 0, 1, … rows−1: taps of every step are slices of it
	zeros     []float32
	hostX     []float32 // rows of x for TapWindow
	hostWin   []float32 // (K-1, D) before the chunk
	tap       scan.ScanTap
}

// alloc makes the arrays that every pass needs, for chunks of as many tokens as
// suit the backend, or of half as many and half again where a device has too
// little memory.
func (sc *scratch) alloc(b scan.Backend, c Config) error {
	sc.rows = chunkRows
	if c, ok := b.(scan.Chunker); ok {
		sc.rows = max(1, c.Chunk())
	}
	for ; ; sc.rows /= 2 {
		err := sc.allocRows(b, c, sc.rows)
		if err == nil || sc.rows == 1 || !errors.Is(err, scan.ErrNoMemory) {
			return err
		}
		rows := sc.rows
		sc.free()
		sc.rows = rows
	}
}

// allocRows is alloc for chunks of T tokens.
func (sc *scratch) allocRows(b scan.Backend, c Config, T int) error {
	for _, a := range []struct {
		dst *scan.Buffer
		t   scan.DType
		n   int
	}{
		{&sc.ids, scan.Int32, T}, {&sc.resets, scan.Int32, T},
		{&sc.x, b.DType(), T * c.DModel}, {&sc.norm, b.DType(), T * c.DModel},
		{&sc.xz, b.DType(), T * 2 * c.DInner}, {&sc.u, b.DType(), T * c.DInner},
		{&sc.xproj, b.DType(), T * (c.DtRank + 2*c.DState)},
		{&sc.delta, b.DType(), T * c.DInner}, {&sc.y, b.DType(), T * c.DInner},
		{&sc.last, b.DType(), c.VocabSize},
	} {
		if err := need(b, a.dst, a.t, a.n); err != nil {
			return err
		}
	}
	sc.steps = make([]int, T)
	for i := range sc.steps {
		sc.steps[i] = i
	}
	sc.zeros = make([]float32, max(c.DInner*c.DState, c.DInner*(c.DConv-1)))
	return nil
}

// need makes *dst at least n elements long, dropping what it held.
func need(b scan.Backend, dst *scan.Buffer, t scan.DType, n int) error {
	if *dst != nil && (*dst).Len() >= n {
		return nil
	}
	if *dst != nil {
		(*dst).Free()
		*dst = nil
	}
	buf, err := b.Alloc(t, n)
	if err != nil {
		return fmt.Errorf("model: no room for scratch (%d elements) on %s: %w", n, b.Name(), err)
	}
	*dst = buf
	return nil
}

// free gives everything back.
func (sc *scratch) free() {
	freeBuffers(sc.ids, sc.resets, sc.x, sc.norm, sc.xz, sc.u, sc.xproj, sc.delta, sc.y,
		sc.last, sc.logits, sc.stage, sc.ungated, sc.hCopy, sc.hTap,
		sc.zeroRow, sc.window, sc.hKeep, sc.packA, sc.packH, sc.packB, sc.packC, sc.packTap)
	*sc = scratch{}
}
