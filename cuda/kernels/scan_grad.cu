// The gradient of the selective scan, with time across lanes as in lanes.cu. A
// block takes its channels through tiles of 32·S steps, S a lane, from the last
// tile to the first; a warp has one channel at a time. For each state:
//
//   1. the states of the tile again, from the one kept before it
//   2. what each lane passes back in time, E, and five steps of a scan over
//      (decay, E) in the other direction
//   3. G[t] = dy[t]·C[t] + E from the step after it, and from G every gradient
//
// with dy = dY·SiLU(z) and E[t] = Ā[t]·G[t], or 0 where step t is a reset: the
// state before a reset has no part in anything.
//
// dB and dC are sums over channels. The warps of a block add theirs to a tile in
// shared memory, no two to the same state at a time; each block leaves its sums
// in work, and scan_grad_gather adds the blocks in order.
#include "math.h"

struct GradParams {
  View u, delta, z, dy;        // (L, D)
  View a, b, c;                // (D, N), (L, N)
  View h0;                     // (D, N) or absent
  View du, ddelta, dz;         // (L, D)
  View da, dh;                 // (D, N), added to; in and out, or absent
  const float *bias, *skip;    // (D) or absent
  float *dbias, *dskip;        // (D), added to, or absent
  const float *states;         // (chunks−1, D, N): h after steps 31, 63, …
  const int *resets;
  float *carry;                // (D, N): E between tiles
  float *work;                 // (blocks, 2, N, L)
  i64 l, d, n;
  int rule, softplus, groups, pad; // a block has as many channels as warps, times groups
};

extern __attribute__((shared, aligned(16))) float smem[];

const int NS = 16; // states of a pass, and the most warps a block may have

// slopes are Ā and the gain g with their derivatives: by Δ, and by A.
struct Slopes {
  float abar, gain, abar_d, abar_a, gain_d, gain_a;
};

// zoh_curve is ((x−1)·e^x + 1)/x², the derivative of (e^x − 1)/x; for small |x|
// by its series Σ x^k/(k!·(k+2)).
DEV float zoh_curve(float x, float e) {
  if (abs_(x) > 1.f) return ((x - 1.f) * e + 1.f) / (x * x);
  float s = fma_(1.f / (3628800.f * 12), x, 1.f / (362880.f * 11));
  s = fma_(s, x, 1.f / (40320.f * 10));
  s = fma_(s, x, 1.f / (5040.f * 9));
  s = fma_(s, x, 1.f / (720.f * 8));
  s = fma_(s, x, 1.f / (120.f * 7));
  s = fma_(s, x, 1.f / (24.f * 6));
  s = fma_(s, x, 1.f / (6.f * 5));
  s = fma_(s, x, 1.f / (2.f * 4));
  s = fma_(s, x, 1.f / 3);
  return fma_(s, x, 0.5f);
}

DEV Slopes slopes(int rule, float delta, float a) {
  float x = delta * a, rise;
  Slopes s;
  s.gain = delta, s.gain_d = 1.f, s.gain_a = 0.f;
  switch (rule) {
  case RELEASED:
    rise = s.abar = ex2(x * LOG2E);
    break;
  case ZOH:
    rise = s.abar = ex2(x * LOG2E);
    s.gain = zoh_gain(delta, a, x, s.abar);
    s.gain_d = s.abar;
    s.gain_a = delta * delta * zoh_curve(x, s.abar);
    break;
  case BILINEAR: {
    float r = 1.f / fma_(-0.5f, x, 1.f);
    s.abar = fma_(0.5f, x, 1.f) * r, s.gain = delta * r;
    rise = s.gain_d = r * r;
    s.gain_a = 0.5f * delta * delta * rise;
    break;
  }
  case EULER:
    s.abar = 1.f + x, rise = 1.f;
    break;
  default: {
    float r = 1.f / (1.f - x);
    s.abar = r, s.gain = delta * r;
    rise = s.gain_d = r * r;
    s.gain_a = delta * delta * rise;
  }
  }
  s.abar_d = a * rise, s.abar_a = delta * rise;
  return s;
}

// One step of a Kogge-Stone scan, up (CLAMP 0) or down (31): (decay, sum) of the
// lane, with that of the lane K away in front. Lanes without one keep theirs.
#define COMBINE(decay, sum, DIRECTION, K, CLAMP) \
  asm volatile("{ .reg .pred p; .reg .b32 q, t; shfl.sync." #DIRECTION ".b32 t|p, %1, " #K ", " #CLAMP ", -1; " \
               "shfl.sync." #DIRECTION ".b32 q, %0, " #K ", " #CLAMP ", -1; @p fma.rn.ftz.f32 %1, %0, t, %1; " \
               "@p mul.rn.ftz.f32 %0, %0, q; }" : "+f"(decay), "+f"(sum))
