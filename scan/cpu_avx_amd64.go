//go:build !noasm

package scan

import (
	"unsafe"

	"mamba-tui/scan/internal/asm"
)

// avx512Kernels is the kernel set AVX512.
func avx512Kernels() kernels[float32] {
	k := generic32()
	k.name = "cpu avx512 f32"
	k.matrix = tileMatrix(&avx512Tiles)
	k.softplus = elementwise3(asm.Softplus512)
	k.silu = elementwise1(asm.SiLU512)
	k.gate = elementwise2(asm.Gate512)
	k.fused = &fused512
	return k
}

// avx2Kernels is the kernel set AVX2.
func avx2Kernels() kernels[float32] {
	k := generic32()
	k.name = "cpu avx2 f32"
	k.matrix = tileMatrix(&avx2Tiles)
	k.softplus = elementwise3(asm.Softplus256)
	k.silu = elementwise1(asm.SiLU256)
	k.gate = elementwise2(asm.Gate256)
	k.fused = &fused256
	return k
}

// elementwise1, 2 and 3 check lengths for a kernel that does not, and hand it
// the first elements. The last operand of elementwise3 may be nil.
func elementwise1(f func(x *float32, n int)) func(x []float32) {
	return func(x []float32) { f(unsafe.SliceData(x), len(x)) }
}

func elementwise2(f func(y, z *float32, n int)) func(y, z []float32) {
	return func(y, z []float32) {
		y = y[:len(z)]
		f(unsafe.SliceData(y), unsafe.SliceData(z), len(z))
	}
}

func elementwise3(f func(dst, x, bias *float32, n int)) func(dst, x, bias []float32) {
	return func(dst, x, bias []float32) {
		dst = dst[:len(x)]
		if bias != nil {
			bias = bias[:len(x)]
		}
		f(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(bias), len(x))
	}
}
