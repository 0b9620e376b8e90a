package cuda

import (
	"cmp"
	"fmt"
	"runtime"
	"strings"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/internal/machine"
	"mamba-tui/scan"
)

// Options choose a device.
type Options struct {
	// Device is the number of the device among those that are visible.
	Device int

	// crowd is the number of processors that a test pretends there are.
	crowd int
}

// Info is a device and what was loaded to it.
type Info = machine.Info

// Kernel is what the driver's compiler made of a kernel.
type Kernel = machine.Kernel

// Error is a failure that the driver reported.
type Error = machine.Error

// Open loads the driver of the machine and the kernels to a device. Where there
// is no driver, no device, or one that cannot be used, the error says so in a
// sentence, and nothing is left behind.
func Open(o Options) (*Backend, error) {
	api, err := driver.Open()
	if err != nil {
		return nil, fmt.Errorf("cuda: %w", err)
	}
	return open(api, o)
}

// open is Open on a driver.
func open(api driver.API, o Options) (*Backend, error) {
	b := &Backend{live: map[driver.Ptr]uint64{}}
	var err error
	if b.device, err = start(func(d *device) (err error) {
		d.crowd = cmp.Or(o.crowd, min(runtime.GOMAXPROCS(0), runtime.NumCPU()))
		if d.Machine, err = machine.Open(api, o.Device); err != nil {
			return err
		}
		if err = b.pin(d); err != nil {
			b.unpin(d)
			d.Close()
		}
		return err
	}); err != nil {
		return nil, err
	}
	b.info, b.plan, b.functions = b.device.Info, b.device.Plan, b.device.Functions
	return b, nil
}

// pin makes the host memory that everything passes through.
func (b *Backend) pin(d *device) error {
	var r driver.Result
	if b.ring.memory, r = d.API.HostAlloc(ringBytes); r != driver.OK {
		return machine.Failed(fmt.Sprintf("pinning %s of host memory", size(ringBytes)), r)
	}
	if b.inbox, r = d.API.HostAlloc(readBytes); r != driver.OK {
		return machine.Failed(fmt.Sprintf("pinning %s of host memory", size(readBytes)), r)
	}
	return nil
}

// unpin gives it back.
func (b *Backend) unpin(d *device) {
	for _, m := range [][]byte{b.ring.memory, b.inbox} {
		if m != nil {
			d.API.HostFree(m)
		}
	}
}

// Devices lists the devices of the machine without taking any of them.
func Devices() ([]Info, error) {
	api, err := driver.Open()
	if err != nil {
		return nil, fmt.Errorf("cuda: %w", err)
	}
	return machine.Devices(api)
}

// Reason is err in one line, for a screen: why there is no CUDA backend.
func Reason(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimPrefix(line, "cuda: ")
}

var (
	_ scan.Backend  = (*Backend)(nil)
	_ scan.Capturer = (*Backend)(nil)
)
