// The arguments of the matrix products, and how those without tensor cores bring
// their operands to shared memory.
#pragma once
#include "gpu.h"

struct GemmParams {
  View c, a, b;
  const float *bias;
  i64 m, n, k, chunk;
  int accumulate, pad;
};

// four is elements [at, at+4) of a row of which n are there, zeros beyond.
DEV f4 four(const float *row, i64 at, i64 n, bool vec) {
  if (vec && at + 4 <= n) return *(const f4 *)(row + at);
  f4 v = 0.f;
#pragma unroll
  for (int i = 0; i < 4; i++)
    if (at + i < n) v[i] = row[at + i];
  return v;
}

// A panel is TILE rows (m or n) of 16 values of k of one operand: first in the
// registers of the thread, then in shared memory as [k][m]. ALONG: k runs along
// the rows of the matrix as stored; otherwise m does. A row of shared memory is
// ROW words long.
template <int TILE, int ROW, bool ALONG>
struct Panel {
  static const int PARTS = TILE / 64;
  f4 v[PARTS];

  static __device__ __attribute__((always_inline)) bool aligned(const View &a) { return (((u64)a.p | (u64)(a.stride << 2)) & 15) == 0; }

  __device__ __attribute__((always_inline)) void load(const View &a, i64 m0, i64 m, i64 k0, i64 k, bool vec) {
    u32 t = tid();
#pragma unroll
    for (int q = 0; q < PARTS; q++) {
      if (ALONG) {
        i64 row = m0 + q * 64 + (t >> 2);
        v[q] = row < m ? four(a.p + row * a.stride, k0 + (t & 3) * 4, k, vec) : (f4)0.f;
      } else {
        i64 row = k0 + (t >> 4);
        v[q] = row < k ? four(a.p + row * a.stride, m0 + q * 64 + (t & 15) * 4, m, vec) : (f4)0.f;
      }
    }
  }

  __device__ __attribute__((always_inline)) void store(float *s) const {
    u32 t = tid();
#pragma unroll
    for (int q = 0; q < PARTS; q++) {
      if (ALONG) {
#pragma unroll
        for (int i = 0; i < 4; i++) s[((t & 3) * 4 + i) * ROW + q * 64 + (t >> 2)] = v[q][i];
      } else {
        *(f4 *)&s[(t >> 4) * ROW + q * 64 + (t & 15) * 4] = v[q];
      }
    }
  }
};
