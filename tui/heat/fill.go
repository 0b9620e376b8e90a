package heat

import "math"

// Fill draws a row-major (T, D) array: time to the right, channels down. Pixel
// row y shows rows.Of[y], reduced by rows.Red. column says where step t stands
// and whether it is visible; nil puts step t in column t. Columns that no step
// stands in and rows past rows.Of are left as they are: Resize first to clear.
// A NaN among the reduced values gives "no data", infinities the ends of rng.
func (r *Raster) Fill(data []float32, T, D int, rows Rows, rng Range, column func(t int) (x int, ok bool)) {
	if T < 0 || D < 0 || len(data) < T*D {
		panic("heat: Fill wants T·D values")
	}
	h := min(len(rows.Of), r.H)
	px := rng.pixels()
	for t := range T {
		x, ok := t, true
		if column != nil {
			x, ok = column(t)
		}
		if !ok || x < 0 || x >= r.W {
			continue
		}
		step := data[t*D : (t+1)*D]
		for y, of := range rows.Of[:h] {
			r.Pix[y*r.W+x] = px.at(rows.Red.of(step, of))
		}
	}
}

// FillMatrix draws a matrix whose rows and columns may both be reduced: pixel
// (x, y) shows data[i·strideX + j·strideY] for i in cols.Of[x] and j in
// rows.Of[y], reduced by rows.Red. A state h of shape (D, N) with channels to
// the right and states down has strideX = N and strideY = 1.
func (r *Raster) FillMatrix(data []float32, strideX, strideY int, cols, rows Rows, rng Range) {
	w, h := min(len(cols.Of), r.W), min(len(rows.Of), r.H)
	px := rng.pixels()
	var cell []float32
	var index []int
	for y, js := range rows.Of[:h] {
		for x, is := range cols.Of[:w] {
			cell = cell[:0]
			for _, j := range js {
				for _, i := range is {
					cell = append(cell, data[i*strideX+j*strideY])
				}
			}
			for len(index) < len(cell) {
				index = append(index, len(index))
			}
			r.Pix[y*r.W+x] = px.at(rows.Red.of(cell, index[:len(cell)]))
		}
	}
}

// of reduces the chosen values of one step. NaN wins over everything; no values
// at all are NaN.
func (red Reduction) of(v []float32, channels []int) float64 {
	switch {
	case len(channels) == 0:
		return math.NaN()
	case len(channels) == 1 && red != RMS:
		return float64(v[channels[0]])
	}
	var sum, extreme float64
	for _, d := range channels {
		x := float64(v[d])
		switch red {
		case Mean:
			sum += x
		case RMS:
			sum += x * x
		default: // Max, and TopK whose rows hold one channel
			if math.IsNaN(x) {
				return x
			}
			if math.Abs(x) > math.Abs(extreme) {
				extreme = x
			}
		}
	}
	switch red {
	case Mean:
		return sum / float64(len(channels))
	case RMS:
		return math.Sqrt(sum / float64(len(channels)))
	}
	return extreme
}

// pixels places values on a linear scale without a logarithm or a branch on the
// scale for each of them.
type pixels struct {
	rng          Range
	linear       bool
	offset, gain float64
}

func (r Range) pixels() pixels {
	p := pixels{rng: r}
	lo, hi := r.Min, r.Max
	if r.Scale == Symmetric {
		hi = r.Limit()
		lo = -hi
	}
	gain := 254 / (hi - lo)
	if (r.Scale == Linear || r.Scale == Symmetric) && gain > 0 && !math.IsInf(gain, 0) && !math.IsInf(lo*gain, 0) {
		p.linear, p.offset, p.gain = true, 1.5-lo*gain, gain
	}
	return p
}

func (p *pixels) at(v float64) uint8 {
	if p.linear && v >= p.rng.Min && v <= p.rng.Max {
		return uint8(v*p.gain + p.offset)
	}
	return p.rng.Pixel(v)
}
