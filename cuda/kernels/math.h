// The scalar functions of a Mamba block.
#pragma once
#include "gpu.h"

enum Rule { RELEASED, ZOH, BILINEAR, EULER, BACKWARD_EULER };

// Bits of a reset mark.
enum { RESET_STATE = 1, RESET_CONV = 2 };

// log1p_plus is base + log(1 + e) for 0 ≤ e ≤ 1: with s = e/(2+e) ≤ 1/3 it is
// 2·artanh(s) = 2·(s + s³/3 + …); six terms leave 1e-7.
DEV float log1p_plus(float e, float base) {
  float s = e * rcp(2.f + e), q = s * s;
  float p = fma_(0.0909090909f, q, 0.111111111f);
  p = fma_(p, q, 0.142857143f);
  p = fma_(p, q, 0.2f);
  p = fma_(p, q, 0.333333333f);
  return fma_(2.f * s, fma_(p, q, 1.f), base);
}

// softplus is log(1 + e^x) = max(x, 0) + log1p(e^-|x|), and x above 20. NaN
// stays NaN through the exponential.
DEV float softplus(float x) {
  float r = log1p_plus(ex2(-LOG2E * abs_(x)), x > 0.f ? x : 0.f);
  return x > 20.f ? x : r;
}

DEV float sigmoid(float x) { return rcp(1.f + ex2(-LOG2E * x)); }

// silu is x·sigmoid(x); −Inf gives NaN, as −Inf/Inf does on the host.
DEV float silu(float x) { return x * sigmoid(x); }

// zoh_gain is (e^x − 1)/a with x = Δa and abar = e^x. For small |x| it is
// Δ·(e^x − 1)/x by the series of the fraction, which loses no digits.
DEV float zoh_gain(float delta, float a, float x, float abar) {
  if (abs_(x) < 0.5f) {
    float s = fma_(1.f / 40320, x, 1.f / 5040);
    s = fma_(s, x, 1.f / 720);
    s = fma_(s, x, 1.f / 120);
    s = fma_(s, x, 1.f / 24);
    s = fma_(s, x, 1.f / 6);
    s = fma_(s, x, 0.5f);
    return fma_(delta, s * x, delta);
  }
  return (abar - 1.f) / a;
}

// coefficients are Ā and the gain g = B̄/B of two channels × 8 states. The rule
// is looked at once for all. Divisions are exact where their result is: Δ = 0
// must keep h to the bit.
#define EACH_CELL(body)                \
  _Pragma("unroll") for (int c = 0; c < 2; c++) \
  _Pragma("unroll") for (int j = 0; j < 8; j++) { \
    float x = delta[c] * a[c][j];      \
    body                               \
  }
DEV void coefficients(int rule, const float (&delta)[2], const float (&a)[2][8], float (&abar)[2][8], float (&gain)[2][8]) {
  switch (rule) {
  case RELEASED:
    EACH_CELL(abar[c][j] = ex2(x * LOG2E); gain[c][j] = delta[c];)
    break;
  case ZOH:
    EACH_CELL(abar[c][j] = ex2(x * LOG2E); gain[c][j] = zoh_gain(delta[c], a[c][j], x, abar[c][j]);)
    break;
  case BILINEAR:
    EACH_CELL(float den = fma_(-0.5f, x, 1.f); abar[c][j] = fma_(0.5f, x, 1.f) / den; gain[c][j] = delta[c] / den;)
    break;
  case EULER:
    EACH_CELL(abar[c][j] = 1.f + x; gain[c][j] = delta[c];)
    break;
  default:
    EACH_CELL(float den = 1.f - x; abar[c][j] = 1.f / den; gain[c][j] = delta[c] / den;)
  }
}
