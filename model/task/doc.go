// Package task holds the synthetic tasks that show what a selective state
// space model does, and models whose weights were written by hand to solve
// them.
//
// A task is a way to draw sequences, and for some of their tokens the one right
// answer:
//
//	header             ¶ h noise … ? → h     the first token of the current document
//	majority           ¶ a b . a → a         the symbol seen most often in the current document
//	recall             ¶ a 3 b 5 ? a → 3     the value a key has in the current document
//	induction          … S M … S → M         the token that followed the special key S (§4.1.2)
//	selective-copying  …a..b.c… ??? → abc    the data among the noise, in order (§4.1.1)
//	copying            abc…… ??? → abc       the same with the data always at the beginning
//	chars              a text → its next character
//
// In the first ones something must be kept over any amount of noise, and then
// be dropped at once when the next document or pair comes: memory and reset,
// the two ends of the same Δ. In selective copying only the data may enter;
// plain copying is there to compare, for it needs no selection.
//
// Sequence i of a seed is always the same (Nth). List describes every task,
// ByName and Open make one by its name.
//
// InductionExact and HeaderExact build models in the exact parameterisation
// of released checkpoints. Nothing in them is learned and nothing is special:
// they run through package model like any other weights.
package task
