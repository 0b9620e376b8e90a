package ptxsim

import "fmt"

// memory decodes ld and st.
func (d *decoder) memory(in *inst, op string, mods, ops []string) error {
	if len(ops) != 2 {
		return fmt.Errorf("want two operands")
	}
	typ := mods[len(mods)-1]
	count := 1
	for _, m := range mods {
		switch m {
		case "v2":
			count = 2
		case "v4":
			count = 4
		case "volatile", "relaxed", "acquire", "release":
			return fmt.Errorf("%s is not known", m)
		}
	}
	in.bytes = width(typ)
	in.signed = typ[0] == 's'
	address, value, look := ops[1], ops[0], d.destination
	if op == "st" {
		address, value, look = ops[0], ops[1], d.source
	}
	want := bank32
	if in.bytes == 8 {
		want = bank64
	}
	// A load may extend into a wider register: ld.global.s32 %rd1.
	wide := false
	if op == "ld" && count == 1 {
		if r, err := d.register(value); err == nil && r.bank == bank64 {
			want, wide = bank64, in.bytes < 8
		}
	}
	var err error
	if count == 1 {
		var at int
		at, err = look(value, want)
		in.v = []int{at}
	} else {
		in.v, err = d.vector(value, look, want)
	}
	if err != nil {
		return err
	}
	if len(in.v) != count {
		return fmt.Errorf("%d elements, want %d", len(in.v), count)
	}
	if err := d.address(in, address); err != nil {
		return err
	}
	if op == "st" && in.bytes < 4 {
		return fmt.Errorf("stores of less than a word are not known")
	}
	switch mods[0] {
	case "param":
		in.class = Move
		in.exec = loadParam
	case "shared":
		in.class = Shared
		in.exec = loadShared
		if op == "st" {
			in.exec = storeShared
		}
	case "global":
		in.class = Global
		in.exec = loadGlobal
		if op == "st" {
			in.exec = storeGlobal
		}
	default:
		return fmt.Errorf("state space %s is not known", mods[0])
	}
	if op == "st" && mods[0] == "param" || wide && in.bytes < 4 {
		return fmt.Errorf("not known")
	}
	if wide {
		in.d2 = 1 // marks the extension, see put
	}
	return nil
}

// width is the size of a type in bytes.
func width(typ string) int {
	switch typ {
	case "b8", "u8", "s8":
		return 1
	case "b16", "u16", "s16", "f16":
		return 2
	case "b64", "u64", "s64", "f64":
		return 8
	}
	return 4
}

// at is the address of a lane.
func (in *inst) at(w *warp, lane int) uint64 {
	if in.base.bank == bank32 {
		return uint64(w.r32[in.base.at][lane]) + in.offset
	}
	return w.r64[in.base.at][lane] + in.offset
}

// put writes what a lane loaded: words from an address whose last two bits are
// sub.
func (in *inst) put(w *warp, lane int, words []uint32, sub uint64) {
	for i, reg := range in.v {
		switch {
		case in.bytes == 8:
			w.r64[reg][lane] = uint64(words[2*i]) | uint64(words[2*i+1])<<32
		case in.d2 == 1 && in.signed:
			w.r64[reg][lane] = uint64(int64(int32(words[i])))
		case in.d2 == 1:
			w.r64[reg][lane] = uint64(words[i])
		case in.bytes == 4:
			w.r32[reg][lane] = words[i]
		case in.bytes == 1 && in.signed:
			w.r32[reg][lane] = uint32(int32(int8(words[0] >> (8 * sub))))
		case in.bytes == 1:
			w.r32[reg][lane] = words[0] >> (8 * sub) & 0xff
		case in.signed:
			w.r32[reg][lane] = uint32(int32(int16(words[0] >> (8 * sub))))
		default:
			w.r32[reg][lane] = words[0] >> (8 * sub) & 0xffff
		}
	}
}

// get collects what a lane stores.
func (in *inst) get(w *warp, lane int, words []uint32) {
	for i, reg := range in.v {
		if in.bytes == 8 {
			words[2*i], words[2*i+1] = uint32(w.r64[reg][lane]), uint32(w.r64[reg][lane]>>32)
		} else {
			words[i] = w.r32[reg][lane]
		}
	}
}

func loadParam(w *warp, in *inst, mask uint32) error {
	n := in.bytes * len(in.v)
	for l := range 32 {
		if mask>>l&1 == 0 {
			continue
		}
		at := in.at(w, l)
		if at%uint64(n) != 0 || at+uint64(n) > uint64(4*len(w.b.params)) {
			return fmt.Errorf("%d bytes at %d of %d of parameters", n, at, 4*len(w.b.params))
		}
		in.put(w, l, w.b.params[at/4:], at&3)
	}
	return nil
}

func loadShared(w *warp, in *inst, mask uint32) error {
	n := max(in.bytes*len(in.v), 4)
	for l := range 32 {
		if mask>>l&1 == 0 {
			continue
		}
		i, err := w.b.touch(in.at(w, l), n, w.index*32+l, false)
		if err != nil {
			return err
		}
		in.put(w, l, w.b.words[i:], 0)
	}
	return nil
}

func storeShared(w *warp, in *inst, mask uint32) error {
	n := in.bytes * len(in.v)
	for l := range 32 {
		if mask>>l&1 == 0 {
			continue
		}
		i, err := w.b.touch(in.at(w, l), n, w.index*32+l, true)
		if err != nil {
			return err
		}
		in.get(w, l, w.b.words[i:])
	}
	return nil
}

func loadGlobal(w *warp, in *inst, mask uint32) error {
	n := in.bytes * len(in.v)
	for l := range 32 {
		if mask>>l&1 == 0 {
			continue
		}
		at := in.at(w, l)
		words, err := w.b.d.load(at, n, w.waited>>l&1 == 0)
		if err != nil {
			return fmt.Errorf("lane %d: %w", l, err)
		}
		in.put(w, l, words, at&3)
		w.b.bytes[1] += int64(n)
	}
	return nil
}

func storeGlobal(w *warp, in *inst, mask uint32) error {
	n := in.bytes * len(in.v)
	for l := range 32 {
		if mask>>l&1 == 0 {
			continue
		}
		words, err := w.b.d.store(in.at(w, l), n, w.waited>>l&1 == 0)
		if err != nil {
			return fmt.Errorf("lane %d: %w", l, err)
		}
		in.get(w, l, words)
		w.b.bytes[1] += int64(n)
	}
	return nil
}
