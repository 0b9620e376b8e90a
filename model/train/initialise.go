package train

import (
	"math"
	"math/rand/v2"

	"mamba-tui/model"
)

// dtFloor is the least Δ to begin with, as in the released code.
const dtFloor = 1e-4

// identityNoise is how much of the released code's range the other taps of an
// identity-leaning convolution keep.
const identityNoise = 0.2

// initialise draws the weights that a recipe begins with, and gives the mask
// of its ablations: the entries that are not trained. The mask is nil where
// everything is.
func initialise(p *Parameters, r Recipe) (frozen []bool) {
	c := p.Config
	rng := rand.New(rand.NewPCG(r.Seed, 0x6d616d62_61)) // "mamba"
	uniform := func(s []float32, bound float64) {
		for i := range s {
			s[i] = float32((2*rng.Float64() - 1) * bound)
		}
	}
	w := p.Weights
	for i := range w.Embedding {
		w.Embedding[i] = float32(r.EmbeddingStd * rng.NormFloat64())
	}
	fill(w.NormF, 1)
	uniform(w.Head, 1/math.Sqrt(float64(c.DModel)))
	for i := range w.Layers {
		l := &w.Layers[i]
		fill(l.Norm, 1)
		fill(l.D, 1)
		uniform(l.InProj, 1/math.Sqrt(float64(c.DModel)))
		uniform(l.ConvW, 1/math.Sqrt(float64(c.DConv)))
		uniform(l.ConvB, 1/math.Sqrt(float64(c.DConv)))
		uniform(l.XProj, 1/math.Sqrt(float64(c.DInner)))
		uniform(l.DtProj, 1/math.Sqrt(float64(c.DtRank)))
		uniform(l.OutProj, 1/math.Sqrt(float64(c.DInner))/math.Sqrt(float64(c.NLayer)))
		for d := range l.DtBias {
			dt := math.Exp(math.Log(r.DtMin) + rng.Float64()*(math.Log(r.DtMax)-math.Log(r.DtMin)))
			l.DtBias[d] = float32(model.InverseSoftplus(max(dt, dtFloor)))
		}
		for k := range l.ALog {
			switch r.A {
			case ARandom:
				l.ALog[k] = float32(rng.NormFloat64())
			case AConstant:
				l.ALog[k] = float32(math.Log(0.5))
			default:
				l.ALog[k] = float32(math.Log(float64(k%c.DState + 1)))
			}
		}
		leanConv(l, c, r.Conv)
	}
	return ablate(p, r)
}

// leanConv turns taps drawn as in the released code into those of the choice.
func leanConv(l *model.LayerWeights, c model.Config, choice Conv) {
	if choice == ConvStandard {
		return
	}
	fill(l.ConvB, 0)
	for k := range l.ConvW {
		switch {
		case k%c.DConv == c.DConv-1:
			l.ConvW[k] = 1
		case choice == ConvIdentity:
			l.ConvW[k] *= identityNoise
		default:
			l.ConvW[k] = 0
		}
	}
}

// constantBias is the x with SiLU(x) = 1: what a channel that sees no token
// must hold for its u to be 1.
const constantBias = 1.2784645427610738

// ablate sets to zero what a recipe takes away, and marks it as not to be
// trained; see the package comment.
func ablate(p *Parameters, r Recipe) []bool {
	if r.Selective == allSelective && r.Conv != ConvOff {
		return nil
	}
	c := p.Config
	M, D, N, K, R := c.DModel, c.DInner, c.DState, c.DConv, c.DtRank
	frozen := make([]bool, len(p.Flat))
	base := 0
	// hold freezes element k of the slice s, which is a part of Flat from base.
	hold := func(s []float32, k int, value float32) {
		s[k] = value
		frozen[base+k] = true
	}
	for i := range p.Weights.Layers {
		l := &p.Weights.Layers[i]
		in := func(name string) { base = p.segment(layerName(i, name)).Off }
		if r.Conv == ConvOff {
			in("mixer.conv1d.weight")
			for k := range l.ConvW {
				if k%K != K-1 {
					hold(l.ConvW, k, 0)
				}
			}
		}
		if !r.Selective.Delta {
			in("mixer.dt_proj.weight")
			for k := range l.DtProj {
				hold(l.DtProj, k, 0)
			}
			in("mixer.x_proj.weight")
			for k := range R * D {
				hold(l.XProj, k, 0)
			}
		}
		if r.Selective.B && r.Selective.C {
			continue
		}
		constant := D - 1
		in("mixer.in_proj.weight")
		for k := range M {
			hold(l.InProj, constant*M+k, 0)
		}
		in("mixer.conv1d.bias")
		hold(l.ConvB, constant, constantBias)
		in("mixer.x_proj.weight")
		for _, rows := range []struct {
			from      int
			selective bool
		}{{R, r.Selective.B}, {R + N, r.Selective.C}} {
			if rows.selective {
				continue
			}
			for n := range N {
				for d := range D - 1 {
					hold(l.XProj, (rows.from+n)*D+d, 0)
				}
				// A constant of the size that B or C has at the beginning.
				l.XProj[(rows.from+n)*D+constant] *= float32(math.Sqrt(float64(D)))
			}
		}
	}
	return frozen
}

// fill sets every element.
func fill(s []float32, x float32) {
	for i := range s {
		s[i] = x
	}
}
