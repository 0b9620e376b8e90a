//go:build unix

package scan

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// fenced is n elements whose last (atEnd) or first lies at the border of a page
// that may not be touched: one element too far is a crash, not a lucky zero.
func fenced(t *testing.T, n int, atEnd bool) []float32 {
	t.Helper()
	page := unix.Getpagesize()
	size := (4*n + page - 1) / page * page
	m, err := unix.Mmap(-1, 0, size+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Skipf("no memory to fence: %v", err)
	}
	t.Cleanup(func() { unix.Munmap(m) })
	for _, fence := range [][]byte{m[:page], m[page+size:]} {
		if err := unix.Mprotect(fence, unix.PROT_NONE); err != nil {
			t.Skipf("pages cannot be protected: %v", err)
		}
	}
	from := page
	if atEnd {
		from = page + size - 4*n
	}
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&m[from])), n)
}

// fence moves a view's rows × cols elements to the border of a page: its last
// row ends there, or its first begins.
func (k *kit) fence(t *testing.T, v View, rows, cols int, atEnd bool) View {
	t.Helper()
	if rows*cols == 0 || v.Absent() {
		return v
	}
	stride := cols + k.rng.IntN(3)
	data := fenced(t, (rows-1)*stride+cols, atEnd)
	w := View{Buf: &hostBuffer[float32]{dtype: Float32, data: data}, Stride: stride}
	k.c.Copy(w, v, rows, cols)
	return w
}

func (k *kit) fenceRow(t *testing.T, b Buffer, atEnd bool) Buffer {
	if b == nil {
		return nil
	}
	return k.fence(t, Dense(b, b.Len()), 1, b.Len(), atEnd).Buf
}

// TestFenced: no kernel reads or writes beyond what it is given, at either end,
// whatever the tail, and what it computes does not depend on where it lies.
func TestFenced(t *testing.T) {
	for _, set := range KernelSets() {
		k := newKit(t, Options{Kernels: set, Threads: 1})
		for i := range 60 {
			atEnd := i%2 == 0
			L, D, N := shape(k.rng)
			a := k.trial(Rules()[i/2%int(numRules)], L, D, N)
			b := a
			b.U, b.Delta, b.Y = k.fence(t, a.U, L, D, atEnd), k.fence(t, a.Delta, L, D, atEnd), k.fence(t, a.Y, L, D, atEnd)
			b.Z, b.A, b.H = k.fence(t, a.Z, L, D, atEnd), k.fence(t, a.A, D, N, atEnd), k.fence(t, a.H, D, N, atEnd)
			b.B, b.C = k.fence(t, a.B, L, N, atEnd), k.fence(t, a.C, L, N, atEnd)
			b.Bias, b.Skip = k.fenceRow(t, a.Bias, atEnd), k.fenceRow(t, a.Skip, atEnd)
			if b.Tap.H.Len() > 0 {
				b.Tap = &ScanTap{Steps: a.Tap.Steps, H: k.fenceRow(t, a.Tap.H, atEnd)}
			}
			k.c.Scan(a)
			k.c.Scan(b)
			if !same(k.dense(a.Y, L, D), k.dense(b.Y, L, D)) || !same(k.dense(a.H, D, N), k.dense(b.H, D, N)) ||
				!same(k.read(a.Tap.H), k.read(b.Tap.H)) {
				t.Fatalf("%v: %v, L %d, D %d, N %d depends on where it lies", set, a.Rule, L, D, N)
			}

			x, y := k.convArgs(L, D, 4), ConvArgs{}
			y = x
			y.X, y.Y, y.W = k.fence(t, x.X, L, D, atEnd), k.fence(t, x.Y, L, D, atEnd), k.fence(t, x.W, D, 4, atEnd)
			y.Window, y.Bias = k.fence(t, x.Window, 3, D, atEnd), k.fenceRow(t, x.Bias, atEnd)
			k.c.Conv(x)
			k.c.Conv(y)
			if !same(k.dense(x.Y, L, D), k.dense(y.Y, L, D)) || !same(k.dense(x.Window, 3, D), k.dense(y.Window, 3, D)) {
				t.Fatalf("%v: a convolution, L %d, D %d, depends on where it lies", set, L, D)
			}

			in, w := Dense(k.buffer(D, -2, 2), D), k.buffer(D, -2, 2)
			fin, fw := k.fence(t, in, 1, D, atEnd), k.fenceRow(t, w, atEnd)
			k.c.RMSNorm(in, in, w, 1, D, 1e-5)
			k.c.RMSNorm(fin, fin, fw, 1, D, 1e-5)
			k.c.Softplus(in, in, w, 1, D)
			k.c.Softplus(fin, fin, fw, 1, D)
			if !same(k.dense(in, 1, D), k.dense(fin, 1, D)) {
				t.Fatalf("%v: a row of %d depends on where it lies", set, D)
			}

			if flushing() {
				t.Fatalf("%v: the processor flushes subnormal numbers afterwards", set)
			}
			b1 := k.gradTrial(L, D, N)
			b2 := b1
			for _, v := range []struct {
				at         *View
				rows, cols int
			}{{&b2.U, L, D}, {&b2.Delta, L, D}, {&b2.A, D, N}, {&b2.B, L, N}, {&b2.C, L, N}, {&b2.Z, L, D}, {&b2.H0, D, N},
				{&b2.DY, L, D}, {&b2.DH, D, N}, {&b2.DU, L, D}, {&b2.DDelta, L, D}, {&b2.DB, L, N}, {&b2.DC, L, N}, {&b2.DZ, L, D},
				{&b2.DA, D, N}, {&b2.DBias, 1, D}, {&b2.DSkip, 1, D}} {
				*v.at = k.fence(t, *v.at, v.rows, v.cols, atEnd)
			}
			b2.Bias, b2.Skip = k.fenceRow(t, b1.Bias, atEnd), k.fenceRow(t, b1.Skip, atEnd)
			if b1.States.Len() > 0 {
				b2.States = k.fenceRow(t, b1.States, atEnd)
			}
			k.c.ScanBackward(b1)
			k.c.ScanBackward(b2)
			if flushing() {
				t.Fatalf("%v: the processor flushes subnormal numbers after a ScanBackward", set)
			}
			have := k.outputs(b2)
			for name, want := range k.outputs(b1) {
				if !same(have[name], want) {
					t.Fatalf("%v: %s of a ScanBackward, L %d, D %d, N %d, depends on where it lies", set, name, L, D, N)
				}
			}
		}
	}
}
