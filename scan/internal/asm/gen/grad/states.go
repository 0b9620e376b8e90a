package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"mamba-tui/scan/internal/asm/gen/vec"
)

// walk is what replay and reverse share: one pass over the states of a step.
type walk struct {
	s                     *vec.Set
	b, c                  reg.GPVirtual // words of the step
	rows, cells, old, now reg.GPVirtual
	n4, third, whole, end reg.GPVirtual // 4·n, Bytes·n, 3·Bytes·n, and where n4 ends
}

// states runs body for every state of the step; j of four says which sum it
// belongs to.
func (w *walk) states(loop, none string, body func(j int)) {
	XORQ(w.n4, w.n4)
	XORQ(w.third, w.third)
	XORQ(w.whole, w.whole)
	MOVQ(vec.Arg("states"), w.end)
	SHLQ(Imm(2), w.end)
	JZ(LabelRef(none))
	Label(loop)
	for j := range 4 {
		body(j)
	}
	ADDQ(Imm(16), w.n4)
	ADDQ(U32(uint32(4*w.s.Bytes())), w.third)
	ADDQ(U32(uint32(12*w.s.Bytes())), w.whole)
	CMPQ(w.n4, w.end)
	JLT(LabelRef(loop))
	Label(none)
}

func (w *walk) word(base reg.GPVirtual, j int) Mem {
	return Mem{Base: base, Index: w.n4, Scale: 1, Disp: 4 * j}
}

func (w *walk) single(base reg.GPVirtual, j int) Mem {
	return Mem{Base: base, Index: w.third, Scale: 1, Disp: w.s.Bytes() * j}
}

func (w *walk) triple(base reg.GPVirtual, j, i int) Mem {
	return Mem{Base: base, Index: w.whole, Scale: 1, Disp: w.s.Bytes() * (3*j + i)}
}

// before sets old to the state before the step: zeros at a reset. The flags say
// then whether there was one (NE).
func (w *walk) before(zeros string) {
	resets := GP64()
	keep := vec.Unique("keep")
	MOVQ(vec.Arg("resets"), resets)
	TESTQ(resets, resets)
	JZ(LabelRef(keep))
	TESTL(U32(resetState), Mem{Base: resets})
	JZ(LabelRef(keep))
	MOVQ(vec.Arg(zeros), w.old)
	Label(keep)
}

// along moves the argument with that name by bytes, which may be an argument.
func along(name string, by Op) {
	r := GP64()
	MOVQ(vec.Arg(name), r)
	ADDQ(by, r)
	MOVQ(r, vec.Arg(name))
}

