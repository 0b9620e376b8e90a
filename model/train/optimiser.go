package train

import "math"

// adamW is AdamW (Loshchilov and Hutter) over the whole of Parameters.Flat:
//
//	m = β1·m + (1−β1)·g        v = β2·v + (1−β2)·g²
//	w = w − rate·m̂/(√v̂+ε) − rate·decay·w      decay on some tensors only
//
// with m̂ = m/(1−β1^t), v̂ = v/(1−β2^t). Arithmetic is float64, rounded once a
// step to what is kept.
type adamW struct {
	m, v   []float32
	step   int
	frozen []bool // entries that never change, or nil
}

// adamEps is the ε of AdamW.
const adamEps = 1e-8

// update takes one step down the gradient, which is first scaled so that its
// norm is at most r.Clip. It gives the norm before. A norm that is no number
// changes nothing.
func (a *adamW) update(p *Parameters, grad []float32, rate float64, r Recipe) (norm float64) {
	for i, g := range grad {
		if a.frozen != nil && a.frozen[i] {
			grad[i] = 0
			continue
		}
		norm += float64(g) * float64(g)
	}
	norm = math.Sqrt(norm)
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return norm
	}
	clip := min(1, r.Clip/max(norm, 1e-300))
	a.step++
	c1 := 1 / (1 - math.Pow(r.Beta1, float64(a.step)))
	c2 := 1 / (1 - math.Pow(r.Beta2, float64(a.step)))
	for _, s := range p.Tensors {
		decay := 0.0
		if s.Decay {
			decay = rate * r.WeightDecay
		}
		w, m, v := p.Flat[s.Off:s.Off+s.Len], a.m[s.Off:], a.v[s.Off:]
		for i, g := range grad[s.Off : s.Off+s.Len] {
			if a.frozen != nil && a.frozen[s.Off+i] {
				continue
			}
			// The conversions keep a compiler from fusing: the same bits on
			// every machine.
			x := float64(g) * clip
			mi := float64(r.Beta1*float64(m[i])) + float64((1-r.Beta1)*x)
			vi := float64(r.Beta2*float64(v[i])) + float64((1-r.Beta2)*x*x)
			m[i], v[i] = float32(mi), float32(vi)
			old := float64(w[i])
			w[i] = float32(old - float64(rate*(mi*c1)/(math.Sqrt(vi*c2)+adamEps)) - float64(decay*old))
		}
	}
	return norm
}

// rate is the learning rate of step (from 1): a linear warm-up times a cosine
// from 1 to the floor.
func (r Recipe) rate(step int) float64 {
	x := r.LearningRate
	if step < r.WarmUp {
		x *= float64(step) / float64(r.WarmUp)
	}
	done := min(1, float64(step)/float64(r.Steps))
	return x * (r.Floor + (1-r.Floor)*(1+math.Cos(math.Pi*done))/2)
}
