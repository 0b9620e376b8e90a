// The selective scan of the released rule as a stream (see stream.cu) in one pass
// over time, for few channels: a block has so few that each multiprocessor gets one
// block, and cuts each tile of time into pieces of 8 steps that are scanned at once.
//
//	forward  each piece from h = 0, keeping Ā and Δu·B in registers: what the piece
//	         adds to a state, and by how much it weakens what enters it
//	enter    from piece to piece, the state before each
//	through  the states again, two instructions each; y
//
// Two barriers a tile: between them a tile is gone through and the next one forward;
// then the last piece's threads see what enters, while the others finish the tile
// before and make ready the next.
#include "stream.h"

const int K = 8;      // steps of a piece
const int SPL = 4;    // states a lane
const int SIZES = 40; // floats of a step's Δ and Δu, side by side, of up to 20 channels
const int PAD = 16;   // floats after a piece: half a warp may be in another one

struct Split {
  const ScanParams &p;
  u32 t, sub, channel, piece;
  int steps, tiles;        // steps of a tile
  u32 column, small, slot; // bytes of an array of a tile, of all of them
  i64 c0;                  // first channel

  // Of the quad that a thread makes ready and of the one it finishes: the step in
  // the tile, no step of it where there is none; the place in shared memory; the
  // first channel. Threads of either end, so that few have both.
  struct Quad {
    int row, at, col, n; // n channels exist
  } in, out;
  const float *pd, *pu, *pz, *pb, *pc;
  float *py;
  u32 sizes_at, row_at, ends_at, bias_at;
  float a[SPL], abar[K][SPL], gain[K][SPL];

  METHOD Quad quad(u32 q) const {
    u32 wide = p.channels / 4, row = q * p.inverse >> 16, col = q - row * wide;
    Quad r;
    i64 n = p.d - c0 - 4 * col;
    r.row = row, r.at = 16 * q, r.col = 4 * col, r.n = n < 4 ? (int)n : 4;
    return r;
  }

  METHOD Split(const ScanParams &q) : p(q) {
    t = tid();
    // Lanes 2i and 2i + 1 read the same states, 2 apart the same channel: two and one
    // access to shared memory in place of four and two.
    sub = t / 2 % 4;
    u32 group = t / 8 * 2 + t % 2;
    piece = (group / 4) * p.inverse >> 16, channel = group - piece * p.channels;
    steps = K * p.pieces;
    column = 4 * steps * p.channels, small = 4 * (steps * S + p.pieces * PAD);
    slot = 3 * column + 2 * small + 8 * steps;
    c0 = (i64)bid_x() * p.channels, tiles = (int)((p.l + steps - 1) / steps);
    in = quad(t), out = quad(threads() - 1 - t);
    pd = p.delta.p + in.row * p.delta.stride + c0 + in.col, pu = p.u.p + in.row * p.u.stride + c0 + in.col;
    pz = p.z.p + out.row * p.z.stride + c0 + out.col, py = p.y.p + out.row * p.y.stride + c0 + out.col;
    pb = p.b.p + t / 4 * p.b.stride + t % 4 * 4, pc = p.c.p + t / 4 * p.c.stride + t % 4 * 4;
    u32 base = shared_at(smem);
    sizes_at = base + 3 * slot;
    ends_at = sizes_at + 4 * (steps * SIZES + p.pieces * PAD);
    bias_at = ends_at + 32 * threads() + 48 * t; // then skip, and h between tiles
    row_at = 4 * (piece * (K * S + PAD) + sub * SPL);
  }

  // The arrays of a tile: Δ, later y; u, z, B, C, resets, rows of taps.
  METHOD u32 u(u32 s) const { return s + column; }
  METHOD u32 z(u32 s) const { return s + 2 * column; }
  METHOD u32 b(u32 s) const { return s + 3 * column; }
  METHOD u32 c(u32 s) const { return b(s) + small; }
  METHOD u32 marks(u32 s) const { return c(s) + small; }

  METHOD bool cell(int j, i64 stride, i64 &at) const {
    i64 d = c0 + channel, n = sub * SPL + j;
    at = d * stride + n;
    return d < p.d && n < p.n;
  }
  METHOD f4 load(const float *m, i64 stride) const {
    f4 v;
#pragma unroll
    for (int j = 0; j < SPL; j++) {
      i64 at;
      v[j] = cell(j, stride, at) ? m[at] : 0.f;
    }
    return v;
  }
  METHOD void store(float *m, i64 stride, const f4 &h) const {
#pragma unroll
    for (int j = 0; j < SPL; j++) {
      i64 at;
      if (cell(j, stride, at)) m[at] = h[j];
    }
  }

