// What the kernels share that go through time in tiles whose successors are on
// their way from global to shared memory. Needs compute capability 8.0.
//
// They copy, size, gate and write four floats at a time: four neighbouring
// channels of a step, or four states of a row of B or C.
#pragma once
#include "scan.h"

const int T = 16; // steps of a tile
const int S = 16; // states of a channel, the last S − N of them zero

#define METHOD __device__ __attribute__((always_inline))

// copy4 copies one float from global to shared memory, some time before
// copies_wait says it is there; copy16 four, both sides aligned.
DEV void copy4(u32 to, const float *from) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(to), "l"(from) : "memory");
}
DEV void copy16(u32 to, const float *from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}
DEV void copies_end() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// copies_wait waits for all groups of this thread but the newest n.
template <int n> DEV void copies_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(n) : "memory"); }

// Shared memory by address, at a constant distance.
template <int BYTES> DEV void sts1(u32 a, float v) { asm volatile("st.shared.f32 [%0+%2], %1;" ::"r"(a), "f"(v), "n"(BYTES) : "memory"); }
DEV void sts1(u32 a, float v) { sts1<0>(a, v); }
template <int BYTES> DEV f2 lds2(u32 a) {
  f2 r;
  asm volatile("ld.shared.v2.f32 {%0,%1}, [%2+%3];" : "=f"(r.x), "=f"(r.y) : "r"(a), "n"(BYTES) : "memory");
  return r;
}
DEV f2 lds2(u32 a) { return lds2<0>(a); }
template <int BYTES> DEV float lds1(u32 a) {
  float r;
  asm volatile("ld.shared.f32 %0, [%1+%2];" : "=f"(r) : "r"(a), "n"(BYTES) : "memory");
  return r;
}
DEV int lds_int(u32 a) {
  int r;
  asm volatile("ld.shared.u32 %0, [%1];" : "=r"(r) : "r"(a) : "memory");
  return r;
}
DEV void sts4(u32 a, f4 v) { sts4<0>(a, v); }

// copy_quad starts the copies of the first n of four floats, and makes the others
// zero. WHOLE: n is 4, and both sides are aligned.
template <bool WHOLE> DEV void copy_quad(u32 to, const float *from, int n, bool aligned) {
  if (WHOLE || (n >= 4 && aligned)) {
    copy16(to, from);
    return;
  }
#pragma unroll
  for (int j = 0; j < 4; j++) {
    if (j < n) copy4(to + 4 * j, from + j);
    else sts1(to + 4 * j, 0.f);
  }
}

// store_quad writes the first n of four floats.
DEV void store_quad(float *to, f4 v, int n, bool aligned) {
  if (aligned) {
    *(f4 *)to = v;
    return;
  }
#pragma unroll
  for (int j = 0; j < 4; j++)
    if (j < n) to[j] = v[j];
}

// quad_of is four neighbours of a vector of d floats; absent ones are zero.
DEV f4 quad_of(const float *v, i64 c, i64 d) {
  f4 r = 0.f;
  if (v) {
#pragma unroll
    for (int j = 0; j < 4; j++)
      if (c + j < d) r[j] = v[c + j];
  }
  return r;
}

// size_quad makes Δ and Δu of four channels of a step, side by side; where there is
// none, nothing happens: both are zero.
DEV void size_quad(const ScanParams &p, u32 to, u32 delta, u32 u, const f4 &bias, bool exists) {
  f4 d = 0.f, v = 0.f;
  if (exists) {
    d = lds4(delta), v = lds4(u);
    if (p.softplus) {
#pragma unroll
      for (int j = 0; j < 4; j++) d[j] = softplus(d[j] + bias[j]);
    }
  }
  sts4<0>(to, f4{d.x, d.x * v.x, d.y, d.y * v.y});
  sts4<16>(to, f4{d.z, d.z * v.z, d.w, d.w * v.w});
}

// finish_quad is what stands in y for four channels of a step.
DEV f4 finish_quad(const ScanParams &p, u32 y, u32 u, u32 z, const f4 &skip) {
  f4 v = lds4(y);
  if (p.skip) {
    f4 w = lds4(u);
#pragma unroll
    for (int j = 0; j < 4; j++) v[j] = fma_(skip[j], w[j], v[j]);
  }
  if (p.z.p) {
    f4 w = lds4(z);
#pragma unroll
    for (int j = 0; j < 4; j++) v[j] *= silu(w[j]);
  }
  return v;
}

// kept is x, and keeps the compiler from testing its bits where all threads pass.
DEV u32 kept(u32 x) {
  asm volatile("mov.b32 %0, %0;" : "+r"(x));
  return x;
}
