package bench

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"mamba-tui/model"
	"mamba-tui/scan"
	"mamba-tui/scan/bench"
)

func cpu(set scan.KernelSet) bench.Backend {
	b := bench.Backend{Name: "cpu " + set.String(), Threads: 1, Slow: set == scan.Generic,
		Limits: bench.Limits{GFLOPS: 100, GBytes: 10},
		Open: func(f scan.WeightFormat) (scan.Backend, error) {
			return scan.NewCPU(scan.Options{Kernels: set, Threads: 1, Weights: f}), nil
		}}
	if !b.Slow {
		b.Formats = scan.WeightFormats()
	}
	return b
}

// TestRun: every row of both shapes, with the error of each format in its
// place.
func TestRun(t *testing.T) {
	large := model.Config{VocabSize: 300, DModel: 48, DInner: 96, DState: 16, DConv: 4, DtRank: 3, NLayer: 3, Eps: 1e-5, ConvBias: true}
	var rows []bench.Row
	var said []string
	o := &Options{Large: large, Options: bench.Options{Quick: true, Budget: time.Nanosecond,
		Row: func(r bench.Row) { rows = append(rows, r) }, Progress: func(what string) { said = append(said, what) }}}
	for _, set := range scan.KernelSets() {
		o.Backends = append(o.Backends, cpu(set))
	}
	if err := Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	errs := map[string]float64{}
	for _, r := range rows {
		if r.Suite != "model" || !(r.NS > 0) || !(r.GFLOPS > 0) || !(r.GBytes > 0) || r.Element != "token" {
			t.Errorf("%+v", r)
		}
		if strings.HasPrefix(r.Name, "decode") {
			errs[r.Backend+strings.TrimPrefix(r.Name, "decode")] = r.Error
			if _, ok := errs[r.Backend+" prompt"]; ok {
				t.Errorf("%s comes twice", r.Name)
			}
		}
		if n := r.NS / r.NSPerElement; r.Name == "re-scan" && math.Round(n) != rescan {
			t.Errorf("a re-scan of %v tokens", n)
		}
	}
	for _, b := range o.Backends {
		f32, bf16, f16 := errs[b.Name+" f32"], errs[b.Name+" bf16"], errs[b.Name+" f16"]
		if !(f32 > 0 && f32 < 1e-5) {
			t.Errorf("%s: f32 is %g off", b.Name, f32)
		}
		if !b.Slow && !(f32 < f16 && f16 < bf16 && bf16 < 0.05) {
			t.Errorf("%s: errors are %g (f32), %g (f16), %g (bf16)", b.Name, f32, f16, bf16)
		}
	}
	want := 0
	for _, b := range o.Backends {
		want += 4
		if !b.Slow {
			want += 4
		}
	}
	if len(rows) != want || len(said) < want || slices.Contains(said, "") {
		t.Errorf("%d rows, want %d; said %q", len(rows), want, said)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestShapes: the large shape is mamba-130m's to the parameter, and the work of
// a decoded token is its weights once.
func TestShapes(t *testing.T) {
	c := Mamba130M()
	if got := c.Parameters(); got != 129_135_360 {
		t.Errorf("the large shape has %d parameters, mamba-130m 129135360", got)
	}
	if err := Small().Validate(); err != nil {
		t.Error(err)
	}
	// What is not a matrix: norms, convolution, dt bias, A and D.
	other := 24*(768+1536*4+1536+1536+1536*16+1536) + 768
	if got := matrixWeights(c, true); int(got) != c.Parameters()-other {
		t.Errorf("%v weights of matrices, want %d", got, c.Parameters()-other)
	}
	full, half := decodeWork(c, 4), decodeWork(c, 2)
	if state := 2*half.Bytes - full.Bytes; state <= 0 || state > 0.05*full.Bytes {
		t.Errorf("a token reads %v bytes in full and %v in half weights", full.Bytes, half.Bytes)
	}
	if full.Limit != bench.LimitMemory || decodeWork(Small(), 4).Limit != "" {
		t.Errorf("limits are %q and %q", full.Limit, decodeWork(Small(), 4).Limit)
	}
	if p := prefillWork(c, 100); p.FLOP < 200*matrixWeights(c, false) || p.Limit != bench.LimitFMA {
		t.Errorf("%+v", p)
	}
}
