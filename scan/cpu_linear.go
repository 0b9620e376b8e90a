package scan

import (
	"fmt"
	"math"
)

// packed is a Weight in panels.
type packed[T float] struct {
	out, in int
	*panels[T]
	back *panels[T] // the transpose, made by the first LinearBackward
}

// Shape implements Weight.
func (w *packed[T]) Shape() (out, in int) { return w.out, w.in }

// Free implements Weight.
func (w *packed[T]) Free() { w.panels, w.back = nil, nil }

// LoadWeight implements Backend. It fails when w does not have out·in values,
// and when one of them is beyond the range of the backend's weight format.
func (c *cpu[T]) LoadWeight(out, in int, w []float32) (Weight, error) {
	c.unrecorded()
	if out < 0 || in < 0 {
		return nil, fmt.Errorf("scan: weight of shape (%d, %d): the least is 0", out, in)
	}
	if len(w) != out*in {
		return nil, fmt.Errorf("scan: weight has %d values, its shape (%d, %d) needs %d",
			len(w), out, in, out*in)
	}
	if c.weights == WeightsF16 {
		for i, v := range w {
			if a := math.Abs(float64(v)); a > maxF16 && a <= math.MaxFloat32 {
				return nil, fmt.Errorf("scan: weight (%d, %d) is %g, f16 ends at %g: use bf16 or f32", i/in, i%in, v, maxF16)
			}
		}
	}
	m := &c.kernels.matrix
	p := &packed[T]{out: out, in: in, panels: newPanels[T](out, in, m.width, m.lanes, c.weights)}
	for o := range out {
		p.setRow(o, w[o*in:(o+1)*in])
	}
	return p, nil
}

// maxF16 is the largest finite half.
const maxF16 = 65504.0

// weightOf is the panels behind w; a weight that was freed or belongs to
// another backend panics with one of the messages.
func weightOf[T float](w Weight, foreign, freed string) *packed[T] {
	p, ok := w.(*packed[T])
	if !ok {
		panic(foreign)
	}
	if p.panels == nil {
		panic(freed)
	}
	return p
}

// Linear implements Backend.
func (c *cpu[T]) Linear(a LinearArgs) {
	w := weightOf[T](a.W, "scan: Linear: the weight belongs to another backend", "scan: Linear: the weight was freed")
	if a.L < 0 {
		panic("scan: Linear: L is negative")
	}
	// In place, as in Scan: words just written are slow to copy.
	m := &c.linear
	m.x = viewOf[T](a.X, a.L, w.in, "scan: Linear: X is not (L, In)")
	m.y = viewOf[T](a.Y, a.L, w.out, "scan: Linear: Y is not (L, Out)")
	m.bias = sliceOf[T](a.Bias, w.out, true, "scan: Linear: Bias is not (Out)")
	m.w, m.rows, m.accumulate = w.panels, a.L, a.Accumulate
	if a.L > 0 && w.out > 0 {
		c.multiply(m)
	}
}
