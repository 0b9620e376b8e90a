// Package train teaches small Mambas the tasks of package task, in plain Go.
//
// A Recipe says everything that decides the outcome: task, dimensions, steps,
// learning rate, initialisation, ablations and the seed. Run follows it and
// tells an Observer what happens. The same recipe gives the same weights bit
// for bit, whatever the number of threads, within one kernel set of the CPU.
//
// # Letters
//
// As in package model: L steps, M = d_model, D = d_inner, N = d_state, R =
// dt_rank, K = d_conv, V = vocabulary.
//
// # The gradient
//
// Network is the forward pass of package model, operation by operation and to
// the bit, with what the way back needs kept: for each block its input, the
// output of in_proj, u, the rows of x_proj and dt_proj, y, and h at every 32nd
// step. The loss is the mean cross-entropy over the questions of a batch. The
// way back is a chain of scan.Differentiable's operations; nothing of size
// L·D·N exists.
//
// # Parallel and the same
//
// The sequences of a batch are shared out among replicas, each with a backend
// of its own that uses one thread. Each sequence's gradient is kept by itself,
// and all are added in the order of the batch: who computed which does not
// matter.
//
// # What is trained how
//
// AdamW with a linear warm-up and a cosine to a floor; the norm of the whole
// gradient is clipped. Weight decay acts on the projections in_proj, x_proj
// and out_proj and on a separate head. A_log, D, dt_proj, the convolution,
// biases, norms and the embedding have none.
//
// # Initialisation
//
// That of the released code, except where a Recipe says otherwise. With taps
// drawn uniformly (the released code) tasks are solved as fast, but Δ opens one
// to three tokens late, because the network picks a random tap to see an event;
// with the last tap near one and the others near zero, Δ opens on the event
// itself. That is the default.
//
// # Ablations
//
// All of them are zeros that stay zero, so an ablated model is a checkpoint
// like any other: without the convolution only the current tap is left; a
// constant Δ is softplus(bias), with dt_proj and its rows of x_proj zero. For a
// constant B or C, the last channel sees no token (its rows of in_proj are
// zero, its bias makes u = 1) and is the only one that the rows of B or C read:
// their weights there are the learned constants.
package train
