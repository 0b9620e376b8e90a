// Operations that go row by row: their cost is the traffic of their operands.
#include "math.h"

// A block takes several short rows at once: a row has 2^lanes threads.
struct Place {
  i64 row;
  u32 first, step;
};

DEV Place place(int lanes) {
  u32 t = tid(), per = threads() >> lanes;
  return Place{(i64)bid_x() * per + (t >> lanes), t & ((1u << lanes) - 1), 1u << lanes};
}

struct CopyParams {
  View dst, src;
  i64 rows, cols;
  int lanes, pad;
};

KERNEL(256, copy_rows)(const CopyParams p) {
  Place q = place(p.lanes);
  if (q.row >= p.rows) return;
  float *dst = p.dst.p + q.row * p.dst.stride;
  const float *src = p.src.p + q.row * p.src.stride;
  for (i64 c = q.first; c < p.cols; c += q.step) dst[c] = src[c];
}

struct EmbedParams {
  View dst, table;
  const int *ids;
  i64 l, cols, rows;
  int lanes, pad;
};

KERNEL(256, embed_rows)(const EmbedParams p) {
  Place q = place(p.lanes);
  if (q.row >= p.l) return;
  i64 id = p.ids[q.row];
  bool bad = id < 0 || id >= p.rows;
  float *dst = p.dst.p + q.row * p.dst.stride;
  const float *src = p.table.p + (bad ? 0 : id) * p.table.stride;
  for (i64 c = q.first; c < p.cols; c += q.step) dst[c] = bad ? __builtin_nanf("") : src[c];
}

struct SoftplusParams {
  View dst, x;
  const float *bias;
  i64 l, d;
  int lanes, pad;
};

KERNEL(256, softplus_rows)(const SoftplusParams p) {
  Place q = place(p.lanes);
  if (q.row >= p.l) return;
  float *dst = p.dst.p + q.row * p.dst.stride;
  const float *x = p.x.p + q.row * p.x.stride;
  for (i64 c = q.first; c < p.d; c += q.step) {
    float v = x[c];
    if (p.bias) v += p.bias[c];
    dst[c] = softplus(v);
  }
}

struct NormParams {
  View dst, x;
  const float *w;
  i64 l, cols;
  float eps;
  int quads; // dst, x and w can be read four elements at a time
};

// quad is the four elements of a row of n that begin with c; absent ones are zero.
template <bool QUADS> DEV f4 quad(const float *row, int c, int n) {
  f4 v = 0.f;
  if (QUADS) {
    if (c < n) v = *(const f4 *)(row + c);
    return v;
  }
#pragma unroll
  for (int j = 0; j < 4; j++)
    if (c + j < n) v[j] = row[c + j];
  return v;
}

DEV float squares(f4 v, float sum) {
#pragma unroll
  for (int j = 0; j < 4; j++) sum = fma_(v[j], v[j], sum);
  return sum;
}

template <bool QUADS> DEV void scaled(float *row, int c, int n, f4 v, f4 w, float scale) {
  v = v * scale * w;
  if (QUADS) {
    if (c < n) *(f4 *)(row + c) = v;
    return;
  }
#pragma unroll
  for (int j = 0; j < 4; j++)
    if (c + j < n) row[c + j] = v[j];
}

// A thread has every threads()-th quad of a row, the first KEEP of them in registers
// and on their way together with their weights. The order of the sum depends on
// cols alone. A thread reads only what it writes, so dst may be x.
template <bool QUADS> DEV void norm(const NormParams &p) {
  const int KEEP = 4;
  __shared__ static float part[8];
  u32 t = tid(), warps = threads() >> 5;
  int cols = (int)p.cols, c0 = 4 * t, step = 4 * threads();
  const float *x = p.x.p + (i64)bid_x() * p.x.stride;
  float *dst = p.dst.p + (i64)bid_x() * p.dst.stride;
  f4 v[KEEP], w[KEEP];
#pragma unroll
  for (int k = 0; k < KEEP; k++) v[k] = quad<QUADS>(x, c0 + k * step, cols);
#pragma unroll
  for (int k = 0; k < KEEP; k++) w[k] = quad<QUADS>(p.w, c0 + k * step, cols);
  float sum = 0.f;
#pragma unroll
  for (int k = 0; k < KEEP; k++) sum = squares(v[k], sum);
#pragma unroll 1
  for (int c = c0 + KEEP * step; c < cols; c += step) sum = squares(quad<QUADS>(x, c, cols), sum);
  sum = warp_sum(sum);
  if ((t & 31) == 0) part[t >> 5] = sum;
  if (t >= warps && t < 8) part[t] = 0.f; // of warps that are not there
  sync();
  sum = part[0];
#pragma unroll
  for (int i = 1; i < 8; i++) sum += part[i];
  float root = __nvvm_sqrt_rn_ftz_f(sum / (float)p.cols + p.eps);
  float scale = 1.f / root;
#pragma unroll
  for (int k = 0; k < KEEP; k++) scaled<QUADS>(dst, c0 + k * step, cols, v[k], w[k], scale);
#pragma unroll 1
  for (int c = c0 + KEEP * step; c < cols; c += step)
    scaled<QUADS>(dst, c, cols, quad<QUADS>(x, c, cols), quad<QUADS>(p.w, c, cols), scale);
}

KERNEL(256, rmsnorm_rows)(const NormParams p) {
  if (p.l == 1) early_next();
  if (p.quads) norm<true>(p);
  else norm<false>(p);
}

struct TapParams {
  int *tap_of;
  const int *taps;
  i64 l, n;
};

// tap_of[t] is the place of step t in the ascending list taps, or −1.
KERNEL(256, tap_map)(const TapParams p) {
  i64 t = (i64)bid_x() * 256 + tid();
  if (t >= p.l) return;
  i64 lo = 0, hi = p.n;
  while (lo < hi) {
    i64 mid = (lo + hi) >> 1;
    if (p.taps[mid] < t) lo = mid + 1;
    else hi = mid;
  }
  p.tap_of[t] = lo < p.n && p.taps[lo] == t ? (int)lo : -1;
}
