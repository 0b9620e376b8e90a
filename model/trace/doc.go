// Package trace is the file of a session: what a Mamba read, what it computed
// and what was done to it, as an .npz that NumPy opens.
//
// # What is in it
//
// One step of a selective scan is
//
//	h = exp(Δ⊗A)⊙h + (Δ⊗B)·u
//
// so Δ, u, B and C of every step (the drive), A, and one state give every later
// state, N times larger than what was kept. The paper keeps B·L·D in memory and
// computes the states of size B·L·D·N a second time (§3.3.2); a trace does the
// same on disk. As in a film there are full pictures (keyframes: h and the
// convolution's window) and what changes from one to the next (the drive).
//
//	trace.json           format, version, model, backend, dimensions, level
//	model/…              the weights, where they are small: a checkpoint's two files
//	A.npy D.npy          (L, D, N) and (L, D)
//	key/00000003.npy     the state before a step
//	step/00000004.npy    consecutive steps of one branch, a row each
//	event/00000005.json  an operation, written before the steps it leads to
//	index.json           only after Close: a summary for people
//
// The number in a name counts members, so that names in order are time in order.
// Everything is written once and never changed: rolling back and branching add
// rows. See assets/docs/trace-format.md for every field.
//
// # Letters
//
// L layers, D channels (d_inner), N states, K taps of the convolution, V the
// vocabulary; T steps. Arrays are row-major, little-endian float32.
//
// # Who uses what
//
// A Recorder is a session.Observer that writes; Open reads, also what a killed
// program left; a Player is a session.Machine made of a trace alone; Verify
// computes a trace again with the weights and says "bit-exact", or where it
// first differs.
package trace
