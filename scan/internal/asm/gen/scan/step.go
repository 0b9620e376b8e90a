package main

import (
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"mamba-tui/scan/internal/asm/gen/vec"
)

const stepText = ` carries as many registers of channels as blocks says through one
step of 16 states under the released rule, with the bits of ScanReleased.

u, delta, z, y, bias and skip point to the first channel, b and c to its 16
words; a and h are (channels, 16) as they lie in memory, their rows sa and sh bytes
apart. bias, skip and z may be nil: none. scratch has room for 12 registers.`

// step moves one token. In ScanReleased a register holds one state of many
// channels, for which A and h must be laid out anew; that pays for many tokens
// only. Here it holds the states of a channel, as they lie in memory. Every
// number goes through the same operations in the same order: the four sums
// q[j] over n = j, j+4, j+8, j+12 are the four words of a quarter.
func step(s *vec.Set) {
	name := "ScanStep16x" + s.Suffix()
	TEXT(name, NOSPLIT, "func(u, delta, z, y, b, c, a, h *float32, sa, sh int, scratch, bias, skip *float32, blocks, softplus int)")
	Doc(strings.Split(name+stepText, "\n")...)
	Pragma("noescape")
	p := vec.Args("u", "delta", "z", "y", "b", "c", "a", "h", "scratch")
	k := &stepKernel{s: s, u: p[0], delta: p[1], z: p[2], y: p[3], b: p[4], c: p[5], a: p[6], h: p[7], scratch: p[8], together: 2}
	if s.Wide {
		k.together = 4
		k.e = s.NewExp(6)
	} else {
		k.e = s.NewExp(0)
	}
	restore := vec.Flush()
	k.left = GP64()
	Label("blocks")
	MOVQ(vec.Arg("blocks"), k.left)
	CMPQ(k.left, Imm(uint64(k.together)))
	JLT(LabelRef("block"))
	k.run(k.together)
	JMP(LabelRef("blocks"))
	Label("block")
	TESTQ(k.left, k.left)
	JZ(LabelRef("done"))
	k.run(1)
	JMP(LabelRef("blocks"))
	Label("done")
	restore()
	VZEROUPPER()
	RET()
}

type stepKernel struct {
	s                    *vec.Set
	e                    *vec.Exp
	u, delta, z, y, b, c reg.GPVirtual
	a, h, scratch, left  reg.GPVirtual
	together             int // registers of channels whose Δ and gates are computed together
}

// Places in scratch, in registers: Δ·log2(e), Δ·u and the sums of C·h.
const (
	rates  = 0
	writes = 4
	sums   = 8
)

// run moves n registers of channels.
func (k *stepKernel) run(n int) {
	s := k.s
	at := func(base reg.GPVirtual, i int) Mem { return Mem{Base: base, Disp: s.Bytes() * i} }

	// Δ of all channels, several registers at a time.
	chains := s.NewChains(n)
	positive, bare := vec.Unique("positive"), vec.Unique("bare")
	for i, c := range chains {
		VMOVUPS(at(k.delta, i), c.X)
	}
	CMPQ(vec.Arg("softplus"), Imm(0))
	JEQ(LabelRef(positive))
	bias := GP64()
	MOVQ(vec.Arg("bias"), bias)
	TESTQ(bias, bias)
	JZ(LabelRef(bare))
	for i, c := range chains {
		VADDPS(at(bias, i), c.X, c.X)
	}
	ADDQ(U32(uint32(s.Bytes()*n)), bias)
	MOVQ(bias, vec.Arg("bias"))
	Label(bare)
	k.e.Softplus(chains...)
	Label(positive)
	for i, c := range chains {
		VMULPS(at(k.u, i), c.X, c.T0)
		VMOVUPS(c.T0, at(k.scratch, writes+i))
		s.Mul(vec.Log2E(), c.X, c.X)
		VMOVUPS(c.X, at(k.scratch, rates+i))
	}
	s.FreeChains(chains)

	k.states(n)

	// The skip and the gate.
	chains = s.NewChains(n)
	sum := make([]reg.VecPhysical, n)
	for i := range sum {
		sum[i] = s.Reg()
		VMOVUPS(at(k.scratch, sums+i), sum[i])
	}
	noskip, nogate := vec.Unique("noskip"), vec.Unique("nogate")
	skip := GP64()
	MOVQ(vec.Arg("skip"), skip)
	TESTQ(skip, skip)
	JZ(LabelRef(noskip))
	for i, c := range chains {
		VMOVUPS(at(skip, i), c.T0)
		VFMADD231PS(at(k.u, i), c.T0, sum[i])
	}
	ADDQ(U32(uint32(s.Bytes()*n)), skip)
	MOVQ(skip, vec.Arg("skip"))
	Label(noskip)
	TESTQ(k.z, k.z)
	JZ(LabelRef(nogate))
	for i, c := range chains {
		VMOVUPS(at(k.z, i), c.X)
	}
	k.e.SiLU(chains...)
	for i, c := range chains {
		VMULPS(c.X, sum[i], sum[i])
	}
	ADDQ(U32(uint32(s.Bytes()*n)), k.z)
	Label(nogate)
	for i := range sum {
		VMOVUPS(sum[i], at(k.y, i))
	}
	s.FreeChains(chains)
	s.Free(sum...)
	for _, r := range []reg.GPVirtual{k.u, k.delta, k.y} {
		ADDQ(U32(uint32(s.Bytes()*n)), r)
	}
	SUBQ(Imm(uint64(n)), vec.Arg("blocks"))
}

