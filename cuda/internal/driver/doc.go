// Package driver is the part of the CUDA driver API that package cuda calls.
//
// API is one Go method for each call, with the call's own result code, so that
// three things can stand behind it: the driver of the machine (Open, which
// loads libcuda at run time; no C compiler and no toolkit is involved), the PTX
// interpreter of the tests, and a driver of the tests that fails on demand.
//
// A CUDA context belongs to an operating-system thread. Whoever calls an API
// keeps to one goroutine that is locked to its thread.
package driver
