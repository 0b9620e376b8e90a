package trace

import (
	"cmp"
	"fmt"
	"slices"
)

// Report is what Verify found.
type Report struct {
	Steps     int // rows compared, those rolled back included
	Keyframes int // compared
	Backend   string
	Recorded  string // the backend that recorded
	// First is the first difference in the order of the file; nil: none, the
	// two are bit-exact.
	First *Difference
	// Worst has the largest relative difference of each array, max|a−b| over
	// max|b| of a layer over all steps, where a is computed and b recorded.
	Worst []Worst

	compared bool // some array, and not checksums alone
}

// Difference is where two runs first differ.
type Difference struct {
	Branch, Step, Layer int
	Array               string // "delta", …; "h_crc" where nothing but the checksum tells
	Got, Want           float32
	block, row          int
}

func (d *Difference) String() string {
	if d.Array == fieldHCRC {
		return fmt.Sprintf("step %d of branch %d: h has another checksum", d.Step, d.Branch)
	}
	return fmt.Sprintf("step %d of branch %d, layer %d: %s is %g, recorded %g", d.Step, d.Branch, d.Layer, d.Array, d.Got, d.Want)
}

// Worst is the largest difference of an array.
type Worst struct {
	Array string
	Layer int
	Abs   float64 // max|a−b|
	Rel   float64 // max|a−b| / max|b|
	Step  int     // where Abs was
}

// Exact says that every bit was the same.
func (r *Report) Exact() bool { return r.First == nil }

// Within says that no array differs by more than tolerance, relative to its
// largest value. Where nothing but checksums of h tell of a difference, it is not
// known how large it is, and Within is false.
func (r *Report) Within(tolerance float64) bool {
	if r.Exact() {
		return true
	}
	if !r.compared {
		return false
	}
	for _, w := range r.Worst {
		if !(w.Rel <= tolerance) {
			return false
		}
	}
	return true
}

// Largest is the array with the largest relative difference.
func (r *Report) Largest() (Worst, bool) {
	if len(r.Worst) == 0 {
		return Worst{}, false
	}
	return slices.MaxFunc(r.Worst, func(a, b Worst) int { return cmp.Compare(a.Rel, b.Rel) }), true
}
