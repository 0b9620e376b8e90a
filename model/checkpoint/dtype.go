package checkpoint

import (
	"encoding/binary"
	"math"
)

// Dtype names the element type of a tensor as safetensors does.
type Dtype string

// The element types a weight may have. Other types are known by their size,
// so that a file that holds them is described correctly before it is refused.
const (
	F32  Dtype = "F32"
	F16  Dtype = "F16"
	BF16 Dtype = "BF16"
)

// dtypeSize is the bytes of one element of each type that is known. Types of
// less than a byte, such as F4, are not: no shape of theirs can be checked here.
var dtypeSize = map[Dtype]uint64{
	"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1,
	"U16": 2, "I16": 2, F16: 2, BF16: 2,
	"U32": 4, "I32": 4, F32: 4,
	"U64": 8, "I64": 8, "F64": 8, "C64": 8,
}

// weight says that elements of type t can be read as float32 without loss.
func (t Dtype) weight() bool { return t == F32 || t == F16 || t == BF16 }

// decode writes the elements of src, of type t, to dst; every value is exact.
// It returns how many of them are NaN or infinite.
func decode(dst []float32, src []byte, t Dtype) (nonFinite int) {
	switch t {
	case F32:
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		}
	case F16:
		for i := range dst {
			dst[i] = halfToFloat(binary.LittleEndian.Uint16(src[2*i:]))
		}
	case BF16: // the upper half of a float32
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
		}
	default:
		panic("checkpoint: decode of a type that is no weight")
	}
	for _, v := range dst {
		if v-v != 0 { // NaN for NaN and ±Inf, 0 for every other value
			nonFinite++
		}
	}
	return nonFinite
}

// halfToFloat is the value of an IEEE 754 binary16: sign (1 bit), exponent
// (5, bias 15), fraction (10). Every one is exact in float32; the payload of
// a NaN is kept.
func halfToFloat(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h >> 10 & 0x1f)
	frac := uint32(h & 0x3ff)
	switch exp {
	case 0: // zero or subnormal: frac · 2^−24, exact as a float32 product
		v := float32(frac) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 0x1f: // infinity or NaN
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}
