// What the kernels of the gradient of a scan as a stream share; stream_grad.cu says
// how they work together.
#pragma once
#include "stream.h"

struct StreamGradParams {
  View u, delta, z, dy;     // (L, D); z may be absent
  View a, b, c, h0;         // (D, N), (L, N) twice, (D, N) or absent
  View du, ddelta, dz;      // (L, D)
  View da, dh;              // (D, N): added to; in and out, or absent
  View db, dc;              // (L, N)
  const float *bias, *skip; // (D) or absent
  float *dbias, *dskip;     // (D), added to, or absent
  const float *states;      // (⌈L/32⌉−1, D, N): h after steps 31, 63, …
  const int *resets;        // (L) or absent
  float *chunk_e, *chunk_p; // (chunks, D, N)
  int *chunk_reset;         // (chunks)
  float *part_bc;           // (blocks, L, [B, C], S)
  float *part_a, *part_d;   // (chunks, D, N), (chunks, [bias, skip], D)
  i64 l, d, n, chunk, chunks, blocks;
  int softplus, quads; // quads: as in ScanParams; A, h0, dh and the states are rows, too
};

const int LANES = 4, SPL = 4, THREADS = 128, WARPS = THREADS / 32;
const int G = 32;   // steps of a window: between two kept states
const int PART = 8; // steps that are gone through at a time
const int PARTS = G / PART;
const float LN2 = 0.693147180559945f;

DEV void sync_warp() { __nvvm_bar_warp_sync(0xffffffffu); }

// soften makes Δ of what goes into softplus, and gives its slope.
DEV f4 soften(f4 &delta, f4 bias) {
  f4 slope;
#pragma unroll
  for (int j = 0; j < 4; j++) {
    float x = delta[j] + bias[j], e = ex2(-LOG2E * abs_(x)), r = rcp(1.f + e);
    float d = log1p_plus(e, x > 0.f ? x : 0.f);
    delta[j] = x > 20.f ? x : d;
    slope[j] = x > 0.f ? r : e * r;
  }
  return slope;
}
// gate makes dy = dY·SiLU(z) of dY, and gives dY·SiLU'(z).
DEV f4 gate(f4 &dy, f4 z) {
  f4 dz;
#pragma unroll
  for (int j = 0; j < 4; j++) {
    float q = sigmoid(z[j]);
    dz[j] = dy[j] * (q * fma_(z[j], 1.f - q, 1.f));
    dy[j] *= z[j] * q;
  }
  return dz;
}

// Place is what a thread is in sum and out.
template <int CPL, bool FULL> struct Place {
  static const int CH = THREADS / LANES * CPL; // channels of a block
  static const int QUADS = CH / 4, ROWS = THREADS / QUADS;
  const StreamGradParams &p;
  u32 t, sub, group; // states sub·4…, channels group·CPL…
  u32 quad, row;     // of the columns
  i64 c0;
  int here; // channels of the quad that exist, where it is positive
  METHOD Place(const StreamGradParams &q) : p(q) {
    t = tid();
    sub = t % LANES, group = t / LANES, quad = t % QUADS * 4, row = t / QUADS;
    c0 = (i64)bid_x() * CH;
    i64 n = p.d - c0 - quad;
    here = FULL || n > 4 ? 4 : (int)n;
  }
  // cell says whether a state of the lane exists, and where it is in a (D, N).
  METHOD bool cell(int c, int j, i64 stride, i64 &at) const {
    i64 d = c0 + group * CPL + c, n = sub * SPL + j;
    at = d * stride + n;
    return d < p.d && n < p.n;
  }
  // quad_of is where the thread's quad is in row l + row of what is (L, D).
  METHOD float *quad_of(const View &v, i64 l) const {
    if (FULL) return v.p + l * v.stride + c0 + (u64)(row * (u32)v.stride + quad);
    return v.p + (l + row) * v.stride + c0 + quad;
  }
  METHOD void column(u32 to, const View &v, i64 l) const { copy_quad<FULL>(to, quad_of(v, l), here, p.quads & QUAD_COLUMNS); }
  METHOD void write(const View &v, i64 l, f4 x) const { store_quad(quad_of(v, l), x, here, FULL || p.quads & QUAD_COLUMNS); }
  // row_of_small starts the copy of states n… of row l + i of B or C.
  METHOD void row_of_small(u32 to, const View &v, i64 l, u32 i, u32 n) const {
    const float *from = FULL ? v.p + l * v.stride + (u64)(i * (u32)v.stride + n) : v.p + (l + i) * v.stride + n;
    copy_quad<FULL>(to, from, (int)p.n - (int)n, p.quads & QUAD_ROWS);
  }
  // lane_of are the values of the lane's channels at a distance from `at`.
  template <int BYTES> METHOD static void lane_of(float (&v)[CPL], u32 at) {
    if (CPL == 2) {
      f2 r = lds2<BYTES>(at);
      v[0] = r.x, v[CPL - 1] = r.y;
    } else {
      v[0] = lds1<BYTES>(at);
    }
  }
  // states_of loads the lane's states of its channels from a (D, N); absent ones
  // are zero.
  METHOD void states_of(float (&v)[CPL][SPL], const float *from, i64 stride) const {
    f4 x[CPL];
#pragma unroll
    for (int c = 0; c < CPL; c++) {
      x[c] = 0.f;
      if (!from) continue;
      const float *row = from + (c0 + group * CPL + c) * stride + sub * SPL;
      i64 k;
      if (FULL) x[c] = *(const f4 *)row;
      else
#pragma unroll
        for (int j = 0; j < SPL; j++)
          if (cell(c, j, 0, k)) x[c][j] = row[j];
    }
#pragma unroll
    for (int c = 0; c < CPL; c++)
#pragma unroll
      for (int j = 0; j < SPL; j++) v[c][j] = x[c][j];
  }
  METHOD u32 marks(i64 l0, int m) const {
    u32 lane = t & 31;
    return p.resets && (int)lane < m ? p.resets[l0 + lane] & RESET_STATE : 0;
  }
  // own is the thread's value of a vector of the block's channels.
  METHOD float own(const float *v) const { return t < CH && v && c0 + t < p.d ? v[c0 + t] : 0.f; }
};

// wholly says that the block is full.
template <int CPL> DEV bool wholly(const StreamGradParams &p) {
  const i64 CH = Place<CPL, true>::CH;
  return p.quads == (QUAD_COLUMNS | QUAD_ROWS) && ((i64)bid_x() + 1) * CH <= p.d;
}

#define EACH_STATE                                \
  _Pragma("unroll") for (int c = 0; c < CPL; c++) \
  _Pragma("unroll") for (int j = 0; j < SPL; j++)
