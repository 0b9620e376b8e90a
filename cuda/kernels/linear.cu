// Matrix products: a few rows against a large matrix (limited by reading the
// matrix once), and tiles for many rows.
#include "panel.h"

struct GemvParams {
  View y, x;
  const float *w, *bias;
  i64 l, in, out;
  int accumulate, split, vec, pad;
};

// A warp has one output, or 2^split warps share it, each reading every 2^split-th
// group of 32 (or 32·4) elements. AHEAD groups of W are on their way at a time, the
// first before the kernels ahead have ended. ROWS is at least p.l; rows that do not
// exist repeat the last one and are not stored.
template <int AHEAD> DEV void quads_of(f4 (&a)[AHEAD], const float *w, u32 i, u32 step, u32 n) {
#pragma unroll
  for (int k = 0; k < AHEAD; k++) {
    a[k] = 0.f;
    if (i + k * step < n) a[k] = ((const f4 *)w)[i + k * step];
  }
}
template <int ROWS, int AHEAD> DEV void gemv(const GemvParams &p) {
  const u32 WIDTH = 32 / ROWS; // lanes that end up with the same row
  __shared__ static float part[8][ROWS];
  u32 t = tid(), lane = t & 31, warp = t >> 5;
  u32 sharers = 1u << p.split, share = warp & (sharers - 1);
  i64 o = (i64)bid_x() * (8 >> p.split) + (warp >> p.split);
  bool there = o < p.out, ends = share == 0 && there && lane < ROWS && lane < p.l;
  const float *w = p.w + (there ? o : 0) * p.in;
  u32 step = 32u << p.split, i = share * 32 + lane, n = p.vec ? (u32)(p.in >> 2) : 0;
  f4 a[AHEAD];
  quads_of(a, w, i, step, n);
  early_wait();
  early_next();
  // Lane r of an output's first warp finishes row r.
  float *y = p.y.p + (i64)lane * p.y.stride + o, bias = 0.f, before = 0.f;
  if (ends && p.bias) bias = p.bias[o];
  if (ends && p.accumulate) before = *y;
  asm volatile("" : "+f"(bias), "+f"(before)); // not when all else is done
  const float *x[ROWS];
  float sum[ROWS];
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    x[r] = p.x.p + (r < p.l ? r : p.l - 1) * p.x.stride;
    sum[r] = 0.f;
  }
  if (p.vec) {
#pragma unroll 1
    while (i < n) {
      f4 b[AHEAD];
      if (ROWS == 1) quads_of(b, x[0], i, step, n);
#pragma unroll
      for (int k = 0; k < AHEAD; k++) {
        if (ROWS > 1 && i + k * step >= n) break;
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
          f4 v = ROWS == 1 ? b[k] : ((const f4 *)x[r])[i + k * step];
#pragma unroll
          for (int j = 0; j < 4; j++) sum[r] = fma_(a[k][j], v[j], sum[r]);
        }
      }
      i += AHEAD * step;
      quads_of(a, w, i, step, n);
    }
  } else {
    for (; i < p.in; i += step) {
      float a = w[i];
#pragma unroll
      for (int r = 0; r < ROWS; r++) sum[r] = fma_(a, x[r][i], sum[r]);
    }
  }
  u32 m = 16;
#pragma unroll
  for (int n = ROWS / 2; n; n >>= 1, m >>= 1)
#pragma unroll
    for (int r = 0; r < n; r++) sum[r] = halve(sum[r], sum[r + n], lane & m, m);
#pragma unroll
  for (; m; m >>= 1) sum[0] += shfl_bfly(sum[0], m);
  if (lane % WIDTH == 0) part[warp][lane / WIDTH] = sum[0];
  sync();
  if (!ends) return;
  float v = 0.f;
  for (u32 s = 0; s < sharers; s++) v += part[warp + s][lane];
  if (p.bias) v += bias;
  if (p.accumulate) v += before;
  *y = v;
}

// Three blocks a multiprocessor: 3072 outputs are in one wave of an H100.
KERNELS(256, 3, gemv_1)(const GemvParams p) { gemv<1, 6>(p); }
KERNELS(256, 3, gemv_2)(const GemvParams p) { gemv<2, 6>(p); }
KERNELS(256, 3, gemv_4)(const GemvParams p) { gemv<4, 6>(p); }
KERNELS(256, 3, gemv_8)(const GemvParams p) { gemv<8, 3>(p); }

