//go:build !windows

package main

import (
	"io"
	"syscall"
)

// pipeErrors are what a write to a pipe gives when its reader is gone.
var pipeErrors = []error{syscall.EPIPE, io.ErrClosedPipe}
