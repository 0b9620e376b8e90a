// Conv writes the kernel of the short convolution: a register of channels
// through many steps.
package main

import (
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"mamba-tui/scan/internal/asm/gen/vec"
)

func main() {
	vec.Start()
	for _, wide := range []bool{true, false} {
		conv4(&vec.Set{Wide: wide})
		convGrad4(&vec.Set{Wide: wide})
	}
	Generate()
}

// resetConv is scan.ResetConv.
const resetConv = 2

const text = ` carries the convolution of four taps through steps steps, a register
of channels after the other.

y = bias + w[0]·x[t−3] + w[1]·x[t−2] + w[2]·x[t−1] + w[3]·x[t], in this order with
fused multiply-adds, then SiLU if silu is not 0. w is (channels, 4), its rows sw
words apart; window, (3, channels), is what came before the first step and then
what came last; a step with bit 1 of its mark in resets starts from zeros. bias and
resets may be nil. Strides are in bytes but for sw.`

func conv4(s *vec.Set) {
	name := "Conv4x" + s.Suffix()
	TEXT(name, NOSPLIT, "func(y, x, w, bias, window *float32, resets *int32, sy, sx, sw, swindow, steps, channels, silu int)")
	Doc(strings.Split(name+text, "\n")...)
	Pragma("noescape")
	e := s.NewExp(0)
	// One token has little else to do: the flags are set once for all channels,
	// and one register's chain of operations overlaps with the next one's.
	restore := vec.Flush()

	Label("channels")
	p := vec.Args("y", "x", "w", "window", "resets", "sw", "channels", "steps")
	y, x, w, window, resets, sw, lanes, steps := p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]
	full := GP64()
	MOVQ(U32(uint32(s.Lanes())), full)
	CMPQ(lanes, full)
	CMOVQGT(full, lanes)
	s.Tail(lanes)

	taps := s.Columns4(w, sw, lanes)
	bias := s.Reg()
	s.Zero(bias)
	bp := GP64()
	MOVQ(vec.Arg("bias"), bp)
	TESTQ(bp, bp)
	JZ(LabelRef("unbiased"))
	s.LoadTail(Mem{Base: bp}, bias)
	ADDQ(U32(uint32(s.Bytes())), vec.Arg("bias"))
	Label("unbiased")
	old := []reg.VecPhysical{s.Reg(), s.Reg(), s.Reg()} // x[t−3], x[t−2], x[t−1]
	swindow := vec.Args("swindow")[0]
	s.LoadTail(Mem{Base: window}, old[0])
	s.LoadTail(Mem{Base: window, Index: swindow, Scale: 1}, old[1])
	s.LoadTail(Mem{Base: window, Index: swindow, Scale: 2}, old[2])
	now, c := s.Reg(), s.NewChains(1)[0]
	sum := c.X

	Label("step")
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
	VMOVAPS(bias, sum)
	for k, r := range []reg.VecPhysical{old[0], old[1], old[2], now} {
		VFMADD231PS(taps[k], r, sum)
	}
	VMOVAPS(old[1], old[0])
	VMOVAPS(old[2], old[1])
	VMOVAPS(now, old[2])
	CMPQ(vec.Arg("silu"), Imm(0))
	JEQ(LabelRef("linear"))
	e.SiLU(c)
	Label("linear")
	s.StoreTail(sum, Mem{Base: y})
	ADDQ(vec.Arg("sx"), x)
	ADDQ(vec.Arg("sy"), y)
	DECQ(steps)
	JNZ(LabelRef("step"))

	s.StoreTail(old[0], Mem{Base: window})
	s.StoreTail(old[1], Mem{Base: window, Index: swindow, Scale: 1})
	s.StoreTail(old[2], Mem{Base: window, Index: swindow, Scale: 2})
	for _, name := range []string{"y", "x", "window"} {
		ADDQ(U32(uint32(s.Bytes())), vec.Arg(name))
	}
	rows := vec.Args("sw")[0]
	IMUL3Q(U32(uint32(4*s.Lanes())), rows, rows)
	ADDQ(rows, vec.Arg("w"))
	SUBQ(U32(uint32(s.Lanes())), vec.Arg("channels"))
	JG(LabelRef("channels"))
	restore()
	VZEROUPPER()
	RET()
}
