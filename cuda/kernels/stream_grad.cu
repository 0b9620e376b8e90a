// The gradient of the selective scan as a stream (see stream.cu): the released
// rule, 8 < N ≤ 16, compute capability 8.0 and later.
//
//	G[t] = C[t]·dy[t] + E[t+1]      what the state after step t gains
//	E[t] = Ā[t]·G[t]                what the state before it gains; 0 at a reset
//
// with dy = dY·SiLU(z). Time is cut into chunks, so that there is work for the
// whole device:
//
//	sum      what each chunk passes back of its own, and by how much it weakens
//	         what enters it
//	combine  from the last chunk to the first: what enters each
//	out      the states again, from those kept at every 32nd step, and with E every
//	         gradient; dB and dC summed over the block's channels, dA, dBias and
//	         dSkip over the chunk's steps
//	gather   those sums over blocks, and over chunks, in order
//
// A block has 32 channels, a lane 4 states of one.
#include "stream.h"

struct StreamGradParams {
  View u, delta, z, dy;     // (L, D); z may be absent
  View a, b, c, h0;         // (D, N), (L, N) twice, (D, N) or absent
  View du, ddelta, dz;      // (L, D)
  View da, dh;              // (D, N): added to; in and out, or absent
  View db, dc;              // (L, N)
  const float *bias, *skip; // (D) or absent
  float *dbias, *dskip;     // (D), added to, or absent
  const float *states;      // (⌈L/32⌉−1, D, N): h after steps 31, 63, …
  const int *resets;        // (L) or absent
  float *chunk_e, *chunk_p; // (chunks, D, N)
  int *chunk_reset;         // (chunks)
  float *part_bc;           // (blocks, L, [B, C], S)
  float *part_a, *part_d;   // (chunks, D, N), (chunks, [bias, skip], D)
  i64 l, d, n, chunk, chunks, blocks;
  int softplus, pad;
};

const int CH = 32, LANES = 4, SPL = 4, ROWS = 4, THREADS = 128;
const int G = 32; // steps of a segment: between two kept states
const int PART = 8; // steps that are gone through at a time
const float LN2 = 0.693147180559945f;

// Lanes is what a thread is in sum and out.
struct Place {
  u32 t, sub, group, own, first;
  i64 c0;
  METHOD Place() {
    t = tid();
    sub = t % LANES, group = t / LANES, own = t % CH, first = t / CH;
    c0 = (i64)bid_x() * CH;
  }
  // cell says whether state j of the lane exists, and where it is in a (D, N).
  METHOD bool cell(const StreamGradParams &p, int j, i64 stride, i64 &at) const {
    i64 d = c0 + group, n = sub * SPL + j;
    at = d * stride + n;
    return d < p.d && n < p.n;
  }
};

// column starts the copies of the thread's steps of a channel.
template <int STEPS> METHOD static void column(float *to, const View &v, i64 l0, int m, i64 d, u32 first) {
  const float *from = v.p + (l0 + first) * v.stride + d;
  i64 step = ROWS * v.stride;
#pragma unroll
  for (int k = 0; k < STEPS / ROWS; k++) {
    if ((int)first + k * ROWS < m) copy4(to + k * ROWS * CH, from);
    from += step;
  }
}

// rows starts the copies of m rows of S states.
template <int STEPS> METHOD static void rows(float *to, const View &v, i64 l0, int m, i64 n, u32 t) {
  u32 k = t % S;
#pragma unroll
  for (u32 q = 0; q < STEPS * S / THREADS; q++) {
    u32 i = t / S + q * (THREADS / S);
    if ((int)i < m && k < n) copy4(&to[i * S + k], v.p + (l0 + i) * v.stride + k);
  }
}

// gated is dy, in place of dY.
template <int STEPS> METHOD static void gated(float *dy, const float *gain, const float *z, int m, u32 first) {
#pragma unroll
  for (int k = 0; k < STEPS / ROWS; k++)
    if ((int)first + k * ROWS < m) {
      int i = k * ROWS * CH;
      dy[i] = z ? gain[i] * silu(z[i]) : gain[i];
    }
}
template <int STEPS> METHOD static void sizes(float *delta, float bias, int m, u32 first) {
#pragma unroll
  for (int k = 0; k < STEPS / ROWS; k++)
    if ((int)first + k * ROWS < m) delta[k * ROWS * CH] = softplus(delta[k * ROWS * CH] + bias);
}

