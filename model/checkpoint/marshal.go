package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"mamba-tui/model"
)

// huggingFace is config.json as transformers' MambaConfig writes it, in its
// (alphabetical) order, complete so that no reader needs a default. expand must
// be a whole number there; where d_inner is not that multiple of d_model,
// intermediate_size overrides it, in transformers as here.
type huggingFace struct {
	Architectures    []string    `json:"architectures"`
	BOS              int         `json:"bos_token_id"`
	ConvKernel       int         `json:"conv_kernel"`
	EOS              int         `json:"eos_token_id"`
	Expand           int         `json:"expand"`
	HiddenAct        string      `json:"hidden_act"`
	HiddenSize       int         `json:"hidden_size"`
	InitializerRange decimal     `json:"initializer_range"`
	IntermediateSize int         `json:"intermediate_size"`
	Eps              decimal     `json:"layer_norm_epsilon"`
	Card             *model.Card `json:"mamba_tui,omitempty"`
	ModelType        string      `json:"model_type"`
	Layers           int         `json:"num_hidden_layers"`
	Pad              int         `json:"pad_token_id"`
	RescalePrenorm   bool        `json:"rescale_prenorm_residual"`
	ResidualInFP32   bool        `json:"residual_in_fp32"`
	StateSize        int         `json:"state_size"`
	Tied             bool        `json:"tie_word_embeddings"`
	TimeStepFloor    decimal     `json:"time_step_floor"`
	TimeStepInit     string      `json:"time_step_init_scheme"`
	TimeStepMax      decimal     `json:"time_step_max"`
	TimeStepMin      decimal     `json:"time_step_min"`
	TimeStepRank     int         `json:"time_step_rank"`
	TimeStepScale    decimal     `json:"time_step_scale"`
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
		VocabSize: cfg.VocabSize, HiddenSize: cfg.DModel, IntermediateSize: cfg.DInner, Expand: max(1, cfg.DInner/cfg.DModel),
		StateSize: cfg.DState, ConvKernel: cfg.DConv, TimeStepRank: cfg.DtRank, Layers: cfg.NLayer, Eps: decimal(cfg.Eps),
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

// decimal is a number that JSON readers take for a float: transformers checks
// types, and to it 1 is no float.
type decimal float64

func (d decimal) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(float64(d))
	if err == nil && !bytes.ContainsAny(text, ".eE") {
		text = append(text, ".0"...)
	}
	return text, err
}
