package model

import (
	"fmt"
	"math"
)

// Config holds the dimensions of a Mamba language model. The letters are the
// paper's: L steps, D = DInner channels, N = DState states, R = DtRank.
type Config struct {
	VocabSize int     // V: rows of the embedding
	DModel    int     // M: width of the residual stream
	DInner    int     // D: channels of a block, usually 2·DModel
	DState    int     // N: states per channel
	DConv     int     // K: taps of the short convolution
	DtRank    int     // R: rank of the projection to Δ
	NLayer    int     // number of blocks
	Eps       float64 // of every RMSNorm: 1e-5
	Bias      bool    // in_proj and out_proj have biases
	ConvBias  bool    // the short convolution has a bias
}

// Largest dimensions that are taken for real. A config.json comes from
// outside; the products below stay far inside 63 bits.
const (
	maxVocab = 1 << 24
	maxDim   = 1 << 20
	maxLayer = 1 << 12
)

// Validate says which dimension is impossible, if one is.
func (c Config) Validate() error {
	for _, d := range []struct {
		name       string
		have, most int
	}{
		{"vocab_size", c.VocabSize, maxVocab},
		{"d_model", c.DModel, maxDim},
		{"d_inner", c.DInner, maxDim},
		{"d_state", c.DState, maxDim},
		{"d_conv", c.DConv, maxDim},
		{"dt_rank", c.DtRank, maxDim},
		{"n_layer", c.NLayer, maxLayer},
	} {
		if d.have < 1 || d.have > d.most {
			return fmt.Errorf("model: %s is %d, want 1 to %d: check config.json", d.name, d.have, d.most)
		}
	}
	// NaN fails both comparisons.
	if !(c.Eps > 0 && c.Eps < 1) {
		return fmt.Errorf("model: norm eps is %g, want above 0 and below 1 (released models: 1e-5)", c.Eps)
	}
	if p := float64(c.VocabSize)*float64(c.DModel) + float64(c.NLayer)*float64(c.blockParameters()); p > math.MaxInt32*1024 {
		return fmt.Errorf("model: the dimensions ask for %.3g parameters, want at most %.3g: check config.json", p, math.MaxInt32*1024.0)
	}
	return nil
}

// Parameters is the number of trained values with a tied head: 129,135,360
// for mamba-130m. A separate head adds V·M; Weights.Parameters counts what is
// there.
func (c Config) Parameters() int {
	return c.VocabSize*c.DModel + c.NLayer*c.blockParameters() + c.DModel
}

// blockParameters counts one block: norm, in_proj, conv, x_proj, dt_proj,
// A_log, D, out_proj.
func (c Config) blockParameters() int {
	M, D, N, K, R := c.DModel, c.DInner, c.DState, c.DConv, c.DtRank
	n := M + 2*D*M + D*K + (R+2*N)*D + (D*R + D) + D*N + D + M*D
	if c.Bias {
		n += 2*D + M
	}
	if c.ConvBias {
		n += D
	}
	return n
}
