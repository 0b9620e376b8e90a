// The selective scan of the released rule as a stream: 8 < N ≤ 16, compute
// capability 8.0 and later.
//
// A block goes through time in tiles of 16 steps. While it scans one tile, the
// next is on its way from global to shared memory by asynchronous copies, so
// that neither registers nor warps wait for memory:
//
//	issue    the copies of the next tile: Δ, u, z, B, C
//	ready    Δ = softplus(Δ + bias), each thread its own channel's
//	scan     states in registers; each lane reads B and C once for its channels
//	finish   skip, gate and y, each thread its own channel's
//
// Two shapes: wide has 4 states of two channels a lane and uses what it reads of B
// and C twice; narrow has 4 states of one, so that a step takes less time where
// there are few channels. Modes as in scan.cu.
#include "stream.h"

enum Mode { WHOLE, SUM, OUT };

// THREADS of a block, CPL channels and SPL states a lane.
template <int MODE, int THREADS, int CPL, int SPL> struct Stream {
  static const int LANES = S / SPL;                // that share a channel's states
  static const int CH = THREADS / LANES * CPL;     // channels of a block
  static const int ROWS = THREADS / CH;            // threads that share a channel's steps
  static const int COLUMN = T * CH, SMALL = T * S; // floats of one array of a tile
  static const int STAGE = MODE == SUM ? 2 * COLUMN + SMALL : 3 * COLUMN + 2 * SMALL;

  const ScanParams &p;
  u32 t, sub, group, own, first;
  i64 c0, from, to;
  bool there;
  float bias, skip;
  float a[CPL][SPL], h[CPL][SPL], time[CPL];
  int marks, taps_at; // of the tile that is on its way, a step a lane
  bool reset_seen;

  METHOD Stream(const ScanParams &q) : p(q) {
    t = tid();
    sub = t % LANES, group = t / LANES;
    own = t % CH, first = t / CH;
    c0 = (i64)bid_x() * CH;
    from = MODE == WHOLE ? 0 : (i64)bid_z() * p.chunk;
    to = MODE == WHOLE ? p.l : from + p.chunk < p.l ? from + p.chunk : p.l;
    there = c0 + own < p.d;
    bias = there && p.bias ? p.bias[c0 + own] : 0.f;
    skip = there && p.skip ? p.skip[c0 + own] : 0.f;
#pragma unroll
    for (int c = 0; c < CPL; c++) time[c] = 0.f;
    reset_seen = false;
  }

  // The arrays of a tile.
  METHOD float *delta(int stage) const { return smem + stage * STAGE; }
  METHOD float *u(int stage) const { return delta(stage) + COLUMN; }
  METHOD float *b(int stage) const { return delta(stage) + 2 * COLUMN; }
  METHOD float *c(int stage) const { return b(stage) + SMALL; }
  METHOD float *z(int stage) const { return c(stage) + SMALL; }
  METHOD float *y() const { return smem + 2 * STAGE; }

  METHOD bool cell(int c, int j, i64 stride, i64 &at) const {
    i64 d = c0 + group * CPL + c, n = sub * SPL + j;
    at = d * stride + n;
    return d < p.d && n < p.n;
  }

#define EACH_STATE                    \
  _Pragma("unroll") for (int c = 0; c < CPL; c++) \
  _Pragma("unroll") for (int j = 0; j < SPL; j++)

  METHOD void load_states() {
    const float *from_h = MODE == OUT ? p.chunk_h + (i64)bid_z() * p.d * p.n : p.h.p;
    i64 stride = MODE == OUT ? p.n : p.h.stride;
    EACH_STATE {
      i64 at;
      bool in = cell(c, j, p.a.stride, at);
      a[c][j] = in ? p.a.p[at] * LOG2E : 0.f;
      cell(c, j, stride, at);
      h[c][j] = MODE != SUM && in ? from_h[at] : 0.f;
    }
  }

  METHOD void store_states(float *to_h, i64 stride) const {
    EACH_STATE {
      i64 at;
      if (cell(c, j, stride, at)) to_h[at] = h[c][j];
    }
  }

  // blank zeroes what no copy will fill: absent channels and states.
  METHOD void blank() {
    if (!there)
      for (int s = 0; s < 2; s++)
        for (int i = first; i < T; i += ROWS) delta(s)[i * CH + own] = u(s)[i * CH + own] = 0.f;
    if (p.n == S) return;
    for (int s = 0; s < 2; s++)
      for (u32 e = t; e < SMALL; e += THREADS)
        if ((e & (S - 1)) >= p.n) {
          b(s)[e] = 0.f;
          if (MODE != SUM) c(s)[e] = 0.f;
        }
  }

  // issue starts the copies of the tile of m steps from l0 on; FULL: m is T.
  template <bool FULL> METHOD void columns(i64 l0, int m, int stage) {
    i64 l = l0 + first, d = c0 + own;
    const float *pd = p.delta.p + l * p.delta.stride + d, *pu = p.u.p + l * p.u.stride + d;
    i64 step_d = ROWS * p.delta.stride, step_u = ROWS * p.u.stride;
    float *sd = delta(stage) + first * CH + own;
#pragma unroll
    for (int k = 0; k < T / ROWS; k++) {
      if (FULL || (int)first + k * ROWS < m) {
        copy4(sd + k * ROWS * CH, pd);
        copy4(sd + k * ROWS * CH + COLUMN, pu);
      }
      pd += step_d, pu += step_u;
    }
    if (MODE == SUM || !p.z.p) return;
    const float *pz = p.z.p + l * p.z.stride + d;
    i64 step_z = ROWS * p.z.stride;
    float *sz = z(stage) + first * CH + own;
#pragma unroll
    for (int k = 0; k < T / ROWS; k++) {
      if (FULL || (int)first + k * ROWS < m) copy4(sz + k * ROWS * CH, pz);
      pz += step_z;
    }
  }
  METHOD void issue(i64 l0, int m, int stage) {
    if (there) {
      if (m == T) columns<true>(l0, m, stage);
      else if (m > 0) columns<false>(l0, m, stage);
    }
    u32 n = t % S;
#pragma unroll
    for (u32 k = 0; k < SMALL / THREADS; k++) {
      u32 i = t / S + k * (THREADS / S);
      if ((int)i < m && n < p.n) {
        copy4(&b(stage)[i * S + n], p.b.p + (l0 + i) * p.b.stride + n);
        if (MODE != SUM) copy4(&c(stage)[i * S + n], p.c.p + (l0 + i) * p.c.stride + n);
      }
    }
    copies_end();
    bool in = (int)(t & 31) < m;
    marks = in && p.resets ? p.resets[l0 + (t & 31)] : 0;
    taps_at = MODE != SUM && in && p.tap_of ? p.tap_of[l0 + (t & 31)] : -1;
  }

  template <bool FULL> METHOD void softplus_column(int m, int stage) {
    float *sd = delta(stage) + first * CH + own;
#pragma unroll
    for (int k = 0; k < T / ROWS; k++)
      if (FULL || (int)first + k * ROWS < m) sd[k * ROWS * CH] = softplus(sd[k * ROWS * CH] + bias);
  }
  METHOD void ready(int m, int stage) {
    if (!there || !p.softplus) return;
    if (m == T) softplus_column<true>(m, stage);
    else softplus_column<false>(m, stage);
  }

  // operands are what a lane needs for one step.
  struct Operands {
    float d[CPL], u[CPL];
    f4 b[SPL / 4], c[SPL / 4];
  };
  METHOD Operands operands(int i, int stage) const {
    Operands o;
    if (CPL == 2) {
      f2 d = lds2(&delta(stage)[i * CH + group * 2]), v = lds2(&u(stage)[i * CH + group * 2]);
      o.d[0] = d.x, o.d[CPL - 1] = d.y, o.u[0] = v.x, o.u[CPL - 1] = v.y;
    } else {
      o.d[0] = lds1(&delta(stage)[i * CH + group]), o.u[0] = lds1(&u(stage)[i * CH + group]);
    }
#pragma unroll
    for (int k = 0; k < SPL / 4; k++) {
      o.b[k] = lds4(&b(stage)[i * S + sub * SPL + k * 4]);
      if (MODE != SUM) o.c[k] = lds4(&c(stage)[i * S + sub * SPL + k * 4]);
    }
    return o;
  }

  METHOD void step(int i, const Operands &o) {
    float sum[CPL];
#pragma unroll
    for (int c = 0; c < CPL; c++) sum[c] = 0.f;
#pragma unroll
    for (int j = 0; j < SPL; j++)
#pragma unroll
      for (int c = 0; c < CPL; c++) {
        h[c][j] = fma_(ex2(o.d[c] * a[c][j]), h[c][j], o.d[c] * o.u[c] * o.b[j / 4][j % 4]);
        if (MODE != SUM) sum[c] = fma_(h[c][j], o.c[j / 4][j % 4], sum[c]);
      }
    if (MODE == SUM) {
#pragma unroll
      for (int c = 0; c < CPL; c++) time[c] += o.d[c];
      return;
    }
    float *out = &y()[i * CH + group * CPL];
    if (CPL == 2) { // lane 0 goes on with the first channel's sum, lane 1 with the second's
      float keep = sub & 1 ? sum[CPL - 1] : sum[0], give = sub & 1 ? sum[0] : sum[CPL - 1];
      keep += shfl_bfly(give, 1);
#pragma unroll
      for (u32 k = 2; k < LANES; k <<= 1) keep += shfl_bfly(keep, k);
      if (LANES == 2 || sub < 2) out[sub] = keep;
    } else {
#pragma unroll
      for (u32 k = 1; k < LANES; k <<= 1) sum[0] += shfl_bfly(sum[0], k);
      if (sub == 0) out[0] = sum[0];
    }
  }

  METHOD void tile(i64 l0, int m, int stage, u32 resets, u32 taps, int taps_of) {
    Operands next = operands(0, stage);
    if (m == T && !(resets | taps)) {
#pragma unroll 4
      for (int i = 0; i < T; i++) {
        Operands now = next;
        next = operands(i + 1 < T ? i + 1 : i, stage);
        step(i, now);
      }
      return;
    }
#pragma unroll 1
    for (int i = 0; i < m; i++) {
      if (resets >> i & 1) // h := +0: the old value is not an operand of anything
        EACH_STATE h[c][j] = 0.f;
      step(i, operands(i, stage));
      if (MODE != SUM && taps >> i & 1) {
        i64 row = __nvvm_shfl_sync_idx_i32(0xffffffffu, taps_of, i, 31);
        store_states(p.tap_h + row * p.d * p.n, p.n);
      }
    }
  }

  template <bool FULL, bool GATE> METHOD void write(i64 l0, int m, int stage) {
    float *py = p.y.p + (l0 + first) * p.y.stride + c0 + own;
    i64 step_y = ROWS * p.y.stride;
    int at = first * CH + own;
#pragma unroll
    for (int k = 0; k < T / ROWS; k++) {
      if (FULL || (int)first + k * ROWS < m) {
        float v = y()[at + k * ROWS * CH];
        if (p.skip) v = fma_(skip, u(stage)[at + k * ROWS * CH], v);
        if (GATE) v *= silu(z(stage)[at + k * ROWS * CH]);
        *py = v;
      }
      py += step_y;
    }
  }
  METHOD void finish(i64 l0, int m, int stage) {
    if (!there) return;
    if (m == T) {
      if (p.z.p) write<true, true>(l0, m, stage);
      else write<true, false>(l0, m, stage);
    } else {
      if (p.z.p) write<false, true>(l0, m, stage);
      else write<false, false>(l0, m, stage);
    }
  }

  METHOD int steps(i64 l0) const { return l0 >= to ? 0 : to - l0 < T ? (int)(to - l0) : T; }

  METHOD void run() {
    blank();
    issue(from, steps(from), 0);
    load_states();
    int stage = 0;
#pragma unroll 1
    for (i64 l0 = from; l0 < to; l0 += T) {
      int m = steps(l0), taps_of = taps_at;
      u32 resets = ballot(marks & RESET_STATE), taps = ballot(taps_at >= 0);
      if (resets) reset_seen = true;
      issue(l0 + T, steps(l0 + T), stage ^ 1);
      copies_wait<1>();
      ready(m, stage);
      sync();
      tile(l0, m, stage, resets, taps, taps_of);
      sync();
      if (MODE != SUM) finish(l0, m, stage);
      stage ^= 1;
    }
    copies_wait<0>();
    if (MODE == WHOLE || (MODE == OUT && bid_z() == p.chunks - 1)) store_states(p.h.p, p.h.stride);
    if (MODE == SUM) {
      i64 chunk = bid_z();
      store_states(p.chunk_h + chunk * p.d * p.n, p.n);
      EACH_STATE {
        i64 at; // Ā = exp(ΔA): the product over the chunk is exp(A·ΣΔ)
        if (cell(c, j, p.n, at)) p.chunk_p[chunk * p.d * p.n + at] = ex2(a[c][j] * time[c]);
      }
      if (bid_x() == 0 && t == 0) p.chunk_reset[chunk] = reset_seen;
    }
  }
};

