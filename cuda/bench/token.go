package main

import (
	"fmt"
	"slices"
	"time"

	"mamba-tui/cuda"
	"mamba-tui/model"
	"mamba-tui/scan"
)

// mamba130m is the shape of state-spaces/mamba-130m.
var mamba130m = model.Config{VocabSize: 50280, DModel: 768, DInner: 1536, DState: 16, DConv: 4, DtRank: 48, NLayer: 24, Eps: 1e-5, ConvBias: true}

// small is the shape of a model that is trained on the screen.
var small = model.Config{VocabSize: 256, DModel: 64, DInner: 128, DState: 16, DConv: 4, DtRank: 4, NLayer: 2, Eps: 1e-5, ConvBias: true}

// unrecorded hides that a backend can record.
type unrecorded struct{ scan.Backend }

// tokens measures whole models: a token with its logits on the host, with the
// recorded graph and with kernels launched one by one, and a prompt.
func tokens(r *report) error {
	b, err := cuda.Open(cuda.Options{Device: *ordinal})
	if err != nil {
		return err
	}
	defer b.Close()
	r.device = b.Info().Name
	for _, m := range []struct {
		name string
		cfg  model.Config
	}{{"small (2 layers of 128 channels)", small}, {"mamba-130m", mamba130m}} {
		w := model.RandomWeights(m.cfg, 1)
		fmt.Printf("\n%s, random weights, float32\n", m.name)
		for _, way := range []struct {
			name string
			b    scan.Backend
		}{{"graph", b}, {"kernels", unrecorded{b}}} {
			if err := decode(r, way.name, way.b, m.cfg, w); err != nil {
				return err
			}
		}
		for _, L := range []int{256, 2048} {
			if err := prefill(r, b, m.cfg, w, L); err != nil {
				return err
			}
		}
	}
	return nil
}

// median is of wall-clock times in microseconds.
func median(all []time.Duration) (mid, low, high float64) {
	slices.Sort(all)
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
	return us(all[len(all)/2]), us(all[0]), us(all[len(all)-1])
}

// decode times Step, logits on the host included, on the wall clock.
func decode(r *report, way string, b scan.Backend, cfg model.Config, w *model.Weights) error {
	m, s, err := load(b, cfg, w)
	if err != nil {
		return err
	}
	defer m.Close()
	defer s.Free()
	logits := make([]float32, cfg.VocabSize)
	var all []time.Duration
	for i := range 20 + 10**runs {
		begin := time.Now()
		if err := m.Step(s, int32(i*7919%cfg.VocabSize), logits); err != nil {
			return err
		}
		if i >= 20 {
			all = append(all, time.Since(begin))
		}
	}
	mid, low, high := median(all)
	return r.say(map[string]string{"graph": "a token, one graph", "kernels": "a token, kernel by kernel"}[way],
		figure{What: "decode", B: 1, D: cfg.DInner, L: 1, N: cfg.DState, Kernel: way, Micros: mid, Low: low, High: high})
}

// prefill times Forward over a prompt up to the logits after its last token.
func prefill(r *report, b scan.Backend, cfg model.Config, w *model.Weights, L int) error {
	m, s, err := load(b, cfg, w)
	if err != nil {
		return err
	}
	defer m.Close()
	defer s.Free()
	ids := make([]int32, L)
	for i := range ids {
		ids[i] = int32(i * 7919 % cfg.VocabSize)
	}
	logits := make([]float32, cfg.VocabSize)
	var all []time.Duration
	for i := range 3 + *runs {
		begin := time.Now()
		if err := m.Forward(s, ids, model.Options{Logits: logits}); err != nil {
			return err
		}
		if i >= 3 {
			all = append(all, time.Since(begin))
		}
	}
	mid, low, high := median(all)
	return r.say(fmt.Sprintf("a prompt of %d tokens", L), figure{What: "prefill", B: 1, D: cfg.DInner, L: L, N: cfg.DState, Micros: mid, Low: low, High: high})
}

func load(b scan.Backend, cfg model.Config, w *model.Weights) (*model.Model, *model.State, error) {
	m, err := model.New(b, cfg, w)
	if err != nil {
		return nil, nil, err
	}
	s, err := m.NewState()
	return m, s, err
}
