// Scan writes the kernels of the fused selective scan: a register of channels
// through many steps.
package main

import (
	"fmt"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"mamba-tui/scan/internal/asm/gen/vec"
)

func main() {
	vec.Start()
	for _, wide := range []bool{true, false} {
		for _, r := range rules {
			looped(&vec.Set{Wide: wide}, r)
		}
	}
	unrolled(&vec.Set{Wide: true})
	step(&vec.Set{Wide: true})
	step(&vec.Set{})
	transpose(&vec.Set{Wide: true})
	transpose(&vec.Set{})
	Generate()
}

// signature is that of every kernel. Strides are in bytes.
const signature = "func(u, delta, z, y, b, c *float32, su, sdelta, sz, sy, sb, sc int, " +
	"a, inverse, h, scratch, bias, skip *float32, steps, lanes, states, softplus int)"

const text = ` carries %d channels through steps steps under the %s rule.

u, delta, z and y point to the first channel of the first step, b and c to its
first state; a, inverse (1/a, for zoh alone) and h are (states, %d), where lanes
beyond the number given are zero. states is a multiple of 4. scratch has room for
Batch steps twice. bias, skip and z may be nil: none. y may be u. With q[j] =
Σ c[n]·h[n] over n = j, j+4, j+8, …, each in the order of n, y is
((q[0]+q[1])+(q[2]+q[3]) + skip·u)·silu(z).`

// batch is how many steps' Δ and gates are computed ahead, several at a time.
// Their long chains of operations would else stand before the states of each
// step, which wait for Δ.
const batch = 16

// line is the size of a cache line: what lies one line further in each row is
// asked for ahead. It belongs to the channels that come next.
const line = 64

// kernel is one under construction.
type kernel struct {
	s                  *vec.Set
	e                  *vec.Exp
	u, delta, z, y     reg.GPVirtual
	b, c, a, h         reg.GPVirtual
	inverse            reg.GPVirtual
	ahead, count       reg.GPVirtual   // place in scratch, steps left in the batch
	dt, ut             reg.VecPhysical // Δ and u of the step
	rate, write        reg.VecPhysical // Δ·log2(e), Δ·u
	q                  [4]reg.VecPhysical
	x, t, p            reg.VecPhysical // scratch
	extra              []reg.VecPhysical
	stateIndex, rowsAt reg.GPVirtual // 4·n, and Bytes·n
}

func begin(s *vec.Set, name, rule string) *kernel {
	TEXT("Scan"+name+s.Suffix(), NOSPLIT, signature)
	Doc(strings.Split("Scan"+name+s.Suffix()+fmt.Sprintf(text, s.Lanes(), rule, s.Lanes()), "\n")...)
	Pragma("noescape")
	k := &kernel{s: s}
	p := vec.Args("u", "delta", "z", "y", "b", "c", "a", "h")
	k.u, k.delta, k.z, k.y, k.b, k.c, k.a, k.h = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]
	k.ahead, k.count = GP64(), GP64()
	lanes := vec.Args("lanes")[0]
	s.Tail(lanes)
	return k
}

// look computes Δ and the gate, silu(z), of the next steps, at most batch, and
// leaves the number of them in count and the place of the first in ahead.
func (k *kernel) look() {
	s := k.s
	MOVQ(vec.Arg("steps"), k.count)
	most := GP64()
	MOVQ(U64(batch), most)
	CMPQ(k.count, most)
	CMOVQGT(most, k.count)
	left := GP64()
	MOVQ(k.count, left)
	MOVQ(vec.Arg("scratch"), k.ahead)
	together := 2
	if s.Wide {
		together = 4
	}
	chains := s.NewChains(together)
	Label("several")
	CMPQ(left, Imm(uint64(together)))
	JLT(LabelRef("single"))
	k.lookAt(chains, left)
	JMP(LabelRef("several"))
	Label("single")
	TESTQ(left, left)
	JZ(LabelRef("looked"))
	k.lookAt(chains[:1], left)
	JMP(LabelRef("single"))
	Label("looked")
	s.FreeChains(chains)
	MOVQ(vec.Arg("scratch"), k.ahead)
}