func replay(s *vec.Set) {
	name := "GradReplay" + s.Suffix()
	TEXT(name, NOSPLIT, "func(steps, rows, cells, h, zeros, u, b, c, skip *float32, resets *int32, su, sb, sc, n, lanes, states int)")
	Doc(name+" runs n steps forward again from h[0], with the bits of ScanReleased, and keeps h",
		"and Ā of each and y before the gate. skip and resets may be nil; zeros is (states, lanes).")
	Pragma("noescape")
	p := vec.Args("b", "c", "rows", "cells", "lanes")
	w := &walk{s: s, b: p[0], c: p[1], rows: p[2], cells: p[3], old: GP64(), now: GP64(), n4: GP64(), third: GP64(), whole: GP64(), end: GP64()}
	s.Tail(p[4])
	at := vec.Args("steps")[0]
	held := 4
	if s.Wide {
		held = 6
	}
	e := s.NewExp(held)
	rate, write := s.Reg(), s.Reg()
	var q [4]reg.VecPhysical
	for j := range q {
		q[j] = s.Reg()
	}
	x, t, a := s.Reg(), s.Reg(), s.Reg()
	restore := vec.Flush()

	Label("step")
	bytes := GP64()
	MOVQ(vec.Arg("states"), bytes)
	IMUL3Q(U32(uint32(s.Bytes())), bytes, bytes)
	MOVQ(vec.Arg("h"), w.old)
	LEAQ(Mem{Base: w.old, Index: bytes, Scale: 1}, w.now)
	MOVQ(w.now, vec.Arg("h"))
	w.before("zeros")
	VMOVUPS(field(s, at, 0, 0), rate)
	u := GP64()
	MOVQ(vec.Arg("u"), u)
	s.LoadTail(Mem{Base: u}, write)
	VMULPS(rate, write, write)
	s.Mul(vec.Log2E(), rate, rate)
	for _, r := range q {
		s.Zero(r)
	}
	w.states("state", "stateless", func(j int) {
		VMULPS(w.triple(w.rows, j, 0), rate, x)
		e.Exp2(x, t, a)
		VMOVUPS(a, w.triple(w.cells, j, 0))
		s.MulWord(w.word(w.b, j), write, x)
		VFMADD231PS(w.single(w.old, j), a, x)
		VMOVUPS(x, w.single(w.now, j))
		s.FmaWord(w.word(w.c, j), x, q[j], t)
	})
	VADDPS(q[1], q[0], q[0])
	VADDPS(q[3], q[2], q[2])
	VADDPS(q[2], q[0], q[0])
	skip := GP64()
	MOVQ(vec.Arg("skip"), skip)
	TESTQ(skip, skip)
	JZ(LabelRef("noskip"))
	s.LoadTail(Mem{Base: skip}, t)
	s.LoadTail(Mem{Base: u}, x)
	VFMADD231PS(x, t, q[0])
	Label("noskip")
	VMOVUPS(q[0], field(s, at, 0, 2))

	ADDQ(U32(uint32(3*s.Bytes())), at)
	ADDQ(w.whole, w.cells)
	ADDQ(vec.Arg("sb"), w.b)
	ADDQ(vec.Arg("sc"), w.c)
	ADDQ(vec.Arg("su"), u)
	MOVQ(u, vec.Arg("u"))
	CMPQ(vec.Arg("resets"), Imm(0))
	JEQ(LabelRef("unmarked"))
	along("resets", Imm(4))
	Label("unmarked")
	DECQ(vec.Arg("n"))
	JNZ(LabelRef("step"))
	restore()
	VZEROUPPER()
	RET()
}

