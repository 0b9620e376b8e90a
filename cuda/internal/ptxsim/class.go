package ptxsim

import (
	"fmt"
	"strings"
)

// Class is a group of instructions that share a unit of a GPU.
type Class uint8

// The classes.
const (
	FMA     Class = iota // float32 add, multiply, fma
	MUFU                 // special function unit: ex2, rcp, …; a quarter of the rate
	ALU                  // integers, comparisons, selections, conversions
	Shared               // loads and stores of shared memory
	Global               // of global memory
	Shuffle              // shuffles and votes
	Barrier
	Control // branches
	Move    // moves, parameter loads and sign changes, which ptxas mostly removes
	Address // 64-bit integers
	Tensor  // matrix instructions of a warp
	numClasses
)

var classNames = [numClasses]string{"fma", "mufu", "alu", "shared", "global", "shuffle", "barrier", "control", "move", "address", "tensor"}

// String is the name of the class.
func (c Class) String() string { return classNames[c] }

// Counts is what a launch executed.
type Counts struct {
	// Issued counts instructions of warps, times 32: lanes that were switched off
	// cost as much as those that were on.
	Issued [numClasses]int64
	// SharedBytes and GlobalBytes are moved by lanes that were on.
	SharedBytes, GlobalBytes int64
}

// Add adds o.
func (c *Counts) Add(o Counts) {
	for i, n := range o.Issued {
		c.Issued[i] += n
	}
	c.SharedBytes += o.SharedBytes
	c.GlobalBytes += o.GlobalBytes
}

// Work is everything but moves and 64-bit addresses, which ptxas mostly folds
// into other instructions.
func (c Counts) Work() int64 {
	var sum int64
	for i, n := range c.Issued {
		if Class(i) != Move && Class(i) != Address {
			sum += n
		}
	}
	return sum
}

// Per is a line of the counts divided by n, such as the elements of a scan.
func (c Counts) Per(n float64) string {
	var b strings.Builder
	for i, k := range c.Issued {
		if k != 0 {
			fmt.Fprintf(&b, "%s %.2f ", Class(i), float64(k)/n)
		}
	}
	fmt.Fprintf(&b, "| work %.2f | bytes: shared %.2f global %.2f",
		float64(c.Work())/n, float64(c.SharedBytes)/n, float64(c.GlobalBytes)/n)
	return b.String()
}
