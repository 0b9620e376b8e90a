package model_test

import (
	"math/rand/v2"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// benchModels are the default model, and a trained-size one.
func benchModels() map[string]func() (model.Config, *model.Weights) {
	return map[string]func() (model.Config, *model.Weights){
		"header-exact": func() (model.Config, *model.Weights) {
			cfg, w, _ := task.HeaderExact()
			return cfg, w
		},
		"2x64-N16": func() (model.Config, *model.Weights) {
			cfg := model.Config{
				VocabSize: 256, DModel: 64, DInner: 128, DState: 16, DConv: 4, DtRank: 4, NLayer: 2, Eps: 1e-5, ConvBias: true,
			}
			return cfg, model.RandomWeights(cfg, 1)
		},
	}
}

// BenchmarkStep is one token with its logits.
func BenchmarkStep(b *testing.B) {
	for name, build := range benchModels() {
		b.Run(name, func(b *testing.B) {
			cfg, w := build()
			m, s := open(b, scan.Float32, cfg, w)
			logits := make([]float32, cfg.VocabSize)
			tokens := randomTokens(rand.New(rand.NewPCG(1, 1)), cfg, 64)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if err := m.Step(s, tokens[i&63], logits); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

// BenchmarkForward is 4096 tokens and the logits after the last; SetBytes
// counts four bytes a token id, so MB/s over 4 is million tokens a second.
func BenchmarkForward(b *testing.B) {
	const L = 4096
	for name, build := range benchModels() {
		b.Run(name, func(b *testing.B) {
			cfg, w := build()
			m, s := open(b, scan.Float32, cfg, w)
			logits := make([]float32, cfg.VocabSize)
			tokens := randomTokens(rand.New(rand.NewPCG(1, 1)), cfg, L)
			b.SetBytes(4 * L)
			b.ReportAllocs()
			for b.Loop() {
				if err := m.Forward(s, tokens, model.Options{Logits: logits}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/L, "µs/token")
		})
	}
}

// BenchmarkTap is a window of 200 tokens with everything the screen shows.
func BenchmarkTap(b *testing.B) {
	const L = 200
	for name, build := range benchModels() {
		b.Run(name, func(b *testing.B) {
			cfg, w := build()
			m, s := open(b, scan.Float32, cfg, w)
			tokens := randomTokens(rand.New(rand.NewPCG(1, 1)), cfg, L)
			o := model.Options{Tap: &model.Tap{What: model.TapDrive | model.TapZ | model.TapH, Func: func(*model.Record) {}}}
			b.ReportAllocs()
			for b.Loop() {
				if err := m.Forward(s, tokens, o); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/L, "µs/token")
		})
	}
}

// BenchmarkRescan is what a tweak costs on one core, with every kernel set: the
// history of 4096 tokens again in chunks of 256, with what the screen shows of
// the last 160.
func BenchmarkRescan(b *testing.B) {
	const L, chunk, shown = 4096, 256, 160
	cfg, w := benchModels()["2x64-N16"]()
	for _, set := range scan.KernelSets() {
		b.Run(set.String(), func(b *testing.B) {
			backend := scan.NewCPU(scan.Options{Threads: 1, Kernels: set})
			defer backend.Close()
			m, err := model.New(backend, cfg, w)
			if err != nil {
				b.Fatal(err)
			}
			defer m.Close()
			s, err := m.NewState()
			if err != nil {
				b.Fatal(err)
			}
			defer s.Free()
			tokens := randomTokens(rand.New(rand.NewPCG(1, 1)), cfg, L)
			tap := &model.Tap{From: chunk - shown, To: chunk, What: model.TapDrive | model.TapH, Func: func(*model.Record) {}}
			b.ReportAllocs()
			for b.Loop() {
				for at := 0; at < L; at += chunk {
					var o model.Options
					if at == L-chunk {
						o.Tap = tap
					}
					if err := m.Forward(s, tokens[at:at+chunk], o); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms/rescan")
		})
	}
}
