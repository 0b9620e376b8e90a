package cuda

import (
	"math"

	"mamba-tui/cuda/kernels"
	"mamba-tui/scan"
)

// The backward operations of scan.Differentiable. Every one is deterministic:
// what blocks sum is written apart and added in order.

var _ scan.Differentiable = (*Backend)(nil)

// CrossEntropy implements scan.Differentiable. A target of V or more panics if
// the host wrote it.
func (b *Backend) CrossEntropy(a scan.CrossEntropyArgs) {
	if a.L < 0 || a.V < 0 {
		panic("cuda: CrossEntropy: a size is negative")
	}
	targets, known := b.integers(a.Targets, a.L, false, "cuda: CrossEntropy: Targets is not int32 (L)")
	best, written := b.integers(a.Best, a.L, false, "cuda: CrossEntropy: Best is not int32 (L)")
	k := kernels.CrossEntropyArgs{
		L: a.L, V: a.V, Scale: float32(a.Scale), Targets: targets, Best: best,
		Logits:  b.view(a.Logits, a.L, a.V, "cuda: CrossEntropy: Logits is not (L, V)"),
		Loss:    b.vector(a.Loss, a.L, false, "cuda: CrossEntropy: Loss is not (L)"),
		DLogits: b.optional(a.DLogits, a.L, a.V, "cuda: CrossEntropy: DLogits is not (L, V)"),
	}
	known.within(a.L, math.MinInt, a.V, "cuda: CrossEntropy: a target is not below V")
	if a.L == 0 {
		return
	}
	written.known = nil
	b.plan.CrossEntropy(k)
	b.run()
}

// EmbedBackward implements scan.Differentiable. An id outside the table panics
// if the host wrote it.
func (b *Backend) EmbedBackward(dTable, dY scan.View, ids scan.Buffer, L, cols int) {
	if L < 0 || cols < 0 {
		panic("cuda: EmbedBackward: a size is negative")
	}
	y := b.view(dY, L, cols, "cuda: EmbedBackward: dY is not (L, cols)")
	at, known := b.integers(ids, L, false, "cuda: EmbedBackward: ids is not int32 (L)")
	if L == 0 || cols == 0 {
		return
	}
	rows := b.rows(dTable, cols)
	t := b.view(dTable, max(rows, 1), cols, "cuda: EmbedBackward: the table has no row")
	known.within(L, 0, rows, "cuda: EmbedBackward: an id is outside the table")
	b.plan.EmbedBackward(t, y, at, L, cols, rows)
	b.run()
}

// RMSNormBackward implements scan.Differentiable. DX must not be X or DY.
func (b *Backend) RMSNormBackward(a scan.NormGrad) {
	if a.L < 0 || a.Cols < 0 {
		panic("cuda: RMSNormBackward: a size is negative")
	}
	k := kernels.NormGrad{
		L: a.L, Cols: a.Cols, Eps: float32(a.Eps), Accumulate: a.Accumulate,
		X:  b.view(a.X, a.L, a.Cols, "cuda: RMSNormBackward: X is not (L, Cols)"),
		W:  b.vector(a.W, a.Cols, false, "cuda: RMSNormBackward: W is not (Cols)"),
		DY: b.view(a.DY, a.L, a.Cols, "cuda: RMSNormBackward: DY is not (L, Cols)"),
		DX: b.view(a.DX, a.L, a.Cols, "cuda: RMSNormBackward: DX is not (L, Cols)"),
		DW: b.view(a.DW, 1, a.Cols, "cuda: RMSNormBackward: DW is not (1, Cols)").Ptr,
	}
	if a.L == 0 || a.Cols == 0 {
		return
	}
	var ok bool
	if k.Work, ok = b.scratch(b.plan.NormWork(a.L, a.Cols), "RMSNormBackward"); !ok {
		return
	}
	b.plan.RMSNormBackward(k)
	b.run()
}

// LinearBackward implements scan.Differentiable.
func (b *Backend) LinearBackward(a scan.LinearGrad) {
	w := b.matrix(a.W, "cuda: LinearBackward: the weight was freed or belongs to another backend")
	if a.L < 0 {
		panic("cuda: LinearBackward: L is negative")
	}
	k := kernels.LinearGrad{
		L: a.L, In: w.in, Out: w.out, Accumulate: a.Accumulate, W: uint64(w.at),
		X:     b.view(a.X, a.L, w.in, "cuda: LinearBackward: X is not (L, In)"),
		DY:    b.view(a.DY, a.L, w.out, "cuda: LinearBackward: DY is not (L, Out)"),
		DX:    b.optional(a.DX, a.L, w.in, "cuda: LinearBackward: DX is not (L, In)"),
		DW:    b.optional(a.DW, w.out, w.in, "cuda: LinearBackward: DW is not (Out, In)"),
		DBias: b.optional(a.DBias, 1, w.out, "cuda: LinearBackward: DBias is not (1, Out)").Ptr,
	}
	if a.L == 0 || w.out == 0 {
		return
	}
	var ok bool
	if k.Work, ok = b.scratch(b.plan.LinearGradWork(a.L, w.in, w.out), "LinearBackward"); !ok {
		return
	}
	b.plan.LinearBackward(k)
	b.run()
}

