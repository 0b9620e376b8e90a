package session

import "math"

// Span asks for an Overview of tokens [From, To) in so many cells. It is
// clipped to the history; a To beyond the end, such as End, is the end.
type Span struct{ From, To, Cells int }

// maxCells bounds an overview: more than any screen is wide.
const maxCells = 4096

// Overview is a stretch of the history of one layer in a few cells, whatever
// its length: cell i is tokens [Start(i), Start(i+1)).
type Overview struct {
	From, To, Layer int
	Kept            []Extent // share of h kept
	Delta           []Extent // mean of Δ over all channels
	HNorm           []Extent // ‖h‖ after the token
	Wipes, Halves   []int    // reset ticks in the cell
}

// Extent is what a number was over the tokens of a cell; NaN where no token of
// the cell has the number.
type Extent struct{ Min, Mean, Max float32 }

// Cells is the number of cells.
func (o *Overview) Cells() int { return len(o.Kept) }

// Start is the first token of cell i; Start(Cells()) is To.
func (o *Overview) Start(i int) int {
	return o.From + int(int64(i)*int64(o.To-o.From)/int64(max(o.Cells(), 1)))
}

// CellOf is the cell that token t is in, or −1.
func (o *Overview) CellOf(t int) int {
	if t < o.From || t >= o.To {
		return -1
	}
	return int((int64(t-o.From+1)*int64(o.Cells()) - 1) / int64(o.To-o.From))
}

// overview is the span of a run's layer, or nil when none is asked for. Cells
// are never narrower than a token.
func (r *run) overview(sp Span, layer int) *Overview {
	from, to := max(sp.From, 0), min(sp.To, r.n)
	cells := min(sp.Cells, maxCells, to-from)
	if cells <= 0 {
		return nil
	}
	s := &r.sums[layer]
	o := &Overview{From: from, To: to, Layer: layer,
		Kept: make([]Extent, cells), Delta: make([]Extent, cells), HNorm: make([]Extent, cells),
		Wipes: make([]int, cells), Halves: make([]int, cells)}
	for i := range cells {
		a, b := o.Start(i), o.Start(i+1)
		n := s.pyramid.extent(s, a-s.start, b-s.start)
		x := &n.extents
		o.Kept[i], o.Delta[i], o.HNorm[i] = x[0].public(), x[1].public(), x[2].public()
		o.Wipes[i], o.Halves[i] = n.wipes, n.halves
	}
	return o
}

func (e extent) public() Extent {
	if e.count == 0 {
		nan := float32(math.NaN())
		return Extent{nan, nan, nan}
	}
	return Extent{Min: e.least, Mean: float32(e.sum / float64(e.count)), Max: e.most}
}
