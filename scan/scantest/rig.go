package scantest

import (
	"math"
	"math/rand/v2"
	"testing"

	"mamba-tui/scan"
)

// guard is the number of words around the contents of a buffer; they hold
// canary less the number of the buffer, so that not even a guard word copied
// from one buffer to another goes unnoticed. These numbers are exact in float32
// and the result of no case.
const (
	guard     = 5
	canary    = -7654321
	canaryInt = -7654321
)

// rig is one case under way: a backend, its tolerances, and every buffer made.
type rig struct {
	t testing.TB
	b scan.Backend
	// tol is the relative error against the truth, same the one between two
	// ways to cut the same work: 0 means bit for bit.
	tol, same float64
	rng       *rand.Rand
	arrays    []*array
	ints      []*intArray
	weights   []scan.Weight
}

// newRig reads the backend's tolerances off its type and its promises.
func newRig(t testing.TB, b scan.Backend) *rig {
	r := &rig{t: t, b: b, tol: 1e-5, rng: rand.New(rand.NewPCG(2312, 752))}
	if b.DType() == scan.Float64 {
		r.tol = 1e-12
	}
	if p, ok := b.(TimeParallel); ok && p.TimeParallel() {
		r.same = r.tol / 10
	}
	return r
}

// guardWords is n guard words for the next buffer.
func (r *rig) guardWords(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = canary - float64(len(r.arrays))
	}
	return x
}

// array is a matrix (rows, cols) of activations inside a guarded buffer.
type array struct {
	scan.View
	r          *rig
	rows, cols int
	whole      []float64 // what the buffer held when it was last written
	output     bool      // its elements may change
}

// matrix makes an array with the given elements; nil means zero. Its rows are
// wider than its columns.
func (r *rig) matrix(rows, cols int, data []float64) *array {
	return r.strided(rows, cols, cols+3, data)
}

// strided is matrix with rows at a chosen distance.
func (r *rig) strided(rows, cols, stride int, data []float64) *array {
	r.t.Helper()
	n := 2*guard + rows*stride
	whole := r.guardWords(n)
	for i := range rows {
		for k := range cols {
			v := 0.0
			if data != nil {
				v = data[i*cols+k]
			}
			whole[guard+i*stride+k] = v
		}
	}
	a := r.arrays[r.adopt(whole)]
	a.Off, a.Stride, a.rows, a.cols = guard, stride, rows, cols
	return a
}

// out makes an array that operations write to; it starts as canaries.
func (r *rig) out(rows, cols int) *array {
	r.t.Helper()
	data := make([]float64, rows*cols)
	for i := range data {
		data[i] = canary
	}
	a := r.matrix(rows, cols, data)
	a.output = true
	return a
}

// state makes an array that operations read and write.
func (r *rig) state(rows, cols int, data []float64) *array {
	r.t.Helper()
	a := r.matrix(rows, cols, data)
	a.output = true
	return a
}

// tap is an output of n elements that starts at the front of its buffer.
func (r *rig) tap(n int) *array {
	r.t.Helper()
	whole := r.guardWords(n + guard)
	a := r.arrays[r.adopt(whole)]
	a.cols, a.Stride, a.output = n, n, true
	return a
}

// vector is a buffer whose first elements are data: operations that take a
// Buffer start at its front, and must accept one that is longer.
func (r *rig) vector(data []float64) scan.Buffer {
	r.t.Helper()
	whole := append(append([]float64{}, data...), r.guardWords(guard)...)
	return r.arrays[r.adopt(whole)].Buf
}

// adopt makes a buffer that holds whole, none of it an output, and gives its
// place in arrays.
func (r *rig) adopt(whole []float64) int {
	r.t.Helper()
	buf, err := r.b.Alloc(r.b.DType(), len(whole))
	if err != nil {
		r.t.Fatalf("Alloc(%d): %v", len(whole), err)
	}
	r.b.Write(buf, 0, to32(whole))
	r.arrays = append(r.arrays, &array{View: scan.View{Buf: buf}, r: r, rows: 1, whole: whole})
	return len(r.arrays) - 1
}

// get reads the elements of a, row by row.
func (a *array) get() []float64 {
	a.r.t.Helper()
	whole := a.r.read(a.Buf)
	out := make([]float64, 0, a.rows*a.cols)
	for i := range a.rows {
		out = append(out, whole[a.Off+i*a.Stride:][:a.cols]...)
	}
	return out
}

