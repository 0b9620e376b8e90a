// What the kernels share that go through time in tiles whose successors are on
// their way from global to shared memory. Needs compute capability 8.0.
#pragma once
#include "scan.h"

const int T = 16; // steps of a tile
const int S = 16; // states of a channel, the last S − N of them zero

#define METHOD __device__ __attribute__((always_inline))

// copy4 copies one float from global to shared memory, some time before
// copies_wait says it is there.
DEV void copy4(float *to, const float *from) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(shared_at(to)), "l"(from) : "memory");
}
DEV void copies_end() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// copies_wait waits for all groups of this thread but the newest n.
template <int n> DEV void copies_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(n) : "memory"); }

DEV f2 lds2(const float *p) {
  f2 r;
  asm volatile("ld.shared.v2.f32 {%0,%1}, [%2];" : "=f"(r.x), "=f"(r.y) : "r"(shared_at(p)) : "memory");
  return r;
}
DEV float lds1(const float *p) {
  float r;
  asm volatile("ld.shared.f32 %0, [%1];" : "=f"(r) : "r"(shared_at(p)) : "memory");
  return r;
}
