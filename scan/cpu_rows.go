package scan

import "math"

// The operations of this file go row by row; their cost is the traffic of their
// operands, a few per cent of the Linear operations around them, and stays on
// one goroutine.

// Copy implements Backend. Rows may lie at different distances in src and dst.
func (c *cpu[T]) Copy(dst, src View, rows, cols int) {
	if c.tape != nil && c.recorded(func() { c.Copy(dst, src, rows, cols) }) {
		return
	}
	if rows < 0 || cols < 0 {
		panic("scan: Copy: a size is negative")
	}
	d := viewOf[T](dst, rows, cols, "scan: Copy: dst is not (rows, cols)")
	s := viewOf[T](src, rows, cols, "scan: Copy: src is not (rows, cols)")
	if cols == 0 {
		return
	}
	for r := range rows {
		copy(d.row(r, cols), s.row(r, cols))
	}
}

// Broadcast implements Backend: how a frozen Δ, B or C takes the place of a
// selected one.
func (c *cpu[T]) Broadcast(dst View, row Buffer, rows, cols int) {
	if c.tape != nil && c.recorded(func() { c.Broadcast(dst, row, rows, cols) }) {
		return
	}
	if rows < 0 || cols < 0 {
		panic("scan: Broadcast: a size is negative")
	}
	d := viewOf[T](dst, rows, cols, "scan: Broadcast: dst is not (rows, cols)")
	s := sliceOf[T](row, cols, false, "scan: Broadcast: row is not (cols)")
	if cols == 0 {
		return
	}
	for r := range rows {
		copy(d.row(r, cols), s)
	}
}

// Embed implements Backend. An id outside the table panics before anything is
// written.
func (c *cpu[T]) Embed(dst, table View, ids Buffer, L, cols int) {
	if c.tape != nil && c.recorded(func() { c.Embed(dst, table, ids, L, cols) }) {
		return
	}
	if L < 0 || cols < 0 {
		panic("scan: Embed: a size is negative")
	}
	d := viewOf[T](dst, L, cols, "scan: Embed: dst is not (L, cols)")
	id := sliceOf[int32](ids, L, false, "scan: Embed: ids is not int32 (L)")
	if L == 0 || cols == 0 {
		return
	}
	rows := 1 + int(id[0])
	for _, v := range id {
		if v < 0 {
			panic("scan: Embed: an id is negative")
		}
		rows = max(rows, 1+int(v))
	}
	t := viewOf[T](table, rows, cols, "scan: Embed: an id is outside the table")
	for r, v := range id {
		copy(d.row(r, cols), t.row(int(v), cols))
	}
}

// RMSNorm implements Backend. The mean of squares is summed in float64, so the
// error of the sum cannot be seen in float32; the released code sums in float32.
func (c *cpu[T]) RMSNorm(dst, x View, w Buffer, L, cols int, eps float64) {
	if c.tape != nil && c.recorded(func() { c.RMSNorm(dst, x, w, L, cols, eps) }) {
		return
	}
	if L < 0 || cols < 0 {
		panic("scan: RMSNorm: a size is negative")
	}
	d := viewOf[T](dst, L, cols, "scan: RMSNorm: dst is not (L, cols)")
	s := viewOf[T](x, L, cols, "scan: RMSNorm: x is not (L, cols)")
	g := sliceOf[T](w, cols, false, "scan: RMSNorm: w is not (cols)")
	if cols == 0 {
		return
	}
	for r := range L {
		c.kernels.norm(d.row(r, cols), s.row(r, cols), g, eps)
	}
}

// normRow is dst = x / sqrt(mean(x²) + eps) · w; dst may be x. Four sums hide
// the latency of the addition.
func normRow[T float](dst, x, w []T, eps float64) {
	var s [4]float64
	i := 0
	for ; i+4 <= len(x); i += 4 {
		q := (*[4]T)(x[i:])
		a, b, c, d := float64(q[0]), float64(q[1]), float64(q[2]), float64(q[3])
		s[0] += a * a
		s[1] += b * b
		s[2] += c * c
		s[3] += d * d
	}
	for ; i < len(x); i++ {
		s[0] += float64(x[i]) * float64(x[i])
	}
	mean := ((s[0] + s[1]) + (s[2] + s[3])) / float64(len(x))
	scale := T(1 / math.Sqrt(mean+eps))
	dst, w = dst[:len(x)], w[:len(x)]
	for k, v := range x {
		dst[k] = v * scale * w[k]
	}
}

// Softplus implements Backend, with the kernel that Scan uses.
func (c *cpu[T]) Softplus(dst, x View, bias Buffer, L, D int) {
	if c.tape != nil && c.recorded(func() { c.Softplus(dst, x, bias, L, D) }) {
		return
	}
	if L < 0 || D < 0 {
		panic("scan: Softplus: a size is negative")
	}
	d := viewOf[T](dst, L, D, "scan: Softplus: dst is not (L, D)")
	s := viewOf[T](x, L, D, "scan: Softplus: x is not (L, D)")
	b := sliceOf[T](bias, D, true, "scan: Softplus: bias is not (D)")
	if D == 0 {
		return
	}
	for r := range L {
		c.kernels.softplus(d.row(r, D), s.row(r, D), b)
	}
}
