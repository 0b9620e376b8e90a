// Package history is what is known of a training run over its steps: the
// curves of every step, the evaluations, and probes: what Δ, B, C and the
// state do on one fixed sequence at that moment. It draws nothing.
//
// A Recorder stands between train.Run and whoever watches. It is a
// train.Observer and a train.Store, measures probes in the goroutine of the
// training, publishes an immutable History, and writes the log of the run. It
// is also where a run is paused and where a checkpoint is asked for.
//
// # The log
//
// A run's log, probes.jsonl in its folder, is a file of JSON objects, one a line, each with a "kind":
//
//	run         first; the recipe, the model's dimensions and the probe's tokens
//	steps       the curves since the line before, as arrays of equal length
//	evaluation  a measurement on fresh sequences
//	probe       Δ (T, D), B and C (T, N), kept (T) of each layer
//	end         the run is over
//
// Matrices are little-endian IEEE 754 half precision in base64; in Python
// np.frombuffer(base64.b64decode(s), "<f2"). A run that was resumed has several
// "run" lines; a line of a step that was there already replaces it and what
// came after. A line that is not whole (the process was killed) ends the log.
//
// Live probes are rounded to half precision too: what a log shows is what was
// on the screen.
package history
