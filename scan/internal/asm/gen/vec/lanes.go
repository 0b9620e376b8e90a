package vec

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Columns4 loads the four columns of a matrix of a row a lane, its rows stride
// words apart, for the lanes of Tail, of which there are n; the others are 0.
// base becomes junk.
func (s *Set) Columns4(base, stride, n reg.GPVirtual) []reg.VecPhysical {
	// A gather takes some time, which counts where one token is all there is.
	some, done := Unique("some"), Unique("columns")
	columns := []reg.VecPhysical{s.Reg(), s.Reg(), s.Reg(), s.Reg()}
	CMPQ(n, Imm(uint64(s.Lanes())))
	JNE(LabelRef(some))
	s.squares(base, stride, columns)
	JMP(LabelRef(done))
	Label(some)
	s.gather(base, stride, columns)
	Label(done)
	return columns
}

// squares loads four columns of as many rows as there are lanes: rows i, i+4,
// … lie in the quarters of one register, and each quarter is transposed.
func (s *Set) squares(base, stride reg.GPVirtual, columns []reg.VecPhysical) {
	bytes := GP64()
	MOVQ(stride, bytes)
	SHLQ(Imm(2), bytes)
	t := []reg.VecPhysical{s.Reg(), s.Reg(), s.Reg(), s.Reg()}
	for r := range s.Lanes() {
		a := t[r%4]
		switch {
		case r < 4:
			VMOVUPS(Mem{Base: base}, a.AsX())
		case s.Wide:
			VINSERTF32X4(Imm(uint64(r/4)), Mem{Base: base}, a, a)
		default:
			VINSERTF128(Imm(uint64(r/4)), Mem{Base: base}, a, a)
		}
		if r < s.Lanes()-1 {
			ADDQ(bytes, base)
		}
	}
	VUNPCKLPS(t[1], t[0], columns[0])
	VUNPCKHPS(t[1], t[0], columns[1])
	VUNPCKLPS(t[3], t[2], columns[2])
	VUNPCKHPS(t[3], t[2], columns[3])
	VUNPCKLPD(columns[2], columns[0], t[0])
	VUNPCKHPD(columns[2], columns[0], t[1])
	VUNPCKLPD(columns[3], columns[1], t[2])
	VUNPCKHPD(columns[3], columns[1], t[3])
	for i := range t {
		VMOVAPS(t[i], columns[i])
	}
	s.Free(t...)
}

// gather loads columns for the lanes of Tail.
func (s *Set) gather(base, stride reg.GPVirtual, columns []reg.VecPhysical) {
	index, scale := s.Reg(), s.Reg()
	wide := stride.As32()
	if s.Wide {
		VPBROADCASTD(wide, scale)
	} else {
		VMOVD(wide, scale.AsX())
		VPBROADCASTD(scale.AsX(), scale)
	}
	VMOVUPS(lanes.Offset(64), index)
	VPMULLD(scale, index, index)
	s.Free(scale)
	for c := range columns {
		s.Zero(columns[c])
		at := Mem{Base: base, Index: index, Scale: 4, Disp: 4 * c}
		if s.Wide {
			m := K()
			KMOVW(s.mask, m)
			VGATHERDPS(at, m, columns[c])
			continue
		}
		m := s.Reg() // a gather clears its mask
		VMOVAPS(s.mask, m)
		VGATHERDPS(m, at, columns[c])
		s.Free(m)
	}
	s.Free(index)
}

// SumFloat64 adds the lanes of a register of float64, halves first, into its
// lowest lane. It leaves junk in t.
func SumFloat64(s *Set, v, t reg.VecPhysical) reg.Register {
	if s.Wide {
		VEXTRACTF64X4(Imm(1), v, t.AsY())
		VADDPD(t.AsY(), v.AsY(), v.AsY())
	}
	VEXTRACTF128(Imm(1), v.AsY(), t.AsX())
	VADDPD(t.AsX(), v.AsX(), v.AsX())
	VUNPCKHPD(v.AsX(), v.AsX(), t.AsX())
	VADDSD(t.AsX(), v.AsX(), v.AsX())
	return v.AsX()
}

// One64 is 1 in float64.
func One64() Mem { return lanes.Offset(128) }
