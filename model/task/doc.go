// Package task holds the synthetic tasks that show what a selective state
// space model does, and models whose weights were written by hand to solve
// them.
//
// A task is a way to draw sequences, and for some of their tokens the one right
// answer:
//
//	induction  … S M … S → M           the token that followed the special key S (§4.1.2)
//	header     ¶ h noise … ? → h       the first token of the current document
//
// In both, one token must be kept over any amount of noise, and then be
// dropped at once when the next one comes: memory and reset, the two ends of
// the same Δ.
//
// InductionExact and HeaderExact build models in the exact parameterisation
// of released checkpoints. Nothing in them is learned and nothing is special:
// they run through package model like any other weights.
package task
