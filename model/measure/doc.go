// Package measure counts how many of a task's questions a model answers right,
// at any length, and says how sure the count is.
//
// Lengths from 2^6 to 2^20 tell where memory ends. A sequence is streamed: a
// chunk of tokens at a time, with the state carried over, so that beyond the
// token ids themselves the memory does not depend on its length.
//
// # The same numbers again
//
// Sequence i of a seed is always the same one (task.Nth), each is computed by
// one goroutine on a backend with one thread, and what they give is added in
// the order of i: the results do not depend on the number of threads.
package measure
