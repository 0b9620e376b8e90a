package driver

import "fmt"

// Result is a CUresult: what a call of the driver came to.
type Result int32

// Results that something is done about.
const (
	OK                  Result = 0
	InvalidValue        Result = 1
	OutOfMemory         Result = 2
	NotInitialized      Result = 3
	Deinitialized       Result = 4
	StubLibrary         Result = 34
	DeviceUnavailable   Result = 46
	NoDevice            Result = 100
	InvalidDevice       Result = 101
	InvalidImage        Result = 200
	InvalidContext      Result = 201
	NoBinary            Result = 209
	ECC                 Result = 214
	InvalidPTX          Result = 218
	NVLink              Result = 220
	JITMissing          Result = 221
	UnsupportedPTX      Result = 222
	SharedObject        Result = 302
	NotFound            Result = 500
	NotReady            Result = 600
	IllegalAddress      Result = 700
	OutOfResources      Result = 701
	LaunchTimeout       Result = 702
	ContextActive       Result = 708
	ContextDestroyed    Result = 709
	Assert              Result = 710
	HardwareStack       Result = 714
	IllegalInstruction  Result = 715
	MisalignedAddress   Result = 716
	InvalidAddressSpace Result = 717
	InvalidPC           Result = 718
	LaunchFailed        Result = 719
	NotPermitted        Result = 800
	NotSupported        Result = 801
	DriverNotReady      Result = 802
	DriverMismatch      Result = 803
	CompatNotSupported  Result = 804
	CaptureUnsupported  Result = 900
	CaptureInvalidated  Result = 901
	Unknown             Result = 999
	LibraryMissing      Result = -1 // no library to call; not a code of CUDA
	SymbolMissing       Result = -2 // the library has no such call; likewise
)

// sentences say what each result means and what to do about it.
var sentences = map[Result]string{
	InvalidValue:        "an argument was out of range; this is a mistake of the program's, please report it",
	OutOfMemory:         "the device has too little free memory; close what else uses it, or take a smaller model or --backend cpu",
	NotInitialized:      "the driver was not initialised; this is a mistake of the program's, please report it",
	Deinitialized:       "the driver is shutting down",
	StubLibrary:         "libcuda is the stub that toolkits link with, not a driver; put the real one before it in the library path",
	DeviceUnavailable:   "the device is busy or held by another process; wait, or choose another with --backend cuda:1",
	NoDevice:            "no NVIDIA device is visible; check nvidia-smi and CUDA_VISIBLE_DEVICES",
	InvalidDevice:       "there is no device of that number",
	InvalidImage:        "the driver does not recognise the kernels",
	InvalidContext:      "the context of the device is not usable; another library may have reset it",
	NoBinary:            "the kernels have no code for this device; it needs compute capability 7.5 or later",
	ECC:                 "the device reported an uncorrectable memory error; its results cannot be trusted, restart it or replace it",
	InvalidPTX:          "the driver rejects the kernels' PTX",
	NVLink:              "the device reported an uncorrectable NVLink error",
	JITMissing:          "the driver's compiler libnvidia-ptxjitcompiler is missing; in a container, install it or add the capability \"compute\"",
	UnsupportedPTX:      "the driver is older than the kernels' PTX version; update it",
	SharedObject:        "a library that the driver needs could not be loaded",
	NotFound:            "the driver does not find a name that was asked for",
	NotReady:            "the work is not finished",
	IllegalAddress:      "a kernel touched memory that is not its own",
	OutOfResources:      "a launch asked for more registers or shared memory than the device has",
	LaunchTimeout:       "a kernel was ended because it ran longer than the display allows",
	ContextActive:       "the device's context is already in use with other settings",
	ContextDestroyed:    "the context of the device is gone",
	Assert:              "a kernel stopped at an assertion",
	HardwareStack:       "a kernel's stack was corrupted",
	IllegalInstruction:  "a kernel met an instruction that the device does not know",
	MisalignedAddress:   "a kernel read or wrote a misaligned address",
	InvalidAddressSpace: "a kernel used an address of the wrong memory",
	InvalidPC:           "a kernel left its code",
	LaunchFailed:        "a kernel failed on the device",
	NotPermitted:        "the operation is not permitted to this process",
	NotSupported:        "the device or its driver does not support the operation",
	DriverNotReady:      "the driver is still starting (on systems with NVSwitch: the fabric manager is not running)",
	DriverMismatch:      "the driver's library and its kernel module are of different versions; restart the machine",
	CompatNotSupported:  "the compatibility library of this CUDA version does not support the device",
	CaptureUnsupported:  "the operation cannot be part of a graph",
	CaptureInvalidated:  "the recording of a graph was broken off by an earlier failure",
	Unknown:             "the driver gives no reason",
	LibraryMissing:      "the NVIDIA driver's library is not installed",
	SymbolMissing:       "the driver is too old: it lacks a call that is needed; version 450 or later has it",
}

// String is a sentence without a capital, and the number for a search.
func (r Result) String() string {
	if r == OK {
		return "no error"
	}
	s, ok := sentences[r]
	switch {
	case r < 0:
		return s
	case !ok:
		return fmt.Sprintf("the driver reports an error that this program does not know (CUDA error %d)", r)
	}
	return fmt.Sprintf("%s (CUDA error %d)", s, r)
}

// Sticky says that the context is lost: every later call on it gives the same
// result, and nothing in the memory of the device can be read again.
func (r Result) Sticky() bool {
	switch r {
	case IllegalAddress, LaunchTimeout, ContextDestroyed, Assert, HardwareStack, IllegalInstruction,
		MisalignedAddress, InvalidAddressSpace, InvalidPC, LaunchFailed, ECC, NVLink, InvalidContext, Deinitialized, Unknown:
		return true
	}
	return false
}
