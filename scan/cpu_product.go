package scan

// product is y[r][o] = Σ_k x[r][k]·w[o][k] (+ bias[o]) (+ y[r][o]), every sum in
// the order of k: the one inner loop of Linear and of its gradients. As a job
// its range counts rows (byRows) or panels.
type product[T float] struct {
	y, x       view[T]
	w          *panels[T]
	bias       []T
	rows       int
	accumulate bool
	byRows     bool
	// block computes rows [r0, r1) of panels [p0, p1).
	block func(m *product[T], r0, r1, p0, p1 int)
}

// matrixKernels are how a kernel set multiplies.
type matrixKernels[T float] struct {
	width, lanes int // of panels
	rows         int // rows of a tile
	pace         int // how much faster than a plain multiply-add a chunk goes
	block        func(m *product[T], r0, r1, p0, p1 int)
}

// multiply runs m, whose block it sets, on as many goroutines as it is worth.
// Panels are shared out where there are enough, so that each weight is read by
// one core only; with few panels rows are.
func (c *cpu[T]) multiply(m *product[T]) {
	k := &c.kernels.matrix
	m.block = k.block
	work := m.rows * m.w.rows * m.w.depth
	if m.rows >= k.rows {
		work /= k.pace
	}
	parts := c.share(work)
	n, grain := m.w.count, 1
	if m.byRows = n < 2*parts; m.byRows {
		n, grain = m.rows, k.rows
	}
	c.split(m, n, grain, parts)
	m.w = nil // a later call must not keep it alive
}

// run computes the rows or the panels [from, to).
func (m *product[T]) run(from, to int) {
	if m.byRows {
		m.block(m, from, to, 0, m.w.count)
	} else {
		m.block(m, 0, m.rows, from, to)
	}
}

// panelWidth is the number of outputs that plain Go sums side by side: enough
// independent sums to hide the latency of an addition.
const panelWidth = 8

// genericMatrix is plain Go.
func genericMatrix[T float]() matrixKernels[T] {
	return matrixKernels[T]{width: panelWidth, lanes: panelWidth, rows: 4, pace: 1, block: genericBlock[T]}
}

// genericBlock is product.block in plain Go. A panel stays in the first cache
// level while all rows pass over it.
func genericBlock[T float](m *product[T], r0, r1, p0, p1 int) {
	depth, out := m.w.depth, m.w.rows
	for p := p0; p < p1; p++ {
		at := p * depth * panelWidth
		o := p * panelWidth
		width := min(panelWidth, out-o)
		for r := r0; r < r1; r++ {
			var x []T
			if depth > 0 {
				x = m.x.row(r, depth)
			}
			var sum [panelWidth]T
			switch m.w.format {
			case WeightsBF16:
				sum = panelSumHalf(x, m.w.half[at:], fromBF16)
			case WeightsF16:
				sum = panelSumHalf(x, m.w.half[at:], fromF16)
			default:
				sum = panelSum(x, m.w.full[at:])
			}
			y := m.y.data[r*m.y.stride+o : r*m.y.stride+o+width]
			s := sum[:width]
			if m.bias != nil {
				for k, b := range m.bias[o : o+width] {
					s[k] += b
				}
			}
			if m.accumulate {
				for k := range y {
					y[k] += s[k]
				}
			} else {
				copy(y, s)
			}
		}
	}
}

// panelSum is eight sums in registers, each in the order of its terms. It does
// not skip zeros: 0·NaN and 0·Inf are NaN. The panel is taken in two halves so
// that sums and products fit the sixteen registers of amd64; in one piece the
// compiler spills a sum in every round.
func panelSum[T float](x, w []T) [panelWidth]T {
	var s0, s1, s2, s3, s4, s5, s6, s7 T
	for _, v := range x {
		p := (*[4]T)(w)
		s0 += v * p[0]
		s1 += v * p[1]
		s2 += v * p[2]
		s3 += v * p[3]
		q := (*[4]T)(w[4:])
		s4 += v * q[0]
		s5 += v * q[1]
		s6 += v * q[2]
		s7 += v * q[3]
		w = w[panelWidth:]
	}
	return [panelWidth]T{s0, s1, s2, s3, s4, s5, s6, s7}
}

// panelSumHalf is panelSum over weights of half the size.
func panelSumHalf[T float](x []T, w []uint16, widen func(uint16) float32) (s [panelWidth]T) {
	for _, v := range x {
		for i, h := range (*[panelWidth]uint16)(w) {
			s[i] += v * T(widen(h))
		}
		w = w[panelWidth:]
	}
	return s
}
