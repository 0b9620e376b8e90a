package simdriver

import (
	"bytes"

	"mamba-tui/cuda/internal/driver"
)

// The calls of driver.API.

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
	if shape.Early && !k.Waits {
		f.t.Errorf("%s is launched early and does not wait", k.Name)
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