METHOD static u32 marks_of(const StreamGradParams &p, i64 l0, int m) {
  u32 lane = tid() & 31;
  return p.resets && (int)lane < m ? p.resets[l0 + lane] & RESET_STATE : 0;
}

// Sum goes through one chunk, from its end.
struct Sum : Place {
  static const int COLUMN = T * CH, SMALL = T * S, STAGE = 3 * COLUMN + SMALL;
  const StreamGradParams &p;
  METHOD Sum(const StreamGradParams &q) : p(q) {}
  METHOD float *delta(int s) const { return smem + s * STAGE; }
  METHOD float *dy(int s) const { return delta(s) + COLUMN; }
  METHOD float *z(int s) const { return delta(s) + 2 * COLUMN; }
  METHOD float *c(int s) const { return delta(s) + 3 * COLUMN; }

  METHOD void issue(i64 l0, int m, int s) const {
    int at = first * CH + own;
    if (c0 + own < p.d) {
      column<T>(delta(s) + at, p.delta, l0, m, c0 + own, first);
      column<T>(dy(s) + at, p.dy, l0, m, c0 + own, first);
      if (p.z.p) column<T>(z(s) + at, p.z, l0, m, c0 + own, first);
    }
    rows<T>(c(s), p.c, l0, m, p.n, t);
    copies_end();
  }

  METHOD void run() {
    bool there = c0 + own < p.d;
    float bias = there && p.bias ? p.bias[c0 + own] : 0.f;
    int at = first * CH + own;
    for (int s = 0; s < 2; s++) {
      if (!there)
        for (int k = 0; k < T; k += ROWS) delta(s)[at + k * CH] = dy(s)[at + k * CH] = 0.f;
      if (p.n < S)
        for (u32 e = t; e < SMALL; e += THREADS)
          if (e % S >= p.n) c(s)[e] = 0.f;
    }
    i64 chunk = (i64)bid_z() + 1, from = chunk * p.chunk, to = from + p.chunk < p.l ? from + p.chunk : p.l;
    i64 l0 = from + (to - from - 1) / T * T;
    issue(l0, (int)(to - l0), 0);
    u32 marks = marks_of(p, l0, (int)(to - l0));
    float a[SPL], e[SPL], time = 0.f;
#pragma unroll
    for (int j = 0; j < SPL; j++) {
      i64 k;
      a[j] = cell(p, j, p.a.stride, k) ? p.a.p[k] * LOG2E : 0.f, e[j] = 0.f;
    }
    bool reset_seen = false;
    int s = 0;
#pragma unroll 1
    for (; l0 >= from; l0 -= T) {
      int m = to - l0 < T ? (int)(to - l0) : T;
      u32 resets = ballot(marks != 0);
      if (resets) reset_seen = true;
      if (l0 > from) {
        issue(l0 - T, T, s ^ 1);
        marks = marks_of(p, l0 - T, T);
      } else {
        copies_end();
      }
      copies_wait<1>();
      if (there) {
        if (p.softplus) sizes<T>(delta(s) + at, bias, m, first);
        if (p.z.p) gated<T>(dy(s) + at, dy(s) + at, z(s) + at, m, first);
      }
      sync();
#pragma unroll 4
      for (int i = T - 1; i >= 0; i--) {
        if (i >= m) continue;
        float d = lds1(&delta(s)[i * CH + group]), g = lds1(&dy(s)[i * CH + group]);
        f4 k = lds4(&c(s)[i * S + sub * SPL]);
        bool reset = resets >> i & 1;
        time += d;
#pragma unroll
        for (int j = 0; j < SPL; j++) {
          float v = ex2(d * a[j]) * fma_(k[j], g, e[j]);
          e[j] = reset ? 0.f : v;
        }
      }
      sync();
      s ^= 1;
    }
    copies_wait<0>();
#pragma unroll
    for (int j = 0; j < SPL; j++) {
      i64 k;
      if (cell(p, j, p.n, k)) {
        p.chunk_e[chunk * p.d * p.n + k] = e[j];
        p.chunk_p[chunk * p.d * p.n + k] = ex2(a[j] * time);
      }
    }
    if (bid_x() == 0 && t == 0) p.chunk_reset[chunk] = reset_seen;
  }
};
KERNEL(128, stream_grad_sum)(const StreamGradParams p) { Sum(p).run(); }

