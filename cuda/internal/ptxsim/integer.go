package ptxsim

import (
	"fmt"
	"math/bits"
	"unsafe"
)

// word is an integer register.
type word interface{ uint32 | uint64 }

// rows are the registers of one bank. T says which; an interface would be
// allocated for every instruction.
func rows[T word](w *warp) [][32]T {
	var t T
	if unsafe.Sizeof(t) == 4 {
		return *(*[][32]T)(unsafe.Pointer(&w.r32))
	}
	return *(*[][32]T)(unsafe.Pointer(&w.r64))
}

// each is an instruction that works on every lane by itself.
func each[T word](f func(a, b, c T) T) func(*warp, *inst, uint32) error {
	return func(w *warp, in *inst, mask uint32) error {
		r := rows[T](w)
		d, a, b, c := &r[in.d], &r[in.s[0]], &r[in.s[1]], &r[in.s[2]]
		for l := range 32 {
			if mask>>l&1 != 0 {
				d[l] = f(a[l], b[l], c[l])
			}
		}
		return nil
	}
}

// The instructions that kernels are full of, without a call for each lane.

func add[T word](w *warp, in *inst, mask uint32) error {
	r := rows[T](w)
	d, a, b := &r[in.d], &r[in.s[0]], &r[in.s[1]]
	for l := range 32 {
		if mask>>l&1 != 0 {
			d[l] = a[l] + b[l]
		}
	}
	return nil
}

func move[T word](w *warp, in *inst, mask uint32) error {
	r := rows[T](w)
	d, a := &r[in.d], &r[in.s[0]]
	if mask == allLanes {
		*d = *a
		return nil
	}
	for l := range 32 {
		if mask>>l&1 != 0 {
			d[l] = a[l]
		}
	}
	return nil
}

// integer is what an integer instruction computes, nil if it is not known. size
// is 16, 32 or 64 bits.
func integer[T word](op string, signed, low bool, size int) (f func(a, b, c T) T, sources int) {
	sign := func(a T) int64 {
		switch size {
		case 16:
			return int64(int16(a))
		case 32:
			return int64(int32(a))
		}
		return int64(a)
	}
	cut := func(a T) T {
		if size == 16 {
			return a & 0xffff
		}
		return a
	}
	switch op {
	case "sub":
		return func(a, b, _ T) T { return cut(a - b) }, 2
	case "mul":
		if low {
			return func(a, b, _ T) T { return cut(a * b) }, 2
		}
		if size == 32 && !signed {
			return func(a, b, _ T) T { return T(uint64(a) * uint64(b) >> 32) }, 2
		}
	case "mad":
		if low {
			return func(a, b, c T) T { return cut(a*b + c) }, 3
		}
	case "and":
		return func(a, b, _ T) T { return a & b }, 2
	case "or":
		return func(a, b, _ T) T { return a | b }, 2
	case "xor":
		return func(a, b, _ T) T { return a ^ b }, 2
	case "not":
		return func(a, _, _ T) T { return cut(^a) }, 1
	case "neg":
		return func(a, _, _ T) T { return cut(-a) }, 1
	case "abs":
		return func(a, _, _ T) T { return T(max(sign(a), -sign(a))) }, 1
	case "min":
		if signed {
			return func(a, b, _ T) T { return T(min(sign(a), sign(b))) }, 2
		}
		return func(a, b, _ T) T { return min(a, b) }, 2
	case "max":
		if signed {
			return func(a, b, _ T) T { return T(max(sign(a), sign(b))) }, 2
		}
		return func(a, b, _ T) T { return max(a, b) }, 2
	case "div":
		if signed {
			return func(a, b, _ T) T { return T(sign(a) / sign(b)) }, 2
		}
		return func(a, b, _ T) T { return a / b }, 2
	case "rem":
		if signed {
			return func(a, b, _ T) T { return T(sign(a) % sign(b)) }, 2
		}
		return func(a, b, _ T) T { return a % b }, 2
	case "clz":
		return func(a, _, _ T) T { return T(bits.LeadingZeros32(uint32(a))) }, 1
	case "popc":
		return func(a, _, _ T) T { return T(bits.OnesCount32(uint32(a))) }, 1
	case "bfe":
		if !signed {
			return func(a, b, c T) T { return a >> (b & 255) & (1<<(c&255) - 1) }, 3
		}
	}
	return nil, 0
}

// arithmetic32 decodes integers of 16 and 32 bits.
func (d *decoder) arithmetic32(in *inst, op string, mods, ops []string) error {
	typ := mods[len(mods)-1]
	size, signed := 8*width(typ), typ[0] == 's'
	if size != 16 && size != 32 {
		return fmt.Errorf("type %s is not known", typ)
	}
	switch op {
	case "mov":
		in.class = Move
		if len(ops) == 2 && ops[1][0] == '{' || ops[0][0] == '{' {
			return fmt.Errorf("moves of half words are not known")
		}
		in.exec = move[uint32]
		return d.place(in, ops, bank32, bank32)
	case "add":
		in.exec = add[uint32]
		if size == 16 {
			in.exec = each(func(a, b, _ uint32) uint32 { return (a + b) & 0xffff })
		}
		return d.place(in, ops, bank32, bank32, bank32)
	case "shl", "shr":
		in.exec = shift32(op, signed, size)
		return d.place(in, ops, bank32, bank32, bank32)
	case "mul", "mad":
		if has(mods, "wide") {
			return d.wide(in, op, size, signed, ops)
		}
	}
	f, sources := integer[uint32](op, signed, has(mods, "lo"), size)
	if f == nil {
		return fmt.Errorf("instruction is not known")
	}
	if op == "div" || op == "rem" {
		g := f
		f = func(a, b, c uint32) uint32 {
			if b == 0 {
				return allLanes // what a GPU gives
			}
			return g(a, b, c)
		}
	}
	in.exec = each(f)
	return d.place(in, ops, bank32, []bank{bank32, bank32, bank32}[:sources]...)
}

