// Package simdriver is a driver without a GPU, for tests: the kernels run in the
// PTX interpreter, and any call can be made to fail.
package simdriver

import (
	"sync"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/internal/ptxsim"
)

// Driver is a driver whose device is the interpreter's. It is strict where CUDA
// leaves things undefined: memory that nothing has written cannot be read, and
// it complains to the test about handles it did not give out and about what is
// left at the end.
type Driver struct {
	t  T
	mu sync.Mutex // the tests look at it while the goroutine of the device runs

	// Run runs kernels; without it a launch does nothing.
	Run bool
	// Memory is the memory of the device, and its limit.
	Memory *ptxsim.Device
	// Attributes are what Attribute gives.
	Attributes map[driver.Attribute]int
	// Dead is the failure after which every call gives the same.
	Dead driver.Result

	// fail is the result of the n-th call (from 0) of a method from now on, by its
	// name; every later call of it succeeds unless sticky.
	fail   map[string]*failure
	allocs map[driver.Ptr]uint64

	handles   uintptr
	modules   map[driver.Module]*ptxsim.Module
	functions map[driver.Function]*ptxsim.Kernel
	streams   map[driver.Stream]bool
	execs     map[driver.Exec][]func() driver.Result
	graphs    map[driver.Graph][]func() driver.Result
	recording []func() driver.Result
	captures  bool
	contexts  int
	pinned    int
	calls     map[string]int
}

// T is what is needed of a testing.TB.
type T interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
}

type failure struct {
	after  int
	result driver.Result
}

// parsed are the modules of the program, each read once for all tests.
var parsed = struct {
	sync.Mutex
	modules map[string]*ptxsim.Module
}{modules: map[string]*ptxsim.Module{}}

func parse(text string) (*ptxsim.Module, error) {
	parsed.Lock()
	defer parsed.Unlock()
	m, ok := parsed.modules[text]
	if !ok {
		var err error
		if m, err = ptxsim.Load(text); err != nil {
			return nil, err
		}
		parsed.modules[text] = m
	}
	return m, nil
}

// New is a driver with one device of compute capability 9.0 and 1 GiB, on which
// kernels do nothing.
func New(t T) *Driver {
	f := &Driver{
		t: t, Memory: ptxsim.New(), allocs: map[driver.Ptr]uint64{}, fail: map[string]*failure{},
		modules: map[driver.Module]*ptxsim.Module{}, functions: map[driver.Function]*ptxsim.Kernel{},
		streams: map[driver.Stream]bool{}, execs: map[driver.Exec][]func() driver.Result{},
		graphs: map[driver.Graph][]func() driver.Result{}, calls: map[string]int{},
		Attributes: map[driver.Attribute]int{driver.CapabilityMajor: 9, driver.CapabilityMinor: 0,
			driver.Multiprocessors: 4, driver.L2Bytes: 50 << 20, driver.SharedPerBlockOptIn: 227 << 10},
	}
	f.Memory.Limit = 1 << 30
	return f
}

// execute runs a kernel on the interpreter. What a GPU would not survive is an
// illegal address there; here the message says which.
func (f *Driver) execute(k *ptxsim.Kernel, shape driver.Launch, args []byte) driver.Result {
	_, err := f.Memory.Launch(k, ptxsim.Grid(shape.Grid), int(shape.Block[0]), int(shape.Shared), args)
	if err != nil {
		f.t.Error(err)
		return driver.IllegalAddress
	}
	return driver.OK
}

// call counts a call of a method and says whether it is to fail.
func (f *Driver) call(name string) driver.Result {
	f.calls[name]++
	if f.Dead != driver.OK {
		return f.Dead
	}
	if x := f.fail[name]; x != nil {
		if x.after--; x.after < 0 {
			delete(f.fail, name)
			if x.result.Sticky() {
				f.Dead = x.result
			}
			return x.result
		}
	}
	return driver.OK
}

// Fail makes the call of a method after the next n fail.
func (f *Driver) Fail(name string, n int, r driver.Result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail[name] = &failure{n, r}
}

// Count is how often a method was called.
func (f *Driver) Count(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[name]
}

// Left complains about what was not given back.
func (f *Driver) Left() {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Dead != driver.OK {
		return // everything went with the context
	}
	if len(f.allocs) > 0 || len(f.streams) > 0 || f.contexts != 0 || f.pinned != 0 || len(f.graphs) > 0 {
		f.t.Errorf("left behind: %d allocations, %d streams, %d contexts, %d bytes of pinned memory, %d graphs",
			len(f.allocs), len(f.streams), f.contexts, f.pinned, len(f.graphs))
	}
}

// Execs is the number of graphs that are ready to be launched.
func (f *Driver) Execs() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.execs)
}

// Contexts is the number of times that the context is held.
func (f *Driver) Contexts() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.contexts
}

func (f *Driver) lock(name string) (driver.Result, func()) {
	f.mu.Lock()
	return f.call(name), f.mu.Unlock
}

func (f *Driver) handle() uintptr { f.handles++; return f.handles }

var _ driver.API = (*Driver)(nil)
