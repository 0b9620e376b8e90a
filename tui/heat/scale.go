package heat

import "math"

// Scale is how a value is placed between the ends of a range.
type Scale uint8

// Scales.
const (
	Linear    Scale = iota // (v − min) / (max − min)
	Log                    // the same of log v; v ≤ 0 is at the bottom
	Symmetric              // linear, zero in the middle, the same limit on both sides
	SymLog                 // zero in the middle, sign(v)·log(1 + |v|/c) with c a thousandth of the limit
)

// String is the scale's short name, as the colourbar prints it.
func (s Scale) String() string {
	switch s {
	case Linear:
		return "lin"
	case Log:
		return "log"
	case Symmetric:
		return "sym"
	case SymLog:
		return "symlog"
	}
	return "unknown scale"
}

// Signed says whether the scale has zero in its middle and wants a diverging map.
func (s Scale) Signed() bool { return s == Symmetric || s == SymLog }

// symLogKnee is the share of the limit below which [SymLog] is nearly linear.
const symLogKnee = 1e-3

// logSpan is the widest ratio of max to min that a [Log] range takes when Min is
// not positive.
const logSpan = 1e6

// Range is a span of values and how it is laid out.
type Range struct {
	Min, Max float64
	Scale    Scale
}

// Limit is the largest magnitude of the range: the end of a signed scale.
func (r Range) Limit() float64 { return math.Max(math.Abs(r.Min), math.Abs(r.Max)) }

// logMin is the lower end of a logarithmic range, always positive if Max is.
func (r Range) logMin() float64 {
	if r.Min > 0 && r.Min < r.Max {
		return r.Min
	}
	return r.Max / logSpan
}

// Level places v in the range: 0 at the bottom, 1 at the top, clamped, and 0.5
// for zero on a signed scale. NaN gives −1. A range without width puts values up
// to Min at the bottom and others at the top (on a signed scale: zero in the
// middle, others at the ends).
func (r Range) Level(v float64) float64 {
	if math.IsNaN(v) {
		return -1
	}
	switch r.Scale {
	case Log:
		lo := r.logMin()
		switch {
		case v <= 0 || v <= lo:
			return 0
		case v >= r.Max:
			return 1
		}
		return math.Log(v/lo) / math.Log(r.Max/lo)
	case Symmetric, SymLog:
		m := r.Limit()
		switch {
		case v == 0:
			return 0.5
		case math.Abs(v) >= m || math.IsNaN(m):
			return (math.Copysign(1, v) + 1) / 2
		case r.Scale == Symmetric:
			return 0.5 + 0.5*v/m
		}
		t := math.Log1p(math.Abs(v)/m/symLogKnee) / math.Log1p(1/symLogKnee)
		return 0.5 + 0.5*math.Copysign(t, v)
	}
	switch {
	case v <= r.Min || math.IsNaN(r.Min) || math.IsNaN(r.Max):
		return 0
	case v >= r.Max:
		return 1
	}
	// Halved, so that a span over all of float64 does not overflow.
	return min(1, (v/2-r.Min/2)/(r.Max/2-r.Min/2))
}

// Value is the value at a level in 0..1, the inverse of Level inside the range.
func (r Range) Value(level float64) float64 {
	switch r.Scale {
	case Log:
		lo := r.logMin()
		if !(lo > 0) {
			return r.Max
		}
		return lo * math.Pow(r.Max/lo, level)
	case Symmetric:
		return (2*level - 1) * r.Limit()
	case SymLog:
		t := 2*level - 1
		c := symLogKnee * r.Limit()
		return math.Copysign(c*math.Expm1(math.Abs(t)*math.Log1p(1/symLogKnee)), t)
	}
	return r.Min*(1-level) + r.Max*level
}

// Pixel is v as a raster pixel: 0 for NaN, else 1..255.
func (r Range) Pixel(v float64) uint8 {
	l := r.Level(v)
	if l < 0 {
		return 0
	}
	return uint8(1 + math.Round(254*l))
}
