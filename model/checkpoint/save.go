package checkpoint

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"mamba-tui/model"
)

// Save writes config.json and model.safetensors to folder dir, which is made
// if it is not there. The bytes depend on the arguments alone. Each file
// appears under its name only when it is whole.
func Save(dir string, cfg model.Config, w *model.Weights, card model.Card, metadata map[string]string) error {
	config, err := MarshalConfig(cfg, w, card)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	err = replace(filepath.Join(dir, weightsName), func(out io.Writer) error {
		return WriteWeights(out, cfg, w, metadata)
	})
	if err != nil {
		return err
	}
	return replace(filepath.Join(dir, "config.json"), func(out io.Writer) error {
		_, err := out.Write(config)
		return err
	})
}

// replace writes a file beside its place and then moves it there.
func replace(name string, write func(io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	buffered := bufio.NewWriterSize(tmp, 1<<18)
	if err := errors.Join(write(buffered), buffered.Flush(), tmp.Chmod(0o644), tmp.Sync()); err != nil {
		return fmt.Errorf("checkpoint: %s: %w", name, err)
	}
	if err := tmp.Close(); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if err := os.Rename(tmp.Name(), name); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// huggingFace is config.json as transformers' MambaConfig writes it, in its
// (alphabetical) order, complete so that no reader needs a default.
type huggingFace struct {
	Architectures    []string    `json:"architectures"`
	BOS              int         `json:"bos_token_id"`
	ConvKernel       int         `json:"conv_kernel"`
	EOS              int         `json:"eos_token_id"`
	Expand           float64     `json:"expand"`
	HiddenAct        string      `json:"hidden_act"`
	HiddenSize       int         `json:"hidden_size"`
	InitializerRange float64     `json:"initializer_range"`
	IntermediateSize int         `json:"intermediate_size"`
	Eps              float64     `json:"layer_norm_epsilon"`
	Card             *model.Card `json:"mamba_tui,omitempty"`
	ModelType        string      `json:"model_type"`
	Layers           int         `json:"num_hidden_layers"`
	Pad              int         `json:"pad_token_id"`
	RescalePrenorm   bool        `json:"rescale_prenorm_residual"`
	ResidualInFP32   bool        `json:"residual_in_fp32"`
	StateSize        int         `json:"state_size"`
	Tied             bool        `json:"tie_word_embeddings"`
	TimeStepFloor    float64     `json:"time_step_floor"`
	TimeStepInit     string      `json:"time_step_init_scheme"`
	TimeStepMax      float64     `json:"time_step_max"`
	TimeStepMin      float64     `json:"time_step_min"`
	TimeStepRank     int         `json:"time_step_rank"`
	TimeStepScale    float64     `json:"time_step_scale"`
	TorchDtype       string      `json:"torch_dtype"`
	UseBias          bool        `json:"use_bias"`
	UseCache         bool        `json:"use_cache"`
	UseConvBias      bool        `json:"use_conv_bias"`
	VocabSize        int         `json:"vocab_size"`
}

// MarshalConfig is the config.json that Save writes. A card without a name is
// left out.
func MarshalConfig(cfg model.Config, w *model.Weights, card model.Card) ([]byte, error) {
	if err := w.Validate(cfg); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	c := huggingFace{
		Architectures: []string{"MambaForCausalLM"}, ModelType: "mamba", TorchDtype: "float32",
		VocabSize: cfg.VocabSize, HiddenSize: cfg.DModel, IntermediateSize: cfg.DInner, Expand: expandFor(cfg),
		StateSize: cfg.DState, ConvKernel: cfg.DConv, TimeStepRank: cfg.DtRank, Layers: cfg.NLayer, Eps: cfg.Eps,
		UseBias: cfg.Bias, UseConvBias: cfg.ConvBias, Tied: w.Head == nil,
		// What only the initialisation of new models and transformers' own
		// running use; the values are that class's.
		HiddenAct: "silu", InitializerRange: 0.1, ResidualInFP32: true, UseCache: true,
		TimeStepScale: 1, TimeStepMin: 0.001, TimeStepMax: 0.1, TimeStepFloor: 1e-4, TimeStepInit: "random",
	}
	if card.Name != "" {
		err := errors.Join(checkCard(card), checkTexts(card), checkSymbols(card, cfg.VocabSize))
		if err != nil {
			return nil, fmt.Errorf("checkpoint: card of %s: %w", quote(card.Name), err)
		}
		c.Card = &card
	}
	text, err := marshal(c, "  ")
	if err != nil {
		return nil, err
	}
	if len(text) > maxConfig {
		return nil, fmt.Errorf("checkpoint: config.json would have %d bytes, at most %d are read back", len(text), maxConfig)
	}
	return text, nil
}

// checkTexts finds what JSON would change: text that is not UTF-8.
func checkTexts(card model.Card) error {
	texts := append(slices.Clone(card.Symbols), card.Other)
	for _, a := range card.Aliases {
		texts = append(texts, a.Text, a.Symbol)
	}
	for _, t := range texts {
		if !utf8.ValidString(t) {
			return fmt.Errorf("symbol %s is not UTF-8", quote(t))
		}
	}
	return nil
}

// expandFor is a factor for which int(expand · d_model) is d_inner, as
// transformers computes it.
func expandFor(cfg model.Config) float64 {
	e := float64(cfg.DInner) / float64(cfg.DModel)
	for int(e*float64(cfg.DModel)) < cfg.DInner {
		e = math.Nextafter(e, math.Inf(1))
	}
	return e
}

// WriteWeights writes w as a safetensors file: F32, in order of name, the head
// only where it is not tied. The data begins at a multiple of 8 bytes. To the
// metadata it adds "format": "pt", which transformers asks for.
func WriteWeights(out io.Writer, cfg model.Config, w *model.Weights, metadata map[string]string) error {
	if err := w.Validate(cfg); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	type entry struct {
		Dtype   Dtype     `json:"dtype"`
		Shape   []uint64  `json:"shape"`
		Offsets [2]uint64 `json:"data_offsets"`
	}
	var tensors []model.Tensor
	for _, t := range w.Tensors(cfg) {
		if t.Use && *t.Data != nil {
			tensors = append(tensors, t)
		}
	}
	slices.SortFunc(tensors, func(a, b model.Tensor) int { return strings.Compare(fileName(a), fileName(b)) })
	all := map[string]string{"format": "pt"}
	for key, value := range metadata {
		if key == "format" && value != "pt" {
			return fmt.Errorf("checkpoint: metadata has format %s, transformers opens only \"pt\"", quote(value))
		}
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return fmt.Errorf("checkpoint: metadata %s is not UTF-8", quote(key))
		}
		all[key] = value
	}
	var header bytes.Buffer
	header.WriteString(`{"__metadata__":{`)
	for i, key := range slices.Sorted(maps.Keys(all)) {
		if i > 0 {
			header.WriteByte(',')
		}
		if err := member(&header, key, all[key]); err != nil {
			return err
		}
	}
	header.WriteByte('}')
	at := uint64(0)
	for _, t := range tensors {
		end := at + 4*uint64(len(*t.Data))
		header.WriteByte(',')
		if err := member(&header, fileName(t), entry{F32, stored(t), [2]uint64{at, end}}); err != nil {
			return err
		}
		at = end
	}
	header.WriteByte('}')
	for header.Len()%8 != 0 {
		header.WriteByte(' ')
	}
	if err := binary.Write(out, binary.LittleEndian, uint64(header.Len())); err != nil {
		return err
	}
	if _, err := out.Write(header.Bytes()); err != nil {
		return err
	}
	for _, t := range tensors {
		if err := writeFloats(out, *t.Data); err != nil {
			return err
		}
	}
	return nil
}

func writeFloats(out io.Writer, data []float32) error {
	buffer := make([]byte, 0, 1<<16)
	for len(data) > 0 {
		n := min(len(data), cap(buffer)/4)
		buffer = buffer[:0]
		for _, v := range data[:n] {
			buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(v))
		}
		if _, err := out.Write(buffer); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// member writes "key":value.
func member(b *bytes.Buffer, key string, value any) error {
	name, err := marshal(key, "")
	if err != nil {
		return err
	}
	text, err := marshal(value, "")
	if err != nil {
		return err
	}
	b.Write(bytes.TrimSpace(name))
	b.WriteByte(':')
	b.Write(bytes.TrimSpace(text))
	return nil
}

// marshal is json.Marshal without the escapes that only HTML needs, with a
// line feed at the end.
func marshal(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	return b.Bytes(), nil
}
