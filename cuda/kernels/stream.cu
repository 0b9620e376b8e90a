// The selective scan of the released rule as a stream: 8 < N ≤ 16, compute
// capability 8.0 and later.
//
// A block goes through time in tiles of 16 steps, with one barrier each. While it
// scans one tile, the next is on its way from global to shared memory by
// asynchronous copies, so that neither registers nor warps wait for memory:
//
//	finish   skip, gate and y of the tile before
//	issue    the copies of the next tile: Δ, u, z, B, C
//	scan     states in registers; each lane reads B and C once for its channels
//	ready    Δ = softplus(Δ + bias) and Δu of the next tile
//
// What a thread copies, makes ready and finishes are quads: four neighbouring
// channels of a step, always the same.
//
// Two shapes: wide has 4 states of two channels a lane and uses what it reads of B
// and C twice; narrow has 4 states of one, so that a step takes less time where
// there are few channels. Modes as in scan.cu.
#include "stream.h"

enum Mode { WHOLE, SUM, OUT };

// THREADS of a block, CPL channels a lane.
template <int MODE, int THREADS, int CPL> struct Stream {
  static const int SPL = 4, LANES = S / SPL;           // states a lane, lanes that share a channel
  static const int CH = THREADS / LANES * CPL;         // channels of a block
  static const int WIDTH = CPL == 1 ? CH + 8 : CH;     // floats from step to step: no bank conflicts of y where narrow
  static const int ROWS = THREADS / (CH / 4);          // steps from a thread's quad to its next
  static const int QUADS = T / ROWS;                   // of a thread
  static const int COLUMN = 4 * T * WIDTH, SMALL = 4 * T * S, SIZES = 8 * T * CH; // bytes of one array of a tile
  static const int STAGE = MODE == SUM ? 2 * COLUMN + SMALL : 3 * COLUMN + 2 * SMALL;
  static const int GROUP = LANES / CPL;                // steps whose sums over lanes are made together

  const ScanParams &p;
  u32 t, sub, group, row, col;
  i64 c0, from, to;
  int n; // channels of the quads that exist
  f4 bias, skip;
  const float *pd, *pu, *pz, *pb, *pc;
  float *py;
  float a[CPL][SPL], h[CPL][SPL], time[CPL];
  int marks, taps_at; // of the tile that is on its way, a step a lane
  bool reset_seen;

  METHOD Stream(const ScanParams &q) : p(q) {
    t = tid();
    // Lanes 2i and 2i + 1 read the same states, 2 apart the same channels: fewer
    // accesses to shared memory.
    sub = t / 2 % LANES, group = t / 8 * 2 + t % 2;
    row = t / (CH / 4), col = t % (CH / 4) * 4;
    c0 = (i64)bid_x() * CH;
    n = c0 + col + 4 <= p.d ? 4 : (int)(p.d - c0 - col);
    from = MODE == WHOLE ? 0 : (i64)bid_z() * p.chunk;
    to = MODE == WHOLE ? p.l : from + p.chunk < p.l ? from + p.chunk : p.l;
    i64 l = from + row, d = c0 + col;
    pd = p.delta.p + l * p.delta.stride + d, pu = p.u.p + l * p.u.stride + d;
    pz = p.z.p + l * p.z.stride + d, py = p.y.p + l * p.y.stride + d;
    i64 i = from + t / 4 % T;
    pb = p.b.p + i * p.b.stride + t % 4 * 4, pc = p.c.p + i * p.c.stride + t % 4 * 4;
#pragma unroll
    for (int c = 0; c < CPL; c++) time[c] = 0.f;
    reset_seen = false;
  }

  // The arrays of a tile by the address of its first: Δ, later y; u, B, C, z.
  METHOD static u32 u(u32 s) { return s + COLUMN; }
  METHOD static u32 b(u32 s) { return s + 2 * COLUMN; }
  METHOD static u32 c(u32 s) { return b(s) + SMALL; }
  METHOD static u32 z(u32 s) { return c(s) + SMALL; }

  METHOD bool cell(int c, int j, i64 stride, i64 &at) const {
    i64 d = c0 + group * CPL + c, n = sub * SPL + j;
    at = d * stride + n;
    return d < p.d && n < p.n;
  }

#define EACH_STATE                    \
  _Pragma("unroll") for (int c = 0; c < CPL; c++) \
  _Pragma("unroll") for (int j = 0; j < SPL; j++)

  METHOD void load_states() {
    const float *from_h = MODE == OUT ? p.chunk_h + (i64)bid_z() * p.d * p.n : p.h.p;
    i64 stride = MODE == OUT ? p.n : p.h.stride;
    EACH_STATE {
      i64 at;
      bool in = cell(c, j, p.a.stride, at);
      a[c][j] = log2_of(in ? p.a.p[at] : 0.f);
      cell(c, j, stride, at);
      h[c][j] = MODE != SUM && in ? from_h[at] : 0.f;
    }
  }

  METHOD void store_states(float *to_h, i64 stride) const {
    EACH_STATE {
      i64 at;
      if (cell(c, j, stride, at)) to_h[at] = h[c][j];
    }
  }

  // issue starts the copies of m steps from l0 on, the tile that follows the last
  // one; steps beyond become zero. ALL: every quad is.
  METHOD u32 quad(int k) const { return 4 * ((row + k * ROWS) * WIDTH + col); }
  template <bool ALL> METHOD void copies(u32 s, int m) const {
    bool columns = p.quads & QUAD_COLUMNS, rows = p.quads & QUAD_ROWS;
    if (n > 0) {
#pragma unroll
      for (int k = 0; k < QUADS; k++) {
        int i = row + k * ROWS, have = ALL ? 4 : i < m ? n : 0;
        copy_quad<ALL>(s + quad(k), pd + k * ROWS * p.delta.stride, have, columns);
        copy_quad<ALL>(u(s) + quad(k), pu + k * ROWS * p.u.stride, have, columns);
        if (MODE != SUM && p.z.p) copy_quad<ALL>(z(s) + quad(k), pz + k * ROWS * p.z.stride, have, columns);
      }
    }
    int i = t / 4 % T, have = ALL ? 4 : i < m ? (int)p.n - 4 * (int)(t % 4) : 0;
    u32 at = t * 16 % SMALL;
    if (t < 4 * T) copy_quad<ALL>(b(s) + at, pb, have, rows);
    else if (MODE != SUM && t < 8 * T) copy_quad<ALL>(c(s) + at, pc, have, rows);
  }
  METHOD void issue(i64 l0, int m, u32 s) {
    if (m == T && p.quads == (QUAD_COLUMNS | QUAD_ROWS)) copies<true>(s, m);
    else if (m > 0) copies<false>(s, m);
    copies_end();
    pd += T * p.delta.stride, pu += T * p.u.stride, pz += T * p.z.stride;
    pb += T * p.b.stride, pc += T * p.c.stride;
    bool in = (int)(t & 31) < m;
    marks = in && p.resets ? p.resets[l0 + (t & 31)] : 0;
    taps_at = MODE != SUM && in && p.tap_of ? p.tap_of[l0 + (t & 31)] : -1;
  }

  METHOD void ready(u32 s, u32 sizes, int m) const {
#pragma unroll
    for (int k = 0; k < QUADS; k++) {
      int i = row + k * ROWS;
      size_quad(p, sizes + 8 * (i * CH + col), s + quad(k), u(s) + quad(k), bias, i < m && n > 0);
    }
  }

  METHOD void finish(u32 s, int m) {
#pragma unroll
    for (int k = 0; k < QUADS; k++)
      if ((int)row + k * ROWS < m && n > 0) {
        f4 v = finish_quad(p, s + quad(k), u(s) + quad(k), z(s) + quad(k), skip);
        store_quad(py + k * ROWS * p.y.stride, v, n, p.quads & QUAD_COLUMNS);
      }
    py += T * p.y.stride;
  }

  // operands are what a lane needs for one step.
  struct Operands {
    float d[CPL], x[CPL];
    f4 b, c;
  };
  METHOD Operands operands(int i, u32 s, u32 sizes) const {
    Operands o;
    if (CPL == 2) {
      f4 v = lds4(sizes + 8 * (i * CH + group * 2));
      o.d[0] = v.x, o.x[0] = v.y, o.d[CPL - 1] = v.z, o.x[CPL - 1] = v.w;
    } else {
      f2 v = lds2(sizes + 8 * (i * CH + group));
      o.d[0] = v.x, o.x[0] = v.y;
    }
    o.b = lds4(b(s) + 4 * (i * S + sub * SPL));
    if (MODE != SUM) o.c = lds4(c(s) + 4 * (i * S + sub * SPL));
    return o;
  }

  // step goes one step on; sum is C·h over the lane's states.
  METHOD void step(const Operands &o, float (&sum)[CPL]) {
#pragma unroll
    for (int c = 0; c < CPL; c++) {
      sum[c] = 0.f;
      if (MODE == SUM) time[c] += o.d[c];
    }
#pragma unroll
    for (int j = 0; j < SPL; j++)
#pragma unroll
      for (int c = 0; c < CPL; c++) {
        h[c][j] = fma_(ex2(o.d[c] * a[c][j]), h[c][j], o.x[c] * o.b[j]);
        if (MODE != SUM) sum[c] = fma_(h[c][j], o.c[j], sum[c]);
      }
  }

  template <bool MARKS> METHOD void scan(u32 s, u32 sizes, u32 resets, u32 taps, int taps_of, int m) {
    if (MARKS) resets = kept(resets), taps = kept(taps);
    Operands next = operands(0, s, sizes);
    u32 y = s + (CPL == 2 ? 4 * (sub / 2 * WIDTH + 2 * group + sub % 2) : 4 * (sub * WIDTH + group));
#pragma unroll MARKS ? 1 : 8 / GROUP
    for (int i = 0; i < T; i += GROUP) {
      if (i % 8 == 0 && i >= m) break;
      float sum[GROUP][CPL];
#pragma unroll
      for (int k = 0; k < GROUP; k++) {
        Operands now = next;
        next = operands(i + k + 1 < T ? i + k + 1 : i + k, s, sizes);
        if (MARKS && resets >> (i + k) & 1) // h := +0: the old value is not an operand of anything
          EACH_STATE h[c][j] = 0.f;
        step(now, sum[k]);
        if (MODE != SUM && MARKS && taps >> (i + k) & 1) {
          i64 to = __nvvm_shfl_sync_idx_i32(0xffffffffu, taps_of, i + k, 31);
          store_states(p.tap_h + to * p.d * p.n, p.n);
        }
      }
      if (MODE == SUM) continue;
      // Each of the four lanes goes on with one of the four sums: of four steps, or
      // of two steps of two channels.
      float v[4];
#pragma unroll
      for (int k = 0; k < 4; k++) v[k] = sum[k / CPL][k % CPL];
      float w0 = halve(v[0], v[2], sub & 2, 4), w1 = halve(v[1], v[3], sub & 2, 4);
      sts1(y + 4 * i * WIDTH, halve(w0, w1, sub & 1, 2));
    }
  }

  METHOD int steps(i64 l0) const { return l0 >= to ? 0 : to - l0 < T ? (int)(to - l0) : T; }

  METHOD void run() {
    u32 now = shared_at(smem), next = now + STAGE, sizes = now + 2 * STAGE, other = sizes + SIZES;
    issue(from, steps(from), now);
    bias = quad_of(p.bias, c0 + col, p.d);
    skip = quad_of(MODE == SUM ? 0 : p.skip, c0 + col, p.d);
    load_states();
    copies_wait<0>();
    ready(now, sizes, steps(from));
    sync();
#pragma unroll 1
    for (i64 l0 = from; l0 < to; l0 += T) {
      int m = steps(l0), left = steps(l0 + T), taps_of = taps_at;
      u32 resets = ballot(marks & RESET_STATE), taps = ballot(taps_at >= 0);
      if (resets) reset_seen = true;
      if (MODE != SUM && l0 > from) finish(next, T);
      issue(l0 + T, left, next);
      if (resets | taps) scan<true>(now, sizes, resets, taps, taps_of, m);
      else scan<false>(now, sizes, 0, 0, 0, m);
      copies_wait<0>();
      if (left > 0) ready(next, other, left);
      sync();
      u32 last = now;
      now = next, next = last;
      last = sizes, sizes = other, other = last;
    }
    if (MODE != SUM) finish(next, (int)((to - from - 1) % T) + 1);
    group = kept(group); // computes the addresses here, not before the loop
    if (MODE == WHOLE || (MODE == OUT && bid_z() == p.chunks - 1)) store_states(p.h.p, p.h.stride);
    if (MODE == SUM) {
      i64 chunk = bid_z();
      store_states(p.chunk_h + chunk * p.d * p.n, p.n);
      EACH_STATE {
        i64 at; // Ā = exp(ΔA): the product over the chunk is exp(A·ΣΔ)
        if (cell(c, j, p.n, at)) p.chunk_p[chunk * p.d * p.n + at] = ex2(a[c][j] * time[c]);
      }
      if (bid_x() == 0 && t == 0) p.chunk_reset[chunk] = reset_seen;
    }
  }
};

