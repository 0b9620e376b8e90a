// The gradients of everything but the scan. What is summed over rows is summed
// in pieces of fixed size, which are then added in order.
#include "math.h"

struct EntropyParams {
  View logits, dlogits; // dlogits may be logits, or absent
  const int *targets;
  float *loss;
  int *best;
  i64 l, v;
  float scale;
  int pad;
};

// One block a row. With top the greatest logit, the loss is
// log1p(Σ_{v≠best} e^(x−top)) + (top − x[target]): exact also where it is tiny.
KERNEL(256, cross_entropy)(const EntropyParams p) {
  __shared__ static float part[8];
  __shared__ static int where[8];
  i64 row = bid_x();
  u32 t = tid(), warp = t >> 5, lane = t & 31, warps = threads() >> 5;
  const float *x = p.logits.p + row * p.logits.stride;
  float top = -__builtin_inff();
  int best = 0x7fffffff;
  for (i64 v = t; v < p.v; v += threads())
    if (x[v] > top || best == 0x7fffffff) top = x[v], best = (int)v;
  // The greater logit wins, and the lower place between equal ones.
#pragma unroll
  for (u32 m = 16; m; m >>= 1) {
    float other = shfl_bfly(top, m);
    int place = __nvvm_shfl_sync_bfly_i32(0xffffffffu, best, m, 31);
    if (other > top || (other == top && place < best)) top = other, best = place;
  }
  if (lane == 0) part[warp] = top, where[warp] = best;
  sync();
  top = part[0], best = where[0];
  for (u32 w = 1; w < warps; w++)
    if (part[w] > top || (part[w] == top && where[w] < best)) top = part[w], best = where[w];
  sync();
  float rest = 0.f;
  for (i64 v = t; v < p.v; v += threads())
    if (v != best) rest += ex2((x[v] - top) * LOG2E);
  rest = warp_sum(rest);
  // Before the barrier: dlogits may be logits, and are written after it.
  int target = p.targets[row];
  float at = target >= 0 && target < p.v ? x[target] : 0.f;
  if (lane == 0) part[warp] = rest;
  sync();
  rest = 0.f;
  for (u32 w = 0; w < warps; w++) rest += part[w];
  if (t == 0) {
    p.best[row] = best;
    float gap = top - at;
    float loss = rest <= 1.f ? log1p_plus(rest, gap) : fma_(lg2(1.f + rest), 0.6931471805599453f, gap);
    p.loss[row] = target < 0 ? 0.f : loss;
  }
  if (!p.dlogits.p) return;
  float *g = p.dlogits.p + row * p.dlogits.stride;
  float scale = 1.f / (1.f + rest);
  for (i64 v = t; v < p.v; v += threads()) {
    float share = ex2((x[v] - top) * LOG2E) * scale;
    // Of the best itself, 1 − share is what the others have.
    if (v == target) share = v == best ? -rest * scale : share - 1.f;
    g[v] = target < 0 ? 0.f : p.scale * share;
  }
}

struct EmbedGradParams {
  View dtable, dy;
  const int *ids;
  i64 l, cols, rows;
};

// Block t sums the rows of dY that have the id of row t, if t is the first of
// them, in the order of time.
KERNEL(128, embed_grad)(const EmbedGradParams p) {
  i64 t = bid_x();
  u32 lane = tid() & 31;
  int id = p.ids[t];
  if (id < 0 || id >= p.rows) return;
  for (i64 s = 0; s < t; s += 32)
    if (ballot(s + lane < t && p.ids[s + lane] == id)) return;
  float *out = p.dtable.p + (i64)id * p.dtable.stride;
  for (i64 c0 = 0; c0 < p.cols; c0 += 128) {
    i64 c = c0 + tid();
    bool in = c < p.cols;
    float sum = in ? out[c] : 0.f;
    for (i64 s = t; s < p.l; s += 32) {
      u32 same = ballot(s + lane < p.l && p.ids[s + lane] == id);
      for (; same; same &= same - 1) {
        i64 row = s + __builtin_ctz(same);
        if (in) sum += p.dy.p[row * p.dy.stride + c];
      }
    }
    if (in) out[c] = sum;
  }
}

