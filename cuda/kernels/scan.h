// What the scan kernels share.
#pragma once
#include "math.h"

struct ScanParams {
  View u, delta, z, y, b, c, a, h;
  const float *bias, *skip;
  const int *resets;
  const int *tap_of;
  float *tap_h;
  float *chunk_h, *chunk_p;
  int *chunk_reset;
  struct {
    i64 u, delta, z, y, b, c, h, resets;
  } distance;
  i64 l, d, n, chunk, chunks;
  int rule, softplus, lanes, channels;
  int pieces, inverse; // of stream_split.cu: of a tile; 2¹⁶/(channels/4), rounded up
  int quads, pad;      // what is copied four floats at a time
};

// Bits of ScanParams.quads, which the planner sets.
enum {
  QUAD_COLUMNS = 1, // Δ, u, z, y: addresses, strides and D are multiples of four floats
  QUAD_ROWS = 2,    // B, C (scan_step: A, h too): N = 16, addresses and strides are multiples of four floats
};

// batch moves the views of p to sequence b.
DEV void batch(ScanParams &p, i64 b) {
  p.u.p += b * p.distance.u;
  p.delta.p += b * p.distance.delta;
  if (p.z.p) p.z.p += b * p.distance.z;
  p.y.p += b * p.distance.y;
  p.b.p += b * p.distance.b;
  p.c.p += b * p.distance.c;
  p.h.p += b * p.distance.h;
  if (p.resets) p.resets += b * p.distance.resets;
  i64 states = b * p.chunks * p.d * p.n;
  p.chunk_h += states, p.chunk_p += states;
  p.chunk_reset += b * p.chunks;
}

// log2_of is A in the base of ex2. The least number takes the place of −Inf, so
// that Δ = 0 changes nothing.
DEV float log2_of(float a) {
  float x = a * LOG2E;
  return x < -3e38f ? -3e38f : x;
}

DEV bool resets_at(const ScanParams &p, i64 t) { return p.resets && (p.resets[t] & RESET_STATE); }

// finish is what stands in y: the sum over states, the skip and the gate.
DEV float finish(const ScanParams &p, float sum, float u, float skip, i64 t, i64 d) {
  float v = p.skip ? fma_(skip, u, sum) : sum;
  return p.z.p ? v * silu(p.z.p[t * p.z.stride + d]) : v;
}

extern __attribute__((shared, aligned(16))) float smem[];