func reverse(s *vec.Set) {
	name := "GradReverse" + s.Suffix()
	TEXT(name, NOSPLIT, "func(steps, rows, cells, h, zeros, u, b, c, skip, du, ddelta, sums *float32, resets *int32, "+
		"su, sb, sc, sdu, sddelta, n, lanes, states int)")
	Doc(name+" takes n steps back that GradReplay and GradGate have been through, from the last:",
		"all pointers but rows, zeros, skip and sums are those of the last step, h that of the",
		"state before it, and strides lead backwards. It adds to cells and to the gradient of A",
		"in rows, carries the gradient of h there, writes du and ddelta and adds to sums the",
		"gradients of the bias and of the skip. skip and resets may be nil.")
	Pragma("noescape")
	p := vec.Args("b", "c", "rows", "cells", "lanes")
	w := &walk{s: s, b: p[0], c: p[1], rows: p[2], cells: p[3], old: GP64(), now: GP64(), n4: GP64(), third: GP64(), whole: GP64(), end: GP64()}
	s.Tail(p[4])
	at := vec.Args("steps")[0]
	dy, dt, write := s.Reg(), s.Reg(), s.Reg()
	rates, writes := s.Reg(), s.Reg()
	grad, x, t := s.Reg(), s.Reg(), s.Reg()
	restore := vec.Flush()

	Label("step")
	bytes := GP64()
	MOVQ(vec.Arg("states"), bytes)
	IMUL3Q(U32(uint32(s.Bytes())), bytes, bytes)
	MOVQ(vec.Arg("h"), w.old)
	LEAQ(Mem{Base: w.old, Index: bytes, Scale: 1}, w.now)
	previous := GP64()
	MOVQ(w.old, previous)
	SUBQ(bytes, previous)
	MOVQ(previous, vec.Arg("h"))
	w.before("zeros")
	VMOVUPS(field(s, at, 0, 0), dt)
	VMOVUPS(field(s, at, 0, 2), dy)
	u := GP64()
	MOVQ(vec.Arg("u"), u)
	s.LoadTail(Mem{Base: u}, write)
	VMULPS(dt, write, write)
	s.Zero(rates)
	s.Zero(writes)
	w.states("state", "stateless", func(j int) {
		VMOVUPS(w.triple(w.rows, j, 1), grad)
		s.FmaWord(w.word(w.c, j), dy, grad, t)
		VMOVUPS(w.triple(w.cells, j, 2), x) // dC
		VFMADD231PS(w.single(w.now, j), dy, x)
		VMOVUPS(x, w.triple(w.cells, j, 2))
		VMOVUPS(w.triple(w.cells, j, 1), x) // dB
		VFMADD231PS(write, grad, x)
		VMOVUPS(x, w.triple(w.cells, j, 1))
		s.FmaWord(w.word(w.b, j), grad, writes, t)
		VMULPS(w.triple(w.cells, j, 0), grad, grad) // what h before the step gains
		VMOVUPS(grad, w.triple(w.rows, j, 1))
		VMULPS(w.single(w.old, j), grad, grad) // what ΔA gains
		VFMADD231PS(w.triple(w.rows, j, 0), grad, rates)
		VMOVUPS(w.triple(w.rows, j, 2), x)
		VFMADD231PS(dt, grad, x)
		VMOVUPS(x, w.triple(w.rows, j, 2))
	})
	// A reset: what was before gains nothing. old is zeros there.
	CMPQ(w.old, vec.Arg("zeros"))
	JNE(LabelRef("carried"))
	s.Zero(x)
	w.states("clear", "cleared", func(j int) { VMOVUPS(x, w.triple(w.rows, j, 1)) })
	Label("carried")
	s.LoadTail(Mem{Base: u}, x)
	VFMADD231PS(x, writes, rates)
	VMULPS(field(s, at, 0, 1), rates, rates)
	out := GP64()
	MOVQ(vec.Arg("ddelta"), out)
	s.StoreTail(rates, Mem{Base: out})
	ADDQ(vec.Arg("sddelta"), out)
	MOVQ(out, vec.Arg("ddelta"))
	sums := GP64()
	MOVQ(vec.Arg("sums"), sums)
	VADDPS(Mem{Base: sums}, rates, rates)
	VMOVUPS(rates, Mem{Base: sums})
	VMOVUPS(Mem{Base: sums, Disp: s.Bytes()}, grad)
	VFMADD231PS(x, dy, grad)
	VMOVUPS(grad, Mem{Base: sums, Disp: s.Bytes()})
	VMULPS(dt, writes, writes)
	skip := GP64()
	MOVQ(vec.Arg("skip"), skip)
	TESTQ(skip, skip)
	JZ(LabelRef("noskip"))
	s.LoadTail(Mem{Base: skip}, t)
	VFMADD231PS(dy, t, writes)
	Label("noskip")
	MOVQ(vec.Arg("du"), out)
	s.StoreTail(writes, Mem{Base: out})
	ADDQ(vec.Arg("sdu"), out)
	MOVQ(out, vec.Arg("du"))

	SUBQ(U32(uint32(3*s.Bytes())), at)
	// whole is 3·Bytes·states, by either loop.
	SUBQ(w.whole, w.cells)
	ADDQ(vec.Arg("sb"), w.b)
	ADDQ(vec.Arg("sc"), w.c)
	ADDQ(vec.Arg("su"), u)
	MOVQ(u, vec.Arg("u"))
	CMPQ(vec.Arg("resets"), Imm(0))
	JEQ(LabelRef("unmarked"))
	along("resets", I32(-4))
	Label("unmarked")
	DECQ(vec.Arg("n"))
	JNZ(LabelRef("step"))
	restore()
	VZEROUPPER()
	RET()
}
