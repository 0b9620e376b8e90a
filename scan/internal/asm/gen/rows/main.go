// Rows writes the kernels that go element by element along a row.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"mamba-tui/scan/internal/asm/gen/vec"
)

func main() {
	vec.Start()
	for _, wide := range []bool{true, false} {
		softplus(wide)
		silu(wide)
		gate(wide)
		sigmoid(wide)
		norm(wide)
		normGrad(wide)
	}
	Generate()
}

// loop runs body over n elements, a register at a time; i counts bytes. In the
// last, partial one load and store are masked.
func loop(s *vec.Set, n reg.GPVirtual, body func(i reg.GPVirtual, load, store func(a, b Op))) {
	i := GP64()
	XORQ(i, i)
	SHLQ(Imm(2), n) // to bytes
	left := GP64()
	next, tail, done := vec.Unique("next"), vec.Unique("tail"), vec.Unique("done")
	Label(next)
	MOVQ(n, left)
	SUBQ(i, left)
	CMPQ(left, U32(uint32(s.Bytes())))
	JLT(LabelRef(tail))
	move := func(a, b Op) { VMOVUPS(a, b) }
	body(i, move, move)
	ADDQ(U32(uint32(s.Bytes())), i)
	JMP(LabelRef(next))
	Label(tail)
	TESTQ(left, left)
	JZ(LabelRef(done))
	SHRQ(Imm(2), left)
	held := s.Tail(left)
	body(i,
		func(a, b Op) { s.LoadTail(a.(Mem), b.(reg.VecPhysical)) },
		func(a, b Op) { s.StoreTail(a.(reg.VecPhysical), b.(Mem)) })
	held()
	Label(done)
}

func softplus(wide bool) {
	s := &vec.Set{Wide: wide}
	TEXT("Softplus"+s.Suffix(), NOSPLIT, "func(dst, x, bias *float32, n int)")
	Doc("Softplus" + s.Suffix() + " is dst = log(1+exp(x+bias)) for n elements; a nil bias is none. dst may be x.")
	Pragma("noescape")
	restore := vec.Flush()
	p := vec.Args("dst", "x", "bias", "n")
	dst, x, bias, n := p[0], p[1], p[2], p[3]
	e := s.NewExp(6)
	c := s.NewChains(1)[0]
	loop(s, n, func(i reg.GPVirtual, load, store func(a, b Op)) {
		load(Mem{Base: x, Index: i, Scale: 1}, c.X)
		bare := vec.Unique("bare")
		TESTQ(bias, bias)
		JZ(LabelRef(bare))
		load(Mem{Base: bias, Index: i, Scale: 1}, c.T0)
		VADDPS(c.T0, c.X, c.X)
		Label(bare)
		e.Softplus(c)
		store(c.X, Mem{Base: dst, Index: i, Scale: 1})
	})
	restore()
	VZEROUPPER()
	RET()
}

func silu(wide bool) {
	s := &vec.Set{Wide: wide}
	TEXT("SiLU"+s.Suffix(), NOSPLIT, "func(x *float32, n int)")
	Doc("SiLU" + s.Suffix() + " is x = x/(1+exp(−x)) for n elements.")
	Pragma("noescape")
	restore := vec.Flush()
	p := vec.Args("x", "n")
	x, n := p[0], p[1]
	e := s.NewExp(6)
	c := s.NewChains(1)[0]
	loop(s, n, func(i reg.GPVirtual, load, store func(a, b Op)) {
		load(Mem{Base: x, Index: i, Scale: 1}, c.X)
		e.SiLU(c)
		store(c.X, Mem{Base: x, Index: i, Scale: 1})
	})
	restore()
	VZEROUPPER()
	RET()
}

func gate(wide bool) {
	s := &vec.Set{Wide: wide}
	TEXT("Gate"+s.Suffix(), NOSPLIT, "func(y, z *float32, n int)")
	Doc("Gate" + s.Suffix() + " is y = y·(z/(1+exp(−z))) for n elements.")
	Pragma("noescape")
	restore := vec.Flush()
	p := vec.Args("y", "z", "n")
	y, z, n := p[0], p[1], p[2]
	e := s.NewExp(6)
	c := s.NewChains(1)[0]
	loop(s, n, func(i reg.GPVirtual, load, store func(a, b Op)) {
		load(Mem{Base: z, Index: i, Scale: 1}, c.X)
		e.SiLU(c)
		load(Mem{Base: y, Index: i, Scale: 1}, c.T0)
		VMULPS(c.T0, c.X, c.X)
		store(c.X, Mem{Base: y, Index: i, Scale: 1})
	})
	restore()
	VZEROUPPER()
	RET()
}

func sigmoid(wide bool) {
	s := &vec.Set{Wide: wide}
	TEXT("Sigmoid"+s.Suffix(), NOSPLIT, "func(dst, x *float32, n int)")
	Doc("Sigmoid" + s.Suffix() + " is dst = 1/(1+exp(−x)) for n elements. dst may be x.")
	Pragma("noescape")
	restore := vec.Flush()
	p := vec.Args("dst", "x", "n")
	dst, x, n := p[0], p[1], p[2]
	e := s.NewExp(6)
	c := s.NewChains(1)[0]
	loop(s, n, func(i reg.GPVirtual, load, store func(a, b Op)) {
		load(Mem{Base: x, Index: i, Scale: 1}, c.X)
		e.Sigmoid(c)
		store(c.T1, Mem{Base: dst, Index: i, Scale: 1})
	})
	restore()
	VZEROUPPER()
	RET()
}
