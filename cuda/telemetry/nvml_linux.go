//go:build linux && !cgo && (amd64 || arm64)

package telemetry

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is what is used of libnvidia-ml: the address of each function, 0
// where the driver lacks it.
type library struct {
	init, shutdown, byUUID                            uintptr
	utilisation, memory, power, limit, clock, celsius uintptr
}

// names are where the library may be.
var names = []string{"libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1"}

// Clocks and sensors of NVML.
const (
	clockSM     = 1
	clockMemory = 2
	sensorGPU   = 0
	notFound    = 13 // NVML_ERROR_FUNCTION_NOT_FOUND
)

// monitor is a device of NVML.
type monitor struct {
	l      *library
	device uintptr
}

func open(uuid string) (Monitor, error) {
	var handle uintptr
	err := ErrNone
	for _, name := range names {
		if handle, err = purego.Dlopen(name, purego.RTLD_LAZY|purego.RTLD_LOCAL); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: libnvidia-ml.so.1 is not installed", ErrNone)
	}
	l := &library{}
	for _, s := range []struct {
		at   *uintptr
		name string
	}{
		{&l.init, "nvmlInit_v2"}, {&l.shutdown, "nvmlShutdown"}, {&l.byUUID, "nvmlDeviceGetHandleByUUID"},
		{&l.utilisation, "nvmlDeviceGetUtilizationRates"}, {&l.memory, "nvmlDeviceGetMemoryInfo"},
		{&l.power, "nvmlDeviceGetPowerUsage"}, {&l.limit, "nvmlDeviceGetEnforcedPowerLimit"},
		{&l.clock, "nvmlDeviceGetClockInfo"}, {&l.celsius, "nvmlDeviceGetTemperature"},
	} {
		*s.at, _ = purego.Dlsym(handle, s.name)
	}
	if r := call(l.init); r != 0 {
		return nil, fmt.Errorf("%w: it does not start (NVML error %d)", ErrNone, r)
	}
	m := &monitor{l: l}
	id := append([]byte(uuid), 0)
	if r := call(l.byUUID, uintptr(unsafe.Pointer(&id[0])), uintptr(unsafe.Pointer(&m.device))); r != 0 {
		call(l.shutdown)
		return nil, fmt.Errorf("telemetry: device %s: NVML error %d", uuid, r)
	}
	return m, nil
}

// call is a call of NVML, which returns an int.
//
//go:uintptrescapes
func call(fn uintptr, args ...uintptr) int {
	if fn == 0 {
		return notFound
	}
	r, _, _ := purego.SyscallN(fn, args...)
	return int(int32(r))
}

// Read implements Monitor.
func (m *monitor) Read() (Sample, error) {
	s, got := unknown(), false
	var u struct{ gpu, memory uint32 }
	if call(m.l.utilisation, m.device, uintptr(unsafe.Pointer(&u))) == 0 {
		s.GPU, s.MemoryBusy, got = float64(u.gpu), float64(u.memory), true
	}
	var i struct{ total, free, used uint64 }
	if call(m.l.memory, m.device, uintptr(unsafe.Pointer(&i))) == 0 {
		s.Used, s.Total, got = float64(i.used), float64(i.total), true
	}
	var v uint32
	if call(m.l.power, m.device, uintptr(unsafe.Pointer(&v))) == 0 {
		s.Watts, got = float64(v)/1000, true
	}
	if call(m.l.limit, m.device, uintptr(unsafe.Pointer(&v))) == 0 {
		s.Limit, got = float64(v)/1000, true
	}
	if call(m.l.clock, m.device, clockSM, uintptr(unsafe.Pointer(&v))) == 0 {
		s.SM, got = float64(v), true
	}
	if call(m.l.clock, m.device, clockMemory, uintptr(unsafe.Pointer(&v))) == 0 {
		s.Memory, got = float64(v), true
	}
	if call(m.l.celsius, m.device, sensorGPU, uintptr(unsafe.Pointer(&v))) == 0 {
		s.Celsius, got = float64(v), true
	}
	if !got {
		return s, fmt.Errorf("telemetry: the device tells nothing")
	}
	return s, nil
}

// Close implements Monitor.
func (m *monitor) Close() error {
	if r := call(m.l.shutdown); r != 0 {
		return fmt.Errorf("telemetry: NVML error %d", r)
	}
	return nil
}
