// Package telemetry reads what an NVIDIA device tells of itself while it works:
// utilisation, memory, power, clocks and temperature, by NVML, the library that
// comes with the driver and that nvidia-smi uses.
//
// With cgo, NVML is called through github.com/NVIDIA/go-nvml; without it on
// Linux, through purego; elsewhere there is none. A Watcher asks twice a second
// on a goroutine of its own, so that no screen waits for a driver.
//
// go-nvml binds lazily: a call after a failed Init, or of a function that the
// driver lacks, ends the process. Nothing in this package can make such a call:
// a Monitor exists only after Init has succeeded, and functions are looked up
// before they are called.
package telemetry

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Sample is one reading. What the device does not tell is NaN.
type Sample struct {
	// GPU and MemoryBusy are the share of the last sixth of a second to second,
	// in per cent, during which a kernel ran and memory was read or written. A
	// lone kernel of microseconds may not show.
	GPU, MemoryBusy float64
	Used, Total     float64 // memory of the device in bytes, by all processes
	Watts, Limit    float64 // power now, and the most it may draw
	SM, Memory      float64 // clocks in MHz
	Celsius         float64
}

// unknown is a Sample without any value.
func unknown() Sample {
	n := math.NaN()
	return Sample{n, n, n, n, n, n, n, n, n}
}

// Monitor reads one device. It belongs to one goroutine at a time.
type Monitor interface {
	// Read takes a sample. It fails when the device tells nothing at all.
	Read() (Sample, error)
	Close() error
}

// ErrNone says that there is nothing to read telemetry with.
var ErrNone = errors.New("telemetry: no NVML")

// Open finds the device with the given UUID (GPU-…, as cuda.Info has it).
// Numbers would not do: NVML and CUDA count devices in different orders.
func Open(uuid string) (Monitor, error) { return open(uuid) }

// String is one line for a status bar, without what is unknown, such as
// "GPU 63 % · 12.1 of 80.0 GiB · 412 W · 1980 MHz · 51 °C".
func (s Sample) String() string {
	var parts []string
	add := func(format string, values ...float64) {
		args := make([]any, len(values))
		for i, v := range values {
			if math.IsNaN(v) {
				return
			}
			args[i] = v
		}
		parts = append(parts, fmt.Sprintf(format, args...))
	}
	const giB = 1 << 30
	add("GPU %.0f %%", s.GPU)
	add("%.1f of %.1f GiB", s.Used/giB, s.Total/giB)
	add("%.0f W", s.Watts)
	add("%.0f MHz", s.SM)
	add("%.0f °C", s.Celsius)
	return strings.Join(parts, " · ")
}
