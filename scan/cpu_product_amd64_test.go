//go:build !noasm

package scan

import (
	"fmt"
	"testing"
)

func BenchmarkTiles(b *testing.B) {
	for name, t := range map[string]*tiles{"avx512": &avx512Tiles, "avx2": &avx2Tiles} {
		for _, f := range WeightFormats() {
			for _, s := range [][3]int{{1, 3072, 768}, {256, 3072, 768}, {256, 768, 1536}, {1, 50280, 768}, {1, 256, 64}, {256, 256, 64}, {256, 36, 128}, {256, 80, 1536}, {256, 1536, 48}} {
				b.Run(fmt.Sprintf("%s/%v/%dx%dx%d", name, f, s[0], s[1], s[2]), func(b *testing.B) {
					k := newKit(b, Options{Threads: 1})
					c := k.c.backend.(*cpu[float32])
					c.kernels.matrix = tileMatrix(t)
					c.weights = f
					args := k.linearArgs(s[0], s[1], s[2])
					args.Accumulate = false
					start := processTime()
					for b.Loop() {
						k.c.Linear(args)
					}
					ns := float64(processTime()-start) / float64(b.N)
					size := 4
					if f != WeightsF32 {
						size = 2
					}
					b.ReportMetric(2*float64(s[0]*s[1]*s[2])/ns, "GFLOP/s")
					b.ReportMetric(float64(size*s[1]*s[2])/ns, "GB/s")
				})
			}
		}
	}
}
