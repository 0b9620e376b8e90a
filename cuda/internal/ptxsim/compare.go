package ptxsim

import (
	"cmp"
	"fmt"
	"math"
)

// compare decodes setp.
func (d *decoder) compare(in *inst, mods, ops []string) error {
	typ, how := mods[len(mods)-1], mods[0]
	if len(mods) > 2 && mods[1] != "ftz" {
		return fmt.Errorf("combined comparisons are not known")
	}
	holds, err := relation(how)
	if err != nil {
		return err
	}
	b := bank32
	var order func(w *warp, x, y, l int) (c int, ordered bool)
	switch {
	case typ == "f32":
		ftz := has(mods, "ftz")
		order = func(w *warp, x, y, l int) (int, bool) {
			p, q := math.Float32frombits(w.r32[x][l]), math.Float32frombits(w.r32[y][l])
			if ftz {
				p, q = flush(p), flush(q)
			}
			return cmp.Compare(p, q), p == p && q == q
		}
	case width(typ) == 8:
		b = bank64
		order = func(w *warp, x, y, l int) (int, bool) { return cmp.Compare(w.r64[x][l], w.r64[y][l]), true }
		if typ == "s64" {
			order = func(w *warp, x, y, l int) (int, bool) {
				return cmp.Compare(int64(w.r64[x][l]), int64(w.r64[y][l])), true
			}
		}
	case typ == "s16":
		order = func(w *warp, x, y, l int) (int, bool) {
			return cmp.Compare(int16(w.r32[x][l]), int16(w.r32[y][l])), true
		}
	case width(typ) == 2:
		order = func(w *warp, x, y, l int) (int, bool) {
			return cmp.Compare(uint16(w.r32[x][l]), uint16(w.r32[y][l])), true
		}
	case typ == "s32":
		order = func(w *warp, x, y, l int) (int, bool) {
			return cmp.Compare(int32(w.r32[x][l]), int32(w.r32[y][l])), true
		}
	default:
		order = func(w *warp, x, y, l int) (int, bool) { return cmp.Compare(w.r32[x][l], w.r32[y][l]), true }
	}
	in.exec = func(w *warp, in *inst, mask uint32) error {
		var v uint32
		for l := range 32 {
			if mask>>l&1 == 0 {
				continue
			}
			if c, ordered := order(w, in.s[0], in.s[1], l); holds(c, ordered) {
				v |= 1 << l
			}
		}
		w.p[in.d] = w.p[in.d]&^mask | v
		return nil
	}
	return d.place(in, ops, bankP, b, b)
}

// relation is a comparison by its name; those that end in u hold for NaN too.
func relation(how string) (func(c int, ordered bool) bool, error) {
	base, unordered := how, false
	switch how {
	case "ltu", "leu", "gtu", "geu", "equ", "neu":
		base, unordered = how[:2], true
	case "num":
		return func(_ int, ordered bool) bool { return ordered }, nil
	case "nan":
		return func(_ int, ordered bool) bool { return !ordered }, nil
	}
	f := map[string]func(c int) bool{
		"lt": func(c int) bool { return c < 0 }, "lo": func(c int) bool { return c < 0 },
		"le": func(c int) bool { return c <= 0 }, "ls": func(c int) bool { return c <= 0 },
		"gt": func(c int) bool { return c > 0 }, "hi": func(c int) bool { return c > 0 },
		"ge": func(c int) bool { return c >= 0 }, "hs": func(c int) bool { return c >= 0 },
		"eq": func(c int) bool { return c == 0 }, "ne": func(c int) bool { return c != 0 },
	}[base]
	if f == nil {
		return nil, fmt.Errorf("comparison %s is not known", how)
	}
	return func(c int, ordered bool) bool { return !ordered && unordered || ordered && f(c) }, nil
}

// convert decodes cvt.
func (d *decoder) convert(in *inst, mods, ops []string) error {
	from, to := mods[len(mods)-1], mods[len(mods)-2]
	if from == "f64" || to == "f64" || from == "f16" || to == "f16" {
		return fmt.Errorf("conversion is not known")
	}
	banks := func(t string) bank {
		if width(t) == 8 {
			return bank64
		}
		return bank32
	}
	if from != "f32" && to != "f32" && (width(from) == 8 || width(to) == 8) {
		in.class = Address
	}
	// A source may stand in a wider register; its low bits count.
	source := banks(from)
	if r, err := d.register(ops[len(ops)-1]); err == nil && r.bank == bank64 {
		source = bank64
	}
	read := func(w *warp, l int) uint64 {
		var v uint64
		if source == bank64 {
			v = w.r64[in.s[0]][l]
		} else {
			v = uint64(w.r32[in.s[0]][l])
		}
		switch from {
		case "u32", "b32":
			return v & 0xffffffff
		case "s32":
			return uint64(int64(int32(v)))
		case "u16", "b16":
			return v & 0xffff
		case "s16":
			return uint64(int64(int16(v)))
		case "u8", "b8":
			return v & 0xff
		case "s8":
			return uint64(int64(int8(v)))
		}
		return v
	}
	var f func(v uint64) uint64
	switch {
	case to == "tf32" && from == "f32":
		f = func(v uint64) uint64 { return uint64(roundTF32(uint32(v))) }
	case to == "f32" && from == "f32":
		return fmt.Errorf("conversion is not known")
	case to == "f32" && from[0] == 's':
		f = func(v uint64) uint64 { return uint64(math.Float32bits(float32(int64(v)))) }
	case to == "f32":
		f = func(v uint64) uint64 { return uint64(math.Float32bits(float32(v))) }
	case from == "f32":
		if !has(mods, "rzi") && !has(mods, "rni") {
			return fmt.Errorf("rounding is not known")
		}
		f = func(v uint64) uint64 {
			x := float64(math.Float32frombits(uint32(v)))
			if has(mods, "rni") {
				x = math.RoundToEven(x)
			}
			return uint64(int64(x))
		}
	case width(to) == 2:
		f = func(v uint64) uint64 { return v & 0xffff }
	default:
		f = func(v uint64) uint64 { return v }
	}
	in.exec = func(w *warp, in *inst, mask uint32) error {
		for l := range 32 {
			if mask>>l&1 == 0 {
				continue
			}
			v := f(read(w, l))
			if width(to) == 8 {
				w.r64[in.d][l] = v
			} else {
				w.r32[in.d][l] = uint32(v)
			}
		}
		return nil
	}
	tb := banks(to)
	if to == "tf32" {
		tb = bank32
	}
	return d.place(in, ops, tb, source)
}