struct NormGradParams {
  View x, dy, dx;
  const float *w;
  float *scale; // (L), written: 1/rms of each row
  i64 l, cols;
  float eps;
  int accumulate;
};

// dX = s·(dY⊙w) − x·s³·mean(x⊙dY⊙w), one block a row.
KERNEL(256, rmsnorm_grad)(const NormGradParams p) {
  __shared__ static float part[2][8];
  i64 row = bid_x();
  u32 t = tid(), n = threads();
  const float *x = p.x.p + row * p.x.stride, *dy = p.dy.p + row * p.dy.stride;
  float *dx = p.dx.p + row * p.dx.stride;
  float squares = 0.f, dots = 0.f;
  for (i64 c = t; c < p.cols; c += n) {
    squares = fma_(x[c], x[c], squares);
    dots = fma_(x[c], dy[c] * p.w[c], dots);
  }
  squares = warp_sum(squares), dots = warp_sum(dots);
  if ((t & 31) == 0) part[0][t >> 5] = squares, part[1][t >> 5] = dots;
  sync();
  squares = dots = 0.f;
  for (u32 w = 0; w < n >> 5; w++) squares += part[0][w], dots += part[1][w];
  float s = 1.f / __nvvm_sqrt_rn_ftz_f(squares / (float)p.cols + p.eps);
  float m = s * s * s * (dots / (float)p.cols);
  if (t == 0) p.scale[row] = s;
  for (i64 c = t; c < p.cols; c += n) {
    float g = s * (dy[c] * p.w[c]) - x[c] * m;
    dx[c] = p.accumulate ? dx[c] + g : g;
  }
}

struct ColumnParams {
  View a, b;          // (L, cols); b absent: 1
  const float *scale; // (L) or absent
  float *work;        // (pieces, cols)
  float *out;         // (cols), added to
  i64 l, cols, pieces;
};

const int ROWS = 128; // of a piece

// work[piece][c] = Σ_t a[t][c]·b[t][c]·scale[t] over the rows of a piece: 32
// columns by 8 rows at a time.
KERNEL(256, column_sums)(const ColumnParams p) {
  __shared__ static float part[8][32];
  u32 t = tid(), x = t & 31, y = t >> 5;
  i64 c = (i64)bid_x() * 32 + x, r0 = (i64)bid_y() * ROWS;
  i64 r1 = r0 + ROWS < p.l ? r0 + ROWS : p.l;
  float sum = 0.f;
  if (c < p.cols)
    for (i64 r = r0 + y; r < r1; r += 8) {
      float v = p.a.p[r * p.a.stride + c];
      if (p.b.p) v *= p.b.p[r * p.b.stride + c];
      if (p.scale) v *= p.scale[r];
      sum += v;
    }
  part[y][x] = sum;
  sync();
  if (y == 0 && c < p.cols) {
    sum = 0.f;
    for (u32 w = 0; w < 8; w++) sum += part[w][x];
    p.work[(i64)bid_y() * p.cols + c] = sum;
  }
}

KERNEL(256, column_add)(const ColumnParams p) {
  i64 c = (i64)bid_x() * 256 + tid();
  if (c >= p.cols) return;
  float sum = 0.f;
  for (i64 k = 0; k < p.pieces; k++) sum += p.work[k * p.cols + c];
  p.out[c] += sum;
}

struct ConvGradParams {
  View x, w, window, dy, dx, dw; // window may be absent: zeros
  const float *bias;
  const int *resets;
  float *dbias; // may be absent
  float *pre;   // (L, D): the gradient before SiLU
  float *work;  // (pieces, K+1, D)
  i64 l, d, k, steps, pieces;
  int silu, pad;
};

