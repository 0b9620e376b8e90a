package cuda

import (
	"slices"

	"mamba-tui/cuda/kernels"
	"mamba-tui/scan"
)

// The operations of scan.Backend: shapes are checked here, before anything is
// enqueued; package kernels says what to launch.

// Copy implements scan.Backend.
func (b *Backend) Copy(dst, src scan.View, rows, cols int) {
	if rows < 0 || cols < 0 {
		panic("cuda: Copy: a size is negative")
	}
	d := b.view(dst, rows, cols, "cuda: Copy: dst is not (rows, cols)")
	s := b.view(src, rows, cols, "cuda: Copy: src is not (rows, cols)")
	b.plan.Copy(d, s, rows, cols)
	b.run()
}

// Broadcast implements scan.Backend.
func (b *Backend) Broadcast(dst scan.View, row scan.Buffer, rows, cols int) {
	if rows < 0 || cols < 0 {
		panic("cuda: Broadcast: a size is negative")
	}
	d := b.view(dst, rows, cols, "cuda: Broadcast: dst is not (rows, cols)")
	s := b.vector(row, cols, false, "cuda: Broadcast: row is not (cols)")
	b.plan.Broadcast(d, s, rows, cols)
	b.run()
}

// Embed implements scan.Backend. An id outside the table panics if the host
// wrote it; one that a kernel wrote makes a row of NaN.
func (b *Backend) Embed(dst, table scan.View, ids scan.Buffer, L, cols int) {
	if L < 0 || cols < 0 {
		panic("cuda: Embed: a size is negative")
	}
	d := b.view(dst, L, cols, "cuda: Embed: dst is not (L, cols)")
	at, known := b.integers(ids, L, false, "cuda: Embed: ids is not int32 (L)")
	if L == 0 || cols == 0 {
		return
	}
	rows := b.rows(table, cols)
	t := b.view(table, max(rows, 1), cols, "cuda: Embed: the table has no row")
	known.within(L, 0, rows, "cuda: Embed: an id is outside the table")
	b.plan.Embed(d, t, at, L, cols, rows)
	b.run()
}

// rows is how many rows of cols elements v can have.
func (b *Backend) rows(v scan.View, cols int) int {
	if v.Absent() || v.Off < 0 || v.Buf.Len()-v.Off < cols {
		return 0
	}
	if v.Stride <= 0 {
		return 1
	}
	return 1 + (v.Buf.Len()-v.Off-cols)/v.Stride
}

// RMSNorm implements scan.Backend.
func (b *Backend) RMSNorm(dst, x scan.View, w scan.Buffer, L, cols int, eps float64) {
	if L < 0 || cols < 0 {
		panic("cuda: RMSNorm: a size is negative")
	}
	d := b.view(dst, L, cols, "cuda: RMSNorm: dst is not (L, cols)")
	s := b.view(x, L, cols, "cuda: RMSNorm: x is not (L, cols)")
	g := b.vector(w, cols, false, "cuda: RMSNorm: w is not (cols)")
	b.plan.RMSNorm(d, s, g, L, cols, float32(eps))
	b.run()
}

// Softplus implements scan.Backend.
func (b *Backend) Softplus(dst, x scan.View, bias scan.Buffer, L, D int) {
	if L < 0 || D < 0 {
		panic("cuda: Softplus: a size is negative")
	}
	d := b.view(dst, L, D, "cuda: Softplus: dst is not (L, D)")
	s := b.view(x, L, D, "cuda: Softplus: x is not (L, D)")
	g := b.vector(bias, D, true, "cuda: Softplus: bias is not (D)")
	b.plan.Softplus(d, s, g, L, D)
	b.run()
}

// Linear implements scan.Backend. Its sums are those of float32, in an order
// that depends on L.
func (b *Backend) Linear(a scan.LinearArgs) {
	w := b.matrix(a.W, "cuda: Linear: the weight was freed or belongs to another backend")
	if a.L < 0 {
		panic("cuda: Linear: L is negative")
	}
	k := kernels.LinearArgs{
		X:    b.view(a.X, a.L, w.in, "cuda: Linear: X is not (L, In)"),
		Y:    b.view(a.Y, a.L, w.out, "cuda: Linear: Y is not (L, Out)"),
		W:    uint64(w.at),
		Bias: b.vector(a.Bias, w.out, true, "cuda: Linear: Bias is not (Out)"),
		L:    a.L, In: w.in, Out: w.out, Accumulate: a.Accumulate,
	}
	if a.L == 0 || w.out == 0 {
		return
	}
	var ok bool
	if k.Work, ok = b.scratch(b.plan.LinearWork(a.L, w.in, w.out), "Linear"); !ok {
		return
	}
	b.plan.Linear(k)
	b.run()
}

