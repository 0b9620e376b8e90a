package bench

import (
	"math"

	"mamba-tui/scan"
)

// Blocks of the attention: queries and keys that are looked at together.
const (
	queryRows = 128
	keyBlock  = 1024
)

// unseen is a score whose exponential is 0 beside every other; finite, because
// the difference of two infinities is no number.
const unseen = -1e30

// attentionWay is causal softmax attention of the same width, by blocks with a
// running maximum, so that no L×L matrix is ever written (FlashAttention's
// recurrence). The products are the backend's Linear; projections into q, k and
// v are not counted, as those around the scan are not.
func attentionWay() way {
	return way{name: NameAttention,
		work: func(L int) Work {
			l := float64(L)
			return Work{Elements: l * sweepD * sweepN, Element: "state", Limit: LimitFMA,
				FLOP: 4 * sweepD * l * (l + 1) / 2, Bytes: 4 * 4 * l * sweepD}
		},
		need: func(L int) float64 { return 4 * float64(L) * sweepD },
		open: func(be scan.Backend, L int) (func() error, func(), error) {
			a, err := newAttention(be, L)
			if err != nil {
				return nil, func() {}, err
			}
			return a.run, a.f.free, nil
		},
	}
}

// attention is one head; run does all heads with the same operands.
type attention struct {
	f      *fixture
	L      int
	soft   softmax
	q, y   scan.View // (L, 64)
	keys   []scan.Weight
	values []scan.Weight // transposed: (64, block)
	scores scan.Buffer   // (queryRows, keyBlock)
	host   []float32
	out    []float32
	most   [queryRows]float32
	sum    [queryRows]float32
}

func newAttention(be scan.Backend, L int) (*attention, error) {
	a := &attention{f: newFixture(be), L: L, soft: softmaxOf(be), host: make([]float32, queryRows*keyBlock), out: make([]float32, queryRows*sweepHead)}
	// q is scaled by 1/√64 beforehand.
	a.q, a.y = a.f.matrix(L, sweepHead, -0.125, 0.125), scan.Dense(a.f.alloc(L*sweepHead), sweepHead)
	for at := 0; at < L; at += keyBlock {
		n := min(keyBlock, L-at)
		a.keys = append(a.keys, a.f.weight(n, sweepHead))
		a.values = append(a.values, a.f.weight(sweepHead, n))
	}
	a.scores = a.f.alloc(queryRows * keyBlock)
	return a, a.f.err
}

// run is all heads, every query over its past.
func (a *attention) run() error {
	for range sweepD / sweepHead {
		for at := 0; at < a.L; at += queryRows {
			if err := a.rows(at, min(queryRows, a.L-at)); err != nil {
				return err
			}
		}
	}
	return nil
}

// rows is n queries from row at on.
func (a *attention) rows(at, n int) error {
	be := a.f.be
	y := a.y.Row(at)
	out := a.out[:n*sweepHead]
	for r := range n {
		a.most[r], a.sum[r] = float32(math.Inf(-1)), 0
	}
	for block := 0; block*keyBlock < at+n; block++ {
		first := block * keyBlock
		width := min(keyBlock, a.L-first)
		p := scan.Dense(a.scores, width)
		be.Linear(scan.LinearArgs{Y: p, X: a.q.Row(at), W: a.keys[block], L: n})
		host := a.host[:n*width]
		if err := be.Read(host, a.scores, 0); err != nil {
			return err
		}
		if block > 0 {
			if err := be.Read(out, a.y.Buf, at*sweepHead); err != nil {
				return err
			}
		}
		for r := range n {
			row := host[r*width : (r+1)*width]
			// Keys that lie ahead of the query have no weight.
			seen := min(width, at+r+1-first)
			for i := max(seen, 0); i < width; i++ {
				row[i] = unseen
			}
			most := max(a.most[r], a.soft.most(row))
			keep := float32(math.Exp(float64(a.most[r] - most)))
			a.most[r] = most
			a.sum[r] = a.sum[r]*keep + a.soft.exp(row, most)
			if block > 0 {
				for i := range out[r*sweepHead : (r+1)*sweepHead] {
					out[r*sweepHead+i] *= keep
				}
			}
		}
		be.Write(a.scores, 0, host)
		if block > 0 {
			be.Write(a.y.Buf, at*sweepHead, out)
		}
		be.Linear(scan.LinearArgs{Y: y, X: p, W: a.values[block], L: n, Accumulate: block > 0})
	}
	if err := be.Read(out, a.y.Buf, at*sweepHead); err != nil {
		return err
	}
	for r := range n {
		scale := 1 / a.sum[r]
		for i := range out[r*sweepHead : (r+1)*sweepHead] {
			out[r*sweepHead+i] *= scale
		}
	}
	be.Write(a.y.Buf, at*sweepHead, out)
	return nil
}

// softmax is the two passes over a row of scores: its largest, and
// x = exp(x − most), returning the sum.
type softmax struct {
	most func(row []float32) float32
	exp  func(row []float32, most float32) float32
}

// plainSoftmax is plain Go.
func plainSoftmax() softmax {
	return softmax{
		most: func(row []float32) float32 {
			m := row[0]
			for _, v := range row {
				m = max(m, v)
			}
			return m
		},
		exp: func(row []float32, most float32) float32 {
			var sum float32
			for i, v := range row {
				e := float32(math.Exp(float64(v - most)))
				row[i] = e
				sum += e
			}
			return sum
		},
	}
}
