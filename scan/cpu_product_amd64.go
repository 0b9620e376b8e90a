//go:build !noasm

package scan

import (
	"unsafe"

	"mamba-tui/scan/internal/asm"
)

// tile is a kernel over some rows and registers of outputs; see internal/asm.
type tile func(y, x *float32, w *byte, bias *float32, depth, strideX, strideY, last, add int)

// tiles are the kernels of a set.
type tiles struct {
	lanes int
	rows  [3]int // of the tile kernels, the largest first, 1 last
	// tile by format, rows and registers of outputs less one.
	tile [3][3][3]tile
	// pair, by format and registers of the second panel less one, takes one row
	// through a full panel and the one behind it.
	pair [3][3]tile
}

var avx512Tiles = tiles{
	lanes: 16,
	rows:  [3]int{8, 4, 1},
	tile: [3][3][3]tile{
		WeightsF32: {
			{asm.LinearF32r8x1v512, asm.LinearF32r8x2v512, asm.LinearF32r8x3v512},
			{asm.LinearF32r4x1v512, asm.LinearF32r4x2v512, asm.LinearF32r4x3v512},
			{asm.LinearF32r1x1v512, asm.LinearF32r1x2v512, asm.LinearF32r1x3v512},
		},
		WeightsBF16: {
			{asm.LinearBF16r8x1v512, asm.LinearBF16r8x2v512, asm.LinearBF16r8x3v512},
			{asm.LinearBF16r4x1v512, asm.LinearBF16r4x2v512, asm.LinearBF16r4x3v512},
			{asm.LinearBF16r1x1v512, asm.LinearBF16r1x2v512, asm.LinearBF16r1x3v512},
		},
		WeightsF16: {
			{asm.LinearF16r8x1v512, asm.LinearF16r8x2v512, asm.LinearF16r8x3v512},
			{asm.LinearF16r4x1v512, asm.LinearF16r4x2v512, asm.LinearF16r4x3v512},
			{asm.LinearF16r1x1v512, asm.LinearF16r1x2v512, asm.LinearF16r1x3v512},
		},
	},
	pair: [3][3]tile{
		WeightsF32:  {asm.LinearF32r1x4v512, asm.LinearF32r1x5v512, asm.LinearF32r1x6v512},
		WeightsBF16: {asm.LinearBF16r1x4v512, asm.LinearBF16r1x5v512, asm.LinearBF16r1x6v512},
		WeightsF16:  {asm.LinearF16r1x4v512, asm.LinearF16r1x5v512, asm.LinearF16r1x6v512},
	},
}

var avx2Tiles = tiles{
	lanes: 8,
	rows:  [3]int{4, 2, 1},
	tile: [3][3][3]tile{
		WeightsF32: {
			{asm.LinearF32r4x1v256, asm.LinearF32r4x2v256, asm.LinearF32r4x3v256},
			{asm.LinearF32r2x1v256, asm.LinearF32r2x2v256, asm.LinearF32r2x3v256},
			{asm.LinearF32r1x1v256, asm.LinearF32r1x2v256, asm.LinearF32r1x3v256},
		},
		WeightsBF16: {
			{asm.LinearBF16r4x1v256, asm.LinearBF16r4x2v256, asm.LinearBF16r4x3v256},
			{asm.LinearBF16r2x1v256, asm.LinearBF16r2x2v256, asm.LinearBF16r2x3v256},
			{asm.LinearBF16r1x1v256, asm.LinearBF16r1x2v256, asm.LinearBF16r1x3v256},
		},
		WeightsF16: {
			{asm.LinearF16r4x1v256, asm.LinearF16r4x2v256, asm.LinearF16r4x3v256},
			{asm.LinearF16r2x1v256, asm.LinearF16r2x2v256, asm.LinearF16r2x3v256},
			{asm.LinearF16r1x1v256, asm.LinearF16r1x2v256, asm.LinearF16r1x3v256},
		},
	},
	pair: [3][3]tile{
		WeightsF32:  {asm.LinearF32r1x4v256, asm.LinearF32r1x5v256, asm.LinearF32r1x6v256},
		WeightsBF16: {asm.LinearBF16r1x4v256, asm.LinearBF16r1x5v256, asm.LinearBF16r1x6v256},
		WeightsF16:  {asm.LinearF16r1x4v256, asm.LinearF16r1x5v256, asm.LinearF16r1x6v256},
	},
}

// tileMatrix is the matrix kernels made of t.
func tileMatrix(t *tiles) matrixKernels[float32] {
	return matrixKernels[float32]{width: 3 * t.lanes, lanes: t.lanes, rows: t.rows[0], pace: t.lanes, block: t.block}
}

// block is product.block: a panel, which stays in the second cache level, for
// all rows.
func (t *tiles) block(m *product[float32], r0, r1, p0, p1 int) {
	w := m.w
	weights, size := unsafe.Pointer(unsafe.SliceData(w.full)), 4
	if w.format != WeightsF32 {
		weights, size = unsafe.Pointer(unsafe.SliceData(w.half)), 2
	}
	add := 0
	if m.accumulate {
		add = 1
	}
	var bias *float32
	kernels := &t.tile[w.format]
	for p := p0; p < p1; {
		o, taken := p*w.width, 1
		vectors, last := t.registers(min(w.width, w.rows-o))
		single := kernels[2][vectors-1]
		if r1-r0 < t.rows[1] && p+1 < p1 {
			var second int
			second, last = t.registers(min(w.width, w.rows-o-w.width))
			single, taken = t.pair[w.format][second-1], 2
		}
		if m.bias != nil {
			bias = &m.bias[o]
		}
		panel := (*byte)(unsafe.Add(weights, p*w.width*w.depth*size))
		r := r0
		if taken == 1 {
			for i, rows := range t.rows[:2] {
				for ; r+rows <= r1; r += rows {
					kernels[i][vectors-1](m.y.pointer(r, o), m.x.pointer(r, 0), panel, bias,
						w.depth, 4*m.x.stride, 4*m.y.stride, last, add)
				}
			}
		}
		for ; r < r1; r++ {
			single(m.y.pointer(r, o), m.x.pointer(r, 0), panel, bias, w.depth, 0, 0, last, add)
		}
		p += taken
	}
}

// registers is how many registers outputs fill, and how many are in the last.
func (t *tiles) registers(outputs int) (vectors, last int) {
	// There are three at most, and a division takes longer.
	for vectors, last = 1, outputs; last > t.lanes; last -= t.lanes {
		vectors++
	}
	return vectors, last
}
