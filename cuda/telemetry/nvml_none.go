//go:build !linux || (!cgo && !amd64 && !arm64)

package telemetry

import (
	"fmt"
	"runtime"
)

func open(string) (Monitor, error) {
	return nil, fmt.Errorf("%w: it is read on Linux only, this is %s/%s", ErrNone, runtime.GOOS, runtime.GOARCH)
}
