package session

import (
	"cmp"
	"context"
	"math"
	"slices"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// rows are the arrays of a window, T = to − from rows each. They do not change
// once a frame has them: a moved window is a new rows that copies what the two
// have in common and computes the rest.
type rows struct {
	layer, from, to int
	D, N            int

	delta, u, z, write []float32 // (T, D)
	b, c               []float32 // (T, N)
	h                  []float32 // (T, D, N) of the layer, or nil
	top                []Guess   // (T) or nil
	deltas             [][]float32
	// For comparing two runs: h of every layer, and logits (T, V), where they
	// are small enough.
	hs     [][]float32
	logits []float32
	detail detail
	lanes  []laneRows // a layer, of a run that is not full; nil of one that is
}

// laneRows are the columns of a summary over the tokens of a window.
type laneRows [columns][]float32

// detail is what rows bring along besides the drive. More is greater.
type detail int

const (
	noH      detail = iota
	ownH            // h of the layer
	everyH          // h of every layer
	everyTop        // and logits
)

// detailOf is what a window of T tokens brings along.
func (r *run) detailOf(T int) detail {
	switch DN := r.cfg.DInner * r.cfg.DState; {
	case T*DN > hFloats:
		return noH
	case T*DN*r.cfg.NLayer > hFloats:
		return ownH
	case r.lacks.Logits || r.vocab > maxTopRows || T*r.vocab > logitsMax:
		return everyH
	}
	return everyTop
}

// hFloats is the largest h over time that a window brings along: 16 MiB.
const hFloats = 4 << 20

// windowBytes and windowRows bound what a Look can ask for.
const (
	windowBytes = 64 << 20
	windowRows  = 512
)

func (r *run) newRows(l Look, much detail) *rows {
	T, D, N := l.To-l.From, r.cfg.DInner, r.cfg.DState
	w := &rows{layer: l.Layer, from: l.From, to: l.To, D: D, N: N, detail: much}
	w.deltas = make([][]float32, r.cfg.NLayer)
	for i := range w.deltas {
		w.deltas[i] = make([]float32, T*D)
	}
	w.delta = w.deltas[l.Layer]
	w.u, w.write = make([]float32, T*D), make([]float32, T*D)
	if !r.lacks.Gate {
		w.z = make([]float32, T*D)
	}
	w.b, w.c = make([]float32, T*N), make([]float32, T*N)
	w.hs = make([][]float32, r.cfg.NLayer)
	for i := range w.hs {
		if much >= everyH || i == l.Layer && much == ownH {
			w.hs[i] = make([]float32, T*D*N)
		}
	}
	w.h = w.hs[l.Layer]
	if r.vocab <= maxTopRows && !(r.lacks.Logits && r.plan != nil) {
		w.top = make([]Guess, T)
	}
	if much == everyTop {
		w.logits = make([]float32, T*r.vocab)
	}
	if !r.full() {
		w.lanes = make([]laneRows, r.cfg.NLayer)
		for i := range w.lanes {
			for c := range w.lanes[i] {
				w.lanes[i][c] = make([]float32, T)
			}
		}
	}
	return w
}

// span cuts rows [i, j) of width cols out of a, so that appending to it copies.
func span[E any](a []E, i, j, cols int) []E {
	if a == nil {
		return nil
	}
	return a[i*cols : j*cols : j*cols]
}

// slice is the part [from, to) of w, sharing its arrays.
func (w *rows) slice(from, to int) *rows {
	if from == w.from && to == w.to {
		return w
	}
	i, j := from-w.from, to-w.from
	v := &rows{layer: w.layer, from: from, to: to, D: w.D, N: w.N, detail: w.detail}
	v.u, v.z, v.write = span(w.u, i, j, w.D), span(w.z, i, j, w.D), span(w.write, i, j, w.D)
	v.b, v.c = span(w.b, i, j, w.N), span(w.c, i, j, w.N)
	v.logits = span(w.logits, i, j, len(w.logits)/max(w.to-w.from, 1))
	v.hs = make([][]float32, len(w.hs))
	for l := range w.hs {
		v.hs[l] = span(w.hs[l], i, j, w.D*w.N)
	}
	v.h = v.hs[w.layer]
	v.lanes = slices.Clone(w.lanes)
	for l := range v.lanes {
		for c, x := range v.lanes[l] {
			v.lanes[l][c] = span(x, i, j, 1)
		}
	}
	v.top = span(w.top, i, j, 1)
	v.deltas = make([][]float32, len(w.deltas))
	for l := range w.deltas {
		v.deltas[l] = span(w.deltas[l], i, j, w.D)
	}
	v.delta = v.deltas[w.layer]
	return v
}

// truncate is w without the tokens from n on; nil if nothing is left.
func (w *rows) truncate(n int) *rows {
	if w == nil || w.from >= n {
		return nil
	}
	return w.slice(w.from, min(w.to, n))
}

// copyFrom copies tokens [from, to), which both have, from v.
func (w *rows) copyFrom(v *rows, from, to int) {
	put := func(dst, src []float32, cols int) {
		if dst != nil {
			copy(dst[(from-w.from)*cols:], src[(from-v.from)*cols:(to-v.from)*cols])
		}
	}
	put(w.u, v.u, w.D)
	put(w.z, v.z, w.D)
	put(w.write, v.write, w.D)
	put(w.b, v.b, w.N)
	put(w.c, v.c, w.N)
	put(w.logits, v.logits, len(v.logits)/max(v.to-v.from, 1))
	for l := range w.hs {
		put(w.hs[l], v.hs[l], w.D*w.N)
	}
	for l := range v.lanes {
		for c, x := range v.lanes[l] {
			put(w.lanes[l][c], x, 1)
		}
	}
	for l := range w.deltas {
		put(w.deltas[l], v.deltas[l], w.D)
	}
	if w.top != nil {
		copy(w.top[from-w.from:], v.top[from-v.from:to-v.from])
	}
}

// record takes what happened from a Tap.
func (w *rows) record(rec *model.Record, at int, in conditions) {
	i := at - w.from
	if w.lanes != nil {
		taken := *rec
		taken.B = in.taken(rec.B)
		for t := range rec.To - rec.From {
			for c, v := range MeasureToken(&taken, t, in.a, in.rule).columns(in.reset) {
				w.lanes[rec.Layer][c][i+t] = v
			}
		}
	}
	copy(w.deltas[rec.Layer][i*w.D:], rec.Delta)
	if h := w.hs[rec.Layer]; h != nil {
		copy(h[i*w.D*w.N:], rec.H)
	}
	if rec.Layer != w.layer {
		return
	}
	copy(w.u[i*w.D:], rec.U)
	if w.z != nil {
		copy(w.z[i*w.D:], rec.Z)
	}
	copy(w.b[i*w.N:], rec.B)
	copy(w.c[i*w.N:], rec.C)
	b := in.taken(rec.B)
	for t := range rec.To - rec.From {
		writes(w.write[(i+t)*w.D:][:w.D], in.rule, in.a, rec.Delta[t*w.D:], rec.U[t*w.D:], b[t*w.N:][:w.N])
	}
}

// writes is ‖B̄·u‖ over the states of each channel.
func writes(dst []float32, rule scan.Rule, a, delta, u, b []float32) {
	N := len(b)
	if rule == scan.Released { // B̄ = Δ·B: one gain for all states
		var sum float64
		for _, x := range b {
			sum += float64(x) * float64(x)
		}
		taken := math.Sqrt(sum)
		for d := range dst {
			dst[d] = float32(math.Abs(float64(delta[d])*float64(u[d])) * taken)
		}
		return
	}
	for d := range dst {
		var sum float64
		for n := range N {
			_, gain := rule.Coefficients(float64(delta[d]), float64(a[d*N+n]))
			x := gain * float64(b[n]) * float64(u[d])
			sum += x * x
		}
		dst[d] = float32(math.Sqrt(sum))
	}
}

// piece is a stretch of tokens to run again: for the rows of a window, for the
// Moment of one token, or for both.
type piece struct {
	from, to     int
	rows, moment bool
}

// pieces lists the pieces that [from, to) without [lo, hi) and the token t take,
// in order; t < 0 asks for no moment.
func pieces(from, to, lo, hi, t int) []piece {
	var list []piece
	for _, p := range []piece{{from: from, to: lo}, {from: hi, to: to}} {
		if p.from >= p.to {
			continue
		}
		if t < p.from || t >= p.to {
			list = append(list, piece{p.from, p.to, true, false})
			continue
		}
		for _, q := range []piece{{p.from, t, true, false}, {t, t + 1, true, true}, {t + 1, p.to, true, false}} {
			if q.from < q.to {
				list = append(list, q)
			}
		}
		t = -1
	}
	if t >= 0 {
		list = append(list, piece{t, t + 1, false, true})
	}
	slices.SortFunc(list, func(a, b piece) int { return cmp.Compare(a.from, b.from) })
	return list
}

// show makes r.rows and r.at what l, already resolved, asks for. It returns how
// many tokens it ran the model over. When ctx ends first, the rows that are
// done are kept for the next request.
func (r *run) show(ctx context.Context, l Look) (ran int, err error) {
	much := r.detailOf(l.To - l.From)
	l = r.clip(l)
	old := r.rows
	var w *rows
	lo, hi := l.From, l.From // what old has of the window
	if old != nil && old.layer == l.Layer && old.detail >= much {
		lo, hi = max(l.From, old.from), min(l.To, old.to)
		if lo >= hi {
			lo, hi = l.From, l.From
		}
	}
	shared := min(max(r.origin.at, l.From), l.To) // rows before it are the base's
	switch {
	case hi > lo && lo == l.From && hi == l.To:
		w = old.slice(lo, hi)
	default:
		w = r.newRows(l, much)
		if shared > l.From {
			w.copyFrom(r.base.rows, l.From, shared)
		}
		if hi > lo {
			w.copyFrom(old, lo, hi)
		}
	}
	lo = max(lo, shared)
	hi = max(hi, lo)
	t := l.T
	switch {
	case r.at != nil && r.at.T == l.T && r.at.Layer == l.Layer:
		t = -1
	case t >= 0 && t < r.origin.at:
		r.at, t = r.base.at, -1
	}
	done := shared // rows [From, done) are there
	if lo == shared {
		done = hi
	}
	for _, p := range pieces(shared, l.To, lo, hi, t) {
		n, err := r.seek(ctx, p.from)
		ran += n
		for err == nil && r.viewAt < p.to {
			at := r.viewAt
			if err = r.again(ctx, p, w); err != nil {
				break
			}
			ran += r.viewAt - at
			if p.rows {
				if done = r.viewAt; done == lo {
					done = hi
				}
			}
		}
		if err != nil {
			if done > l.From && (r.rows == nil || r.rows.layer != l.Layer || done-l.From > r.rows.to-r.rows.from) {
				r.rows = w.slice(l.From, done)
			}
			return ran, err
		}
	}
	r.rows = w
	if l.T < 0 {
		r.at = nil
	}
	return ran, nil
}

// clip is l within the run's own tokens: a changed run may be shorter.
func (r *run) clip(l Look) Look {
	l.To = min(l.To, r.n)
	l.From = min(l.From, l.To)
	if l.T >= r.n {
		l.T = -1
	}
	return l
}

// again runs one chunk of p and records it.
func (r *run) again(ctx context.Context, p piece, w *rows) error {
	at := r.viewAt
	tap := &model.Tap{What: model.TapDrive}
	if !r.lacks.Gate {
		tap.What |= model.TapZ
	}
	D, N, L := r.cfg.DInner, r.cfg.DState, r.cfg.NLayer
	cost := L * (3*D + 2*N)
	if w.detail > noH || w.lanes != nil {
		tap.What |= model.TapH
		cost += L * D * N
	}
	limit := max(tapFloats/cost, 1)
	if w.top != nil {
		limit = min(limit, max(logitsMax/r.cfg.VocabSize, 1))
	}
	n := r.chunk(at, p.to-at, limit)
	seg := r.plan.at(at)
	if p.moment {
		tap.What = model.TapAll
	}
	if !p.rows {
		tap.Layers = []int{w.layer}
	}
	var logits []float32
	if p.moment || w.top != nil {
		logits = make([]float32, n*r.cfg.VocabSize)
	}
	var moment *Moment
	tap.Func = func(rec *model.Record) {
		if p.rows {
			w.record(rec, at, seg.in(rec.Layer, r.a[rec.Layer]))
			if !r.full() && rec.Layer == w.layer {
				r.largest[w.layer].take(rec, w.write[(at-w.from)*D:][:n*D], rec.H)
			}
		}
		if p.moment && rec.Layer == w.layer {
			moment = r.momentOf(rec, at)
		}
	}
	if err := r.look(ctx, n, logits, tap); err != nil {
		return err
	}
	if logits == nil {
		return nil
	}
	k := 1
	if moment != nil {
		k = topGuesses
	}
	top, err := r.guesses(at, n, k, logits)
	if err != nil {
		return err
	}
	for t, g := range top {
		if p.rows && w.top != nil && len(g) > 0 {
			w.top[at-w.from+t] = g[0]
		}
		if p.rows && w.logits != nil {
			copy(w.logits[(at-w.from+t)*r.vocab:][:r.vocab], logits[t*r.cfg.VocabSize:])
		}
	}
	if moment != nil {
		if top != nil {
			moment.Top = top[0]
		}
		r.at = moment
	}
	return nil
}

// window is what a frame shows of the run: r.rows and r.at as show left them.
func (r *run) window(l Look, skip []float32, groups []Group) *Window {
	l = r.clip(l)
	v := r.rows
	w := &Window{
		From: l.From, To: l.To, Layer: l.Layer, D: v.D, N: v.N,
		Delta: v.delta, U: v.u, B: v.b, C: v.c, Z: v.z, Write: v.write, H: v.h,
		A: r.plan.at(max(l.T, l.From)).in(l.Layer, r.a[l.Layer]).a, Skip: skip, Top: v.top, At: r.at,
		Lanes: make([]Lane, r.cfg.NLayer),
	}
	if r.full() {
		w.Largest = r.sums[l.Layer].largest
	} else {
		w.Largest = r.largest[l.Layer]
	}
	if r.base != nil {
		w.Largest.join(r.base.sums[l.Layer].largest)
	}
	for i := range w.Lanes {
		w.Lanes[i] = r.lane(i, l.From, l.To)
		w.Lanes[i].DeltaMean = means(v.deltas[i], v.D, groups[i].Channels)
	}
	return w
}

// lane is what a window of [from, to) shows of a layer; DeltaMean is the
// caller's.
func (r *run) lane(layer, from, to int) Lane {
	column := func(c int) []float32 {
		dst := make([]float32, 0, to-from)
		own := min(max(from, r.origin.at), to)
		if from < own {
			dst = r.base.sums[layer].column(dst, c, from, own)
		}
		if r.full() {
			return r.sums[layer].column(dst, c, own, to)
		}
		return append(dst, r.rows.lanes[layer][c][own-r.rows.from:to-r.rows.from]...)
	}
	return Lane{
		Kept: column(colKept), Retention: column(colRetention), HalfLife: column(colHalfLife),
		DeltaMax: column(colDeltaMax), Write: column(colWrite), HNorm: column(colNorm),
	}
}

// means is the mean of each row of a (T, D) over some channels.
func means(a []float32, D int, channels []int) []float32 {
	out := make([]float32, len(a)/D)
	for t := range out {
		row := a[t*D:][:D]
		var sum float64
		for _, d := range channels {
			sum += float64(row[d])
		}
		out[t] = float32(sum / float64(len(channels)))
	}
	return out
}
