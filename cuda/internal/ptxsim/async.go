package ptxsim

import "fmt"

// copies are the asynchronous copies of one lane that have not been waited for:
// those since the last commit, and the committed groups, oldest first.
type copies struct {
	open   []copyAsync
	groups [][]copyAsync
}

// copyAsync is what one cp.async will write to shared memory.
type copyAsync struct {
	to    uint64
	words [4]uint32
	n     int // words
}

// asynchronous decodes cp.async of 4, 8 or 16 bytes from global to shared memory
// and what commits and waits. A copy reads when it is issued and writes when it
// is waited for: what would be early on a GPU only by luck is late here. A fourth
// operand says how many bytes are read; zeros take the place of the others.
func (d *decoder) asynchronous(in *inst, mods, ops []string) error {
	switch {
	case mods[0] != "async":
		return fmt.Errorf("this copy is not known")
	case has(mods, "commit_group"):
		in.class, in.exec = Control, commitCopies
		return nil
	case has(mods, "wait_group"):
		if len(ops) != 1 {
			return fmt.Errorf("want one operand")
		}
		n, err := number(ops[0])
		in.offset, in.class, in.exec = n, Control, waitCopies
		return err
	case !has(mods, "shared") || !has(mods, "global") || len(ops) != 3 && len(ops) != 4:
		return fmt.Errorf("want a copy from global to shared memory with three or four operands")
	}
	bytes, err := number(ops[2])
	if err != nil || bytes != 4 && bytes != 8 && bytes != 16 {
		return fmt.Errorf("a copy of %s bytes: want 4, 8 or 16", ops[2])
	}
	size, err := d.constant(bytes, bank32, false)
	if len(ops) == 4 {
		size, err = d.source(ops[3], bank32)
	}
	if err != nil {
		return err
	}
	var from inst
	if err := d.address(in, ops[0]); err != nil {
		return err
	}
	if err := d.address(&from, ops[1]); err != nil {
		return err
	}
	in.class, in.bytes = Global, int(bytes)
	in.exec = func(w *warp, in *inst, mask uint32) error {
		for l := range 32 {
			if mask>>l&1 == 0 {
				continue
			}
			// From now on the words are the copy's: whoever has read them since the
			// last barrier races with it, and nobody may touch them before it lands.
			c := copyAsync{to: in.at(w, l), n: in.bytes / 4}
			i, err := w.b.touch(c.to, in.bytes, w.index*32+l, true)
			if err != nil {
				return err
			}
			w.b.fly(i, c.n, true)
			at, n := from.at(w, l), int(w.r32[size][l])
			switch {
			case n < 0 || n > in.bytes || n%4 != 0:
				return fmt.Errorf("lane %d: a copy of %d bytes reads %d", l, in.bytes, n)
			case at%uint64(in.bytes) != 0:
				return fmt.Errorf("lane %d: %d bytes at %#x: misaligned", l, in.bytes, at)
			}
			for i := range n / 4 {
				word, err := w.b.d.load(at+uint64(4*i), 4, w.waited>>l&1 == 0)
				if err != nil {
					return fmt.Errorf("lane %d: %w", l, err)
				}
				c.words[i] = word[0]
			}
			w.copies[l].open = append(w.copies[l].open, c)
			w.b.bytes[1] += int64(n)
		}
		return nil
	}
	return nil
}

func commitCopies(w *warp, _ *inst, mask uint32) error {
	for l := range 32 {
		if mask>>l&1 != 0 {
			c := &w.copies[l]
			c.groups, c.open = append(c.groups, c.open), nil
		}
	}
	return nil
}

// fly says that copies to n words from i on are on their way, or no longer.
func (b *block) fly(i, n int, flying bool) {
	for k := range n {
		b.marks[i+k].flying = flying
	}
}

// waitCopies lands all groups but the newest in.offset.
func waitCopies(w *warp, in *inst, mask uint32) error {
	for l := range 32 {
		if mask>>l&1 == 0 {
			continue
		}
		c := &w.copies[l]
		for len(c.groups) > int(in.offset) {
			for _, x := range c.groups[0] {
				w.b.fly(int(x.to/4), x.n, false)
				i, err := w.b.touch(x.to, 4*x.n, w.index*32+l, true)
				if err != nil {
					return err
				}
				copy(w.b.words[i:i+x.n], x.words[:x.n])
			}
			c.groups = c.groups[1:]
		}
	}
	return nil
}
