package scan

import "fmt"

// panelWidth is the number of outputs summed side by side: enough independent
// sums to hide the latency of an addition.
const panelWidth = 8

// packed is a Weight in panels of panelWidth outputs: element (o, i) is at
// (o/8·in + i)·8 + o%8, so that one pass over a row of x reads a panel from
// front to back. Outputs missing in the last panel are zero and never stored.
type packed[T float] struct {
	out, in int
	data    []T
	back    []T // panels of the transpose, made by the first LinearBackward
}

// Shape implements Weight.
func (w *packed[T]) Shape() (out, in int) { return w.out, w.in }

// Free implements Weight.
func (w *packed[T]) Free() { w.data, w.back = nil, nil }

// LoadWeight implements Backend. It fails when w does not have out·in values.
func (c *cpu[T]) LoadWeight(out, in int, w []float32) (Weight, error) {
	if out < 0 || in < 0 {
		return nil, fmt.Errorf("scan: weight of shape (%d, %d): the least is 0", out, in)
	}
	if len(w) != out*in {
		return nil, fmt.Errorf("scan: weight has %d values, its shape (%d, %d) needs %d",
			len(w), out, in, out*in)
	}
	panels := (out + panelWidth - 1) / panelWidth
	p := &packed[T]{out: out, in: in, data: make([]T, panels*in*panelWidth)}
	for o := range out {
		base := o/panelWidth*in*panelWidth + o%panelWidth
		for i, v := range w[o*in : (o+1)*in] {
			p.data[base+i*panelWidth] = T(v)
		}
	}
	return p, nil
}

// linearJob is a Linear under way. Its range counts panels where there are few
// rows (a step through large weights) and rows where there are many.
type linearJob[T float] struct {
	y, x       view[T]
	w          *packed[T]
	bias       []T
	rows       int
	accumulate bool
	byRows     bool
	panel      func(x, w []T) [panelWidth]T
}

// Linear implements Backend.
func (c *cpu[T]) Linear(a LinearArgs) {
	w, ok := a.W.(*packed[T])
	if !ok {
		panic("scan: Linear: the weight belongs to another backend")
	}
	if a.L < 0 {
		panic("scan: Linear: L is negative")
	}
	if len(w.data) < w.out*w.in {
		panic("scan: Linear: the weight was freed")
	}
	c.linear = linearJob[T]{
		x:          viewOf[T](a.X, a.L, w.in, "scan: Linear: X is not (L, In)"),
		y:          viewOf[T](a.Y, a.L, w.out, "scan: Linear: Y is not (L, Out)"),
		w:          w,
		bias:       sliceOf[T](a.Bias, w.out, true, "scan: Linear: Bias is not (Out)"),
		rows:       a.L,
		accumulate: a.Accumulate,
		panel:      c.kernels.panel,
	}
	if a.L == 0 || w.out == 0 {
		return
	}
	// A step reads every weight once, so its panels are shared out; a chunk
	// shares its rows and each goroutine reads all panels.
	parts := c.share(a.L * w.out * w.in)
	n := (w.out + panelWidth - 1) / panelWidth
	if a.L >= 4*parts {
		c.linear.byRows, n = true, a.L
	}
	c.split(&c.linear, n, 1, parts)
}

// run computes the rows or the panels [from, to).
func (j *linearJob[T]) run(from, to int) {
	if j.byRows {
		j.block(from, to, 0, (j.w.out+panelWidth-1)/panelWidth)
	} else {
		j.block(0, j.rows, from, to)
	}
}

// block computes rows [r0, r1) of panels [p0, p1). A panel stays in the first
// cache level while all rows pass over it.
func (j *linearJob[T]) block(r0, r1, p0, p1 int) {
	in, out := j.w.in, j.w.out
	for p := p0; p < p1; p++ {
		w := j.w.data[p*in*panelWidth : (p+1)*in*panelWidth]
		o := p * panelWidth
		width := min(panelWidth, out-o)
		for r := r0; r < r1; r++ {
			var x []T
			if in > 0 {
				x = j.x.row(r, in)
			}
			sum := j.panel(x, w)
			y := j.y.data[r*j.y.stride+o : r*j.y.stride+o+width]
			s := sum[:width]
			if j.bias != nil {
				for k, b := range j.bias[o : o+width] {
					s[k] += b
				}
			}
			if j.accumulate {
				for k := range y {
					y[k] += s[k]
				}
			} else {
				copy(y, s)
			}
		}
	}
}

// panelSum is the generic panel kernel: eight sums in registers, each in the
// order of i. It does not skip zeros: 0·NaN and 0·Inf are NaN. The panel is
// taken in two halves so that sums and products fit the sixteen registers of
// amd64; in one piece the compiler spills a sum in every round.
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
