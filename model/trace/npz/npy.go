package npz

import (
	"encoding/binary"
	"fmt"
	"math"
)

const (
	npyMagic  = "\x93NUMPY"
	npyPrefix = len(npyMagic) + 4 // version, length of the header
	maxHeader = 1<<16 - 1
)

// AppendHeader appends the header of an .npy array, format 1.0, padded so that
// what follows begins at a multiple of Align. A plain array of shape () has one
// element; the first dimension of a structured one is its rows.
//
// It panics where the header would be longer than the format allows, which takes
// thousands of fields.
func AppendHeader(b []byte, d Dtype, shape ...int) []byte {
	text := fmt.Sprintf("{'descr': %s, 'fortran_order': False, 'shape': %s, }", d.descr(), tuple(shape))
	n := (npyPrefix+len(text)+1+Align-1)/Align*Align - npyPrefix
	if n > maxHeader {
		panic("npz: AppendHeader: too many fields")
	}
	b = append(b, npyMagic...)
	b = append(b, 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = append(b, text...)
	for range n - len(text) - 1 {
		b = append(b, ' ')
	}
	return append(b, '\n')
}

// Array is an .npy array as it stands in a member.
type Array struct {
	Dtype Dtype
	Shape []int
	Data  []byte // row-major, little-endian
}

// ParseArray reads the .npy array that b holds, from its first byte to its
// last. Data is a part of b: nothing is copied, and nothing is believed that b
// is too short for.
func ParseArray(b []byte) (Array, error) {
	d, shape, n, err := ParseHeader(b)
	if err != nil {
		return Array{}, err
	}
	a := Array{Dtype: d, Shape: shape, Data: b[n:]}
	rows, ok := elements(shape, math.MaxInt)
	if !ok || d.Size > 0 && rows > len(a.Data)/d.Size || rows*d.Size != len(a.Data) {
		return Array{}, fmt.Errorf("npz: an array of shape %v with %d bytes an element does not have %d bytes of data", shape, d.Size, len(a.Data))
	}
	return a, nil
}

// ParseHeader reads the header of an .npy array at the beginning of b and
// returns its length, after which the data follows.
func ParseHeader(b []byte) (d Dtype, shape []int, n int, err error) {
	if len(b) < npyPrefix || string(b[:len(npyMagic)]) != npyMagic {
		return d, nil, 0, fmt.Errorf("npz: no .npy array: it does not begin with %q", npyMagic)
	}
	if b[6] != 1 || b[7] != 0 {
		return d, nil, 0, fmt.Errorf("npz: .npy format %d.%d, only 1.0 is read", b[6], b[7])
	}
	n = npyPrefix + int(binary.LittleEndian.Uint16(b[8:]))
	if len(b) < n {
		return d, nil, 0, fmt.Errorf("npz: an .npy header of %d bytes in %d", n, len(b))
	}
	d, shape, err = parseDescr(b[npyPrefix:n])
	return d, shape, n, err
}

// Float32s is the data of a plain float32 array.
func (a Array) Float32s() ([]float32, error) {
	if len(a.Dtype.Fields) != 1 || a.Dtype.Fields[0].Type != Float32 || a.Dtype.Fields[0].Name != "" {
		return nil, fmt.Errorf("npz: an array of %s, want %s", a.Dtype.descr(), Plain(Float32).descr())
	}
	return GetFloat32s(nil, a.Data), nil
}

// AppendFloat32s appends x as little-endian bytes.
func AppendFloat32s(b []byte, x []float32) []byte {
	n := len(b)
	b = append(b, make([]byte, 4*len(x))...)
	for i, v := range x {
		binary.LittleEndian.PutUint32(b[n+4*i:], math.Float32bits(v))
	}
	return b
}

// GetFloat32s appends the little-endian floats in b, of 4 bytes each, to dst.
func GetFloat32s(dst []float32, b []byte) []float32 {
	for i := 0; i+4 <= len(b); i += 4 {
		dst = append(dst, math.Float32frombits(binary.LittleEndian.Uint32(b[i:])))
	}
	return dst
}