#define COMBINE_ALL(decay, sum, DIRECTION, CLAMP) \
  COMBINE(decay, sum, DIRECTION, 1, CLAMP);       \
  COMBINE(decay, sum, DIRECTION, 2, CLAMP);       \
  COMBINE(decay, sum, DIRECTION, 4, CLAMP);       \
  COMBINE(decay, sum, DIRECTION, 8, CLAMP);       \
  COMBINE(decay, sum, DIRECTION, 16, CLAMP)

template <int S, bool RELEASED_ONLY>
struct Grad {
  static const int T = 32 * S, ROW = T + 4;
  const GradParams &p;
  u32 t, lane, warp, W;   // W warps
  u32 c, first;           // a thread stages steps first, first + 32, … of channel c
  // [NS][B, C, dB, dC][T]; then [W][ROW] each: Δ, u (Δ·u for the released rule)
  // and dy, which become the sums of w, of r and y; then sums of dBias and dSkip.
  float *sm, *sd, *su, *sy, *sums;
  u32 quad[S / 4]; // byte offsets of the lane's groups of four in a row

  __device__ __attribute__((always_inline)) Grad(const GradParams &q) : p(q) {
    t = tid(), lane = t & 31, warp = t >> 5, W = threads() >> 5;
    c = t % W, first = t / W;
    sm = smem, sd = sm + 4 * NS * T, su = sd + W * ROW, sy = su + W * ROW, sums = sy + W * ROW;
#pragma unroll
    for (u32 j = 0; j < S / 4; j++) quad[j] = 4 * (lane * S + (S == 8 ? ((j ^ (lane >> 2)) & 1) << 2 : j << 2));
  }

  // at is the place of a step in a row: groups of four, exchanged so that eight
  // neighbouring lanes read from eight different banks.
  static __device__ __attribute__((always_inline)) u32 at(u32 i) {
    return S == 8 ? (i & ~7u) + (((i >> 2 ^ i >> 5) & 1) << 2) + (i & 3) : i;
  }
  template <int BYTES>
  __device__ __attribute__((always_inline)) void get(u32 row, float (&v)[S]) const {
#pragma unroll
    for (int j = 0; j < S / 4; j++) {
      f4 q = lds4<BYTES>(row + quad[j]);
#pragma unroll
      for (int e = 0; e < 4; e++) v[j * 4 + e] = q[e];
    }
  }
  __device__ __attribute__((always_inline)) void put(u32 row, const float (&v)[S]) const {
#pragma unroll
    for (int j = 0; j < S / 4; j++) sts4<0>(row + quad[j], f4{v[j * 4], v[j * 4 + 1], v[j * 4 + 2], v[j * 4 + 3]});
  }
  template <int BYTES>
  __device__ __attribute__((always_inline)) void add(u32 row, const float (&v)[S]) const {
#pragma unroll
    for (int j = 0; j < S / 4; j++) {
      f4 q = lds4<BYTES>(row + quad[j]);
      sts4<BYTES>(row + quad[j], f4{q.x + v[j * 4], q.y + v[j * 4 + 1], q.z + v[j * 4 + 2], q.w + v[j * 4 + 3]});
    }
  }
  __device__ __attribute__((always_inline)) u32 mine(const float *rows) const { return shared_at(rows + warp * ROW); }

  // Marks of the tile: the lane's S steps as bits; the distance to the nearest
  // lane with a reset at or before, and at or after this one, or to the end.
  u32 resets, back, ahead;
  bool begun, ends; // there is a reset at or before, at or after this lane

  __device__ __attribute__((always_inline)) void marks(i64 l0, int m) {
    resets = 0;
    if (p.resets)
      for (u32 q = 0; q < S; q++) {
        u32 i = q * 32 + lane, b = ballot((int)i < m && (p.resets[l0 + i] & RESET_STATE));
        // The ballot has the steps of 32/S lanes.
        if (lane / (32 / S) == q) resets = b >> lane % (32 / S) * S & ((1u << S) - 1);
      }
    u32 any = ballot(resets != 0);
    u32 before = any & (0xffffffffu >> (31 - lane)), after = any & (0xffffffffu << lane);
    begun = before != 0, ends = after != 0;
    back = lane - (begun ? 31 - __builtin_clz(before) : 0);
    ahead = (ends ? __builtin_ctz(after) : 31) - lane;
  }

