package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"

	"mamba-tui/model"
	"mamba-tui/scan"
	"mamba-tui/scan/bench"
)

// Small is the shape of the trained built-in models: two layers of d_model 64.
func Small() model.Config {
	return model.Config{VocabSize: 256, DModel: 64, DInner: 128, DState: 16, DConv: 4, DtRank: 4, NLayer: 2, Eps: 1e-5, ConvBias: true}
}

// Mamba130M is the shape of state-spaces/mamba-130m.
func Mamba130M() model.Config {
	return model.Config{VocabSize: 50280, DModel: 768, DInner: 1536, DState: 16, DConv: 4, DtRank: 48, NLayer: 24, Eps: 1e-5, ConvBias: true}
}

// rescan is how many tokens a tweak computes anew, and window how many of them
// the screen shows in full.
const rescan, window = 4096, 200

// prompt is the length of a prompt of the large model; plain Go gets a shorter
// one.
const prompt, promptPlain, promptQuick = 512, 8, 64

// Options of a run.
type Options struct {
	bench.Options
	// Large is the shape of the large model; the zero value means Mamba130M.
	Large model.Config
}

// Run measures both shapes on every backend.
func Run(ctx context.Context, o *Options) error {
	if err := o.small(ctx); err != nil {
		return err
	}
	return o.large(ctx)
}

