//go:build !unix

package bench

import "time"

// cpuTime is not to be had finely enough here.
func cpuTime() (time.Duration, bool) { return 0, false }
