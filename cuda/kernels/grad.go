package kernels

// CrossEntropyArgs is scan.CrossEntropyArgs on the device. A target that is not
// below V counts as one whose logit is 0: targets are read on the device.
type CrossEntropyArgs struct {
	L, V    int
	Logits  View
	Targets uint64 // int32 (L)
	Scale   float32
	Loss    uint64 // (L)
	Best    uint64 // int32 (L)
	DLogits View   // may be Logits, or absent
}

type entropyParams struct {
	logits, dlogits     View
	targets, loss, best uint64
	l, v                int64
	scale               float32
	_                   int32
}

// CrossEntropy plans the loss and its gradient, a block a row.
func (p *Planner) CrossEntropy(a CrossEntropyArgs) {
	if a.L == 0 {
		return
	}
	threads, _ := powerOfTwo(a.V/4, 32, 256)
	add(p, CrossEntropyRows, [3]int{a.L, 1, 1}, threads, 0, &entropyParams{logits: a.Logits, dlogits: a.DLogits,
		targets: a.Targets, loss: a.Loss, best: a.Best, l: int64(a.L), v: int64(a.V), scale: a.Scale})
}

type embedGradParams struct {
	dtable, dy    View
	ids           uint64
	l, cols, rows int64
}

// EmbedBackward is dTable[ids[t]] += dY[t], in the order of t. Ids outside of
// [0, rows) are passed over.
func (p *Planner) EmbedBackward(dTable, dY View, ids uint64, L, cols, rows int) {
	if L == 0 || cols == 0 {
		return
	}
	add(p, EmbedGrad, [3]int{L, 1, 1}, 128, 0, &embedGradParams{dtable: dTable, dy: dY, ids: ids,
		l: int64(L), cols: int64(cols), rows: int64(rows)})
}

// NormGrad is scan.NormGrad on the device.
type NormGrad struct {
	L, Cols    int
	Eps        float32
	X, DY, DX  View
	W, DW      uint64 // (Cols); DW is added to
	Accumulate bool
	Work       uint64 // NormWork bytes
}

type normGradParams struct {
	x, dy, dx  View
	w, scale   uint64
	l, cols    int64
	eps        float32
	accumulate int32
}

type columnParams struct {
	a, b             View
	scale, work, out uint64
	l, cols, pieces  int64
}

const columnRows = 128 // of a piece of column_sums

// columnWork is the scratch of columns, in floats.
func columnWork(rows, cols int) int { return ceil(rows, columnRows) * cols }

// columns is out[c] += Σ_t a[t][c]·b[t][c]·scale[t]; b and scale may be absent.
func (p *Planner) columns(out uint64, a, b View, scale uint64, rows, cols int, work uint64) {
	c := columnParams{a: a, b: b, scale: scale, work: work, out: out,
		l: int64(rows), cols: int64(cols), pieces: int64(ceil(rows, columnRows))}
	add(p, ColumnSums, [3]int{ceil(cols, 32), ceil(rows, columnRows), 1}, 256, 0, &c)
	add(p, ColumnAdd, [3]int{ceil(cols, 256), 1, 1}, 256, 0, &c)
}

// RMSNormBackward plans the gradient of RMSNorm.
func (p *Planner) RMSNormBackward(a NormGrad) {
	if a.L == 0 || a.Cols == 0 {
		return
	}
	threads, _ := powerOfTwo(a.Cols/4, 32, 256)
	work := a.Work + uint64(4*ceil(a.L, 64)*64)
	add(p, RMSNormGrad, [3]int{a.L, 1, 1}, threads, 0, &normGradParams{x: a.X, dy: a.DY, dx: a.DX, w: a.W,
		scale: a.Work, l: int64(a.L), cols: int64(a.Cols), eps: a.Eps, accumulate: mark(a.Accumulate)})
	p.columns(a.DW, a.DY, a.X, a.Work, a.L, a.Cols, work)
}

// NormWork is the scratch that RMSNormBackward needs, in bytes. DX must not be
// X or DY: DW is summed from them afterwards.
func (p *Planner) NormWork(L, cols int) int {
	return 4*ceil(L, 64)*64 + 4*columnWork(L, cols)
}

