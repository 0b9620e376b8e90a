package scan

import (
	"unsafe"

	"mamba-tui/scan/internal/memory"
)

// panels is a matrix of rows × depth in the layout that a product reads from
// front to back: panels of width outputs (rows of the matrix), and inside a
// panel the outputs' weights for term 0, then for term 1, and so on. Element
// (o, k) is at
//
//	o/width·width·depth + k·stride + o%width
//
// where stride is width, and in the last panel as many outputs as are left,
// rounded up to lanes. What is beyond rows is zero and never stored in a result.
type panels[T float] struct {
	rows, depth  int
	width, lanes int
	count        int // of panels
	format       WeightFormat
	full         []T      // WeightsF32
	half         []uint16 // the other formats
}

// newPanels makes panels of zeros.
func newPanels[T float](rows, depth, width, lanes int, format WeightFormat) *panels[T] {
	p := panelsOf[T](rows, depth, width, lanes)
	p.format = format
	if n := p.size(); format == WeightsF32 {
		p.full = memory.Aligned[T](n)
	} else {
		p.half = memory.Aligned[uint16](n)
	}
	return &p
}

// panelsOf is the layout without the elements.
func panelsOf[T float](rows, depth, width, lanes int) panels[T] {
	return panels[T]{rows: rows, depth: depth, width: width, lanes: lanes, count: (rows + width - 1) / width}
}

// size is the number of elements, padding included.
func (p *panels[T]) size() int {
	if p.rows == 0 {
		return 0
	}
	last := p.count - 1
	return (last*p.width + p.stride(last)) * p.depth
}

// stride is the distance of two terms in a panel: its outputs with padding.
func (p *panels[T]) stride(panel int) int {
	left := p.rows - panel*p.width
	if left >= p.width {
		return p.width
	}
	return (left + p.lanes - 1) / p.lanes * p.lanes
}

// at is where element (o, 0) is, and the distance to (o, 1).
func (p *panels[T]) at(o int) (index, stride int) {
	panel := o / p.width
	return panel*p.width*p.depth + o%p.width, p.stride(panel)
}

// setRow makes w row o.
func (p *panels[T]) setRow(o int, w []float32) {
	at, stride := p.at(o)
	switch p.format {
	case WeightsBF16:
		for _, v := range w {
			p.half[at] = toBF16(v)
			at += stride
		}
	case WeightsF16:
		for _, v := range w {
			p.half[at] = toF16(v)
			at += stride
		}
	default:
		for _, v := range w {
			p.full[at] = T(v)
			at += stride
		}
	}
}

// setColumns makes x (depth, rows) the transpose of the matrix: its rows are
// the terms. Only full panels have that; it is how activations become the
// weights of a product.
func (p *panels[T]) setColumns(x view[T]) {
	for panel := range p.count {
		o, stride := panel*p.width, p.stride(panel)
		n := min(p.width, p.rows-o)
		dst := p.full[o*p.depth:]
		for k := range p.depth {
			row := dst[k*stride : (k+1)*stride]
			clear(row[copy(row, x.data[k*x.stride+o:k*x.stride+o+n]):])
		}
	}
}

// transposeOf makes p, of the shape of q's transpose, that transpose.
func (p *panels[T]) transposeOf(q *panels[T]) {
	for o := range q.rows {
		from, step := q.at(o)
		// Term o of row i.
		for i := range q.depth {
			to, stride := p.at(i)
			if p.format == WeightsF32 {
				p.full[to+o*stride] = q.full[from+i*step]
			} else {
				p.half[to+o*stride] = q.half[from+i*step]
			}
		}
	}
}

// storage is the memory of the elements, in bytes.
func (p *panels[T]) storage() int {
	var e T
	return len(p.full)*int(unsafe.Sizeof(e)) + 2*len(p.half)
}
