package vec

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// exp2Poly are c0…c5 of 2^f ≈ Σ c_k·f^k on |f| ≤ ½, the minimax of the relative
// error (9.1e-8) with c0 held at 1: 2^0 must be 1 exactly, or a state that is
// kept would fade.
var exp2Poly = [...]float64{1, 0.6931469774722622, 0.24022242112438763,
	0.055507340097128995, 0.009671511055464883, 0.0013264640747975925}

// log1pPoly are the coefficients of log1p(e)/e on [0, 1]; relative error 5e-9.
var log1pPoly = [...]float64{0.9999999952863878, -0.49999902409365776, 0.33329962060622065,
	-0.24954130014602952, 0.1967592058929118, -0.1530553878537802, 0.10603563821674304,
	-0.05695863545218275, 0.01985098384259701, -0.003243919005128377}

// log2e in two parts: the nearest float32 and what it lacks.
var (
	log2eHigh = float64(float32(math.Log2E))
	log2eLow  = math.Log2E - log2eHigh
)

// Exp is the exponential, with some of its constants in registers.
type Exp struct {
	s      *Set
	c      [len(exp2Poly)]Op // coefficients
	lo, hi reg.VecPhysical
}

// NewExp makes an exponential that holds the last of its coefficients, as many
// as are said, in registers.
func (s *Set) NewExp(held int) *Exp {
	e := &Exp{s: s}
	for i, v := range exp2Poly {
		e.c[i] = Const(v)
		if i >= len(exp2Poly)-held {
			e.c[i] = s.Hold(Const(v))
		}
	}
	if !s.Wide {
		// VMAXPS and VMINPS return their second source where one is NaN: that
		// must be the argument, so the bounds are registers.
		e.lo, e.hi = s.Hold(Const(-127)), s.Hold(Const(128))
	}
	return e
}

// Exp2 is dst = 2^x: 0 below 2^-126, +Inf above, NaN for NaN. It leaves junk in
// x and t. With k the integer nearest to x and f = x−k, it is 2^k·poly(f).
func (e *Exp) Exp2(x, t, dst reg.VecPhysical) {
	if e.s.Wide {
		VRNDSCALEPS(Imm(0), x, t)
		VSUBPS(t, x, x)
		e.poly(x, dst)
		VSCALEFPS(t, dst, dst)
		return
	}
	e.clamp(x)
	VCVTPS2DQ(x, t)
	VCVTDQ2PS(t, dst)
	VSUBPS(dst, x, x)
	e.poly(x, dst)
	e.scale(t, dst)
}

// Exp is dst = exp(x) to the last bit or two, for an x that went through Clamp
// and, where registers are narrow, is at most 88: x·log2(e) is reduced in two
// parts. It leaves junk in x and t.
func (e *Exp) Exp(x, t, dst reg.VecPhysical) {
	e.s.Mul(Const(log2eHigh), x, dst)
	if e.s.Wide {
		VRNDSCALEPS(Imm(0), dst, t)
		VMOVAPS(t, dst)
	} else {
		VCVTPS2DQ(dst, t)
		VCVTDQ2PS(t, dst)
	}
	// f = x·high − k, exactly rounded, + x·low.
	e.s.FmaSub(Const(log2eHigh), x, dst)
	e.s.Fma(Const(log2eLow), x, dst)
	VMOVAPS(dst, x)
	e.poly(x, dst)
	if e.s.Wide {
		VSCALEFPS(t, dst, dst)
	} else {
		e.scale(t, dst)
	}
}

// Clamp bounds x, in place, to where exp is finite or just not: ±Inf would
// leave no remainder. NaN stays. It leaves junk in t.
func (e *Exp) Clamp(x, t reg.VecPhysical) {
	e.s.Set(Const(-87.5), t) // exp is below 2^-126 there and counts as 0
	VMAXPS(x, t, x)
	e.s.Set(Const(88.75), t) // and +Inf here: log(2^128) is 88.72…
	VMINPS(x, t, x)
}

