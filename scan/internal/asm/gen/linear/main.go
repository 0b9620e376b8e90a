// Linear writes the kernels of matrix products: a tile of rows × outputs whose
// sums stay in registers, each sum in the order of its terms.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"mamba-tui/scan/internal/asm/gen/vec"
)

func main() {
	vec.Start()
	for _, wide := range []bool{true, false} {
		rows := 4
		if wide {
			rows = 8 // 24 sums, 3 vectors of weights and 5 of x fill 32 registers
		}
		for _, format := range []string{"F32", "BF16", "F16"} {
			for vectors := 1; vectors <= 3; vectors++ {
				for _, r := range []int{rows, rows / 2, 1} {
					tile(wide, format, r, vectors)
				}
			}
			// One row alone waits for its own additions: two panels at once
			// halve the wait. The second may be a matrix's last, and narrower.
			for next := 1; next <= 3; next++ {
				tile(wide, format, 1, 3, next)
			}
		}
	}
	Generate()
}

// unroll is how many terms of a sum one round of the loop adds.
const unroll = 4

// ahead is how far weights are fetched before they are used, in bytes: far
// enough to hide the second cache level, or the memory where one row reads
// every weight once.
const (
	ahead    = 1536
	aheadRow = 2048
)

// tile writes the kernel
//
//	y[r][o] = Σ_k x[r][k]·w[k][o]  (+ bias[o])  (+ y[r][o])
//
// for rows rows and a panel of weights with as many registers of outputs as
// panels says, of which the last has last outputs; with two panels, for those
// that lie behind each other.
func tile(wide bool, format string, rows int, panels ...int) {
	s := &vec.Set{Wide: wide}
	outputs := 0
	for _, vectors := range panels {
		outputs += vectors
	}
	name := fmt.Sprintf("Linear%sr%dx%dv%s", format, rows, outputs, s.Suffix())
	TEXT(name, NOSPLIT, "func(y, x *float32, w *byte, bias *float32, depth, strideX, strideY, last, add int)")
	Doc(fmt.Sprintf("%s is a tile of %d × %d outputs.", name, rows, outputs*s.Lanes()))
	Pragma("noescape")
	p := vec.Args("x", "w", "depth")
	x, w, k := p[0], p[1], p[2]
	size := s.Bytes() // of a vector of weights in memory
	if format != "F32" {
		size /= 2
	}
	ws := []reg.GPVirtual{w}
	if len(panels) == 2 {
		next := GP64()
		IMUL3Q(U32(uint32(panels[0]*size)), k, next)
		ADDQ(w, next)
		ws = append(ws, next)
	}
	xs := newRows(x, rows)

	sums := make([][]reg.VecPhysical, rows)
	for r := range sums {
		for range outputs {
			sum := s.Reg()
			s.Zero(sum)
			sums[r] = append(sums[r], sum)
		}
	}
	weights := make([]reg.VecPhysical, panels[0])
	for i := range weights {
		weights[i] = s.Reg()
	}
	inputs := []reg.VecPhysical{s.Reg()}
	for wide && len(inputs) < 5 {
		inputs = append(inputs, s.Reg())
	}

	term := func(u int) {
		first := 0 // register of outputs of the panel
		for q, w := range ws {
			vectors := panels[q]
			for v := range vectors {
				m := Mem{Base: w, Disp: (u*vectors + v) * size}
				if (u*vectors+v)*size%64 == 0 {
					PREFETCHT0(m.Offset(map[bool]int{true: aheadRow, false: ahead}[rows == 1]))
				}
				load(format, m, weights[v])
			}
			for r := range rows {
				input := inputs[r%len(inputs)]
				if q == 0 || rows > 1 {
					VBROADCASTSS(xs.at(r, 4*u), input)
				}
				for v := range vectors {
					VFMADD231PS(weights[v], input, sums[r][first+v])
				}
			}
			first += vectors
		}
	}
	step := func(terms int) {
		for u := range terms {
			term(u)
		}
		for _, b := range xs.bases {
			ADDQ(Imm(uint64(4*terms)), b)
		}
		for q, w := range ws {
			ADDQ(U32(uint32(terms*panels[q]*size)), w)
		}
	}
	SUBQ(Imm(unroll), k)
	JLT(LabelRef("rest"))
	Label("loop")
	step(unroll)
	SUBQ(Imm(unroll), k)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(unroll), k)
	JZ(LabelRef("summed"))
	Label("single")
	step(1)
	DECQ(k)
	JNZ(LabelRef("single"))
	Label("summed")
	s.Free(weights...)
	s.Free(inputs...)
	finish(s, sums)
	VZEROUPPER()
	RET()
}