// read is a whole buffer, without loss.
func (r *rig) read(b scan.Buffer) []float64 {
	r.t.Helper()
	x := make([]float64, b.Len())
	if err := r.b.ReadFloat64(x, b, 0); err != nil {
		r.t.Fatalf("ReadFloat64: %v", err)
	}
	return x
}

// intArray is a guarded buffer of ids or reset marks.
type intArray struct {
	buf   scan.Buffer
	whole []int32
}

// marks is an Int32 buffer whose first elements are data.
func (r *rig) marks(data []int32) scan.Buffer {
	r.t.Helper()
	n := len(data) + guard
	buf, err := r.b.Alloc(scan.Int32, n)
	if err != nil {
		r.t.Fatalf("Alloc(%d): %v", n, err)
	}
	whole := append([]int32{}, data...)
	for range guard {
		whole = append(whole, canaryInt)
	}
	r.b.WriteInts(buf, 0, whole)
	r.ints = append(r.ints, &intArray{buf, whole})
	return buf
}

// weight loads a weight.
func (r *rig) weight(out, in int, w []float64) scan.Weight {
	r.t.Helper()
	x, err := r.b.LoadWeight(out, in, to32(w))
	if err != nil {
		r.t.Fatalf("LoadWeight(%d, %d): %v", out, in, err)
	}
	r.weights = append(r.weights, x)
	return x
}

// checkGuards demands that nothing but outputs has changed.
func (r *rig) checkGuards() {
	r.t.Helper()
	for i, a := range r.arrays {
		for k, got := range r.read(a.Buf) {
			row, col := (k-a.Off)/max(a.Stride, 1), (k-a.Off)%max(a.Stride, 1)
			if a.output && k >= a.Off && row < a.rows && col < a.cols {
				continue
			}
			if !sameBits(got, a.whole[k]) {
				r.t.Fatalf("buffer %d of the case, (%d, %d) at stride %d: word %d of %d is %v, was %v, and is no output",
					i, a.rows, a.cols, a.Stride, k, len(a.whole), got, a.whole[k])
			}
		}
	}
	for i, a := range r.ints {
		for k, got := range r.read(a.buf) {
			if got != float64(a.whole[k]) {
				r.t.Fatalf("int32 buffer %d of the case: word %d of %d is %v, was %d",
					i, k, len(a.whole), got, a.whole[k])
			}
		}
	}
}

// free gives every buffer back.
func (r *rig) free() {
	for _, a := range r.arrays {
		a.Buf.Free()
	}
	for _, a := range r.ints {
		a.buf.Free()
	}
	for _, w := range r.weights {
		w.Free()
	}
}

// near demands a relative error of at most the backend's tolerance, and NaN and
// Inf in the same places.
func (r *rig) near(what string, got, want []float64) {
	r.t.Helper()
	r.within(what, got, want, r.tol)
}

// equal demands the same bits (any NaN is any NaN), or closeness on a backend
// that is parallel in time.
func (r *rig) equal(what string, got, want []float64) {
	r.t.Helper()
	if r.same > 0 {
		r.within(what, got, want, r.same)
		return
	}
	r.identical(what, got, want)
}

// identical demands the same bits of every backend.
func (r *rig) identical(what string, got, want []float64) {
	r.t.Helper()
	if len(got) != len(want) {
		r.t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !sameBits(got[i], want[i]) {
			r.t.Fatalf("%s: element %d is %v, want %v to the bit", what, i, got[i], want[i])
		}
	}
}

// within demands max|got−want| ≤ tol·max|want|.
func (r *rig) within(what string, got, want []float64, tol float64) {
	r.t.Helper()
	if len(got) != len(want) {
		r.t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	scale, worst, at := 0.0, 0.0, 0
	for i, w := range want {
		g := got[i]
		if finite(w) != finite(g) || !finite(w) && !sameBits(g, w) {
			r.t.Fatalf("%s: element %d is %v, want %v", what, i, g, w)
		}
		if !finite(w) {
			continue
		}
		scale = max(scale, math.Abs(w))
		if e := math.Abs(g - w); e > worst {
			worst, at = e, i
		}
	}
	if worst > tol*scale {
		r.t.Fatalf("%s: element %d is %v, want %v: relative error %.2g, allowed %.2g",
			what, at, got[at], want[at], worst/scale, tol)
	}
}

// finite says that x is neither NaN nor infinite.
func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// sameBits compares bits, except that every NaN is the same.
func sameBits(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
}

// to32 is x in float32.
func to32(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// uniform is n numbers in [lo, hi), each exact in float32.
func (r *rig) uniform(n int, lo, hi float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(float32(lo + (hi-lo)*r.rng.Float64()))
	}
	return x
}