// lookAt is look for as many steps as there are chains.
func (k *kernel) lookAt(chains []vec.Chain, left reg.GPVirtual) {
	s := k.s
	for _, c := range chains {
		s.LoadTail(Mem{Base: k.delta}, c.X)
		PREFETCHT0(Mem{Base: k.delta, Disp: line})
		ADDQ(vec.Arg("sdelta"), k.delta)
	}
	positive, bare, open := vec.Unique("positive"), vec.Unique("bare"), vec.Unique("open")
	CMPQ(vec.Arg("softplus"), Imm(0))
	JEQ(LabelRef(positive))
	bias := GP64()
	MOVQ(vec.Arg("bias"), bias)
	TESTQ(bias, bias)
	JZ(LabelRef(bare))
	s.LoadTail(Mem{Base: bias}, chains[0].T0)
	for _, c := range chains {
		VADDPS(chains[0].T0, c.X, c.X)
	}
	Label(bare)
	k.e.Softplus(chains...)
	Label(positive)
	for i, c := range chains {
		VMOVUPS(c.X, Mem{Base: k.ahead, Disp: 2 * s.Bytes() * i})
	}
	TESTQ(k.z, k.z)
	JZ(LabelRef(open))
	for _, c := range chains {
		s.LoadTail(Mem{Base: k.z}, c.X)
		PREFETCHT0(Mem{Base: k.z, Disp: line})
		ADDQ(vec.Arg("sz"), k.z)
	}
	k.e.SiLU(chains...)
	for i, c := range chains {
		VMOVUPS(c.X, Mem{Base: k.ahead, Disp: 2*s.Bytes()*i + s.Bytes()})
	}
	Label(open)
	ADDQ(U32(uint32(2*s.Bytes()*len(chains))), k.ahead)
	SUBQ(Imm(uint64(len(chains))), left)
}

// drive loads what the step's states need.
func (k *kernel) drive() {
	s := k.s
	VMOVUPS(Mem{Base: k.ahead}, k.dt)
	s.LoadTail(Mem{Base: k.u}, k.ut)
	PREFETCHT0(Mem{Base: k.u, Disp: line})
	PREFETCHT0(Mem{Base: k.y, Disp: line})
	for _, q := range k.q {
		s.Zero(q)
	}
	VMULPS(k.dt, k.ut, k.write)
	s.Mul(vec.Log2E(), k.dt, k.rate)
}

// output sums, adds the skip, gates and stores y.
func (k *kernel) output() {
	s, y := k.s, k.q[0]
	VADDPS(k.q[1], y, y)
	VADDPS(k.q[3], k.q[2], k.q[2])
	VADDPS(k.q[2], y, y)
	skip := GP64()
	MOVQ(vec.Arg("skip"), skip)
	TESTQ(skip, skip)
	JZ(LabelRef("noskip"))
	s.LoadTail(Mem{Base: skip}, k.t)
	s.LoadTail(Mem{Base: k.u}, k.x)
	VFMADD231PS(k.x, k.t, y)
	Label("noskip")
	TESTQ(k.z, k.z)
	JZ(LabelRef("nogate"))
	VMULPS(Mem{Base: k.ahead, Disp: s.Bytes()}, y, y)
	Label("nogate")
	s.StoreTail(y, Mem{Base: k.y})
}

// next goes to the next step, if the batch has one.
func (k *kernel) next() {
	ADDQ(vec.Arg("su"), k.u)
	ADDQ(vec.Arg("sy"), k.y)
	ADDQ(vec.Arg("sb"), k.b)
	ADDQ(vec.Arg("sc"), k.c)
	ADDQ(U32(uint32(2*k.s.Bytes())), k.ahead)
	DECQ(vec.Arg("steps"))
	DECQ(k.count)
	JNZ(LabelRef("step"))
}

