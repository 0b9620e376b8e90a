package scan

import (
	"fmt"
	"runtime"
)

// Options choose a CPU backend.
type Options struct {
	// DType of activations and weights: Float32 (the zero value) is fast,
	// Float64 is the oracle that every other backend is compared with.
	DType DType
	// Threads is the most goroutines one operation uses; 0 means GOMAXPROCS,
	// and more than GOMAXPROCS are never used. Results do not depend on it.
	Threads int
	// Kernels forces a kernel set; the zero value takes the best there is.
	// Float64 has the generic set only. See KernelSet.Check.
	Kernels KernelSet
	// Weights is how the matrices of Linear are kept in memory; the zero value
	// keeps them as they are. Sums are in DType in every format.
	Weights WeightFormat
}

// backend keeps the embedded field of CPU out of its documentation.
type backend = Differentiable

// CPU computes on the host. Operations are finished when they return, so Read
// and Sync never wait. It allocates nothing in a one-token call.
type CPU struct{ backend }

// NewCPU opens a CPU backend. A DType that is neither Float32 nor Float64 and a
// kernel set that the machine lacks are programming errors and panic: ask
// KernelSet.Check first where a user names the set.
func NewCPU(o Options) *CPU {
	threads := runtime.GOMAXPROCS(0)
	if o.Threads > 0 && o.Threads < threads {
		threads = o.Threads
	}
	if err := o.Kernels.Check(); err != nil {
		panic("scan: NewCPU: " + err.Error())
	}
	if int(o.Weights) >= len(weightFormatIDs) {
		panic("scan: NewCPU: Weights must be WeightsF32, WeightsBF16 or WeightsF16")
	}
	switch o.DType {
	case Float32:
		set := o.Kernels
		if set == BestKernels {
			set = bestKernels()
		}
		return &CPU{newHost(threads, o.Weights, &cpu[float32]{dtype: Float32, kernels: kernels32(set), grad: gradState[float32]{kernels: gradKernels32(set)}})}
	case Float64:
		return &CPU{newHost(threads, o.Weights, &cpu[float64]{dtype: Float64, kernels: generic64(), grad: grad64()})}
	}
	panic("scan: NewCPU: DType must be Float32 or Float64")
}

// newHost completes c with what does not depend on its type. Its workers end
// with Close, or with c itself where an owner forgot it.
func newHost[T float](threads int, weights WeightFormat, c *cpu[T]) *cpu[T] {
	c.threads, c.weights, c.pool = threads, weights, newPool(threads)
	if weights != WeightsF32 {
		c.kernels.name += ", " + weights.String() + " weights"
	}
	runtime.AddCleanup(c, (*pool).close, c.pool)
	return c
}

// float is what activations and weights are made of.
type float interface{ float32 | float64 }

// cpu is the backend of one element type. Every operation exists once, over T;
// what differs between types and instruction sets is in kernels.
type cpu[T float] struct {
	dtype   DType
	threads int
	pool    *pool
	weights WeightFormat
	kernels kernels[T]

	// The arguments of the operation under way, kept here so that handing them
	// to workers allocates nothing.
	linear product[T]
	conv   convJob[T]
	scan   scanJob[T]
	grad   gradState[T] // of the backward operations, likewise

	tape *tape[T] // being recorded, or nil

	zeros  []T // a row of zeros: what a cleared convolution window holds
	steps  []T // a row of Δ after softplus, each part of a Scan in its own channels
	packed []T // what a fused scan lays out, each part in its own channels
}

// kernels are the inner loops of a kernel set. Each works on one row (one step),
// so a step and a chunk run the same code and agree bit for bit.
type kernels[T float] struct {
	name   string
	matrix matrixKernels[T]
	// softplus is dst = log(1+exp(x+bias)), and x+bias above 20; bias may be nil.
	softplus func(dst, x, bias []T)
	// silu is x = x/(1+exp(−x)).
	silu func(x []T)
	// gate is y = y·silu(z).
	gate func(y, z []T)
	// norm is dst = x / sqrt(mean(x²) + eps) · w; dst may be x.
	norm func(dst, x, w []T, eps float64)
	// conv4 convolves channels [from, to) of a Conv of four taps, or is nil.
	conv4 func(j *convJob[T], from, to int)
	// advance moves one channel by one step, for each rule:
	// h[n] = Ā(Δ,a[n])·h[n] + g(Δ,a[n])·u·b[n], returning Σ_n c[n]·h[n].
	advance [numRules]func(h, a, b, c []T, delta, u T) T
	// fused is the whole scan, or nil: then it is made of the above.
	fused fusedScan[T]
}

// Name implements Backend.
func (c *cpu[T]) Name() string { return c.kernels.name }

// DType implements Backend.
func (c *cpu[T]) DType() DType { return c.dtype }

// Alloc implements Backend. It fails for a negative n and an unknown type.
func (c *cpu[T]) Alloc(t DType, n int) (Buffer, error) {
	c.unrecorded()
	if n < 0 {
		return nil, fmt.Errorf("scan: cannot allocate %d elements: the least is 0", n)
	}
	switch t {
	case Float32:
		return &hostBuffer[float32]{dtype: t, data: make([]float32, n)}, nil
	case Float64:
		return &hostBuffer[float64]{dtype: t, data: make([]float64, n)}, nil
	case Int32:
		return &hostBuffer[int32]{dtype: t, data: make([]int32, n)}, nil
	}
	return nil, fmt.Errorf("scan: cannot allocate dtype %d: the last known is %d", t, Int32)
}

// Sync implements Backend: everything has already happened.
func (c *cpu[T]) Sync() error {
	c.unrecorded()
	return nil
}

// Close implements Backend. Buffers belong to their owners and stay usable,
// and operations still work, on the caller's goroutine alone.
func (c *cpu[T]) Close() error {
	c.pool.close()
	c.zeros, c.steps, c.packed = nil, nil, nil
	// What the last operation was handed must not outlive its owner.
	c.linear, c.conv, c.scan = product[T]{}, convJob[T]{}, scanJob[T]{}
	c.grad = gradState[T]{kernels: c.grad.kernels}
	return nil
}

// zeroRow is n zeros that nobody writes to.
func (c *cpu[T]) zeroRow(n int) []T {
	c.zeros = grown(c.zeros, n)
	return c.zeros[:n]
}

// grown is row with at least n elements: itself, or a new row of zeros.
func grown[T float](row []T, n int) []T {
	if len(row) < n {
		return make([]T, n)
	}
	return row
}
