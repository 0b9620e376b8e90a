// Package asm holds the inner loops of package scan in assembly: a file a
// family (rows, conv, scan, …), in it each kernel once for AVX-512 (name512) and once
// for AVX2 with FMA (name256). Nothing else imports it; package scan says which
// set runs and checks every length before it calls.
//
// The .s files and their stubs are generated, by the programs in gen, a module
// of its own so that the generator is no dependency of the program:
//
//	go generate ./scan/internal/asm
//
// # Rules that hold for every kernel
//
//   - One element is computed by the same operations in the same order wherever
//     it stands: in a full vector or in a tail, in a long call or in a short one.
//     Vectors run across channels or across outputs, never along a sum.
//   - Nothing beyond the given elements is read or written: tails are masked.
//   - A sum along a row of a matrix (linear) has one accumulator and takes its
//     terms from the first to the last, with fused multiply-adds.
//   - Kernels of activations (conv, grad, scan, and rows but for RMSNorm) run with
//     FTZ and DAZ set: an operand that is subnormal counts as zero, a result that
//     would be is zero. A state that fades for long would otherwise cost a hundred
//     cycles an operation. The caller's MXCSR is restored.
//   - No instruction with an approximate result (VRCP, VRSQRT): a kernel gives the
//     same bits on every processor that runs it.
package asm

//go:generate go -C gen run ./rows -out ../rows_amd64.s -stubs ../rows_amd64.go -pkg asm
//go:generate go -C gen run ./linear -out ../linear_amd64.s -stubs ../linear_amd64.go -pkg asm
//go:generate go -C gen run ./scan -out ../scan_amd64.s -stubs ../scan_amd64.go -pkg asm
//go:generate go -C gen run ./conv -out ../conv_amd64.s -stubs ../conv_amd64.go -pkg asm
//go:generate go -C gen run ./grad -out ../grad_amd64.s -stubs ../grad_amd64.go -pkg asm
//go:generate go -C gen run ./limits -out ../limits_amd64.s -stubs ../limits_amd64.go -pkg asm
