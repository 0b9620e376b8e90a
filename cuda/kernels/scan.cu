// The selective scan, serial in time. A lane has 8 states of two channels in
// registers, 2^lanes lanes share the states of such a pair, and a block of 128
// threads goes through time in tiles of 32 steps:
//
//   stage    Δ, Δ·u (or u) and the rows of B and C to shared memory
//   scan     each lane reads its B and C once for two channels
//   finish   skip, gate and y, all threads along the channels
//
// Modes: the whole sequence; a chunk of it from h = 0 that leaves only what the
// chunk does to a state; a chunk from its state, once scan_combine knows it.
#include "scan.h"

enum Mode { WHOLE, SUM, OUT };

const int T = 32; // steps of a tile

template <int MODE, bool FAST> // FAST: the released rule, 8 < N ≤ 16
struct Serial {
  const ScanParams &p;
  u32 t, bits, sub, pair, channels, states;
  i64 c0, from, to;
  float *sd, *sy, *sb, *sc; // [T][channels][Δ, x], [T][channels], [T][states] twice
  float a[2][8], h[2][8], prod[2][8], time[2];
  u32 resets, taps;
  bool reset_seen;

  __device__ __attribute__((always_inline)) Serial(const ScanParams &q) : p(q) {
    t = tid();
    bits = FAST ? 1 : p.lanes;
    sub = t & ((1u << bits) - 1), pair = t >> bits;
    channels = 256u >> bits, states = 8u << bits;
    c0 = (i64)bid_x() * channels;
    from = MODE == WHOLE ? 0 : (i64)bid_z() * p.chunk;
    to = MODE == WHOLE ? p.l : from + p.chunk < p.l ? from + p.chunk : p.l;
    sd = smem, sy = sd + T * channels * 2, sb = sy + T * channels, sc = sb + T * states;
    time[0] = time[1] = 0.f;
    reset_seen = false;
  }

  // cell says whether state j of channel c (0 or 1) of the lane exists, and
  // where it is in a (D, N) matrix.
  __device__ __attribute__((always_inline)) bool cell(int c, int j, i64 stride, i64 &at) const {
    i64 d = c0 + pair * 2 + c, n = sub * 8 + j;
    at = d * stride + n;
    return d < p.d && n < p.n;
  }

  __device__ __attribute__((always_inline)) void load_states() {
    const float *from_h = MODE == OUT ? p.chunk_h + (i64)bid_z() * p.d * p.n : p.h.p;
    i64 stride = MODE == OUT ? p.n : p.h.stride;
#pragma unroll
    for (int c = 0; c < 2; c++)
#pragma unroll
      for (int j = 0; j < 8; j++) {
        i64 at;
        bool there = cell(c, j, p.a.stride, at);
        a[c][j] = there ? p.a.p[at] * (FAST ? LOG2E : 1.f) : 0.f;
        cell(c, j, stride, at);
        h[c][j] = MODE != SUM && there ? from_h[at] : 0.f;
        if (MODE == SUM && !FAST) prod[c][j] = 1.f;
      }
  }

  __device__ __attribute__((always_inline)) void store_states(float *to_h, i64 stride) const {
#pragma unroll
    for (int c = 0; c < 2; c++)
#pragma unroll
      for (int j = 0; j < 8; j++) {
        i64 at;
        if (cell(c, j, stride, at)) to_h[at] = h[c][j];
      }
  }

