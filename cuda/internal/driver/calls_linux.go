//go:build linux && (amd64 || arm64)

package driver

import (
	"bytes"
	"runtime"
	"strings"
	"unsafe"
)

// The calls of API. What a call writes is a local variable: call keeps it alive
// and in its place.

func (l *library) Init() Result { return call(l.cuInit, 0) }

func (l *library) Version() (int, Result) {
	var v int32
	r := call(l.cuDriverGetVersion, uintptr(unsafe.Pointer(&v)))
	return int(v), r
}

func (l *library) DeviceCount() (int, Result) {
	var n int32
	r := call(l.cuDeviceGetCount, uintptr(unsafe.Pointer(&n)))
	return int(n), r
}

func (l *library) Device(ordinal int) (Device, Result) {
	var d Device
	r := call(l.cuDeviceGet, uintptr(unsafe.Pointer(&d)), uintptr(ordinal))
	return d, r
}

func (l *library) Name(d Device) (string, Result) {
	var name [256]byte
	r := call(l.cuDeviceGetName, uintptr(unsafe.Pointer(&name)), uintptr(len(name)), uintptr(d))
	s, _, _ := bytes.Cut(name[:], []byte{0})
	return string(s), r
}

func (l *library) UUID(d Device) ([16]byte, Result) {
	var id [16]byte
	r := call(l.cuDeviceGetUuid, uintptr(unsafe.Pointer(&id)), uintptr(d))
	return id, r
}

func (l *library) TotalMemory(d Device) (uint64, Result) {
	var n uint64
	r := call(l.cuDeviceTotalMem, uintptr(unsafe.Pointer(&n)), uintptr(d))
	return n, r
}

func (l *library) Attribute(d Device, a Attribute) (int, Result) {
	var v int32
	r := call(l.cuDeviceGetAttribute, uintptr(unsafe.Pointer(&v)), uintptr(a), uintptr(d))
	return int(v), r
}

// blockingSync makes a wait sleep instead of keeping a core busy.
const blockingSync = 4

func (l *library) RetainContext(d Device) (Context, Result) {
	// Fails when another library holds the context with other flags: then it
	// keeps those.
	call(l.cuPrimarySetFlags, uintptr(d), blockingSync)
	var c Context
	r := call(l.cuPrimaryRetain, uintptr(unsafe.Pointer(&c)), uintptr(d))
	return c, r
}

func (l *library) SetCurrent(c Context) Result    { return call(l.cuCtxSetCurrent, uintptr(c)) }
func (l *library) ReleaseContext(d Device) Result { return call(l.cuPrimaryRelease, uintptr(d)) }
func (l *library) ResetContext(d Device) Result   { return call(l.cuPrimaryReset, uintptr(d)) }

// Options of cuModuleLoadDataEx.
const (
	jitInfoLog       = 3
	jitInfoLogBytes  = 4
	jitErrorLog      = 5
	jitErrorLogBytes = 6
	jitLogVerbose    = 12
)

// logBytes is room for what the compiler says of some dozens of kernels.
const logBytes = 64 << 10

func (l *library) LoadModule(image []byte) (Module, string, Result) {
	if len(image) == 0 {
		return 0, "", InvalidImage
	}
	l.info, l.failure = make([]byte, logBytes), make([]byte, logBytes)
	defer func() { l.info, l.failure = nil, nil }()
	options := [...]int32{jitInfoLog, jitInfoLogBytes, jitErrorLog, jitErrorLogBytes, jitLogVerbose}
	// The values are void*, addresses and numbers alike. The logs are fields of l
	// so that they lie on the heap, where nothing moves.
	values := [...]uintptr{uintptr(unsafe.Pointer(&l.info[0])), logBytes, uintptr(unsafe.Pointer(&l.failure[0])), logBytes, 1}
	var m Module
	r := call(l.cuModuleLoadDataEx, uintptr(unsafe.Pointer(&m)), uintptr(unsafe.Pointer(&image[0])),
		uintptr(len(options)), uintptr(unsafe.Pointer(&options)), uintptr(unsafe.Pointer(&values)))
	text := func(b []byte) string { s, _, _ := bytes.Cut(b, []byte{0}); return strings.TrimSpace(string(s)) }
	return m, strings.TrimSpace(text(l.failure) + "\n" + text(l.info)), r
}

func (l *library) UnloadModule(m Module) Result { return call(l.cuModuleUnload, uintptr(m)) }

func (l *library) Function(m Module, name string) (Function, Result) {
	z := append([]byte(name), 0)
	var f Function
	r := call(l.cuModuleGetFunction, uintptr(unsafe.Pointer(&f)), uintptr(m), uintptr(unsafe.Pointer(&z[0])))
	return f, r
}

func (l *library) FunctionAttribute(f Function, a FunctionAttribute) (int, Result) {
	var v int32
	r := call(l.cuFuncGetAttribute, uintptr(unsafe.Pointer(&v)), uintptr(a), uintptr(f))
	return int(v), r
}

func (l *library) SetFunctionAttribute(f Function, a FunctionAttribute, v int) Result {
	return call(l.cuFuncSetAttribute, uintptr(f), uintptr(a), uintptr(v))
}

func (l *library) MemoryInfo() (free, total uint64, r Result) {
	var f, t uint64
	r = call(l.cuMemGetInfo, uintptr(unsafe.Pointer(&f)), uintptr(unsafe.Pointer(&t)))
	return f, t, r
}

func (l *library) Alloc(n uint64) (Ptr, Result) {
	var p Ptr
	r := call(l.cuMemAlloc, uintptr(unsafe.Pointer(&p)), uintptr(n))
	return p, r
}

