package task

import (
	"math"

	"mamba-tui/model"
)

// Numbers that both hand-written models are made of. SiLU(x) is x for large x
// and 0 at 0, so a channel that sees a token as 8 or 10 acts as a switch.
const (
	channels = 2 * 32 // D
	closed   = -20    // dt bias: softplus(−20) = 2e-9, h is kept over any number of tokens
	opening  = 40     // what an event adds to it: softplus(20) = 20, exp(−20) = 2e-9 of h is left
	seesSym  = 4      // a symbol in its channel: SiLU(4) = 3.93
	seesKey  = 10     // the event that writes
	seesAny  = 8      // what opens the gate, and what opens C (and B) to 1
	taps     = 4      // K
)

// current and previous are the convolution taps that pass a token on at once,
// and one token late.
const (
	current  = taps - 1
	previous = taps - 2
)

// builder sets single weights of a one-layer model whose embedding says which
// token it is: row v is 1 at column v.
type builder struct {
	cfg model.Config
	w   *model.Weights
	l   *model.LayerWeights
}

// build makes a model in which nothing happens: every channel has N = 1,
// A = −1 and Δ = softplus(−20), all projections are zero and all norms one.
// Channels that get no role stay so; with a dt bias of 0 they would forget at
// Δ = 0.69, a leak with no meaning.
func build(vocab, width int) *builder {
	b := &builder{cfg: model.Config{
		VocabSize: vocab, DModel: width, DInner: channels, DState: 1, DConv: taps, DtRank: 2,
		NLayer: 1, Eps: 1e-5, ConvBias: true,
	}}
	b.w = model.NewWeights(b.cfg)
	b.l = &b.w.Layers[0]
	for m := range width {
		b.l.Norm[m] = 1
		b.w.NormF[m] = 1
	}
	for v := range vocab {
		b.w.Embedding[v*width+v] = 1
	}
	for d := range channels {
		b.l.DtBias[d] = closed
	}
	return b
}

// gain undoes the RMSNorm of a one-hot vector, which leaves √M at one place.
func (b *builder) gain() float64 { return 1 / math.Sqrt(float64(b.cfg.DModel)) }

// input makes channel see token as value, through the given tap.
func (b *builder) input(channel int, token int32, value float64, tap int) {
	b.l.InProj[channel*b.cfg.DModel+int(token)] = float32(value * b.gain())
	b.l.ConvW[channel*taps+tap] = 1
}

// gate opens channel for token: z = 8, and SiLU(8) is 8.
func (b *builder) gate(channel int, token int32) {
	b.l.InProj[(channels+channel)*b.cfg.DModel+int(token)] = float32(seesAny * b.gain())
}

// opens lets the switch channel from raise Δ of channel to 20, through the
// first row of the rank-2 projection.
func (b *builder) opens(channel, from int) {
	b.l.XProj[from] = 1
	b.l.DtProj[channel*b.cfg.DtRank] = opening / seesKey
}

// writes makes B 1 where the channel from is at value.
func (b *builder) writes(from int, value float64) {
	b.l.XProj[b.cfg.DtRank*channels+from] = float32(1 / value)
}

// reads makes C 1 where the channel from is at value.
func (b *builder) reads(from int, value float64) {
	b.l.XProj[(b.cfg.DtRank+b.cfg.DState)*channels+from] = float32(1 / value)
}

// output adds channel to the residual stream at dim.
func (b *builder) output(dim, channel int) { b.l.OutProj[dim*channels+channel] = 1 }
