package scan

// UpdateWeight implements Differentiable.
func (c *cpu[T]) UpdateWeight(w Weight, data []float32) {
	p, ok := w.(*packed[T])
	if !ok {
		panic("scan: UpdateWeight: the weight belongs to another backend")
	}
	if len(data) != p.out*p.in {
		panic("scan: UpdateWeight: the data do not have the weight's shape")
	}
	if len(p.data) < p.out*p.in {
		panic("scan: UpdateWeight: the weight was freed")
	}
	for o := range p.out {
		base := o/panelWidth*p.in*panelWidth + o%panelWidth
		for i, v := range data[o*p.in : (o+1)*p.in] {
			p.data[base+i*panelWidth] = T(v)
		}
	}
	if p.back != nil {
		p.packBack()
	}
}

// packBack makes back, the panels of the transposed matrix: element (o, i) is
// at (i/8·out + o)·8 + i%8. With it dX = dY·W is the same sum as a forward
// Linear.
func (w *packed[T]) packBack() {
	if w.back == nil {
		w.back = make([]T, (w.in+panelWidth-1)/panelWidth*w.out*panelWidth)
	}
	for o := range w.out {
		from := w.data[o/panelWidth*w.in*panelWidth+o%panelWidth:]
		for i := range w.in {
			w.back[(i/panelWidth*w.out+o)*panelWidth+i%panelWidth] = from[i*panelWidth]
		}
	}
}

// linearGradJob is one half of a LinearBackward under way: dX, whose range
// counts rows, or dW, whose range counts panels of outputs.
type linearGradJob[T float] struct {
	dy, dx, dw view[T]
	w          *packed[T]
	rows       int
	accumulate bool
	weights    bool // the half under way is dW
	panel      func(x, w []T) [panelWidth]T
	xT         []T // (In, L): X transposed
	panels     []T // (panels of Out, L, 8): dY by panels
}

// LinearBackward implements Differentiable:
//
//	dX[t][i]  = Σ_o dY[t][o]·W[o][i]   in the order of o
//	dW[o][i] += Σ_t dY[t][o]·X[t][i]   in the order of t
//
// Both are sums of the same panel kernel as Linear, over operands laid out for
// it.
func (c *cpu[T]) LinearBackward(a LinearGrad) {
	w, ok := a.W.(*packed[T])
	if !ok {
		panic("scan: LinearBackward: the weight belongs to another backend")
	}
	if a.L < 0 {
		panic("scan: LinearBackward: L is negative")
	}
	if len(w.data) < w.out*w.in {
		panic("scan: LinearBackward: the weight was freed")
	}
	x := viewOf[T](a.X, a.L, w.in, "scan: LinearBackward: X is not (L, In)")
	j := linearGradJob[T]{
		dy: viewOf[T](a.DY, a.L, w.out, "scan: LinearBackward: DY is not (L, Out)"),
		w:  w, rows: a.L, accumulate: a.Accumulate, panel: c.kernels.panel,
	}
	if !a.DX.Absent() {
		j.dx = viewOf[T](a.DX, a.L, w.in, "scan: LinearBackward: DX is not (L, In)")
	}
	if !a.DW.Absent() {
		j.dw = viewOf[T](a.DW, w.out, w.in, "scan: LinearBackward: DW is not (Out, In)")
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
			addTo(bias, j.dy.row(t, w.out))
		}
	}
	if w.in == 0 {
		return
	}
	g := &c.grad
	g.linear = j
	parts := c.share(a.L * w.out * w.in)
	if j.dx.data != nil {
		if w.back == nil {
			w.packBack()
		}
		c.split(&g.linear, a.L, 1, parts)
	}
	if j.dw.data != nil {
		panels := (w.out + panelWidth - 1) / panelWidth
		g.linear.xT = room(&g.xT, w.in*a.L)
		g.linear.panels = room(&g.panels, panels*panelWidth*a.L)
		transpose(g.linear.xT, x, a.L, w.in)
		g.linear.weights = true
		c.split(&g.linear, panels, 1, parts)
	}
}

// run computes rows of dX or panels of dW.
func (j *linearGradJob[T]) run(from, to int) {
	if j.weights {
		for p := from; p < to; p++ {
			j.weightPanel(p)
		}
		return
	}
	in, out := j.w.in, j.w.out
	for p := 0; p < (in+panelWidth-1)/panelWidth; p++ {
		w := j.w.back[p*out*panelWidth : (p+1)*out*panelWidth]
		i := p * panelWidth
		width := min(panelWidth, in-i)
		for t := from; t < to; t++ {
			sum := j.panel(j.dy.row(t, out), w)
			dx := j.dx.data[t*j.dx.stride+i : t*j.dx.stride+i+width]
			if j.accumulate {
				addTo(dx, sum[:width])
			} else {
				copy(dx, sum[:width])
			}
		}
	}
}

// weightPanel adds the gradient of the eight rows of W from row 8·p on.
func (j *linearGradJob[T]) weightPanel(p int) {
	in, L, o := j.w.in, j.rows, p*panelWidth
	width := min(panelWidth, j.w.out-o)
	dy := j.panels[p*L*panelWidth : (p+1)*L*panelWidth]
	for t := range L {
		row := j.dy.data[t*j.dy.stride+o : t*j.dy.stride+o+width]
		clear(dy[t*panelWidth+copy(dy[t*panelWidth:], row) : (t+1)*panelWidth])
	}
	for i := range in {
		sum := j.panel(j.xT[i*L:(i+1)*L], dy)
		at := o*j.dw.stride + i
		for k := range width {
			j.dw.data[at+k*j.dw.stride] += sum[k]
		}
	}
}

// transpose is dst (cols, rows) = x (rows, cols).
func transpose[T float](dst []T, x view[T], rows, cols int) {
	for r := range rows {
		for c, v := range x.row(r, cols) {
			dst[c*rows+r] = v
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