// rowSet addresses rows of x by two registers for four rows each.
type rowSet struct {
	bases           []reg.GPVirtual
	stride, stride3 reg.GPVirtual
}

func newRows(x reg.GPVirtual, rows int) rowSet {
	set := rowSet{bases: []reg.GPVirtual{x}}
	if rows == 1 {
		return set
	}
	set.stride, set.stride3 = vec.Args("strideX")[0], GP64()
	LEAQ(Mem{Base: set.stride, Index: set.stride, Scale: 2}, set.stride3)
	for r := 4; r < rows; r += 4 {
		b := GP64()
		LEAQ(Mem{Base: set.bases[len(set.bases)-1], Index: set.stride, Scale: 4}, b)
		set.bases = append(set.bases, b)
	}
	return set
}

func (s rowSet) at(r, disp int) Mem {
	m := Mem{Base: s.bases[r/4], Disp: disp}
	switch r % 4 {
	case 1:
		m.Index, m.Scale = s.stride, 1
	case 2:
		m.Index, m.Scale = s.stride, 2
	case 3:
		m.Index, m.Scale = s.stride3, 1
	}
	return m
}

// load widens a vector of weights to float32, which is exact.
func load(format string, m Mem, dst reg.VecPhysical) {
	switch format {
	case "F32":
		VMOVUPS(m, dst)
	case "BF16":
		VPMOVZXWD(m, dst)
		VPSLLD(Imm(16), dst, dst)
	case "F16":
		VCVTPH2PS(m, dst)
	}
}

// finish adds bias and y and stores the sums. The last vector of a row is
// masked.
func finish(s *vec.Set, sums [][]reg.VecPhysical) {
	p := vec.Args("y", "bias", "strideY", "last", "add")
	y, bias, stride, last, add := p[0], p[1], p[2], p[3], p[4]
	s.Tail(last)
	t := s.Reg()
	operand := func(base reg.GPVirtual, v int) Op {
		m := Mem{Base: base, Disp: v * s.Bytes()}
		if v < len(sums[0])-1 {
			return m
		}
		s.LoadTail(m, t)
		return t
	}
	TESTQ(bias, bias)
	JZ(LabelRef("unbiased"))
	for v := range sums[0] {
		b := operand(bias, v)
		for r := range sums {
			VADDPS(b, sums[r][v], sums[r][v])
		}
	}
	Label("unbiased")
	TESTQ(add, add)
	JZ(LabelRef("store"))
	row := GP64()
	MOVQ(y, row)
	for r := range sums {
		for v := range sums[r] {
			VADDPS(operand(row, v), sums[r][v], sums[r][v])
		}
		if r < len(sums)-1 {
			ADDQ(stride, row)
		}
	}
	Label("store")
	for r := range sums {
		for v, sum := range sums[r] {
			m := Mem{Base: y, Disp: v * s.Bytes()}
			if v < len(sums[r])-1 {
				VMOVUPS(sum, m)
			} else {
				s.StoreTail(sum, m)
			}
		}
		if r < len(sums)-1 {
			ADDQ(stride, y)
		}
	}
}