// poly is dst = Σ c_k·f^k.
func (e *Exp) poly(f, dst reg.VecPhysical) {
	e.s.Set(e.c[5], dst)
	for k := 4; k >= 0; k-- {
		e.s.Horner(e.c[k], f, dst)
	}
}

// clamp bounds x to [−127, 128], where scale gives 0 and +Inf.
func (e *Exp) clamp(x reg.VecPhysical) {
	VMAXPS(x, e.lo, x)
	VMINPS(x, e.hi, x)
}

// scale is dst = dst·2^k by adding k to the exponent's bits. At k = −127 and
// dst = 1 that is 0, at 128 +Inf; what is below 2^-126 otherwise becomes some
// subnormal number, which counts as 0. k of NaN is shifted out.
func (e *Exp) scale(k, dst reg.VecPhysical) {
	VPSLLD(Imm(23), k, k)
	VPADDD(k, dst, dst)
}

// Softplus is x = log(1+exp(x)) = max(x,0) + log1p(exp(−|x|)): x itself from 17
// on in float32. It leaves junk in the temporaries.
func (e *Exp) Softplus(x, t0, t1, t2 reg.VecPhysical) {
	e.s.Or(ConstBits(1<<31), x, t0)
	e.Clamp(t0, t1)
	e.Exp(t0, t1, t2) // t2 = exp(−|x|)
	e.s.Set(Const(log1pPoly[9]), t0)
	for k := 8; k >= 0; k-- {
		e.s.Horner(Const(log1pPoly[k]), t2, t0)
	}
	e.s.Max(Const(0), x, x)
	VFMADD231PS(t2, t0, x)
}

// SiLU is x = x/(1+exp(−x)). It leaves junk in the temporaries.
func (e *Exp) SiLU(x, t0, t1, t2 reg.VecPhysical) {
	if e.s.Wide {
		e.s.Xor(ConstBits(1<<31), x, t0)
		e.Clamp(t0, t1)
		e.Exp(t0, t1, t2)
		e.s.Add(Const(1), t2, t2)
		VDIVPS(t2, x, x)
		return
	}
	// scale cannot overflow to +Inf, so the exponential is that of −|x|:
	// x·(1 or exp(x))/(1+exp(−|x|)), by the sign of x.
	e.s.Or(ConstBits(1<<31), x, t0)
	e.Clamp(t0, t1)
	e.Exp(t0, t1, t2)
	e.s.Set(Const(1), t0)
	VADDPS(t0, t2, t1)
	VBLENDVPS(x, t2, t0, t0)
	VMULPS(t0, x, x)
	VDIVPS(t1, x, x)
}

// Exp2Minus1 is p = 2^x as Exp2 has it and x = 2^x − 1: the polynomial without
// its constant term where x rounds to 0, so that no digits are lost near 0. It
// leaves junk in t and m.
func (e *Exp) Exp2Minus1(x, t, p, m reg.VecPhysical) {
	s := e.s
	if s.Wide {
		VRNDSCALEPS(Imm(0), x, t)
		VSUBPS(t, x, x)
	} else {
		e.clamp(x)
		VCVTPS2DQ(x, t)
		VCVTDQ2PS(t, p)
		VSUBPS(p, x, x)
	}
	s.Set(e.c[5], m)
	for k := 4; k >= 1; k-- {
		s.Horner(e.c[k], x, m)
	}
	VMULPS(x, m, m)
	s.Add(Const(1), m, p)
	if s.Wide {
		VSCALEFPS(t, p, p)
	} else {
		e.scale(t, p)
	}
	s.Add(Const(-1), p, x)
	// m is the better of the two where k is 0.
	if s.Wide {
		zero := K()
		VPSLLD(Imm(1), t, t) // without the sign of −0
		VPTESTNMD(t, t, zero)
		VMOVAPS(m, zero, x)
	} else {
		zero := s.Reg()
		s.Zero(zero)
		VPCMPEQD(zero, t, t)
		s.Free(zero)
		VBLENDVPS(t, m, x, x)
	}
}

// Log2E is log2(e).
func Log2E() Mem { return Const(math.Log2E) }
