package checkpoint

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"mamba-tui/model"
)

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
		return nil, fmt.Errorf("checkpoint: %w", err)
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
