package scan

import "math"

// softplus64 is log(1+exp(x)), and x above 20 as in the released kernel.
func softplus64(x float64) float64 {
	if !(x <= 20) {
		return x // also NaN
	}
	return math.Log1p(math.Exp(x))
}

// silu64 is x/(1+exp(−x)).
func silu64(x float64) float64 { return x / (1 + math.Exp(-x)) }

// softplusRow64 is dst = softplus(x + bias); a nil bias is none.
func softplusRow64(dst, x, bias []float64) {
	dst = dst[:len(x)]
	for i, v := range x {
		if bias != nil {
			v += bias[i]
		}
		dst[i] = softplus64(v)
	}
}

// siluRow64 is x = SiLU(x).
func siluRow64(x []float64) {
	for i, v := range x {
		x[i] = silu64(v)
	}
}

// gateRow64 is y = y·SiLU(z).
func gateRow64(y, z []float64) {
	y = y[:len(z)]
	for i, v := range z {
		y[i] *= silu64(v)
	}
}
