package ptxsim

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strings"
	"testing"
)

// evaluate runs one instruction (or a few) on 32 lanes: %a, %b and %c are 32-bit
// inputs, %la and %lb 64-bit ones; the result is %d, %ld or the predicate %p.
func evaluate(t *testing.T, body, result string, a, b, c []uint32, la, lb []uint64) []uint64 {
	t.Helper()
	store := map[string]string{
		"%d":  "cvt.u64.u32 %ld, %d;",
		"%ld": "",
		"%p":  "selp.b64 %ld, 1, 0, %p;",
	}[result]
	text := `.version 6.3
.target sm_75
.address_size 64
.visible .entry k(
	.param .u64 k_param_0
)
.maxntid 32, 1, 1
{
	.reg .b32 %a, %b, %c, %d, %t, %t4, %t8;
	.reg .b64 %la, %lb, %ld, %base, %at, %o8;
	.reg .pred %p, %q;
	ld.param.u64 %base, [k_param_0];
	mov.u32 %t, %tid.x;
	mul.wide.u32 %at, %t, 4;
	add.s64 %at, %base, %at;
	ld.global.u32 %a, [%at];
	ld.global.u32 %b, [%at+128];
	ld.global.u32 %c, [%at+256];
	mul.wide.u32 %at, %t, 8;
	add.s64 %at, %base, %at;
	ld.global.u64 %la, [%at+384];
	ld.global.u64 %lb, [%at+640];
	setp.eq.s32 %q, %c, 1;
	` + body + "\n" + store + `
	st.global.u64 [%at+896], %ld;
	ret;
}
`
	m, err := Load(text)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	d := New()
	base, err := d.Alloc(1152)
	if err != nil {
		t.Fatal(err)
	}
	var in []byte
	for _, x := range [][]uint32{a, b, c} {
		for _, v := range x {
			in = binary.LittleEndian.AppendUint32(in, v)
		}
	}
	for _, x := range [][]uint64{la, lb} {
		for _, v := range x {
			in = binary.LittleEndian.AppendUint64(in, v)
		}
	}
	if err := d.Write(base, in); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Launch(m.Kernels["k"], Grid{1, 1, 1}, 32, 0, binary.LittleEndian.AppendUint64(nil, base)); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	out := make([]byte, 256)
	if err := d.Read(out, base+896); err != nil {
		t.Fatal(err)
	}
	v := make([]uint64, 32)
	for i := range v {
		v[i] = binary.LittleEndian.Uint64(out[8*i:])
	}
	return v
}

