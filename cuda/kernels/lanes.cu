// The selective scan of the released rule with time across lanes, for problems
// too narrow to fill the device with channels. A warp has one channel and tiles
// of 512 steps, 16 of them a lane; a block of warps shares one tile of B and C.
// For each state:
//
//   1. a[i] = exp(Δ[i]·A) and the lane's own sum over its 16 steps
//   2. across lanes, five steps of the scan over pairs (decay, sum). A does not
//      depend on time, so the decay of a lane is exp(A·ΣΔ): one exponential
//   3. the 16 steps again from the state that enters the lane, into y
//
// A reset starts a new sequence: sums and decays do not cross it, by selection.
#include "scan.h"

const int T = 512, ROW = T + 4; // rows of Δ and x are padded against bank conflicts

// at is the place of step t in a row of a tile: lane t/16 finds its four groups
// of four with no two of eight neighbours in the same bank.
DEV u32 at(u32 t) { return (t & ~15u) + (((t >> 2 ^ t >> 5) & 3) << 2) + (t & 3); }

// One step of a Kogge-Stone scan: (decay, sum) of the lane, with that of the
// lane K before it in front. Lanes without one keep theirs.
#define COMBINE(decay, sum, K) \
  asm volatile("{ .reg .pred p; .reg .b32 q, t; shfl.sync.up.b32 t|p, %1, " #K ", 0, -1; " \
               "shfl.sync.up.b32 q, %0, " #K ", 0, -1; @p fma.rn.ftz.f32 %1, %0, t, %1; " \
               "@p mul.rn.ftz.f32 %0, %0, q; }" : "+f"(decay), "+f"(sum))

struct Lanes {
  const ScanParams &p;
  float *sbc, *sd, *sx; // [N][B, C][512]; [channels][516] twice
  u32 lane, warp;
  i64 own;           // the warp's channel
  float rate, carry; // A·log2 e and h of state n, in lane n

  // Marks of the lane's 16 steps, and the distance to the lane in which the
  // newest reset lies (itself: 0), or to lane 0.
  u32 resets, taps, reach;
  bool begun; // a reset lies in this lane or before it, in this tile

  __device__ __attribute__((always_inline)) Lanes(const ScanParams &q) : p(q) {}

  // bits16 are the lane's 16 bits out of 32 ballots of 32 steps.
  template <class F>
  __device__ __attribute__((always_inline)) u32 bits16(i64 l0, int m, F marked) const {
    u32 mine = 0;
    for (u32 q = 0; q < 16; q++) {
      u32 t = q * 32 + lane, b = ballot((int)t < m && marked(l0 + t));
      if (lane >> 1 == q) mine = b >> (lane & 1) * 16 & 0xffff;
    }
    return mine;
  }

  __device__ __attribute__((always_inline)) void marks(i64 l0, int m) {
    resets = p.resets ? bits16(l0, m, [&](i64 t) { return resets_at(p, t); }) : 0;
    taps = p.tap_of ? bits16(l0, m, [&](i64 t) { return p.tap_of[t] >= 0; }) : 0;
    u32 before = ballot(resets != 0) & (0xffffffffu >> (31 - lane));
    begun = before != 0;
    reach = lane - (begun ? 31 - __builtin_clz(before) : 0);
  }