  // state is one state of the warp's channel over the tile; row is the address of
  // its B. Sums over states of what u gains (w) and Δ gains (r), and y before skip
  // and gate, are added to. MARKED: the tile has resets.
  template <bool MARKED>
  __device__ __attribute__((always_inline)) void state(u32 row, float A, float h0, float &carry, float &dA,
                                                      const float (&dt)[S], const float (&u)[S], const float (&dy)[S],
                                                      float (&w)[S], float (&r)[S], float (&y)[S]) {
    float b[S], c[S], a[S], in[S], hp[S]; // in: what enters h; hp: h before the step
    // Not a constant of the loop over states: its bits would become S predicates,
    // of which a thread has seven.
    u32 resets = this->resets;
    asm volatile("" : "+r"(resets));
    get<0>(row, b);
    get<4 * T>(row, c);
    float time = 0.f, decay = 1.f, sum = 0.f, rate2 = A * LOG2E;
#pragma unroll
    for (int i = 0; i < S; i++) {
      if (RELEASED_ONLY) {
        a[i] = ex2(dt[i] * rate2);
        time += dt[i];
        in[i] = u[i] * b[i];
      } else {
        Slopes s = slopes(p.rule, dt[i], A);
        a[i] = s.abar;
        decay *= a[i];
        in[i] = s.gain * u[i] * b[i];
      }
      sum = MARKED && resets >> i & 1 ? in[i] : fma_(a[i], sum, in[i]);
    }
    if (RELEASED_ONLY) decay = ex2(time * rate2);
    float run = decay;
    if (MARKED) {
#pragma unroll
      for (u32 k = 1; k < 32; k <<= 1) {
        float s = shfl_up(sum, k), q = shfl_up(run, k);
        if (back >= k) sum = fma_(run, s, sum), run *= q;
      }
    } else {
      COMBINE_ALL(run, sum, up, 0);
    }
    float total = MARKED && begun ? sum : fma_(run, h0, sum), h = shfl_up(total, 1);
    if (lane == 0) h = h0;
    float dc[S];
#pragma unroll
    for (int i = 0; i < S; i++) {
      hp[i] = MARKED && resets >> i & 1 ? 0.f : h;
      h = fma_(a[i], hp[i], in[i]);
      dc[i] = dy[i] * h;
      y[i] = fma_(h, c[i], y[i]);
    }
    add<12 * T>(row, dc);

    // Backwards: what the lane passes on of nothing, then of what enters it.
    float e = 0.f;
#pragma unroll
    for (int i = S - 1; i >= 0; i--) e = MARKED && resets >> i & 1 ? 0.f : a[i] * fma_(dy[i], c[i], e);
    run = decay;
    if (MARKED) {
#pragma unroll
      for (u32 k = 1; k < 32; k <<= 1) {
        float s = shfl_down(e, k), q = shfl_down(run, k);
        if (ahead >= k) e = fma_(run, s, e), run *= q;
      }
    } else {
      COMBINE_ALL(run, e, down, 31);
    }
    total = MARKED && ends ? e : fma_(run, carry, e), e = shfl_down(total, 1);
    if (lane == 31) e = carry;
    carry = shfl_idx(total, 0);
    float db[S];
#pragma unroll
    for (int i = S - 1; i >= 0; i--) {
      float g = fma_(dy[i], c[i], e);
      if (RELEASED_ONLY) {
        e = a[i] * g;
        float rate = e * hp[i];
        db[i] = g * u[i];
        w[i] = fma_(g, b[i], w[i]);
        r[i] = fma_(rate, A, r[i]);
        dA = fma_(rate, dt[i], dA);
      } else {
        Slopes s = slopes(p.rule, dt[i], A);
        float rate = g * hp[i], write = g * b[i] * u[i];
        db[i] = g * s.gain * u[i];
        w[i] = fma_(g * s.gain, b[i], w[i]);
        r[i] = fma_(rate, s.abar_d, fma_(write, s.gain_d, r[i]));
        dA = fma_(rate, s.abar_a, fma_(write, s.gain_a, dA));
        e = s.abar * g;
      }
      if (MARKED && resets >> i & 1) e = 0.f;
    }
    add<8 * T>(row, db);
  }