// C tile = Σ_k A·B with 256 threads, each of which has 4 × 4 outputs of every
// 64 × 64 part. The next 16 values of k are on their way while 16 are used.
template <int TILE, bool A_ALONG, bool B_ALONG>
DEV void gemm(const GemmParams &p) {
  const int PARTS = TILE / 64, ROW = TILE + 4;
  __attribute__((shared, aligned(16))) static float sa[2][16 * ROW];
  __attribute__((shared, aligned(16))) static float sb[2][16 * ROW];
  u32 t = tid(), tx = t & 15, ty = t >> 4;
  i64 m0 = (i64)bid_x() * TILE, n0 = (i64)bid_y() * TILE;
  i64 k0 = (i64)bid_z() * p.chunk, k1 = k0 + p.chunk < p.k ? k0 + p.chunk : p.k;
  Panel<TILE, ROW, A_ALONG> a;
  Panel<TILE, ROW, B_ALONG> b;
  bool va = a.aligned(p.a), vb = b.aligned(p.b);
  f4 acc[PARTS][PARTS][4];
#pragma unroll
  for (int i = 0; i < PARTS; i++)
#pragma unroll
    for (int j = 0; j < PARTS; j++)
#pragma unroll
      for (int r = 0; r < 4; r++) acc[i][j][r] = 0.f;
  a.load(p.a, m0, p.m, k0, k1, va);
  b.load(p.b, n0, p.n, k0, k1, vb);
  u32 turn = 0;
#pragma unroll 1
  for (i64 k = k0; k < k1; k += 16) {
    a.store(sa[turn]);
    b.store(sb[turn]);
    sync();
    if (k + 16 < k1) {
      a.load(p.a, m0, p.m, k + 16, k1, va);
      b.load(p.b, n0, p.n, k + 16, k1, vb);
    }
    const float *xa = &sa[turn][ty * 4], *xb = &sb[turn][tx * 4];
#pragma unroll 4
    for (int q = 0; q < 16; q++) {
      f4 u[PARTS], v[PARTS];
#pragma unroll
      for (int i = 0; i < PARTS; i++) u[i] = lds4(xa + q * ROW + i * 64), v[i] = lds4(xb + q * ROW + i * 64);
#pragma unroll
      for (int i = 0; i < PARTS; i++)
#pragma unroll
        for (int j = 0; j < PARTS; j++)
#pragma unroll
          for (int r = 0; r < 4; r++)
#pragma unroll
            for (int c = 0; c < 4; c++) acc[i][j][r][c] = fma_(u[i][r], v[j][c], acc[i][j][r][c]);
    }
    turn ^= 1; // the other half is written next: one barrier a round is enough
  }
  float *out = p.c.p + (i64)bid_z() * p.m * p.c.stride;
#pragma unroll
  for (int i = 0; i < PARTS; i++)
#pragma unroll
    for (int r = 0; r < 4; r++) {
      i64 row = m0 + i * 64 + ty * 4 + r;
      if (row >= p.m) continue;
      float *c = out + row * p.c.stride;
#pragma unroll
      for (int j = 0; j < PARTS; j++)
#pragma unroll
        for (int e = 0; e < 4; e++) {
          i64 col = n0 + j * 64 + tx * 4 + e;
          if (col >= p.n) continue;
          float v = acc[i][j][r][e];
          if (p.bias) v += p.bias[col];
          if (p.accumulate) v += c[col];
          c[col] = v;
        }
    }
}

KERNEL(256, gemm_nt_64)(const GemmParams p) { gemm<64, true, true>(p); }
KERNEL(256, gemm_nn_64)(const GemmParams p) { gemm<64, true, false>(p); }
KERNEL(256, gemm_tn_64)(const GemmParams p) { gemm<64, false, false>(p); }
KERNEL(256, gemm_nt_128)(const GemmParams p) { gemm<128, true, true>(p); }
KERNEL(256, gemm_nn_128)(const GemmParams p) { gemm<128, true, false>(p); }
KERNEL(256, gemm_tn_128)(const GemmParams p) { gemm<128, false, false>(p); }

struct GemmSumParams {
  View c;
  const float *work, *bias;
  i64 m, n;
  int splits, accumulate, lanes, pad;
};

// The parts of a product whose k was cut, added in order. What is added is on its
// way before it is needed.
KERNEL(256, gemm_sum)(const GemmSumParams p) {
  const int AHEAD = 8;
  u32 t = tid(), per = 256u >> p.lanes;
  i64 row = (i64)bid_x() * per + (t >> p.lanes), col = (i64)bid_y() * 256 + (t & ((1u << p.lanes) - 1));
  if (row >= p.m || col >= p.n) return;
  const float *w = p.work + row * p.n + col;
  i64 part = p.m * p.n;
  float v = 0.f;
#pragma unroll 1
  for (int s = 0; s < p.splits; s += AHEAD, w += AHEAD * part) {
    float x[AHEAD];
#pragma unroll
    for (int i = 0; i < AHEAD; i++) x[i] = s + i < p.splits ? w[i * part] : 0.f;
#pragma unroll
    for (int i = 0; i < AHEAD; i++) v += x[i];
  }
  if (p.bias) v += p.bias[col];
  float *c = p.c.p + row * p.c.stride + col;
  if (p.accumulate) v += *c;
  *c = v;
}
