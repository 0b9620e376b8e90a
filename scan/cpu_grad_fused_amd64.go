//go:build !noasm

package scan

import (
	"unsafe"

	"mamba-tui/scan/internal/asm"
)

// fusedGrad is the backward scan of a kernel set of assembly, for the released
// rule: a register of channels through a chunk of steps, from the last chunk to
// the first. Other than in the plain path the gradients of B and C are summed
// over the channels of a register lane by lane, and the lanes at the end of a
// chunk.
type fusedGrad struct {
	forward *fused // whose layout and transposition these are

	steps func(steps, delta, bias *float32, sdelta, n, lanes, softplus int)
	gate  func(steps, dy, z, dz *float32, sdy, sz, sdz, n, lanes int)

	replay func(steps, rows, cells, h, zeros, u, b, c, skip *float32, resets *int32,
		su, sb, sc, n, lanes, states int)
	reverse func(steps, rows, cells, h, zeros, u, b, c, skip, du, ddelta, sums *float32, resets *int32,
		su, sb, sc, sdu, sddelta, n, lanes, states int)

	sumLanes func(dst, src *float32, ssrc, n int)
}

var fusedGrad512 = fusedGrad{&fused512, asm.GradSteps512, asm.GradGate512, asm.GradReplay512, asm.GradReverse512, asm.SumLanes512}

var fusedGrad256 = fusedGrad{&fused256, asm.GradSteps256, asm.GradGate256, asm.GradReplay256, asm.GradReverse256, asm.SumLanes256}

// layout is the scratch of a group of channels; see package asm's generator
// grad for the first four.
type layout struct {
	steps, cells, h   []float32
	rows              []float32 // (registers, states, 3, lanes)
	sums              []float32 // (registers, 2, lanes): gradients of bias and skip
	square            []float32 // (states, lanes)
	zeros             []float32 // (states, lanes)
	b, c              []float32 // (ChunkSteps, states), where N is no multiple of four
	registers, states int
}

// cut lays out s for N states and width channels, or says with a nil s how long
// it must be.
func (f *fusedGrad) cut(s []float32, N, width int) (l layout, room int) {
	w := f.forward.lanes
	l.states = (N + 3) &^ 3
	l.registers = (width + w - 1) / w
	square := l.states * w
	take := func(n int) (x []float32) {
		if s != nil {
			x, s = s[:n:n], s[n:]
		}
		room += n
		return x
	}
	l.steps, l.cells, l.h = take(3*ChunkSteps*w), take(3*ChunkSteps*square), take((ChunkSteps+1)*square)
	l.rows, l.sums = take(3*l.registers*square), take(2*l.registers*w)
	l.square, l.zeros = take(square), take(square)
	if l.states != N {
		l.b, l.c = take(ChunkSteps*l.states), take(ChunkSteps*l.states)
	}
	return l, room
}

// room implements gradScan.
func (f *fusedGrad) room(N, width int) int {
	_, n := f.cut(nil, N, width)
	return n
}

// group implements gradScan.
func (f *fusedGrad) group(j *scanGradJob[float32], scratch []float32, from, to int, dB, dC []float32) {
	N, w := j.numStates, f.forward.lanes
	l, _ := f.cut(scratch, N, j.width)
	clear(l.sums)
	clear(l.zeros)
	for r, d := 0, from; d < to; r, d = r+1, d+w {
		f.open(j, &l, r, d, min(d+w, to))
	}
	for t0 := (j.rows - 1) / ChunkSteps * ChunkSteps; t0 >= 0; t0 -= ChunkSteps {
		n := min(ChunkSteps, j.rows-t0)
		clear(l.cells[:3*n*l.states*w])
		b, c := j.b, j.c
		if l.states != N {
			b, c = padded(l.b, b, t0, n, N, l.states), padded(l.c, c, t0, n, N, l.states)
		} else if N > 0 {
			b.data, c.data = b.data[t0*b.stride:], c.data[t0*c.stride:]
		}
		for r, d := 0, from; d < to; r, d = r+1, d+w {
			f.chunk(j, &l, r, d, min(d+w, to), t0, n, b, c)
		}
		f.gather(&l, dB[t0*N:], 1, n, N)
		f.gather(&l, dC[t0*N:], 2, n, N)
	}
	for r, d := 0, from; d < to; r, d = r+1, d+w {
		f.close(j, &l, r, d, min(d+w, to))
	}
}

// padded is n rows of v from t0 on with states columns, those added being zero.
func padded(dst []float32, v view[float32], t0, n, N, states int) view[float32] {
	for t := range n {
		row := dst[t*states : (t+1)*states]
		clear(row[copy(row, v.row(t0+t, N)):])
	}
	return view[float32]{dst, states}
}

// register is what a register of channels carries from chunk to chunk.
func (f *fusedGrad) register(l *layout, r int) (rows, sums []float32) {
	w := f.forward.lanes
	rows, sums = l.rows[3*r*l.states*w:], l.sums[2*r*w:]
	return rows[:3*l.states*w], sums[:2*w]
}

// open lays out A, the gradient of the final state, and zeros for that of A.
func (f *fusedGrad) open(j *scanGradJob[float32], l *layout, r, d, d1 int) {
	rows, _ := f.register(l, r)
	clear(rows)
	if j.numStates == 0 {
		return
	}
	w := f.forward.lanes
	f.spread(rows, 3*w, j.a, d, d1, j.numStates)
	if j.dh.data != nil {
		f.spread(rows[w:], 3*w, j.dh, d, d1, j.numStates)
	}
}

