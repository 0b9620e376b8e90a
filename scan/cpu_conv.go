package scan

// convJob is a Conv under way; its range counts channels, which never look at
// each other: the convolution is depthwise. Rows are the inner loops, so that x
// and y are read and written along memory.
type convJob[T float] struct {
	y, x, w, window view[T]
	bias, zeros     []T
	resets          []int32
	rows, taps      int
	silu            func(x []T)                       // nil: none
	conv4           func(j *convJob[T], from, to int) // nil: run does without
}

// Conv implements Backend.
func (c *cpu[T]) Conv(a ConvArgs) {
	if a.L < 0 || a.D < 0 || a.K < 1 {
		panic("scan: Conv: a size is negative or K is not positive")
	}
	// In place, as in Scan: words just written are slow to copy.
	j := &c.conv
	*j = convJob[T]{rows: a.L, taps: a.K}
	j.y = viewOf[T](a.Y, a.L, a.D, "scan: Conv: Y is not (L, D)")
	j.x = viewOf[T](a.X, a.L, a.D, "scan: Conv: X is not (L, D)")
	j.w = viewOf[T](a.W, a.D, a.K, "scan: Conv: W is not (D, K)")
	j.window = viewOf[T](a.Window, a.K-1, a.D, "scan: Conv: Window is not (K-1, D)")
	j.bias = sliceOf[T](a.Bias, a.D, true, "scan: Conv: Bias is not (D)")
	j.resets = sliceOf[int32](a.Resets, a.L, true, "scan: Conv: Resets is not int32 (L)")
	if a.SiLU {
		j.silu = c.kernels.silu
	}
	if a.K == 4 {
		j.conv4 = c.kernels.conv4
	}
	if a.L == 0 || a.D == 0 {
		return
	}
	j.zeros = c.zeroRow(a.D)
	c.split(j, a.D, 64, c.share(a.L*a.D*a.K))
}

// run convolves channels [from, to). Each output is the bias, then the taps from
// the oldest input to the current one: one order for a step and for a chunk.
func (j *convJob[T]) run(from, to int) {
	if j.conv4 != nil {
		j.conv4(j, from, to)
		return
	}
	first := -(j.taps - 1) // the oldest step that has not been cleared
	for t := range j.rows {
		if j.resets != nil && j.resets[t]&ResetConv != 0 {
			first = t
		}
		y := j.y.row(t, to)[from:]
		if j.bias != nil {
			copy(y, j.bias[from:to])
		} else {
			clear(y)
		}
		w := j.w.data[from*j.w.stride:]
		for k := range j.taps {
			addTap(y, w[k:], j.input(t-j.taps+1+k, first, from, to), j.w.stride)
		}
		if j.silu != nil {
			j.silu(y)
		}
	}
	j.carry(first, from, to)
}

// input is the row of step t, which may lie before the call. Cleared steps are
// rows of zeros and still multiplied: a reset is then the same arithmetic as a
// new sequence, to the bit.
func (j *convJob[T]) input(t, first, from, to int) []T {
	switch {
	case t < first:
		return j.zeros[from:to]
	case t < 0:
		return j.window.row(j.taps-1+t, to)[from:]
	}
	return j.x.row(t, to)[from:]
}

// carry makes the window the last K-1 inputs. Row r comes from a row behind
// it, never from one already overwritten.
func (j *convJob[T]) carry(first, from, to int) {
	for r := range j.taps - 1 {
		t := j.rows - (j.taps - 1) + r
		copy(j.window.row(r, to)[from:], j.input(t, first, from, to))
	}
}

// addTap is y[d] += w[d·stride]·x[d]: one tap for all channels of a row. w is
// (D, K), so a channel's taps lie together and a tap's channels stride apart.
func addTap[T float](y, w, x []T, stride int) {
	x = x[:len(y)]
	for d := range y {
		y[d] += w[d*stride] * x[d]
	}
}