  // issue starts the copies of the next tile; WHOLE: of one where every quad is.
  template <bool WHOLE> METHOD void columns(u32 s, int m) const {
    bool aligned = p.quads & QUAD_COLUMNS;
    if (in.row < steps) {
      int n = WHOLE ? 4 : in.row < m ? in.n : 0;
      copy_quad<WHOLE>(s + in.at, pd, n, aligned);
      copy_quad<WHOLE>(u(s) + in.at, pu, n, aligned);
    }
    if (p.z.p && out.row < steps)
      copy_quad<WHOLE>(z(s) + out.at, pz, WHOLE ? 4 : out.row < m ? out.n : 0, aligned);
  }
  template <bool WHOLE> METHOD void rows(u32 s, int m) const {
    bool aligned = p.quads & QUAD_ROWS;
#pragma unroll
    for (u32 k = 0; k < 2; k++) { // two for blocks of four channels
      int i = t / 4 + k * (threads() / 4);
      if (i >= steps) break;
      int n = WHOLE ? 4 : i < m ? (int)p.n - 4 * (int)(t % 4) : 0;
      u32 at = 16 * (4 * i + t % 4) + 4 * PAD * (i / K);
      copy_quad<WHOLE>(b(s) + at, pb + k * (threads() / 4) * p.b.stride, n, aligned);
      copy_quad<WHOLE>(c(s) + at, pc + k * (threads() / 4) * p.c.stride, n, aligned);
    }
  }
  METHOD int length(int tile) const { return tile < tiles - 1 ? steps : (int)(p.l - (i64)tile * steps); }
  METHOD static void copy_mark(u32 to, const int *from, bool exists, int absent) {
    if (exists) copy4(to, (const float *)from);
    else sts1(to, __builtin_bit_cast(float, absent));
  }
  METHOD void issue(u32 s, int tile) {
    if (tile < tiles) {
      int m = length(tile);
      if (m == steps && p.quads == (QUAD_COLUMNS | QUAD_ROWS)) columns<true>(s, m), rows<true>(s, m);
      else columns<false>(s, m), rows<false>(s, m);
      if ((int)t < steps && (p.resets || p.tap_of)) {
        u32 i = kept(t), to = marks(s) + 4 * i;
        i64 at = (i64)tile * steps + i;
        if (p.resets) copy_mark(to, p.resets + at, (int)i < m, 0);
        if (p.tap_of) copy_mark(to + 4 * steps, p.tap_of + at, (int)i < m, -1);
      }
      pd += steps * p.delta.stride, pu += steps * p.u.stride, pz += steps * p.z.stride;
      pb += steps * p.b.stride, pc += steps * p.c.stride;
    }
    copies_end();
  }

  // ready makes Δ and Δu of a tile of m steps; steps beyond change nothing.
  METHOD void ready(u32 s, int m) {
    if (in.row < steps) size_quad(p, sizes(), s + in.at, u(s) + in.at, lds4(bias_at), in.row < m);
  }
  METHOD u32 sizes() const { return sizes_at + 4 * (in.row * SIZES + in.row / K * PAD + 2 * in.col); }

  // finish writes y of a tile of m steps.
  METHOD void finish(u32 s, int m) {
    if (out.row < m) {
      f4 v = finish_quad(p, s + out.at, u(s) + out.at, z(s) + out.at, lds4(bias_at + 16));
      store_quad(py, v, out.n, p.quads & QUAD_COLUMNS);
    }
    py += steps * p.y.stride;
  }

  // forward leaves what the piece does to a state where enter finds it: the end from
  // h = 0, and the factor of what enters, −1 for none of it.
  template <bool MARKS> METHOD void forward(u32 s, u32 resets) {
    u32 at = sizes_at + 4 * (piece * (K * SIZES + PAD) + 2 * channel), b_at = b(s) + row_at;
    f4 h = 0.f, decay;
    float time = 0.f;
    if (MARKS) resets = kept(resets);
#pragma unroll
    for (int i = 0; i < K; i++) {
      f2 q = lds2(at + 4 * i * SIZES);
      f4 v = lds4(b_at + 4 * i * S);
      if (MARKS && resets >> i & 1) h = 0.f;
#pragma unroll
      for (int j = 0; j < SPL; j++) {
        abar[i][j] = ex2(q.x * a[j]);
        gain[i][j] = q.y * v[j];
        h[j] = !MARKS && i == 0 ? gain[i][j] : fma_(abar[i][j], h[j], gain[i][j]);
      }
      time += q.x;
    }
#pragma unroll
    for (int j = 0; j < SPL; j++) decay[j] = MARKS && resets ? -1.f : ex2(a[j] * time);
    sts4(ends_at + 16 * t, decay);
    sts4(ends_at + 16 * (threads() + t), h);
  }