  // states takes the states n0 … of the warp's channel, whose rates, states before
  // and carries stand in the lanes.
  template <bool MARKED>
  __device__ __attribute__((always_inline)) void states(i64 n0, float A, float h0, float &carry, float &dA,
                                                       const float (&dt)[S], const float (&u)[S], const float (&dy)[S],
                                                       float (&w)[S], float (&r)[S], float (&y)[S]) {
#pragma unroll 1
    for (u32 i = 0; i < NS; i++) {
      u32 k = (i + warp) & (NS - 1); // no two warps have the same state
      if (n0 + k < p.n) {
        float e = shfl_idx(carry, k), q = 0.f;
        state<MARKED>(shared_at(sm) + k * (16 * T), shfl_idx(A, k), shfl_idx(h0, k), e, q, dt, u, dy, w, r, y);
        q = warp_sum(q);
        if (lane == k) carry = e, dA = q;
      }
      sync();
    }
  }

  // stage brings Δ, u and dy of W channels of a tile to shared memory.
  __device__ __attribute__((always_inline)) void stage(i64 d0, i64 l0, int m) {
    i64 d = d0 + c;
    float bias = d < p.d && p.bias ? p.bias[d] : 0.f;
#pragma unroll 4
    for (u32 i = first; i < T; i += 32) {
      float dt = 0.f, u = 0.f, dy = 0.f;
      if (d < p.d && (int)i < m) {
        i64 l = l0 + i;
        dt = p.delta.p[l * p.delta.stride + d];
        if (p.softplus) dt = softplus(p.bias ? dt + bias : dt);
        u = p.u.p[l * p.u.stride + d];
        dy = p.dy.p[l * p.dy.stride + d];
        if (p.z.p) dy *= silu(p.z.p[l * p.z.stride + d]);
      }
      u32 k = c * ROW + at(i);
      sd[k] = dt, su[k] = RELEASED_ONLY ? dt * u : u, sy[k] = dy;
    }
  }

  // matrices brings B and C of states n0 … to shared memory and clears dB and dC.
  __device__ __attribute__((always_inline)) void matrices(i64 n0, i64 l0, int m) {
    for (u32 i = t; i < T; i += threads()) {
      const float *rb = p.b.p + (l0 + i) * p.b.stride + n0, *rc = p.c.p + (l0 + i) * p.c.stride + n0;
#pragma unroll 4
      for (int n = 0; n < NS; n++) {
        bool in = (int)i < m && n0 + n < p.n;
        float *row = sm + n * 4 * T + at(i);
        row[0] = in ? rb[n] : 0.f, row[T] = in ? rc[n] : 0.f;
        row[2 * T] = row[3 * T] = 0.f;
      }
    }
  }

  // flush leaves dB and dC of the tile in the block's part of work.
  __device__ __attribute__((always_inline)) void flush(i64 n0, i64 l0, int m) {
    float *out = p.work + (i64)bid_x() * 2 * p.n * p.l;
    for (u32 n = 0; n < NS && n0 + n < p.n; n++)
      for (u32 i = t; (int)i < m; i += threads()) {
        const float *row = sm + n * 4 * T + at(i);
        out[(n0 + n) * p.l + l0 + i] = row[2 * T];
        out[(p.n + n0 + n) * p.l + l0 + i] = row[3 * T];
      }
  }

  // finish writes the gradients of W channels of a tile.
  __device__ __attribute__((always_inline)) void finish(i64 d0, i64 l0, int m) {
    i64 d = d0 + c;
    bool there = d < p.d;
    float bias = there && p.bias ? p.bias[d] : 0.f, skip = there && p.skip ? p.skip[d] : 0.f;
    float dbias = 0.f, dskip = 0.f;
#pragma unroll 2
    for (u32 i = first; i < T; i += 32) {
      if (!there || (int)i >= m) continue;
      i64 l = l0 + i;
      u32 k = c * ROW + at(i);
      float w = sd[k], r = su[k], y = sy[k];
      float x = p.delta.p[l * p.delta.stride + d], u = p.u.p[l * p.u.stride + d];
      float dy = p.dy.p[l * p.dy.stride + d], dt = x, slope = 1.f;
      if (p.softplus) {
        x += bias;
        dt = softplus(x);
        slope = x > 20.f ? 1.f : sigmoid(x);
      }
      if (p.z.p) {
        float z = p.z.p[l * p.z.stride + d], s = sigmoid(z);
        p.dz.p[l * p.dz.stride + d] = dy * fma_(skip, u, y) * (s * fma_(z, 1.f - s, 1.f));
        dy *= z * s;
      }
      if (RELEASED_ONLY) r = fma_(w, u, r), w *= dt;
      r *= slope;
      p.ddelta.p[l * p.ddelta.stride + d] = r;
      p.du.p[l * p.du.stride + d] = fma_(dy, skip, w);
      dbias += r;
      dskip = fma_(dy, u, dskip);
    }
    // The 32 threads of a channel, in order.
    sums[t] = dbias, sums[threads() + t] = dskip;
    sync();
    if (t < W && there) {
      dbias = dskip = 0.f;
      for (u32 k = 0; k < 32; k++) dbias += sums[k * W + t], dskip += sums[threads() + k * W + t];
      if (p.dbias) p.dbias[d] += dbias;
      if (p.dskip) p.dskip[d] += dskip;
    }
    // No barrier: a thread stages next where it alone has read here, and sums are
    // written again behind other barriers.
  }

