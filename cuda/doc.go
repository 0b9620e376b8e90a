// Package cuda computes a Mamba on an NVIDIA GPU: scan.Backend over the
// machine's CUDA driver, which is loaded when a backend is opened. No toolkit
// and no C compiler is needed, neither to build nor to run; the kernels (package
// kernels) are embedded as PTX that the driver compiles.
//
//	b, err := cuda.Open(cuda.Options{})
//	if err != nil {
//		// no driver, no device, or one too old: err says which
//	}
//	m, err := model.New(b, cfg, weights)
//
// # How it works
//
// A Backend owns one stream of one device. Operations check their shapes and
// are handed, as launches, to a goroutine that is locked to a thread, because a
// CUDA context belongs to one; Read and Sync wait for it and return what failed
// since the last time. Host data goes through pinned memory. Capture records the
// launches of a token step as a CUDA graph. From compute capability 9.0 on kernels
// are launched before those ahead of them have ended, and wait for them themselves.
//
// The same call gives the same bits every time. Unlike on the CPU, one token and a
// chunk of many are summed in different orders and differ by rounding.
//
// An error is a sentence with the number that CUDA gave. It wraps
// scan.ErrNoMemory when there was too little memory, and scan.ErrLost when the
// device cannot be used any more.
package cuda
