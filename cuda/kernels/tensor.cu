// Matrix products on tensor cores, for compute capability 8.0 and later, with the
// accuracy of float32: 3×TF32. An operand is cut into two numbers of 11 bits,
// x = high + low, and a product is high·high + high·low + low·high; what is left
// out is 2^-22 of it. Tensor cores cut off when they add, so they sum 16 values of
// k only, which are then added in float32 as the arithmetic units round.
//
// An infinite operand gives NaN where float32 may give Inf: Inf·0 is in the sum.
#include "panel.h"

// A word with a TF32 number.
DEV u32 tf32(float x) {
  u32 r;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(r) : "f"(x));
  return r;
}

DEV void split(float x, u32 &high, u32 &low) {
  high = tf32(x);
  low = tf32(x - __builtin_bit_cast(float, high));
}

// c += a·b for matrices (16, 8) and (8, 8), spread over the lanes of a warp: with
// g = lane/4 and q = lane%4 a lane has a[g][q], a[g+8][q], a[g][q+4], a[g+8][q+4],
// b[q][g], b[q+4][g], and c[g][2q], c[g][2q+1], c[g+8][2q], c[g+8][2q+1].
DEV void mma(f4 &c, const u32 (&a)[4], const u32 (&b)[2]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c.x), "+f"(c.y), "+f"(c.z), "+f"(c.w)
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// A block of 128 × 128 outputs is 2 × 4 warps of 64 × 32, which are 4 × 4 tiles of
// 16 × 8. Rows of 136 words: the four values of q are 8 banks apart.
template <bool A_ALONG, bool B_ALONG>
DEV void product(const GemmParams &p) {
  const int TILE = 128, ROW = TILE + 8;
  __attribute__((shared, aligned(16))) static float sa[2][16 * ROW];
  __attribute__((shared, aligned(16))) static float sb[2][16 * ROW];
  u32 t = tid(), lane = t & 31, g = lane >> 2, q = lane & 3;
  u32 wm = (t >> 5 & 1) * 64, wn = (t >> 6) * 32; // where the warp's outputs begin
  i64 m0 = (i64)bid_x() * TILE, n0 = (i64)bid_y() * TILE;
  i64 k0 = (i64)bid_z() * p.chunk, k1 = k0 + p.chunk < p.k ? k0 + p.chunk : p.k;
  Panel<TILE, ROW, A_ALONG> a;
  Panel<TILE, ROW, B_ALONG> b;
  bool va = a.aligned(p.a), vb = b.aligned(p.b);
  f4 acc[4][4];
#pragma unroll
  for (int i = 0; i < 4; i++)
#pragma unroll
    for (int j = 0; j < 4; j++) acc[i][j] = 0.f;
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
    const float *xa = &sa[turn][q * ROW + wm + g], *xb = &sb[turn][q * ROW + wn + g];
    u32 bh[4][2][2], bl[4][2][2]; // [column tile][half of k][word]
#pragma unroll
    for (int j = 0; j < 4; j++)
#pragma unroll
      for (int s = 0; s < 2; s++)
#pragma unroll
        for (int w = 0; w < 2; w++) split(xb[(s * 8 + w * 4) * ROW + j * 8], bh[j][s][w], bl[j][s][w]);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      u32 ah[2][4], al[2][4];
#pragma unroll
      for (int s = 0; s < 2; s++)
#pragma unroll
        for (int w = 0; w < 4; w++)
          split(xa[(s * 8 + (w >> 1) * 4) * ROW + i * 16 + (w & 1) * 8], ah[s][w], al[s][w]);
      f4 part[4];
#pragma unroll
      for (int j = 0; j < 4; j++) part[j] = 0.f;
#pragma unroll
      for (int s = 0; s < 2; s++) {
#pragma unroll
        for (int j = 0; j < 4; j++) mma(part[j], al[s], bh[j][s]);
#pragma unroll
        for (int j = 0; j < 4; j++) mma(part[j], ah[s], bl[j][s]);
#pragma unroll
        for (int j = 0; j < 4; j++) mma(part[j], ah[s], bh[j][s]);
      }
#pragma unroll
      for (int j = 0; j < 4; j++) acc[i][j] += part[j];
    }
    turn ^= 1;
  }
  float *out = p.c.p + (i64)bid_z() * p.m * p.c.stride;
#pragma unroll
  for (int i = 0; i < 4; i++)
#pragma unroll
    for (int half = 0; half < 2; half++) {
      i64 row = m0 + wm + i * 16 + half * 8 + g;
      if (row >= p.m) continue;
      float *c = out + row * p.c.stride;
#pragma unroll
      for (int j = 0; j < 4; j++)
#pragma unroll
        for (int e = 0; e < 2; e++) {
          i64 col = n0 + wn + j * 8 + 2 * q + e;
          if (col >= p.n) continue;
          float v = acc[i][j][half * 2 + e];
          if (p.bias) v += p.bias[col];
          if (p.accumulate) v += c[col];
          c[col] = v;
        }
    }
}

KERNEL(256, tensor_nt_128)(const GemmParams p) { product<true, true>(p); }
KERNEL(256, tensor_nn_128)(const GemmParams p) { product<true, false>(p); }
KERNEL(256, tensor_tn_128)(const GemmParams p) { product<false, false>(p); }
