package vec

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Columns loads k columns of a matrix of a row a lane, its rows stride words
// apart, for the lanes of Tail; the others are 0.
func (s *Set) Columns(base, stride reg.GPVirtual, k int) []reg.VecPhysical {
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
	columns := make([]reg.VecPhysical, k)
	for c := range columns {
		columns[c] = s.Reg()
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
	return columns
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
