package ptxsim

import (
	"encoding/binary"
	"fmt"
)

// Grid is the number of blocks along x, y and z.
type Grid [3]uint32

// block is one block under way.
type block struct {
	k       *Kernel
	d       *Device
	at      [3]uint32
	grid    Grid
	warps   []*warp
	params  []uint32
	words   []uint32 // shared memory
	marks   []sharedMark
	epoch   uint32 // barriers passed, over all blocks
	dynamic int    // where the dynamic shared memory begins
	exited  bool
	issued  []int64
	bytes   [2]int64 // shared, global
}

// sharedMark is who touched a word of shared memory since the last barrier.
type sharedMark struct {
	epoch          uint32
	writer, reader int32  // thread + 1; 0: nobody, −1: several of one warp, −2: of several
	wrote, read    uint32 // the warp's own barriers before then
	readers        int32  // the warp of the readers
	written        bool
	flying         bool // an asynchronous copy to it has not been waited for
}

// The writer and the readers come before thread of the warp at its barriers so
// far, if they are itself, or of its warp and before its last barrier.
func (m *sharedMark) writtenBefore(thread int, barriers uint32) bool {
	return m.writer == 0 || m.writer == int32(thread+1) || int(m.writer-1)/32 == thread/32 && m.wrote < barriers
}
func (m *sharedMark) readBefore(thread int, barriers uint32) bool {
	return m.reader == 0 || m.reader == int32(thread+1) || m.reader != -2 && int(m.readers) == thread/32 && m.read < barriers
}

// Launch runs a kernel over a grid of blocks of the given number of threads,
// with shared bytes of dynamic shared memory and one block of parameters. The
// blocks run one after another.
func (d *Device) Launch(k *Kernel, grid Grid, threads, shared int, args []byte) (Counts, error) {
	var c Counts
	if len(args) != k.ParamBytes {
		return c, fmt.Errorf("ptxsim: %s: %d bytes of parameters, the kernel takes %d", k.Name, len(args), k.ParamBytes)
	}
	if threads%32 != 0 || threads < 32 || threads > 1024 || k.MaxThreads > 0 && threads > k.MaxThreads {
		return c, fmt.Errorf("ptxsim: %s: %d threads: want a multiple of 32 up to %d", k.Name, threads, k.MaxThreads)
	}
	blocks := uint64(grid[0]) * uint64(grid[1]) * uint64(grid[2])
	if blocks == 0 || grid[1] > 65535 || grid[2] > 65535 || blocks > 1<<30 {
		return c, fmt.Errorf("ptxsim: %s: a grid of %v", k.Name, grid)
	}
	b := newBlock(d, k, grid, threads, shared, args)
	d.base = d.next
	d.next += uint32(blocks) + 1 // one tag more, for several readers
	if d.next < d.base {
		return c, fmt.Errorf("ptxsim: more than 2^32 blocks in one life")
	}
	d.block = d.base
	for z := range grid[2] {
		for y := range grid[1] {
			for x := range grid[0] {
				b.at = [3]uint32{x, y, z}
				if err := b.run(); err != nil {
					return c, fmt.Errorf("ptxsim: %s: block %v: %w", k.Name, b.at, err)
				}
				d.block++
			}
		}
	}
	for pc, n := range b.issued {
		c.Issued[k.code[pc].class] += 32 * n
	}
	c.SharedBytes, c.GlobalBytes = b.bytes[0], b.bytes[1]
	return c, nil
}

func newBlock(d *Device, k *Kernel, grid Grid, threads, shared int, args []byte) *block {
	static := (k.Shared + 15) / 16 * 16
	b := &block{k: k, d: d, grid: grid, dynamic: static, epoch: 1,
		params: make([]uint32, (len(args)+3)/4),
		words:  make([]uint32, (static+shared+3)/4),
		marks:  make([]sharedMark, (static+shared+3)/4),
		issued: make([]int64, len(k.code)),
	}
	padded := append(append([]byte{}, args...), 0, 0, 0)
	for i := range b.params {
		b.params[i] = binary.LittleEndian.Uint32(padded[4*i:])
	}
	for i := range threads / 32 {
		b.warps = append(b.warps, &warp{b: b, index: i,
			r32: make([][32]uint32, k.n32), r64: make([][32]uint64, k.n64), p: make([]uint32, k.preds)})
	}
	return b
}

// run takes all warps from barrier to barrier.
func (b *block) run() error {
	clear(b.marks)
	b.exited = false
	for _, w := range b.warps {
		w.start()
	}
	for {
		b.epoch++
		left := 0
		for _, w := range b.warps {
			if w.live == 0 {
				left++
				continue
			}
			done, err := w.run()
			if err != nil {
				return err
			}
			if done {
				left++
			}
		}
		if left == len(b.warps) {
			return nil
		}
		if b.exited {
			return fmt.Errorf("a barrier after threads have left")
		}
	}
}

// touch checks and marks an access of n bytes of shared memory.
func (b *block) touch(at uint64, n, thread int, write bool) (int, error) {
	if at+uint64(n) > uint64(4*len(b.words)) || at > uint64(4*len(b.words)) {
		return 0, fmt.Errorf("%d bytes at %d: the block has %d bytes of shared memory", n, at, 4*len(b.words))
	}
	if at%uint64(n) != 0 {
		return 0, fmt.Errorf("%d bytes at %d of shared memory: misaligned", n, at)
	}
	me, barriers := int32(thread+1), b.warps[thread/32].barriers
	i := int(at / 4)
	for k := i; k < i+n/4; k++ {
		m := &b.marks[k]
		if m.epoch != b.epoch {
			m.epoch, m.writer, m.reader = b.epoch, 0, 0
		}
		if m.flying {
			return 0, fmt.Errorf("access to %d of shared memory, to which a copy is on its way", 4*k)
		}
		if !m.writtenBefore(thread, barriers) {
			return 0, fmt.Errorf("race: thread %d and thread %d at %d of shared memory", m.writer-1, thread, 4*k)
		}
		if write {
			if !m.readBefore(thread, barriers) {
				return 0, fmt.Errorf("race: thread %d writes %d of shared memory, which another reads", thread, 4*k)
			}
			m.writer, m.wrote, m.written = me, barriers, true
			continue
		}
		if !m.written {
			return 0, fmt.Errorf("read of %d of shared memory, which nothing has written", 4*k)
		}
		switch {
		case m.reader == 0 || m.reader == me:
			m.reader = me
		case m.reader != -2 && m.readers == int32(thread/32):
			m.reader = -1
		default:
			m.reader = -2
		}
		m.readers, m.read = int32(thread/32), barriers
	}
	b.bytes[0] += int64(n)
	return i, nil
}
