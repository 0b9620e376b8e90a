//go:build unix

package scan

import "syscall"

// processTime is the CPU time of this process in ns: unlike wall time it means
// something on a machine that is shared.
func processTime() int64 {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return r.Utime.Nano() + r.Stime.Nano()
}
