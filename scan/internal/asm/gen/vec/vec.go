// Package vec is what the generators share: one set of vector registers, wide
// (AVX-512) or narrow (AVX2), constants, masks, and the exponential.
package vec

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Start names the file's build constraint and opens its tables. amd64 follows
// from the file's name.
func Start() {
	ConstraintExpr("!noasm")
	lanes = GLOBL("lanes", RODATA|NOPTR)
	for i := range 16 {
		word := uint32(0)
		if i < 8 {
			word = math.MaxUint32
		}
		DATA(4*i, U32(word))
	}
	for i := range 16 {
		DATA(64+4*i, U32(uint32(i)))
	}
	DATA(128, U64(math.Float64bits(1)))
	table = GLOBL("constants", RODATA|NOPTR) // the last: ConstBits adds to it
}

// table holds each constant eight times, so that it is a vector operand of AVX2.
// lanes is eight words of ones, then eight of zeros, of which a mask is eight;
// then 0, 1, …, 15, and 1 in float64.
var (
	table, lanes Mem
	at           = map[uint32]int{}
	end          int
)

// Const is the vector of v's nearest float32.
func Const(v float64) Mem { return ConstBits(math.Float32bits(float32(v))) }

// ConstBits is the vector of a word.
func ConstBits(word uint32) Mem {
	off, ok := at[word]
	if !ok {
		off = end
		at[word] = off
		for range 8 {
			DATA(end, U32(word))
			end += 4
		}
	}
	return table.Offset(off)
}

// Set is the registers of one kernel under construction.
type Set struct {
	Wide bool
	used [32]bool
	mask reg.Register // set by Tail
	kept *Mem         // where SpillTail put it
}

// Suffix ends the names of the set's kernels.
func (s *Set) Suffix() string {
	if s.Wide {
		return "512"
	}
	return "256"
}

// Lanes is the number of float32 of a register.
func (s *Set) Lanes() int {
	if s.Wide {
		return 16
	}
	return 8
}

// Bytes is the size of a register.
func (s *Set) Bytes() int { return 4 * s.Lanes() }

var (
	wide = []reg.VecPhysical{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
		reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
		reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
	}
	narrow = []reg.VecPhysical{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
	}
)

func (s *Set) registers() []reg.VecPhysical {
	if s.Wide {
		return wide
	}
	return narrow
}

// Reg takes a free register.
func (s *Set) Reg() reg.VecPhysical {
	for i, r := range s.registers() {
		if !s.used[i] {
			s.used[i] = true
			return r
		}
	}
	panic("vec: out of registers")
}

// Free gives registers back.
func (s *Set) Free(rs ...reg.VecPhysical) {
	for _, r := range rs {
		for i, have := range s.registers() {
			if have == r {
				if !s.used[i] {
					panic(fmt.Sprintf("vec: %v was free", r))
				}
				s.used[i] = false
			}
		}
	}
}

// Hold is a register that holds the constant c all through the kernel.
func (s *Set) Hold(c Mem) reg.VecPhysical {
	r := s.Reg()
	s.Set(c, r)
	return r
}

// Args loads parameters by name.
func Args(names ...string) []reg.GPVirtual {
	rs := make([]reg.GPVirtual, len(names))
	for i, n := range names {
		rs[i] = GP64()
		Load(Param(n), rs[i])
	}
	return rs
}

// Arg is where parameter name lies: an operand where a register would be spent
// for a number that is used once in a while.
func Arg(name string) Mem {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}

// Tail makes the mask of the first n lanes, 0 ≤ n ≤ Lanes; n stays as it is. free
// gives the mask's register back.
func (s *Set) Tail(n reg.GPVirtual) (free func()) {
	if s.Wide {
		bits, k := GP64(), K()
		MOVQ(I32(-1), bits)
		BZHIQ(n, bits, bits)
		KMOVW(bits.As32(), k)
		s.mask = k
		return func() {}
	}
	base, r := GP64(), s.Reg()
	LEAQ(lanes, base)
	back := GP64()
	MOVQ(n, back)
	NEGQ(back)
	VMOVUPS(Mem{Base: base, Index: back, Scale: 4, Disp: 32}, r)
	s.mask = r
	return func() { s.Free(r) }
}

// SpillTail moves AVX2's mask to the stack and gives its register to others;
// LoadTail and StoreTail then need a register of their own for a moment.
func (s *Set) SpillTail() {
	if s.Wide {
		return
	}
	m := AllocLocal(32)
	VMOVUPS(s.mask, m)
	s.Free(s.mask.(reg.VecPhysical))
	s.kept = &m
}

// tail is the mask, and what gives its register back.
func (s *Set) tail() (reg.Register, func()) {
	if s.kept == nil {
		return s.mask, func() {}
	}
	r := s.Reg()
	VMOVUPS(*s.kept, r)
	return r, func() { s.Free(r) }
}

// LoadTail is dst = the masked lanes of m, zero beyond.
func (s *Set) LoadTail(m Mem, dst reg.VecPhysical) {
	if s.Wide {
		VMOVUPS_Z(m, s.mask, dst)
		return
	}
	mask, free := s.tail()
	VMASKMOVPS(m, mask, dst)
	free()
}

// StoreTail writes the masked lanes of src to m.
func (s *Set) StoreTail(src reg.VecPhysical, m Mem) {
	if s.Wide {
		VMOVUPS(src, s.mask, m)
		return
	}
	mask, free := s.tail()
	VMASKMOVPS(src, mask, m)
	free()
}

// Flush sets FTZ and DAZ and returns what puts the caller's MXCSR back.
func Flush() (restore func()) {
	saved, set := AllocLocal(8), AllocLocal(8)
	VSTMXCSR(saved)
	w := GP32()
	MOVL(saved, w)
	ORL(U32(1<<15|1<<6), w)
	MOVL(w, set)
	VLDMXCSR(set)
	return func() { VLDMXCSR(saved) }
}

var labels int

// Unique is a label that no other has.
func Unique(name string) string {
	labels++
	return fmt.Sprintf("%s%d", name, labels)
}
