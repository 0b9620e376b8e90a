package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"mamba-tui/scan/internal/asm/gen/vec"
)

// transpose is dst[c][r] = src[r][c] for a square of Lanes rows, moved as bits.
func transpose(s *vec.Set) {
	TEXT("Transpose"+s.Suffix(), NOSPLIT, "func(dst, src *float32, sdst, ssrc int)")
	Doc("Transpose" + s.Suffix() + " is dst[c][r] = src[r][c] for a square of as many rows as a register has lanes; the distances of rows are in bytes.")
	Pragma("noescape")
	p := vec.Args("dst", "src", "sdst", "ssrc")
	dst, src, sdst, ssrc := p[0], p[1], p[2], p[3]
	n := s.Lanes()
	rows := make([]reg.VecPhysical, n)
	for i := range rows {
		rows[i] = s.Reg()
		VMOVUPS(Mem{Base: src}, rows[i])
		if i < n-1 {
			ADDQ(ssrc, src)
		}
	}
	// Inside each 128-bit quarter: words of two rows, then of four. Afterwards
	// rows[4i+k] holds columns k, k+4, … of rows 4i … 4i+3.
	rows = pairs(s, rows, 1, func(a, b, lo, hi reg.VecPhysical) {
		VUNPCKLPS(b, a, lo)
		VUNPCKHPS(b, a, hi)
	})
	rows = pairs(s, rows, 2, func(a, b, lo, hi reg.VecPhysical) {
		VUNPCKLPD(b, a, lo)
		VUNPCKHPD(b, a, hi)
	})
	quarter := make([]reg.VecPhysical, n)
	for i := 0; i < n; i += 4 { // unpacking leaves columns 0, 2, 1, 3
		quarter[i], quarter[i+1], quarter[i+2], quarter[i+3] = rows[i], rows[i+2], rows[i+1], rows[i+3]
	}
	rows = quarter
	// Then whole quarters, after which register i holds column i.
	if s.Wide {
		rows = pairs(s, rows, 4, func(a, b, lo, hi reg.VecPhysical) {
			VSHUFF32X4(Imm(0x88), b, a, lo)
			VSHUFF32X4(Imm(0xdd), b, a, hi)
		})
		rows = pairs(s, rows, 8, func(a, b, lo, hi reg.VecPhysical) {
			VSHUFF32X4(Imm(0x88), b, a, lo)
			VSHUFF32X4(Imm(0xdd), b, a, hi)
		})
	} else {
		rows = pairs(s, rows, 4, func(a, b, lo, hi reg.VecPhysical) {
			VPERM2F128(Imm(0x20), b, a, lo)
			VPERM2F128(Imm(0x31), b, a, hi)
		})
	}
	for i, r := range rows {
		VMOVUPS(r, Mem{Base: dst})
		if i < n-1 {
			ADDQ(sdst, dst)
		}
	}
	VZEROUPPER()
	RET()
}

// pairs combines register i with register i+apart, for those i whose bit apart
// is clear: the lower parts stay in place i, the upper go to i+apart.
func pairs(s *vec.Set, rows []reg.VecPhysical, apart int, f func(a, b, lo, hi reg.VecPhysical)) []reg.VecPhysical {
	out := make([]reg.VecPhysical, len(rows))
	for i := range rows {
		if i&apart != 0 {
			continue
		}
		a, b := rows[i], rows[i+apart]
		lo := s.Reg()
		// The upper part may take a's place: both are read before.
		f(a, b, lo, a)
		out[i], out[i+apart] = lo, a
		s.Free(b)
	}
	return out
}
