//go:build linux && (amd64 || arm64)

package driver

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"
)

// stub builds the driver of the tests, or skips where there is no C compiler.
func stub(t *testing.T, defines ...string) string {
	t.Helper()
	cc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("no gcc to build the stub driver with")
	}
	lib := filepath.Join(t.TempDir(), "libcuda.so.1")
	args := append([]string{"-shared", "-fPIC", "-O1", "-o", lib, "testdata/stub.c"}, defines...)
	if out, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return lib
}

// symbol is the address of a name of the stub.
func symbol(t *testing.T, lib, name string) uintptr {
	t.Helper()
	h, err := purego.Dlopen(lib, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		t.Fatal(err)
	}
	at, err := purego.Dlsym(h, name)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// method is one call with arguments that the stub accepts.
type method struct {
	name string
	do   func() Result
}

// TestBinding: every call reaches the driver with its arguments in order and
// comes back with its results and its code.
func TestBinding(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	lib := stub(t)
	l, err := open([]string{"/nowhere/libcuda.so.1", lib})
	if err != nil {
		t.Fatal(err)
	}
	var (
		c       Context
		m       Module
		f       Function
		s       Stream
		e       Event
		g       Graph
		x       Exec
		p       Ptr
		pinned  []byte
		args    = make([]byte, 300)
		image   = []byte(".version 6.3\x00")
		version int
		count   int
		name    string
		uuid    [16]byte
		total   uint64
		device  Device
		value   int
		regs    int
		free    uint64
		log     string
		ms      float32
	)
	for i := range args {
		args[i] = byte(i * 7)
	}
	pageable := []byte("sixteen bytes!!!")
	shape := Launch{Grid: [3]uint32{1, 2, 3}, Block: [3]uint32{4, 5, 6}, Shared: 7}
	methods := []method{
		{"Init", l.Init},
		{"Version", func() (r Result) { version, r = l.Version(); return }},
		{"DeviceCount", func() (r Result) { count, r = l.DeviceCount(); return }},
		{"Device", func() (r Result) { device, r = l.Device(1); return }},
		{"Name", func() (r Result) { name, r = l.Name(device); return }},
		{"UUID", func() (r Result) { uuid, r = l.UUID(device); return }},
		{"TotalMemory", func() (r Result) { total, r = l.TotalMemory(device); return }},
		{"Attribute", func() (r Result) { value, r = l.Attribute(device, Multiprocessors); return }},
		{"RetainContext", func() (r Result) { c, r = l.RetainContext(device); return }},
		{"SetCurrent", func() Result { return l.SetCurrent(c) }},
		{"LoadModule", func() (r Result) { m, log, r = l.LoadModule(image); return }},
		{"Function", func() (r Result) { f, r = l.Function(m, "scan"); return }},
		{"FunctionAttribute", func() (r Result) { regs, r = l.FunctionAttribute(f, Registers); return }},
		{"SetFunctionAttribute", func() Result { return l.SetFunctionAttribute(f, MaxDynamicShared, 227<<10) }},
		{"MemoryInfo", func() (r Result) { free, _, r = l.MemoryInfo(); return }},
		{"NewStream", func() (r Result) { s, r = l.NewStream(); return }},
		{"Alloc", func() (r Result) { p, r = l.Alloc(64); return }},
		{"HostAlloc", func() (r Result) { pinned, r = l.HostAlloc(16); return }},
		{"Fill", func() Result { return l.Fill(p, 'x', 64, s) }},
		{"CopyToDevice", func() Result { return l.CopyToDevice(p+16, pageable, s) }},
		{"CopyOnDevice", func() Result { return l.CopyOnDevice(p+40, p+16, 12, s) }},
		{"CopyToHost", func() Result { return l.CopyToHost(pinned, p+36, s) }},
		{"Launch", func() Result { return l.Launch(f, shape, args, s) }},
		{"Launch, early", func() Result { e := shape; e.Early = true; return l.Launch(f, e, args, s) }},
		{"Synchronize", func() Result { return l.Synchronize(s) }},
		{"Query", func() Result { return l.Query(s) }},
		{"NewEvent", func() (r Result) { e, r = l.NewEvent(); return }},
		{"Record", func() Result { return l.Record(e, s) }},
		{"Elapsed", func() (r Result) { ms, r = l.Elapsed(e, e); return }},
		{"FreeEvent", func() Result { return l.FreeEvent(e) }},
		{"BeginCapture", func() Result { return l.BeginCapture(s) }},
		{"EndCapture", func() (r Result) { g, r = l.EndCapture(s); return }},
		{"Instantiate", func() (r Result) { x, r = l.Instantiate(g); return }},
		{"LaunchGraph", func() Result { return l.LaunchGraph(x, s) }},
		{"FreeGraph", func() Result { return l.FreeGraph(g) }},
		{"FreeExec", func() Result { return l.FreeExec(x) }},
		{"HostFree", func() Result { return l.HostFree(pinned) }},
		{"Free", func() Result { return l.Free(p) }},
		{"FreeStream", func() Result { return l.FreeStream(s) }},
		{"UnloadModule", func() Result { return l.UnloadModule(m) }},
		{"ReleaseContext", func() Result { return l.ReleaseContext(device) }},
		{"ResetContext", func() Result { return l.ResetContext(device) }},
	}
	next := symbol(t, lib, "stub_next")
	launched := func(early int) func() bool {
		return func() bool {
			got := unsafe.Slice((*uint32)(pointer(symbol(t, lib, "stub_launch"))), 8)
			given := unsafe.Slice((*byte)(pointer(symbol(t, lib, "stub_args"))), 300)
			return fmt.Sprint(got) == fmt.Sprintf("[1 2 3 4 5 6 7 %d]", early) && bytes.Equal(given, args)
		}
	}
	check := map[string]func() bool{
		"Version": func() bool { return version == 13000 }, "DeviceCount": func() bool { return count == 2 },
		"Device": func() bool { return device == 41 }, "Name": func() bool { return name == "Stub GPU" },
		"UUID": func() bool { return uuid[1] == 16 && uuid[15] == 240 }, "TotalMemory": func() bool { return total == 5<<32 },
		"Attribute": func() bool { return value == 16041 }, "FunctionAttribute": func() bool { return regs == 14 },
		"MemoryInfo": func() bool { return free == 3<<32 }, "Elapsed": func() bool { return ms == 2.5 },
		"LoadModule": func() bool { return log == ".version 6.3" },
		"CopyToHost": func() bool { return string(pinned) == "xxxxsixteen byte" },
		"Launch":     launched(0), "Launch, early": launched(1),
	}
	for _, m := range methods {
		purego.SyscallN(next, 719)
		if r := m.do(); r != LaunchFailed {
			t.Errorf("%s of a driver that fails gave %d, want 719", m.name, r)
		}
		if m.name == "LoadModule" && !strings.HasPrefix(log, "ptxas error : line 7") {
			t.Errorf("a module that fails gave the log %q", log)
		}
		if r := m.do(); r != OK {
			t.Fatalf("%s gave %v", m.name, r)
		}
		if ok := check[m.name]; ok != nil && !ok() {
			t.Errorf("%s did not bring back what the driver wrote", m.name)
		}
	}
}

// pointer is an address of the stub's memory, which is none of Go's.
func pointer(at uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&at)) }

