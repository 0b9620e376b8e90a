package telemetry_test

import (
	"fmt"
	"math"

	"mamba-tui/cuda/telemetry"
)

// What a device does not tell is NaN, and left out.
func ExampleSample_String() {
	s := telemetry.Sample{GPU: 63, MemoryBusy: 20, Used: 12 << 30, Total: 80 << 30, Watts: math.NaN(), Limit: 700, SM: 1980, Memory: 2619, Celsius: 51}
	fmt.Println(s)
	// Output: GPU 63 % · 12.0 of 80.0 GiB · 1980 MHz · 51 °C
}