  // stage brings m steps from l0 on to shared memory.
  __device__ __attribute__((always_inline)) void stage(i64 l0, int m) {
    u32 rows = FAST ? 1 : (bits ? 128u / channels : 1); // steps that the block stages at once
#pragma unroll
    for (u32 part = 0; part < (FAST ? 1 : 2); part++) {
      u32 c = FAST ? t : (t & (channels - 1)) + part * 128;
      if (c >= channels) break;
      i64 d = c0 + c;
      bool there = d < p.d;
      u32 first = FAST ? 0 : bits ? t / channels : 0;
      // Eight loads are under way at a time; those of steps or channels that do
      // not exist repeat the last and are dropped.
      i64 in = there ? d : p.d - 1;
      const float *pd = p.delta.p + l0 * p.delta.stride + in, *pu = p.u.p + l0 * p.u.stride + in;
      float bias = p.bias ? p.bias[in] : 0.f;
#pragma unroll 1
      for (u32 k0 = first; (int)k0 < m; k0 += 8 * rows) {
        float delta[8], u[8];
#pragma unroll
        for (u32 k = 0; k < 8; k++) {
          i64 i = k0 + k * rows;
          i = i < m ? i : m - 1;
          delta[k] = pd[i * p.delta.stride], u[k] = pu[i * p.u.stride];
        }
        if (p.softplus) {
#pragma unroll
          for (u32 k = 0; k < 8; k++) delta[k] = softplus(p.bias ? delta[k] + bias : delta[k]);
        }
#pragma unroll
        for (u32 k = 0; k < 8; k++) {
          u32 i = k0 + k * rows;
          bool exists = there && (int)i < m;
          f2 v = {exists ? delta[k] : 0.f, exists ? (FAST ? delta[k] * u[k] : u[k]) : 0.f};
          if (FAST || i < T) *(f2 *)&sd[(i * channels + c) * 2] = v;
        }
      }
    }
    for (u32 e = t; e < m * states; e += 128) {
      u32 i = e >> (3 + bits), n = e & (states - 1);
      bool there = n < p.n;
      sb[e] = there ? p.b.p[(l0 + i) * p.b.stride + n] : 0.f;
      if (MODE != SUM) sc[e] = there ? p.c.p[(l0 + i) * p.c.stride + n] : 0.f;
    }
    // Marks of the tile as bits, in every warp.
    u32 lane = t & 31;
    bool in = (int)lane < m;
    resets = ballot(in && resets_at(p, l0 + lane));
    taps = MODE != SUM && p.tap_of ? ballot(in && p.tap_of[l0 + lane] >= 0) : 0;
    if (resets) reset_seen = true;
  }

  // step moves the states by step i of the tile.
  __device__ __attribute__((always_inline)) void step(int i) {
    f4 q = lds4(&sd[(i * channels + pair * 2) * 2]);
    const float *rb = &sb[i * states + sub * 8], *rc = &sc[i * states + sub * 8];
    f4 b0 = lds4(rb), b1 = lds4(rb + 4), k0 = 0.f, k1 = 0.f;
    if (MODE != SUM) k0 = lds4(rc), k1 = lds4(rc + 4);
    float delta[2] = {q.x, q.z}, x[2] = {q.y, q.w}, y[2] = {0.f, 0.f};
    if (MODE == SUM && FAST) time[0] += delta[0], time[1] += delta[1];
    float abar[2][8], gain[2][8];
    if (!FAST) coefficients(p.rule, delta, a, abar, gain);
#pragma unroll
    for (int j = 0; j < 8; j++) {
      float b = j < 4 ? b0[j] : b1[j - 4], k = j < 4 ? k0[j] : k1[j - 4];
#pragma unroll
      for (int c = 0; c < 2; c++) {
        if (FAST) {
          h[c][j] = fma_(ex2(delta[c] * a[c][j]), h[c][j], x[c] * b);
        } else {
          h[c][j] = fma_(abar[c][j], h[c][j], gain[c][j] * x[c] * b);
          if (MODE == SUM) prod[c][j] *= abar[c][j];
        }
        if (MODE != SUM) y[c] = fma_(h[c][j], k, y[c]);
      }
    }
    if (MODE == SUM) return;
    // Lane 0 of the pair goes on with the first channel's sum, lane 1 with the
    // second's.
    float *out = &sy[i * channels + pair * 2];
    if (!FAST && bits == 0) {
      *(f2 *)out = f2{y[0], y[1]};
      return;
    }
    float keep = sub & 1 ? y[1] : y[0], give = sub & 1 ? y[0] : y[1];
    keep += shfl_bfly(give, 1);
    if (!FAST)
      for (u32 m = 2; m < 1u << bits; m <<= 1) keep += shfl_bfly(keep, m);
    if (sub < 2) out[sub] = keep;
  }

