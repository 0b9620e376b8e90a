package model

import (
	"math"
	"math/rand/v2"
)

// Range of Δ at the start of training, and the floor put under it: dt_min,
// dt_max and dt_init_floor of the released code.
const (
	dtMin   = 1e-3
	dtMax   = 1e-1
	dtFloor = 1e-4
)

// RandomWeights makes untrained weights with the initialisation of the
// released code, the same for the same c and seed:
//
//	embedding        N(0, 0.02)
//	in_proj, x_proj  U(±1/√fan_in), their biases 0
//	conv1d           U(±1/√K), weight and bias
//	dt_proj          weight U(±R^-½); bias softplus⁻¹(Δ), Δ log-uniform in
//	                 [0.001, 0.1], at least 1e-4 (§3.6 writes Uniform; the
//	                 code draws log-uniform)
//	A_log            log(1..N): S4D-Real
//	D, norms         1
//	out_proj         U(±1/√D) / √n_layer
//
// The head is tied. c must be valid.
func RandomWeights(c Config, seed uint64) *Weights {
	r := rand.New(rand.NewPCG(seed, 0x6d616d6261)) // "mamba"
	uniform := func(s []float32, bound float64) {
		for i := range s {
			s[i] = float32((2*r.Float64() - 1) * bound)
		}
	}
	w := NewWeights(c)
	for i := range w.Embedding {
		w.Embedding[i] = float32(0.02 * r.NormFloat64())
	}
	ones(w.NormF)
	for i := range w.Layers {
		l := &w.Layers[i]
		ones(l.Norm)
		ones(l.D)
		uniform(l.InProj, 1/math.Sqrt(float64(c.DModel)))
		uniform(l.ConvW, 1/math.Sqrt(float64(c.DConv)))
		uniform(l.ConvB, 1/math.Sqrt(float64(c.DConv)))
		uniform(l.XProj, 1/math.Sqrt(float64(c.DInner)))
		uniform(l.DtProj, 1/math.Sqrt(float64(c.DtRank)))
		for d := range l.DtBias {
			dt := math.Exp(math.Log(dtMin) + r.Float64()*(math.Log(dtMax)-math.Log(dtMin)))
			l.DtBias[d] = float32(InverseSoftplus(max(dt, dtFloor)))
		}
		for d := range c.DInner {
			for n := range c.DState {
				l.ALog[d*c.DState+n] = float32(math.Log(float64(n + 1)))
			}
		}
		uniform(l.OutProj, 1/math.Sqrt(float64(c.DInner))/math.Sqrt(float64(c.NLayer)))
	}
	return w
}

// InverseSoftplus is the x with softplus(x) = y, for y > 0:
// x = y + log(1 − e^−y).
func InverseSoftplus(y float64) float64 { return y + math.Log(-math.Expm1(-y)) }

// ones sets every element to 1.
func ones(s []float32) {
	for i := range s {
		s[i] = 1
	}
}
