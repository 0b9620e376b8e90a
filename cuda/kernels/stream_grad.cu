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
//	wide     or narrow: the states again, from those kept at every 32nd step, and with E every
//	         gradient; dB and dC summed over the block's channels, dA, dBias and
//	         dSkip over the chunk's steps
//	gather   those sums over blocks, and over chunks, in order
//
// A lane has 4 states of CPL channels: of two, so that what it reads of B and C
// serves twice and sums over channels begin in the lane; of one where there is
// little to do. What belongs to a step of a channel, Δ or u or z, a thread copies,
// prepares and finishes for four channels at a time: a quad. FULL: all of the
// block's channels are there and whole.
#include "stream_grad.h"

// Out is wide and narrow. It goes through one chunk from its end, in windows of 32
// steps: once forwards for the states before each part of the window, and through
// the parts, from the last, forwards, keeping the states, and backwards. A part that
// is done makes room for one of the next window; the parts of that are in reverse
// order, so that the copy that is issued last is of what is needed last.
template <int CPL, bool FULL> struct Out : Place<CPL, FULL> {
  typedef Place<CPL, FULL> P;
  using P::p, P::t, P::sub, P::group, P::quad, P::row, P::c0, P::here, P::CH, P::ROWS;
  static const int COLUMN = 4 * G * CH, SMALL = 4 * G * S, STATES = 4 * CH * S, ROW = 4 * PART * CH, WARP = 4 * PART * 2 * S; // bytes
  float a[CPL][SPL], e[CPL][SPL], da[CPL][SPL];
  f4 dbias, dskip;
  u32 flip; // of the window: 0, or PARTS − 1 where its parts are in reverse order
  METHOD Out(const StreamGradParams &q) : P(q) {}
  METHOD static u32 delta() { return shared_at(smem); }
  METHOD static u32 u() { return delta() + COLUMN; }
  METHOD static u32 dy() { return delta() + 2 * COLUMN; } // z, until it is prepared
  METHOD static u32 dz() { return delta() + 3 * COLUMN; } // dY, until then
  METHOD static u32 slope() { return delta() + 4 * COLUMN; }
  METHOD static u32 b() { return delta() + 5 * COLUMN; }
  METHOD static u32 c() { return b() + SMALL; }
  METHOD static u32 starts() { return c() + SMALL; }             // h before each part, as lanes have it
  METHOD static u32 sums() { return starts() + PARTS * STATES; } // [PART][CH] of Σ G·B, Σ A·log2e·E·h, Σ h·C
  METHOD static u32 bc() { return sums() + 3 * ROW; }            // [WARPS][PART][2·S]
  METHOD static u32 cross() { return bc() + WARPS * WARP; }      // [WARPS][8][2·S]
  METHOD static u32 bias() { return cross() + WARPS * WARP; }
  METHOD static u32 skip() { return bias() + 4 * CH; }
  METHOD u32 at(int k) const { return 4 * ((k * PART + row) * CH + quad); } // of the quad in place k of the parts

  // issue starts the copies of part k of the window at l0, of which there are m
  // steps, to place `to` of the parts.
  METHOD void issue(i64 l0, int m, int k, int to) const {
    int left = m - k * PART;
    i64 l = l0 + k * PART;
    if (row < PART && (int)row < left) {
      P::column(delta() + at(to), p.delta, l);
      P::column(u() + at(to), p.u, l);
      P::column(dz() + at(to), p.dy, l);
      if (p.z.p) P::column(dy() + at(to), p.z, l);
    }
    u32 i = t % 32 / 4, n = t % 4 * 4, small = 4 * ((to * PART + i) * S + n);
    if ((int)i < left) {
      if (t / 32 == 2) P::row_of_small(b() + small, p.b, l, i, n);
      if (t / 32 == 3) P::row_of_small(c() + small, p.c, l, i, n);
    }
    copies_end();
  }

  // before is h before the window at l0, which is a multiple of 32.
  METHOD void before(float (&h)[CPL][SPL], i64 l0) const {
    if (l0 > 0) P::states_of(h, p.states + ((l0 >> 5) - 1) * p.d * p.n, p.n);
    else P::states_of(h, p.h0.p, p.h0.stride);
  }

  // ready prepares part k of a window of m steps.
  METHOD void ready(int m, u32 k) const {
    u32 at = this->at(k ^ flip);
    if (row >= PART) return;
    if ((int)(k * PART + row) >= m) { // changes nothing
      sts4(delta() + at, 0.f), sts4(u() + at, 0.f), sts4(dy() + at, 0.f);
      return;
    }
    f4 d = lds4(delta() + at), g = lds4(dz() + at);
    if (p.softplus) {
      sts4(slope() + at, soften(d, lds4(bias() + 4 * quad)));
      sts4(delta() + at, d);
    }
    if (p.z.p) sts4(dz() + at, gate(g, lds4(dy() + at)));
    sts4(dy() + at, g);
  }

  // Where part k has its columns and its B and C, for this lane.
  struct At {
    u32 columns, small;
  };
  METHOD At part_at(int k) const {
    u32 row = (k ^ flip) * PART;
    At at = {delta() + 4 * (row * CH + group * CPL), b() + 4 * (row * S + sub * SPL)};
    return at;
  }

  // ahead takes h over step I of a part.
  template <bool MARKED, int I> METHOD void ahead(float (&h)[CPL][SPL], At at, u32 resets) const {
    float d[CPL], x[CPL];
    P::template lane_of<4 * I * CH>(d, at.columns), P::template lane_of<COLUMN + 4 * I * CH>(x, at.columns);
    f4 q = lds4<4 * I * S>(at.small);
#pragma unroll
    for (int c = 0; c < CPL; c++) x[c] *= d[c];
    EACH_STATE {
      float v = ex2(d[c] * a[c][j]) * h[c][j];
      if (MARKED) v = resets >> I & 1 ? 0.f : v;
      h[c][j] = fma_(x[c], q[j], v);
    }
  }
  // over takes h over steps I, I+1, … of a part, and keeps it after each.
  template <bool MARKED, int I> METHOD void over(float (&h)[CPL][SPL], float (&after)[PART][CPL][SPL], At at, u32 resets) const {
    ahead<MARKED, I>(h, at, resets);
    EACH_STATE after[I][c][j] = h[c][j];
    if constexpr (I + 1 < PART) over<MARKED, I + 1>(h, after, at, resets);
  }

  METHOD u32 start(int k, int c) const { return starts() + 4 * ((k * CPL + c) * THREADS + t) * SPL; }
  METHOD void begin(float (&h)[CPL][SPL], int k) const {
#pragma unroll
    for (int c = 0; c < CPL; c++) {
      f4 v = lds4(start(k, c));
#pragma unroll
      for (int j = 0; j < SPL; j++) h[c][j] = v[j];
    }
  }
  METHOD void leave(const float (&h)[CPL][SPL], int k) const {
#pragma unroll
    for (int c = 0; c < CPL; c++) {
      f4 v = {h[c][0], h[c][1], h[c][2], h[c][3]};
      sts4(start(k, c), v);
    }
  }

  // pass leaves h before every part.
  template <bool MARKED> METHOD void pass(float (&h)[CPL][SPL], int parts, u32 resets) const {
    leave(h, 0);
#pragma unroll 1
    for (int k = 1; k < parts; k++) {
      float after[PART][CPL][SPL];
      over<MARKED, 0>(h, after, part_at(k - 1), resets);
      resets >>= PART;
      leave(h, k);
    }
  }

  // over_states sums over the four lanes of a channel, and leaves the sums of
  // step I of the part.
  template <int I> METHOD void over_states(u32 to, u32 y_to, const float (&w)[CPL], const float (&r)[CPL], const float (&y)[CPL]) const {
    if (CPL == 2) { // lanes 0 and 2 go on with the first channel, 1 and 3 with the second
      float w0 = halve(w[0], w[CPL - 1], sub & 1, 1), r0 = halve(r[0], r[CPL - 1], sub & 1, 1);
      float y0 = halve(y[0], y[CPL - 1], sub & 1, 1);
      w0 = halve(w0, r0, sub & 2, 2);
      y0 += shfl_bfly(y0, 2);
      sts1<4 * I * CH>(to, w0);
      if (sub < 2) sts1<4 * I * CH>(y_to, y0);
    } else {
      float w0 = halve(w[0], r[0], sub & 1, 1), y0 = y[0] + shfl_bfly(y[0], 1);
      w0 = halve(w0, y0, sub & 2, 2);
      if (sub < 3) sts1<4 * I * CH>(to, w0);
    }
  }

  // over_channels hands what a lane's channels add to dB and dC to the warp, whose
  // lanes then sum a column each: of eight rows, one for the four lanes of channels.
  // Rows begin with B's and with C's half in turn, so that a store meets each bank once.
  template <int R> METHOD static float column_sum(u32 even, u32 odd) {
    float v = lds1<4 * R * 2 * S>(R & 1 ? odd : even);
    if constexpr (R + 1 < 8) return v + column_sum<R + 1>(even, odd);
    else return v;
  }
  template <int I> METHOD static void over_channels(u32 cross, f4 vb, f4 vc) {
    if (I + 1 < PART) sync_warp(); // the last sums have been read
    sts4<0>(cross, vb);
    sts4<0>(cross ^ 4 * S, vc);
    sync_warp();
  }
  template <int I> METHOD static void column_sums(u32 even, u32 bc) {
    sts1<4 * I * 2 * S>(bc, column_sum<0>(even, even ^ 4 * S));
  }

  // Where a part leaves its sums.
  struct Sums {
    u32 states, y, cross, even, bc;
  };

  // back goes through steps I, I−1, … of part k. after[i] is h after its step i.
  template <bool MARKED, int I>
  METHOD void back(int k, At at, Sums to, u32 resets, const float (&after)[PART][CPL][SPL]) {
    float d[CPL], x[CPL], g[CPL], w[CPL], r[CPL], y[CPL], start[CPL][SPL];
    P::template lane_of<4 * I * CH>(d, at.columns), P::template lane_of<COLUMN + 4 * I * CH>(x, at.columns);
    P::template lane_of<2 * COLUMN + 4 * I * CH>(g, at.columns);
    f4 q = lds4<4 * I * S>(at.small), v = lds4<SMALL + 4 * I * S>(at.small), vb, vc;
    if (I == 0) begin(start, k);
    if constexpr (I + 1 < PART) column_sums<I + 1>(to.even, to.bc); // its loads come while this step is computed
#pragma unroll
    for (int c = 0; c < CPL; c++) {
      x[c] *= d[c];
      w[c] = r[c] = y[c] = 0.f;
#pragma unroll
      for (int j = 0; j < SPL; j++) {
        float gain = fma_(v[j], g[c], e[c][j]), now = after[I][c][j], before = I ? after[I ? I - 1 : 0][c][j] : start[c][j];
        float back = ex2(d[c] * a[c][j]) * gain;
        if (MARKED) back = resets >> I & 1 ? 0.f : back;
        float rate = MARKED && (resets >> I & 1) ? 0.f : back * before;
        e[c][j] = back;
        w[c] = fma_(gain, q[j], w[c]);
        r[c] = fma_(rate, a[c][j], r[c]);
        da[c][j] = fma_(rate, d[c], da[c][j]);
        y[c] = fma_(now, v[j], y[c]);
        vb[j] = c ? fma_(gain, x[c], vb[j]) : gain * x[c];
        vc[j] = c ? fma_(now, g[c], vc[j]) : now * g[c];
      }
    }
    over_states<I>(to.states, to.y, w, r, y);
    over_channels<I>(to.cross, vb, vc);
    if constexpr (I > 0) back<MARKED, I - 1>(k, at, to, resets, after);
    else column_sums<0>(to.even, to.bc);
  }

  // part goes through part k, forwards and backwards. MARKED: there are resets.
  template <bool MARKED> METHOD void part(int k, u32 resets) {
    float h[CPL][SPL], after[PART][CPL][SPL];
    At at = part_at(k);
    begin(h, k);
    over<MARKED, 0>(h, after, at, resets);
    u32 lane = t & 31, g = lane / LANES, warp = t / 32, crossing = cross() + warp * WARP;
    Sums to;
    to.states = sums() + 4 * group * CPL + (CPL == 2 ? sub / 2 * ROW + 4 * (sub & 1) : (sub < 3 ? sub : 0) * ROW);
    to.y = sums() + 4 * group * CPL + 2 * ROW + 4 * (sub & 1);
    to.cross = crossing + 4 * (g * 2 * S + (g & 1) * S + sub * SPL);
    to.even = crossing + 4 * lane;
    to.bc = bc() + warp * WARP + 4 * lane;
    sync(); // the sums of the part after this have been read
    back<MARKED, PART - 1>(k, at, to, resets, after);
  }

  // finish writes what part k has come to.
  METHOD void finish(i64 l0, int m, int k) {
    u32 at = this->at(k ^ flip);
    int left = m - k * PART;
    i64 l = l0 + k * PART;
    if (row < PART && (int)row < left && here > 0) {
      u32 from = sums() + 4 * (row * CH + quad);
      f4 d = lds4(delta() + at), v = lds4(u() + at), g = lds4(dy() + at), x = lds4(skip() + 4 * quad), w = lds4(from);
      f4 dd = w * v + lds4(from + ROW) * LN2;
      if (p.softplus) dd *= lds4(slope() + at);
      P::write(p.ddelta, l, dd);
      P::write(p.du, l, g * x + w * d);
      if (p.z.p) P::write(p.dz, l, lds4(dz() + at) * (x * v + lds4(from + 2 * ROW)));
      dbias += dd;
      dskip += g * v;
    }
    if (t < THREADS / 2 && (int)t / 8 < left) {
      u32 x = bc() + 16 * t;
      *(f4 *)(p.part_bc + ((i64)bid_x() * p.l + l) * 2 * S + t * 4) =
          lds4(x) + lds4(x + WARP) + lds4(x + 2 * WARP) + lds4(x + 3 * WARP);
    }
  }

  METHOD void run() {
    i64 chunk = bid_z(), from = chunk * p.chunk, to = from + p.chunk < p.l ? from + p.chunk : p.l;
    i64 l0 = (to - 1) / G * G;
    int m = (int)(to - l0), parts = (m + PART - 1) / PART;
    if (m < G) { // no copy fills all of B and C
      for (int k = t * 16; k < 2 * SMALL; k += THREADS * 16) sts4(b() + k, 0.f);
      sync();
    }
    for (int k = 0; k < parts; k++) issue(l0, m, k, k);
    for (int k = 0; k < PARTS - parts && l0 > from; k++) issue(l0 - G, G, k, PARTS - 1 - k);
    dbias = dskip = 0.f, flip = 0;
    P::states_of(a, p.a.p, p.a.stride);
    if (p.chunks > 1) P::states_of(e, p.chunk_e + chunk * p.d * p.n, p.n);
    else P::states_of(e, p.dh.p, p.dh.stride);
    float own_bias = P::own(p.bias), own_skip = P::own(p.skip);
    if (t < CH) sts1(bias() + 4 * t, own_bias), sts1(skip() + 4 * t, own_skip);
    EACH_STATE a[c][j] = log2_of(a[c][j]), da[c][j] = 0.f;
    copies_wait<0>();
    sync();
#pragma unroll 1
    for (;;) {
      u32 resets = ballot(P::marks(l0, m) != 0);
      float h[CPL][SPL];
      before(h, l0);
      copies_wait<1>();
#pragma unroll 1
      for (int k = 0; k < parts - 1; k++) ready(m, k);
      sync();
      if (!FULL || resets) pass<true>(h, parts, resets);
      else pass<false>(h, parts, 0);
      copies_wait<0>();
      ready(m, parts - 1);
      sync();
      int least = l0 < from ? (int)(from - l0) / PART : 0; // the chunk may begin within a window
#pragma unroll 1
      for (int k = parts - 1; k >= least; k--) {
        if (!FULL || resets) part<true>(k, resets >> k * PART);
        else part<false>(k, 0);
        sync();
        finish(l0, m, k);
        if (l0 > from) issue(l0 - G, G, PARTS - 1 - k, (int)(k ^ flip));
      }
      if (l0 <= from) break;
      l0 -= G, m = G, parts = PARTS, flip ^= PARTS - 1;
    }
    // Read again, so that no register keeps them until here.
    u32 thread, block;
    asm volatile("mov.u32 %0, %%tid.x;" : "=r"(thread));
    asm volatile("mov.u32 %0, %%ctaid.z;" : "=r"(block));
    EACH_STATE {
      i64 k;
      if (P::cell(c, j, p.n, k)) p.part_a[(i64)block * p.d * p.n + k] = da[c][j];
      if (block == 0 && p.dh.p && P::cell(c, j, p.dh.stride, k)) p.dh.p[k] = e[c][j];
    }
    // The rows of a quad, through what no other thread reads any more.
    if (row < PART) sts4(slope() + at(0), dbias), sts4(slope() + at(1), dskip);
    sync();
    if (thread < CH && c0 + thread < p.d) {
      float *out = p.part_d + (i64)block * 2 * p.d + c0 + thread;
      float sum_bias = 0.f, sum_skip = 0.f;
#pragma unroll
      for (int i = 0; i < PART; i++) {
        u32 x = slope() + 4 * (i * CH + thread);
        sum_bias += lds1<0>(x), sum_skip += lds1<ROW>(x);
      }
      out[0] = sum_bias, out[p.d] = sum_skip;
    }
  }
};
template <int CPL> DEV void out(const StreamGradParams &p) {
  if (wholly<CPL>(p)) Out<CPL, true>(p).run();
  else Out<CPL, false>(p).run();
}
KERNELS(128, 3, stream_grad_wide)(const StreamGradParams p) { out<2>(p); }
KERNELS(128, 4, stream_grad_narrow)(const StreamGradParams p) { out<1>(p); }

