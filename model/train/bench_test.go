package train

import (
	"math/rand/v2"
	"testing"

	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// BenchmarkGradient is one sequence of 128 tokens of the header latch, forward
// and backward on one thread, in its default model (d_model 32, N 8) with one
// layer and with two.
func BenchmarkGradient(b *testing.B) {
	for name, layers := range map[string]int{"1 layer": 1, "2 layers": 2} {
		b.Run(name, func(b *testing.B) {
			r := Defaults("header")
			r.Layers = layers
			t := task.Header{Often: true}
			p := NewParameters(r.Config(t.Vocab()), r.Tied)
			initialise(p, r)
			n, err := NewNetwork(scan.NewCPU(scan.Options{Threads: 1}), p.Config, p.Tied(), 128)
			if err != nil {
				b.Fatal(err)
			}
			defer n.Close()
			n.SetWeights(p.Weights)
			s := t.Draw(rand.New(rand.NewPCG(1, 1)), 128)
			targets, grad := s.Targets(nil), make([]float32, len(p.Flat))
			for b.Loop() {
				if _, err := n.Gradient(s.Tokens, targets, 1, grad); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(s.Tokens)*b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
