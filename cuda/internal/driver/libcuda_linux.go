//go:build linux && (amd64 || arm64)

package driver

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// names are where the driver's library may be: by the loader's path, and where
// WSL keeps it.
var names = []string{"libcuda.so.1", "libcuda.so", "/usr/lib/wsl/lib/libcuda.so.1"}

// Open loads the library of the machine's NVIDIA driver. It stays loaded for
// the rest of the process, as the driver wants it.
func Open() (API, error) { return open(names) }

// open loads the first of names that is there.
func open(names []string) (*library, error) {
	var first error
	for _, name := range names {
		handle, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL)
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		l, err := bind(handle)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return l, nil
	}
	return nil, fmt.Errorf("%v: %v", LibraryMissing, first)
}

// library is libcuda. Each field is the address of one of its calls. Where a
// call has a _v2, the bare name is the ABI of 32-bit addresses: it must not be
// used.
type library struct {
	cuInit, cuDriverGetVersion                                                  uintptr
	cuDeviceGetCount, cuDeviceGet, cuDeviceGetName, cuDeviceGetUuid             uintptr
	cuDeviceTotalMem, cuDeviceGetAttribute                                      uintptr
	cuPrimaryRetain, cuPrimaryRelease, cuPrimaryReset, cuPrimarySetFlags        uintptr
	cuCtxSetCurrent                                                             uintptr
	cuModuleLoadDataEx, cuModuleUnload, cuModuleGetFunction                     uintptr
	cuFuncGetAttribute, cuFuncSetAttribute                                      uintptr
	cuMemGetInfo, cuMemAlloc, cuMemFree, cuMemHostAlloc, cuMemFreeHost          uintptr
	cuMemcpyHtoDAsync, cuMemcpyDtoHAsync, cuMemcpyDtoDAsync, cuMemsetD8Async    uintptr
	cuStreamCreate, cuStreamDestroy, cuStreamSynchronize, cuStreamQuery         uintptr
	cuEventCreate, cuEventDestroy, cuEventRecord, cuEventElapsedTime            uintptr
	cuLaunchKernel, cuLaunchKernelEx                                            uintptr
	cuStreamBeginCapture, cuStreamEndCapture, cuGraphInstantiate, cuGraphLaunch uintptr
	cuGraphDestroy, cuGraphExecDestroy                                          uintptr

	// params is the array of parameter addresses that cuLaunchKernel reads. It
	// is kept so that a launch allocates nothing.
	params        [1]unsafe.Pointer
	config        launchConfig
	early         launchAttribute
	info, failure []byte // the compiler's logs, during LoadModule
}

// bind looks every call up. A graph and an early launch are something that one can
// do without; everything else must be there.
func bind(handle uintptr) (*library, error) {
	l := &library{}
	for _, s := range []struct {
		at       *uintptr
		name     string
		optional bool
	}{
		{&l.cuInit, "cuInit", false},
		{&l.cuDriverGetVersion, "cuDriverGetVersion", false},
		{&l.cuDeviceGetCount, "cuDeviceGetCount", false},
		{&l.cuDeviceGet, "cuDeviceGet", false},
		{&l.cuDeviceGetName, "cuDeviceGetName", false},
		{&l.cuDeviceGetUuid, "cuDeviceGetUuid", false},
		{&l.cuDeviceTotalMem, "cuDeviceTotalMem_v2", false},
		{&l.cuDeviceGetAttribute, "cuDeviceGetAttribute", false},
		{&l.cuPrimaryRetain, "cuDevicePrimaryCtxRetain", false},
		{&l.cuPrimaryRelease, "cuDevicePrimaryCtxRelease_v2", false},
		{&l.cuPrimaryReset, "cuDevicePrimaryCtxReset_v2", false},
		{&l.cuPrimarySetFlags, "cuDevicePrimaryCtxSetFlags_v2", false},
		{&l.cuCtxSetCurrent, "cuCtxSetCurrent", false},
		{&l.cuModuleLoadDataEx, "cuModuleLoadDataEx", false},
		{&l.cuModuleUnload, "cuModuleUnload", false},
		{&l.cuModuleGetFunction, "cuModuleGetFunction", false},
		{&l.cuFuncGetAttribute, "cuFuncGetAttribute", false},
		{&l.cuFuncSetAttribute, "cuFuncSetAttribute", false},
		{&l.cuMemGetInfo, "cuMemGetInfo_v2", false},
		{&l.cuMemAlloc, "cuMemAlloc_v2", false},
		{&l.cuMemFree, "cuMemFree_v2", false},
		{&l.cuMemHostAlloc, "cuMemHostAlloc", false},
		{&l.cuMemFreeHost, "cuMemFreeHost", false},
		{&l.cuMemcpyHtoDAsync, "cuMemcpyHtoDAsync_v2", false},
		{&l.cuMemcpyDtoHAsync, "cuMemcpyDtoHAsync_v2", false},
		{&l.cuMemcpyDtoDAsync, "cuMemcpyDtoDAsync_v2", false},
		{&l.cuMemsetD8Async, "cuMemsetD8Async", false},
		{&l.cuStreamCreate, "cuStreamCreate", false},
		{&l.cuStreamDestroy, "cuStreamDestroy_v2", false},
		{&l.cuStreamSynchronize, "cuStreamSynchronize", false},
		{&l.cuStreamQuery, "cuStreamQuery", false},
		{&l.cuEventCreate, "cuEventCreate", false},
		{&l.cuEventDestroy, "cuEventDestroy_v2", false},
		{&l.cuEventRecord, "cuEventRecord", false},
		{&l.cuEventElapsedTime, "cuEventElapsedTime", false},
		{&l.cuLaunchKernel, "cuLaunchKernel", false},
		{&l.cuLaunchKernelEx, "cuLaunchKernelEx", true},
		{&l.cuStreamBeginCapture, "cuStreamBeginCapture_v2", true},
		{&l.cuStreamEndCapture, "cuStreamEndCapture", true},
		{&l.cuGraphInstantiate, "cuGraphInstantiateWithFlags", true},
		{&l.cuGraphLaunch, "cuGraphLaunch", true},
		{&l.cuGraphDestroy, "cuGraphDestroy", true},
		{&l.cuGraphExecDestroy, "cuGraphExecDestroy", true},
	} {
		at, err := purego.Dlsym(handle, s.name)
		if err != nil && !s.optional {
			return nil, fmt.Errorf("%v (%s)", SymbolMissing, s.name)
		}
		*s.at = at
	}
	return l, nil
}

// call is purego.SyscallN for a call of the driver, whose result is an int.
//
//go:uintptrescapes
func call(fn uintptr, args ...uintptr) Result {
	if fn == 0 {
		return SymbolMissing
	}
	r, _, _ := purego.SyscallN(fn, args...)
	return Result(int32(r))
}
