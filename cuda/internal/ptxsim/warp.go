package ptxsim

import (
	"fmt"
	"math/bits"
)

const allLanes = 1<<32 - 1

// warp is 32 lanes of a block. Registers are kept row by row: one register of
// all lanes, so that an instruction is one loop.
type warp struct {
	b     *block
	index int
	r32   [][32]uint32
	r64   [][32]uint64
	p     []uint32

	pc      [32]int
	live    uint32 // lanes that have not left
	waiting uint32 // lanes that wait at a shuffle or vote for others

	copies [32]copies // asynchronous copies under way, a lane

	barriers uint32 // of the warp alone, that it has passed
	waited   uint32 // lanes that have waited for the kernels ahead
}

// start fills the constant and special registers and goes to the front.
func (w *warp) start() {
	k := w.b.k
	w.live, w.waiting = allLanes, 0
	w.pc = [32]int{}
	w.copies = [32]copies{}
	w.barriers, w.waited = 0, 0
	if !k.Waits {
		w.waited = allLanes
	}
	for _, c := range k.consts32 {
		for l := range 32 {
			w.r32[c.reg][l] = c.value
		}
	}
	for _, c := range k.consts64 {
		v := c.value
		if c.dynamic {
			v += uint64(w.b.dynamic)
		}
		for l := range 32 {
			w.r64[c.reg][l] = v
		}
	}
	for _, s := range k.special {
		for l := range 32 {
			w.r32[s.reg][l] = w.special(s.name, l)
		}
	}
}

func (w *warp) special(name string, lane int) uint32 {
	switch name {
	case "%tid.x":
		return uint32(w.index*32 + lane)
	case "%ntid.x":
		return uint32(len(w.b.warps) * 32)
	case "%laneid":
		return uint32(lane)
	case "%ctaid.x":
		return w.b.at[0]
	case "%ctaid.y":
		return w.b.at[1]
	case "%ctaid.z":
		return w.b.at[2]
	case "%nctaid.x":
		return w.b.grid[0]
	case "%nctaid.y":
		return w.b.grid[1]
	}
	return w.b.grid[2]
}

// pick chooses the lanes with the lowest instruction among those that do not
// wait, joined by those that wait there; next is the lowest instruction of all
// other lanes.
func (w *warp) pick() (pc int, mask uint32, next int) {
	pc, next = 1<<62, 1<<62
	for l := range 32 {
		if w.live&^w.waiting>>l&1 != 0 {
			pc = min(pc, w.pc[l])
		}
	}
	for l := range 32 {
		if w.live>>l&1 == 0 {
			continue
		}
		if w.pc[l] == pc {
			mask |= 1 << l
		} else if w.waiting>>l&1 == 0 {
			next = min(next, w.pc[l])
		}
	}
	w.waiting &^= mask
	return pc, mask, next
}

// put sets where the lanes of mask go on.
func (w *warp) put(mask uint32, pc int) {
	for l := range 32 {
		if mask>>l&1 != 0 {
			w.pc[l] = pc
		}
	}
}

// run goes on until the warp stands at a barrier or has left.
func (w *warp) run() (left bool, err error) {
	code := w.b.k.code
	for w.live != 0 {
		if w.waiting == w.live {
			first := w.pc[bits.TrailingZeros32(w.live)]
			for l := range 32 {
				if w.live>>l&1 != 0 && w.pc[l] != first {
					return false, fmt.Errorf("warp %d: lanes wait at %q and at %q", w.index, code[first].text, code[w.pc[l]].text)
				}
			}
			w.waiting = 0
		}
		pc, mask, next := w.pick()
	together:
		for pc < next {
			if pc >= len(code) {
				return false, fmt.Errorf("warp %d runs past the end of the kernel", w.index)
			}
			in := &code[pc]
			on := mask
			if in.pred >= 0 {
				p := w.p[in.pred]
				if in.negate {
					p = ^p
				}
				on &= p
			}
			w.b.issued[pc]++
			switch in.kind {
			case plain:
				if on != 0 {
					if err := in.exec(w, in, on); err != nil {
						return false, fmt.Errorf("warp %d: %q: %w", w.index, in.text, err)
					}
				}
				pc++
			case branch:
				switch on {
				case mask:
					pc = in.target
				case 0:
					pc++
				default:
					w.put(on, in.target)
					w.put(mask&^on, pc+1)
					break together
				}
				continue
			case exit:
				w.live &^= on
				w.b.exited = w.b.exited || on != 0
				if mask &^= on; mask == 0 {
					break together
				}
				pc++
			case warpOp, barrier:
				if on != mask || w.live != allLanes {
					return false, fmt.Errorf("warp %d: %q: lanes %#x are absent", w.index, in.text, ^on)
				}
				if mask != allLanes { // the others are still on their way
					w.put(mask, pc)
					w.waiting |= mask
					w.b.issued[pc]--
					break together
				}
				if in.kind == barrier {
					w.put(mask, pc+1)
					return false, nil
				}
				if err := in.exec(w, in, on); err != nil {
					return false, fmt.Errorf("warp %d: %q: %w", w.index, in.text, err)
				}
				pc++
			}
		}
		if pc >= next {
			w.put(mask&w.live, pc)
		}
	}
	return true, nil
}
