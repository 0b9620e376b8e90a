package kernels

import "math"

// LinearArgs is y[t][o] = Σ_i x[t][i]·W[o][i] (+ bias[o]) (+ y[t][o]). W is
// row-major (Out, In) without gaps.
type LinearArgs struct {
	Y, X       View
	W, Bias    uint64
	L, In, Out int
	Accumulate bool
	Work       uint64 // LinearWork bytes
}

type gemvParams struct {
	y, x       View
	w, bias    uint64
	l, in, out int64
	accumulate int32
	split      int32 // log2 of the warps that share one output
	vec        int32 // rows can be read four elements at a time
	_          int32
}

// gemvRows is the most rows for which the weights are streamed once past all
// rows; above it, tiles are multiplied.
const gemvRows = 8

// Linear plans a matrix product: at most gemvRows rows are limited by reading W
// once, more by arithmetic.
func (p *Planner) Linear(a LinearArgs) {
	if a.L == 0 || a.Out == 0 {
		return
	}
	if a.L > gemvRows {
		p.gemm(gemmNT, gemmArgs{c: a.Y, a: a.X, b: View{a.W, int64(a.In)}, bias: a.Bias,
			m: a.L, n: a.Out, k: a.In, accumulate: a.Accumulate, work: a.Work})
		return
	}
	g := gemvParams{y: a.Y, x: a.X, w: a.W, bias: a.Bias, l: int64(a.L), in: int64(a.In), out: int64(a.Out),
		accumulate: mark(a.Accumulate),
		vec:        mark(a.In%4 == 0 && (a.W|a.X.Ptr)%16 == 0 && (a.L == 1 || a.X.Stride%4 == 0))}
	// Few outputs are shared by several warps each, until there are enough warps
	// to keep the memory busy or a warp would have nothing to read.
	for g.split < 3 && a.Out<<g.split < 12*p.Device.SMs && a.In>>g.split > 256 {
		g.split++
	}
	_, bits := powerOfTwo(a.L, 1, gemvRows)
	add(p, Gemv1+Entry(bits), [3]int{ceil(a.Out, 8>>g.split), 1, 1}, 256, 0, &g)
}

// LinearWork is the scratch that Linear needs, in bytes.
func (p *Planner) LinearWork(L, In, Out int) int {
	if L <= gemvRows {
		return 0
	}
	return p.gemmWork(gemmArgs{m: L, n: Out, k: In})
}

// The layouts of a product C[m][n] = Σ_k A(m,k)·B(n,k): N means that k runs
// along the rows of the matrix as stored, T that m or n does.
const (
	gemmNT = iota // A (M, K), B (N, K): Linear
	gemmNN        // A (M, K), B (K, N): the gradient of X
	gemmTN        // A (K, M), B (K, N): the gradient of W
)

type gemmArgs struct {
	c, a, b    View
	bias       uint64 // (N)
	m, n, k    int
	accumulate bool
	work       uint64
}

type gemmParams struct {
	c, a, b    View
	bias       uint64
	m, n, k    int64
	chunk      int64 // of k, a multiple of 16, that one block sums
	accumulate int32
	_          int32
}

type gemmSumParams struct {
	c          View
	work, bias uint64
	m, n       int64
	splits     int32
	accumulate int32
	lanes      int32
	_          int32
}

// A gemmTile is a kernel for products: what a block computes, and what that takes
// on an H100 by estimate, which decides between tiles.
type gemmTile struct {
	entry    Entry // for layout NT; NN and TN follow
	m, n     int   // outputs of a block
	threads  int
	resident int // blocks that a multiprocessor holds
	round    int // cycles for 16 values of k where blocks share a multiprocessor
	alone    int // cycles where a block has one for itself
}

var (
	tensorTiles = []gemmTile{
		{TensorNT128x64, 128, 64, 256, 2, 680, 900},
		{TensorNT64x64, 64, 64, 128, 4, 380, 650},
	}
	gemmTiles = []gemmTile{
		{GemmNT128, 128, 128, 256, 1, 2400, 2400},
		{GemmNT64, 64, 64, 256, 4, 700, 1000},
	}
)

// Cycles that the launch of gemmSum takes, and that a block takes before and
// after its products; bytes of parts that the device moves in a cycle.
const (
	gemmSumCycles   = 4000
	gemmBlockCycles = 1500
	gemmSumBytes    = 1500
)

// gemmShape decides the tile and into how many parts k is cut, so that as many
// multiprocessors as possible are busy for as short as possible.
func (p *Planner) gemmShape(a gemmArgs) (best gemmTile, splits, chunk int) {
	k := max(a.k, 1)
	if p.gemmWith != nil {
		best, chunk = p.gemmWith(k)
		return best, ceil(k, chunk), chunk
	}
	tiles, least := gemmTiles, math.MaxInt
	if p.Device.CC >= 80 {
		tiles = tensorTiles
	}
	for _, t := range tiles {
		blocks := ceil(a.m, t.m) * ceil(a.n, t.n)
		for share := range 4 { // of blocks on a multiprocessor, less one
			n := max(1, min((share+1)*p.Device.SMs/blocks, k/64, 32))
			c := ceil(k, 16*n) * 16
			n = ceil(k, c)
			if cycles := p.gemmCycles(t, blocks*n, c/16, n, a.m*a.n); cycles < least {
				least, best, splits, chunk = cycles, t, n, c
			}
		}
	}
	return best, splits, chunk
}

// gemmCycles is an estimate of how long a product takes.
func (p *Planner) gemmCycles(t gemmTile, blocks, rounds, splits, outputs int) int {
	share := ceil(blocks, p.Device.SMs)
	turns := ceil(share, t.resident)
	cycles := rounds*max(share*t.round, turns*t.alone) + turns*gemmBlockCycles
	if splits > 1 {
		cycles += gemmSumCycles + 8*splits*outputs/gemmSumBytes
	}
	return cycles
}

func (p *Planner) gemmWork(a gemmArgs) int {
	_, splits, _ := p.gemmShape(a)
	if splits == 1 {
		return 0
	}
	return 4 * splits * a.m * a.n
}

func (p *Planner) gemm(layout int, a gemmArgs) {
	t, splits, chunk := p.gemmShape(a)
	g := gemmParams{c: a.c, a: a.a, b: a.b, bias: a.bias, m: int64(a.m), n: int64(a.n), k: int64(a.k),
		chunk: int64(chunk), accumulate: mark(a.accumulate)}
	e := t.entry + Entry(layout)
	grid := [3]int{ceil(a.m, t.m), ceil(a.n, t.n), splits}
	if splits == 1 {
		add(p, e, grid, t.threads, 0, &g)
		return
	}
	// Parts go to (splits, M, N) and are added in order.
	g.c, g.bias, g.accumulate = View{a.work, int64(a.n)}, 0, 0
	add(p, e, grid, t.threads, 0, &g)
	s := gemmSumParams{c: a.c, work: a.work, bias: a.bias, m: int64(a.m), n: int64(a.n),
		splits: int32(splits), accumulate: mark(a.accumulate)}
	grid, s.lanes = rowGrid(a.m, a.n)
	grid[1] = ceil(a.n, rowBlock)
	add(p, GemmSum, grid, rowBlock, 0, &s)
}
