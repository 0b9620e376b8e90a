package cuda

import (
	"unsafe"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/scan"
)

// Sizes of the pinned host memory that everything passes through.
const (
	ringBytes  = 8 << 20 // to the device: a ring
	pieceBytes = 1 << 20 // of it at a time, so that copying and filling overlap
	readBytes  = 8 << 20 // from the device
)

// ring is pinned host memory whose parts wait to be copied to the device.
type ring struct {
	memory []byte
	at     int
}

// staging is n ≤ pieceBytes bytes of the ring. When it is full, everything
// enqueued is waited for.
func (b *Backend) staging(n int) []byte {
	r := &b.ring
	if len(r.memory)-r.at < n {
		_ = b.device.ask(func() error { b.device.drain(); return nil })
		r.at = 0
	}
	part := r.memory[r.at : r.at+n : r.at+n]
	r.at += (n + 63) &^ 63
	r.at = min(r.at, len(r.memory))
	return part
}

// number is what buffers hold.
type number interface{ float32 | float64 | int32 }

// write copies src to dst[off:], converted to D.
func write[D, S number](b *Backend, dst *buffer, off int, src []S) {
	each := int(unsafe.Sizeof(*new(D)))
	for len(src) > 0 {
		n := min(len(src), pieceBytes/each)
		part := b.staging(n * each)
		convert(numbers[D](part), src[:n])
		b.device.upload(dst.at+driver.Ptr(off*each), part)
		src, off = src[n:], off+n
	}
}

// Write implements scan.Backend. src may be changed afterwards.
func (b *Backend) Write(dst scan.Buffer, off int, src []float32) {
	buf := b.target(dst, off, len(src), "cuda: Write: the source does not fit in the buffer")
	switch buf.dtype {
	case scan.Float32:
		write[float32](b, buf, off, src)
	case scan.Float64:
		write[float64](b, buf, off, src)
	case scan.Int32:
		write[int32](b, buf, off, src)
		if buf.known != nil {
			for i, v := range src {
				buf.known[off+i] = int32(v)
			}
		}
	}
}

// WriteInts implements scan.Backend. src may be changed afterwards.
func (b *Backend) WriteInts(dst scan.Buffer, off int, src []int32) {
	buf := b.target(dst, off, len(src), "cuda: WriteInts: the source does not fit in the buffer")
	if buf.dtype != scan.Int32 {
		panic("cuda: WriteInts: the buffer does not hold int32")
	}
	write[int32](b, buf, off, src)
	if buf.known != nil {
		copy(buf.known[off:], src)
	}
}

// target is dst if elements [off, off+n) of it are there.
func (b *Backend) target(dst scan.Buffer, off, n int, message string) *buffer {
	buf, ok := dst.(*buffer)
	if !ok || buf.b != b || off < 0 || off > buf.n || n > buf.n-off {
		panic(message)
	}
	if b.capturing && n > 0 {
		b.refuse("Write") // the recording would copy what the ring holds when it runs
	}
	return buf
}

// Read implements scan.Backend. It waits for the device and returns what
// failed since the last time.
func (b *Backend) Read(dst []float32, src scan.Buffer, off int) error {
	b.fetch(arrival{f32: dst}, src, off)
	return b.Sync()
}

// ReadFloat64 implements scan.Backend.
func (b *Backend) ReadFloat64(dst []float64, src scan.Buffer, off int) error {
	b.fetch(arrival{f64: dst}, src, off)
	return b.Sync()
}

// ReadLater implements scan.LateReader: many small arrays are waited for once.
func (b *Backend) ReadLater(dst []float32, src scan.Buffer, off int) {
	b.fetch(arrival{f32: dst}, src, off)
}

// arrival is what lies in pinned memory once the device has come past the copy
// of it, and where it goes then.
type arrival struct {
	f32   []float32
	f64   []float64 // instead
	part  []byte
	dtype scan.DType
}

func (a arrival) len() int { return len(a.f32) + len(a.f64) }

// first is the first n elements of a, and the rest.
func (a arrival) first(n int) (head, rest arrival) {
	head, rest = a, a
	if a.f64 != nil {
		head.f64, rest.f64 = a.f64[:n], a.f64[n:]
	} else {
		head.f32, rest.f32 = a.f32[:n], a.f32[n:]
	}
	return head, rest
}

// fetch enqueues the copying of src[off:] to where a goes.
func (b *Backend) fetch(a arrival, src scan.Buffer, off int) {
	buf, ok := src.(*buffer)
	if !ok || buf.b != b || off < 0 || off > buf.n || a.len() > buf.n-off {
		panic("cuda: Read: the buffer is shorter than what is read, or of another backend")
	}
	if b.capturing {
		b.refuse("Read")
		return
	}
	if b.closed {
		return
	}
	a.dtype = buf.dtype
	each := buf.dtype.Size()
	for a.len() > 0 {
		n := min(a.len(), (len(b.inbox)-b.filled)/each)
		if n == 0 {
			_ = b.device.ask(func() error { b.device.drain(); return nil })
			b.arrive(!b.device.failed())
			continue
		}
		var now arrival
		now, a = a.first(n)
		now.part = b.inbox[b.filled : b.filled+n*each]
		b.filled = min((b.filled+n*each+63)&^63, len(b.inbox))
		b.device.download(now.part, buf.at+driver.Ptr(off*each))
		b.arrivals = append(b.arrivals, now)
		off += n
	}
}

// arrive hands out what lies in pinned memory, or throws it away when something
// failed.
func (b *Backend) arrive(good bool) {
	for _, a := range b.arrivals {
		switch {
		case !good:
		case a.f64 != nil:
			unpack(a.f64, a.part, a.dtype)
		default:
			unpack(a.f32, a.part, a.dtype)
		}
	}
	clear(b.arrivals)
	b.arrivals, b.filled = b.arrivals[:0], 0
}

// unpack converts the elements that part holds.
func unpack[D float32 | float64](dst []D, part []byte, dtype scan.DType) {
	switch dtype {
	case scan.Float32:
		convert(dst, numbers[float32](part))
	case scan.Float64:
		convert(dst, numbers[float64](part))
	case scan.Int32:
		convert(dst, numbers[int32](part))
	}
}

// numbers are the elements that bytes hold.
func numbers[T number](part []byte) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(part))), len(part)/int(unsafe.Sizeof(*new(T))))
}

// convert is dst = src, each element converted.
func convert[D, S number](dst []D, src []S) {
	if same, ok := any(src).([]D); ok {
		copy(dst, same)
		return
	}
	for i, v := range src[:len(dst)] {
		dst[i] = D(v)
	}
}

// Sync implements scan.Backend.
func (b *Backend) Sync() error {
	if b.closed {
		return errClosed
	}
	if b.capturing {
		b.refuse("Sync")
		return nil
	}
	err := b.device.ask(func() error {
		b.device.drain()
		return b.device.told()
	})
	b.arrive(err == nil)
	return err
}

// Zero implements scan.Differentiable.
func (b *Backend) Zero(buf scan.Buffer) {
	z, ok := buf.(*buffer)
	if !ok || z.b != b {
		panic("cuda: Zero: the buffer belongs to another backend")
	}
	b.device.fill(z.at, 0, uint64(z.n)*uint64(z.dtype.Size()))
	if z.dtype == scan.Int32 {
		z.known = make([]int32, z.n)
	}
}
