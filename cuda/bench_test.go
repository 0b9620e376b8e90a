package cuda

import (
	"testing"

	"mamba-tui/cuda/internal/simdriver"
	"mamba-tui/model"
	"mamba-tui/scan"
)

// BenchmarkOverhead is what a token of 24 layers costs the host: a driver that
// does nothing, with the graph and kernel by kernel.
func BenchmarkOverhead(b *testing.B) {
	cfg := model.Config{VocabSize: 64, DModel: 16, DInner: 32, DState: 16, DConv: 4, DtRank: 2, NLayer: 24, Eps: 1e-5, ConvBias: true}
	w := model.RandomWeights(cfg, 1)
	for _, way := range []string{"graph", "kernels"} {
		b.Run(way, func(b *testing.B) {
			gpu, err := open(simdriver.New(b), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer gpu.Close()
			var on scan.Backend = gpu
			if way == "kernels" {
				on = unrecorded{gpu}
			}
			m, err := model.New(on, cfg, w)
			if err != nil {
				b.Fatal(err)
			}
			defer m.Close()
			s, err := m.NewState()
			if err != nil {
				b.Fatal(err)
			}
			defer s.Free()
			logits := make([]float32, cfg.VocabSize)
			b.ReportAllocs()
			for b.Loop() {
				if err := m.Step(s, 1, logits); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
