package scan

import "math"

// Zero implements Differentiable.
func (c *cpu[T]) Zero(b Buffer) {
	c.unrecorded()
	switch b := b.(type) {
	case *hostBuffer[float32]:
		clear(b.data)
	case *hostBuffer[float64]:
		clear(b.data)
	case *hostBuffer[int32]:
		clear(b.data)
	default:
		panic("scan: Zero: the buffer belongs to another backend")
	}
}

// CrossEntropy implements Differentiable. Sums and exponentials are float64 in
// either type: there are few of them, and the loss is what everything is
// judged by.
func (c *cpu[T]) CrossEntropy(a CrossEntropyArgs) {
	c.unrecorded()
	if a.L < 0 || a.V < 1 {
		panic("scan: CrossEntropy: L is negative or V is not positive")
	}
	logits := viewOf[T](a.Logits, a.L, a.V, "scan: CrossEntropy: Logits is not (L, V)")
	targets := sliceOf[int32](a.Targets, a.L, false, "scan: CrossEntropy: Targets is not int32 (L)")
	loss := sliceOf[T](a.Loss, a.L, false, "scan: CrossEntropy: Loss is not (L)")
	best := sliceOf[int32](a.Best, a.L, false, "scan: CrossEntropy: Best is not int32 (L)")
	var grad view[T]
	if !a.DLogits.Absent() {
		grad = viewOf[T](a.DLogits, a.L, a.V, "scan: CrossEntropy: DLogits is not (L, V)")
	}
	for _, v := range targets {
		if int(v) >= a.V {
			panic("scan: CrossEntropy: a target is outside the vocabulary")
		}
	}
	for t, target := range targets {
		x := logits.row(t, a.V)
		top := 0
		for v, have := range x {
			if have > x[top] {
				top = v
			}
		}
		best[t], loss[t] = int32(top), 0
		var g []T
		if grad.data != nil {
			g = grad.row(t, a.V)
		}
		if target < 0 {
			clear(g)
			continue
		}
		loss[t] = crossEntropyRow(g, x, int(target), float64(x[top]), a.Scale)
	}
}

// crossEntropyRow is the loss of one row; g, if there is one, becomes its
// gradient and may be x.
func crossEntropyRow[T float](g, x []T, target int, top, scale float64) T {
	var sum float64
	for _, v := range x {
		sum += math.Exp(float64(v) - top)
	}
	loss := math.Log(sum) + top - float64(x[target])
	for v := range g {
		p := math.Exp(float64(x[v])-top) / sum
		if v == target {
			p--
		}
		g[v] = T(scale * p)
	}
	return T(loss)
}

// EmbedBackward implements Differentiable.
func (c *cpu[T]) EmbedBackward(dTable, dY View, ids Buffer, L, cols int) {
	c.unrecorded()
	if L < 0 || cols < 0 {
		panic("scan: EmbedBackward: a size is negative")
	}
	dy := viewOf[T](dY, L, cols, "scan: EmbedBackward: dY is not (L, cols)")
	id := sliceOf[int32](ids, L, false, "scan: EmbedBackward: ids is not int32 (L)")
	if L == 0 || cols == 0 {
		return
	}
	rows := 1
	for _, v := range id {
		if v < 0 {
			panic("scan: EmbedBackward: an id is negative")
		}
		rows = max(rows, 1+int(v))
	}
	table := viewOf[T](dTable, rows, cols, "scan: EmbedBackward: an id is outside the table")
	for r, v := range id {
		addTo(table.row(int(v), cols), dy.row(r, cols))
	}
}

// RMSNormBackward implements Differentiable. With s = 1/sqrt(mean(x²)+eps),
//
//	dX = s·(dY⊙w) − x·s³·mean(x⊙dY⊙w)
//	dW = Σ_t dY[t]⊙x[t]·s[t]
func (c *cpu[T]) RMSNormBackward(a NormGrad) {
	c.unrecorded()
	if a.L < 0 || a.Cols < 0 {
		panic("scan: RMSNormBackward: a size is negative")
	}
	x := viewOf[T](a.X, a.L, a.Cols, "scan: RMSNormBackward: X is not (L, Cols)")
	w := sliceOf[T](a.W, a.Cols, false, "scan: RMSNormBackward: W is not (Cols)")
	dy := viewOf[T](a.DY, a.L, a.Cols, "scan: RMSNormBackward: DY is not (L, Cols)")
	dx := viewOf[T](a.DX, a.L, a.Cols, "scan: RMSNormBackward: DX is not (L, Cols)")
	dw := viewOf[T](a.DW, 1, a.Cols, "scan: RMSNormBackward: DW is not (1, Cols)")
	if a.L == 0 || a.Cols == 0 {
		return
	}
	for t := range a.L {
		c.grad.kernels.norm(dx.row(t, a.Cols), dw.row(0, a.Cols), x.row(t, a.Cols), w, dy.row(t, a.Cols), a.Eps, a.Accumulate)
	}
}

// normRowBackward is one row of RMSNormBackward.
func normRowBackward[T float](dx, dw, x, w, dy []T, eps float64, accumulate bool) {
	dx, dw, w, dy = dx[:len(x)], dw[:len(x)], w[:len(x)], dy[:len(x)]
	var squares, dots float64
	for i, v := range x {
		squares += float64(v) * float64(v)
		dots += float64(v) * float64(dy[i]*w[i])
	}
	n := float64(len(x))
	inverse := 1 / math.Sqrt(squares/n+eps)
	s, m := T(inverse), T(inverse*inverse*inverse*dots/n)
	for i, v := range x {
		dw[i] += dy[i] * v * s
		g := s*(dy[i]*w[i]) - v*m
		if accumulate {
			g += dx[i]
		}
		dx[i] = g
	}
}

// addTo is y += x.
func addTo[T float](y, x []T) {
	x = x[:len(y)]
	for i := range y {
		y[i] += x[i]
	}
}
