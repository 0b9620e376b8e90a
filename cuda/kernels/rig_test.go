package kernels

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"mamba-tui/cuda/internal/ptxsim"
)

// loaded are the shipped modules, decoded once.
var loaded = sync.OnceValues(func() (map[string]*ptxsim.Module, error) {
	all := map[string]*ptxsim.Module{}
	for _, m := range Modules() {
		x, err := ptxsim.Load(m.PTX)
		if err != nil {
			return nil, err
		}
		all[m.Name] = x
	}
	return all, nil
})

// rig runs plans on the interpreter.
type rig struct {
	testing.TB
	d      *ptxsim.Device
	p      *Planner
	rng    *rand.Rand
	counts ptxsim.Counts
	views  []*matrix
	used   map[string]bool // kernels that were launched

	// For mutation: a kernel that takes the place of the shipped one, and the
	// first error of a launch in place of a failed test.
	mutant *ptxsim.Kernel
	failed *error
}

// h200 is the device that plans are made for.
var h200 = Device{SMs: 132, CC: 90, Shared: 227 << 10}

func newRig(t testing.TB) *rig {
	return &rig{TB: t, used: map[string]bool{}, d: ptxsim.New(), p: NewPlanner(h200), rng: rand.New(rand.NewPCG(6, 2312))}
}

// run executes what has been planned, and forgets it.
func (r *rig) run() {
	r.Helper()
	modules, err := loaded()
	if err != nil {
		r.Fatal(err)
	}
	for i := range r.p.Launches {
		l := &r.p.Launches[i]
		k := modules[l.Entry.Module()].Kernels[l.Entry.Name()]
		if k == nil {
			r.Fatalf("module %s has no kernel %s", l.Entry.Module(), l.Entry.Name())
		}
		r.used[k.Name] = true
		if r.mutant != nil && r.mutant.Name == k.Name {
			k = r.mutant
		}
		c, err := r.d.Launch(k, l.Grid, int(l.Block), int(l.Shared), l.Args())
		if err != nil {
			r.fail("%v", err)
		}
		r.counts.Add(c)
	}
	r.p.Reset()
}

// fail ends the test, or the scenario of a mutant.
func (r *rig) fail(format string, args ...any) {
	r.Helper()
	if r.failed == nil {
		r.Fatalf(format, args...)
	}
	*r.failed = fmt.Errorf(format, args...)
	panic(r.failed)
}

// matrix is (rows, cols) floats on the device with guard words around every
// row. What nobody has written is poison: reading it fails.
type matrix struct {
	View
	r          *rig
	rows, cols int
	base       uint64
}

const (
	guard      = 4
	guardValue = -7654321
)

// out is a matrix nobody has written.
func (r *rig) out(rows, cols, gap int) *matrix {
	r.Helper()
	stride := cols + gap
	words := 2*guard + rows*stride
	base, err := r.d.Alloc(int64(4 * words))
	if err != nil {
		r.Fatal(err)
	}
	m := &matrix{View: View{base + 4*guard, int64(stride)}, r: r, rows: rows, cols: cols, base: base}
	g := math.Float32bits(guardValue)
	check := func(err error) {
		if err != nil {
			r.Fatal(err)
		}
	}
	check(r.d.Fill(base, g, 4*guard))
	check(r.d.Fill(base+uint64(4*(guard+rows*stride)), g, 4*guard))
	for i := range rows {
		check(r.d.Fill(m.Ptr+uint64(4*(i*stride+cols)), g, 4*gap))
	}
	r.views = append(r.views, m)
	return m
}

// in is a matrix with contents.
func (r *rig) in(rows, cols, gap int, data []float64) *matrix {
	r.Helper()
	m := r.out(rows, cols, gap)
	m.set(data)
	return m
}

// set fills m.
func (m *matrix) set(data []float64) {
	m.r.Helper()
	for i := range m.rows {
		b := make([]byte, 0, 4*m.cols)
		for _, v := range data[i*m.cols : (i+1)*m.cols] {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
		}
		if err := m.r.d.Write(m.Ptr+uint64(4*i*int(m.Stride)), b); err != nil {
			m.r.Fatal(err)
		}
	}
}

// get reads m and demands that every element has been written.
func (m *matrix) get() []float64 {
	m.r.Helper()
	var out []float64
	b := make([]byte, 4*m.cols)
	for i := range m.rows {
		if err := m.r.d.Read(b, m.Ptr+uint64(4*i*int(m.Stride))); err != nil {
			m.r.fail("row %d of (%d, %d): %v", i, m.rows, m.cols, err)
		}
		for k := range m.cols {
			out = append(out, float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*k:]))))
		}
	}
	return out
}

// guards demands that nothing around the matrices has changed.
func (r *rig) guards() {
	r.Helper()
	for _, m := range r.views {
		words := 2*guard + m.rows*int(m.Stride)
		for i := range words {
			k := i - guard
			if k >= 0 && k < m.rows*int(m.Stride) && k%int(m.Stride) < m.cols {
				continue
			}
			var b [4]byte
			if err := r.d.Read(b[:], m.base+uint64(4*i)); err != nil {
				r.Fatal(err)
			}
			if v := math.Float32frombits(binary.LittleEndian.Uint32(b[:])); v != guardValue {
				r.Fatalf("matrix (%d, %d): guard word %d is %v", m.rows, m.cols, i, v)
			}
		}
	}
}

// vector is a row of contents; nil is absent.
func (r *rig) vector(data []float64) uint64 {
	r.Helper()
	if data == nil {
		return 0
	}
	return r.in(1, len(data), 0, data).Ptr
}

// ints is an int32 buffer; nil is absent.
func (r *rig) ints(data []int32) uint64 {
	r.Helper()
	if data == nil {
		return 0
	}
	at, err := r.d.Alloc(int64(4 * len(data)))
	if err != nil {
		r.Fatal(err)
	}
	var b []byte
	for _, v := range data {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	if err := r.d.Write(at, b); err != nil {
		r.Fatal(err)
	}
	return at
}

// work is scratch memory that nobody has written.
func (r *rig) work(bytes int) uint64 {
	r.Helper()
	if bytes == 0 {
		return 0
	}
	at, err := r.d.Alloc(int64(bytes))
	if err != nil {
		r.Fatal(err)
	}
	return at
}

// uniform is n numbers in [lo, hi) that float32 holds exactly.
func (r *rig) uniform(n int, lo, hi float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(float32(lo + (hi-lo)*r.rng.Float64()))
	}
	return x
}

// near demands max|got−want| ≤ tol·max|want|, and NaN and Inf in the same places.
func (r *rig) near(what string, got, want []float64, tol float64) {
	r.Helper()
	if len(got) != len(want) {
		r.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	var scale, worst float64
	at := 0
	for i, w := range want {
		g := got[i]
		if math.IsNaN(w) != math.IsNaN(g) || math.IsInf(w, 0) != math.IsInf(g, 0) {
			r.fail("%s: element %d is %v, want %v", what, i, g, w)
		}
		if math.IsNaN(w) || math.IsInf(w, 0) {
			continue
		}
		scale = max(scale, math.Abs(w))
		if e := math.Abs(g - w); e > worst {
			worst, at = e, i
		}
	}
	if worst > tol*scale {
		r.fail("%s: element %d is %v, want %v: relative error %.2g, allowed %.2g", what, at, got[at], want[at], worst/scale, tol)
	}
}