  // states runs all states over the tile. MARKED: with resets and taps.
  template <bool MARKED>
  __device__ __attribute__((always_inline)) void states(i64 l0) {
    u32 quad[4]; // byte offsets of the lane's four groups of four in a row
#pragma unroll
    for (u32 j = 0; j < 4; j++) quad[j] = 4 * (lane * 16 + ((j ^ (lane >> 1)) & 3) * 4);
    float d[16], x[16], y[16], time = 0.f;
    u32 rowd = shared_at(sd + warp * ROW), rowx = shared_at(sx + warp * ROW);
#pragma unroll
    for (int j = 0; j < 4; j++) {
      f4 q = lds4(rowd + quad[j]), s = lds4(rowx + quad[j]);
#pragma unroll
      for (int e = 0; e < 4; e++) {
        d[j * 4 + e] = q[e], x[j * 4 + e] = s[e], y[j * 4 + e] = 0.f;
        time += q[e];
      }
    }
    u32 row[4];
#pragma unroll
    for (int j = 0; j < 4; j++) row[j] = shared_at(sbc) + quad[j];
#pragma unroll 1
    for (u32 n = 0; n < (u32)p.n; n++) {
      float b[16], c[16], a[16], w[16];
      // Not constants of the loop: their bits would become 32 predicates, of which
      // a thread has seven.
      u32 resets = this->resets, taps = this->taps;
      if (MARKED) asm volatile("" : "+r"(resets), "+r"(taps));
#pragma unroll
      for (int j = 0; j < 4; j++) {
        f4 q = lds4(row[j]), s = lds4<4 * T>(row[j]);
        row[j] += 8 * T;
#pragma unroll
        for (int e = 0; e < 4; e++) b[j * 4 + e] = q[e], c[j * 4 + e] = s[e];
      }
      float A = shfl_idx(rate, n), h0 = shfl_idx(carry, n), sum = 0.f;
#pragma unroll
      for (int i = 0; i < 16; i++) {
        a[i] = ex2(d[i] * A);
        w[i] = x[i] * b[i];
        sum = i == 0 || (MARKED && resets >> i & 1) ? w[i] : fma_(a[i], sum, w[i]);
      }
      float decay = ex2(time * A);
      if (MARKED) {
#pragma unroll
        for (u32 k = 1; k < 32; k <<= 1) {
          float t = shfl_up(sum, k), q = shfl_up(decay, k);
          if (reach >= k) sum = fma_(decay, t, sum), decay *= q;
        }
      } else {
        COMBINE(decay, sum, 1);
        COMBINE(decay, sum, 2);
        COMBINE(decay, sum, 4);
        COMBINE(decay, sum, 8);
        COMBINE(decay, sum, 16);
      }
      float total = MARKED && begun ? sum : fma_(decay, h0, sum);
      float h = shfl_up(total, 1), last = shfl_idx(total, 31);
      if (lane == 0) h = h0;
      if (lane == n) carry = last;
#pragma unroll
      for (int i = 0; i < 16; i++) {
        h = MARKED && resets >> i & 1 ? w[i] : fma_(a[i], h, w[i]);
        y[i] = fma_(h, c[i], y[i]);
        if (MARKED && taps >> i & 1 && own < p.d) {
          i64 tap = p.tap_of[l0 + lane * 16 + i];
          p.tap_h[(tap * p.d + own) * p.n + n] = h;
        }
      }
    }
    // y takes the place of Δ: only this lane has read it.
#pragma unroll
    for (int j = 0; j < 4; j++) sts4<0>(rowd + quad[j], f4{y[j * 4], y[j * 4 + 1], y[j * 4 + 2], y[j * 4 + 3]});
  }
};

