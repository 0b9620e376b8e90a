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
  int pad;
};

// One block a row. Each thread reads its own elements twice, so dst may be x.
KERNEL(256, rmsnorm_rows)(const NormParams p) {
  __shared__ static float part[8];
  i64 row = bid_x();
  u32 t = tid(), n = threads();
  const float *x = p.x.p + row * p.x.stride;
  float *dst = p.dst.p + row * p.dst.stride;
  float sum = 0.f;
  for (i64 c = t; c < p.cols; c += n) sum = fma_(x[c], x[c], sum);
  sum = warp_sum(sum);
  if ((t & 31) == 0) part[t >> 5] = sum;
  sync();
  sum = 0.f;
  for (u32 w = 0; w < n >> 5; w++) sum += part[w];
  float root = __nvvm_sqrt_rn_ftz_f(sum / (float)p.cols + p.eps);
  float scale = 1.f / root;
  for (i64 c = t; c < p.cols; c += n) dst[c] = x[c] * scale * p.w[c];
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
