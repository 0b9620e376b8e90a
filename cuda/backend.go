package cuda

import (
	"errors"
	"fmt"
	"math/bits"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/kernels"
	"mamba-tui/scan"
)

// errClosed is what a closed backend answers.
var errClosed = errors.New("cuda: the backend is closed")

// Backend computes on one NVIDIA device. It implements scan.Backend,
// scan.Differentiable and scan.Capturer in float32.
//
// Sums over time and over inputs depend on the shape of a call (see
// TimeParallel); a call repeated gives the same bits.
type Backend struct {
	info      Info
	device    *device
	functions []driver.Function // by kernels.Entry
	plan      *kernels.Planner
	live      map[driver.Ptr]uint64 // allocations and their bytes
	ring      ring
	inbox     []byte // pinned, for reads
	filled    int    // of inbox
	arrivals  []arrival
	closed    bool

	// work is scratch of the kernels; it grows and stays.
	work      driver.Ptr
	workBytes uint64

	force     kernels.ScanKind // of the tests: a way to scan in place of the best
	taps      scan.Buffer      // int32: the steps of the newest ScanTap
	tapSteps  []int32
	capturing bool
	refused   string // what was called between the ends of a recording
}

// Name implements scan.Backend.
func (b *Backend) Name() string { return "cuda " + b.info.Name + " f32" }

// Info describes the device and the kernels.
func (b *Backend) Info() Info { return b.info }

// DType implements scan.Backend: the kernels compute in float32.
func (b *Backend) DType() scan.DType { return scan.Float32 }

// Chunk implements scan.Chunker: enough rows to fill a large device with the
// matrix products of a small model.
func (b *Backend) Chunk() int { return 2048 }

// TimeParallel says that the same work cut into other calls may differ in the
// last bits: time and inputs are summed by many threads, in an order that
// depends on the length of the call.
func (b *Backend) TimeParallel() bool { return true }

// Close implements scan.Backend. It waits for what was enqueued and gives all
// memory back, also that of buffers that were not freed.
func (b *Backend) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	err := b.device.ask(func() error {
		d := b.device
		d.drain()
		err := d.told()
		b.shut()
		return err
	})
	b.device.stop()
	clear(b.live)
	return err
}

// shut is for the goroutine: it gives everything back.
func (b *Backend) shut() {
	d := b.device
	if d.lost {
		d.Discard()
		return
	}
	for at := range b.live {
		d.API.Free(at)
	}
	b.unpin(d)
	d.Close()
}

// scratch makes work at least n bytes long and is its address. Without room it
// notes the failure for the next Read, and says false: the operation is left
// out.
func (b *Backend) scratch(n int, what string) (at uint64, ok bool) {
	if uint64(n) <= b.workBytes {
		return uint64(b.work), true
	}
	if b.capturing {
		b.refuse(what + " of a larger shape than before")
		return 0, false
	}
	bytes := uint64(1) << bits.Len64(uint64(max(n, 1<<16)-1))
	at2, err := b.memory(bytes)
	if err != nil && uint64(n) < bytes {
		bytes = uint64(n)
		at2, err = b.memory(bytes)
	}
	if err != nil {
		b.note(fmt.Errorf("%s: %w", what, err))
		return 0, false
	}
	// What is enqueued still uses the old one; it is freed after that.
	b.release(b.work)
	b.work, b.workBytes = at2, bytes
	return uint64(at2), true
}

// note keeps a failure for the next Read or Sync.
func (b *Backend) note(err error) {
	_ = b.device.ask(func() error {
		if b.device.failure == nil {
			b.device.failure = err
		}
		return nil
	})
}

// run enqueues what was planned for an operation.
func (b *Backend) run() {
	for i := range b.plan.Launches {
		l := &b.plan.Launches[i]
		b.device.launch(l.Entry.Name(), b.functions[l.Entry], b.device.Shape(l), l.Args())
	}
	b.plan.Reset()
}
