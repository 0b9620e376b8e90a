package scantest

import (
	"math"

	"mamba-tui/scan"
)

// convolution is a Conv on the host.
type convolution struct {
	L, D, K            int
	x, w, bias, window []float64
	resets             []int32
	silu               bool
}

// run is one call of Conv over steps [from, to), carrying window.
func (c *convolution) run(r *rig, window *array, from, to int) []float64 {
	r.t.Helper()
	L := to - from
	y := r.out(L, c.D)
	a := scan.ConvArgs{
		Y: y.View, X: r.matrix(L, c.D, c.x[from*c.D:to*c.D]).View,
		W: r.matrix(c.D, c.K, c.w).View,
		L: L, D: c.D, K: c.K, SiLU: c.silu,
	}
	if window != nil {
		a.Window = window.View
	}
	if c.bias != nil {
		a.Bias = r.vector(c.bias)
	}
	if c.resets != nil {
		a.Resets = r.marks(c.resets[from:to])
	}
	r.b.Conv(a)
	return y.get()
}

// start makes the window before the first step.
func (c *convolution) start(r *rig) *array {
	if c.K == 1 {
		return nil
	}
	return r.state(c.K-1, c.D, c.window)
}

// truth is the convolution written as its definition, and the window after.
func (c *convolution) truth() (y, window []float64) {
	past := append([]float64{}, c.window...)
	if c.window == nil {
		past = make([]float64, (c.K-1)*c.D)
	}
	for t := range c.L {
		if c.resets != nil && c.resets[t]&scan.ResetConv != 0 {
			clear(past)
		}
		past = append(past, c.x[t*c.D:(t+1)*c.D]...)
		for d := range c.D {
			var v float64
			if c.bias != nil {
				v = c.bias[d]
			}
			for k := range c.K {
				v += c.w[d*c.K+k] * past[k*c.D+d]
			}
			if c.silu {
				v /= 1 + math.Exp(-v)
			}
			y = append(y, v)
		}
		past = past[c.D:]
	}
	return y, past
}

// convTable: taps that write each input into its own decimal digit.
func convTable(r *rig) {
	c := &convolution{L: 5, D: 1, K: 4, x: []float64{1, 2, 3, 4, 5}, w: []float64{1, 10, 100, 1000}}
	window := c.start(r)
	r.identical("taps 1, 10, 100, 1000 over 1…5", c.run(r, window, 0, 5),
		[]float64{1000, 2100, 3210, 4321, 5432})
	r.identical("the window after", window.get(), []float64{3, 4, 5})
	c.x = []float64{6}
	r.identical("one step later", c.run(r, window, 0, 1), []float64{6543})
	r.identical("the window one step later", window.get(), []float64{4, 5, 6})

	// A reset before the third step of 1…5, whose input is 3.
	c = &convolution{L: 5, D: 1, K: 4, x: []float64{1, 2, 3, 4, 5}, w: []float64{1, 10, 100, 1000},
		bias: []float64{0.5}, window: []float64{7, 8, 9}, resets: []int32{0, 0, scan.ResetConv, 0, 0}}
	window = c.start(r)
	r.identical("with a window, a bias and a reset", c.run(r, window, 0, 5),
		[]float64{1987.5, 2198.5, 3000.5, 4300.5, 5430.5})
	r.identical("the window after a reset", window.get(), []float64{3, 4, 5})

	// Two channels do not mix, and have their own taps (1, 2) and (3, 4).
	c = &convolution{L: 2, D: 2, K: 2, x: []float64{1, 10, 2, 20}, w: []float64{1, 2, 3, 4}}
	r.identical("two channels", c.run(r, c.start(r), 0, 2), []float64{2, 40, 5, 110})

	// SiLU comes after the bias: 1 + 1 = 2, SiLU(2) = 2/(1+e⁻²).
	c = &convolution{L: 2, D: 1, K: 1, x: []float64{1, -2}, w: []float64{1}, bias: []float64{1}, silu: true}
	r.near("SiLU(2), SiLU(−1)", c.run(r, nil, 0, 2), []float64{1.7615941559557649, -0.2689414213699951})
}

