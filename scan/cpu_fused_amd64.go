//go:build !noasm

package scan

import (
	"unsafe"

	"mamba-tui/scan/internal/asm"
)

// fusedStep is a kernel of package asm that carries a register of channels
// through many steps; see asm.ScanReleased512.
type fusedStep func(u, delta, z, y, b, c *float32, su, sdelta, sz, sy, sb, sc int,
	a, inverse, h, scratch, bias, skip *float32, steps, lanes, states, softplus int)

// fused is the scan of a kernel set of assembly.
type fused struct {
	lanes      int // channels of a register
	rules      [numRules]fusedStep
	released16 fusedStep // Released at 16 states
	// step16 is released16 for one step and whole registers of channels, on A and
	// h as they lie in memory; see asm.ScanStep16x512.
	step16 func(u, delta, z, y, b, c, a, h *float32, sa, sh int,
		scratch, bias, skip *float32, blocks, softplus int)
	transpose func(dst, src *float32, sdst, ssrc int)
}

// fewSteps is up to how many steps a call is made of single steps: laying A and
// h out anew costs as much as some steps.
const fewSteps = 4

var fused512 = fused{
	lanes: 16,
	rules: [numRules]fusedStep{
		Released: asm.ScanReleased512, ZOH: asm.ScanZOH512, Bilinear: asm.ScanBilinear512,
		Euler: asm.ScanEuler512, BackwardEuler: asm.ScanBackwardEuler512,
	},
	released16: asm.ScanReleased16x512,
	step16:     asm.ScanStep16x512,
	transpose:  asm.Transpose512,
}

var fused256 = fused{
	lanes: 8,
	rules: [numRules]fusedStep{
		Released: asm.ScanReleased256, ZOH: asm.ScanZOH256, Bilinear: asm.ScanBilinear256,
		Euler: asm.ScanEuler256, BackwardEuler: asm.ScanBackwardEuler256,
	},
	released16: asm.ScanReleased256,
	step16:     asm.ScanStep16x256,
	transpose:  asm.Transpose256,
}

// timeTile is how many steps a register of channels goes before its neighbours
// catch up: the neighbours' inputs lie in the same pages and share cache lines'
// prefetches, and the tile of all four stays in the first cache levels.
const timeTile = 64

// ahead is how many steps a kernel looks ahead: scratch holds twice as many
// registers.
const ahead = 16

// room implements fusedScan: A, 1/A and h, each (states, lanes) a register of
// channels, scratch as much for scanBlock channels as two registers of them
// need, and B and C where N is not a multiple of four.
func (f *fused) room(L, D, N int) int {
	states := (N + 3) &^ 3
	room := ((D + scanBlock - 1) &^ (scanBlock - 1)) * (3*states + 2*ahead)
	if states != N {
		room += 2 * L * states
	}
	return room
}

// prepare implements fusedScan: it lays out what all parts of a scan share: B and C with rows of a
// multiple of four states, those added being zero.
func (f *fused) prepare(j *scanJob[float32]) {
	N, states := j.states, (j.states+3)&^3
	if N == states {
		return
	}
	rows := j.packed[f.room(j.rows, j.channels, N)-2*j.rows*states:]
	for _, v := range [2]*view[float32]{&j.b, &j.c} {
		for t := range j.rows {
			row := rows[t*states : (t+1)*states]
			clear(row[copy(row, v.row(t, N)):])
		}
		*v = view[float32]{rows[:j.rows*states], states}
		rows = rows[j.rows*states:]
	}
}

// run implements fusedScan, a tile of channels at a time.
func (f *fused) run(j *scanJob[float32], from, to int) {
	if j.rule == Released && j.states == 16 && j.rows <= fewSteps {
		whole := from + (to-from)/f.lanes*f.lanes
		if whole > from {
			f.single(j, from, whole)
		}
		from = whole
	}
	for d := from; d < to; d += scanTile {
		f.tile(j, d, min(d+scanTile, to))
	}
}

// tile scans channels [d0, d1). The steps are cut where a reset or a tap needs h
// as it is between two of them.
func (f *fused) tile(j *scanJob[float32], d0, d1 int) {
	states := (j.states + 3) &^ 3
	for d := d0; d < d1; d += f.lanes {
		f.pack(j, d, min(d+f.lanes, d1))
	}
	tapped := 0
	for t := 0; t < j.rows; {
		if j.resets != nil && j.resets[t]&ResetState != 0 {
			// By selection: not even NaN or Inf in h gets past a reset.
			for d := d0; d < d1; d += f.lanes {
				_, _, h, _ := f.packed(j, d)
				clear(h[:states*f.lanes])
			}
		}
		end := min(t+timeTile, j.rows)
		if j.resets != nil {
			for s := t + 1; s < end; s++ {
				if j.resets[s]&ResetState != 0 {
					end = s
				}
			}
		}
		tap := tapped < len(j.tapSteps) && j.tapSteps[tapped] < end
		if tap {
			end = j.tapSteps[tapped] + 1
		}
		for d := d0; d < d1; d += f.lanes {
			f.steps(j, d, min(d+f.lanes, d1), t, end-t)
		}
		if tap {
			for d := d0; d < d1; d += f.lanes {
				f.unpack(j, d, min(d+f.lanes, d1), j.tap[(tapped*j.channels+d)*j.states:], j.states)
			}
			tapped++
		}
		t = end
	}
	for d := d0; d < d1 && j.states > 0; d += f.lanes {
		f.unpack(j, d, min(d+f.lanes, d1), j.h.data[d*j.h.stride:], j.h.stride)
	}
}

