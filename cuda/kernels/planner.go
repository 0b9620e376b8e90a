package kernels

import "unsafe"

// Device is what a launch depends on.
type Device struct {
	SMs    int // multiprocessors
	CC     int // compute capability, 10·major + minor
	Shared int // bytes of shared memory a block may have at most, opt-in included
}

// View is a row-major matrix of float32 in device memory: element (r, c) is at
// the address Ptr + 4·(r·Stride + c).
type View struct {
	Ptr    uint64
	Stride int64
}

// Planner turns operations into launches. It belongs to one goroutine.
type Planner struct {
	Device   Device
	Launches []Launch

	// Of the tests: what gemmShape, streamShape and streamGradShape are to say.
	gemmWith       func(k int) (gemmTile, int)
	streamWith     func(L int) streamShape
	streamGradWith func(L int) (streamGradBlock, int)
}

// NewPlanner plans for a device.
func NewPlanner(d Device) *Planner { return &Planner{Device: d} }

// Reset forgets the launches and keeps their memory.
func (p *Planner) Reset() { p.Launches = p.Launches[:0] }

// maxArgs is the size of the largest argument struct, rounded up.
const maxArgs = 448 // of scanGradParams: 13 views and more

// Launch is one kernel launch.
type Launch struct {
	Entry  Entry
	Grid   [3]uint32
	Block  uint32 // threads, along x
	Shared uint32 // bytes of dynamic shared memory
	size   int
	args   [maxArgs / 8]uint64
}

// Args are the bytes of the kernel's one parameter; they live as long as the
// launch stays where it is.
func (l *Launch) Args() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&l.args)), l.size)
}

// add appends a launch whose parameter is *args.
func add[T any](p *Planner, e Entry, grid [3]int, block, shared int, args *T) {
	if n := len(p.Launches); n < cap(p.Launches) {
		p.Launches = p.Launches[:n+1]
	} else {
		p.Launches = append(p.Launches, Launch{})
	}
	l := &p.Launches[len(p.Launches)-1]
	l.Entry, l.Block, l.Shared = e, uint32(block), uint32(shared)
	for i, n := range grid {
		l.Grid[i] = uint32(n)
	}
	if l.size = int(unsafe.Sizeof(*args)); l.size > maxArgs {
		panic("kernels: an argument struct is larger than maxArgs")
	}
	*(*T)(unsafe.Pointer(&l.args)) = *args
}

// ceil is a/b rounded up.
func ceil(a, b int) int { return (a + b - 1) / b }

// mark is 1 for true.
func mark(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// powerOfTwo is the least power of two that is at least n, within [lo, hi],
// which are powers of two.
func powerOfTwo(n, lo, hi int) (size int, bits int32) {
	for 1<<bits < lo {
		bits++
	}
	for 1<<bits < n && 1<<bits < hi {
		bits++
	}
	return 1 << bits, bits
}