  // clear makes h exactly +0: the old value is not an operand of anything.
  __device__ __attribute__((always_inline)) void clear() {
#pragma unroll
    for (int c = 0; c < 2; c++)
#pragma unroll
      for (int j = 0; j < 8; j++) h[c][j] = 0.f;
  }

  __device__ __attribute__((always_inline)) void tile(i64 l0, int m) {
    if (FAST && m == T && !(resets | taps)) {
#pragma unroll 4
      for (int i = 0; i < T; i++) step(i);
      return;
    }
#pragma unroll 1
    for (int i = 0; i < m; i++) {
      if (resets >> i & 1) clear();
      step(i);
      if (MODE != SUM && taps >> i & 1) {
        i64 row = p.tap_of[l0 + i];
        store_states(p.tap_h + row * p.d * p.n, p.n);
      }
    }
  }

  __device__ __attribute__((always_inline)) void write(i64 l0, int m) {
    u32 rows = FAST ? 1 : (bits ? 128u / channels : 1);
#pragma unroll
    for (u32 part = 0; part < (FAST ? 1 : 2); part++) {
      u32 c = FAST ? t : (t & (channels - 1)) + part * 128;
      if (c >= channels) break;
      i64 d = c0 + c;
      if (d >= p.d) break;
      u32 first = FAST ? 0 : bits ? t / channels : 0;
      float skip = p.skip ? p.skip[d] : 0.f;
      const float *pu = p.u.p + l0 * p.u.stride + d, *pz = p.z.p ? p.z.p + l0 * p.z.stride + d : 0;
      float *py = p.y.p + l0 * p.y.stride + d;
#pragma unroll 1
      for (u32 k0 = first; (int)k0 < m; k0 += 8 * rows) {
        float u[8], z[8], v[8];
#pragma unroll
        for (u32 k = 0; k < 8; k++) {
          i64 i = k0 + k * rows;
          i = i < m ? i : m - 1;
          if (p.skip) u[k] = pu[i * p.u.stride];
          if (p.z.p) z[k] = pz[i * p.z.stride];
          v[k] = sy[i * channels + c];
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
          i64 i = k0 + k * rows;
          if (i < m) py[i * p.y.stride] = v[k];
        }
      }
    }
  }

  __device__ __attribute__((always_inline)) void run() {
    load_states();
#pragma unroll 1
    for (i64 l0 = from; l0 < to; l0 += T) {
      int m = to - l0 < T ? (int)(to - l0) : T;
      stage(l0, m);
      sync();
      tile(l0, m);
      sync();
      if (MODE != SUM) write(l0, m);
    }
    if (MODE == WHOLE || (MODE == OUT && bid_z() == p.chunks - 1)) store_states(p.h.p, p.h.stride);
    if (MODE == SUM) {
      i64 chunk = bid_z();
      store_states(p.chunk_h + chunk * p.d * p.n, p.n);
#pragma unroll
      for (int c = 0; c < 2; c++)
#pragma unroll
        for (int j = 0; j < 8; j++) {
          i64 at;
          // Ā = exp(ΔA): the product over the chunk is exp(A·ΣΔ).
          if (cell(c, j, p.n, at)) p.chunk_p[chunk * p.d * p.n + at] = FAST ? ex2(a[c][j] * time[c]) : prod[c][j];
        }
      if (bid_x() == 0 && t == 0) p.chunk_reset[chunk] = reset_seen;
    }
  }
};

#define SERIAL(name, mode, fast) \
  KERNELS(128, fast ? 3 : 2, name)(const ScanParams q) { \
    ScanParams p = q; \
    batch(p, bid_y()); \
    Serial<mode, fast>(p).run(); \
  }
