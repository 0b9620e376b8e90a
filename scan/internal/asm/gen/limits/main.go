// Limits writes what package scan/bench measures a machine with: the most
// multiply-adds, the fastest reading, and the softmax of the attention that the
// scan is compared with.
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
		peak(wide)
		read(wide)
		rowMax(wide)
		expRow(wide)
	}
	Generate()
}

// peak has as many sums as registers are left beside two factors; each waits
// for itself only, four cycles, in which eight others fit.
func peak(wide bool) {
	s := &vec.Set{Wide: wide}
	TEXT("PeakFMA"+s.Suffix(), NOSPLIT, "func(rounds int)")
	Doc("PeakFMA" + s.Suffix() + " does 12 multiply-adds of whole registers a round and keeps nothing.")
	n := vec.Args("rounds")[0]
	a, b := s.Reg(), s.Reg()
	s.Zero(a)
	s.Zero(b)
	sums := make([]reg.VecPhysical, 12)
	for i := range sums {
		sums[i] = s.Reg()
		s.Zero(sums[i])
	}
	Label("loop")
	for _, sum := range sums {
		VFMADD231PS(a, b, sum)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// read adds into eight registers, so that the addition is no limit.
func read(wide bool) {
	s := &vec.Set{Wide: wide}
	TEXT("Read"+s.Suffix(), NOSPLIT, "func(p *float32, n int)")
	Doc("Read" + s.Suffix() + " reads n elements, a positive multiple of 128, and keeps nothing.")
	Pragma("noescape")
	args := vec.Args("p", "n")
	p, n := args[0], args[1]
	sums := make([]reg.VecPhysical, 8)
	for i := range sums {
		sums[i] = s.Reg()
		s.Zero(sums[i])
	}
	Label("loop")
	for i := 0; i < 512; i += s.Bytes() {
		sum := sums[i/s.Bytes()%len(sums)]
		VADDPS(Mem{Base: p, Disp: i}, sum, sum)
	}
	ADDQ(U32(512), p)
	SUBQ(U32(128), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// rowMax leaves the largest of each lane to the caller, who has few of them.
func rowMax(wide bool) {
	s := &vec.Set{Wide: wide}
	TEXT("RowMax"+s.Suffix(), NOSPLIT, "func(x, lanes *float32, n int)")
	Doc("RowMax" + s.Suffix() + " is lanes[i] = max over x[i], x[i+lanes], …; n is a positive multiple of the lanes.")
	Pragma("noescape")
	args := vec.Args("x", "lanes", "n")
	x, lanes, n := args[0], args[1], args[2]
	most := s.Reg()
	VMOVUPS(Mem{Base: x}, most)
	Label("loop")
	VMAXPS(Mem{Base: x}, most, most)
	ADDQ(U32(uint32(s.Bytes())), x)
	SUBQ(U32(uint32(s.Lanes())), n)
	JNZ(LabelRef("loop"))
	VMOVUPS(most, Mem{Base: lanes})
	VZEROUPPER()
	RET()
}

// expRow leaves the sums of the lanes to the caller.
func expRow(wide bool) {
	s := &vec.Set{Wide: wide}
	TEXT("ExpRow"+s.Suffix(), NOSPLIT, "func(x, shift, lanes *float32, n int)")
	Doc("ExpRow"+s.Suffix()+" is x[i] = exp(x[i] − *shift), and lanes[i] the sum of every lane;",
		"n is a positive multiple of the lanes, and every x is finite and not above *shift.")
	Pragma("noescape")
	restore := vec.Flush()
	args := vec.Args("x", "shift", "lanes", "n")
	x, shift, lanes, n := args[0], args[1], args[2], args[3]
	e := s.NewExp(6)
	m, sum, v, t0, t1 := s.Reg(), s.Reg(), s.Reg(), s.Reg(), s.Reg()
	VBROADCASTSS(Mem{Base: shift}, m)
	s.Zero(sum)
	Label("loop")
	VMOVUPS(Mem{Base: x}, v)
	VSUBPS(m, v, v)
	s.Mul(vec.Log2E(), v, v)
	e.Exp2(v, t0, t1)
	VMOVUPS(t1, Mem{Base: x})
	VADDPS(t1, sum, sum)
	ADDQ(U32(uint32(s.Bytes())), x)
	SUBQ(U32(uint32(s.Lanes())), n)
	JNZ(LabelRef("loop"))
	VMOVUPS(sum, Mem{Base: lanes})
	restore()
	VZEROUPPER()
	RET()
}