// What enters each chunk takes the place of what it passes back.
const int BATCH = 16;
KERNEL(128, stream_grad_combine)(const StreamGradParams p) {
  i64 i = (i64)bid_x() * 128 + tid(), cells = p.d * p.n;
  if (i >= cells) return;
  float e = p.dh.p ? p.dh.p[i / p.n * p.dh.stride + i % p.n] : 0.f;
  float sum[BATCH], decay[BATCH];
  int reset[BATCH];
#define FETCH(last)                                                   \
  _Pragma("unroll") for (int k = 0; k < BATCH; k++) {                  \
    bool in = (last) - k > 0;                                         \
    i64 at = ((last) - k) * cells + i;                                \
    sum[k] = in ? p.chunk_e[at] : 0.f, decay[k] = in ? p.chunk_p[at] : 0.f; \
    reset[k] = in ? p.chunk_reset[(last) - k] : 0;                    \
  }
  i64 last = p.chunks - 1;
  FETCH(last)
#pragma unroll 1
  for (; last >= 0; last -= BATCH) {
    float before[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      before[k] = e;
      e = reset[k] ? sum[k] : fma_(decay[k], e, sum[k]);
    }
    i64 next = last - BATCH;
    FETCH(next)
#pragma unroll
    for (int k = 0; k < BATCH; k++)
      if (last - k >= 0) p.chunk_e[(last - k) * cells + i] = before[k];
  }
}

// Out goes through one chunk from its end, in segments of 32 steps: once forwards
// for the states before each part of a segment, and through the parts, from the
// last, forwards, keeping Ā·h, and backwards.
struct Out : Place {
  static const int COLUMN = G * CH, SMALL = G * S, STAGE = 4 * COLUMN + 2 * SMALL + CH * S;
  const StreamGradParams &p;
  float a[SPL], e[SPL], da[SPL];
  METHOD Out(const StreamGradParams &q) : p(q) {}
  METHOD float *delta(int s) const { return smem + s * STAGE; }
  METHOD float *u(int s) const { return delta(s) + COLUMN; }
  METHOD float *z(int s) const { return delta(s) + 2 * COLUMN; }
  METHOD float *gain(int s) const { return delta(s) + 3 * COLUMN; } // dY
  METHOD float *b(int s) const { return delta(s) + 4 * COLUMN; }
  METHOD float *c(int s) const { return b(s) + SMALL; }
  METHOD float *kept(int s) const { return b(s) + 2 * SMALL; }
  METHOD float *dy() const { return smem + 2 * STAGE; }
  METHOD float *y() const { return dy() + COLUMN; }
  METHOD float *gb() const { return dy() + 2 * COLUMN; } // Σ_n G·B, then Σ_n A·log2e·E·h
  METHOD float *bc() const { return dy() + 4 * COLUMN; } // [4 warps][PART][2·S]
  METHOD float *starts() const { return bc() + THREADS / 32 * PART * 2 * S; } // [3][THREADS][SPL]

  METHOD void issue(i64 l0, int m, int s) const {
    int at = first * CH + own;
    i64 d = c0 + own;
    if (d < p.d) {
      column<G>(delta(s) + at, p.delta, l0, m, d, first);
      column<G>(u(s) + at, p.u, l0, m, d, first);
      column<G>(gain(s) + at, p.dy, l0, m, d, first);
      if (p.z.p) column<G>(z(s) + at, p.z, l0, m, d, first);
    }
    rows<G>(b(s), p.b, l0, m, p.n, t);
    rows<G>(c(s), p.c, l0, m, p.n, t);
    // h before step l0, a multiple of 32.
    const float *from = l0 > 0 ? p.states + ((l0 >> 5) - 1) * p.d * p.n : p.h0.p;
    i64 stride = l0 > 0 ? p.n : p.h0.stride;
#pragma unroll
    for (int q = 0; q < CH * S / THREADS; q++) {
      u32 k = t + q * THREADS, n = k % S;
      i64 dk = c0 + k / S;
      if (from && dk < p.d && n < p.n) copy4(&kept(s)[k], from + dk * stride + n);
      else kept(s)[k] = 0.f;
    }
    copies_end();
  }

