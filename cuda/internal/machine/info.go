package machine

import (
	"fmt"

	"mamba-tui/cuda/internal/driver"
)

// Info is a device and what was loaded to it.
type Info struct {
	Ordinal    int
	Name       string
	UUID       string // GPU-xxxxxxxx-…, as nvidia-smi writes it
	Memory     uint64 // bytes
	Capability string // compute capability, such as 9.0
	Processors int    // multiprocessors
	L2         int    // bytes of cache
	Driver     string // the newest CUDA that the driver knows, such as 12.4
	Kernels    []Kernel
}

// Kernel is what the driver's compiler made of a kernel.
type Kernel struct {
	Name      string
	Registers int // a thread's
	Local     int // bytes a thread spills to memory; 0 is as it should be
	Shared    int // bytes of static shared memory a block has
}

// Spills lists the kernels that the driver's compiler gave local memory, which
// is slow; there should be none.
func (i Info) Spills() []string {
	var names []string
	for _, k := range i.Kernels {
		if k.Local > 0 {
			names = append(names, fmt.Sprintf("%s (%d bytes)", k.Name, k.Local))
		}
	}
	return names
}

// describe asks for everything about a device but its kernels. cc is 10·major +
// minor of its compute capability.
func describe(api driver.API, id driver.Device, ordinal int) (i Info, cc int, r driver.Result) {
	i.Ordinal = ordinal
	version, r := api.Version()
	if r != driver.OK {
		return i, 0, r
	}
	i.Driver = fmt.Sprintf("%d.%d", version/1000, version%1000/10)
	if i.Name, r = api.Name(id); r != driver.OK {
		return i, 0, r
	}
	uuid, r := api.UUID(id)
	if r != driver.OK {
		return i, 0, r
	}
	i.UUID = fmt.Sprintf("GPU-%x-%x-%x-%x-%x", uuid[:4], uuid[4:6], uuid[6:8], uuid[8:10], uuid[10:])
	if i.Memory, r = api.TotalMemory(id); r != driver.OK {
		return i, 0, r
	}
	var major, minor int
	for _, q := range []struct {
		at *int
		a  driver.Attribute
	}{
		{&major, driver.CapabilityMajor}, {&minor, driver.CapabilityMinor},
		{&i.Processors, driver.Multiprocessors}, {&i.L2, driver.L2Bytes},
	} {
		if *q.at, r = api.Attribute(id, q.a); r != driver.OK {
			return i, 0, r
		}
	}
	i.Capability = fmt.Sprintf("%d.%d", major, minor)
	return i, 10*major + minor, driver.OK
}

// Devices lists the devices of the machine without taking any of them.
func Devices(api driver.API) ([]Info, error) {
	if r := api.Init(); r != driver.OK {
		return nil, Failed("starting the driver", r)
	}
	n, r := api.DeviceCount()
	if r == driver.OK && n == 0 {
		r = driver.NoDevice
	}
	if r != driver.OK {
		return nil, Failed("counting devices", r)
	}
	var all []Info
	for i := range n {
		id, r := api.Device(i)
		var info Info
		if r == driver.OK {
			info, _, r = describe(api, id, i)
		}
		if r != driver.OK {
			return nil, Failed(fmt.Sprintf("asking about device %d", i), r)
		}
		all = append(all, info)
	}
	return all, nil
}
