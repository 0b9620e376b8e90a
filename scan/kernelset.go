package scan

import (
	"fmt"
	"strings"
)

// KernelSet says which instructions the inner loops of a float32 CPU backend
// are made of. Sets sum and round differently, so results agree between sets
// only to rounding; within a set one call, a step at a time and any split agree
// bit for bit, and AVX2 and AVX512 give the same bits on every machine that has
// them.
type KernelSet uint8

// The kernel sets.
const (
	// BestKernels is the fastest set that this machine has: what one wants
	// unless results must not depend on the machine.
	BestKernels KernelSet = iota
	// Generic is plain Go, the same bits on every amd64 machine.
	Generic
	// AVX2 needs AVX2 and FMA.
	AVX2
	// AVX512 needs AVX-512 F, DQ, BW and VL.
	AVX512
)

// kernelSetIDs are the names of the sets in flags and in Backend.Name.
var kernelSetIDs = [...]string{"best", "generic", "avx2", "avx512"}

// String is the id of the set: best, generic, avx2 or avx512.
func (k KernelSet) String() string {
	if int(k) >= len(kernelSetIDs) {
		return fmt.Sprintf("kernelset(%d)", uint8(k))
	}
	return kernelSetIDs[k]
}

// ParseKernelSet is the set with the given id; the empty id is BestKernels. It
// does not say whether this machine has it: see Check.
func ParseKernelSet(id string) (KernelSet, error) {
	if id == "" {
		return BestKernels, nil
	}
	for k, s := range kernelSetIDs {
		if s == id {
			return KernelSet(k), nil
		}
	}
	return 0, fmt.Errorf("scan: unknown kernel set %q: use one of %s", id, strings.Join(kernelSetIDs[1:], ", "))
}

// KernelSets lists the sets that this machine and this build have, the fastest
// last. Generic is always among them.
func KernelSets() []KernelSet {
	var have []KernelSet
	for _, k := range []KernelSet{Generic, AVX2, AVX512} {
		if k.Check() == nil {
			have = append(have, k)
		}
	}
	return have
}

// Check returns an error that says what this machine or this build lacks for
// the set, or nil.
func (k KernelSet) Check() error {
	switch {
	case int(k) >= len(kernelSetIDs):
		return fmt.Errorf("scan: there is no kernel set %d: the last is %d", uint8(k), AVX512)
	case k <= Generic:
		return nil
	}
	if lacks := lacking(k); lacks != "" {
		return fmt.Errorf("scan: kernel set %s needs %s: use %s", k, lacks, bestKernels())
	}
	return nil
}

// bestKernels is what BestKernels stands for here.
func bestKernels() KernelSet {
	switch {
	case lacking(AVX512) == "":
		return AVX512
	case lacking(AVX2) == "":
		return AVX2
	}
	return Generic
}
