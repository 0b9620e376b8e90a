package main

import (
	"mamba-tui/cuda"
	"mamba-tui/cuda/telemetry"
	"mamba-tui/tui/panel"
)

// watchDevice reads the GPU that the input's model computes on, on a goroutine
// of its own. latest is nil where there is none, or where nothing can be read of
// it. stop ends the reading.
func watchDevice(in *input) (latest func() (panel.Device, bool), stop func()) {
	gpu, ok := in.backend.(*cuda.Backend)
	if !ok {
		return nil, func() {}
	}
	m, err := telemetry.Open(gpu.Info().UUID)
	if err != nil {
		return nil, func() {}
	}
	w := telemetry.Watch(m, telemetry.Interval)
	return func() (panel.Device, bool) {
		s, ok := w.Latest()
		return panel.Device(s), ok
	}, w.Close
}
