package cuda

import (
	"fmt"
	"math"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/internal/machine"
	"mamba-tui/cuda/kernels"
	"mamba-tui/scan"
)

// buffer is a scan.Buffer in the memory of the device.
type buffer struct {
	b     *Backend
	dtype scan.DType
	n     int
	at    driver.Ptr // 0: freed
	// known is what an Int32 buffer holds as far as the host wrote it: ids are
	// checked on the host, without waiting for the device. nil once a kernel has
	// written to the buffer.
	known []int32
}

// Len implements scan.Buffer. A freed buffer has no elements, so that using it
// is caught as a wrong shape.
func (b *buffer) Len() int { return b.n }

// DType implements scan.Buffer.
func (b *buffer) DType() scan.DType { return b.dtype }

// Free implements scan.Buffer. The memory is given back when the device has
// come past everything enqueued before.
func (b *buffer) Free() {
	b.b.release(b.at)
	b.at, b.n, b.known = 0, 0, nil
}

// Alloc implements scan.Backend. Without room the error wraps scan.ErrNoMemory
// and says how much there is.
func (b *Backend) Alloc(t scan.DType, n int) (scan.Buffer, error) {
	if n < 0 {
		return nil, fmt.Errorf("cuda: cannot allocate %d elements: the least is 0", n)
	}
	if t > scan.Int32 {
		return nil, fmt.Errorf("cuda: cannot allocate dtype %d: the last known is %d", t, scan.Int32)
	}
	if n > math.MaxInt64/8 {
		return nil, fmt.Errorf("cuda: cannot allocate %d elements: the most is %d", n, math.MaxInt64/8)
	}
	bytes := uint64(n) * uint64(t.Size())
	at, err := b.memory(bytes)
	if err != nil {
		return nil, err
	}
	b.device.fill(at, 0, bytes)
	buf := &buffer{b: b, dtype: t, n: n, at: at}
	if t == scan.Int32 {
		buf.known = make([]int32, n)
	}
	return buf, nil
}

// memory is that many bytes on the device, of undefined contents.
func (b *Backend) memory(bytes uint64) (at driver.Ptr, err error) {
	if b.closed {
		return 0, errClosed
	}
	// Address 0 means absent, so that nothing at all takes a little, too.
	bytes = max(bytes, 4)
	err = b.device.ask(func() error {
		d := b.device
		if d.lost {
			return d.failure
		}
		var r driver.Result
		if at, r = d.API.Alloc(bytes); r == driver.OK {
			return nil
		}
		what := fmt.Sprintf("allocating %s on %s", size(bytes), b.info.Name)
		if free, total, q := d.API.MemoryInfo(); q == driver.OK {
			what += fmt.Sprintf(", where %s of %s are free", size(free), size(total))
		}
		if r.Sticky() {
			return d.fail(what, r)
		}
		return machine.Failed(what, r)
	})
	if err != nil {
		return 0, err
	}
	b.live[at] = bytes
	return at, nil
}

// release gives memory back; 0 and what Close has given back are nothing.
func (b *Backend) release(at driver.Ptr) {
	if _, ok := b.live[at]; ok {
		delete(b.live, at)
		b.device.release(at)
	}
}

// size is a number of bytes for people.
func size(bytes uint64) string {
	for i, unit := range []string{"GiB", "MiB", "KiB"} {
		if one := uint64(1) << (30 - 10*i); bytes >= one {
			return fmt.Sprintf("%.1f %s", float64(bytes)/float64(one), unit)
		}
	}
	return fmt.Sprintf("%d bytes", bytes)
}

// weight is a matrix in the memory of the device: row-major (out, in) without
// gaps.
type weight struct {
	buffer
	out, in int
}

// Shape implements scan.Weight.
func (w *weight) Shape() (out, in int) { return w.out, w.in }

// LoadWeight implements scan.Backend. It fails when w does not have out·in
// values, and without room as Alloc does.
func (b *Backend) LoadWeight(out, in int, w []float32) (scan.Weight, error) {
	if out < 0 || in < 0 {
		return nil, fmt.Errorf("cuda: weight of shape (%d, %d): the least is 0", out, in)
	}
	if len(w) != out*in {
		return nil, fmt.Errorf("cuda: weight has %d values, its shape (%d, %d) needs %d", len(w), out, in, out*in)
	}
	at, err := b.memory(4 * uint64(len(w)))
	if err != nil {
		return nil, err
	}
	m := &weight{buffer{b: b, dtype: scan.Float32, n: len(w), at: at}, out, in}
	b.Write(&m.buffer, 0, w)
	return m, nil
}

// UpdateWeight implements scan.Differentiable.
func (b *Backend) UpdateWeight(w scan.Weight, data []float32) {
	m := b.matrix(w, "cuda: UpdateWeight: the weight was freed or belongs to another backend")
	if len(data) != m.out*m.in {
		panic("cuda: UpdateWeight: the data do not have the weight's shape")
	}
	b.Write(&m.buffer, 0, data)
}

// matrix is w if it is a weight of this backend that was not freed.
func (b *Backend) matrix(w scan.Weight, message string) *weight {
	m, ok := w.(*weight)
	if !ok || m.b != b || m.at == 0 {
		panic(message)
	}
	return m
}

// view checks that v holds rows × cols float32 elements on this device and
// panics with message otherwise. A matrix without elements needs no buffer.
func (b *Backend) view(v scan.View, rows, cols int, message string) kernels.View {
	if rows == 0 || cols == 0 {
		return kernels.View{}
	}
	buf, ok := v.Buf.(*buffer)
	if !ok || buf.b != b || buf.dtype != scan.Float32 || v.Off < 0 || rows > 1 && v.Stride < cols {
		panic(message)
	}
	// Compared by subtraction: no sum of the two can overflow.
	last := (rows-1)*v.Stride + cols
	if v.Off > buf.n || last > buf.n-v.Off {
		panic(message)
	}
	return kernels.View{Ptr: uint64(buf.at) + 4*uint64(v.Off), Stride: int64(v.Stride)}
}

// optional is view, or nothing where v is absent.
func (b *Backend) optional(v scan.View, rows, cols int, message string) kernels.View {
	if v.Absent() {
		return kernels.View{}
	}
	return b.view(v, rows, cols, message)
}

// vector checks that v holds at least n float32 elements. A nil buffer is
// absent where that is allowed, a wrong shape otherwise.
func (b *Backend) vector(v scan.Buffer, n int, optional bool, message string) uint64 {
	if v == nil {
		if optional || n == 0 {
			return 0
		}
		panic(message)
	}
	buf, ok := v.(*buffer)
	if !ok || buf.b != b || buf.dtype != scan.Float32 || buf.n < n {
		panic(message)
	}
	return uint64(buf.at)
}

// integers is vector for ids and marks.
func (b *Backend) integers(v scan.Buffer, n int, optional bool, message string) (at uint64, buf *buffer) {
	if v == nil {
		if optional || n == 0 {
			return 0, nil
		}
		panic(message)
	}
	buf, ok := v.(*buffer)
	if !ok || buf.b != b || buf.dtype != scan.Int32 || buf.n < n {
		panic(message)
	}
	return uint64(buf.at), buf
}

// within panics with a message when one of the first n integers, as far as the
// host knows them, lies outside [low, high).
func (buf *buffer) within(n, low, high int, message string) {
	if buf == nil || buf.known == nil {
		return
	}
	for _, v := range buf.known[:n] {
		if int(v) < low || int(v) >= high {
			panic(message)
		}
	}
}
