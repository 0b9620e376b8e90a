package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"mamba-tui/scan/internal/asm/gen/vec"
)

// convGrad4 goes through n steps twice: forward, where the sums before SiLU are
// computed again, and backward, where inputs gather what later steps read of
// them.
func convGrad4(s *vec.Set) {
	name := "ConvGrad4x" + s.Suffix()
	TEXT(name, NOSPLIT, "func(x, dy, dx, w, bias, x3, x2, x1, before, carry, sums *float32, resets *int32, sx, sdy, sdx, sw, n, lanes, silu int)")
	Doc(name+" is the gradient of Conv4x"+s.Suffix()+" over n steps. x3, x2 and x1 are the inputs three,",
		"two and one steps before the first; before has room for n registers; carry, three",
		"registers, is the gradients before SiLU of the three steps after the last, and then of",
		"the first three. dx is written, in terms of later steps up to a reset; sums, five",
		"registers, gains the gradients of the taps and of the bias.")
	Pragma("noescape")
	p := vec.Args("x", "w", "sw", "lanes", "dy", "before", "sums", "n", "resets", "carry")
	x, w, sw, lanes, dy, before, sums, n, resets, carry := p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9]
	s.Tail(lanes)
	taps := s.Columns4(w, sw, lanes)
	s.SpillTail()
	old := []reg.VecPhysical{s.Reg(), s.Reg(), s.Reg()}
	for i, name := range []string{"x3", "x2", "x1"} {
		r := GP64()
		MOVQ(vec.Arg(name), r)
		s.LoadTail(Mem{Base: r}, old[i])
	}
	now, c := s.Reg(), s.NewChains(1)[0]
	e := s.NewExp(0)
	restore := vec.Flush()
	bias := GP64()
	MOVQ(vec.Arg("bias"), bias)

	Label("forward")
	TESTQ(resets, resets)
	JZ(LabelRef("kept"))
	TESTL(U32(resetConv), Mem{Base: resets})
	LEAQ(Mem{Base: resets, Disp: 4}, resets)
	JZ(LabelRef("kept"))
	for _, r := range old {
		s.Zero(r)
	}
	Label("kept")
	s.LoadTail(Mem{Base: x}, now)
	ADDQ(vec.Arg("sx"), x)
	dp := c.T0
	CMPQ(vec.Arg("silu"), Imm(0))
	JEQ(LabelRef("linear"))
	s.Zero(c.X)
	TESTQ(bias, bias)
	JZ(LabelRef("unbiased"))
	s.LoadTail(Mem{Base: bias}, c.X)
	Label("unbiased")
	inputs := []reg.VecPhysical{old[0], old[1], old[2], now}
	for k, r := range inputs {
		VFMADD231PS(taps[k], r, c.X)
	}
	e.Sigmoid(c)
	// With g = sigmoid(p): dy·g·(1+p·(1−g)).
	s.Set(vec.Const(1), c.T0)
	VSUBPS(c.T1, c.T0, c.T2)
	VFMADD213PS(c.T0, c.X, c.T2)
	VMULPS(c.T1, c.T2, c.T2)
	s.LoadTail(Mem{Base: dy}, dp)
	VMULPS(c.T2, dp, dp)
	JMP(LabelRef("known"))
	Label("linear")
	s.LoadTail(Mem{Base: dy}, dp)
	Label("known")
	ADDQ(vec.Arg("sdy"), dy)
	VMOVUPS(dp, Mem{Base: before})
	ADDQ(U32(uint32(s.Bytes())), before)
	for k, r := range inputs {
		VMOVUPS(Mem{Base: sums, Disp: s.Bytes() * k}, c.T1)
		VFMADD231PS(dp, r, c.T1)
		VMOVUPS(c.T1, Mem{Base: sums, Disp: s.Bytes() * k})
	}
	VADDPS(Mem{Base: sums, Disp: 4 * s.Bytes()}, dp, c.T1)
	VMOVUPS(c.T1, Mem{Base: sums, Disp: 4 * s.Bytes()})
	VMOVAPS(old[1], old[0])
	VMOVAPS(old[2], old[1])
	VMOVAPS(now, old[2])
	DECQ(n)
	JNZ(LabelRef("forward"))

	// Back again: old are now the gradients of the three steps after this one.
	MOVQ(vec.Arg("n"), n)
	dx := GP64()
	MOVQ(n, dx)
	DECQ(dx)
	IMULQ(vec.Arg("sdx"), dx)
	ADDQ(vec.Arg("dx"), dx)
	for i := range old {
		VMOVUPS(Mem{Base: carry, Disp: s.Bytes() * i}, old[i])
	}
	Label("backward")
	SUBQ(U32(uint32(s.Bytes())), before)
	VMOVUPS(Mem{Base: before}, now)
	VMULPS(taps[3], now, c.X)
	for i := range old {
		VFMADD231PS(taps[2-i], old[i], c.X)
	}
	s.StoreTail(c.X, Mem{Base: dx})
	SUBQ(vec.Arg("sdx"), dx)
	VMOVAPS(old[1], old[2])
	VMOVAPS(old[0], old[1])
	VMOVAPS(now, old[0])
	TESTQ(resets, resets)
	JZ(LabelRef("through"))
	SUBQ(Imm(4), resets)
	TESTL(U32(resetConv), Mem{Base: resets})
	JZ(LabelRef("through"))
	for _, r := range old {
		s.Zero(r)
	}
	Label("through")
	DECQ(n)
	JNZ(LabelRef("backward"))
	for i := range old {
		VMOVUPS(old[i], Mem{Base: carry, Disp: s.Bytes() * i})
	}
	restore()
	VZEROUPPER()
	RET()
}
