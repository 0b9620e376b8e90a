// What cuda_runtime.h would give, as far as these kernels need it: clang
// compiles them without any CUDA header, device library or ptxas.
#pragma once

#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define DEV static __device__ __attribute__((always_inline)) inline
#define KERNEL(threads, name) \
  extern "C" __global__ void __attribute__((launch_bounds(threads))) name
// KERNELS also says how many blocks a multiprocessor shall hold at least, which
// limits registers.
#define KERNELS(threads, blocks, name) \
  extern "C" __global__ void __attribute__((launch_bounds(threads, blocks))) name

typedef unsigned u32;
typedef unsigned long long u64;
typedef long long i64;
// Vectors, not structs: a struct that is written in parts goes to local memory.
typedef float f4 __attribute__((ext_vector_type(4)));
typedef float f2 __attribute__((ext_vector_type(2)));

// View is a row-major matrix: element (r, c) is p[r·stride + c]; p is null where
// an argument is absent.
struct View {
  float *p;
  i64 stride;
};

DEV u32 tid() { return __nvvm_read_ptx_sreg_tid_x(); }
DEV u32 threads() { return __nvvm_read_ptx_sreg_ntid_x(); }
DEV u32 bid_x() { return __nvvm_read_ptx_sreg_ctaid_x(); }
DEV u32 bid_y() { return __nvvm_read_ptx_sreg_ctaid_y(); }
DEV u32 bid_z() { return __nvvm_read_ptx_sreg_ctaid_z(); }
DEV void sync() { __syncthreads(); }

// Where a kernel that is launched early (see Module.Early) waits for those ahead of
// it, if not at its front: what comes before may read what no kernel ever writes, a
// weight. And from where on the next kernel may come, to do the same: where both
// have few blocks, since it takes room. Otherwise these are nothing.
DEV void early_wait() { asm volatile("// early: wait" ::: "memory"); }
DEV void early_next() { asm volatile("// early: next" ::: "memory"); }

// Shuffles among all 32 lanes of a warp: every lane must take part.
DEV float shfl_up(float v, u32 d) { return __nvvm_shfl_sync_up_f32(0xffffffffu, v, d, 0); }
DEV float shfl_down(float v, u32 d) { return __nvvm_shfl_sync_down_f32(0xffffffffu, v, d, 31); }
DEV float shfl_idx(float v, u32 i) { return __nvvm_shfl_sync_idx_f32(0xffffffffu, v, i, 31); }
DEV float shfl_bfly(float v, u32 m) { return __nvvm_shfl_sync_bfly_f32(0xffffffffu, v, m, 31); }
DEV u32 ballot(bool b) { return __nvvm_vote_ballot_sync(0xffffffffu, b); }

// warp_sum is the sum over the warp, in the same order in every lane.
DEV float warp_sum(float v) {
#pragma unroll
  for (u32 m = 16; m; m >>= 1) v += shfl_bfly(v, m);
  return v;
}

// halve goes on with the second of two values where high, with the first where not,
// and adds the partner's.
DEV float halve(float first, float second, bool high, u32 bit) {
  float mine = high ? second : first, other = high ? first : second;
  return mine + shfl_bfly(other, bit);
}

// The functions of the special function unit: 2^x and 1/x with a relative error
// of about 2^-22, subnormal results are zero.
DEV float ex2(float x) { return __nvvm_ex2_approx_ftz_f(x); }
DEV float lg2(float x) { return __nvvm_lg2_approx_ftz_f(x); }
DEV float rcp(float x) { return __nvvm_rcp_approx_ftz_f(x); }
DEV float fma_(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
DEV float abs_(float x) { return __builtin_fabsf(x); }

const float LOG2E = 1.4426950408889634f;

// Shared memory by its 32-bit address, four words at a time: pointers would be
// 64 bits wide, and the compiler takes vectors of shared memory apart.
DEV u32 shared_at(const float *p) { return (u32)(u64)(__attribute__((address_space(3))) const float *)p; }
DEV f4 lds4(u32 a) {
  f4 r;
  asm volatile("ld.shared.v4.f32 {%0,%1,%2,%3}, [%4];"
               : "=f"(r.x), "=f"(r.y), "=f"(r.z), "=f"(r.w) : "r"(a) : "memory");
  return r;
}
template <int BYTES>
DEV f4 lds4(u32 a) { // at a constant distance
  f4 r;
  asm volatile("ld.shared.v4.f32 {%0,%1,%2,%3}, [%4+%5];"
               : "=f"(r.x), "=f"(r.y), "=f"(r.z), "=f"(r.w) : "r"(a), "n"(BYTES) : "memory");
  return r;
}
DEV f4 lds4(const float *p) { return lds4(shared_at(p)); }
template <int BYTES>
DEV void sts4(u32 a, f4 v) {
  asm volatile("st.shared.v4.f32 [%0+%5], {%1,%2,%3,%4};"
               ::"r"(a), "f"(v.x), "f"(v.y), "f"(v.z), "f"(v.w), "n"(BYTES) : "memory");
}
