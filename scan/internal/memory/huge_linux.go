package memory

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// preferHugePages tells the system that n bytes from p on will be read as one.
// It is advice about memory that stays the collector's: where it is not taken
// (an old kernel, no huge page free) nothing but the speed differs, so the error
// is of no interest.
func preferHugePages(p unsafe.Pointer, n int) {
	const huge = 2 << 20
	skip := int(-uintptr(p) % huge)
	if n -= skip; n < huge {
		return
	}
	_ = unix.Madvise(unsafe.Slice((*byte)(unsafe.Add(p, skip)), n/huge*huge), unix.MADV_HUGEPAGE)
}