// convRandom: against the definition, for every width and option.
func convRandom(r *rig) {
	for i, s := range []struct{ L, D, K int }{
		{0, 3, 4}, {1, 1, 1}, {1, 5, 4}, {2, 17, 4}, {9, 3, 2}, {6, 33, 3}, {4, 8, 7}, {300, 200, 5},
	} {
		c := &convolution{L: s.L, D: s.D, K: s.K, silu: i%2 == 0,
			x: r.uniform(s.L*s.D, -2, 2), w: r.uniform(s.D*s.K, -1, 1),
			window: r.uniform((s.K-1)*s.D, -2, 2)}
		if i%3 != 0 {
			c.bias = r.uniform(s.D, -1, 1)
		}
		if i%4 < 2 {
			c.resets = make([]int32, s.L)
			for t := range c.resets {
				c.resets[t] = int32(r.rng.IntN(4)) // every mix of the two bits
			}
		}
		want, after := c.truth()
		window := c.start(r)
		r.near("Conv", c.run(r, window, 0, c.L), want)
		if window != nil {
			r.identical("the window after", window.get(), after)
		}
	}
}

// convSplit: cut anywhere, the window carries what the next call needs.
func convSplit(r *rig) {
	c := &convolution{L: 7, D: 19, K: 4, silu: true,
		x: r.uniform(7*19, -2, 2), w: r.uniform(19*4, -1, 1), bias: r.uniform(19, -1, 1),
		window: r.uniform(3*19, -2, 2), resets: []int32{0, 0, 0, scan.ResetConv, 0, 0, 0}}
	window := c.start(r)
	whole := c.run(r, window, 0, c.L)
	for cut := range c.L + 1 {
		w := c.start(r)
		y := append(c.run(r, w, 0, cut), c.run(r, w, cut, c.L)...)
		r.equal("Conv in two calls", y, whole)
		r.identical("the window after two calls", w.get(), window.get())
	}
	w := c.start(r)
	var y []float64
	for t := range c.L {
		y = append(y, c.run(r, w, t, t+1)...)
	}
	r.equal("Conv step by step", y, whole)
	r.identical("the window step by step", w.get(), window.get())
}

// convReset: a reset equals a new sequence, whatever the window held; the
// mark's other bit does nothing here.
func convReset(r *rig) {
	const D, K = 5, 4
	for _, poison := range []float64{1, math.NaN(), math.Inf(1)} {
		for at := range 6 {
			window := r.uniform((K-1)*D, -1, 1)
			for i := range window {
				window[i] *= poison
			}
			c := &convolution{L: 6, D: D, K: K, silu: true, x: r.uniform(6*D, -1, 1),
				w: r.uniform(D*K, -1, 1), bias: r.uniform(D, -1, 1), window: window,
				resets: make([]int32, 6)}
			c.resets[at] = scan.ResetConv | scan.ResetState
			w := c.start(r)
			got := c.run(r, w, 0, c.L)[at*D:]
			alone := *c
			alone.L, alone.x, alone.resets, alone.window = c.L-at, c.x[at*D:], nil, nil
			fresh := alone.start(r)
			r.identical("after a reset", got, alone.run(r, fresh, 0, alone.L))
			r.identical("the window after a reset", w.get(), fresh.get())
		}
	}
	c := &convolution{L: 1, D: 1, K: 2, x: []float64{1}, w: []float64{10, 1}, window: []float64{7},
		resets: []int32{scan.ResetState}}
	r.identical("a mark without ResetConv", c.run(r, c.start(r), 0, 1), []float64{71})
}

// convNaN: a NaN is seen for K steps in its own channel, and then is gone.
func convNaN(r *rig) {
	nan := math.NaN()
	c := &convolution{L: 6, D: 2, K: 3, w: []float64{1, 10, 100, 1, 10, 100},
		x: []float64{1, 1, nan, 2, 3, 3, 4, 4, 5, 5, 6, 6}}
	w := c.start(r)
	r.identical("a NaN at step 1", c.run(r, w, 0, 6), []float64{
		100, 100, nan, 210, nan, 321, nan, 432, 543, 543, 654, 654})
	r.identical("the window after", w.get(), []float64{5, 5, 6, 6})
}
