//go:build !amd64 || noasm

package scan

// lacking says why there is no assembly: plain Go is all there is here.
func lacking(KernelSet) string { return "an amd64 build without the tag noasm" }

// kernels32 is plain Go.
func kernels32(KernelSet) kernels[float32] { return generic32() }

// gradKernels32 is the same for the backward operations.
func gradKernels32(KernelSet) gradKernels[float32] { return generic32Grad() }
