// The short causal depthwise convolution. A thread is a channel and walks along
// a piece of time; the K−1 inputs before the piece come from x, or from the
// window before the first step.
#include "math.h"

struct ConvParams {
  View y, x, w, window;
  const float *bias;
  const int *resets;
  i64 l, d, k;
  i64 steps;
  int silu, carry;
};

DEV bool cleared(const ConvParams &p, i64 t) { return p.resets && (p.resets[t] & RESET_CONV); }

// input is channel d at step t, which may lie before the call. first is the
// oldest step that has not been cleared.
DEV float input(const ConvParams &p, i64 d, i64 t, i64 first) {
  if (t < first) return 0.f;
  return t < 0 ? p.window.p[(p.k - 1 + t) * p.window.stride + d] : p.x.p[t * p.x.stride + d];
}

// first_before is the oldest step that step t−1 may read, of the K−1 before t.
DEV i64 first_before(const ConvParams &p, i64 t) {
  i64 oldest = t - (p.k - 1);
  for (i64 r = t - 1; r >= 0 && r >= oldest; r--)
    if (cleared(p, r)) return r;
  return oldest;
}

// carry makes the window the last K−1 inputs, row by row from the front: a row
// comes from a row behind it, never from one already overwritten.
DEV void carry(const ConvParams &p, i64 d) {
  i64 first = first_before(p, p.l);
  for (i64 r = 0; r < p.k - 1; r++)
    p.window.p[r * p.window.stride + d] = input(p, d, p.l - (p.k - 1) + r, first);
}

KERNEL(128, conv_window)(const ConvParams p) {
  i64 d = (i64)bid_x() * 128 + tid();
  if (d < p.d) carry(p, d);
}

// K = 4, the K of every released model: the taps and three inputs in registers.
KERNEL(128, conv_4)(const ConvParams p) {
  if (p.l == 1) early_next();
  i64 d = (i64)bid_y() * 128 + tid();
  if (d >= p.d) return;
  i64 t0 = (i64)bid_x() * p.steps, t1 = t0 + p.steps < p.l ? t0 + p.steps : p.l;
  const float *w = p.w.p + d * p.w.stride;
  float w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
  float bias = p.bias ? p.bias[d] : 0.f;
  i64 first = first_before(p, t0);
  float a = input(p, d, t0 - 3, first), b = input(p, d, t0 - 2, first), c = input(p, d, t0 - 1, first);
  const float *x = p.x.p + t0 * p.x.stride + d;
  float *y = p.y.p + t0 * p.y.stride + d;
#pragma unroll 4
  for (i64 t = t0; t < t1; t++) {
    if (cleared(p, t)) a = b = c = 0.f;
    float now = *x, v = fma_(w0, a, bias);
    v = fma_(w1, b, v);
    v = fma_(w2, c, v);
    v = fma_(w3, now, v);
    *y = p.silu ? silu(v) : v;
    a = b, b = c, c = now;
    x += p.x.stride, y += p.y.stride;
  }
  if (p.carry) {
    p.window.p[d] = a;
    p.window.p[p.window.stride + d] = b;
    p.window.p[2 * p.window.stride + d] = c;
  }
}

KERNEL(128, conv_any)(const ConvParams p) {
  i64 d = (i64)bid_y() * 128 + tid();
  if (d >= p.d) return;
  i64 t0 = (i64)bid_x() * p.steps, t1 = t0 + p.steps < p.l ? t0 + p.steps : p.l;
  const float *w = p.w.p + d * p.w.stride;
  i64 first = first_before(p, t0);
  for (i64 t = t0; t < t1; t++) {
    if (cleared(p, t)) first = t;
    float v = p.bias ? p.bias[d] : 0.f;
    for (i64 k = 0; k < p.k; k++) v = fma_(w[k], input(p, d, t - p.k + 1 + k, first), v);
    p.y.p[t * p.y.stride + d] = p.silu ? silu(v) : v;
  }
  if (p.carry) carry(p, d);
}
