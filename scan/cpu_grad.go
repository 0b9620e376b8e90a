package scan

import "math"

// gradState is what the backward operations of a cpu keep between calls: their
// kernels, the arguments of the operation under way, and scratch that grows to
// the largest shape and stays.
type gradState[T float] struct {
	kernels gradKernels[T]
	linear  linearGrad[T]
	conv    convGradJob[T]
	scan    scanGradJob[T]

	pre, sums []T // of ConvBackward
	sigmoids  []T // of ConvBackward: a row
	chunk     []T // of ScanBackward: each group's scratch
	partial   []T // of ScanBackward: each group's dB and dC
}

// gradKernels are the inner loops of the backward operations, beside those of
// kernels.
type gradKernels[T float] struct {
	// sigmoid is dst = 1/(1+exp(−x)).
	sigmoid func(dst, x []T)
	// replay runs one channel through a chunk again and keeps h and Ā of every
	// step; see replay32.
	replay func(r replayArgs[T])
	// norm is one row of RMSNormBackward.
	norm func(dx, dw, x, w, dy []T, eps float64, accumulate bool)
	// conv4 is the whole ConvBackward of four taps, or nil.
	conv4 convGrad[T]
	// fused is the whole ScanBackward under the released rule, or nil.
	fused gradScan[T]
}

// convGrad is a kernel set's own ConvBackward of four taps.
type convGrad[T float] interface {
	// room is the number of elements of convGradJob.pre for D channels.
	room(D int) int
	// run takes channels [from, to) back through all steps; from is a multiple of
	// scanBlock.
	run(j *convGradJob[T], from, to int)
}

// gradScan is a kernel set's own ScanBackward.
type gradScan[T float] interface {
	// room is the number of elements of scratch for a group of width channels.
	room(N, width int) int
	// group takes channels [from, to), at most a group, back through all steps
	// and writes their part of dB and dC (L, N).
	group(j *scanGradJob[T], scratch []T, from, to int, dB, dC []T)
}

// generic32Grad are the kernels of plain Go in float32.
func generic32Grad() gradKernels[float32] {
	return gradKernels[float32]{sigmoid: sigmoidRow32, replay: replay32, norm: normRowBackward[float32]}
}

func grad64() gradState[float64] {
	return gradState[float64]{kernels: gradKernels[float64]{sigmoid: sigmoidRow64, replay: replay64, norm: normRowBackward[float64]}}
}

// sigmoidRow32 is dst = 1/(1+exp(−x)).
func sigmoidRow32(dst, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = 1 / (1 + exp32(-v))
	}
}

// sigmoidRow64 is sigmoidRow32 in float64.
func sigmoidRow64(dst, x []float64) {
	for i, v := range x {
		dst[i] = 1 / (1 + math.Exp(-v))
	}
}

// slopes are Ā and the gain g of Coefficients with their derivatives by Δ and
// by A. With x = ΔA:
//
//	rule            ∂Ā/∂Δ          ∂Ā/∂A          ∂g/∂Δ          ∂g/∂A
//	released        A·exp(x)       Δ·exp(x)       1              0
//	zoh             A·exp(x)       Δ·exp(x)       exp(x)         Δ²·((x−1)exp(x)+1)/x²
//	bilinear        A/(1−x/2)²     Δ/(1−x/2)²     1/(1−x/2)²     Δ²/2/(1−x/2)²
//	euler           A              Δ              1              0
//	backward-euler  A/(1−x)²       Δ/(1−x)²       1/(1−x)²       Δ²/(1−x)²
func (r Rule) slopes(delta, a float64) (s slope) {
	x := delta * a
	s.abar, s.gain = r.Coefficients(delta, a)
	s.gainDelta = 1
	rise := s.abar // ∂Ā/∂x
	switch r {
	case ZOH:
		s.gainDelta = s.abar
		s.gainA = delta * delta * zohCurve(x)
	case Bilinear:
		rise = 1 / ((1 - x/2) * (1 - x/2))
		s.gainDelta = rise
		s.gainA = delta * delta / 2 * rise
	case Euler:
		rise = 1
	case BackwardEuler:
		rise = s.abar * s.abar
		s.gainDelta = rise
		s.gainA = delta * delta * rise
	}
	s.abarDelta, s.abarA = a*rise, delta*rise
	return s
}

// slope is what slopes returns.
type slope struct {
	abar, gain, abarDelta, abarA, gainDelta, gainA float64
}

// zohCurve is ((x−1)·exp(x)+1)/x², the derivative of (exp(x)−1)/x; for small
// |x| by its series Σ_k x^k/(k!·(k+2)), which loses no digits at 0.
func zohCurve(x float64) float64 {
	if math.Abs(x) > 1 {
		return ((x-1)*math.Exp(x) + 1) / (x * x)
	}
	sum, power := 0.0, 1.0 // power is x^k/k!
	for k := 0.0; k < 20; k++ {
		sum += power / (k + 2)
		power *= x / (k + 1)
	}
	return sum
}