// LinearGrad is scan.LinearGrad on the device.
type LinearGrad struct {
	L, In, Out int
	X, DY      View
	W          uint64 // (Out, In), row-major
	DX         View   // absent: not wanted
	Accumulate bool   // to DX
	DW         View   // (Out, In), added to; absent: not wanted
	DBias      uint64 // (Out), added to; absent: no bias
	Work       uint64 // LinearGradWork bytes
}

// LinearBackward plans the gradient of Linear.
func (p *Planner) LinearBackward(a LinearGrad) {
	if a.L == 0 || a.Out == 0 {
		return
	}
	if a.DBias != 0 {
		p.columns(a.DBias, a.DY, View{}, 0, a.L, a.Out, a.Work)
	}
	if a.In == 0 {
		return
	}
	for _, g := range a.products() {
		if g.c.Ptr != 0 {
			p.gemm(g.layout, g.gemmArgs)
		}
	}
}

// products are dX = dY·W and dW += dYᵀ·X.
func (a LinearGrad) products() [2]layoutArgs {
	return [2]layoutArgs{
		{gemmNN, gemmArgs{c: a.DX, a: a.DY, b: View{a.W, int64(a.In)}, m: a.L, n: a.In, k: a.Out,
			accumulate: a.Accumulate, work: a.Work}},
		{gemmTN, gemmArgs{c: a.DW, a: a.DY, b: a.X, m: a.Out, n: a.In, k: a.L, accumulate: true, work: a.Work}},
	}
}

// layoutArgs is a product with its layout.
type layoutArgs struct {
	layout int
	gemmArgs
}

// LinearGradWork is the scratch that LinearBackward needs, in bytes: one after
// another its launches use the same.
func (p *Planner) LinearGradWork(L, In, Out int) int {
	bytes := 4 * columnWork(L, Out)
	for _, g := range (LinearGrad{L: L, In: In, Out: Out}).products() {
		bytes = max(bytes, p.gemmWork(g.gemmArgs))
	}
	return bytes
}

// ConvGrad is scan.ConvGrad on the device.
type ConvGrad struct {
	L, D, K      int
	X, W         View
	Bias, Resets uint64
	Window       View // as it was before the call; absent: zeros
	SiLU         bool
	DY, DX, DW   View   // DX is written, DW (D, K) added to
	DBias        uint64 // (D), added to; absent: no bias
	Work         uint64 // ConvWork bytes
}

type convGradParams struct {
	x, w, window, dy, dx, dw View
	bias, resets             uint64
	dbias, pre, work         uint64
	l, d, k, steps, pieces   int64
	silu, _                  int32
}

const convGradSteps = 32

// ConvBackward plans the gradient of Conv: before SiLU, of the inputs and by
// pieces of time of the taps, and the pieces together.
func (p *Planner) ConvBackward(a ConvGrad) {
	if a.L == 0 || a.D == 0 {
		return
	}
	pieces, channels := ceil(a.L, convGradSteps), ceil(a.D, convBlock)
	c := convGradParams{x: a.X, w: a.W, window: a.Window, dy: a.DY, dx: a.DX, dw: a.DW, bias: a.Bias, resets: a.Resets,
		dbias: a.DBias, pre: a.Work, work: a.Work + uint64(4*a.L*a.D),
		l: int64(a.L), d: int64(a.D), k: int64(a.K), steps: convGradSteps, pieces: int64(pieces), silu: mark(a.SiLU)}
	add(p, ConvGradPre, [3]int{pieces, channels, 1}, convBlock, 0, &c)
	add(p, ConvGradTaps, [3]int{pieces, channels, 1}, convBlock, 0, &c)
	add(p, ConvGradAdd, [3]int{channels, 1, 1}, convBlock, 0, &c)
}

// ConvWork is the scratch that ConvBackward needs, in bytes.
func (p *Planner) ConvWork(L, D, K int) int {
	return 4*L*D + 4*ceil(L, convGradSteps)*(K+1)*D
}
