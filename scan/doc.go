// Package scan is the selective scan of Mamba (Gu and Dao, arXiv 2312.00752) as
// a library of parts: the equations in float64, the operations of a Mamba block
// on a CPU, and what the same mathematics says about kernels, attention and
// memory.
//
// # Letters
//
//	L  steps (tokens) of a sequence          t, s  a step
//	D  channels (d_inner)                    d     a channel
//	N  states a channel (d_state)            n     a state
//	K  taps of the short convolution
//
//	u  (L, D)  input                    Δ  (L, D)  step size, positive
//	A  (D, N)  decay, negative          B  (L, N)  what may enter h
//	C  (L, N)  what may leave h         D  (D)     skip, here called Skip
//	z  (L, D)  gate                     h  (D, N)  state
//	y  (L, D)  output
//
// B and C are shared by all channels, Δ is a channel's own, A is each cell's.
//
// # The recurrence
//
// A continuous system h' = A·h + B·u, y = C·h becomes a step (eq. 2)
//
//	h[d,n] = Ā·h[d,n] + B̄·u[t,d]
//	y[t,d] = (Σ_n C[t,n]·h[d,n] + Skip[d]·u[t,d]) · SiLU(z[t,d])
//
// with Ā = Ā(Δ[t,d], A[d,n]) and B̄ = g(Δ[t,d], A[d,n])·B[t,n], where Δ may be
// computed first as softplus(Delta + Bias) = log(1 + exp(·)), linear above 20
// as in the released kernel, and SiLU(z) = z/(1 + exp(−z)).
//
// # Discretisation rules
//
//	id              Ā                    g = B̄/B              limit A → 0
//	released        exp(ΔA)              Δ                    1, Δ
//	zoh             exp(ΔA)              (exp(ΔA)−1)/A        1, Δ
//	bilinear        (1+ΔA/2)/(1−ΔA/2)    Δ/(1−ΔA/2)           1, Δ
//	euler           1+ΔA                 Δ                    1, Δ
//	backward-euler  1/(1−ΔA)             Δ/(1−ΔA)             1, Δ
//
// The paper's text is zoh (eq. 4). The released code, and with it every real
// checkpoint, is released: the exponential for Ā and Euler's rule for B̄. The
// two differ most where selection is strongest: at A = −1, Δ = 20 the gain g is
// 1 under zoh and 20 under released. Theorem 1 (h = (1−σ)h + σu for N = 1,
// A = −1, B = 1) is a statement about zoh and false for released.
//
// As Δ → ∞ a rule can forget or not: Ā → 0 exponentially under released and
// zoh, like 1/Δ under backward-euler; it tends to −1 under bilinear, which
// remembers with alternating sign, and is unbounded under euler. As Δ → 0 every
// rule keeps h.
//
// # Resets
//
// A step with the mark ResetState starts from h = +0: the old state is not an
// operand, so neither NaN nor Inf in it survives. A step with ResetConv starts
// from an empty convolution window. With both, sequences stitched together give
// what they give apart (§3.5.2), bit for bit on a path that is serial in time.
//
// # Memory
//
// Inputs and outputs are (L, D); the states between them would be (L, D, N). A
// Backend never materialises those (§3.3.2): it carries h through the steps and
// writes it only where a ScanTap asks.
//
// # Parts
//
//   - Reference: the recurrence in float64, to be read and to be held against.
//   - Backend, and NewCPU for the host: Embed, RMSNorm, Linear, Conv, Softplus
//     and the fused Scan, in float32 or float64. Each output is summed in one
//     fixed order, so one call, a step at a time and any split into calls agree
//     bit for bit, for any number of threads.
//   - KernelSet: the inner loops of float32 in plain Go, AVX2 or AVX-512, chosen
//     by the processor's features or by Options.Kernels. Other architectures
//     than amd64, and builds with the tag noasm, have plain Go alone. Each set
//     keeps the promise above by itself; between sets results agree to rounding.
//   - Differentiable: the same operations backwards, for training. The scan's
//     keeps h at every 32nd step and recomputes the rest.
//   - Capturer: a run of operations that is checked once and launched many times,
//     which a CPU and a device have; LateReader and Chunker: what a Backend whose
//     memory is a device's may offer beside, and ErrNoMemory and ErrLost, what
//     happens there.
//   - LTI: with constant Δ, B, C the recurrence is a convolution; Convolve and
//     ConvolveFFT show it.
//   - Channel: where an output comes from (Attention) and where a cell of the
//     state comes from (Provenance).
//
// # Kernel sets
//
// On amd64 the float32 operations are assembly where the processor has AVX2 with
// FMA, or AVX-512; package internal/asm holds it, and its generator. No
// instruction with an approximate result is used, so a set gives the same bits
// on every machine that has it. A register holds one state of many channels and
// goes through the steps with softplus, the exponential, the update, C·h, skip
// and gate in between; a single step of sixteen states holds a channel's states
// instead, and gives the same bits. Σ_n C·h is four sums over every fourth n,
// added as (0+1)+(2+3); in plain Go it is one sum in the order of n.
//
// Subnormal numbers (below 2^-126): in the assembly sets an operand that is
// subnormal counts as zero and a result that would be is zero, in Scan, Conv of
// four taps, Softplus and their backward operations. A state that fades reaches
// exactly 0. RMSNorm, Linear and every operation of plain Go keep subnormal
// numbers, as the reference does; a fading state then costs some fifteen times
// as much time a step. What an operation loses is below 2^-126, and nothing
// divides by it. The caller's own arithmetic is not changed.
//
// Package scantest is the suite that every Backend must pass. Benchmarks are
// recorded in assets/docs/bench-scan.md.
package scan