// states moves the states of n registers of channels, four registers of states
// at a time.
func (k *stepKernel) states(n int) {
	s := k.s
	perChannel := 16 / s.Lanes()
	channels := 4 / perChannel // of a group
	channel, end := GP64(), GP64()
	XORQ(channel, channel)
	MOVQ(U64(uint64(n*s.Bytes())), end)
	var x, t, p [4]reg.VecPhysical
	for i := range x {
		x[i], t[i], p[i] = s.Reg(), s.Reg(), s.Reg()
	}
	loop := vec.Unique("channels")
	Label(loop)
	a2, h2 := GP64(), GP64() // the second channel of a pair
	word := func(place, channelOf int) Mem {
		return Mem{Base: k.scratch, Index: channel, Scale: 1, Disp: place*s.Bytes() + 4*channelOf}
	}
	rowOf := func(base, second reg.GPVirtual, stride string, i int) Mem {
		ch, part := i/perChannel, i%perChannel
		switch ch {
		case 0, 1:
			return Mem{Base: []reg.GPVirtual{base, second}[ch], Disp: s.Bytes() * part}
		}
		return Mem{Base: []reg.GPVirtual{base, second}[ch-2], Disp: s.Bytes() * part, Index: k.twice(stride), Scale: 1}
	}
	MOVQ(k.a, a2)
	ADDQ(vec.Arg("sa"), a2)
	MOVQ(k.h, h2)
	ADDQ(vec.Arg("sh"), h2)
	for i := range x {
		VBROADCASTSS(word(rates, i/perChannel), t[i])
		VMULPS(rowOf(k.a, a2, "sa", i), t[i], x[i])
	}
	k.e.Exp2s(x[:], t[:], p[:])
	for i := range x {
		VBROADCASTSS(word(writes, i/perChannel), x[i])
		VMULPS(Mem{Base: k.b, Disp: s.Bytes() * (i % perChannel)}, x[i], x[i])
	}
	for i := range x {
		row := rowOf(k.h, h2, "sh", i)
		VFMADD231PS(row, p[i], x[i])
		VMOVUPS(x[i], row)
	}
	// t[i] becomes states 4i … 4i+3 of every channel of the group, a quarter each.
	if s.Wide {
		VSHUFF32X4(Imm(0x44), x[1], x[0], p[0])
		VSHUFF32X4(Imm(0x44), x[3], x[2], p[1])
		VSHUFF32X4(Imm(0xee), x[1], x[0], p[2])
		VSHUFF32X4(Imm(0xee), x[3], x[2], p[3])
		VSHUFF32X4(Imm(0x88), p[1], p[0], t[0])
		VSHUFF32X4(Imm(0xdd), p[1], p[0], t[1])
		VSHUFF32X4(Imm(0x88), p[3], p[2], t[2])
		VSHUFF32X4(Imm(0xdd), p[3], p[2], t[3])
	} else {
		VPERM2F128(Imm(0x20), x[2], x[0], t[0])
		VPERM2F128(Imm(0x31), x[2], x[0], t[1])
		VPERM2F128(Imm(0x20), x[3], x[1], t[2])
		VPERM2F128(Imm(0x31), x[3], x[1], t[3])
	}
	q, swapped := x[0], x[1]
	s.Zero(q)
	for i := range t {
		quarter := Mem{Base: k.c, Disp: 16 * i}
		if s.Wide {
			VBROADCASTF32X4(quarter, p[i])
		} else {
			VBROADCASTF128(quarter, p[i])
		}
		VFMADD231PS(p[i], t[i], q)
	}
	VSHUFPS(Imm(0xb1), q, q, swapped) // q[1], q[0], q[3], q[2]
	VADDPS(swapped, q, q)
	VSHUFPS(Imm(0x4e), q, q, swapped)
	VADDPS(swapped, q, q)
	if s.Wide {
		first := K()
		bits := GP32()
		MOVL(U32(0x1111), bits)
		KMOVW(bits, first)
		VCOMPRESSPS(q, first, q)
		VMOVUPS(q.AsX(), word(sums, 0))
	} else {
		VMOVSS(q.AsX(), word(sums, 0))
		VEXTRACTF128(Imm(1), q, swapped.AsX())
		VMOVSS(swapped.AsX(), word(sums, 1))
	}
	for range channels {
		ADDQ(vec.Arg("sa"), k.a)
		ADDQ(vec.Arg("sh"), k.h)
	}
	ADDQ(Imm(uint64(4*channels)), channel)
	CMPQ(channel, end)
	JLT(LabelRef(loop))
	for i := range x {
		s.Free(x[i], t[i], p[i])
	}
}

// twice is a register with two strides, loaded where it is used.
func (k *stepKernel) twice(stride string) reg.GPVirtual {
	r := GP64()
	MOVQ(vec.Arg(stride), r)
	ADDQ(r, r)
	return r
}
