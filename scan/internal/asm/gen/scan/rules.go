package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"mamba-tui/scan/internal/asm/gen/vec"
)

// rule is a discretisation. update makes k.x the state after the step from the
// row of A and of h and the word of B; see scan.Rule for the formulas.
type rule struct {
	id, name string
	extra    int // registers beside x, t and p
	held     int // coefficients of the exponential that AVX2 has registers for
	update   func(k *kernel, row func(base reg.GPVirtual) Mem, b Mem)
}

var rules = []rule{
	{"released", "Released", 0, 4, released},
	{"zoh", "ZOH", 1, 0, zoh},
	{"bilinear", "Bilinear", 1, 0, bilinear},
	{"euler", "Euler", 0, 0, euler},
	{"backward-euler", "BackwardEuler", 1, 0, backwardEuler},
}

// released: h = 2^(A·Δ·log2(e))·h + (Δ·u)·B.
func released(k *kernel, row func(reg.GPVirtual) Mem, b Mem) {
	VMULPS(row(k.a), k.rate, k.x)
	k.e.Exp2(k.x, k.t, k.p)
	k.s.MulWord(b, k.write, k.x)
	VFMADD231PS(row(k.h), k.p, k.x)
}

// zoh: as released, with g = (Ā−1)/A for Δ. Where 2^(A·Δ·log2(e)) is near 1 the
// polynomial's own 2^f−1 keeps the digits, and where A·Δ vanishes g is Δ.
func zoh(k *kernel, row func(reg.GPVirtual) Mem, b Mem) {
	g := k.extra[0]
	VMULPS(row(k.a), k.rate, k.x)
	k.e.Exp2Minus1(k.x, k.t, k.p, g) // p = Ā, x = Ā−1
	VMULPS(row(k.inverse), k.x, g)
	// Δ where |A·Δ·log2(e)| is below 1e-30: 1/A is Inf, or its product lost.
	VMULPS(row(k.a), k.rate, k.x)
	k.s.And(vec.ConstBits(1<<31-1), k.x, k.x)
	k.s.Below(vec.Const(1e-30), k.x, k.dt, g, k.t)
	VMULPS(k.ut, g, g)
	k.s.MulWord(b, g, k.x)
	VFMADD231PS(row(k.h), k.p, k.x)
}

// bilinear: Ā = (1+ΔA/2)/(1−ΔA/2), g = Δ/(1−ΔA/2).
func bilinear(k *kernel, row func(reg.GPVirtual) Mem, b Mem) {
	den := k.extra[0]
	VMULPS(row(k.a), k.dt, k.x)
	k.s.Mul(vec.Const(0.5), k.x, k.x)
	k.s.Set(vec.Const(1), k.t)
	VSUBPS(k.x, k.t, den)
	VADDPS(k.x, k.t, k.p)
	VDIVPS(den, k.p, k.p)
	VDIVPS(den, k.dt, k.t)
	VMULPS(k.ut, k.t, k.t)
	k.s.MulWord(b, k.t, k.x)
	VFMADD231PS(row(k.h), k.p, k.x)
}

// euler: Ā = 1+ΔA, g = Δ.
func euler(k *kernel, row func(reg.GPVirtual) Mem, b Mem) {
	k.s.Set(vec.Const(1), k.p)
	VFMADD231PS(row(k.a), k.dt, k.p)
	k.s.MulWord(b, k.write, k.x)
	VFMADD231PS(row(k.h), k.p, k.x)
}

// backwardEuler: Ā = 1/(1−ΔA), g = Δ/(1−ΔA).
func backwardEuler(k *kernel, row func(reg.GPVirtual) Mem, b Mem) {
	den := k.extra[0]
	k.s.Set(vec.Const(1), den)
	VFNMADD231PS(row(k.a), k.dt, den)
	VDIVPS(den, k.dt, k.t)
	VMULPS(k.ut, k.t, k.t)
	VMOVUPS(row(k.h), k.p)
	VDIVPS(den, k.p, k.p)
	k.s.MulWord(b, k.t, k.x)
	VADDPS(k.p, k.x, k.x)
}
