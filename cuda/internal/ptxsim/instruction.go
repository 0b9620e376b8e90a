package ptxsim

import (
	"fmt"
	"slices"
)

// instruction decodes one instruction into in.
func (d *decoder) instruction(in *inst, op string, mods, ops []string) error {
	if len(mods) == 0 && op != "ret" && op != "bra" {
		return fmt.Errorf("instruction without a type")
	}
	in.class = ALU
	switch op {
	case "ret", "exit":
		in.kind, in.class = exit, Control
		return nil
	case "bra":
		in.kind, in.class = branch, Control
		d.jumps[len(d.k.code)] = ops[len(ops)-1]
		return nil
	case "griddepcontrol": // kernels run one after another: see Kernel.Waits
		in.class = Control
		switch mods[0] {
		case "wait":
			d.k.Waits = true
			in.exec = func(w *warp, _ *inst, mask uint32) error { w.waited |= mask; return nil }
		case "launch_dependents":
			in.exec = func(w *warp, _ *inst, mask uint32) error {
				if mask&^w.waited != 0 {
					return fmt.Errorf("the next kernel may come before this one has waited")
				}
				return nil
			}
		default:
			return fmt.Errorf("only wait and launch_dependents are known")
		}
		return nil
	case "bar":
		if mods[0] == "warp" {
			in.kind, in.class = warpOp, Barrier
			if mods[len(mods)-1] != "sync" || len(ops) != 1 || ops[0] != "-1" {
				return fmt.Errorf("only a barrier of the whole warp is known")
			}
			in.exec = func(w *warp, _ *inst, _ uint32) error { w.barriers++; return nil }
			return nil
		}
		if mods[0] != "sync" || len(ops) != 1 || ops[0] != "0" {
			return fmt.Errorf("only bar.sync 0 is known")
		}
		in.kind, in.class = barrier, Barrier
		return nil
	case "ld", "st":
		return d.memory(in, op, mods, ops)
	case "shfl":
		return d.shuffle(in, mods, ops)
	case "vote":
		return d.vote(in, mods, ops)
	case "cp":
		return d.asynchronous(in, mods, ops)
	case "mma":
		return d.matrix(in, mods, ops)
	case "cvt":
		return d.convert(in, mods, ops)
	case "cvta":
		in.class = Move
		return d.arithmetic64(in, "mov", mods, ops)
	case "setp":
		return d.compare(in, mods, ops)
	case "selp":
		return d.choose(in, mods, ops)
	}
	switch typ := mods[len(mods)-1]; typ {
	case "pred":
		return d.predicate(in, op, ops)
	case "f32":
		return d.float(in, op, mods, ops)
	case "f64":
		return fmt.Errorf("float64 is not known")
	case "b64", "u64", "s64":
		in.class = Address
		return d.arithmetic64(in, op, mods, ops)
	default:
		return d.arithmetic32(in, op, mods, ops)
	}
}

// place looks up a destination and sources, all in one bank.
func (d *decoder) place(in *inst, ops []string, to bank, from ...bank) error {
	if len(ops) != 1+len(from) {
		return fmt.Errorf("%d operands, want %d", len(ops), 1+len(from))
	}
	var err error
	if in.d, err = d.destination(ops[0], to); err != nil {
		return err
	}
	for i, b := range from {
		if in.s[i], err = d.source(ops[1+i], b); err != nil {
			return err
		}
	}
	return nil
}

// has says that a modifier is there.
func has(mods []string, m string) bool { return slices.Contains(mods, m) }

// predicate decodes logic on predicates: 32 lanes are one word.
func (d *decoder) predicate(in *inst, op string, ops []string) error {
	if op == "mov" && (ops[1] == "-1" || ops[1] == "0" || ops[1] == "1") {
		at, err := d.destination(ops[0], bankP)
		var v uint32
		if ops[1] != "0" {
			v = allLanes
		}
		in.d = at
		in.exec = func(w *warp, in *inst, mask uint32) error {
			w.p[in.d] = w.p[in.d]&^mask | v&mask
			return nil
		}
		return err
	}
	if op == "xor" && ops[len(ops)-1] == "-1" {
		op, ops = "not", ops[:len(ops)-1]
	}
	f := map[string]func(a, b uint32) uint32{
		"mov": func(a, _ uint32) uint32 { return a },
		"not": func(a, _ uint32) uint32 { return ^a },
		"and": func(a, b uint32) uint32 { return a & b },
		"or":  func(a, b uint32) uint32 { return a | b },
		"xor": func(a, b uint32) uint32 { return a ^ b },
	}[op]
	if f == nil {
		return fmt.Errorf("%s.pred is not known", op)
	}
	from := []bank{bankP, bankP}[:len(ops)-1]
	in.exec = func(w *warp, in *inst, mask uint32) error {
		v := f(w.p[in.s[0]], w.p[in.s[1]])
		w.p[in.d] = w.p[in.d]&^mask | v&mask
		return nil
	}
	return d.place(in, ops, bankP, from...)
}

// choose decodes selp.
func (d *decoder) choose(in *inst, mods, ops []string) error {
	b := bank32
	if width(mods[0]) == 8 {
		b, in.class = bank64, Address
	}
	in.exec = func(w *warp, in *inst, mask uint32) error {
		p := w.p[in.s[2]]
		for l := range 32 {
			if mask>>l&1 == 0 {
				continue
			}
			from := in.s[1]
			if p>>l&1 != 0 {
				from = in.s[0]
			}
			if b == bank64 {
				w.r64[in.d][l] = w.r64[from][l]
			} else {
				w.r32[in.d][l] = w.r32[from][l]
			}
		}
		return nil
	}
	return d.place(in, ops, b, b, b, bankP)
}