// again goes to the next batch, if there is one.
func (k *kernel) again() {
	CMPQ(vec.Arg("steps"), Imm(0))
	JNE(LabelRef("batch"))
}

// unrolled is the kernel for released models: 16 states, held in registers
// through a batch.
func unrolled(s *vec.Set) {
	k := begin(s, "Released16x", "released")
	Comment("states is 16.")
	k.e = s.NewExp(6)
	restore := vec.Flush()
	Label("batch")
	k.look()
	var h [16]reg.VecPhysical
	for n := range h {
		h[n] = s.Reg()
		VMOVUPS(Mem{Base: k.h, Disp: s.Bytes() * n}, h[n])
	}
	for j := range k.q {
		k.q[j] = s.Reg()
	}
	k.rate, k.write = s.Reg(), s.Reg()
	k.x, k.t, k.p = s.Reg(), s.Reg(), s.Reg()
	k.dt, k.ut = k.rate, k.write
	Label("step")
	k.drive()
	for n := range h {
		VMULPS(Mem{Base: k.a, Disp: s.Bytes() * n}, k.rate, k.x)
		k.e.Exp2(k.x, k.t, k.p)
		s.MulWord(Mem{Base: k.b, Disp: 4 * n}, k.write, k.x)
		VFMADD213PS(k.x, k.p, h[n])
		s.FmaWord(Mem{Base: k.c, Disp: 4 * n}, h[n], k.q[n%4], k.t)
	}
	k.output()
	k.next()
	for n := range h {
		VMOVUPS(h[n], Mem{Base: k.h, Disp: s.Bytes() * n})
	}
	k.again()
	restore()
	VZEROUPPER()
	RET()
}

// looped is the kernel of a rule for any number of states, which are kept in
// memory: in the first cache level.
func looped(s *vec.Set, r rule) {
	k := begin(s, r.name, r.id)
	if !s.Wide && r.extra > 0 {
		k.s.SpillTail()
	}
	held := r.held
	if s.Wide {
		held = 6
	}
	k.e = s.NewExp(held)
	restore := vec.Flush()
	Label("batch")
	k.look()
	k.rate, k.write = s.Reg(), s.Reg()
	k.dt, k.ut = k.rate, k.write
	if r.id != "released" { // which needs them no more when rate and write are known
		k.dt, k.ut = s.Reg(), s.Reg()
	}
	for j := range k.q {
		k.q[j] = s.Reg()
	}
	k.x, k.t, k.p = s.Reg(), s.Reg(), s.Reg()
	for range r.extra {
		k.extra = append(k.extra, s.Reg())
	}
	k.stateIndex, k.rowsAt = GP64(), GP64()
	Label("step")
	k.drive()
	XORQ(k.stateIndex, k.stateIndex)
	XORQ(k.rowsAt, k.rowsAt)
	end := GP64()
	MOVQ(vec.Arg("states"), end)
	SHLQ(Imm(2), end)
	JZ(LabelRef("stateless"))
	if r.id == "zoh" {
		k.inverse = GP64()
		MOVQ(vec.Arg("inverse"), k.inverse)
	}
	Label("state")
	for j := range 4 {
		word := func(base reg.GPVirtual) Mem { return Mem{Base: base, Index: k.stateIndex, Scale: 1, Disp: 4 * j} }
		row := func(base reg.GPVirtual) Mem {
			return Mem{Base: base, Index: k.rowsAt, Scale: 1, Disp: s.Bytes() * j}
		}
		r.update(k, row, word(k.b))
		VMOVUPS(k.x, row(k.h))
		s.FmaWord(word(k.c), k.x, k.q[j], k.t)
	}
	ADDQ(Imm(16), k.stateIndex)
	ADDQ(U32(uint32(4*s.Bytes())), k.rowsAt)
	CMPQ(k.stateIndex, end)
	JLT(LabelRef("state"))
	Label("stateless")
	k.output()
	k.next()
	k.again()
	restore()
	VZEROUPPER()
	RET()
}
