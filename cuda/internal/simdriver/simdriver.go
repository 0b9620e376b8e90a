// Package simdriver is a driver without a GPU, for tests: the kernels run in the
// PTX interpreter, and any call can be made to fail.
package simdriver

import (
	"bytes"
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

func (f *Driver) Init() driver.Result { r, un := f.lock("Init"); defer un(); return r }
func (f *Driver) Version() (int, driver.Result) {
	r, un := f.lock("Version")
	defer un()
	return 12040, r
}
func (f *Driver) DeviceCount() (int, driver.Result) {
	r, un := f.lock("DeviceCount")
	defer un()
	return 1, r
}
func (f *Driver) Device(int) (driver.Device, driver.Result) {
	r, un := f.lock("Device")
	defer un()
	return 0, r
}
func (f *Driver) Name(driver.Device) (string, driver.Result) {
	r, un := f.lock("Name")
	defer un()
	return "Simulated", r
}
func (f *Driver) UUID(driver.Device) (id [16]byte, r driver.Result) {
	r, un := f.lock("UUID")
	defer un()
	for i := range id {
		id[i] = byte(i)
	}
	return id, r
}
func (f *Driver) TotalMemory(driver.Device) (uint64, driver.Result) {
	r, un := f.lock("TotalMemory")
	defer un()
	return uint64(f.Memory.Limit), r
}
func (f *Driver) Attribute(_ driver.Device, a driver.Attribute) (int, driver.Result) {
	r, un := f.lock("Attribute")
	defer un()
	return f.Attributes[a], r
}
func (f *Driver) RetainContext(driver.Device) (driver.Context, driver.Result) {
	r, un := f.lock("RetainContext")
	defer un()
	if r == driver.OK {
		f.contexts++
	}
	return 1, r
}
func (f *Driver) SetCurrent(driver.Context) driver.Result {
	r, un := f.lock("SetCurrent")
	defer un()
	return r
}
func (f *Driver) ReleaseContext(driver.Device) driver.Result {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.contexts--
	return driver.OK
}
func (f *Driver) ResetContext(driver.Device) driver.Result {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls["ResetContext"]++
	return driver.OK
}
func (f *Driver) LoadModule(image []byte) (driver.Module, string, driver.Result) {
	r, un := f.lock("LoadModule")
	defer un()
	if !bytes.Contains(image, []byte(".version")) || image[len(image)-1] != 0 {
		f.t.Errorf("a module of %d bytes is no PTX that ends with a zero byte", len(image))
	}
	if r != driver.OK {
		return 0, "ptxas error: line 7", r
	}
	parsed, err := parse(string(image[:len(image)-1]))
	if err != nil {
		f.t.Error(err)
		return 0, err.Error(), driver.InvalidPTX
	}
	m := driver.Module(f.handle())
	f.modules[m] = parsed
	return m, "", r
}
func (f *Driver) UnloadModule(driver.Module) driver.Result {
	r, un := f.lock("UnloadModule")
	defer un()
	return r
}
func (f *Driver) Function(m driver.Module, name string) (driver.Function, driver.Result) {
	r, un := f.lock("Function")
	defer un()
	k := f.modules[m].Kernels[name]
	if k == nil {
		return 0, driver.NotFound
	}
	fn := driver.Function(f.handle())
	f.functions[fn] = k
	return fn, r
}
func (f *Driver) FunctionAttribute(_ driver.Function, a driver.FunctionAttribute) (int, driver.Result) {
	r, un := f.lock("FunctionAttribute")
	defer un()
	if a == driver.Registers {
		return 40, r
	}
	return 0, r
}
func (f *Driver) SetFunctionAttribute(_ driver.Function, _ driver.FunctionAttribute, v int) driver.Result {
	r, un := f.lock("SetFunctionAttribute")
	defer un()
	if most := f.Attributes[driver.SharedPerBlockOptIn]; v > most {
		f.t.Errorf("%d bytes of shared memory asked for, there are %d", v, most)
	}
	return r
}
func (f *Driver) MemoryInfo() (free, total uint64, r driver.Result) {
	r, un := f.lock("MemoryInfo")
	defer un()
	return uint64(f.Memory.Limit - f.Memory.Used()), uint64(f.Memory.Limit), r
}

func (f *Driver) Alloc(n uint64) (driver.Ptr, driver.Result) {
	r, un := f.lock("Alloc")
	defer un()
	if n == 0 {
		f.t.Error("an allocation of nothing")
		return 0, driver.InvalidValue
	}
	if r != driver.OK {
		return 0, r
	}
	at, err := f.Memory.Alloc(int64(n))
	if err != nil {
		return 0, driver.OutOfMemory
	}
	f.allocs[driver.Ptr(at)] = n
	return driver.Ptr(at), driver.OK
}
func (f *Driver) Free(at driver.Ptr) driver.Result {
	r, un := f.lock("Free")
	defer un()
	delete(f.allocs, at)
	return f.check(f.Memory.Free(uint64(at)), r)
}

// check turns a complaint of the interpreter's into one of the test.
func (f *Driver) check(err error, r driver.Result) driver.Result {
	if err != nil {
		f.t.Error(err)
		return driver.InvalidValue
	}
	return r
}
func (f *Driver) HostAlloc(n int) ([]byte, driver.Result) {
	r, un := f.lock("HostAlloc")
	defer un()
	if r != driver.OK {
		return nil, r
	}
	f.pinned += n
	return make([]byte, n), r
}
func (f *Driver) HostFree(b []byte) driver.Result {
	r, un := f.lock("HostFree")
	defer un()
	f.pinned -= len(b)
	return r
}

// do does work on the stream now, or records it.
func (f *Driver) do(work func() driver.Result) driver.Result {
	if f.captures {
		f.recording = append(f.recording, work)
		return driver.OK
	}
	return work()
}

func (f *Driver) CopyToDevice(dst driver.Ptr, src []byte, _ driver.Stream) driver.Result {
	r, un := f.lock("CopyToDevice")
	defer un()
	if r != driver.OK {
		return r
	}
	return f.do(func() driver.Result { return f.check(f.Memory.Write(uint64(dst), src), r) })
}
func (f *Driver) CopyToHost(dst []byte, src driver.Ptr, _ driver.Stream) driver.Result {
	r, un := f.lock("CopyToHost")
	defer un()
	if r != driver.OK {
		return r
	}
	return f.do(func() driver.Result { return f.check(f.Memory.Read(dst, uint64(src)), r) })
}
func (f *Driver) CopyOnDevice(dst, src driver.Ptr, n uint64, _ driver.Stream) driver.Result {
	r, un := f.lock("CopyOnDevice")
	defer un()
	if r != driver.OK {
		return r
	}
	return f.do(func() driver.Result { return f.check(f.Memory.Copy(uint64(dst), uint64(src), int(n)), r) })
}
func (f *Driver) Fill(dst driver.Ptr, value byte, n uint64, _ driver.Stream) driver.Result {
	r, un := f.lock("Fill")
	defer un()
	if r != driver.OK {
		return r
	}
	word := uint32(value) * 0x01010101
	return f.do(func() driver.Result { return f.check(f.Memory.Fill(uint64(dst), word, int(n)), r) })
}
func (f *Driver) NewStream() (driver.Stream, driver.Result) {
	r, un := f.lock("NewStream")
	defer un()
	if r != driver.OK {
		return 0, r
	}
	s := driver.Stream(f.handle())
	f.streams[s] = true
	return s, r
}
func (f *Driver) FreeStream(s driver.Stream) driver.Result {
	r, un := f.lock("FreeStream")
	defer un()
	delete(f.streams, s)
	return r
}
func (f *Driver) Synchronize(driver.Stream) driver.Result {
	r, un := f.lock("Synchronize")
	defer un()
	return r
}

// Query answers once in a while that there is work left.
func (f *Driver) Query(driver.Stream) driver.Result {
	r, un := f.lock("Query")
	defer un()
	if r == driver.OK && f.calls["Query"]%3 == 1 {
		return driver.NotReady
	}
	return r
}
func (f *Driver) NewEvent() (driver.Event, driver.Result) {
	return 1, driver.OK
}
func (f *Driver) FreeEvent(driver.Event) driver.Result             { return driver.OK }
func (f *Driver) Record(driver.Event, driver.Stream) driver.Result { return driver.OK }
func (f *Driver) Elapsed(driver.Event, driver.Event) (float32, driver.Result) {
	return 1, driver.OK
}
func (f *Driver) Launch(fn driver.Function, shape driver.Launch, args []byte, _ driver.Stream) driver.Result {
	r, un := f.lock("Launch")
	defer un()
	if r != driver.OK {
		return r
	}
	k := f.functions[fn]
	if k == nil {
		f.t.Errorf("launch of a function %d that there is not", fn)
		return driver.InvalidValue
	}
	copied := bytes.Clone(args)
	return f.do(func() driver.Result {
		if !f.Run {
			return driver.OK
		}
		r := f.execute(k, shape, copied)
		if r.Sticky() {
			f.Dead = r
		}
		return r
	})
}
func (f *Driver) BeginCapture(driver.Stream) driver.Result {
	r, un := f.lock("BeginCapture")
	defer un()
	if r == driver.OK {
		f.captures, f.recording = true, nil
	}
	return r
}
func (f *Driver) EndCapture(driver.Stream) (driver.Graph, driver.Result) {
	r, un := f.lock("EndCapture")
	defer un()
	f.captures = false
	if r != driver.OK {
		return 0, r
	}
	g := driver.Graph(f.handle())
	f.graphs[g] = f.recording
	return g, r
}
func (f *Driver) Instantiate(g driver.Graph) (driver.Exec, driver.Result) {
	r, un := f.lock("Instantiate")
	defer un()
	if r != driver.OK {
		return 0, r
	}
	e := driver.Exec(f.handle())
	f.execs[e] = f.graphs[g]
	return e, r
}
func (f *Driver) LaunchGraph(e driver.Exec, _ driver.Stream) driver.Result {
	r, un := f.lock("LaunchGraph")
	defer un()
	if r != driver.OK {
		return r
	}
	work, ok := f.execs[e]
	if !ok {
		f.t.Errorf("launch of a graph %d that there is not", e)
		return driver.InvalidValue
	}
	for _, w := range work {
		if r := w(); r != driver.OK {
			return r
		}
	}
	return driver.OK
}
func (f *Driver) FreeGraph(g driver.Graph) driver.Result {
	r, un := f.lock("FreeGraph")
	defer un()
	delete(f.graphs, g)
	return r
}
func (f *Driver) FreeExec(e driver.Exec) driver.Result {
	r, un := f.lock("FreeExec")
	defer un()
	if _, ok := f.execs[e]; !ok {
		f.t.Errorf("freeing a graph %d that there is not", e)
	}
	delete(f.execs, e)
	return r
}

var _ driver.API = (*Driver)(nil)