// samples are 32 inputs with the ends of the ranges among them.
func samples() (a, b, c []uint32, la, lb []uint64) {
	x := uint64(2312)
	next := func() uint64 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		return x
	}
	f := math.Float32bits
	edges := []uint32{0, 1, 0x80000000, 0x7fffffff, 0xffffffff, f(1), f(-2.5), f(float32(math.Inf(1))),
		f(float32(math.NaN())), 1 << 10, f(3), f(1e-40), f(0.75), 31, 32, f(20)}
	for i := range 32 {
		a, b, c = append(a, edges[i%16]), append(b, uint32(next()>>5)), append(c, uint32(i)&1)
		if i >= 16 {
			b[i] = edges[(i*7+3)%16]
		}
		la, lb = append(la, next()>>(uint(i)*2%64)), append(lb, next()>>(uint(i)*3%64))
	}
	return a, b, c, la, lb
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// TestOpcodes holds every known instruction against Go's arithmetic.
func TestOpcodes(t *testing.T) {
	a, b, c, la, lb := samples()
	F := func(u uint32) float32 { return math.Float32frombits(u) }
	U := func(x float32) uint64 { return uint64(math.Float32bits(x)) }
	z := flush
	for _, k := range []struct {
		body, result string
		want         func(a, b, c uint32, la, lb uint64) uint64
	}{
		{"mov.u32 %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a) }},
		{"mov.f32 %d, 0f3F800000;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return U(1) }},
		{"add.s32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a + b) }},
		{"add.s32 %d, %a, -7;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a - 7) }},
		{"sub.s32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a - b) }},
		{"mul.lo.s32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a * b) }},
		{"mul.hi.u32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a) * uint64(b) >> 32 }},
		{"mad.lo.s32 %d, %a, %b, %c;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a*b + c) }},
		{"and.b32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a & b) }},
		{"or.b32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a | b) }},
		{"xor.b32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a ^ b) }},
		{"not.b32 %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(^a) }},
		{"neg.s32 %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(-a) }},
		{"abs.s32 %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 {
			if int32(a) < 0 {
				return uint64(-a)
			}
			return uint64(a)
		}},
		{"shl.b32 %d, %a, 5;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a << 5) }},
		{"shl.b32 %d, %a, 33;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return 0 }},
		{"shr.u32 %d, %a, 5;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a >> 5) }},
		{"shr.s32 %d, %a, 5;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(uint32(int32(a) >> 5)) }},
		{"min.s32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(uint32(min(int32(a), int32(b)))) }},
		{"max.s32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(uint32(max(int32(a), int32(b)))) }},
		{"min.u32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(min(a, b)) }},
		{"max.u32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(max(a, b)) }},
		{"div.u32 %d, %a, 7;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a / 7) }},
		{"div.s32 %d, %a, 7;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(uint32(int32(a) / 7)) }},
		{"rem.u32 %d, %a, 7;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a % 7) }},
		{"clz.b32 %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(bits.LeadingZeros32(a)) }},
		{"popc.b32 %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(bits.OnesCount32(a)) }},
		{"bfe.u32 %d, %a, 3, 8;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a >> 3 & 255) }},
		{"mul.wide.u32 %ld, %a, %b;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a) * uint64(b) }},
		{"mul.wide.s32 %ld, %a, %b;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(int64(int32(a)) * int64(int32(b))) }},
		{"mad.wide.u32 %ld, %a, %b, %la;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a)*uint64(b) + la }},
		{"add.s64 %ld, %la, %lb;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return la + lb }},
		{"sub.s64 %ld, %la, %lb;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return la - lb }},
		{"mul.lo.s64 %ld, %la, %lb;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return la * lb }},
		{"mad.lo.s64 %ld, %la, %lb, %la;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return la*lb + la }},
		{"shl.b64 %ld, %la, 9;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return la << 9 }},
		{"shr.u64 %ld, %la, 9;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return la >> 9 }},
		{"shr.s64 %ld, %la, 9;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(int64(la) >> 9) }},
		{"min.s64 %ld, %la, %lb;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(min(int64(la), int64(lb))) }},
		{"div.s64 %ld, %la, 1000;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(int64(la) / 1000) }},
		{"rem.s64 %ld, %la, 1000;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(int64(la) % 1000) }},
		{"neg.s64 %ld, %la;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return -la }},
		{"mov.b64 %ld, {%a, %b};", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a) | uint64(b)<<32 }},
		{"mov.b64 {%d, %t4}, %la;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return la & 0xffffffff }},
		{"mov.b64 {_, %d}, %la;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return la >> 32 }},
		{"cvta.to.global.u64 %ld, %la;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return la }},
		{"cvt.s64.s32 %ld, %a;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(int64(int32(a))) }},
		{"cvt.s64.s32 %ld, %la;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(int64(int32(la))) }},
		{"cvt.u64.u32 %ld, %a;", "%ld", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a) }},
		{"cvt.u32.u64 %d, %la;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return la & 0xffffffff }},
		{"cvt.u16.u32 %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a & 0xffff) }},
		{"cvt.rn.f32.s32 %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return U(float32(int32(a))) }},
		{"cvt.rn.f32.s64 %d, %la;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return U(float32(int64(la))) }},
		{"cvt.rzi.s32.f32 %d, 0fC0200000;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return 0xfffffffe }},
		{"cvt.rna.tf32.f32 %d, 0f3F801FFF;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return 0x3f802000 }},
		{"add.rn.f32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return U(F(a) + F(b)) }},
		{"add.ftz.f32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return U(z(z(F(a)) + z(F(b)))) }},
		{"sub.ftz.f32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return U(z(z(F(a)) - z(F(b)))) }},
		{"mul.ftz.f32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return U(z(z(F(a)) * z(F(b)))) }},
		{"mul.rn.f32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return U(F(a) * F(b)) }},
		{"div.rn.ftz.f32 %d, %a, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return U(z(z(F(a)) / z(F(b)))) }},
		{"fma.rn.ftz.f32 %d, %a, %b, 0f3F800000;", "%d", func(a, b, c uint32, la, lb uint64) uint64 {
			return U(z(float32(math.FMA(float64(z(F(a))), float64(z(F(b))), 1))))
		}},
		{"neg.ftz.f32 %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a ^ 1<<31) }},
		{"abs.ftz.f32 %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(a &^ (1 << 31)) }},
		{"max.ftz.f32 %d, %a, 0f00000000;", "%d", func(a, b, c uint32, la, lb uint64) uint64 {
			if x := z(F(a)); x > 0 {
				return U(x)
			}
			return 0
		}},
		{"ex2.approx.ftz.f32 %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return U(z(float32(math.Exp2(float64(z(F(a))))))) }},
		{"lg2.approx.ftz.f32 %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return U(z(float32(math.Log2(float64(z(F(a))))))) }},
		{"rcp.approx.ftz.f32 %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return U(z(float32(1 / float64(z(F(a)))))) }},
		{"sqrt.rn.ftz.f32 %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return U(float32(math.Sqrt(float64(z(F(a)))))) }},
		{"setp.lt.ftz.f32 %p, %a, %b;", "%p", func(a, b, c uint32, la, lb uint64) uint64 { return bit(z(F(a)) < z(F(b))) }},
		{"setp.geu.ftz.f32 %p, %a, %b;", "%p", func(a, b, c uint32, la, lb uint64) uint64 { return bit(!(z(F(a)) < z(F(b)))) }},
		{"setp.neu.f32 %p, %a, %b;", "%p", func(a, b, c uint32, la, lb uint64) uint64 { return bit(F(a) != F(b)) }},
		{"setp.gt.s32 %p, %a, %b;", "%p", func(a, b, c uint32, la, lb uint64) uint64 { return bit(int32(a) > int32(b)) }},
		{"setp.hi.u32 %p, %a, %b;", "%p", func(a, b, c uint32, la, lb uint64) uint64 { return bit(a > b) }},
		{"setp.le.s64 %p, %la, %lb;", "%p", func(a, b, c uint32, la, lb uint64) uint64 { return bit(int64(la) <= int64(lb)) }},
		{"setp.lt.u64 %p, %la, %lb;", "%p", func(a, b, c uint32, la, lb uint64) uint64 { return bit(la < lb) }},
		{"setp.eq.b16 %p, %a, 1024;", "%p", func(a, b, c uint32, la, lb uint64) uint64 { return bit(a&0xffff == 1024) }},
		{"not.pred %p, %q;", "%p", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(1 - c) }},
		{"xor.pred %p, %q, -1;", "%p", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(1 - c) }},
		{"setp.lt.s32 %p, %a, %b; and.pred %p, %p, %q;", "%p", func(a, b, c uint32, la, lb uint64) uint64 { return bit(int32(a) < int32(b)) & uint64(c) }},
		{"mov.pred %p, -1; xor.pred %p, %p, %q;", "%p", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(1 - c) }},
		{"selp.b32 %d, %a, %b, %q;", "%d", func(a, b, c uint32, la, lb uint64) uint64 {
			if c == 1 {
				return uint64(a)
			}
			return uint64(b)
		}},
		{"mov.b32 %d, %a; @%q mov.b32 %d, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 {
			if c == 1 {
				return uint64(b)
			}
			return uint64(a)
		}},
		{"mov.b32 %d, %a; @!%q mov.b32 %d, %b;", "%d", func(a, b, c uint32, la, lb uint64) uint64 {
			if c == 0 {
				return uint64(b)
			}
			return uint64(a)
		}},
		{"mov.b32 %d, %a; @%q bra L; mov.b32 %d, %b; L:", "%d", func(a, b, c uint32, la, lb uint64) uint64 {
			if c == 1 {
				return uint64(a)
			}
			return uint64(b)
		}},
		{"{ .reg .b32 %a; mov.u32 %a, 7; add.s32 %d, %a, 1; } add.s32 %d, %d, %a;", "%d", func(a, b, c uint32, la, lb uint64) uint64 { return uint64(8 + a) }},
	} {
		got := evaluate(t, k.body, k.result, a, b, c, la, lb)
		for l := range 32 {
			want := k.want(a[l], b[l], c[l], la[l], lb[l])
			nan := strings.Contains(k.body, "f32") && k.result == "%d" &&
				math.IsNaN(float64(F(uint32(got[l])))) && math.IsNaN(float64(F(uint32(want))))
			if got[l] != want && !nan {
				t.Errorf("%s: lane %d of a %#x b %#x c %d la %#x lb %#x gives %#x, want %#x",
					k.body, l, a[l], b[l], c[l], la[l], lb[l], got[l], want)
			}
		}
	}
}

// TestExchange: shuffles and votes, whose results depend on the other lanes.
func TestExchange(t *testing.T) {
	a, b, c, la, lb := samples()
	var ballot uint64
	for l := range 32 {
		ballot |= uint64(c[l]) << l
	}
	for _, k := range []struct {
		body, result string
		want         func(l int) uint64
	}{
		{"shfl.sync.up.b32 %d, %a, 4, 0, -1;", "%d", func(l int) uint64 {
			if l < 4 {
				return uint64(a[l])
			}
			return uint64(a[l-4])
		}},
		{"shfl.sync.down.b32 %d, %a, 1, 31, -1;", "%d", func(l int) uint64 { return uint64(a[min(l+1, 31)]) }},
		{"shfl.sync.bfly.b32 %d, %a, 5, 31, -1;", "%d", func(l int) uint64 { return uint64(a[l^5]) }},
		{"shfl.sync.idx.b32 %d, %a, %t, 31, -1;", "%d", func(l int) uint64 { return uint64(a[l]) }},
		{"shfl.sync.idx.b32 %d, %a, 3, 31, -1;", "%d", func(l int) uint64 { return uint64(a[3]) }},
		{"shfl.sync.up.b32 %d|%p, %a, 8, 0, -1;", "%p", func(l int) uint64 { return bit(l >= 8) }},
		{"shfl.sync.down.b32 %d|%p, %a, 16, 31, -1;", "%p", func(l int) uint64 { return bit(l < 16) }},
		{"vote.sync.ballot.b32 %d, %q, -1;", "%d", func(int) uint64 { return ballot }},
		{"vote.sync.any.pred %p, %q, -1;", "%p", func(int) uint64 { return 1 }},
		{"vote.sync.all.pred %p, %q, -1;", "%p", func(int) uint64 { return 0 }},
	} {
		for l, got := range evaluate(t, k.body, k.result, a, b, c, la, lb) {
			if want := k.want(l); got != want {
				t.Errorf("%s: lane %d gives %#x, want %#x", k.body, l, got, want)
			}
		}
	}
}
