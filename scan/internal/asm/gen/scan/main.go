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
	transpose(&vec.Set{Wide: true})
	transpose(&vec.Set{})
	Generate()
}

// signature is that of every kernel. Strides are in bytes.
const signature = "func(u, delta, z, y, b, c *float32, su, sdelta, sz, sy, sb, sc int, " +
	"a, inverse, h, bias, skip *float32, steps, lanes, states, softplus int)"

const text = ` carries %d channels through steps steps under the %s rule.

u, delta, z and y point to the first channel of the first step, b and c to its
first state; a, inverse (1/a, for zoh alone) and h are (states, %d), where lanes
beyond the number given are zero. states is a multiple of 4. bias, skip and z may be
nil: none. y may be u. With q[j] = Σ c[n]·h[n] over n = j, j+4, j+8, …, each in
the order of n, y is ((q[0]+q[1])+(q[2]+q[3]) + skip·u)·silu(z).`

// kernel is one under construction.
type kernel struct {
	s                  *vec.Set
	e                  *vec.Exp
	u, delta, z, y     reg.GPVirtual
	b, c, a, h         reg.GPVirtual
	dt, ut             reg.VecPhysical // Δ and u of the step
	rate, write        reg.VecPhysical // Δ·log2(e), Δ·u
	q                  [4]reg.VecPhysical
	x, t, p            reg.VecPhysical // scratch
	extra              []reg.VecPhysical
	inverse            reg.GPVirtual
	stateIndex, rowsAt reg.GPVirtual // 4·n, and Bytes·n
}

func begin(s *vec.Set, name, rule string) *kernel {
	TEXT("Scan"+name+s.Suffix(), NOSPLIT, signature)
	Doc(strings.Split("Scan"+name+s.Suffix()+fmt.Sprintf(text, s.Lanes(), rule, s.Lanes()), "\n")...)
	Pragma("noescape")
	k := &kernel{s: s}
	p := vec.Args("u", "delta", "z", "y", "b", "c", "a", "h")
	k.u, k.delta, k.z, k.y, k.b, k.c, k.a, k.h = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]
	lanes := vec.Args("lanes")[0]
	s.Tail(lanes)
	return k
}

// drive computes Δ, Δ·log2(e) and Δ·u of the step and clears the sums.
func (k *kernel) drive() {
	s := k.s
	s.LoadTail(Mem{Base: k.delta}, k.dt)
	CMPQ(vec.Arg("softplus"), Imm(0))
	JEQ(LabelRef("positive"))
	bias := GP64()
	MOVQ(vec.Arg("bias"), bias)
	TESTQ(bias, bias)
	JZ(LabelRef("bare"))
	s.LoadTail(Mem{Base: bias}, k.t)
	VADDPS(k.t, k.dt, k.dt)
	Label("bare")
	k.e.Softplus(k.dt, k.x, k.t, k.p)
	Label("positive")
	s.LoadTail(Mem{Base: k.u}, k.ut)
	for _, q := range k.q {
		s.Zero(q)
	}
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
	v := k.q[1]
	s.LoadTail(Mem{Base: k.z}, v)
	k.e.SiLU(v, k.x, k.t, k.p)
	VMULPS(v, y, y)
	ADDQ(vec.Arg("sz"), k.z)
	Label("nogate")
	s.StoreTail(y, Mem{Base: k.y})
}

// next goes to the next step, if there is one.
func (k *kernel) next() {
	ADDQ(vec.Arg("su"), k.u)
	ADDQ(vec.Arg("sdelta"), k.delta)
	ADDQ(vec.Arg("sy"), k.y)
	ADDQ(vec.Arg("sb"), k.b)
	ADDQ(vec.Arg("sc"), k.c)
	DECQ(vec.Arg("steps"))
	JNZ(LabelRef("step"))
}

// unrolled is the kernel for released models: 16 states, held in registers.
func unrolled(s *vec.Set) {
	k := begin(s, "Released16x", "released")
	Comment("states is 16.")
	var h [16]reg.VecPhysical
	for n := range h {
		h[n] = s.Reg()
		VMOVUPS(Mem{Base: k.h, Disp: s.Bytes() * n}, h[n])
	}
	k.e = s.NewExp(6)
	for j := range k.q {
		k.q[j] = s.Reg()
	}
	k.rate, k.write = s.Reg(), s.Reg()
	k.x, k.t, k.p = s.Reg(), s.Reg(), s.Reg()
	k.dt, k.ut = k.rate, k.write
	restore := vec.Flush()
	Label("step")
	k.drive()
	VMULPS(k.dt, k.ut, k.write)
	s.Mul(vec.Log2E(), k.dt, k.rate)
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
	restore := vec.Flush()
	k.stateIndex, k.rowsAt = GP64(), GP64()
	Label("step")
	k.drive()
	VMULPS(k.dt, k.ut, k.write)
	s.Mul(vec.Log2E(), k.dt, k.rate)
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
	restore()
	VZEROUPPER()
	RET()
}
