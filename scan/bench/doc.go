// Package bench measures this machine: what it can do at most, what the scan
// and the matrices of package scan reach of that, and how the scan compares
// with other ways to look back over a sequence, as the paper's Figure 8 does on
// a GPU.
//
// Every figure is a Row: the best of several repetitions, by the clock that the
// row names.
// FLOP and bytes are counted by formula, never measured:
//
//	scan         L·D·(17·N + 3): ΔA 1, exp 11, update 3, C·h 2 a state; D·u and
//	             the sum 3; softplus and gate are not counted
//	             bytes 4·(4·L·D + 2·L·N + 3·D·N): u, Δ, z, y, B, C, A, h twice
//	  every h    4·L·D·N bytes more
//	linear       2·L·Out·In; bytes of W, x and y once each
//	convolution  D·(3·2.5·n·log2 n + 3·n), n ≥ 2L−1 a power of two: three real
//	             FFTs and the product; bytes 8·D·(3·L + 3·n)
//	attention    4·D·L·(L+1)/2: q·k and p·v over the past; bytes 4·4·L·D
//
// A share is that of the machine's limit for the same kernel set and the same
// number of threads, measured in the same run; it can be above one where the
// machine was busier while the limit was measured.
package bench
