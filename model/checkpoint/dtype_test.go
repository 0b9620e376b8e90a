package checkpoint

import (
	"encoding/binary"
	"math"
	"testing"
)

// half is the definition of binary16, by powers of two.
func half(h uint16) float64 {
	sign := 1.0
	if h>>15 == 1 {
		sign = -1
	}
	exp, frac := int(h>>10&31), float64(h&1023)
	switch exp {
	case 0:
		return sign * math.Ldexp(frac, -24)
	case 31:
		if frac == 0 {
			return math.Inf(int(sign))
		}
		return math.NaN()
	}
	return sign * math.Ldexp(1024+frac, exp-25)
}

func TestDecodeF16(t *testing.T) {
	src := make([]byte, 2<<16)
	for h := range 1 << 16 {
		binary.LittleEndian.PutUint16(src[2*h:], uint16(h))
	}
	dst := make([]float32, 1<<16)
	// 2 signs × (1 infinity + 1023 NaNs)
	if n := decode(dst, src, F16); n != 2048 {
		t.Errorf("%d not finite, want 2048", n)
	}
	for h, got := range dst {
		want := half(uint16(h))
		if want != want {
			if got == got || math.Signbit(float64(got)) != (h>>15 == 1) || math.Float32bits(got)>>13&0x3ff != uint32(h&0x3ff) {
				t.Errorf("%#04x is %v (%#x), want a NaN with its sign and payload", h, got, math.Float32bits(got))
			}
		} else if float64(got) != want || math.Signbit(float64(got)) != math.Signbit(want) {
			t.Errorf("%#04x is %v, want %v", h, got, want)
		}
	}
	for h, want := range map[uint16]float32{
		0x0000: 0, 0x0001: 5.9604645e-8, 0x03ff: 6.097555e-5, 0x0400: 6.1035156e-5,
		0x3555: 0.33325195, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x7c00: float32(math.Inf(1)),
	} {
		if got := halfToFloat(h); got != want {
			t.Errorf("%#04x is %v, want %v", h, got, want)
		}
	}
}

func TestDecodeBF16(t *testing.T) {
	for h, want := range map[uint16]float32{
		0x3f80: 1, 0xbf80: -1, 0x4049: 3.140625, 0x0001: 9.1835e-41, 0x7f7f: 3.3895314e38, 0xff80: float32(math.Inf(-1)),
	} {
		var dst [1]float32
		n := decode(dst[:], binary.LittleEndian.AppendUint16(nil, h), BF16)
		if dst[0] != want || (n == 1) != math.IsInf(float64(want), 0) {
			t.Errorf("%#04x is %v (%d not finite), want %v", h, dst[0], n, want)
		}
	}
}

func TestDecodeF32(t *testing.T) {
	want := []float32{0, -0.1, math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.Inf(1)), float32(math.NaN())}
	dst := make([]float32, len(want))
	if n := decode(dst, f32(want), F32); n != 2 {
		t.Errorf("%d not finite, want 2", n)
	}
	for i := range want {
		if math.Float32bits(dst[i]) != math.Float32bits(want[i]) {
			t.Errorf("element %d is %v, want %v", i, dst[i], want[i])
		}
	}
}
