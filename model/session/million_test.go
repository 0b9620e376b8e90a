package session

import (
	"bufio"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// largeSmall has the dimensions of the largest small built-in model, chars.
var largeSmall = model.Config{VocabSize: 66, DModel: 64, DInner: 128, DState: 16, DConv: 4, DtRank: 4, NLayer: 2, Eps: 1e-5, ConvBias: true}

// peak is the most memory the process has had resident, in MB, or 0 where the
// system does not say.
func peak() float64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if x := strings.Fields(sc.Text()); len(x) > 1 && x[0] == "VmHWM:" {
			kB, _ := strconv.ParseFloat(x[1], 64)
			return kB / 1000
		}
	}
	return 0
}

// 2^20 tokens, and looks at places all over them through the engine, each of a
// screen's width: from the request to the frame. Without and with a tweak from
// the first token on. Memory is the process's, of which the tokens that the
// benchmark hands in are 24 MB; run one at a time.
func BenchmarkMillion(b *testing.B) {
	for _, c := range []struct {
		name  string
		tweak bool
		build func() (model.Config, *model.Weights)
	}{
		{"header-exact", false, func() (model.Config, *model.Weights) { c, w, _ := task.HeaderExact(); return c, w }},
		{"2 layers", false, func() (model.Config, *model.Weights) { return largeSmall, model.RandomWeights(largeSmall, 7) }},
		{"2 layers with a tweak", true, func() (model.Config, *model.Weights) { return largeSmall, model.RandomWeights(largeSmall, 7) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			cfg, w := c.build()
			m, err := model.New(scan.NewCPU(scan.Options{}), cfg, w)
			if err != nil {
				b.Fatal(err)
			}
			defer m.Close()
			s, err := New(m, Options{})
			if err != nil {
				b.Fatal(err)
			}
			const n = 1 << 20
			start := time.Now()
			mustAppend(b, s, ids(n, s.vocab))
			if c.tweak {
				do(b, s, AddTweak{Tweak: all(DeltaGain, 1.5)})
				if err := s.fill(b.Context(), End, 0); err != nil {
					b.Fatal(err)
				}
			}
			prefill := time.Since(start)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start = time.Now()
			mustAppend(b, s, ids(1, s.vocab))
			first := time.Since(start)
			runtime.ReadMemStats(&after)
			e := Start(s)
			defer e.Close()
			var worst, seek time.Duration
			at, looks := 0, 0
			b.ResetTimer()
			for b.Loop() {
				at = (at + 317_111) % (n - 200)
				looks++
				l := Look{T: at + 60, From: at, To: at + 120, Overview: Span{To: End, Cells: 120}}
				start := time.Now()
				e.Look(l)
				for f := e.Frame(); f.Asked != l || c.tweak && f.Changed == nil; f = e.Frame() {
					if f.Err != nil {
						b.Fatal(f.Err)
					}
					<-e.Changed()
				}
				took := time.Since(start)
				worst = max(worst, took)
				seek += took
			}
			b.ReportMetric(float64(prefill.Microseconds())/n, "µs/token")
			b.ReportMetric(float64(seek.Microseconds())/1e3/float64(looks), "ms/look")
			b.ReportMetric(float64(worst.Microseconds())/1e3, "ms/look-worst")
			b.ReportMetric(float64(first.Microseconds())/1e3, "ms/first-token")
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/1e3, "kB/first-token")
			b.ReportMetric(peak(), "MB-peak")
		})
	}
}
