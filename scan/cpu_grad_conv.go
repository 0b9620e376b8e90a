package scan

// convGradJob is a ConvBackward under way; its range counts channels.
type convGradJob[T float] struct {
	x, w, window, dy, dx, dw view[T]
	bias, dBias, zeros       []T
	resets                   []int32
	rows, taps, channels     int
	sigmoid                  func(dst, x []T) // nil: no SiLU
	sigmoids                 []T              // (D)
	pre                      []T              // (K, D): gradients before SiLU of the K newest rows, as a ring
	sums                     []T              // (K+1, D): gradients of the taps and of the bias, in columns
	fused                    convGrad[T]      // nil: row by row
}

// ConvBackward implements Differentiable. The sums before SiLU are computed
// again, from the last step to the first; with dp their gradient,
//
//	dX[t]    = Σ_k W[K-1-k]·dp[t+k]
//	dW[k]   += Σ_t dp[t]·x[t-K+1+k]
//	dBias   += Σ_t dp[t]
//
// where a reset at step r separates t < r from t ≥ r.
func (c *cpu[T]) ConvBackward(a ConvGrad) {
	c.unrecorded()
	if a.L < 0 || a.D < 0 || a.K < 1 {
		panic("scan: ConvBackward: a size is negative or K is not positive")
	}
	j := convGradJob[T]{
		x:      viewOf[T](a.X, a.L, a.D, "scan: ConvBackward: X is not (L, D)"),
		w:      viewOf[T](a.W, a.D, a.K, "scan: ConvBackward: W is not (D, K)"),
		bias:   sliceOf[T](a.Bias, a.D, true, "scan: ConvBackward: Bias is not (D)"),
		resets: sliceOf[int32](a.Resets, a.L, true, "scan: ConvBackward: Resets is not int32 (L)"),
		dy:     viewOf[T](a.DY, a.L, a.D, "scan: ConvBackward: DY is not (L, D)"),
		dx:     viewOf[T](a.DX, a.L, a.D, "scan: ConvBackward: DX is not (L, D)"),
		dw:     viewOf[T](a.DW, a.D, a.K, "scan: ConvBackward: DW is not (D, K)"),
		rows:   a.L, taps: a.K, channels: a.D,
	}
	if !a.Window.Absent() {
		j.window = viewOf[T](a.Window, a.K-1, a.D, "scan: ConvBackward: Window is not (K-1, D)")
	}
	if !a.DBias.Absent() {
		j.dBias = viewOf[T](a.DBias, 1, a.D, "scan: ConvBackward: DBias is not (1, D)").data
	}
	if a.L == 0 || a.D == 0 {
		return
	}
	if a.SiLU {
		j.sigmoid = c.grad.kernels.sigmoid
		j.sigmoids = room(&c.grad.sigmoids, a.D)
	}
	j.zeros = c.zeroRow(a.D)
	size := a.K * a.D
	if a.K == 4 && c.grad.kernels.conv4 != nil {
		j.fused = c.grad.kernels.conv4
		size = j.fused.room(a.D)
	}
	j.pre = room(&c.grad.pre, size)
	j.sums = room(&c.grad.sums, (a.K+1)*a.D)
	c.grad.conv = j
	c.split(&c.grad.conv, a.D, 64, c.share(3*a.L*a.D*a.K))
}

// run goes through channels [from, to) backwards in time.
func (j *convGradJob[T]) run(from, to int) {
	if j.fused != nil {
		j.fused.run(j, from, to)
		return
	}
	K, D := j.taps, j.channels
	for k := range K + 1 {
		clear(j.sums[k*D+from : k*D+to])
	}
	first := j.firstBefore(j.rows)
	for t := j.rows - 1; t >= 0; t-- {
		if t < first {
			first = j.firstBefore(t + 1)
		}
		dp := j.ring(t, from, to)
		j.before(dp, t, first, from, to)
		addTo(j.sums[K*D+from:K*D+to], dp)
		for k := range K {
			addProduct(j.sums[k*D+from:k*D+to], dp, j.input(t-K+1+k, first, from, to))
		}
		// A later step reads this input unless a reset lies between.
		dx := j.dx.row(t, to)[from:]
		clear(dx)
		for k := range K {
			if t+k >= j.rows || k > 0 && j.resets != nil && j.resets[t+k]&ResetConv != 0 {
				break
			}
			addTap(dx, j.w.data[from*j.w.stride+K-1-k:], j.ring(t+k, from, to), j.w.stride)
		}
	}
	for d := from; d < to; d++ {
		dw := j.dw.row(d, K)
		for k := range dw {
			dw[k] += j.sums[k*D+d]
		}
		if j.dBias != nil {
			j.dBias[d] += j.sums[K*D+d]
		}
	}
}

// before writes the gradient before SiLU of step t to dp: with p the sum of
// taps and bias and s = sigmoid(p), dp = dY·s·(1 + p·(1−s)).
func (j *convGradJob[T]) before(dp []T, t, first, from, to int) {
	dy := j.dy.row(t, to)[from:]
	if j.sigmoid == nil {
		copy(dp, dy)
		return
	}
	if j.bias != nil {
		copy(dp, j.bias[from:to])
	} else {
		clear(dp)
	}
	w := j.w.data[from*j.w.stride:]
	for k := range j.taps {
		addTap(dp, w[k:], j.input(t-j.taps+1+k, first, from, to), j.w.stride)
	}
	sigmoids := j.sigmoids[from:to]
	j.sigmoid(sigmoids, dp)
	for d, s := range sigmoids {
		dp[d] = dy[d] * (s * (1 + dp[d]*(1-s)))
	}
}

// ring is where the gradient before SiLU of step t is kept while K−1 earlier
// steps need it.
func (j *convGradJob[T]) ring(t, from, to int) []T {
	at := t % j.taps * j.channels
	return j.pre[at+from : at+to]
}

// firstBefore is the oldest step that step t−1 may read: that of the newest
// reset before t, or −(K−1) without one.
func (j *convGradJob[T]) firstBefore(t int) int {
	if j.resets != nil {
		for r := t - 1; r >= 0; r-- {
			if j.resets[r]&ResetConv != 0 {
				return r
			}
		}
	}
	return -(j.taps - 1)
}

// input is the row of step t, as in the forward convolution.
func (j *convGradJob[T]) input(t, first, from, to int) []T {
	switch {
	case t < first || t < 0 && j.window.data == nil:
		return j.zeros[from:to]
	case t < 0:
		return j.window.row(j.taps-1+t, to)[from:]
	}
	return j.x.row(t, to)[from:]
}

// addProduct is y[d] += a[d]·b[d].
func addProduct[T float](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for d := range y {
		y[d] += a[d] * b[d]
	}
}