KERNEL(256, scan_lanes_512)(const ScanParams q) {
  ScanParams p = q;
  batch(p, bid_y());
  Lanes s(p);
  u32 t = tid(), channels = p.channels, n = (u32)p.n;
  s.lane = t & 31, s.warp = t >> 5;
  s.sbc = smem, s.sd = s.sbc + 2 * n * T, s.sx = s.sd + channels * ROW;
  i64 block0 = (i64)bid_x() * channels;
  s.own = block0 + s.warp;
  bool cell = s.lane < n && s.own < p.d;
  s.rate = cell ? p.a.p[s.own * p.a.stride + s.lane] * LOG2E : 0.f;
  s.carry = cell ? p.h.p[s.own * p.h.stride + s.lane] : 0.f;
  // A thread stages one channel at steps first, first + STEP, …
  const u32 STEP = 32;
  u32 c = t % channels, first = t / channels;
  i64 dc = block0 + c;
  bool there = dc < p.d;
  float bias = there && p.bias ? p.bias[dc] : 0.f, skip = there && p.skip ? p.skip[dc] : 0.f;
  i64 in = there ? dc : p.d - 1;
  // Where step first + STEP·k stands in a row, less STEP·k: at() has period 128.
  u32 place[4];
#pragma unroll
  for (u32 j = 0; j < 4; j++) place[j] = c * ROW + at(first + 32 * j) - 32 * j;
  bool vec = (((u64)p.b.p | (u64)p.c.p | (u64)(p.b.stride | p.c.stride) << 2) & 15) == 0 && (n & 3) == 0;
#pragma unroll 1
  for (i64 l0 = 0; l0 < p.l; l0 += T) {
    int m = p.l - l0 < T ? (int)(p.l - l0) : T;
    // Loads are made in batches of eight, before anything waits for one; those
    // of steps or channels that do not exist repeat the last and are dropped.
    {
      const float *pd = p.delta.p + l0 * p.delta.stride + in, *pu = p.u.p + l0 * p.u.stride + in;
#pragma unroll 1
      for (u32 k0 = 0; k0 < T / STEP; k0 += 8) {
        float d[8], x[8];
#pragma unroll
        for (u32 k = 0; k < 8; k++) {
          i64 i = first + STEP * (k0 + k);
          i = i < m ? i : m - 1;
          d[k] = pd[i * p.delta.stride], x[k] = pu[i * p.u.stride];
        }
        if (p.softplus) {
#pragma unroll
          for (u32 k = 0; k < 8; k++) d[k] = softplus(p.bias ? d[k] + bias : d[k]);
        }
#pragma unroll
        for (u32 k = 0; k < 8; k++) {
          bool exists = there && (int)(first + STEP * (k0 + k)) < m;
          u32 w = place[k & 3] + STEP * (k0 + k);
          s.sd[w] = exists ? d[k] : 0.f, s.sx[w] = exists ? d[k] * x[k] : 0.f;
        }
      }
    }
    for (u32 i = t; i < T; i += threads()) {
      const float *rb = p.b.p + (l0 + i) * p.b.stride, *rc = p.c.p + (l0 + i) * p.c.stride;
      bool in = (int)i < m;
      u32 w = at(i);
      if (vec) {
#pragma unroll 4
        for (u32 k = 0; k < n; k += 4) {
          f4 b = 0.f, e = 0.f;
          if (in) b = *(const f4 *)(rb + k), e = *(const f4 *)(rc + k);
#pragma unroll
          for (u32 j = 0; j < 4; j++) s.sbc[2 * (k + j) * T + w] = b[j], s.sbc[(2 * (k + j) + 1) * T + w] = e[j];
        }
      } else {
#pragma unroll 4
        for (u32 k = 0; k < n; k++) {
          s.sbc[2 * k * T + w] = in ? rb[k] : 0.f;
          s.sbc[(2 * k + 1) * T + w] = in ? rc[k] : 0.f;
        }
      }
    }
    s.marks(l0, m);
    sync();
    if (ballot((s.resets | s.taps) != 0)) s.states<true>(l0);
    else s.states<false>(l0);
    sync();
    const float *pu = p.u.p + l0 * p.u.stride + in, *pz = p.z.p ? p.z.p + l0 * p.z.stride + in : 0;
    float *py = p.y.p + l0 * p.y.stride + in;
#pragma unroll 1
    for (u32 k0 = 0; k0 < T / STEP; k0 += 8) {
      float u[8], z[8], v[8];
#pragma unroll
      for (u32 k = 0; k < 8; k++) {
        i64 i = first + STEP * (k0 + k);
        i = i < m ? i : m - 1;
        if (p.skip) u[k] = pu[i * p.u.stride];
        if (p.z.p) z[k] = pz[i * p.z.stride];
        v[k] = s.sd[place[k & 3] + STEP * (k0 + k)];
      }
      if (p.skip) {
#pragma unroll
        for (u32 k = 0; k < 8; k++) v[k] = fma_(skip, u[k], v[k]);
      }
      if (p.z.p) {
#pragma unroll
        for (u32 k = 0; k < 8; k++) v[k] *= silu(z[k]);
      }
#pragma unroll
      for (u32 k = 0; k < 8; k++) {
        i64 i = first + STEP * (k0 + k);
        if (there && i < m) py[i * p.y.stride] = v[k];
      }
    }
    // No barrier: a thread writes next only where it alone has read.
  }
  if (cell) p.h.p[s.own * p.h.stride + s.lane] = s.carry;
}
