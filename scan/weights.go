package scan

import (
	"fmt"
	"math"
	"strings"
)

// WeightFormat says how a CPU backend keeps the matrices of Linear in memory.
// One token reads every weight once, so its speed is that of the memory: at half
// the size it takes half the time. The sums are in the type of the activations
// in every format; what is lost is lost once, when a weight is rounded.
type WeightFormat uint8

// The formats.
const (
	// WeightsF32 keeps weights as they came.
	WeightsF32 WeightFormat = iota
	// WeightsBF16 rounds to 8 significant bits (relative error at most 2⁻⁹)
	// with the range of float32: what released checkpoints are trained for.
	WeightsBF16
	// WeightsF16 rounds to 11 significant bits (at most 2⁻¹²) between 6·10⁻⁵
	// and 65504; below, to multiples of 2⁻²⁴. A larger weight is refused.
	WeightsF16
)

// weightFormatIDs are the names of the formats in flags.
var weightFormatIDs = [...]string{"f32", "bf16", "f16"}

// String is the id of the format: f32, bf16 or f16.
func (f WeightFormat) String() string {
	if int(f) >= len(weightFormatIDs) {
		return fmt.Sprintf("weightformat(%d)", uint8(f))
	}
	return weightFormatIDs[f]
}

// WeightFormats lists the formats.
func WeightFormats() []WeightFormat { return []WeightFormat{WeightsF32, WeightsBF16, WeightsF16} }

// ParseWeightFormat is the format with the given id; the empty id is WeightsF32.
func ParseWeightFormat(id string) (WeightFormat, error) {
	if id == "" {
		return WeightsF32, nil
	}
	for f, s := range weightFormatIDs {
		if s == id {
			return WeightFormat(f), nil
		}
	}
	return 0, fmt.Errorf("scan: unknown weight format %q: use one of %s", id, strings.Join(weightFormatIDs[:], ", "))
}

// Round is w as the format keeps it. In WeightsF16 a finite w beyond ±65504
// becomes infinite.
func (f WeightFormat) Round(w float32) float32 {
	switch f {
	case WeightsBF16:
		return fromBF16(toBF16(w))
	case WeightsF16:
		return fromF16(toF16(w))
	}
	return w
}

// toBF16 rounds to the nearest bfloat16, to the even one between two. A NaN
// stays one.
func toBF16(x float32) uint16 {
	b := math.Float32bits(x)
	if x != x {
		return uint16(b>>16) | 1<<6
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// fromBF16 is exact: a bfloat16 is the upper half of a float32.
func fromBF16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// toF16 rounds to the nearest IEEE half, to the even one between two.
func toF16(x float32) uint16 {
	b := math.Float32bits(x)
	sign := uint16(b >> 16 & 0x8000)
	b &^= 1 << 31
	switch {
	case b > 0x7f800000: // NaN
		return sign | 0x7e00
	case b >= 0x477ff000: // rounds to 2^16, which there is not
		return sign | 0x7c00
	case b < 0x38800000: // below 2^-14: a multiple of 2^-24
		// Adding 0.5, whose last bit is 2^-24, rounds in the addition.
		return sign | uint16(math.Float32bits(math.Float32frombits(b)+0.5)-math.Float32bits(0.5))
	}
	return sign | uint16((b+0xfff+b>>13&1)>>13-(127-15)<<10)
}

// fromF16 is exact: a float32 has more of everything.
func fromF16(h uint16) float32 {
	sign, b := uint32(h&0x8000)<<16, uint32(h&0x7fff)<<13
	if b >= 0x7c00<<13 { // Inf and NaN
		return math.Float32frombits(sign | b | 0xff<<23)
	}
	// The exponents differ by 112. A multiplication moves them, also those of
	// subnormal halves, which are normal afterwards.
	return math.Float32frombits(sign | math.Float32bits(math.Float32frombits(b)*0x1p112))
}
