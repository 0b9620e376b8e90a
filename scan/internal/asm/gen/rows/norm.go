package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"mamba-tui/scan/internal/asm/gen/vec"
)

// norm is RMSNorm. The squares are summed in float64, in four registers of
// half as many lanes: by the place in the row alone. It flushes nothing: with
// an eps of 0 a row of subnormal numbers has a norm too.
func norm(wide bool) {
	s := &vec.Set{Wide: wide}
	TEXT("RMSNorm"+s.Suffix(), NOSPLIT, "func(dst, x, w *float32, n int, eps float64)")
	Doc("RMSNorm" + s.Suffix() + " is dst = x/sqrt(mean(x²)+eps)·w for n elements, n > 0; the mean is float64. dst may be x.")
	Pragma("noescape")
	p := vec.Args("dst", "x", "w", "n")
	dst, x, w, n := p[0], p[1], p[2], p[3]
	var sums [4]reg.VecPhysical
	for i := range sums {
		sums[i] = s.Reg()
		s.Zero(sums[i])
	}
	lo, hi, v := s.Reg(), s.Reg(), s.Reg()
	square := func(k int, v reg.VecPhysical) {
		widen(s, v, lo, hi)
		VFMADD231PD(lo, lo, sums[k])
		VFMADD231PD(hi, hi, sums[k+1])
	}
	at, left := GP64(), GP64()
	MOVQ(x, at)
	MOVQ(n, left)
	Label("squares")
	CMPQ(left, U32(uint32(2*s.Lanes())))
	JLT(LabelRef("rest"))
	VMOVUPS(Mem{Base: at}, v)
	square(0, v)
	VMOVUPS(Mem{Base: at, Disp: s.Bytes()}, v)
	square(2, v)
	ADDQ(U32(uint32(2*s.Bytes())), at)
	SUBQ(U32(uint32(2*s.Lanes())), left)
	JMP(LabelRef("squares"))
	Label("rest")
	CMPQ(left, U32(uint32(s.Lanes())))
	JLT(LabelRef("last"))
	VMOVUPS(Mem{Base: at}, v)
	square(0, v)
	ADDQ(U32(uint32(s.Bytes())), at)
	SUBQ(U32(uint32(s.Lanes())), left)
	Label("last")
	TESTQ(left, left)
	JZ(LabelRef("summed"))
	s.Tail(left)
	s.LoadTail(Mem{Base: at}, v)
	square(0, v)
	Label("summed")
	VADDPD(sums[1], sums[0], sums[0])
	VADDPD(sums[3], sums[2], sums[2])
	VADDPD(sums[2], sums[0], sums[0])
	total := vec.SumFloat64(s, sums[0], lo)
	count := hi.AsX()
	VCVTSI2SDQ(n, count, count)
	VDIVSD(count, total, total)
	VADDSD(vec.Arg("eps"), total, total)
	VSQRTSD(total, total, total)
	one := v.AsX()
	VMOVSD(vec.One64(), one)
	VDIVSD(total, one, total)
	VCVTSD2SS(total, total, total)
	scale := s.Reg()
	VBROADCASTSS(total, scale)
	loop(s, n, func(i reg.GPVirtual, load, store func(a, b Op)) {
		load(Mem{Base: x, Index: i, Scale: 1}, v)
		VMULPS(scale, v, v)
		load(Mem{Base: w, Index: i, Scale: 1}, lo)
		VMULPS(lo, v, v)
		store(v, Mem{Base: dst, Index: i, Scale: 1})
	})
	VZEROUPPER()
	RET()
}

// widen is lo, hi = the two halves of v in float64.
func widen(s *vec.Set, v, lo, hi reg.VecPhysical) {
	if s.Wide {
		VEXTRACTF64X4(Imm(1), v, hi.AsY())
		VCVTPS2PD(hi.AsY(), hi)
		VCVTPS2PD(v.AsY(), lo)
		return
	}
	VEXTRACTF128(Imm(1), v, hi.AsX())
	VCVTPS2PD(hi.AsX(), hi)
	VCVTPS2PD(v.AsX(), lo)
}

