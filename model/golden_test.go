package model_test

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// The goldens were made by the real library (transformers, see
// testdata/golden.py): logits after every token, h and the convolution's
// window of every layer after the last. The files are read here by a few
// lines of their own, so that a mistake in a checkpoint reader cannot hide
// one in the model.

// goldenTolerance is max|a−b| / max|b| per tensor.
const goldenTolerance = 1e-5

func TestGoldens(t *testing.T) {
	for _, name := range []string{"golden-bias", "golden-plain"} {
		for _, dtype := range []scan.DType{scan.Float32, scan.Float64} {
			b := scan.NewCPU(scan.Options{DType: dtype})
			t.Run(name+"/"+b.Name(), func(t *testing.T) { checkGolden(t, b, filepath.Join("testdata", name)) })
		}
	}
}

func checkGolden(t *testing.T, b scan.Backend, dir string) {
	cfg, w := readGolden(t, dir)
	want := readTensors(t, filepath.Join(dir, "expected.safetensors"))
	tokens := want["tokens"].ints
	m, err := model.New(b, cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	logits := make([]float32, len(tokens)*cfg.VocabSize)
	if err := m.Forward(s, tokens, model.Options{Logits: logits}); err != nil {
		t.Fatal(err)
	}
	compare := func(what string, have, want []float32) {
		t.Helper()
		d := relative(have, want)
		t.Logf("%s: %.1e", what, d)
		if !(d <= goldenTolerance) {
			t.Errorf("%s: relative distance %.2e to the library, want at most %.0e", what, d, goldenTolerance)
		}
	}
	compare("logits", logits, want["logits"].floats)
	var snap model.Snapshot
	if err := s.Save(&snap); err != nil {
		t.Fatal(err)
	}
	D, K := cfg.DInner, cfg.DConv
	for i := range cfg.NLayer {
		key := string(rune('0' + i))
		compare("h of layer "+key, snap.H[i], want["h."+key].floats)
		// The library keeps K inputs as (D, K), the current one last; a State
		// keeps the K−1 that the next token needs, as (K-1, D).
		window := make([]float32, (K-1)*D)
		for k := range K - 1 {
			for d := range D {
				window[k*D+d] = want["conv."+key].floats[d*K+k+1]
			}
		}
		compare("window of layer "+key, snap.Conv[i], window)
	}
}

// TestGoldenIsSensitive makes sure that the comparison above would notice: for
// each tensor of the model, one changed value moves some golden beyond the
// tolerance.
func TestGoldenIsSensitive(t *testing.T) {
	dir := filepath.Join("testdata", "golden-bias")
	cfg, w := readGolden(t, dir)
	want := readTensors(t, filepath.Join(dir, "expected.safetensors"))
	tokens := want["tokens"].ints
	b := scan.NewCPU(scan.Options{})
	logits := make([]float32, len(tokens)*cfg.VocabSize)
	for _, tensor := range w.Tensors(cfg) {
		if tensor.Optional {
			continue
		}
		data := *tensor.Data
		at := 0
		if tensor.Name == "embeddings.weight" {
			at = int(tokens[0]) * cfg.DModel // a row that is used
		}
		old := data[at]
		data[at] += 0.5
		m, err := model.New(b, cfg, w)
		data[at] = old
		if err != nil {
			t.Fatal(err)
		}
		s, _ := m.NewState()
		if err := m.Forward(s, tokens, model.Options{Logits: logits}); err != nil {
			t.Fatal(err)
		}
		if d := relative(logits, want["logits"].floats); d <= goldenTolerance {
			t.Errorf("%s[%d] changed by 0.5: logits are still %.1e from the golden", tensor.Name, at, d)
		}
		m.Close()
	}
}

// relative is max|a−b| / max|b|, 0 where a is b; different lengths are infinitely far apart.
func relative(a, b []float32) float64 {
	if len(a) != len(b) || len(b) == 0 {
		return math.Inf(1)
	}
	var diff, size float64
	for i := range a {
		d := math.Abs(float64(a[i]) - float64(b[i]))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		diff = max(diff, d)
		size = max(size, math.Abs(float64(b[i])))
	}
	if diff == 0 {
		return 0 // both are zero, where 0/0 says nothing
	}
	return diff / size
}

// readGolden reads the library's own config.json and model.safetensors.
func readGolden(t *testing.T, dir string) (model.Config, *model.Weights) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Vocab    int     `json:"vocab_size"`
		Hidden   int     `json:"hidden_size"`
		Inner    int     `json:"intermediate_size"`
		State    int     `json:"state_size"`
		Conv     int     `json:"conv_kernel"`
		Rank     int     `json:"time_step_rank"`
		Layers   int     `json:"num_hidden_layers"`
		Eps      float64 `json:"layer_norm_epsilon"`
		Bias     bool    `json:"use_bias"`
		ConvBias bool    `json:"use_conv_bias"`
		Tied     bool    `json:"tie_word_embeddings"`
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	cfg := model.Config{
		VocabSize: c.Vocab, DModel: c.Hidden, DInner: c.Inner, DState: c.State, DConv: c.Conv,
		DtRank: c.Rank, NLayer: c.Layers, Eps: c.Eps, Bias: c.Bias, ConvBias: c.ConvBias,
	}
	tensors := readTensors(t, filepath.Join(dir, "model.safetensors"))
	w := &model.Weights{}
	for _, want := range w.Tensors(cfg) {
		name := "backbone." + want.Name
		if want.Optional {
			if c.Tied {
				continue
			}
			name = want.Name
		}
		*want.Data = tensors[name].floats
		delete(tensors, name)
	}
	if c.Tied {
		delete(tensors, "lm_head.weight")
	}
	for name := range tensors {
		t.Errorf("tensor %s of the library is not in Weights", name)
	}
	if err := w.Validate(cfg); err != nil {
		t.Fatal(err)
	}
	return cfg, w
}

// tensor is one array of a safetensors file.
type tensor struct {
	floats []float32
	ints   []int32
}

// readTensors reads F32 and I32: eight bytes of header length, a header of
// JSON, and the data.
func readTensors(t *testing.T, file string) map[string]tensor {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(data)
	var header map[string]struct {
		Type    string `json:"dtype"`
		Offsets [2]int `json:"data_offsets"`
	}
	if err := json.Unmarshal(data[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	out := map[string]tensor{}
	for name, h := range header {
		raw := data[8+n:][h.Offsets[0]:h.Offsets[1]]
		var x tensor
		for i := 0; i < len(raw); i += 4 {
			bits := binary.LittleEndian.Uint32(raw[i:])
			switch h.Type {
			case "F32":
				x.floats = append(x.floats, math.Float32frombits(bits))
			case "I32":
				x.ints = append(x.ints, int32(bits))
			}
		}
		if name != "__metadata__" {
			out[name] = x
		}
	}
	return out
}