  // blank zeroes what no copy will fill: absent channels and states, and where the
  // last segment is short, steps that change nothing.
  METHOD void blank(bool whole) const {
    int at = first * CH + own;
    if (!whole) {
      for (int k = t; k < STAGE + COLUMN; k += THREADS) (k < STAGE ? smem : dy() - STAGE)[k] = 0.f;
      sync();
    }
    for (int s = 0; s < 2; s++) {
      if (c0 + own >= p.d)
        for (int k = 0; k < G; k += ROWS) delta(s)[at + k * CH] = u(s)[at + k * CH] = dy()[at + k * CH] = 0.f;
      if (p.n < S)
        for (u32 k = t; k < SMALL; k += THREADS)
          if (k % S >= p.n) b(s)[k] = c(s)[k] = 0.f;
    }
  }

  // halve goes on with the second of two values where high, with the first where
  // not, and adds the partner's.
  METHOD static float halve(float first, float second, bool high, u32 bit) {
    float mine = high ? second : first, other = high ? first : second;
    return mine + shfl_bfly(other, bit);
  }

  // part goes through the 8 steps from base on, forwards and backwards. More would
  // take more registers than three blocks have, and more code than the cache of
  // instructions holds. MARKED: there are resets.
  template <bool MARKED> METHOD void part(int s, int base, u32 resets, f4 h) {
    f4 old[PART]; // Ā·h before the step
    u32 lane = t & 31;
#pragma unroll
    for (int i = 0; i < PART; i++) {
      int row = base + i;
      float d = lds1(&delta(s)[row * CH + group]), x = d * lds1(&u(s)[row * CH + group]);
      f4 q = lds4(&b(s)[row * S + sub * SPL]), k = lds4(&c(s)[row * S + sub * SPL]);
      bool reset = MARKED && resets >> i & 1;
      float sum = 0.f;
#pragma unroll
      for (int j = 0; j < SPL; j++) {
        float w = ex2(d * a[j]) * h[j];
        old[i][j] = reset ? 0.f : w;
        h[j] = fma_(x, q[j], old[i][j]);
        sum = fma_(h[j], k[j], sum);
      }
      sum += shfl_bfly(sum, 1);
      sum += shfl_bfly(sum, 2);
      if (sub == 0) y()[row * CH + group] = sum;
    }
    sync(); // the sums of the part after this have been read
#pragma unroll
    for (int i = PART - 1; i >= 0; i--) {
      int row = base + i;
      float d = lds1(&delta(s)[row * CH + group]), x = d * lds1(&u(s)[row * CH + group]);
      float g = lds1(&dy()[row * CH + group]);
      f4 q = lds4(&b(s)[row * S + sub * SPL]), k = lds4(&c(s)[row * S + sub * SPL]);
      bool reset = MARKED && resets >> i & 1;
      float w = 0.f, r = 0.f, v[8];
#pragma unroll
      for (int j = 0; j < SPL; j++) {
        float G = fma_(k[j], g, e[j]), rate = old[i][j] * G;
        w = fma_(G, q[j], w);
        r = fma_(rate, a[j], r);
        da[j] = fma_(rate, d, da[j]);
        v[j] = G * x;
        v[4 + j] = fma_(x, q[j], old[i][j]) * g;
        float back = ex2(d * a[j]) * G;
        e[j] = reset ? 0.f : back;
      }
      // Over the four lanes of the channel: lane 0 goes on with w, lane 1 with r.
      float keep = sub & 1 ? r : w, give = sub & 1 ? w : r;
      keep += shfl_bfly(give, 1);
      keep += shfl_bfly(keep, 2);
      if (sub < 2) gb()[sub * COLUMN + row * CH + group] = keep;
      // Over the eight channels of the warp: each lane ends with one of eight sums.
#pragma unroll
      for (int j = 0; j < 4; j++) v[j] = halve(v[j], v[4 + j], lane & 16, 16);
#pragma unroll
      for (int j = 0; j < 2; j++) v[j] = halve(v[j], v[2 + j], lane & 8, 8);
      v[0] = halve(v[0], v[1], lane & 4, 4);
      u32 of = (lane >> 4) * S + sub * SPL + (lane >> 3 & 1) * 2 + (lane >> 2 & 1);
      bc()[((t >> 5) * PART + i) * 2 * S + of] = v[0];
    }
  }

