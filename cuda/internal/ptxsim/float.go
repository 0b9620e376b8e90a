package ptxsim

import (
	"fmt"
	"math"
)

// flush is what .ftz does: a subnormal is a zero of its sign.
func flush(v float32) float32 {
	if b := math.Float32bits(v); b&0x7f800000 == 0 {
		return math.Float32frombits(b & 0x80000000)
	}
	return v
}

// float decodes float32 arithmetic. Without .ftz subnormals are kept.
func (d *decoder) float(in *inst, op string, mods, ops []string) error {
	ftz := has(mods, "ftz")
	in.class = FMA
	unary := func(c Class, f func(x float64) float64) error {
		in.class = c
		in.exec = each(func(a, _, _ uint32) uint32 {
			x := math.Float32frombits(a)
			if ftz {
				x = flush(x)
			}
			y := float32(f(float64(x)))
			if ftz {
				y = flush(y)
			}
			return math.Float32bits(y)
		})
		return d.place(in, ops, bank32, bank32)
	}
	binary := func(f func(a, b float32) float32) error {
		in.exec = each(func(a, b, _ uint32) uint32 {
			x, y := math.Float32frombits(a), math.Float32frombits(b)
			if ftz {
				return math.Float32bits(flush(f(flush(x), flush(y))))
			}
			return math.Float32bits(f(x, y))
		})
		return d.place(in, ops, bank32, bank32, bank32)
	}
	switch op {
	case "mov":
		in.class = Move
		in.exec = move[uint32]
		return d.place(in, ops, bank32, bank32)
	case "neg":
		in.class = Move
		in.exec = each(func(a, _, _ uint32) uint32 { return a ^ 0x80000000 })
		return d.place(in, ops, bank32, bank32)
	case "abs":
		in.class = Move
		in.exec = each(func(a, _, _ uint32) uint32 { return a & 0x7fffffff })
		return d.place(in, ops, bank32, bank32)
	case "add":
		if ftz {
			in.exec = addFlush
			return d.place(in, ops, bank32, bank32, bank32)
		}
		return binary(func(a, b float32) float32 { return a + b })
	case "sub":
		return binary(func(a, b float32) float32 { return a - b })
	case "mul":
		if ftz {
			in.exec = mulFlush
			return d.place(in, ops, bank32, bank32, bank32)
		}
		return binary(func(a, b float32) float32 { return a * b })
	case "div":
		if !has(mods, "rn") && !has(mods, "full") && !has(mods, "approx") {
			return fmt.Errorf("rounding is not known")
		}
		in.class = MUFU
		return binary(func(a, b float32) float32 { return a / b })
	case "min":
		in.class = ALU
		return binary(func(a, b float32) float32 {
			switch { // of a NaN and a number the number
			case a != a:
				return b
			case b != b:
				return a
			}
			return min(a, b)
		})
	case "max":
		in.class = ALU
		return binary(func(a, b float32) float32 {
			switch { // of a NaN and a number the number
			case a != a:
				return b
			case b != b:
				return a
			}
			return max(a, b)
		})
	case "fma":
		if ftz {
			in.exec = fmaFlush
		} else {
			in.exec = each(func(a, b, c uint32) uint32 {
				return math.Float32bits(fused(math.Float32frombits(a), math.Float32frombits(b), math.Float32frombits(c)))
			})
		}
		return d.place(in, ops, bank32, bank32, bank32, bank32)
	case "ex2":
		return unary(MUFU, math.Exp2)
	case "lg2":
		return unary(MUFU, math.Log2)
	case "rcp":
		return unary(MUFU, func(x float64) float64 { return 1 / x })
	case "rsqrt":
		return unary(MUFU, func(x float64) float64 { return 1 / math.Sqrt(x) })
	case "sqrt":
		return unary(MUFU, math.Sqrt)
	}
	return fmt.Errorf("instruction is not known")
}

// fused is a·b+c with one rounding but for ties of the last bit: the product is
// exact in float64, whose 53 bits then round once more.
func fused(a, b, c float32) float32 { return float32(float64(a)*float64(b) + float64(c)) }

func fmaFlush(w *warp, in *inst, mask uint32) error {
	d, a, b, c := &w.r32[in.d], &w.r32[in.s[0]], &w.r32[in.s[1]], &w.r32[in.s[2]]
	for l := range 32 {
		if mask>>l&1 != 0 {
			x, y, z := math.Float32frombits(a[l]), math.Float32frombits(b[l]), math.Float32frombits(c[l])
			d[l] = math.Float32bits(flush(fused(flush(x), flush(y), flush(z))))
		}
	}
	return nil
}

func mulFlush(w *warp, in *inst, mask uint32) error {
	d, a, b := &w.r32[in.d], &w.r32[in.s[0]], &w.r32[in.s[1]]
	for l := range 32 {
		if mask>>l&1 != 0 {
			d[l] = math.Float32bits(flush(flush(math.Float32frombits(a[l])) * flush(math.Float32frombits(b[l]))))
		}
	}
	return nil
}

func addFlush(w *warp, in *inst, mask uint32) error {
	d, a, b := &w.r32[in.d], &w.r32[in.s[0]], &w.r32[in.s[1]]
	for l := range 32 {
		if mask>>l&1 != 0 {
			d[l] = math.Float32bits(flush(flush(math.Float32frombits(a[l])) + flush(math.Float32frombits(b[l]))))
		}
	}
	return nil
}
