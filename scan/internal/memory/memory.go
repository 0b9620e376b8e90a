// Package memory makes the arrays that the inner loops stream through: aligned
// to cache lines, and in huge pages where they are large.
package memory

import "unsafe"

// cacheLine is the alignment of what vector kernels read: a register of 64
// bytes from an aligned place is one access to the cache, not two.
const cacheLine = 64

// hugeFrom is from what size on memory is asked for in huge pages, in bytes.
// One token reads the weights of a large model once from end to end; with pages
// of 4 KiB the address translation costs a tenth of that.
const hugeFrom = 4 << 20

// Aligned is n zeros that begin at a multiple of a cache line. It is ordinary
// memory of Go's.
func Aligned[E float32 | float64 | uint16](n int) []E {
	if n == 0 {
		return nil
	}
	var e E
	size := int(unsafe.Sizeof(e))
	bytes := make([]E, n+cacheLine/size)
	skip := int(-uintptr(unsafe.Pointer(&bytes[0])) % cacheLine / uintptr(size))
	bytes = bytes[skip : skip+n : skip+n]
	if n*size >= hugeFrom {
		preferHugePages(unsafe.Pointer(&bytes[0]), n*size)
	}
	return bytes
}