// single scans channels [from, to), whole registers of them, step by step.
func (f *fused) single(j *scanJob[float32], from, to int) {
	_, _, _, scratch := f.packed(j, from)
	softplus, tapped := 0, 0
	if j.softplus != nil {
		softplus = 1
	}
	const word = 4
	for t := range j.rows {
		if j.resets != nil && j.resets[t]&ResetState != 0 {
			j.reset(from, to)
		}
		z, bias, skip := j.optional(t, from)
		f.step16(&j.u.data[t*j.u.stride+from], &j.delta.data[t*j.delta.stride+from], z, &j.y.data[t*j.y.stride+from],
			&j.b.data[t*j.b.stride], &j.c.data[t*j.c.stride],
			&j.a.data[from*j.a.stride], &j.h.data[from*j.h.stride], word*j.a.stride, word*j.h.stride,
			&scratch[0], bias, skip, (to-from)/f.lanes, softplus)
		if tapped < len(j.tapSteps) && j.tapSteps[tapped] == t {
			j.write(tapped, from, to)
			tapped++
		}
	}
}

// optional is what a kernel is handed for arguments that may be absent.
func (j *scanJob[T]) optional(t, d int) (z, bias, skip *T) {
	if j.z.data != nil {
		z = &j.z.data[t*j.z.stride+d]
	}
	if j.bias != nil {
		bias = &j.bias[d]
	}
	if j.skip != nil {
		skip = &j.skip[d]
	}
	return z, bias, skip
}

// packed is where A, 1/A, h and scratch of the register of channels from d on are.
func (f *fused) packed(j *scanJob[float32], d int) (a, inverse, h, scratch []float32) {
	states := (j.states + 3) &^ 3
	size := states * f.lanes
	p := j.packed[(3*states+2*ahead)*d:]
	return p[:size], p[size : 2*size], p[2*size : 3*size], p[3*size : 3*size+2*ahead*f.lanes]
}

// steps runs the kernel over n steps from t on.
func (f *fused) steps(j *scanJob[float32], d, d1, t, n int) {
	a, inverse, h, scratch := f.packed(j, d)
	kernel := f.rules[j.rule]
	if j.rule == Released && j.states == 16 {
		kernel = f.released16
	}
	z, bias, skip := j.optional(t, d)
	var b, c *float32
	if j.states > 0 {
		b, c = &j.b.data[t*j.b.stride], &j.c.data[t*j.c.stride]
	}
	softplus := 0
	if j.softplus != nil {
		softplus = 1
	}
	const word = 4
	kernel(&j.u.data[t*j.u.stride+d], &j.delta.data[t*j.delta.stride+d], z, &j.y.data[t*j.y.stride+d], b, c,
		word*j.u.stride, word*j.delta.stride, word*j.z.stride, word*j.y.stride, word*j.b.stride, word*j.c.stride,
		unsafe.SliceData(a), unsafe.SliceData(inverse), unsafe.SliceData(h), unsafe.SliceData(scratch), bias, skip, n, d1-d, (j.states+3)&^3, softplus)
}

// pack lays out A and the initial h of channels [d, d1): lanes and states that
// are not there are zero.
func (f *fused) pack(j *scanJob[float32], d, d1 int) {
	N, w := j.states, f.lanes
	if N == 0 {
		return
	}
	a, inverse, h, _ := f.packed(j, d)
	for _, m := range [2]struct {
		dst []float32
		src view[float32]
	}{{a, j.a}, {h, j.h}} {
		full := 0 // states that are moved in squares
		if d1-d == w {
			full = N / w * w
			for n := 0; n < full; n += w {
				f.transpose(&m.dst[n*w], &m.src.data[d*m.src.stride+n], 4*w, 4*m.src.stride)
			}
		}
		if full < len(m.dst)/w {
			clear(m.dst[full*w:])
			for i := range d1 - d {
				for n, v := range m.src.row(d+i, N)[full:] {
					m.dst[(full+n)*w+i] = v
				}
			}
		}
	}
	if j.rule == ZOH {
		for i, v := range a {
			inverse[i] = 1 / v
		}
	}
}

// unpack writes h of channels [d, d1) as rows of N states.
func (f *fused) unpack(j *scanJob[float32], d, d1 int, dst []float32, stride int) {
	N, w := j.states, f.lanes
	_, _, h, _ := f.packed(j, d)
	full := 0
	if d1-d == w {
		full = N / w * w
		for n := 0; n < full; n += w {
			f.transpose(&dst[n], &h[n*w], 4*stride, 4*w)
		}
	}
	for i := range d1 - d {
		for n := full; n < N; n++ {
			dst[i*stride+n] = h[n*w+i]
		}
	}
}
