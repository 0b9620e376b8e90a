package history

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
)

// toHalf rounds x to the nearest IEEE 754 half, ties to even.
func toHalf(x float32) uint16 {
	b := math.Float32bits(x)
	sign := uint16(b >> 16 & 0x8000)
	abs := b & 0x7fffffff
	switch {
	case abs > 0x7f800000:
		return sign | 0x7e00 // NaN
	case abs >= 0x477ff000:
		return sign | 0x7c00 // from 65520 on: infinite
	case abs < 0x38800000:
		// Below 2^-14 a half counts units of 2^-24: adding 0.5 in float32, whose
		// last place there is 2^-24, rounds to them.
		return sign | uint16(math.Float32bits(math.Float32frombits(abs)+0.5)-0x3f000000)
	}
	abs += 0xfff + abs>>13&1
	return sign | uint16((abs-0x38000000)>>13)
}

// fromHalf is the value of a half.
func fromHalf(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp, frac := h>>10&0x1f, uint32(h&0x3ff)
	switch exp {
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case 0:
		x := float32(frac) / (1 << 24)
		return math.Float32frombits(sign | math.Float32bits(x))
	}
	return math.Float32frombits(sign | (uint32(exp)+112)<<23 | frac<<13)
}

// rounded is x in half precision, in place.
func rounded(x []float32) []float32 {
	for i, v := range x {
		x[i] = fromHalf(toHalf(v))
	}
	return x
}

// halves is a matrix in a log.
type halves []float32

// MarshalText is base64 of little-endian halves.
func (h halves) MarshalText() ([]byte, error) {
	raw := make([]byte, 0, 2*len(h))
	for _, v := range h {
		raw = binary.LittleEndian.AppendUint16(raw, toHalf(v))
	}
	return base64.StdEncoding.AppendEncode(nil, raw), nil
}

// UnmarshalText reads what MarshalText wrote.
func (h *halves) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return err
	}
	if len(raw)%2 != 0 {
		return fmt.Errorf("history: %d bytes are no halves", len(raw))
	}
	*h = make(halves, len(raw)/2)
	for i := range *h {
		(*h)[i] = fromHalf(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return nil
}
