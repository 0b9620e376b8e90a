package scan

// String is the name of the type as NumPy has it.
func (t DType) String() string {
	switch t {
	case Float32:
		return "float32"
	case Float64:
		return "float64"
	case Int32:
		return "int32"
	}
	return "unknown"
}

// Size is the size of one element in bytes.
func (t DType) Size() int {
	if t == Float64 {
		return 8
	}
	return 4
}

// element is what a buffer in host memory can hold.
type element interface{ float32 | float64 | int32 }

// hostBuffer is a Buffer in host memory. T decides at compile time how elements
// are read, dtype says it at run time.
type hostBuffer[T element] struct {
	dtype DType
	data  []T
}

// Len implements Buffer.
func (b *hostBuffer[T]) Len() int { return len(b.data) }

// DType implements Buffer.
func (b *hostBuffer[T]) DType() DType { return b.dtype }

// Free implements Buffer: afterwards the buffer has length 0, so that using it
// is caught as a wrong shape.
func (b *hostBuffer[T]) Free() { b.data = nil }

// view is the checked host side of a View: rows of stride elements.
type view[T element] struct {
	data   []T
	stride int
}

// row is the first n elements of row r.
func (v view[T]) row(r, n int) []T {
	return v.data[r*v.stride : r*v.stride+n]
}

// pointer is where element (r, c) is, for a kernel in assembly; viewOf has made
// sure that it is there. A view without elements has no place to point at.
func (v view[T]) pointer(r, c int) *T {
	if len(v.data) == 0 {
		return nil
	}
	return &v.data[r*v.stride+c]
}

// viewOf checks that v holds rows × cols elements of type T and panics with
// message otherwise. A matrix without elements needs no buffer.
func viewOf[T element](v View, rows, cols int, message string) view[T] {
	if rows == 0 || cols == 0 {
		return view[T]{}
	}
	b, ok := v.Buf.(*hostBuffer[T])
	if !ok || v.Off < 0 || rows > 1 && v.Stride < cols {
		panic(message)
	}
	// Compared by subtraction: no sum of the two can overflow.
	last := (rows-1)*v.Stride + cols
	if v.Off > len(b.data) || last > len(b.data)-v.Off {
		panic(message)
	}
	return view[T]{b.data[v.Off : v.Off+last], v.Stride}
}

// sliceOf checks that b holds at least n elements of type T. A nil buffer is a
// nil slice where optional is set, a wrong shape otherwise.
func sliceOf[T element](b Buffer, n int, optional bool, message string) []T {
	if b == nil {
		if optional || n == 0 {
			return nil
		}
		panic(message)
	}
	h, ok := b.(*hostBuffer[T])
	if !ok || len(h.data) < n {
		panic(message)
	}
	return h.data[:n]
}

// convert is dst = src, each element converted to dst's type.
func convert[D, S element](dst []D, src []S) {
	for i, v := range src[:len(dst)] {
		dst[i] = D(v)
	}
}

// Write implements Backend. The source is always float32, as weights and
// activations of checkpoints are; a Float64 backend widens it without loss.
func (c *cpu[T]) Write(dst Buffer, off int, src []float32) {
	c.unrecorded()
	const message = "scan: Write: the source does not fit in the buffer"
	if dst == nil || off < 0 || off > dst.Len() || len(src) > dst.Len()-off {
		panic(message)
	}
	switch b := dst.(type) {
	case *hostBuffer[float32]:
		copy(b.data[off:], src)
	case *hostBuffer[float64]:
		convert(b.data[off:off+len(src)], src)
	case *hostBuffer[int32]:
		convert(b.data[off:off+len(src)], src)
	default:
		panic("scan: Write: the buffer belongs to another backend")
	}
}

// WriteInts implements Backend.
func (c *cpu[T]) WriteInts(dst Buffer, off int, src []int32) {
	c.unrecorded()
	b, ok := dst.(*hostBuffer[int32])
	if !ok {
		panic("scan: WriteInts: the buffer does not hold int32")
	}
	if off < 0 || off > len(b.data) || len(src) > len(b.data)-off {
		panic("scan: WriteInts: the source does not fit in the buffer")
	}
	copy(b.data[off:], src)
}

// Read implements Backend. It never fails: there is no device.
func (c *cpu[T]) Read(dst []float32, src Buffer, off int) error {
	c.unrecorded()
	readHost(dst, src, off)
	return nil
}

// ReadFloat64 implements Backend.
func (c *cpu[T]) ReadFloat64(dst []float64, src Buffer, off int) error {
	c.unrecorded()
	readHost(dst, src, off)
	return nil
}

// readHost copies src[off:off+len(dst)] to dst, converting.
func readHost[D float](dst []D, src Buffer, off int) {
	if src == nil || off < 0 || off > src.Len() || len(dst) > src.Len()-off {
		panic("scan: Read: the buffer is shorter than what is read")
	}
	switch b := src.(type) {
	case *hostBuffer[D]:
		copy(dst, b.data[off:])
	case *hostBuffer[float32]:
		convert(dst, b.data[off:off+len(dst)])
	case *hostBuffer[float64]:
		convert(dst, b.data[off:off+len(dst)])
	case *hostBuffer[int32]:
		convert(dst, b.data[off:off+len(dst)])
	default:
		panic("scan: Read: the buffer belongs to another backend")
	}
}