SERIAL(scan_serial_any, WHOLE, false)
SERIAL(scan_serial_16, WHOLE, true)
SERIAL(scan_sum_any, SUM, false)
SERIAL(scan_sum_16, SUM, true)
SERIAL(scan_out_any, OUT, false)
SERIAL(scan_out_16, OUT, true)

// From what each chunk does to a state to the state before each chunk, which
// takes the place of the chunk's sum. A chunk with a reset passes nothing on.
KERNEL(256, scan_combine)(const ScanParams q) {
  ScanParams p = q;
  batch(p, bid_y());
  i64 i = (i64)bid_x() * 256 + tid(), cells = p.d * p.n;
  if (i >= cells) return;
  float h = p.h.p[i / p.n * p.h.stride + i % p.n];
#pragma unroll 8
  for (i64 k = 0; k < p.chunks; k++) {
    i64 at = k * cells + i;
    float sum = p.chunk_h[at], decay = p.chunk_p[at];
    p.chunk_h[at] = h;
    h = p.chunk_reset[k] ? sum : fma_(decay, h, sum);
  }
}

// A single step of the released rule, 8 < N ≤ 16: 4 lanes have 4 states each of a
// channel. What is read is all on its way before any of it is waited for; lanes of
// channels beyond the last read the last one's. The arithmetic is that of stream.cu.
KERNEL(64, scan_step)(const ScanParams q) {
  early_next();
  ScanParams p = q;
  batch(p, bid_y());
  u32 t = tid(), sub = t & 3, n = sub * 4;
  i64 channel = (i64)bid_x() * 16 + t / 4, d = channel < p.d ? channel : p.d - 1;
  // What is absent is read from Δ instead: without a branch it is on its way too.
  const float *pd = p.delta.p + d;
  float delta = *pd, u = p.u.p[d];
  float bias = *(p.bias ? p.bias + d : pd), skip = *(p.skip ? p.skip + d : pd), z = *(p.z.p ? p.z.p + d : pd);
  int mark = *(p.resets ? p.resets : (const int *)pd), tap = *(p.tap_of ? p.tap_of : (const int *)pd);
  asm volatile("" : "+f"(delta), "+f"(u), "+f"(bias), "+f"(skip), "+f"(z), "+r"(mark), "+r"(tap)); // loads stay above
  const float *pa = p.a.p + d * p.a.stride + n, *pb = p.b.p + n, *pc = p.c.p + n;
  float *ph = p.h.p + d * p.h.stride + n;
  bool quads = p.quads & QUAD_ROWS;
  f4 a = 0.f, h = 0.f, b = 0.f, c = 0.f;
  if (quads) {
    a = *(const f4 *)pa, h = *(const f4 *)ph, b = *(const f4 *)pb, c = *(const f4 *)pc;
  } else {
#pragma unroll
    for (int j = 0; j < 4; j++)
      if (n + j < p.n) a[j] = pa[j], h[j] = ph[j], b[j] = pb[j], c[j] = pc[j];
  }
  bool reset = p.resets && (mark & RESET_STATE);
  if (p.softplus) delta = softplus(p.bias ? delta + bias : delta);
  float x = delta * u, y = 0.f;
#pragma unroll
  for (int j = 0; j < 4; j++) {
    h[j] = fma_(ex2(delta * log2_of(a[j])), reset ? 0.f : h[j], x * b[j]);
    y = fma_(h[j], c[j], y);
  }
  y += shfl_bfly(y, 2);
  y += shfl_bfly(y, 1);
  if (p.skip) y = fma_(skip, u, y);
  if (p.z.p) y *= silu(z);
  if (channel >= p.d) return;
  if (sub == 0) p.y.p[d] = y;
  if (quads) *(f4 *)ph = h;
  bool tapped = p.tap_of && tap >= 0;
  if (quads && !tapped) return;
  float *to = p.tap_h + (tap * p.d + d) * p.n + n;
#pragma unroll
  for (int j = 0; j < 4; j++)
    if (n + j < p.n) {
      if (!quads) ph[j] = h[j];
      if (tapped) to[j] = h[j];
    }
}