func (l *library) Free(p Ptr) Result { return call(l.cuMemFree, uintptr(p)) }

func (l *library) HostAlloc(n int) ([]byte, Result) {
	var p unsafe.Pointer
	r := call(l.cuMemHostAlloc, uintptr(unsafe.Pointer(&p)), uintptr(n), 0)
	if r != OK {
		return nil, r
	}
	return unsafe.Slice((*byte)(p), n), OK
}

func (l *library) HostFree(b []byte) Result {
	return call(l.cuMemFreeHost, uintptr(unsafe.Pointer(unsafe.SliceData(b))))
}

func (l *library) CopyToDevice(dst Ptr, src []byte, s Stream) Result {
	return call(l.cuMemcpyHtoDAsync, uintptr(dst), uintptr(unsafe.Pointer(unsafe.SliceData(src))), uintptr(len(src)), uintptr(s))
}

func (l *library) CopyToHost(dst []byte, src Ptr, s Stream) Result {
	return call(l.cuMemcpyDtoHAsync, uintptr(unsafe.Pointer(unsafe.SliceData(dst))), uintptr(src), uintptr(len(dst)), uintptr(s))
}

func (l *library) CopyOnDevice(dst, src Ptr, n uint64, s Stream) Result {
	return call(l.cuMemcpyDtoDAsync, uintptr(dst), uintptr(src), uintptr(n), uintptr(s))
}

func (l *library) Fill(dst Ptr, value byte, n uint64, s Stream) Result {
	return call(l.cuMemsetD8Async, uintptr(dst), uintptr(value), uintptr(n), uintptr(s))
}

// nonBlocking keeps a stream apart from the legacy default stream.
const nonBlocking = 1

func (l *library) NewStream() (Stream, Result) {
	var s Stream
	r := call(l.cuStreamCreate, uintptr(unsafe.Pointer(&s)), nonBlocking)
	return s, r
}

func (l *library) FreeStream(s Stream) Result  { return call(l.cuStreamDestroy, uintptr(s)) }
func (l *library) Synchronize(s Stream) Result { return call(l.cuStreamSynchronize, uintptr(s)) }
func (l *library) Query(s Stream) Result       { return call(l.cuStreamQuery, uintptr(s)) }

func (l *library) NewEvent() (Event, Result) {
	var e Event
	r := call(l.cuEventCreate, uintptr(unsafe.Pointer(&e)), 0)
	return e, r
}

func (l *library) FreeEvent(e Event) Result { return call(l.cuEventDestroy, uintptr(e)) }
func (l *library) Record(e Event, s Stream) Result {
	return call(l.cuEventRecord, uintptr(e), uintptr(s))
}

func (l *library) Elapsed(from, to Event) (float32, Result) {
	var ms float32
	r := call(l.cuEventElapsedTime, uintptr(unsafe.Pointer(&ms)), uintptr(from), uintptr(to))
	return ms, r
}

// launchConfig is CUlaunchConfig, launchAttribute CUlaunchAttribute.
type launchConfig struct {
	grid, block [3]uint32
	shared      uint32
	stream      uintptr
	attributes  uintptr
	count       uint32
}
type launchAttribute struct {
	id, _ uint32
	value [16]uint32
}

// programmaticStreamSerialization is the attribute of an early launch.
const programmaticStreamSerialization = 6

func (l *library) Launch(f Function, shape Launch, args []byte, s Stream) Result {
	l.params[0] = unsafe.Pointer(unsafe.SliceData(args))
	if shape.Early && l.cuLaunchKernelEx != 0 {
		l.early = launchAttribute{id: programmaticStreamSerialization, value: [16]uint32{1}}
		l.config = launchConfig{grid: shape.Grid, block: shape.Block, shared: shape.Shared, stream: uintptr(s),
			attributes: uintptr(unsafe.Pointer(&l.early)), count: 1}
		r := call(l.cuLaunchKernelEx, uintptr(unsafe.Pointer(&l.config)), uintptr(f), uintptr(unsafe.Pointer(&l.params)), 0)
		runtime.KeepAlive(args)
		return r
	}
	r := call(l.cuLaunchKernel, uintptr(f),
		uintptr(shape.Grid[0]), uintptr(shape.Grid[1]), uintptr(shape.Grid[2]),
		uintptr(shape.Block[0]), uintptr(shape.Block[1]), uintptr(shape.Block[2]),
		uintptr(shape.Shared), uintptr(s), uintptr(unsafe.Pointer(&l.params)), 0)
	runtime.KeepAlive(args)
	return r
}

// threadLocal lets other threads of the process call the driver while this one
// records.
const threadLocal = 1

func (l *library) BeginCapture(s Stream) Result {
	return call(l.cuStreamBeginCapture, uintptr(s), threadLocal)
}

func (l *library) EndCapture(s Stream) (Graph, Result) {
	var g Graph
	r := call(l.cuStreamEndCapture, uintptr(s), uintptr(unsafe.Pointer(&g)))
	return g, r
}

func (l *library) Instantiate(g Graph) (Exec, Result) {
	var e Exec
	r := call(l.cuGraphInstantiate, uintptr(unsafe.Pointer(&e)), uintptr(g), 0)
	return e, r
}

func (l *library) LaunchGraph(e Exec, s Stream) Result {
	return call(l.cuGraphLaunch, uintptr(e), uintptr(s))
}

func (l *library) FreeGraph(g Graph) Result { return call(l.cuGraphDestroy, uintptr(g)) }
func (l *library) FreeExec(e Exec) Result   { return call(l.cuGraphExecDestroy, uintptr(e)) }
