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
	k.norm = rmsNorm(asm.RMSNorm512)
	k.conv4 = conv4(asm.Conv4x512)
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
	k.norm = rmsNorm(asm.RMSNorm256)
	k.conv4 = conv4(asm.Conv4x256)
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

// rmsNorm checks lengths for a kernel that does not.
func rmsNorm(f func(dst, x, w *float32, n int, eps float64)) func(dst, x, w []float32, eps float64) {
	return func(dst, x, w []float32, eps float64) {
		if len(x) > 0 {
			dst, w = dst[:len(x)], w[:len(x)]
			f(&dst[0], &x[0], &w[0], len(x), eps)
		}
	}
}

// rmsNormGrad checks lengths for a kernel that does not.
func rmsNormGrad(f func(dx, dw, x, w, dy *float32, n int, eps float64, accumulate int)) func(dx, dw, x, w, dy []float32, eps float64, accumulate bool) {
	return func(dx, dw, x, w, dy []float32, eps float64, accumulate bool) {
		n, add := len(x), 0
		if n == 0 {
			return
		}
		if accumulate {
			add = 1
		}
		dx, dw, w, dy = dx[:n], dw[:n], w[:n], dy[:n]
		f(&dx[0], &dw[0], &x[0], &w[0], &dy[0], n, eps, add)
	}
}

// conv4 takes a register of channels after the other through a tile of steps,
// so that neighbours share the pages and cache lines of their inputs.
func conv4(f func(y, x, w, bias, window *float32, resets *int32,
	sy, sx, sw, swindow, steps, channels, silu int)) func(j *convJob[float32], from, to int) {
	return func(j *convJob[float32], from, to int) {
		silu := 0
		if j.silu != nil {
			silu = 1
		}
		var bias *float32
		if j.bias != nil {
			bias = &j.bias[from]
		}
		for t := 0; t < j.rows; t += timeTile {
			var resets *int32
			if j.resets != nil {
				resets = &j.resets[t]
			}
			f(j.y.pointer(t, from), j.x.pointer(t, from), j.w.pointer(from, 0), bias, j.window.pointer(0, from),
				resets, 4*j.y.stride, 4*j.x.stride, j.w.stride, 4*j.window.stride, min(timeTile, j.rows-t), to-from, silu)
		}
	}
}
