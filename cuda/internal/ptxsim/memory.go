package ptxsim

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrMemory is what Alloc returns when the limit of the device is reached.
var ErrMemory = errors.New("ptxsim: out of memory")

// spaceBits is log2 of the room each allocation has in the address space, so
// that an address tells its allocation and a stray one hits nothing.
const spaceBits = 36

// Device is a memory with allocations. It belongs to one goroutine.
type Device struct {
	Limit  int64 // bytes that may be allocated; 0: any number
	used   int64
	allocs []*alloc
	base   uint32 // the tag of block 0 of the launch under way
	next   uint32 // the tag of block 0 of the next launch
	block  uint32 // the tag of the block under way
}

// alloc is one allocation in words of 4 bytes.
type alloc struct {
	words  []uint32
	shadow []shadow
}

// shadow is who touched a word last: 0 nobody, 1 the host, else a block.
type shadow struct{ writer, reader uint32 }

const byHost = 1

// New is a device without allocations.
func New() *Device { return &Device{allocs: make([]*alloc, 1), next: 2} }

// Alloc is the address of n bytes that nobody has written yet.
func (d *Device) Alloc(n int64) (uint64, error) {
	words := (n + 3) / 4
	if n < 0 || n >= 1<<spaceBits || d.Limit > 0 && d.used+4*words > d.Limit {
		return 0, fmt.Errorf("%w: %d bytes asked for, %d in use", ErrMemory, n, d.used)
	}
	d.used += 4 * words
	d.allocs = append(d.allocs, &alloc{make([]uint32, words), make([]shadow, words)})
	return uint64(len(d.allocs)-1) << spaceBits, nil
}

// Free gives an allocation back; using it afterwards is an error.
func (d *Device) Free(at uint64) error {
	i := at >> spaceBits
	if at&(1<<spaceBits-1) != 0 || i >= uint64(len(d.allocs)) || d.allocs[i] == nil {
		return fmt.Errorf("ptxsim: free of %#x, which is no allocation", at)
	}
	d.used -= int64(4 * len(d.allocs[i].words))
	d.allocs[i] = nil
	return nil
}

// Used is the number of bytes allocated.
func (d *Device) Used() int64 { return d.used }

// find is the allocation of [at, at+n) and the place of its first word.
func (d *Device) find(at uint64, n int) (*alloc, int, error) {
	i, off := at>>spaceBits, at&(1<<spaceBits-1)
	if i == 0 || i >= uint64(len(d.allocs)) || d.allocs[i] == nil {
		return nil, 0, fmt.Errorf("address %#x is in no allocation", at)
	}
	a := d.allocs[i]
	if off+uint64(n) > uint64(4*len(a.words)) {
		return nil, 0, fmt.Errorf("%d bytes at %#x: allocation %d has %d", n, at, i, 4*len(a.words))
	}
	return a, int(off / 4), nil
}

// host is find for a whole number of words of the host.
func (d *Device) host(at uint64, n int) ([]uint32, []shadow, error) {
	if n == 0 {
		return nil, nil, nil
	}
	if at%4 != 0 || n%4 != 0 {
		return nil, nil, fmt.Errorf("ptxsim: copy of %d bytes at %#x: only whole words", n, at)
	}
	a, i, err := d.find(at, n)
	if err != nil {
		return nil, nil, fmt.Errorf("ptxsim: copy: %w", err)
	}
	return a.words[i : i+n/4], a.shadow[i : i+n/4], nil
}

// Write copies src to the device.
func (d *Device) Write(at uint64, src []byte) error {
	words, marks, err := d.host(at, len(src))
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(src[4*i:])
		marks[i] = shadow{writer: byHost}
	}
	return err
}

// Read copies from the device. Memory that nobody has written is an error.
func (d *Device) Read(dst []byte, at uint64) error {
	words, marks, err := d.host(at, len(dst))
	for i, v := range words {
		if marks[i].writer == 0 {
			return fmt.Errorf("ptxsim: read of %#x, which nothing has written", at+uint64(4*i))
		}
		binary.LittleEndian.PutUint32(dst[4*i:], v)
	}
	return err
}

// Fill sets n/4 words to v.
func (d *Device) Fill(at uint64, v uint32, n int) error {
	words, marks, err := d.host(at, n)
	for i := range words {
		words[i], marks[i] = v, shadow{writer: byHost}
	}
	return err
}

// Copy is Write from the device itself; what was not written stays so.
func (d *Device) Copy(dst, src uint64, n int) error {
	to, marks, err := d.host(dst, n)
	if err != nil {
		return err
	}
	from, old, err := d.host(src, n)
	for i := range from {
		to[i], marks[i] = from[i], old[i]
		if old[i].writer != 0 {
			marks[i] = shadow{writer: byHost}
		}
	}
	return err
}

// load is one aligned access of n ≤ 16 bytes by the block under way; early: by a
// lane that has not waited for the kernels ahead.
func (d *Device) load(at uint64, n int, early bool) ([]uint32, error) {
	a, i, err := d.find(at, n)
	if err != nil {
		return nil, err
	}
	if at%uint64(n) != 0 {
		return nil, fmt.Errorf("%d bytes at %#x: misaligned", n, at)
	}
	last := i + (n+3)/4
	for k := i; k < last; k++ {
		s := &a.shadow[k]
		if s.writer == 0 {
			return nil, fmt.Errorf("read of %#x, which nothing has written", at+uint64(4*(k-i)))
		}
		if s.writer >= d.base && s.writer != d.block {
			return nil, fmt.Errorf("read of %#x, which block %d writes too", at, s.writer-d.base)
		}
		if early && s.writer != byHost {
			return nil, fmt.Errorf("read of %#x, which a kernel has written, before waiting for it", at)
		}
		if s.reader < d.base {
			s.reader = d.block
		} else if s.reader != d.block {
			s.reader = d.next - 1 // several
		}
	}
	return a.words[i:last], nil
}

// store is where n aligned bytes go.
func (d *Device) store(at uint64, n int, early bool) ([]uint32, error) {
	if early {
		return nil, fmt.Errorf("write to %#x before waiting for the kernels ahead", at)
	}
	a, i, err := d.find(at, n)
	if err != nil {
		return nil, err
	}
	if at%uint64(n) != 0 {
		return nil, fmt.Errorf("%d bytes at %#x: misaligned", n, at)
	}
	for k := i; k < i+n/4; k++ {
		s := &a.shadow[k]
		if s.writer >= d.base && s.writer != d.block {
			return nil, fmt.Errorf("write to %#x, which block %d writes too", at, s.writer-d.base)
		}
		if s.reader >= d.base && s.reader != d.block {
			return nil, fmt.Errorf("write to %#x, which another block reads", at)
		}
		s.writer = d.block
	}
	return a.words[i : i+n/4], nil
}
