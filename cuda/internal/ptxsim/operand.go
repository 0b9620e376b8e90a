package ptxsim

import (
	"fmt"
	"strconv"
	"strings"
)

// source is the place of a source operand in the given bank: a register, a
// constant, a special register or the address of a shared array.
func (d *decoder) source(s string, want bank) (int, error) {
	if r, err := d.register(s); err == nil {
		if r.bank != want {
			return 0, fmt.Errorf("operand %s has the wrong width", s)
		}
		return r.at, nil
	}
	if strings.HasPrefix(s, "%") {
		if want != bank32 {
			return 0, fmt.Errorf("special register %s in a wide operand", s)
		}
		return d.specialRegister(s)
	}
	if at, ok := d.shared[s]; ok {
		return d.constant(uint64(at), want, false)
	}
	if s == d.m.dynamic && s != "" {
		return d.constant(0, want, true)
	}
	if at, ok := d.k.params[s]; ok {
		return d.constant(uint64(at), want, false)
	}
	v, err := number(s)
	if err != nil {
		return 0, err
	}
	return d.constant(v, want, false)
}

// number reads 7, -7, 0x7, 0f3F800000 or 0d….
func number(s string) (uint64, error) {
	if hex, ok := strings.CutPrefix(s, "0f"); ok {
		return strconv.ParseUint(hex, 16, 32)
	}
	if v, err := strconv.ParseInt(s, 0, 64); err == nil {
		return uint64(v), nil
	}
	v, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("operand %q is not known", s)
	}
	return v, nil
}

// constant is a register that holds v.
func (d *decoder) constant(v uint64, want bank, dynamic bool) (int, error) {
	switch {
	case want == bank32 && !dynamic:
		at, ok := d.c32[uint32(v)]
		if !ok {
			at = d.k.n32
			d.k.n32++
			d.c32[uint32(v)] = at
			d.k.consts32 = append(d.k.consts32, const32{at, uint32(v)})
		}
		return at, nil
	case want == bank64:
		key := const64{value: v, dynamic: dynamic}
		at, ok := d.c64[key]
		if !ok {
			at = d.k.n64
			d.k.n64++
			d.c64[key] = at
			d.k.consts64 = append(d.k.consts64, const64{at, v, dynamic})
		}
		return at, nil
	}
	return 0, fmt.Errorf("constant %d has no place", v)
}

// specialRegister is a register that is filled when a warp starts.
func (d *decoder) specialRegister(name string) (int, error) {
	switch name {
	case "%tid.x", "%ntid.x", "%laneid", "%ctaid.x", "%ctaid.y", "%ctaid.z",
		"%nctaid.x", "%nctaid.y", "%nctaid.z":
	default:
		return 0, fmt.Errorf("special register %s is not known", name)
	}
	for _, s := range d.k.special {
		if s.name == name {
			return s.reg, nil
		}
	}
	d.k.special = append(d.k.special, special{name, d.k.n32})
	d.k.n32++
	return d.k.n32 - 1, nil
}

// destination is the place of a register that is written; "_" is one that
// nobody reads.
func (d *decoder) destination(s string, want bank) (int, error) {
	if s == "_" {
		r, err := d.newRegister(map[bank]string{bank32: ".b32", bank64: ".b64", bankP: ".pred"}[want])
		return r.at, err
	}
	r, err := d.register(s)
	if err == nil && r.bank != want {
		err = fmt.Errorf("destination %s has the wrong width", s)
	}
	return r.at, err
}

// address decodes "[%rd1+16]", "[name+4]" or "[%r2]" into base and offset.
func (d *decoder) address(in *inst, s string) error {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	name, off, some := strings.Cut(s, "+")
	if some {
		v, err := number(off)
		if err != nil {
			return err
		}
		in.offset = v
	}
	if r, err := d.register(name); err == nil {
		if r.bank == bankP {
			return fmt.Errorf("address in a predicate")
		}
		in.base = r
		return nil
	}
	at, err := d.source(name, bank64)
	in.base = register{bank64, at}
	return err
}

// vector splits "{a, b}" and looks its elements up.
func (d *decoder) vector(s string, look func(string, bank) (int, error), want bank) ([]int, error) {
	var v []int
	for _, e := range strings.Split(strings.Trim(s, "{} "), ",") {
		at, err := look(strings.TrimSpace(e), want)
		if err != nil {
			return nil, err
		}
		v = append(v, at)
	}
	return v, nil
}
