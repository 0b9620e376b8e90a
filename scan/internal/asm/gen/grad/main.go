// Grad writes the kernels of the backward scan under the released rule: a
// register of channels through a chunk of steps. They work on
//
//	steps  (n, 3, lanes)          Δ, its slope, and y, then the gradient of y
//	rows   (states, 3, lanes)     A, the gradient of h, the gradient of A
//	cells  (n, states, 3, lanes)  Ā, and what dB and dC gain
//	h      (n+1, states, lanes)   the state before each step, and after the last
//
// with states a multiple of 4. Strides are in bytes.
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
		steps(&vec.Set{Wide: wide})
		replay(&vec.Set{Wide: wide})
		gate(&vec.Set{Wide: wide})
		reverse(&vec.Set{Wide: wide})
		sumLanes(&vec.Set{Wide: wide})
	}
	Generate()
}

// resetState is scan.ResetState.
const resetState = 1

// inSteps runs body for every step of n, several together and the rest one by
// one. body is handed the chains of those steps.
func inSteps(s *vec.Set, n reg.GPVirtual, body func(cs []vec.Chain)) {
	together := 2
	if s.Wide {
		together = 4
	}
	chains := s.NewChains(together)
	Label("several")
	CMPQ(n, Imm(uint64(together)))
	JLT(LabelRef("single"))
	body(chains)
	SUBQ(Imm(uint64(together)), n)
	JMP(LabelRef("several"))
	Label("single")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	body(chains[:1])
	DECQ(n)
	JMP(LabelRef("single"))
	Label("done")
	s.FreeChains(chains)
}

// field is vector i of a step's three.
func field(s *vec.Set, steps reg.Register, step, i int) Mem {
	return Mem{Base: steps, Disp: s.Bytes() * (3*step + i)}
}

func steps(s *vec.Set) {
	name := "GradSteps" + s.Suffix()
	TEXT(name, NOSPLIT, "func(steps, delta, bias *float32, sdelta, n, lanes, softplus int)")
	Doc(name+" makes Δ = softplus(delta+bias) and its slope of n steps, or Δ = delta with",
		"slope 1 where softplus is 0. bias may be nil.")
	Pragma("noescape")
	p := vec.Args("steps", "delta", "bias", "sdelta", "n", "lanes")
	at, delta, bias, sdelta, n, lanes := p[0], p[1], p[2], p[3], p[4], p[5]
	s.Tail(lanes)
	e := s.NewExp(0)
	restore := vec.Flush()
	inSteps(s, n, func(cs []vec.Chain) {
		for _, c := range cs {
			s.LoadTail(Mem{Base: delta}, c.X)
			s.Set(vec.Const(1), c.T1)
			ADDQ(sdelta, delta)
		}
		positive, bare := vec.Unique("positive"), vec.Unique("bare")
		CMPQ(vec.Arg("softplus"), Imm(0))
		JEQ(LabelRef(positive))
		TESTQ(bias, bias)
		JZ(LabelRef(bare))
		s.LoadTail(Mem{Base: bias}, cs[0].T0)
		for _, c := range cs {
			VADDPS(cs[0].T0, c.X, c.X)
		}
		Label(bare)
		e.SoftplusSlope(cs...)
		Label(positive)
		for i, c := range cs {
			VMOVUPS(c.X, field(s, at, i, 0))
			VMOVUPS(c.T1, field(s, at, i, 1))
		}
		ADDQ(U32(uint32(3*s.Bytes()*len(cs))), at)
	})
	restore()
	VZEROUPPER()
	RET()
}

func gate(s *vec.Set) {
	name := "GradGate" + s.Suffix()
	TEXT(name, NOSPLIT, "func(steps, dy, z, dz *float32, sdy, sz, sdz, n, lanes int)")
	Doc(name+" takes the gradient of n steps back through the gate: with g = sigmoid(z),",
		"dz = dy·y·g·(1+z·(1−g)), and y becomes the gradient dy·z·g, or dy where z is nil.")
	Pragma("noescape")
	p := vec.Args("steps", "dy", "z", "dz", "sdy", "sz", "sdz", "n", "lanes")
	at, dy, z, dz, sdy, sz, sdz, n, lanes := p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]
	s.Tail(lanes)
	e := s.NewExp(0)
	restore := vec.Flush()
	inSteps(s, n, func(cs []vec.Chain) {
		bare, done := vec.Unique("bare"), vec.Unique("gated")
		TESTQ(z, z)
		JZ(LabelRef(bare))
		for _, c := range cs {
			s.LoadTail(Mem{Base: z}, c.X)
			ADDQ(sz, z)
		}
		e.Sigmoid(cs...)
		for i, c := range cs {
			s.Set(vec.Const(1), c.T0)
			VSUBPS(c.T1, c.T0, c.T2)
			VFMADD213PS(c.T0, c.X, c.T2) // 1 + z·(1−g)
			VMULPS(c.T1, c.T2, c.T2)
			VMULPS(c.T1, c.X, c.X) // z·g
			s.LoadTail(Mem{Base: dy}, c.T0)
			VMULPS(c.T0, c.X, c.X)
			VMULPS(field(s, at, i, 2), c.T0, c.T0)
			VMULPS(c.T2, c.T0, c.T0)
			s.StoreTail(c.T0, Mem{Base: dz})
			VMOVUPS(c.X, field(s, at, i, 2))
			ADDQ(sdy, dy)
			ADDQ(sdz, dz)
		}
		JMP(LabelRef(done))
		Label(bare)
		for i, c := range cs {
			s.LoadTail(Mem{Base: dy}, c.X)
			VMOVUPS(c.X, field(s, at, i, 2))
			ADDQ(sdy, dy)
		}
		Label(done)
		ADDQ(U32(uint32(3*s.Bytes()*len(cs))), at)
	})
	restore()
	VZEROUPPER()
	RET()
}

func sumLanes(s *vec.Set) {
	name := "SumLanes" + s.Suffix()
	TEXT(name, NOSPLIT, "func(dst, src *float32, ssrc, n int)")
	Doc(name+" is dst[i] = the sum of the lanes of register i of src, for n registers ssrc bytes",
		"apart; n is a multiple of 4.")
	Pragma("noescape")
	p := vec.Args("dst", "src", "ssrc", "n")
	dst, src, ssrc, n := p[0], p[1], p[2], p[3]
	restore := vec.Flush()
	var v [4]reg.VecPhysical
	for i := range v {
		v[i] = s.Reg()
	}
	t, u := s.Reg(), s.Reg()
	Label("four")
	for i := range v {
		VMOVUPS(Mem{Base: src}, v[i])
		ADDQ(ssrc, src)
	}
	// In each quarter: two words of each of two, then one of each of four.
	for i := 0; i < 4; i += 2 {
		VUNPCKLPS(v[i+1], v[i], t)
		VUNPCKHPS(v[i+1], v[i], u)
		VADDPS(u, t, v[i])
	}
	VUNPCKLPD(v[2], v[0], t)
	VUNPCKHPD(v[2], v[0], u)
	VADDPS(u, t, t)
	if s.Wide {
		VEXTRACTF64X4(Imm(1), t, u.AsY())
		VADDPS(u.AsY(), t.AsY(), t.AsY())
	}
	VEXTRACTF128(Imm(1), t.AsY(), u.AsX())
	VADDPS(u.AsX(), t.AsX(), t.AsX())
	VMOVUPS(t.AsX(), Mem{Base: dst})
	ADDQ(Imm(16), dst)
	SUBQ(Imm(4), n)
	JNZ(LabelRef("four"))
	restore()
	VZEROUPPER()
	RET()
}