  // pass takes h through a piece.
  template <bool MARKS> METHOD static void pass(f4 &h, const f4 &decay, const f4 &sum) {
#pragma unroll
    for (int j = 0; j < SPL; j++) {
      float v = fma_(decay[j], h[j], sum[j]);
      h[j] = MARKS && decay[j] < 0.f ? sum[j] : v;
    }
  }
  // enter takes h through the tile and leaves the state before each piece where its
  // sum was. Two pieces at a time, the next two on their way.
  template <bool MARKS> METHOD void enter() const {
    f4 h = lds4(bias_at + 32);
    u32 at = ends_at + 16 * (t - 4 * p.channels * piece), sums = 16 * threads(), step = 64 * p.channels;
    f4 decay = lds4(at), sum = lds4(at + sums), decay2 = lds4(at + step), sum2 = lds4(at + step + sums);
#pragma unroll 1
    for (int k = p.pieces; k; k -= 2) {
      u32 next = k > 2 ? at + 2 * step : at;
      f4 d = lds4(next), e = lds4(next + sums), d2 = lds4(next + step), e2 = lds4(next + step + sums);
      sts4(at + sums, h);
      pass<MARKS>(h, decay, sum);
      sts4(at + step + sums, h);
      pass<MARKS>(h, decay2, sum2);
      at = next, decay = d, sum = e, decay2 = d2, sum2 = e2;
    }
    sts4<32>(bias_at, h);
  }

  // through leaves y where Δ was.
  template <bool MARKS> METHOD void through(u32 s, u32 resets, u32 taps) {
    f4 h = lds4(ends_at + 16 * (threads() + t));
    u32 c_at = c(s) + row_at;
    float y[K];
    u32 tap_rows = marks(s) + 4 * (steps + piece * K);
    if (MARKS) resets = kept(resets), taps = kept(taps), tap_rows = kept(tap_rows);
#pragma unroll
    for (int i = 0; i < K; i++) {
      f4 v = lds4(c_at + 4 * i * S);
      if (MARKS && resets >> i & 1) h = 0.f;
      y[i] = 0.f;
#pragma unroll
      for (int j = 0; j < SPL; j++) {
        h[j] = fma_(abar[i][j], h[j], gain[i][j]);
        y[i] = fma_(h[j], v[j], y[i]);
      }
      if (MARKS && taps >> i & 1) {
        i64 row = lds_int(tap_rows + 4 * i);
        store(p.tap_h + row * p.d * p.n, p.n, h);
      }
    }
    // Lane sub goes on with the sums of steps 2·sub and 2·sub + 1.
#pragma unroll
    for (int i = 0; i < 4; i++) y[i] = halve(y[i], y[i + 4], sub & 2, 4);
#pragma unroll
    for (int i = 0; i < 2; i++) y[i] = halve(y[i], y[i + 2], sub & 1, 2);
    u32 at = s + 4 * ((kept(piece) * K + 2 * sub) * p.channels + channel);
    sts1(at, y[0]);
    sts1(at + 4 * p.channels, y[1]);
  }
  // marked are the bits of the piece's steps, and whether the warp has any.
  METHOD u32 marked(bool mark, bool &any) const {
    u32 all = ballot(mark);
    any |= all != 0;
    return all >> (t & 16) & 0xff;
  }

  METHOD void run() {
    u32 now = shared_at(smem), next = now + slot, last = next + slot;
    // Absent channels are zero once and for all.
    if (in.row < steps && in.n <= 0) {
      sts4<0>(sizes(), f4(0.f)), sts4<16>(sizes(), f4(0.f));
      in.row = steps;
    }
    if (out.n <= 0) out.row = steps;
#pragma unroll 1
    for (int k = 0; k < 2; k++) issue(k ? next : now, k);
    sts4<0>(bias_at, quad_of(p.bias, c0 + in.col, p.d));
    sts4<16>(bias_at, quad_of(p.skip, c0 + out.col, p.d));
    f4 v = load(p.a.p, p.a.stride);
#pragma unroll
    for (int j = 0; j < SPL; j++) a[j] = log2_of(v[j]);
    bool end = piece == p.pieces - 1;
    if (end) sts4<32>(bias_at, load(p.h.p, p.h.stride));
    copies_wait<1>();
    ready(now, length(0));
    sync();
    u32 resets = 0, taps = 0;
    bool any = false;
#pragma unroll 1
    for (int k = 0;; k++) { // tile k is in now
      if (k > 0) {
        issue(next, k + 1);
        if (any) through<true>(last, resets, taps);
        else through<false>(last, 0, 0);
      }
      if (k < tiles) {
        any = false;
        u32 at = marks(now) + 4 * (piece * K + t % K);
        if (p.resets) resets = marked(lds_int(at) & RESET_STATE, any);
        if (p.tap_of) taps = marked(lds_int(at + 4 * steps) >= 0, any);
        if (any) forward<true>(now, resets);
        else forward<false>(now, 0);
      }
      sync();
      if (k < tiles && end) {
        if (p.resets) enter<true>();
        else enter<false>();
      }
      if (k > 0) finish(last, length(k - 1));
      if (k == tiles) break;
      copies_wait<0>();
      if (k < tiles - 1) ready(next, length(k + 1));
      sync();
      u32 free = last;
      last = now, now = next, next = free;
    }
    copies_wait<0>();
    channel = kept(channel); // computes the addresses here, not before the loop
    if (end) store(p.h.p, p.h.stride, lds4(bias_at + 32));
  }
};

extern "C" __global__ void __attribute__((launch_bounds(384, 1))) stream_split(const ScanParams q) {
  ScanParams p = q;
  batch(p, bid_y());
  Split(p).run();
}
