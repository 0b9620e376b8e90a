package main

import (
	"io"
	"syscall"
)

// pipeErrors are what a write to a pipe gives when its reader is gone:
// ERROR_BROKEN_PIPE and ERROR_NO_DATA.
var pipeErrors = []error{syscall.ERROR_BROKEN_PIPE, syscall.Errno(232), io.ErrClosedPipe}