// TestOldDriver: without graphs or early launches a driver is usable, without
// memory it is not.
func TestOldDriver(t *testing.T) {
	l, err := open([]string{stub(t, "-DNO_GRAPHS")})
	if err != nil {
		t.Fatal(err)
	}
	if r := l.BeginCapture(1); r != SymbolMissing {
		t.Errorf("recording on a driver without graphs gave %d", r)
	}
	if l, err = open([]string{stub(t, "-DNO_EARLY")}); err != nil || l.cuLaunchKernelEx != 0 {
		t.Errorf("a driver without early launches: %v", err)
	}
	_, err = open([]string{stub(t, "-DNO_ALLOC")})
	if err == nil || !strings.Contains(err.Error(), "cuMemAlloc_v2") || !strings.Contains(err.Error(), "too old") {
		t.Errorf("a driver without cuMemAlloc_v2: %v", err)
	}
}

// TestNoDriver: a machine without a driver gets a sentence.
func TestNoDriver(t *testing.T) {
	_, err := open([]string{"libcuda-of-nobody.so.1"})
	if err == nil || !strings.HasPrefix(err.Error(), "the NVIDIA driver's library is not installed: libcuda-of-nobody.so.1") {
		t.Errorf("no library: %v", err)
	}
}

// BenchmarkLaunch is the way to a C function of eleven arguments and back.
func BenchmarkLaunch(b *testing.B) {
	l := &library{}
	h, err := purego.Dlopen("libc.so.6", purego.RTLD_NOW)
	if err != nil {
		b.Skip(err)
	}
	if l.cuLaunchKernel, err = purego.Dlsym(h, "getpid"); err != nil {
		b.Skip(err)
	}
	args := make([]byte, 300)
	b.ReportAllocs()
	for b.Loop() {
		l.Launch(1, Launch{}, args, 1)
	}
}
