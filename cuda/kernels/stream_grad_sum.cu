// The gradient of the selective scan as a stream: what every chunk of time passes
// back (sum), and what enters each (combine). See stream_grad.cu.
#include "stream_grad.h"

// Sum goes through one chunk, from its end.
template <int CPL, bool FULL> struct Sum : Place<CPL, FULL> {
  typedef Place<CPL, FULL> P;
  using P::p, P::t, P::sub, P::group, P::quad, P::row, P::c0, P::here, P::CH, P::ROWS;
  static const int COLUMN = 4 * T * CH, SMALL = 4 * T * S, STAGE = 3 * COLUMN + SMALL; // bytes
  float a[CPL][SPL], e[CPL][SPL], time[CPL];
  METHOD Sum(const StreamGradParams &q) : P(q) {}
  METHOD static u32 delta(int s) { return shared_at(smem) + s * STAGE; }
  METHOD static u32 dy(int s) { return delta(s) + COLUMN; }
  METHOD static u32 z(int s) { return delta(s) + 2 * COLUMN; }
  METHOD static u32 c(int s) { return delta(s) + 3 * COLUMN; }
  METHOD static u32 bias() { return shared_at(smem) + 2 * STAGE; }
  METHOD u32 at(int k) const { return 4 * ((k + row) * CH + quad); } // of the quad at step k + row

  METHOD void issue(i64 l0, int m, int s) const {
#pragma unroll
    for (int k = 0; k < T; k += ROWS)
      if (k + (int)row < m) {
        P::column(delta(s) + at(k), p.delta, l0 + k);
        P::column(dy(s) + at(k), p.dy, l0 + k);
        if (p.z.p) P::column(z(s) + at(k), p.z, l0 + k);
      }
    if (t < T * 4 && (int)t / 4 < m) P::row_of_small(c(s) + 16 * t, p.c, l0, t / 4, t % 4 * 4);
    copies_end();
  }

  METHOD void ready(int m, int s) const {
#pragma unroll
    for (int k = 0; k < T; k += ROWS) {
      f4 d = 0.f, g = 0.f;
      if (k + (int)row < m) {
        d = lds4(delta(s) + at(k)), g = lds4(dy(s) + at(k));
        if (p.softplus) soften(d, lds4(bias() + 4 * quad));
        if (p.z.p) gate(g, lds4(z(s) + at(k)));
      }
      sts4(delta(s) + at(k), d), sts4(dy(s) + at(k), g);
    }
  }

  // tile goes through steps I, I−1, … of a tile.
  template <bool MARKED, int I> METHOD void tile(u32 columns, u32 small, u32 resets) {
    float d[CPL], g[CPL];
    P::template lane_of<4 * I * CH>(d, columns), P::template lane_of<COLUMN + 4 * I * CH>(g, columns);
    f4 k = lds4<4 * I * S>(small);
#pragma unroll
    for (int c = 0; c < CPL; c++) time[c] += d[c];
    EACH_STATE {
      float v = ex2(d[c] * a[c][j]) * fma_(k[j], g[c], e[c][j]);
      e[c][j] = MARKED && (resets >> I & 1) ? 0.f : v;
    }
    if constexpr (I > 0) tile<MARKED, I - 1>(columns, small, resets);
  }

  METHOD void run() {
    if (t < T * 4) sts4(c(0) + 16 * t, 0.f); // what this thread copies, if the tile is short
    i64 chunk = (i64)bid_z() + 1, from = chunk * p.chunk, to = from + p.chunk < p.l ? from + p.chunk : p.l;
    i64 l0 = from + (to - from - 1) / T * T;
    issue(l0, (int)(to - l0), 0);
    u32 marks = P::marks(l0, (int)(to - l0));
    P::states_of(a, p.a.p, p.a.stride);
    float own_bias = P::own(p.bias);
    if (t < CH) sts1(bias() + 4 * t, own_bias);
    EACH_STATE a[c][j] = log2_of(a[c][j]), e[c][j] = 0.f, time[c] = 0.f;
    sync();
    bool reset_seen = false;
    int s = 0;
#pragma unroll 1
    for (; l0 >= from; l0 -= T) {
      int m = to - l0 < T ? (int)(to - l0) : T;
      u32 resets = ballot(marks != 0);
      if (resets) reset_seen = true;
      copies_wait<0>();
      ready(m, s);
      sync();
      if (l0 > from) {
        issue(l0 - T, T, s ^ 1);
        marks = P::marks(l0 - T, T);
      }
      u32 columns = delta(s) + 4 * group * CPL, small = c(s) + 4 * sub * SPL;
      if (!FULL || resets) tile<true, T - 1>(columns, small, resets);
      else tile<false, T - 1>(columns, small, 0);
      s ^= 1;
    }
    EACH_STATE {
      i64 k;
      if (P::cell(c, j, p.n, k)) {
        p.chunk_e[chunk * p.d * p.n + k] = e[c][j];
        p.chunk_p[chunk * p.d * p.n + k] = ex2(a[c][j] * time[c]);
      }
    }
    if (bid_x() == 0 && t == 0) p.chunk_reset[chunk] = reset_seen;
  }
};
KERNELS(128, 6, stream_grad_sum)(const StreamGradParams p) {
  if (wholly<1>(p)) Sum<1, true>(p).run();
  else Sum<1, false>(p).run();
}

// What enters each chunk takes the place of what it passes back.
const int BATCH = 16;
KERNEL(128, stream_grad_combine)(const StreamGradParams p) {
  i64 i = (i64)bid_x() * 128 + tid(), cells = p.d * p.n;
  if (i >= cells) return;
  float e = p.dh.p ? p.dh.p[i / p.n * p.dh.stride + i % p.n] : 0.f;
  float sum[BATCH], decay[BATCH];
  int reset[BATCH];
#define FETCH(last)                                                   \
  _Pragma("unroll") for (int k = 0; k < BATCH; k++) {                  \
    bool in = (last) - k > 0;                                         \
    i64 at = ((last) - k) * cells + i;                                \
    sum[k] = in ? p.chunk_e[at] : 0.f, decay[k] = in ? p.chunk_p[at] : 0.f; \
    reset[k] = in ? p.chunk_reset[(last) - k] : 0;                    \
  }
  i64 last = p.chunks - 1;
  FETCH(last)
#pragma unroll 1
  for (; last >= 0; last -= BATCH) {
    float before[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      before[k] = e;
      e = reset[k] ? sum[k] : fma_(decay[k], e, sum[k]);
    }
    i64 next = last - BATCH;
    FETCH(next)
#pragma unroll
    for (int k = 0; k < BATCH; k++)
      if (last - k >= 0) p.chunk_e[(last - k) * cells + i] = before[k];
  }
}
