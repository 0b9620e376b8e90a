package heat

import (
	"fmt"
	"math"
	"slices"
)

// Reduction is how many channels become few rows.
type Reduction uint8

// Reductions.
const (
	Max  Reduction = iota // of |v| over neighbouring channels, keeping the sign
	Mean                  // over neighbouring channels: hides selection where some open and others close
	RMS                   // over neighbouring channels, never negative
	TopK                  // the channels of largest variance over time, one a row
)

// Reductions lists all of them in the order in which a key walks through them.
func Reductions() []Reduction { return []Reduction{Max, Mean, RMS, TopK} }

// String is the reduction's name: "max", "mean", "rms", "topk".
func (r Reduction) String() string {
	switch r {
	case Max:
		return "max"
	case Mean:
		return "mean"
	case RMS:
		return "rms"
	case TopK:
		return "topk"
	}
	return "unknown reduction"
}

// label is how a title names the reduction.
func (r Reduction) label() string {
	switch r {
	case Max:
		return "max|·|"
	case TopK:
		return "largest variance"
	}
	return r.String()
}

// ParseReduction is the reduction of a name, as String gives it.
func ParseReduction(name string) (Reduction, error) {
	for _, r := range Reductions() {
		if r.String() == name {
			return r, nil
		}
	}
	return 0, fmt.Errorf("heat: no reduction %q; there are max, mean, rms, topk", name)
}

// Rows says which channels each pixel row shows.
type Rows struct {
	Of    [][]int   // pixel row → channels, ascending
	Title string    // how much is shown, such as "64 channels → 24 rows, max|·|"
	Red   Reduction // how the channels of one row become one value
}

// Reduce spreads D channels over at most rows pixel rows. With room for all,
// each has a row of its own. Otherwise [Mean], [Max] and [RMS] put neighbours
// together, in groups whose sizes differ by one at most, and [TopK] picks the
// channels of largest variance, in their own order; a variance that is NaN
// counts as the largest, because something is wrong there that should be seen.
// variance has D elements, or none: TopK then takes the first channels and the
// title says so.
func Reduce(red Reduction, D, rows int, variance []float64) Rows {
	return ReduceNamed(red, D, rows, variance, "channels")
}

// ReduceNamed is [Reduce] with another word for the channels in the title, such
// as "states" or "tokens".
func ReduceNamed(red Reduction, D, rows int, variance []float64, noun string) Rows {
	D, rows = max(D, 0), max(rows, 0)
	if len(variance) != 0 && len(variance) != D {
		panic("heat: Reduce wants one variance a channel, or none")
	}
	if D <= rows {
		out := Rows{Of: make([][]int, D), Title: fmt.Sprintf("%d %s", D, noun), Red: red}
		for d := range out.Of {
			out.Of[d] = []int{d}
		}
		return out
	}
	if red != TopK {
		out := Rows{Of: make([][]int, rows), Red: red}
		out.Title = fmt.Sprintf("%d %s → %d rows, %s", D, noun, rows, red.label())
		for i := range out.Of {
			for d := i * D / rows; d < (i+1)*D/rows; d++ {
				out.Of[i] = append(out.Of[i], d)
			}
		}
		return out
	}
	pick := make([]int, D)
	for d := range pick {
		pick[d] = d
	}
	title := "first"
	if len(variance) == D {
		title = red.label()
		slices.SortStableFunc(pick, func(a, b int) int {
			va, vb := variance[a], variance[b]
			switch na, nb := math.IsNaN(va), math.IsNaN(vb); {
			case na && nb:
				return 0
			case na:
				return -1
			case nb:
				return 1
			case va > vb:
				return -1
			case va < vb:
				return 1
			}
			return 0
		})
	}
	pick = pick[:rows]
	slices.Sort(pick)
	out := Rows{Of: make([][]int, rows), Red: red, Title: fmt.Sprintf("%d of %d %s, %s", rows, D, noun, title)}
	for i, d := range pick {
		out.Of[i] = []int{d}
	}
	return out
}

// Channels is what pixel row y shows: the inverse for a click or a cursor. Nil
// outside.
func (r Rows) Channels(y int) []int {
	if y < 0 || y >= len(r.Of) {
		return nil
	}
	return r.Of[y]
}

// Row is the first pixel row that shows channel d, −1 when it is not shown.
func (r Rows) Row(d int) int {
	for y, of := range r.Of {
		if len(of) == 0 || d < of[0] || d > of[len(of)-1] {
			continue
		}
		if _, ok := slices.BinarySearch(of, d); ok {
			return y
		}
	}
	return -1
}

// Stretch repeats every row k times, to fill a tall panel with few channels.
func (r Rows) Stretch(k int) Rows {
	out := Rows{Title: r.Title, Red: r.Red}
	for _, of := range r.Of {
		for range k {
			out.Of = append(out.Of, of)
		}
	}
	return out
}

// Pick renames the channels: row by row, channel i becomes of[i]. It turns rows
// made for a few chosen channels into rows of all; of must be ascending.
func (r Rows) Pick(of []int) Rows {
	out := Rows{Of: make([][]int, len(r.Of)), Title: r.Title, Red: r.Red}
	for y, row := range r.Of {
		for _, i := range row {
			out.Of[y] = append(out.Of[y], of[i])
		}
	}
	return out
}

// Variance is the variance over time of each column of a row-major (T, D)
// array, what [TopK] picks by. NaN where a value is not finite; 0 for T = 0.
func Variance(data []float32, T, D int) []float64 {
	if T < 0 || D < 0 || len(data) < T*D {
		panic("heat: Variance wants T·D values")
	}
	mean, out := make([]float64, D), make([]float64, D)
	for t := range T { // Welford, a row at a time
		for d, v := range data[t*D : (t+1)*D] {
			delta := float64(v) - mean[d]
			mean[d] += delta / float64(t+1)
			out[d] += delta * (float64(v) - mean[d])
		}
	}
	if T > 0 {
		for d := range out {
			out[d] /= float64(T)
		}
	}
	return out
}