// Conv implements scan.Backend.
func (b *Backend) Conv(a scan.ConvArgs) {
	if a.L < 0 || a.D < 0 || a.K < 1 {
		panic("cuda: Conv: a size is negative or K is not positive")
	}
	resets, _ := b.integers(a.Resets, a.L, true, "cuda: Conv: Resets is not int32 (L)")
	b.plan.Conv(kernels.ConvArgs{
		Y:      b.view(a.Y, a.L, a.D, "cuda: Conv: Y is not (L, D)"),
		X:      b.view(a.X, a.L, a.D, "cuda: Conv: X is not (L, D)"),
		W:      b.view(a.W, a.D, a.K, "cuda: Conv: W is not (D, K)"),
		Window: b.view(a.Window, a.K-1, a.D, "cuda: Conv: Window is not (K-1, D)"),
		Bias:   b.vector(a.Bias, a.D, true, "cuda: Conv: Bias is not (D)"),
		Resets: resets,
		L:      a.L, D: a.D, K: a.K, SiLU: a.SiLU,
	})
	b.run()
}

// Scan implements scan.Backend: the fused kernels of package kernels, one of
// three by shape.
func (b *Backend) Scan(a scan.ScanArgs) {
	L, D, N := a.L, a.D, a.N
	if L < 0 || D < 0 || N < 0 {
		panic("cuda: Scan: a size is negative")
	}
	if !a.Rule.Valid() {
		panic("cuda: Scan: unknown rule")
	}
	if a.Bias != nil && !a.Softplus {
		panic("cuda: Scan: Bias needs Softplus")
	}
	resets, _ := b.integers(a.Resets, L, true, "cuda: Scan: Resets is not int32 (L)")
	k := kernels.ScanArgs{
		L: L, D: D, N: N, Rule: int(a.Rule), Softplus: a.Softplus, Force: b.force,
		U:      b.view(a.U, L, D, "cuda: Scan: U is not (L, D)"),
		Delta:  b.view(a.Delta, L, D, "cuda: Scan: Delta is not (L, D)"),
		Bias:   b.vector(a.Bias, D, true, "cuda: Scan: Bias is not (D)"),
		A:      b.view(a.A, D, N, "cuda: Scan: A is not (D, N)"),
		B:      b.view(a.B, L, N, "cuda: Scan: B is not (L, N)"),
		C:      b.view(a.C, L, N, "cuda: Scan: C is not (L, N)"),
		Skip:   b.vector(a.Skip, D, true, "cuda: Scan: Skip is not (D)"),
		Z:      b.optional(a.Z, L, D, "cuda: Scan: Z is not (L, D)"),
		H:      b.view(a.H, D, N, "cuda: Scan: H is not (D, N)"),
		Resets: resets,
		Y:      b.view(a.Y, L, D, "cuda: Scan: Y is not (L, D)"),
	}
	if a.Tap != nil {
		checkSteps(a.Tap.Steps, L)
		k.NumTaps = len(a.Tap.Steps)
		k.TapH = b.vector(a.Tap.H, k.NumTaps*D*N, false, "cuda: Scan: Tap.H is not (len(Steps), D, N)")
	}
	if L == 0 || D == 0 {
		return
	}
	var ok bool
	if k.Taps, ok = b.steps(a.Tap); !ok {
		return
	}
	if k.Work, ok = b.scratch(b.plan.ScanWork(k), "Scan"); !ok {
		return
	}
	b.plan.Scan(k)
	b.run()
}

// checkSteps demands ascending steps inside [0, L).
func checkSteps(steps []int, L int) {
	last := -1
	for _, t := range steps {
		if t <= last || t >= L {
			panic("cuda: Scan: Tap.Steps are not ascending in [0, L)")
		}
		last = t
	}
}

// steps puts the steps of a tap on the device.
func (b *Backend) steps(tap *scan.ScanTap) (at uint64, ok bool) {
	if tap == nil || len(tap.Steps) == 0 {
		return 0, true
	}
	if b.capturing {
		// The steps lie in a buffer that the next tap overwrites.
		b.refuse("Scan with a tap")
		return 0, false
	}
	n := len(tap.Steps)
	if b.taps == nil || b.taps.Len() < n {
		if b.taps != nil {
			b.taps.Free()
			b.taps, b.tapSteps = nil, nil
		}
		buf, err := b.Alloc(scan.Int32, max(256, n))
		if err != nil {
			b.note(err)
			return 0, false
		}
		b.taps = buf
	}
	// A training asks for the same steps again and again.
	if !slices.EqualFunc(b.tapSteps, tap.Steps, func(a int32, t int) bool { return int(a) == t }) {
		b.tapSteps = b.tapSteps[:0]
		for _, t := range tap.Steps {
			b.tapSteps = append(b.tapSteps, int32(t))
		}
		b.WriteInts(b.taps, 0, b.tapSteps)
	}
	return uint64(b.taps.(*buffer).at), true
}