  // gather adds the warps' sums over channels of the m steps from l0 on.
  METHOD void gather(i64 l0, int m) const {
    float *out = p.part_bc + ((i64)bid_x() * p.l + l0) * 2 * S;
    const int WARP = PART * 2 * S;
#pragma unroll
    for (int k = 0; k < WARP / THREADS; k++) {
      int i = t + k * THREADS;
      if (i < m * 2 * S) out[i] = bc()[i] + bc()[WARP + i] + bc()[2 * WARP + i] + bc()[3 * WARP + i];
    }
  }

  // pass leaves h before every part but the first, of which there are parts.
  template <bool MARKED> METHOD void pass(int s, int parts, u32 resets) const {
    f4 h = start(s, 0);
#pragma unroll 1
    for (int k = 1; k < parts; k++) {
#pragma unroll
      for (int i = (k - 1) * PART; i < k * PART; i++) {
        float d = lds1(&delta(s)[i * CH + group]), x = d * lds1(&u(s)[i * CH + group]);
        f4 q = lds4(&b(s)[i * S + sub * SPL]);
        bool reset = MARKED && resets >> i & 1;
#pragma unroll
        for (int j = 0; j < SPL; j++) {
          float v = ex2(d * a[j]) * h[j];
          h[j] = fma_(x, q[j], reset ? 0.f : v);
        }
      }
      sts4<0>(shared_at(starts() + ((k - 1) * THREADS + t) * SPL), h);
    }
  }
  METHOD f4 start(int s, int k) const {
    return lds4(k ? starts() + ((k - 1) * THREADS + t) * SPL : &kept(s)[group * S + sub * SPL]);
  }

  // slope is the derivative of softplus where it is Δ: 1 − e^−Δ.
  METHOD static float slope(float d) {
    float s = fma_(d, -1.f / 720, 1.f / 120);
    s = fma_(d, s, -1.f / 24);
    s = fma_(d, s, 1.f / 6);
    s = fma_(d, s, -0.5f);
    s = fma_(d, s, 1.f);
    return d < 0.25f ? d * s : 1.f - ex2(-LOG2E * d);
  }

  METHOD void finish(i64 l0, int m, int s, float skip, float &dbias, float &dskip) const {
    i64 l = l0 + first, dn = c0 + own;
    int at = first * CH + own;
    if (dn < p.d) {
#pragma unroll 2
      for (int k = 0; k < G / ROWS; k++) {
        if ((int)first + k * ROWS < m) {
          int i = at + k * ROWS * CH;
          float d = delta(s)[i], v = u(s)[i], g = dy()[i], w = gb()[i];
          float r = fma_(w, v, gb()[COLUMN + i] * LN2);
          if (p.softplus) r *= slope(d);
          p.ddelta.p[l * p.ddelta.stride + dn] = r;
          p.du.p[l * p.du.stride + dn] = fma_(g, skip, w * d);
          if (p.z.p) {
            float x = z(s)[i], q = sigmoid(x);
            p.dz.p[l * p.dz.stride + dn] = gain(s)[i] * fma_(skip, v, y()[i]) * (q * fma_(x, 1.f - q, 1.f));
          }
          dbias += r;
          dskip = fma_(g, v, dskip);
        }
        l += ROWS;
      }
    }
  }