// share is every fourth of the terms of a sum, from the warp's own on.
template <typename V> DEV V share(const float *from, i64 stride, i64 terms) {
  V sum = (V)0.f;
#pragma unroll 8
  for (i64 k = tid() / 32; k < terms; k += WARPS) sum += *(const V *)(from + k * stride);
  return sum;
}
// shares adds the four, in order, in the first warp.
template <typename V> DEV V shares(V sum) {
  V *all = (V *)smem;
  all[tid()] = sum;
  sync();
  u32 t = tid() & 31;
  return all[t] + all[t + 32] + all[t + 64] + all[t + 96];
}

// dB and dC over the blocks, four at a time; dA, dBias and dSkip over the chunks.
// Four warps share the terms of a sum, so that many are on their way at once.
KERNEL(128, stream_grad_gather)(const StreamGradParams p) {
  i64 rows = p.l * 2 * S, cells = p.d * p.n, quads = (rows / 4 + 31) / 32, lane = tid() & 31;
  if ((i64)bid_x() < quads) {
    i64 i = ((i64)bid_x() * 32 + lane) * 4;
    f4 sum = 0.f;
    if (i < rows) sum = share<f4>(p.part_bc + i, rows, p.blocks);
    sum = shares(sum);
    if (tid() >= 32 || i >= rows) return;
    i64 l = i / (2 * S);
    u32 k = i % (2 * S), n = k % S;
    float *to = k < S ? p.db.p + l * p.db.stride + n : p.dc.p + l * p.dc.stride + n;
#pragma unroll
    for (int j = 0; j < 4; j++)
      if (n + j < p.n) to[j] = sum[j];
    return;
  }
  i64 at = ((i64)bid_x() - quads) * 32 + lane, of_d = at - cells;
  float sum = 0.f;
  if (at < cells) sum = share<float>(p.part_a + at, cells, p.chunks);
  else if (of_d < 2 * p.d) sum = share<float>(p.part_d + of_d, 2 * p.d, p.chunks);
  sum = shares(sum);
  if (tid() >= 32) return;
  if (at < cells) {
    p.da.p[at / p.n * p.da.stride + at % p.n] += sum;
  } else if (of_d < 2 * p.d) {
    if (of_d < p.d && p.dbias) p.dbias[of_d] += sum;
    if (of_d >= p.d && p.dskip) p.dskip[of_d - p.d] += sum;
  }
}
