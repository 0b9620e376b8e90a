//go:build !linux

package scan

import "unsafe"

// preferHugePages does nothing here.
func preferHugePages(unsafe.Pointer, int) {}
