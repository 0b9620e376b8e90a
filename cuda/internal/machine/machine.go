// Package machine is a CUDA device with a stream and the kernels of the program
// loaded to it: what package cuda computes with, and its benchmark.
package machine

import (
	"fmt"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/kernels"
)

// Machine is a device, taken. All its methods belong to the thread that called
// Open.
type Machine struct {
	API       driver.API
	Info      Info
	Stream    driver.Stream
	Functions []driver.Function // by kernels.Entry; 0: not for this device
	Plan      *kernels.Planner
	Early     bool // kernels wait for each other themselves, and may be launched early

	id      driver.Device
	version int // of CUDA, that the driver knows
	modules []driver.Module
}

// oldest is the least compute capability that the kernels are made for.
const oldest = 75

// earliest is the version of CUDA from which on early launches can be recorded.
const earliest = 12040

// Open takes a device by its number and loads every kernel to it. When it
// fails, nothing is left behind.
func Open(api driver.API, ordinal int) (*Machine, error) {
	m := &Machine{API: api}
	if err := m.take(ordinal); err != nil {
		return nil, err
	}
	if err := m.load(); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// take makes the device's context the thread's.
func (m *Machine) take(ordinal int) error {
	if r := m.API.Init(); r != driver.OK {
		return Failed("starting the driver", r)
	}
	n, r := m.API.DeviceCount()
	if r == driver.OK && n == 0 {
		r = driver.NoDevice
	}
	if r != driver.OK {
		return Failed("counting devices", r)
	}
	if ordinal < 0 || ordinal >= n {
		return fmt.Errorf("cuda: device %d: there are %d, numbered from 0", ordinal, n)
	}
	if m.id, r = m.API.Device(ordinal); r != driver.OK {
		return Failed(fmt.Sprintf("opening device %d", ordinal), r)
	}
	var cc int
	if m.Info, cc, r = describe(m.API, m.id, ordinal); r != driver.OK {
		return Failed(fmt.Sprintf("asking about device %d", ordinal), r)
	}
	if m.version, r = m.API.Version(); r != driver.OK {
		return Failed("asking for the driver's version", r)
	}
	if cc < oldest {
		return fmt.Errorf("cuda: %s has compute capability %s: the kernels need %d.%d or later",
			m.Info.Name, m.Info.Capability, oldest/10, oldest%10)
	}
	shared, r := m.API.Attribute(m.id, driver.SharedPerBlockOptIn)
	if r != driver.OK {
		return Failed("asking for the shared memory", r)
	}
	m.Plan = kernels.NewPlanner(kernels.Device{SMs: m.Info.Processors, CC: cc, Shared: shared})
	c, r := m.API.RetainContext(m.id)
	if r != driver.OK {
		return Failed("taking "+m.Info.Name, r)
	}
	if r := m.API.SetCurrent(c); r != driver.OK {
		m.API.ReleaseContext(m.id)
		return Failed("taking "+m.Info.Name, r)
	}
	return nil
}

// load makes the stream and loads every kernel.
func (m *Machine) load() error {
	var r driver.Result
	if m.Stream, r = m.API.NewStream(); r != driver.OK {
		return Failed("making a stream", r)
	}
	m.Early = m.Plan.Device.CC >= kernels.EarlyCC && m.version >= earliest
	modules := map[string]driver.Module{}
	for _, k := range kernels.Modules() {
		if k.CC > m.Plan.Device.CC {
			continue // nothing that is planned for this device uses it
		}
		text := k.PTX
		if m.Early {
			text = k.Early()
		}
		loaded, log, r := m.API.LoadModule([]byte(text + "\x00"))
		if r != driver.OK {
			err := Failed("compiling the kernels of "+k.Name, r)
			if log != "" {
				err = fmt.Errorf("%w\nthe driver's compiler says:\n%s", err, log)
			}
			return err
		}
		modules[k.Name] = loaded
		m.modules = append(m.modules, loaded)
	}
	entries := kernels.Entries()
	m.Functions = make([]driver.Function, len(entries))
	for _, e := range entries {
		if loaded, ok := modules[e.Module()]; ok {
			if err := m.function(e, loaded); err != nil {
				return err
			}
		}
	}
	return nil
}

// function looks a kernel up, allows it all the shared memory there is, and
// asks what the compiler made of it.
func (m *Machine) function(e kernels.Entry, loaded driver.Module) error {
	k := Kernel{Name: e.Name()}
	f, r := m.API.Function(loaded, k.Name)
	if r != driver.OK {
		return Failed("looking for kernel "+k.Name, r)
	}
	for _, q := range []struct {
		at *int
		a  driver.FunctionAttribute
	}{{&k.Registers, driver.Registers}, {&k.Local, driver.LocalBytes}, {&k.Shared, driver.StaticShared}} {
		if *q.at, r = m.API.FunctionAttribute(f, q.a); r != driver.OK {
			return Failed("asking about kernel "+k.Name, r)
		}
	}
	// More than 48 KiB must be asked for.
	if most := m.Plan.Device.Shared - k.Shared; most > 48<<10 {
		if r := m.API.SetFunctionAttribute(f, driver.MaxDynamicShared, most); r != driver.OK {
			return Failed("allowing kernel "+k.Name+" its shared memory", r)
		}
	}
	m.Functions[e] = f
	m.Info.Kernels = append(m.Info.Kernels, k)
	return nil
}

// Close gives the device back.
func (m *Machine) Close() {
	for _, loaded := range m.modules {
		m.API.UnloadModule(loaded)
	}
	if m.Stream != 0 {
		m.API.FreeStream(m.Stream)
	}
	m.API.ReleaseContext(m.id)
}

// Discard gives a device back that is lost. Everything in the context goes with
// it, also what other users of this process have there: for them it is lost,
// too.
func (m *Machine) Discard() {
	m.API.ResetContext(m.id)
	m.API.ReleaseContext(m.id)
}

// Shape is the shape of a planned launch.
func (m *Machine) Shape(l *kernels.Launch) driver.Launch {
	return driver.Launch{Grid: l.Grid, Block: [3]uint32{l.Block, 1, 1}, Shared: l.Shared, Early: m.Early}
}