DEV bool cleared(const ConvGradParams &p, i64 t) { return p.resets && (p.resets[t] & RESET_CONV); }

DEV float input(const ConvGradParams &p, i64 d, i64 t, i64 first) {
  if (t < first) return 0.f;
  if (t < 0) return p.window.p ? p.window.p[(p.k - 1 + t) * p.window.stride + d] : 0.f;
  return p.x.p[t * p.x.stride + d];
}

// first_at is the oldest step that step t reads.
DEV i64 first_at(const ConvGradParams &p, i64 t) {
  i64 oldest = t - (p.k - 1);
  for (i64 r = t; r >= 0 && r >= oldest; r--)
    if (cleared(p, r)) return r;
  return oldest;
}

// With q the sum of taps and bias and s = sigmoid(q), the gradient before SiLU
// is dY·s·(1 + q·(1−s)).
KERNEL(128, conv_grad_pre)(const ConvGradParams p) {
  i64 d = (i64)bid_y() * 128 + tid();
  if (d >= p.d) return;
  const float *w = p.w.p + d * p.w.stride;
  i64 t0 = (i64)bid_x() * p.steps, t1 = t0 + p.steps < p.l ? t0 + p.steps : p.l;
  for (i64 t = t0; t < t1; t++) {
    float g = p.dy.p[t * p.dy.stride + d];
    if (p.silu) {
      i64 first = first_at(p, t);
      float q = p.bias ? p.bias[d] : 0.f;
      for (i64 k = 0; k < p.k; k++) q = fma_(w[k], input(p, d, t - p.k + 1 + k, first), q);
      float s = sigmoid(q);
      g *= s * fma_(q, 1.f - s, 1.f);
    }
    p.pre[t * p.d + d] = g;
  }
}

// dX[t] = Σ_k W[K−1−k]·pre[t+k], up to a reset; and this piece's part of
// dW[k] = Σ_t pre[t]·x[t−K+1+k] and of dBias = Σ_t pre[t].
KERNEL(128, conv_grad)(const ConvGradParams p) {
  i64 d = (i64)bid_y() * 128 + tid();
  if (d >= p.d) return;
  const float *w = p.w.p + d * p.w.stride;
  i64 t0 = (i64)bid_x() * p.steps, t1 = t0 + p.steps < p.l ? t0 + p.steps : p.l;
  float *part = p.work + (i64)bid_x() * (p.k + 1) * p.d + d;
  float bias = 0.f;
  for (i64 t = t0; t < t1; t++) {
    float g = 0.f;
    for (i64 k = 0; k < p.k && t + k < p.l; k++) {
      if (k > 0 && cleared(p, t + k)) break;
      g = fma_(w[p.k - 1 - k], p.pre[(t + k) * p.d + d], g);
    }
    p.dx.p[t * p.dx.stride + d] = g;
    bias += p.pre[t * p.d + d];
  }
  part[p.k * p.d] = bias;
  for (i64 k = 0; k < p.k; k++) {
    float sum = 0.f;
    i64 first = first_at(p, t0);
    for (i64 t = t0; t < t1; t++) {
      if (cleared(p, t)) first = t;
      sum = fma_(p.pre[t * p.d + d], input(p, d, t - p.k + 1 + k, first), sum);
    }
    part[k * p.d] = sum;
  }
}

KERNEL(128, conv_grad_add)(const ConvGradParams p) {
  i64 d = (i64)bid_x() * 128 + tid();
  if (d >= p.d) return;
  for (i64 k = 0; k <= p.k; k++) {
    float sum = 0.f;
    for (i64 c = 0; c < p.pieces; c++) sum += p.work[(c * (p.k + 1) + k) * p.d + d];
    if (k < p.k) p.dw.p[d * p.dw.stride + k] += sum;
    else if (p.dbias) p.dbias[d] += sum;
  }
}
