// Matrix products on tensor cores, for compute capability 8.0 and later, with the
// accuracy of float32: 3×TF32. An operand is cut into two numbers of 11 bits,
// x = high + low, and a product is high·high + high·low + low·high; what is left
// out is some 2^-22 of it. Tensor cores cut off when they add, so they sum 16
// values of k only, which are then added in float32 as the arithmetic units round.
//
// An infinite operand gives NaN, since its low is NaN: a thread that has one
// computes its outputs again without tensor cores.
#include "panel.h"

// The cut by hand: cvt.rna.tf32 becomes four instructions. Tensor cores ignore the
// last 13 bits of a factor, and of low at most one of those is not zero. A NaN
// whose high overflows to zero is in low.
DEV void split(float x, u32 &high, u32 &low) {
  high = (__builtin_bit_cast(u32, x) + 0x1000) & ~0x1fffu;
  low = __builtin_bit_cast(u32, x - __builtin_bit_cast(float, high));
}

// c += a·b for matrices (16, 8) and (8, 8), spread over the lanes of a warp: with
// g = lane/4 and q = lane%4 a lane has a[g][q], a[g+8][q], a[g][q+4], a[g+8][q+4],
// b[q][g], b[q+4][g], and c[g][2q], c[g][2q+1], c[g+8][2q], c[g+8][2q+1].
DEV void mma(f4 &c, const u32 (&a)[4], const u32 (&b)[2]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c.x), "+f"(c.y), "+f"(c.z), "+f"(c.w)
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// copy copies BYTES bytes from global to shared memory, some time before
// copies_wait says they are there: the first `there` as they are, zeros beyond.
template <int BYTES> DEV void copy(u32 to, const float *from, int there) {
  if (BYTES == 16) asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(there) : "memory");
  else asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from), "r"(there) : "memory");
}
DEV void copies_end() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// copies_wait waits for all groups of this thread but the newest n.
template <int n> DEV void copies_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(n) : "memory"); }

DEV float lds1(u32 a) {
  float r;
  asm volatile("ld.shared.f32 %0, [%1];" : "=f"(r) : "r"(a) : "memory");
  return r;
}

DEV int within(i64 n, int most) { return n < 0 ? 0 : n < most ? (int)n : most; }

#define METHOD __device__ __attribute__((always_inline))

const int K = 16;         // values of k of a stage
const int MT = 2, NT = 4; // tiles of 16 × 8 outputs of a warp
const int STAGES = 4;

// An operand is SIZE rows (m or n) of one matrix, K values of k at a time.
// ALONG: k runs along the rows of the matrix as stored; otherwise m does.
//
// In shared memory it lies as in the matrix: [row][k], or [k][row] with 8 rows
// after 8 rows in an order that depends on k/4. In either a warp reads four
// values of k of 8 rows without two lanes at one bank.
template <int SIZE, int THREADS, bool ALONG> struct Operand {
  static const int QUADS = SIZE * K / 4 / THREADS; // four elements, of a thread
  static const int LINE = ALONG ? K : SIZE;        // words
  static const int STEP = THREADS * 4 / LINE;      // lines from quad to quad
  static const int BYTES = SIZE * K * 4;           // of a stage

  const float *from; // the next stage's first quad
  i64 step;          // elements from quad to quad
  u32 line, column;  // the first quad's place in the stage
  int here;          // ALONG: lines from the first quad's on that are there; otherwise elements of a quad

  METHOD Operand(const View &x, i64 row, i64 size, i64 k0) : step(STEP * x.stride) {
    line = tid() / (LINE / 4), column = tid() % (LINE / 4) * 4;
    here = within(size - row, SIZE) - (int)(ALONG ? line : column);
    if (ALONG) {
      from = x.p + (row + line) * x.stride + k0 + column;
    } else {
      from = x.p + (k0 + line) * x.stride + row + column;
      here = within(here, 4);
      column ^= line / 4 % 4 * 8;
    }
  }
  METHOD static bool aligned(const View &x) { return (((u64)x.p | (u64)(x.stride << 2)) & 15) == 0; }

  // issue starts the copies of a stage, of which k values are left.
  METHOD void issue(u32 stage, int k) {
    const float *at = from;
#pragma unroll
    for (int c = 0; c < QUADS; c++, at += step) copy<16>(place(stage, c), at, 4 * there(c, k));
    from = ALONG ? from + K : at;
  }
  // issue_words is issue for a matrix whose quads are not aligned.
  METHOD void issue_words(u32 stage, int k) {
    const float *at = from;
#pragma unroll 1
    for (int c = 0; c < QUADS; c++, at += step)
#pragma unroll 1
      for (int i = 0; i < 4; i++) copy<4>(place(stage, c) + 4 * i, at + i, i < there(c, k) ? 4 : 0);
    from = ALONG ? from + K : at;
  }
  METHOD u32 place(u32 stage, int c) const {
    return stage + 4 * ((line + c * STEP) * LINE + (ALONG ? column : column ^ (c * STEP / 4 % 4 * 8)));
  }
  METHOD int there(int c, int k) const {
    return ALONG ? c * STEP < here ? within(k - (int)column, 4) : 0 : (int)line + c * STEP < k ? here : 0;
  }

  // lane is where a lane's values begin in a stage, for rows from w on.
  METHOD static u32 lane(u32 w, u32 g, u32 q) { return 4 * (ALONG ? (w + g) * K + 4 * q : 4 * q * SIZE + w + g); }

  // four are values 4q … 4q+3 of k of row w + 8j + g.
  METHOD static f4 four(u32 lane, u32 q, int j) {
    if (ALONG) return lds4(lane + 4 * 8 * j * K);
    u32 at = lane + 4 * (j & ~3) * 8 + ((j & 3) ^ q) * 32;
    f4 v;
#pragma unroll
    for (int i = 0; i < 4; i++) v[i] = lds1(at + 4 * i * SIZE);
    return v;
  }
};