// normGrad is RMSNorm's gradient for a row. Sums are float64, as in norm.
func normGrad(wide bool) {
	s := &vec.Set{Wide: wide}
	TEXT("RMSNormGrad"+s.Suffix(), NOSPLIT, "func(dx, dw, x, w, dy *float32, n int, eps float64, accumulate int)")
	Doc("RMSNormGrad"+s.Suffix()+" is, for n > 0 elements and with s = 1/sqrt(mean(x²)+eps),",
		"dw += dy·x·s and dx = s·dy·w − x·s³·mean(x·dy·w), added to dx if accumulate is not 0.")
	Pragma("noescape")
	p := vec.Args("dx", "dw", "x", "w", "dy", "n")
	dx, dw, x, w, dy, n := p[0], p[1], p[2], p[3], p[4], p[5]
	var sums [4]reg.VecPhysical // of squares, low and high, then of x·dy·w
	for i := range sums {
		sums[i] = s.Reg()
		s.Zero(sums[i])
	}
	v, g, lo, hi, glo, ghi := s.Reg(), s.Reg(), s.Reg(), s.Reg(), s.Reg(), s.Reg()
	count := GP64()
	MOVQ(n, count)
	loop(s, n, func(i reg.GPVirtual, load, store func(a, b Op)) {
		load(Mem{Base: dy, Index: i, Scale: 1}, g)
		load(Mem{Base: w, Index: i, Scale: 1}, v)
		VMULPS(v, g, g)
		load(Mem{Base: x, Index: i, Scale: 1}, v)
		widen(s, v, lo, hi)
		widen(s, g, glo, ghi)
		VFMADD231PD(lo, lo, sums[0])
		VFMADD231PD(hi, hi, sums[1])
		VFMADD231PD(lo, glo, sums[2])
		VFMADD231PD(hi, ghi, sums[3])
	})
	VADDPD(sums[1], sums[0], sums[0])
	VADDPD(sums[3], sums[2], sums[2])
	squares := vec.SumFloat64(s, sums[0], lo)
	dots := vec.SumFloat64(s, sums[2], lo)
	mean, inverse, cube := hi.AsX(), glo.AsX(), ghi.AsX()
	VCVTSI2SDQ(count, mean, mean)
	VDIVSD(mean, squares, squares)
	VDIVSD(mean, dots, dots)
	VADDSD(vec.Arg("eps"), squares, squares)
	VSQRTSD(squares, squares, squares)
	VMOVSD(vec.One64(), inverse)
	VDIVSD(squares, inverse, inverse)
	VMULSD(inverse, inverse, cube)
	VMULSD(inverse, cube, cube)
	VMULSD(dots, cube, cube)
	VCVTSD2SS(inverse, inverse, inverse)
	VCVTSD2SS(cube, cube, cube)
	scale, slope := sums[0], sums[1]
	VBROADCASTSS(inverse, scale)
	VBROADCASTSS(cube, slope)
	t := sums[2]
	loop(s, count, func(i reg.GPVirtual, load, store func(a, b Op)) {
		at := func(base reg.GPVirtual) Mem { return Mem{Base: base, Index: i, Scale: 1} }
		load(at(x), v)
		load(at(dy), g)
		load(at(dw), t)
		VMULPS(g, v, lo)
		VFMADD231PS(lo, scale, t)
		store(t, at(dw))
		load(at(w), t)
		VMULPS(t, g, g)
		VMULPS(scale, g, g)
		VFNMADD231PS(slope, v, g)
		kept := vec.Unique("kept")
		CMPQ(vec.Arg("accumulate"), Imm(0))
		JEQ(LabelRef(kept))
		load(at(dx), t)
		VADDPS(t, g, g)
		Label(kept)
		store(g, at(dx))
	})
	VZEROUPPER()
	RET()
}
