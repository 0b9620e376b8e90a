package heat

import "math"

// AutoRange follows data with a range that a reader can trust: it grows at once,
// shrinks slowly, and stands on round numbers, so that a picture does not
// change colours from frame to frame. The zero value is ready, on a linear
// scale. Values that are not finite are passed over.
//
// A linear range starts at 0 unless there are negative values. A logarithmic
// one starts at the smallest positive value, six decades below the largest at
// most. Signed scales have the same limit on both sides.
type AutoRange struct {
	Scale  Scale
	Frozen bool // the range stays as it is; nothing is observed

	hi, lo     follower // largest value, largest of −value
	small      float64  // smallest positive value, for Log
	seen       bool
	shown      Range
	shownScale Scale
}

// Shrinking: an extreme is held for holdFrames observations after it was last
// reached, then decays with a half-life of halfFrames.
const (
	holdFrames = 40
	halfFrames = 40
)

// follower is a peak that grows at once and decays after a while.
type follower struct {
	peak float64
	held int
}

func (f *follower) observe(v float64) {
	if v >= f.peak {
		f.peak, f.held = v, 0
		return
	}
	if f.held++; f.held > holdFrames {
		f.peak = math.Max(v, f.peak*math.Exp2(-1.0/halfFrames))
	}
}

// Observe takes the values of a new frame into account, and also: values that
// are not shown but belong to the same scale.
func (a *AutoRange) Observe(values []float32, also ...float32) {
	if a.Frozen {
		return
	}
	hi, lo, small := 0.0, 0.0, math.Inf(1)
	found := false
	look := func(v32 float32) {
		v := float64(v32)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
		found = true
		switch {
		case v > 0:
			hi, small = math.Max(hi, v), math.Min(small, v)
		case v < 0:
			lo = math.Max(lo, -v)
		}
	}
	for _, v := range values {
		look(v)
	}
	for _, v := range also {
		look(v)
	}
	if !found {
		return
	}
	a.hi.observe(hi)
	a.lo.observe(lo)
	switch {
	case !a.seen || small < a.small:
		a.small = small
	case !math.IsInf(small, 1):
		a.small = math.Min(small, a.small*math.Exp2(1.0/halfFrames))
	}
	a.seen = true
	a.shown, a.shownScale = a.target(), a.Scale
}

// target is the range that the followers ask for, on round numbers.
func (a *AutoRange) target() Range {
	hi, lo := roundUp(a.hi.peak), roundUp(a.lo.peak)
	switch a.Scale {
	case Symmetric, SymLog:
		m := math.Max(hi, lo)
		if m == 0 {
			m = 1
		}
		return Range{Min: -m, Max: m, Scale: a.Scale}
	case Log:
		if hi == 0 {
			return Range{Min: 1 / logSpan, Max: 1, Scale: Log}
		}
		low := math.Max(decadeDown(a.small), hi/logSpan)
		if low >= hi { // one power of ten is all that was seen
			low = hi / 10
		}
		return Range{Min: low, Max: hi, Scale: Log}
	}
	if hi == 0 && lo == 0 {
		hi = 1
	}
	return Range{Min: 0 - lo, Max: hi, Scale: Linear}
}

// Range is the range to draw with. Before anything was observed it is 0..1, or
// −1..1 on a signed scale.
func (a *AutoRange) Range() Range {
	if !a.seen || a.shownScale != a.Scale {
		return a.target()
	}
	return a.shown
}

// Reset forgets everything observed; Scale and Frozen stay.
func (a *AutoRange) Reset() { *a = AutoRange{Scale: a.Scale, Frozen: a.Frozen} }

// roundUp is the next of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 times a power of ten
// that is not below v; 0 for v ≤ 0.
func roundUp(v float64) float64 {
	if !(v > 0) {
		return 0
	}
	e := math.Floor(math.Log10(v))
	for _, step := range [...]float64{1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 20} {
		// Powers of ten below one are divided by, to give 0.3 and not 0.30000000000000004.
		r := step * math.Pow(10, e)
		if e < 0 {
			r = step / math.Pow(10, -e)
		}
		if r >= v*(1-1e-12) && r > 0 && !math.IsInf(r, 0) {
			return r
		}
	}
	return v
}

// decadeDown is the power of ten at or below v.
func decadeDown(v float64) float64 {
	if !(v > 0) || math.IsInf(v, 0) {
		return 0
	}
	return math.Pow(10, math.Floor(math.Log10(v)+1e-12))
}