// ConvBackward implements scan.Differentiable.
func (b *Backend) ConvBackward(a scan.ConvGrad) {
	if a.L < 0 || a.D < 0 || a.K < 1 {
		panic("cuda: ConvBackward: a size is negative or K is not positive")
	}
	resets, _ := b.integers(a.Resets, a.L, true, "cuda: ConvBackward: Resets is not int32 (L)")
	k := kernels.ConvGrad{
		L: a.L, D: a.D, K: a.K, SiLU: a.SiLU, Resets: resets,
		X:      b.view(a.X, a.L, a.D, "cuda: ConvBackward: X is not (L, D)"),
		W:      b.view(a.W, a.D, a.K, "cuda: ConvBackward: W is not (D, K)"),
		Bias:   b.vector(a.Bias, a.D, true, "cuda: ConvBackward: Bias is not (D)"),
		Window: b.optional(a.Window, a.K-1, a.D, "cuda: ConvBackward: Window is not (K-1, D)"),
		DY:     b.view(a.DY, a.L, a.D, "cuda: ConvBackward: DY is not (L, D)"),
		DX:     b.view(a.DX, a.L, a.D, "cuda: ConvBackward: DX is not (L, D)"),
		DW:     b.view(a.DW, a.D, a.K, "cuda: ConvBackward: DW is not (D, K)"),
		DBias:  b.optional(a.DBias, 1, a.D, "cuda: ConvBackward: DBias is not (1, D)").Ptr,
	}
	if a.L == 0 || a.D == 0 {
		return
	}
	var ok bool
	if k.Work, ok = b.scratch(b.plan.ConvWork(a.L, a.D, a.K), "ConvBackward"); !ok {
		return
	}
	b.plan.ConvBackward(k)
	b.run()
}

// ScanBackward implements scan.Differentiable.
func (b *Backend) ScanBackward(a scan.ScanGrad) {
	L, D, N := a.L, a.D, a.N
	if L < 0 || D < 0 || N < 0 {
		panic("cuda: ScanBackward: a size is negative")
	}
	if !a.Rule.Valid() {
		panic("cuda: ScanBackward: unknown rule")
	}
	if a.Bias != nil && !a.Softplus {
		panic("cuda: ScanBackward: Bias needs Softplus")
	}
	if a.Z.Absent() != a.DZ.Absent() {
		panic("cuda: ScanBackward: DZ must be there exactly where Z is")
	}
	resets, _ := b.integers(a.Resets, L, true, "cuda: ScanBackward: Resets is not int32 (L)")
	chunks := (L + scan.ChunkSteps - 1) / scan.ChunkSteps
	k := kernels.ScanGrad{
		L: L, D: D, N: N, Rule: int(a.Rule), Softplus: a.Softplus, Resets: resets,
		U:      b.view(a.U, L, D, "cuda: ScanBackward: U is not (L, D)"),
		Delta:  b.view(a.Delta, L, D, "cuda: ScanBackward: Delta is not (L, D)"),
		Bias:   b.vector(a.Bias, D, true, "cuda: ScanBackward: Bias is not (D)"),
		A:      b.view(a.A, D, N, "cuda: ScanBackward: A is not (D, N)"),
		B:      b.view(a.B, L, N, "cuda: ScanBackward: B is not (L, N)"),
		C:      b.view(a.C, L, N, "cuda: ScanBackward: C is not (L, N)"),
		Skip:   b.vector(a.Skip, D, true, "cuda: ScanBackward: Skip is not (D)"),
		Z:      b.optional(a.Z, L, D, "cuda: ScanBackward: Z is not (L, D)"),
		H0:     b.optional(a.H0, D, N, "cuda: ScanBackward: H0 is not (D, N)"),
		States: b.vector(a.States, max(0, chunks-1)*D*N, false, "cuda: ScanBackward: States is not (len(ChunkTaps), D, N)"),
		DY:     b.view(a.DY, L, D, "cuda: ScanBackward: DY is not (L, D)"),
		DH:     b.optional(a.DH, D, N, "cuda: ScanBackward: DH is not (D, N)"),
		DU:     b.view(a.DU, L, D, "cuda: ScanBackward: DU is not (L, D)"),
		DDelta: b.view(a.DDelta, L, D, "cuda: ScanBackward: DDelta is not (L, D)"),
		DB:     b.view(a.DB, L, N, "cuda: ScanBackward: DB is not (L, N)"),
		DC:     b.view(a.DC, L, N, "cuda: ScanBackward: DC is not (L, N)"),
		DZ:     b.optional(a.DZ, L, D, "cuda: ScanBackward: DZ is not (L, D)"),
		DA:     b.view(a.DA, D, N, "cuda: ScanBackward: DA is not (D, N)"),
		DBias:  b.optional(a.DBias, 1, D, "cuda: ScanBackward: DBias is not (1, D)").Ptr,
		DSkip:  b.optional(a.DSkip, 1, D, "cuda: ScanBackward: DSkip is not (1, D)").Ptr,
	}
	if L == 0 {
		return
	}
	var ok bool
	if k.Work, ok = b.scratch(b.plan.ScanGradWork(k.Rule, L, D, N), "ScanBackward"); !ok {
		return
	}
	b.plan.ScanBackward(k)
	b.run()
}