  METHOD void run() {
    bool there = c0 + own < p.d;
    float bias = there && p.bias ? p.bias[c0 + own] : 0.f, skip = there && p.skip ? p.skip[c0 + own] : 0.f;
    int at = first * CH + own;
    i64 chunk = bid_z(), from = chunk * p.chunk, to = from + p.chunk < p.l ? from + p.chunk : p.l;
    blank((to - from) % G == 0);
    i64 l0 = from + (to - from - 1) / G * G;
    issue(l0, (int)(to - l0), 0);
    u32 marks = marks_of(p, l0, (int)(to - l0));
    float dbias = 0.f, dskip = 0.f;
#pragma unroll
    for (int j = 0; j < SPL; j++) {
      i64 k;
      a[j] = cell(p, j, p.a.stride, k) ? p.a.p[k] * LOG2E : 0.f;
      da[j] = e[j] = 0.f;
      if (p.chunks > 1) e[j] = cell(p, j, p.n, k) ? p.chunk_e[chunk * p.d * p.n + k] : 0.f;
      else if (p.dh.p) e[j] = cell(p, j, p.dh.stride, k) ? p.dh.p[k] : 0.f;
    }
    int s = 0;
#pragma unroll 1
    for (; l0 >= from; l0 -= G) {
      int m = to - l0 < G ? (int)(to - l0) : G;
      u32 resets = ballot(marks != 0);
      if (l0 > from) {
        issue(l0 - G, G, s ^ 1);
        marks = marks_of(p, l0 - G, G);
      } else {
        copies_end();
      }
      copies_wait<1>();
      if (there) {
        if (p.softplus) sizes<G>(delta(s) + at, bias, m, first);
        gated<G>(dy() + at, gain(s) + at, p.z.p ? z(s) + at : 0, m, first);
      }
      sync();
      int parts = (m + PART - 1) / PART;
      if (resets) pass<true>(s, parts, resets);
      else pass<false>(s, parts, 0);
#pragma unroll 1
      for (int k = parts - 1; k >= 0; k--) {
        if (resets) part<true>(s, k * PART, resets >> k * PART, start(s, k));
        else part<false>(s, k * PART, 0, start(s, k));
        sync();
        gather(l0 + k * PART, m - k * PART < PART ? m - k * PART : PART);
      }
      finish(l0, m, s, skip, dbias, dskip);
      s ^= 1;
    }
    copies_wait<0>();
#pragma unroll
    for (int j = 0; j < SPL; j++) {
      i64 k;
      if (cell(p, j, p.n, k)) p.part_a[chunk * p.d * p.n + k] = da[j];
      if (chunk == 0 && p.dh.p && cell(p, j, p.dh.stride, k)) p.dh.p[k] = e[j];
    }
    // The four threads of a channel, through dy, which nobody needs any more.
    dy()[first * CH + own] = dbias, dy()[(ROWS + first) * CH + own] = dskip;
    sync();
    if (t < CH && there) {
      float *out = p.part_d + chunk * 2 * p.d + c0 + t;
      const float *x = dy() + t;
      out[0] = x[0] + x[CH] + x[2 * CH] + x[3 * CH];
      out[p.d] = x[4 * CH] + x[5 * CH] + x[6 * CH] + x[7 * CH];
    }
  }
};
extern "C" __global__ void __attribute__((launch_bounds(128, 3))) stream_grad_out(const StreamGradParams p) { Out(p).run(); }

// dB and dC over the blocks; dA, dBias and dSkip over the chunks.
KERNEL(128, stream_grad_gather)(const StreamGradParams p) {
  i64 i = (i64)bid_x() * 128 + tid(), rows = p.l * 2 * S, cells = p.d * p.n;
  float sum = 0.f;
  if (i < rows) {
    i64 l = i / (2 * S), k = i % (2 * S), n = k % S;
    if (n >= p.n) return;
#pragma unroll 8
    for (i64 b = 0; b < p.blocks; b++) sum += p.part_bc[b * rows + i];
    if (k < S) p.db.p[l * p.db.stride + n] = sum;
    else p.dc.p[l * p.dc.stride + n] = sum;
    return;
  }
  if ((i -= rows) < cells) {
#pragma unroll 8
    for (i64 c = 0; c < p.chunks; c++) sum += p.part_a[c * cells + i];
    p.da.p[i / p.n * p.da.stride + i % p.n] += sum;
    return;
  }
  if ((i -= cells) < 2 * p.d) {
#pragma unroll 8
    for (i64 c = 0; c < p.chunks; c++) sum += p.part_d[c * 2 * p.d + i];
    if (i < p.d && p.dbias) p.dbias[i] += sum;
    if (i >= p.d && p.dskip) p.dskip[i - p.d] += sum;
  }
}