  __device__ __attribute__((always_inline)) void run() {
    i64 block0 = (i64)bid_x() * W * p.groups;
    i64 last = (p.l - 1) / T * T;
#pragma unroll 1
    for (i64 l0 = last; l0 >= 0; l0 -= T) {
      int m = p.l - l0 < T ? (int)(p.l - l0) : T;
      marks(l0, m);
#pragma unroll 1
      for (int g = 0; g < p.groups; g++) {
        i64 d0 = block0 + g * W, d = d0 + warp;
        stage(d0, l0, m);
        if (p.n == 0) sync();
        float w[S], r[S], y[S];
#pragma unroll
        for (int i = 0; i < S; i++) w[i] = r[i] = y[i] = 0.f;
        float dt[S], u[S], dy[S];
#pragma unroll 1
        for (i64 n0 = 0; n0 < p.n; n0 += NS) {
          // Several groups share one tile of B and C: then there is one pass.
          if (g == 0) matrices(n0, l0, m);
          sync();
          if (n0 == 0) get<0>(mine(sd), dt), get<0>(mine(su), u), get<0>(mine(sy), dy);
          // Lane n has state n0+n of the channel.
          i64 n = n0 + lane, cell = d * p.n + n;
          bool there = lane < NS && n < p.n && d < p.d;
          float A = there ? p.a.p[d * p.a.stride + n] : 0.f, h0 = 0.f, carry = 0.f, dA = 0.f;
          if (there) {
            if (l0 > 0) h0 = p.states[((l0 >> 5) - 1) * p.d * p.n + cell];
            else if (p.h0.p) h0 = p.h0.p[d * p.h0.stride + n];
            if (l0 < last) carry = p.carry[cell];
            else if (p.dh.p) carry = p.dh.p[d * p.dh.stride + n];
          }
          // Only the kernel for long sequences has both: its tiles are large.
          if (S < 8 || ballot(resets != 0)) states<true>(n0, A, h0, carry, dA, dt, u, dy, w, r, y);
          else states<false>(n0, A, h0, carry, dA, dt, u, dy, w, r, y);
          if (there) {
            p.da.p[d * p.da.stride + n] += dA;
            if (l0 > 0) p.carry[cell] = carry;
            else if (p.dh.p) p.dh.p[d * p.dh.stride + n] = carry;
          }
          // What a thread flushes it alone clears for the next pass or tile.
          if (g == p.groups - 1) flush(n0, l0, m);
        }
        // Only this warp has read its rows.
        put(mine(sd), w);
        put(mine(su), r);
        put(mine(sy), y);
        sync();
        finish(d0, l0, m);
      }
    }
  }
};

KERNEL(384, scan_grad_256)(const GradParams p) { Grad<8, true>(p).run(); }
KERNELS(256, 1, scan_grad_128)(const GradParams p) { Grad<4, true>(p).run(); }
KERNELS(256, 1, scan_grad_any)(const GradParams p) { Grad<4, false>(p).run(); }

struct GatherParams {
  View db, dc;
  const float *work;
  i64 l, n, blocks;
};

// dB and dC are the sums of the blocks' parts, in order.
KERNEL(256, scan_grad_gather)(const GatherParams p) {
  i64 i = (i64)bid_x() * 256 + tid(), cells = p.n * p.l;
  if (i >= 2 * cells) return;
  float sum = 0.f;
#pragma unroll 8
  for (i64 k = 0; k < p.blocks; k++) sum += p.work[k * 2 * cells + i];
  i64 of_c = i >= cells, j = i - of_c * cells, n = j / p.l, t = j % p.l;
  if (of_c) p.dc.p[t * p.dc.stride + n] = sum;
  else p.db.p[t * p.db.stride + n] = sum;
}
