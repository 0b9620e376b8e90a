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

// exp2Minus1Poly are c1…c6 of the same for degree 6 (error 2e-9): where 2^f − 1 is
// wanted, what is lost counts by the size of f.
var exp2Minus1Poly = [...]float64{0.6931472028430017, 0.24022647914744172, 0.05550332496596811,
	0.009618437251660849, 0.0013398865497694613, 0.00015353384478667404}

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
	e.Exp2s([]reg.VecPhysical{x}, []reg.VecPhysical{t}, []reg.VecPhysical{dst})
}

// Exp2s is Exp2 of several, an instruction of each in turn.
func (e *Exp) Exp2s(x, t, dst []reg.VecPhysical) {
	s := e.s
	for i := range x {
		if s.Wide {
			e.split(x[i], t[i], dst[i])
			continue
		}
		e.clamp(x[i])
		VCVTPS2DQ(x[i], t[i])
		VCVTDQ2PS(t[i], dst[i])
		VSUBPS(dst[i], x[i], x[i])
	}
	for i := range x {
		s.Set(e.c[5], dst[i])
	}
	for k := 4; k >= 0; k-- {
		for i := range x {
			s.Horner(e.c[k], x[i], dst[i])
		}
	}
	for i := range x {
		if s.Wide {
			VSCALEFPS(t[i], dst[i], dst[i])
		} else {
			e.scale(t[i], dst[i])
		}
	}
}

// split is AVX-512's x = f, t = k. VREDUCEPS gives 0 for ±Inf, so that k is ±Inf
// and not NaN. It leaves junk in f.
func (e *Exp) split(x, t, f reg.VecPhysical) {
	VREDUCEPS(Imm(0), x, f)
	VSUBPS(f, x, t)
	VMOVAPS(f, x)
}

// Chain is the registers of one computation of Exp, Softplus or SiLU: X is its
// argument, the others scratch. Several chains go through together, an
// instruction of each in turn: each waits for its own result only, and a
// processor that looks some hundred instructions ahead finds others to run.
type Chain struct{ X, T0, T1, T2 reg.VecPhysical }

// NewChains takes the registers of n chains.
func (s *Set) NewChains(n int) []Chain {
	cs := make([]Chain, n)
	for i := range cs {
		cs[i] = Chain{s.Reg(), s.Reg(), s.Reg(), s.Reg()}
	}
	return cs
}

// FreeChains gives them back.
func (s *Set) FreeChains(cs []Chain) {
	for _, c := range cs {
		s.Free(c.X, c.T0, c.T1, c.T2)
	}
}

// exp is T2 = exp(T0) to the last bit or two, for finite T0 and, where registers
// are narrow, at most 88: T0·log2(e) is reduced in two parts. T0 and T1 become
// junk.
func (e *Exp) exp(cs []Chain) {
	s := e.s
	for _, c := range cs {
		s.Mul(Const(log2eHigh), c.T0, c.T2)
	}
	for _, c := range cs {
		if s.Wide {
			VRNDSCALEPS(Imm(0), c.T2, c.T1)
			VMOVAPS(c.T1, c.T2)
		} else {
			VCVTPS2DQ(c.T2, c.T1)
			VCVTDQ2PS(c.T1, c.T2)
		}
	}
	// f = x·high − k, exactly rounded, + x·low.
	for _, c := range cs {
		s.FmaSub(Const(log2eHigh), c.T0, c.T2)
	}
	for _, c := range cs {
		s.Fma(Const(log2eLow), c.T0, c.T2)
	}
	for _, c := range cs {
		VMOVAPS(c.T2, c.T0)
		s.Set(e.c[5], c.T2)
	}
	for k := 4; k >= 0; k-- {
		for _, c := range cs {
			s.Horner(e.c[k], c.T0, c.T2)
		}
	}
	for _, c := range cs {
		if s.Wide {
			VSCALEFPS(c.T1, c.T2, c.T2)
		} else {
			e.scale(c.T1, c.T2)
		}
	}
}

