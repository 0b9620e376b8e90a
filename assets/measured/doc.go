// Package measured says what the trained built-in models do and do not do, in
// numbers: the same ones that choose a model among several seeds, that its card
// quotes, that the documentation tabulates and that tests compare with.
//
// Each number comes from sequences that training never drew, and those that a
// model is described by are others than those that it was chosen by: the best
// of several would otherwise look better than it is.
package measured