// plain computes a thread's outputs, the first of which is given.
template <bool A_ALONG, bool B_ALONG>
DEV void plain(const GemmParams &p, float *out, i64 m0, i64 n0) {
  i64 k0 = (i64)bid_z() * p.chunk, k1 = k0 + p.chunk < p.k ? k0 + p.chunk : p.k;
#pragma unroll 1
  for (int e = 0; e < MT * NT * 4; e++) {
    i64 row = m0 + e / (NT * 4) * 16 + (e / 2 % 2) * 8, col = n0 + e / 4 % NT * 8 + e % 2;
    if (row >= p.m || col >= p.n) continue;
    const float *a = p.a.p + row * (A_ALONG ? p.a.stride : 1), *b = p.b.p + col * (B_ALONG ? p.b.stride : 1);
    float v = 0.f;
#pragma unroll 1
    for (i64 k = k0; k < k1; k++) v = fma_(a[k * (A_ALONG ? 1 : p.a.stride)], b[k * (B_ALONG ? 1 : p.b.stride)], v);
    if (p.bias) v += p.bias[col];
    float *c = out + row * p.c.stride + col;
    *c = p.accumulate ? *c + v : v;
  }
}

// A block is WM × WN warps of 32 × 32 outputs. While one stage of K values of k is
// multiplied, the next STAGES − 1 are on their way. What a lane calls k = q and q+4
// in mma is 4q and 4q+1 of the stage, then 4q+2 and 4q+3: a sum may go through k in
// any order, and a lane reads four neighbours at once.
template <int WM, int WN, bool A_ALONG, bool B_ALONG>
DEV void product(const GemmParams &p) {
  const int M = WM * MT * 16, N = WN * NT * 8, THREADS = WM * WN * 32;
  typedef Operand<M, THREADS, A_ALONG> A;
  typedef Operand<N, THREADS, B_ALONG> B;
  const int STAGE = A::BYTES + B::BYTES;
  __attribute__((shared, aligned(128))) static float memory[STAGES * STAGE / 4];
  u32 lane = tid() & 31, warp = tid() >> 5, g = lane >> 2, q = lane & 3;
  u32 wm = warp % WM * MT * 16, wn = warp / WM * NT * 8; // where the warp's outputs begin
  i64 m0 = (i64)bid_x() * M, n0 = (i64)bid_y() * N, k0 = (i64)bid_z() * p.chunk;
  int k = within(p.k - k0, (int)p.chunk);
  A a(p.a, m0, p.m, k0);
  B b(p.b, n0, p.n, k0);
  u32 first = shared_at(memory), end = first + STAGES * STAGE, next = first, stage = first;
  bool vec = A::aligned(p.a) && B::aligned(p.b);
  auto issue = [&](int left) __attribute__((always_inline)) {
    if (left > 0) {
      if (vec) a.issue(next, left), b.issue(next + A::BYTES, left);
      else a.issue_words(next, left), b.issue_words(next + A::BYTES, left);
    }
    copies_end();
    next = next + STAGE == end ? first : next + STAGE;
  };
#pragma unroll 1
  for (int s = 0; s < STAGES - 1; s++) issue(k - s * K);
  f4 acc[MT][NT];
#pragma unroll
  for (int i = 0; i < MT; i++)
#pragma unroll
    for (int j = 0; j < NT; j++) acc[i][j] = 0.f;
  u32 la = A::lane(wm, g, q), lb = A::BYTES + B::lane(wn, g, q);
#pragma unroll 1
  for (; k > 0; k -= K) {
    copies_wait<STAGES - 2>();
    sync(); // the stage is there for all, and all have done with the one before it
    issue(k - (STAGES - 1) * K);
    u32 ah[MT][2][4], al[MT][2][4]; // [row tile][half of k][word]
#pragma unroll
    for (int i = 0; i < MT; i++)
#pragma unroll
      for (int half = 0; half < 2; half++) {
        f4 v = A::four(stage + la, q, 2 * i + half);
#pragma unroll
        for (int w = 0; w < 4; w++) split(v[w], ah[i][w >> 1][(w & 1) * 2 + half], al[i][w >> 1][(w & 1) * 2 + half]);
      }
#pragma unroll
    for (int j = 0; j < NT; j++) {
      u32 bh[2][2], bl[2][2];
      f4 v = B::four(stage + lb, q, j);
#pragma unroll
      for (int w = 0; w < 4; w++) split(v[w], bh[w >> 1][w & 1], bl[w >> 1][w & 1]);
      f4 part[MT];
#pragma unroll
      for (int i = 0; i < MT; i++) part[i] = 0.f;
#pragma unroll
      for (int s = 0; s < 2; s++) {
#pragma unroll
        for (int i = 0; i < MT; i++) mma(part[i], al[i][s], bh[s]);
#pragma unroll
        for (int i = 0; i < MT; i++) mma(part[i], ah[i][s], bl[s]);
#pragma unroll
        for (int i = 0; i < MT; i++) mma(part[i], ah[i][s], bh[s]);
      }
#pragma unroll
      for (int i = 0; i < MT; i++) acc[i][j] += part[i];
    }
    stage = stage + STAGE == end ? first : stage + STAGE;
  }
  float *out = p.c.p + (i64)bid_z() * p.m * p.c.stride;
  bool pairs = (((u64)out | (u64)(p.c.stride << 2)) & 7) == 0, nan = false;
#pragma unroll
  for (int i = 0; i < MT; i++)
#pragma unroll
    for (int j = 0; j < NT; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) nan |= acc[i][j][e] != acc[i][j][e];
  if (nan) {
    plain<A_ALONG, B_ALONG>(p, out, m0 + wm + g, n0 + wn + 2 * q);
    return;
  }
  if (p.bias)
#pragma unroll
    for (int j = 0; j < NT; j++) {
      i64 col = n0 + wn + j * 8 + 2 * q;
      float x = col < p.n ? p.bias[col] : 0.f, y = col + 1 < p.n ? p.bias[col + 1] : 0.f;
#pragma unroll
      for (int i = 0; i < MT; i++) acc[i][j] += f4{x, y, x, y};
    }
#pragma unroll
  for (int i = 0; i < MT; i++)
#pragma unroll
    for (int half = 0; half < 2; half++) {
      i64 row = m0 + wm + i * 16 + half * 8 + g;
      if (row >= p.m) continue;
      float *c = out + row * p.c.stride;
#pragma unroll
      for (int j = 0; j < NT; j++) {
        i64 col = n0 + wn + j * 8 + 2 * q;
        f2 v = {acc[i][j][half * 2], acc[i][j][half * 2 + 1]};
        if (pairs && col + 1 < p.n) {
          if (p.accumulate) v += *(f2 *)(c + col);
          *(f2 *)(c + col) = v;
        } else {
#pragma unroll
          for (int e = 0; e < 2; e++)
            if (col + e < p.n) c[col + e] = p.accumulate ? c[col + e] + v[e] : v[e];
        }
      }
    }
}

#define PRODUCTS(threads, blocks, size, wm, wn)                                                        \
  KERNELS(threads, blocks, tensor_nt_##size)(const GemmParams p) { product<wm, wn, true, true>(p); }  \
  KERNELS(threads, blocks, tensor_nn_##size)(const GemmParams p) { product<wm, wn, true, false>(p); } \
  KERNELS(threads, blocks, tensor_tn_##size)(const GemmParams p) { product<wm, wn, false, false>(p); }

PRODUCTS(128, 4, 64x64, 2, 2)
PRODUCTS(256, 2, 128x64, 4, 2)