// spread is dst[n·stride+i] = src[d+i][n] for N states of channels [d, d1).
func (f *fusedGrad) spread(dst []float32, stride int, src view[float32], d, d1, N int) {
	w, full := f.forward.lanes, 0
	if d1-d == w {
		full = N / w * w
		for n := 0; n < full; n += w {
			f.forward.transpose(&dst[n*stride], &src.data[d*src.stride+n], 4*stride, 4*src.stride)
		}
	}
	for i := range d1 - d {
		for n, v := range src.row(d+i, N)[full:] {
			dst[(full+n)*stride+i] = v
		}
	}
}

// collect is dst[d+i][n] = src[n·stride+i], the other way.
func (f *fusedGrad) collect(dst view[float32], src []float32, stride, d, d1, N int) {
	w, full := f.forward.lanes, 0
	if d1-d == w {
		full = N / w * w
		for n := 0; n < full; n += w {
			f.forward.transpose(&dst.data[d*dst.stride+n], &src[n*stride], 4*dst.stride, 4*stride)
		}
	}
	for i := range d1 - d {
		row := dst.row(d+i, N)
		for n := full; n < N; n++ {
			row[n] = src[n*stride+i]
		}
	}
}

// chunk takes channels [d, d1) back through steps [t0, t0+n). b and c begin at
// t0.
func (f *fusedGrad) chunk(j *scanGradJob[float32], l *layout, r, d, d1, t0, n int, b, c view[float32]) {
	const word = 4
	N, w, lanes := j.numStates, f.forward.lanes, d1-d
	rows, sums := f.register(l, r)
	at := func(v view[float32], t int) *float32 { return &v.data[t*v.stride+d] }
	pointer := func(x []float32) *float32 { return unsafe.SliceData(x) }

	h := l.h[:l.states*w]
	clear(h)
	switch k := t0 / ChunkSteps; {
	case N == 0:
	case k > 0:
		f.spread(h, w, view[float32]{j.states[(k-1)*j.channels*N:], N}, d, d1, N)
	case j.h0.data != nil:
		f.spread(h, w, j.h0, d, d1, N)
	}
	var bias, skip, z, dz, bt, ct *float32
	var resets, last *int32
	softplus := 0
	if j.softplus != nil {
		softplus = 1
	}
	if j.bias != nil {
		bias = &j.bias[d]
	}
	if j.skip != nil {
		skip = &j.skip[d]
	}
	if j.z.data != nil {
		z, dz = at(j.z, t0), at(j.dz, t0)
	}
	if j.resets != nil {
		resets, last = &j.resets[t0], &j.resets[t0+n-1]
	}
	if N > 0 {
		bt, ct = &b.data[0], &c.data[0]
	}
	f.steps(&l.steps[0], at(j.delta, t0), bias, word*j.delta.stride, n, lanes, softplus)
	f.replay(&l.steps[0], pointer(rows), pointer(l.cells), pointer(l.h), pointer(l.zeros), at(j.u, t0), bt, ct, skip, resets,
		word*j.u.stride, word*b.stride, word*c.stride, n, lanes, l.states)
	f.gate(&l.steps[0], at(j.dy, t0), z, dz, word*j.dy.stride, word*j.z.stride, word*j.dz.stride, n, lanes)
	var cells, before *float32
	if N > 0 {
		bt, ct = &b.data[(n-1)*b.stride], &c.data[(n-1)*c.stride]
		cells, before = &l.cells[3*(n-1)*l.states*w], &l.h[(n-1)*l.states*w]
	}
	end := t0 + n - 1
	f.reverse(&l.steps[3*(n-1)*w], pointer(rows), cells, before, pointer(l.zeros), at(j.u, end), bt, ct, skip,
		at(j.du, end), at(j.dDelta, end), &sums[0], last,
		-word*j.u.stride, -word*b.stride, -word*c.stride, -word*j.du.stride, -word*j.dDelta.stride, n, lanes, l.states)
}

// gather writes the sums over lanes of cell i of each state and step to dst
// (n, N).
func (f *fusedGrad) gather(l *layout, dst []float32, i, n, N int) {
	w := f.forward.lanes
	if N == 0 {
		return
	}
	for t := range n {
		cells := l.cells[3*t*l.states*w+i*w:]
		if l.states == N {
			f.sumLanes(&dst[t*N], &cells[0], 3*4*w, N)
			continue
		}
		f.sumLanes(&l.square[0], &cells[0], 3*4*w, l.states)
		copy(dst[t*N:(t+1)*N], l.square)
	}
}

// close hands out what the register carried to the end: gradients of A, of the
// initial state, of the bias and of the skip.
func (f *fusedGrad) close(j *scanGradJob[float32], l *layout, r, d, d1 int) {
	N, w := j.numStates, f.forward.lanes
	rows, sums := f.register(l, r)
	if N > 0 {
		dA := view[float32]{l.square, N}
		if d1-d == w {
			f.collect(dA, rows[2*w:], 3*w, 0, w, N)
			for i := range w {
				addTo(j.dA.row(d+i, N), dA.row(i, N))
			}
		} else {
			for i := range d1 - d {
				for n, have := range j.dA.row(d+i, N) {
					j.dA.row(d+i, N)[n] = have + rows[(3*n+2)*w+i]
				}
			}
		}
		if j.dh.data != nil {
			f.collect(j.dh, rows[w:], 3*w, d, d1, N)
		}
	}
	if j.dBias != nil {
		addTo(j.dBias[d:d1], sums)
	}
	if j.dSkip != nil {
		addTo(j.dSkip[d:d1], sums[w:])
	}
}