func shift32(op string, signed bool, size int) func(*warp, *inst, uint32) error {
	switch {
	case op == "shl" && size == 32:
		return each(func(a, n, _ uint32) uint32 { return a << n })
	case op == "shl":
		return each(func(a, n, _ uint32) uint32 { return a << n & 0xffff })
	case signed && size == 32:
		return each(func(a, n, _ uint32) uint32 { return uint32(int32(a) >> n) })
	case signed:
		return each(func(a, n, _ uint32) uint32 { return uint32(int16(a)>>n) & 0xffff })
	}
	return each(func(a, n, _ uint32) uint32 { return a >> n })
}

// wide decodes products that are twice as wide as their factors.
func (d *decoder) wide(in *inst, op string, size int, signed bool, ops []string) error {
	in.class = Address
	to, banks := bank64, []bank{bank32, bank32}
	if size == 16 {
		to = bank32
	}
	if op == "mad" {
		banks = append(banks, to)
	}
	in.exec = func(w *warp, in *inst, mask uint32) error {
		a, b := &w.r32[in.s[0]], &w.r32[in.s[1]]
		for l := range 32 {
			if mask>>l&1 == 0 {
				continue
			}
			v := uint64(a[l]) * uint64(b[l])
			if signed && size == 32 {
				v = uint64(int64(int32(a[l])) * int64(int32(b[l])))
			} else if signed {
				v = uint64(int64(int16(a[l])) * int64(int16(b[l])))
			}
			switch {
			case to == bank32 && op == "mad":
				w.r32[in.d][l] = uint32(v) + w.r32[in.s[2]][l]
			case to == bank32:
				w.r32[in.d][l] = uint32(v)
			case op == "mad":
				w.r64[in.d][l] = v + w.r64[in.s[2]][l]
			default:
				w.r64[in.d][l] = v
			}
		}
		return nil
	}
	return d.place(in, ops, to, banks...)
}

// arithmetic64 decodes integers of 64 bits.
func (d *decoder) arithmetic64(in *inst, op string, mods, ops []string) error {
	signed := mods[len(mods)-1][0] == 's'
	switch op {
	case "mov":
		in.class = Move
		if ops[0][0] == '{' || ops[1][0] == '{' {
			return d.pair(in, ops)
		}
		in.exec = move[uint64]
		return d.place(in, ops, bank64, bank64)
	case "add":
		in.exec = add[uint64]
		return d.place(in, ops, bank64, bank64, bank64)
	case "shl", "shr":
		f := func(a uint64, n uint32) uint64 { return a << n }
		if op == "shr" && signed {
			f = func(a uint64, n uint32) uint64 { return uint64(int64(a) >> n) }
		} else if op == "shr" {
			f = func(a uint64, n uint32) uint64 { return a >> n }
		}
		in.exec = func(w *warp, in *inst, mask uint32) error {
			for l := range 32 {
				if mask>>l&1 != 0 {
					w.r64[in.d][l] = f(w.r64[in.s[0]][l], w.r32[in.s[1]][l])
				}
			}
			return nil
		}
		return d.place(in, ops, bank64, bank64, bank32)
	}
	f, sources := integer[uint64](op, signed, has(mods, "lo"), 64)
	if f == nil || op == "clz" || op == "popc" {
		return fmt.Errorf("instruction is not known")
	}
	if op == "div" || op == "rem" {
		g := f
		f = func(a, b, c uint64) uint64 {
			if b == 0 {
				return 1<<64 - 1
			}
			return g(a, b, c)
		}
	}
	in.exec = each(f)
	return d.place(in, ops, bank64, []bank{bank64, bank64, bank64}[:sources]...)
}

// pair decodes moves between one wide and two narrow registers.
func (d *decoder) pair(in *inst, ops []string) error {
	var err error
	if ops[0][0] == '{' {
		if in.v, err = d.vector(ops[0], d.destination, bank32); err != nil {
			return err
		}
		in.s[0], err = d.source(ops[1], bank64)
		in.exec = func(w *warp, in *inst, mask uint32) error {
			for l := range 32 {
				if mask>>l&1 != 0 {
					v := w.r64[in.s[0]][l]
					w.r32[in.v[0]][l], w.r32[in.v[1]][l] = uint32(v), uint32(v>>32)
				}
			}
			return nil
		}
		return err
	}
	if in.v, err = d.vector(ops[1], d.source, bank32); err != nil {
		return err
	}
	in.d, err = d.destination(ops[0], bank64)
	in.exec = func(w *warp, in *inst, mask uint32) error {
		for l := range 32 {
			if mask>>l&1 != 0 {
				w.r64[in.d][l] = uint64(w.r32[in.v[0]][l]) | uint64(w.r32[in.v[1]][l])<<32
			}
		}
		return nil
	}
	return err
}
