// Package kernels holds the GPU programs of package cuda and decides how each
// operation of a Mamba block is launched.
//
// The sources are the *.cu files beside this one, in CUDA C++ without any
// toolkit header; `go generate` compiles them to the *.ptx files, which are
// committed and embedded, so that neither building nor running the program
// needs a compiler. The driver turns PTX into machine code when it is loaded. Most
// of it is for capability 7.5; what needs 8.0 is in modules of their own, and for 9.0
// and later Module.Early adds what early launches need.
//
// # How it is used
//
// A Planner turns an operation on device pointers into launches:
//
//	p := kernels.NewPlanner(kernels.Device{SMs: 132, CC: 90, Shared: 227 << 10})
//	p.Reset()
//	p.RMSNorm(dst, x, w, L, cols, eps)
//	p.Linear(kernels.LinearArgs{...})
//	for i := range p.Launches { l := &p.Launches[i]; launch(l.Entry, l.Grid, l.Block, l.Shared, l.Args()) }
//
// Launches run in the order of the list on one stream. A launch has one
// parameter: a struct passed by value, whose bytes Args gives. Nothing in it
// refers to the host, so a list can be captured into a CUDA graph and replayed
// with other contents of the same buffers.
//
// Shapes are the caller's to check. Pointers are device addresses of the first
// element (a view's offset is already added); strides and sizes are elements
// and 64 bits wide; a zero pointer is "absent". Every kernel is deterministic:
// there are no atomic operations, and what is summed across blocks is written
// apart and added in order.
//
// Work is scratch memory of at least as many bytes as the …Work method of the
// same name says for the same arguments. It is written before it is read; the
// same memory serves all operations of a stream.
//
// NOTES.md has the floors, what each kernel was expected to take and what was
// measured.
package kernels