// blocks is how many a multiprocessor should hold at least.
#define STREAM(name, mode, threads, channels, blocks) \
  extern "C" __global__ void __attribute__((launch_bounds(threads, blocks))) name(const ScanParams q) { \
    ScanParams p = q; \
    batch(p, bid_y()); \
    Stream<mode, threads, channels>(p).run(); \
  }
STREAM(stream_wide, WHOLE, 128, 2, 5)
STREAM(stream_wide_sum, SUM, 128, 2, 5)
STREAM(stream_wide_out, OUT, 128, 2, 4)
STREAM(stream_narrow, WHOLE, 128, 1, 5)
STREAM(stream_narrow_sum, SUM, 128, 1, 4)
STREAM(stream_narrow_out, OUT, 128, 1, 4)

// From what each chunk does to a state to the state before each chunk, which
// takes the place of the chunk's sum. A chunk with a reset passes nothing on.
// Nobody needs what the last chunk does, and it was not summed. The chunks are
// read in batches, the next while the last is worked on.
const int BATCH = 16;
KERNEL(128, stream_combine)(const ScanParams q) {
  ScanParams p = q;
  batch(p, bid_y());
  i64 i = (i64)bid_x() * 128 + tid(), cells = p.d * p.n;
  if (i >= cells) return;
  float h = p.h.p[i / p.n * p.h.stride + i % p.n];
  float sum[BATCH], decay[BATCH];
  int reset[BATCH];
#define FETCH(first)                                                  \
  _Pragma("unroll") for (int k = 0; k < BATCH; k++) {                  \
    bool in = (first) + k < p.chunks - 1;                             \
    i64 at = ((first) + k) * cells + i;                               \
    sum[k] = in ? p.chunk_h[at] : 0.f, decay[k] = in ? p.chunk_p[at] : 0.f; \
    reset[k] = in ? p.chunk_reset[(first) + k] : 0;                   \
  }
  FETCH(0)
#pragma unroll 1
  for (i64 first = 0; first < p.chunks; first += BATCH) {
    float before[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      before[k] = h;
      h = reset[k] ? sum[k] : fma_(decay[k], h, sum[k]);
    }
    i64 next = first + BATCH;
    FETCH(next)
#pragma unroll
    for (int k = 0; k < BATCH; k++)
      if (first + k < p.chunks) p.chunk_h[(first + k) * cells + i] = before[k];
  }
}
