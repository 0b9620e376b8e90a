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
	readBytes  = 1 << 20 // from the device
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
		to := unsafe.Slice((*D)(unsafe.Pointer(unsafe.SliceData(part))), n)
		for i, v := range src[:n] {
			to[i] = D(v)
		}
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
	return read(b, dst, src, off)
}

// ReadFloat64 implements scan.Backend.
func (b *Backend) ReadFloat64(dst []float64, src scan.Buffer, off int) error {
	return read(b, dst, src, off)
}

// read copies src[off:off+len(dst)] to dst, converting.
func read[D float32 | float64](b *Backend, dst []D, src scan.Buffer, off int) error {
	buf, ok := src.(*buffer)
	if !ok || buf.b != b || off < 0 || off > buf.n || len(dst) > buf.n-off {
		panic("cuda: Read: the buffer is shorter than what is read, or of another backend")
	}
	if b.capturing {
		b.refuse("Read")
		return nil
	}
	if b.closed {
		return errClosed
	}
	each := buf.dtype.Size()
	return b.device.ask(func() error {
		d := b.device
		for at := 0; at < len(dst) && !d.lost; {
			n := min(len(dst)-at, readBytes/each)
			part := b.inbox[:n*each]
			if r := d.API.CopyToHost(part, buf.at+driver.Ptr((off+at)*each), d.Stream); r != driver.OK {
				d.fail("copying from the device", r)
				break
			}
			d.drain()
			if d.failure != nil {
				break
			}
			switch buf.dtype {
			case scan.Float32:
				convert(dst[at:at+n], numbers[float32](part))
			case scan.Float64:
				convert(dst[at:at+n], numbers[float64](part))
			case scan.Int32:
				convert(dst[at:at+n], numbers[int32](part))
			}
			at += n
		}
		if len(dst) == 0 {
			d.drain()
		}
		return d.told()
	})
}

// numbers are the elements that bytes hold.
func numbers[T number](part []byte) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(part))), len(part)/int(unsafe.Sizeof(*new(T))))
}

// convert is dst = src, each element converted.
func convert[D, S number](dst []D, src []S) {
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
	return b.device.ask(func() error {
		b.device.drain()
		return b.device.told()
	})
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