// bound bounds T0 to where exp is finite or just not: ±Inf would leave no
// remainder. NaN stays. T1 becomes junk.
func (e *Exp) bound(cs []Chain) {
	for _, c := range cs {
		e.s.Set(Const(-87.5), c.T1) // exp is below 2^-126 there and counts as 0
		VMAXPS(c.T0, c.T1, c.T0)
	}
	for _, c := range cs {
		e.s.Set(Const(88.75), c.T1) // and +Inf here: log(2^128) is 88.72…
		VMINPS(c.T0, c.T1, c.T0)
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

// Softplus is X = log(1+exp(X)) = max(X,0) + log1p(exp(−|X|)): X itself from 17 on
// in float32.
func (e *Exp) Softplus(cs ...Chain) {
	e.expNegative(cs)
	e.softplus(cs)
}

// expNegative is T2 = exp(−|X|).
func (e *Exp) expNegative(cs []Chain) {
	for _, c := range cs {
		e.s.Or(ConstBits(1<<31), c.X, c.T0)
	}
	e.bound(cs)
	e.exp(cs)
}

// softplus is Softplus after expNegative; T1 stays.
func (e *Exp) softplus(cs []Chain) {
	s := e.s
	for _, c := range cs {
		s.Set(Const(log1pPoly[9]), c.T0)
	}
	for k := 8; k >= 0; k-- {
		for _, c := range cs {
			s.Horner(Const(log1pPoly[k]), c.T2, c.T0)
		}
	}
	for _, c := range cs {
		s.Max(Const(0), c.X, c.X)
		VFMADD231PS(c.T2, c.T0, c.X)
	}
}

// Sigmoid is T1 = 1/(1+exp(−X)) = (1 or exp(X))/(1+exp(−|X|)), by the sign of X,
// which stays.
func (e *Exp) Sigmoid(cs ...Chain) {
	e.expNegative(cs)
	e.sigmoid(cs)
}

// sigmoid is Sigmoid after expNegative; T2 stays.
func (e *Exp) sigmoid(cs []Chain) {
	s := e.s
	for _, c := range cs {
		s.Set(Const(1), c.T0)
		VADDPS(c.T0, c.T2, c.T1)
	}
	for _, c := range cs {
		if s.Wide {
			negative := K()
			VPMOVD2M(c.X, negative)
			VMOVAPS(c.T2, negative, c.T0)
		} else {
			VBLENDVPS(c.X, c.T2, c.T0, c.T0)
		}
	}
	for _, c := range cs {
		VDIVPS(c.T1, c.T0, c.T1)
	}
}

// SoftplusSlope is Softplus with its derivative, sigmoid(X), in T1.
func (e *Exp) SoftplusSlope(cs ...Chain) {
	e.expNegative(cs)
	e.sigmoid(cs)
	e.softplus(cs)
}

// SiLU is X = X/(1+exp(−X)).
func (e *Exp) SiLU(cs ...Chain) {
	s := e.s
	for _, c := range cs {
		if s.Wide {
			s.Xor(ConstBits(1<<31), c.X, c.T0)
		} else {
			s.Or(ConstBits(1<<31), c.X, c.T0)
		}
	}
	e.bound(cs)
	e.exp(cs)
	if s.Wide {
		for _, c := range cs {
			s.Add(Const(1), c.T2, c.T2)
		}
		for _, c := range cs {
			VDIVPS(c.T2, c.X, c.X)
		}
		return
	}
	// scale cannot overflow to +Inf, so the exponential was that of −|X|:
	// X·(1 or exp(X))/(1+exp(−|X|)), by the sign of X.
	for _, c := range cs {
		s.Set(Const(1), c.T0)
		VADDPS(c.T0, c.T2, c.T1)
		VBLENDVPS(c.X, c.T2, c.T0, c.T0)
		VMULPS(c.T0, c.X, c.X)
	}
	for _, c := range cs {
		VDIVPS(c.T1, c.X, c.X)
	}
}

// Exp2Minus1 is p = 2^x and x = 2^x − 1: a polynomial without a constant term
// where x rounds to 0, so that no digits are lost near 0. It leaves junk in t and
// m.
func (e *Exp) Exp2Minus1(x, t, p, m reg.VecPhysical) {
	s := e.s
	if s.Wide {
		e.split(x, t, p)
	} else {
		e.clamp(x)
		VCVTPS2DQ(x, t)
		VCVTDQ2PS(t, p)
		VSUBPS(p, x, x)
	}
	s.Set(Const(exp2Minus1Poly[5]), m)
	for k := 4; k >= 0; k-- {
		s.Horner(Const(exp2Minus1Poly[k]), x, m)
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
