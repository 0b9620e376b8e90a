package scantest

import (
	"math"

	"mamba-tui/scan"
)

// mini is a Mamba block without its tokens: odd widths, random weights.
type mini struct {
	M, D, N, K, R                     int
	norm, in, conv, convBias          []float64
	proj, dt, dtBias, a, skip, output []float64
}

// block: the operations one after another, as package model uses them, on
// columns of shared buffers and without a Sync between; in one call and step by
// step; against the same block written out in float64.
func block(r *rig) {
	m := &mini{M: 9, D: 18, N: 5, K: 4, R: 2}
	m.norm, m.in = r.uniform(m.M, 0.5, 1.5), r.uniform(2*m.D*m.M, -0.5, 0.5)
	m.conv, m.convBias = r.uniform(m.D*m.K, -0.5, 0.5), r.uniform(m.D, -0.5, 0.5)
	m.proj, m.dt = r.uniform((m.R+2*m.N)*m.D, -0.5, 0.5), r.uniform(m.D*m.R, -0.5, 0.5)
	m.dtBias, m.a = r.uniform(m.D, -2, 0), r.uniform(m.D*m.N, -4, -0.1)
	m.skip, m.output = r.uniform(m.D, -1, 1), r.uniform(m.M*m.D, -0.5, 0.5)

	const L = 8
	x := r.uniform(L*m.M, -1, 1)
	resets := []int32{0, 0, 0, scan.ResetState | scan.ResetConv, 0, 0, 0, 0}
	want, wantH, wantWindow := m.truth(x, resets)

	h, window := r.state(m.D, m.N, nil), r.state(m.K-1, m.D, nil)
	whole := m.forward(r, x, resets, h, window)
	r.near("the block's output", whole, want)
	r.near("the block's h", h.get(), wantH)
	r.near("the block's window", window.get(), wantWindow)

	h1, window1 := r.state(m.D, m.N, nil), r.state(m.K-1, m.D, nil)
	var steps []float64
	for t := range L {
		steps = append(steps, m.forward(r, x[t*m.M:(t+1)*m.M], resets[t:t+1], h1, window1)...)
	}
	r.equal("step by step: the output", steps, whole)
	r.equal("step by step: h", h1.get(), h.get())
	r.equal("step by step: the window", window1.get(), window.get())
}

// forward runs the block on the backend over the rows of x.
func (m *mini) forward(r *rig, x []float64, resets []int32, h, window *array) []float64 {
	L := len(x) / m.M
	res := r.state(L, m.M, x)
	norm, u, y := r.out(L, m.M), r.out(L, m.D), r.out(L, m.D)
	xz, dbc, delta := r.out(L, 2*m.D), r.out(L, m.R+2*m.N), r.out(L, m.D)
	marks := r.marks(resets)
	b := r.b
	b.RMSNorm(norm.View, res.View, r.vector(m.norm), L, m.M, 1e-5)
	b.Linear(scan.LinearArgs{Y: xz.View, X: norm.View, W: r.weight(2*m.D, m.M, m.in), L: L})
	b.Conv(scan.ConvArgs{Y: u.View, X: xz.View, W: r.matrix(m.D, m.K, m.conv).View,
		Bias: r.vector(m.convBias), Window: window.View, Resets: marks, L: L, D: m.D, K: m.K, SiLU: true})
	b.Linear(scan.LinearArgs{Y: dbc.View, X: u.View, W: r.weight(m.R+2*m.N, m.D, m.proj), L: L})
	b.Linear(scan.LinearArgs{Y: delta.View, X: dbc.View, W: r.weight(m.D, m.R, m.dt), L: L})
	b.Scan(scan.ScanArgs{L: L, D: m.D, N: m.N, U: u.View, Delta: delta.View, Bias: r.vector(m.dtBias),
		Softplus: true, A: r.matrix(m.D, m.N, m.a).View, B: dbc.Col(m.R), C: dbc.Col(m.R + m.N),
		Skip: r.vector(m.skip), Z: xz.Col(m.D), H: h.View, Resets: marks, Y: y.View})
	b.Linear(scan.LinearArgs{Y: res.View, X: y.View, W: r.weight(m.M, m.D, m.output), L: L, Accumulate: true})
	return res.get()
}

// truth is the block in float64 loops.
func (m *mini) truth(x []float64, resets []int32) (out, h, window []float64) {
	L := len(x) / m.M
	norm := make([]float64, len(x))
	for t := range L {
		var sum float64
		for _, v := range x[t*m.M : (t+1)*m.M] {
			sum += v * v
		}
		for k := range m.M {
			norm[t*m.M+k] = x[t*m.M+k] / math.Sqrt(sum/float64(m.M)+1e-5) * m.norm[k]
		}
	}
	xz := product(norm, m.in, L, m.M)
	c := &convolution{L: L, D: m.D, K: m.K, w: m.conv, bias: m.convBias, resets: resets, silu: true}
	c.x = columns(xz, 2*m.D, 0, m.D)
	u, window := c.truth()
	dbc := product(u, m.proj, L, m.D)
	W := m.R + 2*m.N
	result := scan.Reference(&scan.Sequence{L: L, D: m.D, N: m.N, U: u,
		Delta: product(columns(dbc, W, 0, m.R), m.dt, L, m.R), Bias: m.dtBias, Softplus: true,
		A: m.a, B: columns(dbc, W, m.R, m.R+m.N), C: columns(dbc, W, m.R+m.N, W),
		Skip: m.skip, Z: columns(xz, 2*m.D, m.D, 2*m.D), Resets: resets})
	out = product(result.Y, m.output, L, m.D)
	for i, v := range x {
		out[i] += v
	}
	return out, result.H, window
}

// product is x·wᵀ for x (L, in) and w (out, in).
func product(x, w []float64, L, in int) []float64 {
	var y []float64
	for t := range L {
		for o := range len(w) / in {
			var sum float64
			for i := range in {
				sum += x[t*in+i] * w[o*in+i]
			}
			y = append(y, sum)
		}
	}
	return y
}

// columns are columns [from, to) of x, whose rows are width wide.
func columns(x []float64, width, from, to int) []float64 {
	var y []float64
	for t := range len(x) / width {
		y = append(y, x[t*width+from:t*width+to]...)
	}
	return y
}
