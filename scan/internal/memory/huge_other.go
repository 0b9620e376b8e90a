//go:build !linux

package memory

import "unsafe"

// preferHugePages does nothing here.
func preferHugePages(unsafe.Pointer, int) {}
