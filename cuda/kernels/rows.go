package kernels

// The operations of this file go row by row. A block of rowBlock threads takes
// several rows at once where they are short: a row has 2^Lanes threads.

const rowBlock = 256

// rowGrid is the grid of a row kernel and log2 of the threads of a row.
func rowGrid(rows, cols int) (grid [3]int, lanes int32) {
	size, lanes := powerOfTwo(cols, 1, rowBlock)
	return [3]int{ceil(rows, rowBlock/size), 1, 1}, lanes
}

type copyParams struct {
	dst, src   View
	rows, cols int64
	lanes, _   int32
}

// Copy is dst[r][c] = src[r][c].
func (p *Planner) Copy(dst, src View, rows, cols int) {
	if rows == 0 || cols == 0 {
		return
	}
	grid, lanes := rowGrid(rows, cols)
	add(p, CopyRows, grid, rowBlock, 0, &copyParams{dst: dst, src: src, rows: int64(rows), cols: int64(cols), lanes: lanes})
}

// Broadcast is dst[r][c] = row[c].
func (p *Planner) Broadcast(dst View, row uint64, rows, cols int) {
	p.Copy(dst, View{row, 0}, rows, cols)
}

type embedParams struct {
	dst, table    View
	ids           uint64
	l, cols, rows int64
	lanes, _      int32
}

// Embed is dst[t] = table[ids[t]] for the int32 ids. A row whose id is not in
// [0, rows) becomes NaN: ids are read on the device, where nothing can refuse.
func (p *Planner) Embed(dst, table View, ids uint64, L, cols, rows int) {
	if L == 0 || cols == 0 {
		return
	}
	grid, lanes := rowGrid(L, cols)
	add(p, EmbedRows, grid, rowBlock, 0, &embedParams{dst: dst, table: table, ids: ids,
		l: int64(L), cols: int64(cols), rows: int64(rows), lanes: lanes})
}

type softplusParams struct {
	dst, x   View
	bias     uint64
	l, d     int64
	lanes, _ int32
}

// Softplus is dst[t][d] = log(1+exp(x[t][d]+bias[d])), and the identity above
// 20, with the code that Scan uses. bias may be absent, dst may be x.
func (p *Planner) Softplus(dst, x View, bias uint64, L, D int) {
	if L == 0 || D == 0 {
		return
	}
	grid, lanes := rowGrid(L, D)
	add(p, SoftplusRows, grid, rowBlock, 0, &softplusParams{dst: dst, x: x, bias: bias, l: int64(L), d: int64(D), lanes: lanes})
}

type normParams struct {
	dst, x  View
	w       uint64
	l, cols int64
	eps     float32
	quads   int32
}

// RMSNorm is dst[t] = x[t]/sqrt(mean(x[t]²)+eps)·w, a block a row; dst may be x.
func (p *Planner) RMSNorm(dst, x View, w uint64, L, cols int, eps float32) {
	if L == 0 || cols == 0 {
		return
	}
	threads := min(ceil(cols, 4*32)*32, 256) // four columns each, or more
	add(p, RMSNormRows, [3]int{L, 1, 1}, threads, 0, &normParams{dst: dst, x: x, w: w, l: int64(L), cols: int64(cols), eps: eps,
		quads: mark(cols%4 == 0 && w%16 == 0 && inQuads(dst, x))})
}
