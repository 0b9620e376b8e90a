package scan

import "math"

// replayArgs is one channel in one chunk of n ≤ ChunkSteps steps from t0 on.
type replayArgs[T float] struct {
	h, abar  []T // (n+1, N), (n, N)
	a        []T // (N)
	b, c     view[T]
	t0       int
	delta, u []T     // (n)
	y        []T     // (n): Σ_n C·h, written by replay
	dy       []T     // (n): gradient of y before the gate
	dDelta   []T     // (n): gradient of Δ after softplus, written by reverse
	du       []T     // (n): without the skip's, written by reverse
	g, dA    []T     // (N): gradient of h, carried; of A, added to
	dB, dC   []T     // (n, N): added to
	resets   []int32 // (n) or nil
	zeros    []T     // (N)
	rule     Rule
}

// previous is h before step i: what the step read.
func (r *replayArgs[T]) previous(i int) []T {
	N := len(r.a)
	if r.resets != nil && r.resets[i]&ResetState != 0 {
		return r.zeros
	}
	return r.h[i*N : (i+1)*N]
}

// replay32 runs a chunk of the released rule forward again, with the arithmetic
// of released32, from h[0]: h[i+1] is the state after step i, abar[i] its Ā.
func replay32(r replayArgs[float32]) {
	N := len(r.a)
	a := r.a
	for i, dt := range r.delta {
		old := r.previous(i)[:len(a)]
		now, abar := r.h[(i+1)*N:][:len(a)], r.abar[i*N:][:len(a)]
		var b, c []float32
		if N > 0 {
			b, c = r.b.row(r.t0+i, N)[:len(a)], r.c.row(r.t0+i, N)[:len(a)]
		}
		exp2Row(abar, a, dt*log2e)
		write := dt * r.u[i]
		var sum float32
		for n, decay := range abar {
			h := decay*old[n] + write*b[n]
			now[n] = h
			sum += c[n] * h
		}
		r.y[i] = sum
	}
}

// replay64 is replay32 in float64.
func replay64(r replayArgs[float64]) {
	N := len(r.a)
	for i, dt := range r.delta {
		old, now, abar := r.previous(i), r.h[(i+1)*N:(i+2)*N], r.abar[i*N:(i+1)*N]
		write := dt * r.u[i]
		var sum float64
		for n, a := range r.a {
			abar[n] = math.Exp(dt * a)
			now[n] = abar[n]*old[n] + write*r.b.data[(r.t0+i)*r.b.stride+n]
			sum += r.c.data[(r.t0+i)*r.c.stride+n] * now[n]
		}
		r.y[i] = sum
	}
}

// reverse takes the released rule back through a chunk that was replayed: Ā =
// exp(ΔA) and g = Δ, so dĀ reaches ΔA as dĀ·Ā.
func reverse[T float](r replayArgs[T]) {
	N := len(r.a)
	a := r.a
	g, dA := r.g[:len(a)], r.dA[:len(a)]
	for i := len(r.delta) - 1; i >= 0; i-- {
		old := r.previous(i)[:len(a)]
		now, abar := r.h[(i+1)*N:][:len(a)], r.abar[i*N:][:len(a)]
		dB, dC := r.dB[i*N:][:len(a)], r.dC[i*N:][:len(a)]
		var b, c []T
		if N > 0 {
			b, c = r.b.row(r.t0+i, N)[:len(a)], r.c.row(r.t0+i, N)[:len(a)]
		}
		dt, u, dy := r.delta[i], r.u[i], r.dy[i]
		write := dt * u
		var rates, writes T
		for n := range a {
			grad := g[n] + dy*c[n]
			dC[n] += dy * now[n]
			dB[n] += grad * write
			writes += grad * b[n]
			back := grad * abar[n] // what h before the step gains
			g[n] = back
			exponent := back * old[n] // what ΔA gains
			rates += exponent * a[n]
			dA[n] += exponent * dt
		}
		if r.resets != nil && r.resets[i]&ResetState != 0 {
			clear(g)
		}
		r.dDelta[i] = rates + writes*u
		r.du[i] = writes * dt
	}
}

// replayRule is replay32 for any rule, by its formula in float64.
func replayRule[T float](r replayArgs[T]) {
	N := len(r.a)
	for i, dt := range r.delta {
		old, now := r.previous(i), r.h[(i+1)*N:(i+2)*N]
		var sum T
		for n, a := range r.a {
			abar, gain := r.rule.Coefficients(float64(dt), float64(a))
			now[n] = T(abar)*old[n] + T(gain)*r.u[i]*r.b.data[(r.t0+i)*r.b.stride+n]
			sum += r.c.data[(r.t0+i)*r.c.stride+n] * now[n]
		}
		r.y[i] = sum
	}
}

// reverseRule is reverse for any rule.
func reverseRule[T float](r replayArgs[T]) {
	N := len(r.a)
	for i := len(r.delta) - 1; i >= 0; i-- {
		old, now := r.previous(i), r.h[(i+1)*N:(i+2)*N]
		u, dy := r.u[i], r.dy[i]
		var dDelta, du T
		for n, a := range r.a {
			s := r.rule.slopes(float64(r.delta[i]), float64(a))
			b := r.b.data[(r.t0+i)*r.b.stride+n]
			grad := r.g[n] + dy*r.c.data[(r.t0+i)*r.c.stride+n]
			r.dC[i*N+n] += dy * now[n]
			r.dB[i*N+n] += grad * T(s.gain) * u
			du += grad * T(s.gain) * b
			dAbar, dGain := grad*old[n], grad*b*u
			dDelta += dAbar*T(s.abarDelta) + dGain*T(s.gainDelta)
			r.dA[n] += dAbar*T(s.abarA) + dGain*T(s.gainA)
			r.g[n] = grad * T(s.abar)
		}
		if r.resets != nil && r.resets[i]&ResetState != 0 {
			clear(r.g)
		}
		r.dDelta[i], r.du[i] = dDelta, du
	}
}