// blocks is how many a multiprocessor should hold at least.
#define STREAM(name, mode, threads, channels, states, blocks) \
  extern "C" __global__ void __attribute__((launch_bounds(threads, blocks))) name(const ScanParams q) { \
    ScanParams p = q; \
    batch(p, bid_y()); \
    Stream<mode, threads, channels, states>(p).run(); \
  }
STREAM(stream_wide, WHOLE, 128, 2, 4, 5)
STREAM(stream_wide_sum, SUM, 128, 2, 4, 5)
STREAM(stream_wide_out, OUT, 128, 2, 4, 5)
STREAM(stream_narrow, WHOLE, 128, 1, 4, 4)
STREAM(stream_narrow_sum, SUM, 128, 1, 4, 4)
STREAM(stream_narrow_out, OUT, 128, 1, 4, 4)

// From what each chunk does to a state to the state before each chunk, which
// takes the place of the chunk's sum. A chunk with a reset passes nothing on.
// Nobody needs what the last chunk does, and it was not summed. The chunks are
// read in batches, the next while the last is worked on.
const int BATCH = 16;
KERNEL(128, stream_combine)(const ScanParams q) {
  ScanParams p = q;
  batch(p, bid_y());
  i64 i = (i64)bid_x() * 128 + tid(), cells = p.d * p.n;
  if (i >= cells) return;
  float h = p.h.p[i / p.n * p.h.stride + i % p.n];
  float sum[BATCH], decay[BATCH];
  int reset[BATCH];
#define FETCH(first)                                                  \
  _Pragma("unroll") for (int k = 0; k < BATCH; k++) {                  \
    bool in = (first) + k < p.chunks - 1;                             \
    i64 at = ((first) + k) * cells + i;                               \
    sum[k] = in ? p.chunk_h[at] : 0.f, decay[k] = in ? p.chunk_p[at] : 0.f; \
    reset[k] = in ? p.chunk_reset[(first) + k] : 0;                   \
  }
  FETCH(0)
#pragma unroll 1
  for (i64 first = 0; first < p.chunks; first += BATCH) {
    float before[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      before[k] = h;
      h = reset[k] ? sum[k] : fma_(decay[k], h, sum[k]);
    }
    i64 next = first + BATCH;
    FETCH(next)
#pragma unroll
    for (int k = 0; k < BATCH; k++)
      if (first + k < p.chunks) p.chunk_h[(first + k) * cells + i] = before[k];
  }
}
