//go:build !noasm

package scan

import "mamba-tui/scan/internal/asm"

// fusedConvGrad is the ConvBackward of a kernel set of assembly: a register of
// channels through a tile of steps, from the last tile to the first.
type fusedConvGrad struct {
	lanes int
	tile  func(x, dy, dx, w, bias, x3, x2, x1, before, carry, sums *float32, resets *int32,
		sx, sdy, sdx, sw, n, lanes, silu int)
}

var convGrad512 = fusedConvGrad{16, asm.ConvGrad4x512}

var convGrad256 = fusedConvGrad{8, asm.ConvGrad4x256}

// convRoom is what one channel has of convGradJob.pre: timeTile gradients before
// SiLU, three carried, and five sums.
const convRoom = timeTile + 3 + 5

// room implements convGrad.
func (f *fusedConvGrad) room(D int) int {
	return convRoom * ((D + scanBlock - 1) &^ (scanBlock - 1))
}

// run implements convGrad.
func (f *fusedConvGrad) run(j *convGradJob[float32], from, to int) {
	for d := from; d < to; d += f.lanes {
		f.register(j, d, min(d+f.lanes, to))
	}
}

// register takes channels [d, d1) back through all steps.
func (f *fusedConvGrad) register(j *convGradJob[float32], d, d1 int) {
	w := f.lanes
	scratch := j.pre[convRoom*d : convRoom*(d+w)]
	carry, sums, before := scratch[:3*w], scratch[3*w:8*w], scratch[8*w:]
	clear(scratch[:8*w])
	silu := 0
	if j.sigmoid != nil {
		silu = 1
	}
	var bias *float32
	if j.bias != nil {
		bias = &j.bias[d]
	}
	for t0 := (j.rows - 1) / timeTile * timeTile; t0 >= 0; t0 -= timeTile {
		n := min(timeTile, j.rows-t0)
		var resets *int32
		if j.resets != nil {
			resets = &j.resets[t0]
		}
		first := j.firstBefore(t0)
		input := func(t int) *float32 { return &j.input(t, first, d, d1)[0] }
		f.tile(&j.x.data[t0*j.x.stride+d], &j.dy.data[t0*j.dy.stride+d], &j.dx.data[t0*j.dx.stride+d], &j.w.data[d*j.w.stride], bias,
			input(t0-3), input(t0-2), input(t0-1), &before[0], &carry[0], &sums[0], resets,
			4*j.x.stride, 4*j.dy.stride, 4*j.dx.stride, j.w.stride, n, d1-d, silu)
	}
	for i := range d1 - d {
		dw := j.dw.row(d+i, 4)
		for k := range dw {
			dw[k] += sums[k*w+i]
		}
		if j.dBias != nil {
			j.dBias[d+i] += sums[4*w+i]
		}
	}
}
