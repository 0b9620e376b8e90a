package scan

import "mamba-tui/scan/internal/memory"

// UpdateWeight implements Differentiable. A weight beyond the range of f16
// becomes infinite there.
func (c *cpu[T]) UpdateWeight(w Weight, data []float32) {
	c.unrecorded()
	p := weightOf[T](w, "scan: UpdateWeight: the weight belongs to another backend", "scan: UpdateWeight: the weight was freed")
	if len(data) != p.out*p.in {
		panic("scan: UpdateWeight: the data do not have the weight's shape")
	}
	for o := range p.out {
		p.setRow(o, data[o*p.in:(o+1)*p.in])
	}
	if p.back != nil {
		p.back.transposeOf(p.panels)
	}
}

// linearGrad is what LinearBackward keeps between calls.
type linearGrad[T float] struct {
	product[T]
	x  panels[T] // the input as the weights of dW
	dy []T       // (Out, L): dY transposed
}

// LinearBackward implements Differentiable:
//
//	dX[t][i]  = Σ_o dY[t][o]·W[o][i]   in the order of o
//	dW[o][i] += Σ_t dY[t][o]·X[t][i]   in the order of t
//
// Both are products like Linear's: the first over the transposed weight, the
// second of dY transposed with X in the place of a weight.
func (c *cpu[T]) LinearBackward(a LinearGrad) {
	c.unrecorded()
	w := weightOf[T](a.W, "scan: LinearBackward: the weight belongs to another backend", "scan: LinearBackward: the weight was freed")
	if a.L < 0 {
		panic("scan: LinearBackward: L is negative")
	}
	x := viewOf[T](a.X, a.L, w.in, "scan: LinearBackward: X is not (L, In)")
	dy := viewOf[T](a.DY, a.L, w.out, "scan: LinearBackward: DY is not (L, Out)")
	var dx, dw view[T]
	if !a.DX.Absent() {
		dx = viewOf[T](a.DX, a.L, w.in, "scan: LinearBackward: DX is not (L, In)")
	}
	if !a.DW.Absent() {
		dw = viewOf[T](a.DW, w.out, w.in, "scan: LinearBackward: DW is not (Out, In)")
	}
	var bias []T
	if !a.DBias.Absent() {
		bias = viewOf[T](a.DBias, 1, w.out, "scan: LinearBackward: DBias is not (1, Out)").data
	}
	if a.L == 0 || w.out == 0 {
		return
	}
	if bias != nil {
		for t := range a.L {
			addTo(bias, dy.row(t, w.out))
		}
	}
	if w.in == 0 {
		return
	}
	g, k := &c.grad.linear, &c.kernels.matrix
	if dx.data != nil {
		if w.back == nil {
			w.back = newPanels[T](w.in, w.out, k.width, k.lanes, w.format)
			w.back.transposeOf(w.panels)
		}
		g.product = product[T]{y: dx, x: dy, w: w.back, rows: a.L, accumulate: a.Accumulate}
		c.multiply(&g.product)
	}
	if dw.data != nil {
		store := g.x.full
		g.x = panelsOf[T](w.in, a.L, k.width, k.lanes)
		if n := g.x.size(); len(store) < n {
			store = memory.Aligned[T](n)
		}
		g.x.full = store
		g.x.setColumns(x)
		rows := room(&g.dy, w.out*a.L)
		transpose(rows, dy, a.L, w.out)
		g.product = product[T]{y: dw, x: view[T]{rows, a.L}, w: &g.x, rows: w.out, accumulate: true}
		c.multiply(&g.product)
	}
}

// transpose is dst (cols, rows) = x (rows, cols), in squares that stay in the
// first cache level.
func transpose[T float](dst []T, x view[T], rows, cols int) {
	const side = 16
	for r0 := 0; r0 < rows; r0 += side {
		for c0 := 0; c0 < cols; c0 += side {
			for r := r0; r < min(r0+side, rows); r++ {
				for c, v := range x.row(r, cols)[c0:min(c0+side, cols)] {
					dst[(c0+c)*rows+r] = v
				}
			}
		}
	}
}

// room is the first n elements of *s, which grows when it is too short. What
// they hold is left over from before.
func room[T any](s *[]T, n int) []T {
	if len(*s) < n {
		*s = make([]T, n)
	}
	return (*s)[:n]
}
