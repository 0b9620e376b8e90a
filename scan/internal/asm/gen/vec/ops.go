package vec

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The operations of this file take a constant (Const, ConstBits) or a register
// as their first operand. AVX-512 broadcasts a constant's word as it reads it;
// AVX2 reads all eight.

type instruction func(ops ...Op)

func (s *Set) op(plain, broadcast instruction, c Op, rest ...Op) {
	ops := append([]Op{c}, rest...)
	if _, memory := c.(Mem); memory && s.Wide {
		broadcast(ops...)
		return
	}
	plain(ops...)
}

// Add is dst = x + c.
func (s *Set) Add(c Op, x, dst reg.VecPhysical) { s.op(VADDPS, VADDPS_BCST, c, x, dst) }

// Mul is dst = x·c.
func (s *Set) Mul(c Op, x, dst reg.VecPhysical) { s.op(VMULPS, VMULPS_BCST, c, x, dst) }

// Or is dst = x | c.
func (s *Set) Or(c Op, x, dst reg.VecPhysical) { s.op(VORPS, VORPS_BCST, c, x, dst) }

// And is dst = x & c.
func (s *Set) And(c Op, x, dst reg.VecPhysical) { s.op(VANDPS, VANDPS_BCST, c, x, dst) }

// Xor is dst = x ^ c.
func (s *Set) Xor(c Op, x, dst reg.VecPhysical) { s.op(VXORPS, VXORPS_BCST, c, x, dst) }

// Max is dst = x where x > c, else c: c for NaN.
func (s *Set) Max(c Op, x, dst reg.VecPhysical) { s.op(VMAXPS, VMAXPS_BCST, c, x, dst) }

// Fma is dst += c·x.
func (s *Set) Fma(c Op, x, dst reg.VecPhysical) { s.op(VFMADD231PS, VFMADD231PS_BCST, c, x, dst) }

// FmaSub is dst = c·x − dst.
func (s *Set) FmaSub(c Op, x, dst reg.VecPhysical) { s.op(VFMSUB231PS, VFMSUB231PS_BCST, c, x, dst) }

// Horner is dst = dst·x + c.
func (s *Set) Horner(c Op, x, dst reg.VecPhysical) { s.op(VFMADD213PS, VFMADD213PS_BCST, c, x, dst) }

// Set is dst = c.
func (s *Set) Set(c Op, dst reg.VecPhysical) {
	if m, ok := c.(Mem); ok {
		VBROADCASTSS(m, dst)
		return
	}
	VMOVAPS(c, dst)
}

// Zero is dst = 0.
func (s *Set) Zero(dst reg.VecPhysical) { VXORPS(dst, dst, dst) }

// MulWord is dst = x·(the word at m in every lane).
func (s *Set) MulWord(m Mem, x, dst reg.VecPhysical) {
	if s.Wide {
		VMULPS_BCST(m, x, dst)
		return
	}
	VBROADCASTSS(m, dst)
	VMULPS(x, dst, dst)
}

// FmaWord is dst += x·(the word at m in every lane). It leaves junk in t.
func (s *Set) FmaWord(m Mem, x, dst, t reg.VecPhysical) {
	if s.Wide {
		VFMADD231PS_BCST(m, x, dst)
		return
	}
	VBROADCASTSS(m, t)
	VFMADD231PS(t, x, dst)
}

// Below is dst = v where x < c. It leaves junk in t.
func (s *Set) Below(c Mem, x, v, dst, t reg.VecPhysical) {
	const less = 1 // ordered: false for NaN
	s.Set(c, t)
	if s.Wide {
		k := K()
		VCMPPS(Imm(less), t, x, k)
		VMOVAPS(v, k, dst)
		return
	}
	VCMPPS(Imm(less), t, x, t)
	VBLENDVPS(t, v, dst, dst)
}
