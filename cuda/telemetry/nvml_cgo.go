//go:build linux && cgo

package telemetry

import (
	"fmt"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

// monitor is a device of go-nvml.
type monitor struct {
	device nvml.Device
	has    map[string]bool // functions that the driver's library has
}

// calls are the functions that Read uses, by the names of the library.
var calls = []string{
	"nvmlDeviceGetUtilizationRates", "nvmlDeviceGetMemoryInfo", "nvmlDeviceGetPowerUsage",
	"nvmlDeviceGetEnforcedPowerLimit", "nvmlDeviceGetClockInfo", "nvmlDeviceGetTemperature",
}

func open(uuid string) (Monitor, error) {
	if r := nvml.Init(); r != nvml.SUCCESS {
		// From here on not even the text of an error may be asked of the library.
		return nil, fmt.Errorf("%w: %s", ErrNone, reason(r))
	}
	d, r := nvml.DeviceGetHandleByUUID(uuid)
	if r != nvml.SUCCESS {
		err := fmt.Errorf("telemetry: device %s: NVML error %d", uuid, int(r))
		nvml.Shutdown()
		return nil, err
	}
	m := &monitor{device: d, has: map[string]bool{}}
	for _, name := range calls {
		m.has[name] = nvml.Extensions().LookupSymbol(name) == nil
	}
	return m, nil
}

// reason says why Init failed.
func reason(r nvml.Return) string {
	switch r {
	case nvml.ERROR_LIBRARY_NOT_FOUND:
		return "libnvidia-ml.so.1 is not installed"
	case nvml.ERROR_DRIVER_NOT_LOADED:
		return "the NVIDIA driver is not loaded"
	case nvml.ERROR_NO_PERMISSION:
		return "no permission to talk to the NVIDIA driver"
	}
	return fmt.Sprintf("it does not start (NVML error %d)", int(r))
}

// Read implements Monitor.
func (m *monitor) Read() (Sample, error) {
	s, first, got := unknown(), nvml.SUCCESS, false
	take := func(name string, f func() nvml.Return) {
		if !m.has[name] {
			return
		}
		if r := f(); r == nvml.SUCCESS {
			got = true
		} else if first == nvml.SUCCESS {
			first = r
		}
	}
	take(calls[0], func() nvml.Return {
		u, r := m.device.GetUtilizationRates()
		if r == nvml.SUCCESS {
			s.GPU, s.MemoryBusy = float64(u.Gpu), float64(u.Memory)
		}
		return r
	})
	take(calls[1], func() nvml.Return {
		i, r := m.device.GetMemoryInfo()
		if r == nvml.SUCCESS {
			s.Used, s.Total = float64(i.Used), float64(i.Total)
		}
		return r
	})
	number := func(name string, at *float64, scale float64, f func() (uint32, nvml.Return)) {
		take(name, func() nvml.Return {
			v, r := f()
			if r == nvml.SUCCESS {
				*at = float64(v) * scale
			}
			return r
		})
	}
	number(calls[2], &s.Watts, 1e-3, m.device.GetPowerUsage)
	number(calls[3], &s.Limit, 1e-3, m.device.GetEnforcedPowerLimit)
	number(calls[4], &s.SM, 1, func() (uint32, nvml.Return) { return m.device.GetClockInfo(nvml.CLOCK_SM) })
	number(calls[4], &s.Memory, 1, func() (uint32, nvml.Return) { return m.device.GetClockInfo(nvml.CLOCK_MEM) })
	number(calls[5], &s.Celsius, 1, func() (uint32, nvml.Return) { return m.device.GetTemperature(nvml.TEMPERATURE_GPU) })
	if !got {
		return s, fmt.Errorf("telemetry: the device tells nothing (NVML error %d)", int(first))
	}
	return s, nil
}

// Close implements Monitor.
func (m *monitor) Close() error {
	if r := nvml.Shutdown(); r != nvml.SUCCESS {
		return fmt.Errorf("telemetry: NVML error %d", int(r))
	}
	return nil
}
