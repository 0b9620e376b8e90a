//go:build !linux || !(amd64 || arm64)

package driver

import (
	"fmt"
	"runtime"
)

// Open says that this system has no CUDA here: the driver is bound on Linux
// (amd64, arm64) only.
func Open() (API, error) {
	return nil, fmt.Errorf("CUDA is bound on Linux on amd64 and arm64, not on %s/%s", runtime.GOOS, runtime.GOARCH)
}