// small is the step and the re-scan of the small shape.
func (o *Options) small(ctx context.Context) error {
	cfg := Small()
	w := model.RandomWeights(cfg, 1)
	for i := range o.Backends {
		b := &o.Backends[i]
		err := onModel(b, scan.WeightsF32, cfg, w, func(m *model.Model, s *model.State) error {
			logits := make([]float32, cfg.VocabSize)
			shape := shapeOf(cfg)
			at := 0
			tokens := randomTokens(cfg, rescan)
			err := o.Measure(ctx, bench.Row{Suite: "model", Name: "step with logits", Shape: shape}, b, decodeWork(cfg, 4), func() error {
				at++
				return m.Step(s, tokens[at%rescan], logits)
			})
			if err != nil {
				return err
			}
			tap := &model.Tap{What: model.TapDrive | model.TapZ | model.TapH, From: rescan - window, To: rescan, Func: func(*model.Record) {}}
			row := bench.Row{Suite: "model", Name: "re-scan", Shape: fmt.Sprintf("%s L=%d", shape, rescan),
				Note: fmt.Sprintf("with every Δ, B, C, u, z and h of the last %d tokens", window)}
			return o.Measure(ctx, row, b, prefillWork(cfg, rescan), func() error {
				return m.Forward(s, tokens, model.Options{Logits: logits, Tap: tap})
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// large is the prompt and the decoded token of the large shape, in every format
// of weights.
func (o *Options) large(ctx context.Context) error {
	cfg := o.Large
	if cfg.NLayer == 0 {
		cfg = Mamba130M()
	}
	if o.Progress != nil {
		o.Progress("random weights " + shapeOf(cfg))
	}
	w := model.RandomWeights(cfg, 1)
	if err := ctx.Err(); err != nil {
		return err
	}
	exact, err := o.oracle(ctx, cfg, w)
	if err != nil {
		return err
	}
	for i := range o.Backends {
		b := &o.Backends[i]
		err := b.EachFormat(func(f scan.WeightFormat) error { return o.largeOn(ctx, b, f, cfg, w, exact) })
		if err != nil {
			return err
		}
	}
	return nil
}

// errorTokens is the length of the sequence after which the logits of a format
// are compared with float64.
const errorTokens = 8

// oracle is the logits in float64, with the weights as they are.
func (o *Options) oracle(ctx context.Context, cfg model.Config, w *model.Weights) ([]float32, error) {
	if o.Progress != nil {
		o.Progress("logits in float64 " + shapeOf(cfg))
	}
	logits := make([]float32, cfg.VocabSize)
	b := bench.Backend{Name: "cpu float64", Open: func(scan.WeightFormat) (scan.Backend, error) {
		return scan.NewCPU(scan.Options{DType: scan.Float64}), nil
	}}
	err := onModel(&b, scan.WeightsF32, cfg, w, func(m *model.Model, s *model.State) error {
		return m.Forward(s, randomTokens(cfg, errorTokens), model.Options{Logits: logits})
	})
	return logits, first(err, ctx.Err())
}

func (o *Options) largeOn(ctx context.Context, b *bench.Backend, format scan.WeightFormat, cfg model.Config, w *model.Weights, exact []float32) error {
	size := 4
	if format != scan.WeightsF32 {
		size = 2
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if o.Progress != nil {
		o.Progress("loading " + shapeOf(cfg) + " as " + format.String())
	}
	return onModel(b, format, cfg, w, func(m *model.Model, s *model.State) error {
		logits := make([]float32, cfg.VocabSize)
		if err := m.Forward(s, randomTokens(cfg, errorTokens), model.Options{Logits: logits}); err != nil {
			return err
		}
		off := Relative(logits, exact)
		L := prompt
		switch {
		case b.Slow:
			L = promptPlain
		case o.Quick:
			L = promptQuick
		}
		tokens := randomTokens(cfg, L)
		row := bench.Row{Suite: "model", Name: "prompt " + format.String(), Shape: fmt.Sprintf("%s L=%d", shapeOf(cfg), L), Error: off}
		err := o.Measure(ctx, row, b, prefillWork(cfg, L), func() error {
			return m.Forward(s, tokens, model.Options{Logits: logits})
		})
		if err != nil {
			return err
		}
		at := 0
		row.Name, row.Shape = "decode "+format.String(), shapeOf(cfg)
		return o.Measure(ctx, row, b, decodeWork(cfg, size), func() error {
			at++
			return m.Step(s, tokens[at%L], logits)
		})
	})
}

// onModel opens a model on a backend for the time of do.
func onModel(b *bench.Backend, format scan.WeightFormat, cfg model.Config, w *model.Weights, do func(*model.Model, *model.State) error) error {
	be, err := b.Open(format)
	if err != nil {
		return fmt.Errorf("bench: %s: %w", b.Name, err)
	}
	// The next model must not be loaded beside the garbage of this one.
	defer debug.FreeOSMemory()
	defer be.Close()
	m, err := model.New(be, cfg, w)
	if err != nil {
		return err
	}
	defer m.Close()
	s, err := m.NewState()
	if err != nil {
		return err
	}
	defer s.Free()
	return do(m, s)
}

// matrixWeights is the number of weights that a token is multiplied with: the
// layers' and, with head, the head's.
func matrixWeights(c model.Config, head bool) float64 {
	M, D, N, R := float64(c.DModel), float64(c.DInner), float64(c.DState), float64(c.DtRank)
	n := float64(c.NLayer) * (2*D*M + (R+2*N)*D + D*R + M*D)
	if head {
		n += float64(c.VocabSize) * M
	}
	return n
}

// prefillWork is L tokens with the logits after the last.
func prefillWork(c model.Config, L int) bench.Work {
	s := bench.ScanWork(L, c.DInner, c.DState, false)
	return bench.Work{Elements: float64(L), Element: "token", Limit: bench.LimitFMA,
		FLOP:  2*float64(L)*matrixWeights(c, false) + 2*float64(c.VocabSize*c.DModel) + float64(c.NLayer)*s.FLOP,
		Bytes: 4*matrixWeights(c, true) + float64(c.NLayer)*s.Bytes}
}

// decodeWork is one token and its logits; weights have size bytes each.
func decodeWork(c model.Config, size int) bench.Work {
	w := prefillWork(c, 1)
	w.Limit = bench.LimitMemory
	w.Bytes = float64(size)*matrixWeights(c, true) + 4*float64(c.NLayer)*float64(c.DInner)*float64(3*c.DState+2*c.DConv)
	if w.Bytes < cached {
		w.Limit = "" // a cache holds it all; its speed is not measured
	}
	return w
}

// cached is below what a model may stay in a core's caches.
const cached = 16 << 20

// shapeOf names a model's shape.
func shapeOf(c model.Config) string {
	return fmt.Sprintf("layers=%d d_model=%d N=%d V=%d", c.NLayer, c.DModel, c.DState, c.VocabSize)
}

// randomTokens is n token ids.
func randomTokens(c model.Config, n int) []int32 {
	r := rand.New(rand.NewPCG(7, 130))
	t := make([]int32, n)
	for i := range t {
		t[i] = r.Int32N(int32(c.VocabSize))
	}
	return t
}

// Relative is max|a−b| / max|b|: how far logits are from others.
func Relative(a, b []float32) float64 {
	off, most := 0.0, 0.0
	for i := range b {
		off = max(off, math.Abs(float64(a[i])-float64(b[i])))
		most = max(most, math.Abs(float64(b[i])))
	}
	if most == 0 {
		return off
	}
	return off / most
}

// first is the first error that is one.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
