// Package bench measures whole models: one token and a prompt, on the small
// shape of the built-in models and on that of mamba-130m with random weights.
// The rows are package scan/bench's.
//
// FLOP are counted by formula: 2 for every weight of a matrix and every token,
// and those of the scan; norms, convolution and activations are not counted. The
// bytes of a decoded token are those of the weights it reads, once each, in the
// size of their format, and of the state twice.
package bench
