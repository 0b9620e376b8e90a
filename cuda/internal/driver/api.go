package driver

// Handles of the driver. The zero value is none.
type (
	Device   int32
	Context  uintptr
	Module   uintptr
	Function uintptr
	Stream   uintptr
	Event    uintptr
	Graph    uintptr
	Exec     uintptr // an instantiated graph
	// Ptr is an address in the memory of the device.
	Ptr uint64
)

// Attribute is a CUdevice_attribute.
type Attribute int32

// Attributes of a device.
const (
	Multiprocessors     Attribute = 16
	ClockRate           Attribute = 13 // kHz
	SharedPerBlockOptIn Attribute = 97 // bytes
	CapabilityMajor     Attribute = 75
	CapabilityMinor     Attribute = 76
	L2Bytes             Attribute = 38
)

// FunctionAttribute is a CUfunction_attribute.
type FunctionAttribute int32

// Attributes of a function.
const (
	StaticShared     FunctionAttribute = 1 // bytes
	LocalBytes       FunctionAttribute = 3 // a thread's; anything but 0 is a spill
	Registers        FunctionAttribute = 4 // a thread's
	MaxDynamicShared FunctionAttribute = 8 // bytes; may be set
)

// Launch is the shape of a kernel launch.
type Launch struct {
	Grid, Block [3]uint32
	Shared      uint32 // bytes of dynamic shared memory
	// Early is for a kernel whose first instruction waits for what is ahead of it
	// in the stream: it may be launched before that. Drivers that cannot, ignore it.
	Early bool
}

// API is the driver. Every method but Init needs Init before it, and those on
// memory, streams, modules and graphs a current context.
type API interface {
	// Init must be called first.
	Init() Result
	// Version is 1000·major + 10·minor of the newest CUDA the driver knows.
	Version() (int, Result)
	DeviceCount() (int, Result)
	Device(ordinal int) (Device, Result)
	Name(Device) (string, Result)
	UUID(Device) ([16]byte, Result)
	TotalMemory(Device) (uint64, Result)
	Attribute(Device, Attribute) (int, Result)

	// RetainContext takes a share of the device's primary context.
	RetainContext(Device) (Context, Result)
	SetCurrent(Context) Result
	ReleaseContext(Device) Result
	// ResetContext throws the primary context away with everything in it: what
	// is left to do after an error that the device does not recover from.
	ResetContext(Device) Result

	// LoadModule compiles image, PTX text that ends with a zero byte or a cubin,
	// for the current device. log is what the compiler said, also of success.
	LoadModule(image []byte) (m Module, log string, r Result)
	UnloadModule(Module) Result
	Function(m Module, name string) (Function, Result)
	FunctionAttribute(Function, FunctionAttribute) (int, Result)
	SetFunctionAttribute(Function, FunctionAttribute, int) Result

	MemoryInfo() (free, total uint64, r Result)
	// Alloc gives n > 0 bytes whose contents are undefined.
	Alloc(n uint64) (Ptr, Result)
	Free(Ptr) Result
	// HostAlloc gives n bytes of host memory that the device copies from and to
	// without an intermediate copy. It is no memory of Go's.
	HostAlloc(n int) ([]byte, Result)
	HostFree([]byte) Result

	// The copies and Fill are in order with the launches of the stream. Host
	// memory must be from HostAlloc and stay untouched until the stream has come
	// past the copy.
	CopyToDevice(dst Ptr, src []byte, s Stream) Result
	CopyToHost(dst []byte, src Ptr, s Stream) Result
	CopyOnDevice(dst, src Ptr, n uint64, s Stream) Result
	Fill(dst Ptr, value byte, n uint64, s Stream) Result

	NewStream() (Stream, Result)
	FreeStream(Stream) Result
	// Synchronize waits until the stream is empty and gives the first failure of
	// what ran on it.
	Synchronize(Stream) Result
	// Query is Synchronize without waiting: NotReady while there is work.
	Query(Stream) Result

	NewEvent() (Event, Result)
	FreeEvent(Event) Result
	Record(Event, Stream) Result
	// Elapsed is the time between two recorded and passed events in
	// milliseconds.
	Elapsed(from, to Event) (float32, Result)

	// Launch enqueues a kernel. args is its single parameter, a struct, which is
	// copied before Launch returns.
	Launch(f Function, shape Launch, args []byte, s Stream) Result

	// Between BeginCapture and EndCapture launches, copies and fills on the
	// stream are recorded instead of run.
	BeginCapture(Stream) Result
	EndCapture(Stream) (Graph, Result)
	Instantiate(Graph) (Exec, Result)
	LaunchGraph(Exec, Stream) Result
	FreeGraph(Graph) Result
	FreeExec(Exec) Result
}
