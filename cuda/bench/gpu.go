package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"unsafe"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/internal/machine"
	"mamba-tui/cuda/kernels"
)

// gpu is a device with what timing needs.
type gpu struct {
	*machine.Machine
	from, to  driver.Event
	bandwidth float64 // bytes a second, measured
	special   float64 // operations of the special function units a second, by the clock
	pinned    []byte
	block     driver.Ptr // noise, blockSize floats
	memory    []driver.Ptr
}

// copyFloats is the size of the copy that measures the memory: many times the
// cache. A variable for the tests.
var copyFloats = 1 << 28

// blockSize is how many random numbers there are; larger inputs repeat them.
var blockSize = 1 << 22

func openGPU(ordinal int) (*gpu, error) {
	api, err := driver.Open()
	if err != nil {
		return nil, err
	}
	m, err := machine.Open(api, ordinal)
	if err != nil {
		return nil, err
	}
	return newGPU(m)
}

// newGPU prepares a device for timing and measures its memory.
func newGPU(m *machine.Machine) (g *gpu, err error) {
	g = &gpu{Machine: m}
	api := m.API
	var r driver.Result
	for _, e := range []*driver.Event{&g.from, &g.to} {
		if *e, r = api.NewEvent(); r != driver.OK {
			return nil, machine.Failed("making an event", r)
		}
	}
	if g.pinned, r = api.HostAlloc(4 * blockSize); r != driver.OK {
		return nil, machine.Failed("pinning memory", r)
	}
	if g.block, err = g.alloc(blockSize); err != nil {
		return nil, err
	}
	g.memory = nil // the block stays
	clock, err := g.attribute(driver.ClockRate)
	if err != nil {
		return nil, err
	}
	g.special = 16 * float64(g.Info.Processors) * float64(clock) * 1e3
	return g, g.measureBandwidth()
}

func (g *gpu) attribute(a driver.Attribute) (int, error) {
	id, r := g.API.Device(g.Info.Ordinal)
	if r == driver.OK {
		var v int
		if v, r = g.API.Attribute(id, a); r == driver.OK {
			return v, nil
		}
	}
	return 0, machine.Failed(fmt.Sprintf("asking for attribute %d", a), r)
}

func (g *gpu) close() {
	g.free()
	g.API.Free(g.block)
	g.API.HostFree(g.pinned)
	g.API.FreeEvent(g.from)
	g.API.FreeEvent(g.to)
	g.Close()
}

func (g *gpu) describe() string {
	return fmt.Sprintf("%s, compute capability %s, %d multiprocessors, %d MiB of L2, driver for CUDA %s\nmeasured: copies at %.0f GB/s; by the clock: %.2f·10¹² special functions a second",
		g.Info.Name, g.Info.Capability, g.Info.Processors, g.Info.L2>>20, g.Info.Driver, g.bandwidth/1e9, g.special/1e12)
}

// alloc is n floats, of undefined contents, until free.
func (g *gpu) alloc(n int) (driver.Ptr, error) {
	p, r := g.API.Alloc(4 * uint64(max(n, 1)))
	if r != driver.OK {
		return 0, machine.Failed(fmt.Sprintf("allocating %d floats", n), r)
	}
	g.memory = append(g.memory, p)
	return p, nil
}

// free gives everything back that alloc gave.
func (g *gpu) free() {
	for _, p := range g.memory {
		g.API.Free(p)
	}
	g.memory = nil
}

// noise fills the block with numbers in [lo, hi).
func (g *gpu) noise(lo, hi float32) error {
	x := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(g.pinned))), blockSize)
	for i := range x {
		x[i] = lo + (hi-lo)*rand.Float32()
	}
	if r := g.API.CopyToDevice(g.block, g.pinned, g.Stream); r != driver.OK {
		return machine.Failed("copying", r)
	}
	return g.wait()
}

// filled are n floats that repeat the block.
func (g *gpu) filled(n int) (driver.Ptr, error) {
	p, err := g.alloc(n)
	if err != nil {
		return 0, err
	}
	whole := n / blockSize
	if whole > 0 {
		g.Plan.Broadcast(kernels.View{Ptr: uint64(p), Stride: int64(blockSize)}, uint64(g.block), whole, blockSize)
	}
	if rest := n % blockSize; rest > 0 {
		g.Plan.Broadcast(kernels.View{Ptr: uint64(p) + 4*uint64(whole)*uint64(blockSize), Stride: int64(rest)}, uint64(g.block), 1, rest)
	}
	return p, g.launch()
}

// launch enqueues what is planned.
func (g *gpu) launch() error {
	defer g.Plan.Reset()
	for i := range g.Plan.Launches {
		l := &g.Plan.Launches[i]
		if r := g.API.Launch(g.Functions[l.Entry], g.Shape(l), l.Args(), g.Stream); r != driver.OK {
			return machine.Failed("launching "+l.Entry.Name(), r)
		}
	}
	return nil
}

func (g *gpu) wait() error {
	if r := g.API.Synchronize(g.Stream); r != driver.OK {
		return machine.Failed("waiting", r)
	}
	return nil
}

// timing is the time of a call in microseconds over several runs.
type timing struct{ median, low, high float64 }

// time runs calls, which enqueues n calls, as one graph, again and again.
func (g *gpu) time(n int, calls func() error) (t timing, err error) {
	if r := g.API.BeginCapture(g.Stream); r != driver.OK {
		return t, machine.Failed("recording", r)
	}
	err = calls()
	graph, r := g.API.EndCapture(g.Stream)
	if err != nil {
		return t, err
	}
	if r != driver.OK {
		return t, machine.Failed("recording", r)
	}
	defer g.API.FreeGraph(graph)
	exec, r := g.API.Instantiate(graph)
	if r != driver.OK {
		return t, machine.Failed("making a graph", r)
	}
	defer g.API.FreeExec(exec)
	var all []float64
	const warm = 3
	for i := range *runs + warm {
		for _, r := range []driver.Result{g.API.Record(g.from, g.Stream), g.API.LaunchGraph(exec, g.Stream), g.API.Record(g.to, g.Stream)} {
			if r != driver.OK {
				return t, machine.Failed("launching a graph", r)
			}
		}
		if err := g.wait(); err != nil {
			return t, err
		}
		ms, r := g.API.Elapsed(g.from, g.to)
		if r != driver.OK {
			return t, machine.Failed("reading the clock", r)
		}
		if i >= warm {
			all = append(all, 1e3*float64(ms)/float64(n))
		}
	}
	slices.Sort(all)
	return timing{all[len(all)/2], all[0], all[len(all)-1]}, nil
}

// measureBandwidth copies much more than the cache holds, with the driver's own
// copy: what it reaches is taken for what can be reached.
func (g *gpu) measureBandwidth() error {
	defer g.free()
	n := copyFloats
	if err := g.noise(-1, 1); err != nil {
		return err
	}
	a, err := g.filled(n)
	if err != nil {
		return err
	}
	b, err := g.alloc(n)
	if err != nil {
		return err
	}
	if err := g.wait(); err != nil {
		return err
	}
	t, err := g.time(1, func() error {
		if r := g.API.CopyOnDevice(b, a, 4*uint64(n), g.Stream); r != driver.OK {
			return machine.Failed("copying", r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	g.bandwidth = 2 * 4 * float64(n) / (t.median * 1e-6)
	return nil
}
