package checkpoint

import (
	"fmt"
	"strings"
	"testing"

	"mamba-tui/model"
)

// mamba130m is what both public config.json of mamba-130m describe.
var mamba130m = model.Config{
	VocabSize: 50280, DModel: 768, DInner: 1536, DState: 16, DConv: 4, DtRank: 48, NLayer: 24, Eps: 1e-5,
}

const (
	// config130mHF is that of state-spaces/mamba-130m-hf.
	config130mHF = `{"architectures":["MambaForCausalLM"],"bos_token_id":0,"conv_kernel":4,"d_inner":160,"d_model":768,
"eos_token_id":0,"expand":2,"fused_add_norm":true,"hidden_act":"silu","hidden_size":768,"initializer_range":0.1,
"intermediate_size":1536,"layer_norm_epsilon":1e-05,"model_type":"mamba","n_layer":24,"num_hidden_layers":24,
"pad_token_id":0,"pad_vocab_size_multiple":8,"rescale_prenorm_residual":false,"residual_in_fp32":true,"rms_norm":true,
"ssm_cfg":{},"state_size":16,"time_step_floor":0.0001,"time_step_init_scheme":"random","time_step_max":0.1,
"time_step_min":0.001,"time_step_rank":48,"time_step_scale":1.0,"torch_dtype":"float32","transformers_version":"4.39.0.dev0",
"use_bias":false,"use_cache":true,"use_conv_bias":true,"vocab_size":50280}`
	// config130m is that of state-spaces/mamba-130m.
	config130m = `{"d_model":768,"n_layer":24,"vocab_size":50277,"ssm_cfg":{},"rms_norm":true,"residual_in_fp32":true,
"fused_add_norm":true,"pad_vocab_size_multiple":8}`
)

func TestParseConfig(t *testing.T) {
	with := func(change func(*model.Config)) model.Config {
		c := mamba130m
		change(&c)
		return c
	}
	for _, c := range []struct {
		name, text string
		form       Form
		want       model.Config
		bias, conv string // true, false, open
	}{
		{"130m-hf", config130mHF, HuggingFace, mamba130m, "false", "true"},
		{"130m", config130m, StateSpaces, mamba130m, "false", "true"},
		// use_bias absent stays open: the class default has changed.
		{"no biases named", hfConfig(mamba130m, "-use_bias", "-use_conv_bias"), HuggingFace, mamba130m, "open", "open"},
		{"null is absent", hfConfig(mamba130m, "use_bias=null", "intermediate_size=null", "layer_norm_epsilon=null"), HuggingFace, mamba130m, "open", "false"},
		{"rank auto", hfConfig(mamba130m, `time_step_rank="auto"`), HuggingFace, mamba130m, "false", "false"},
		{"no rank", hfConfig(mamba130m, "-time_step_rank"), HuggingFace, mamba130m, "false", "false"},
		{"rank rounds up", hfConfig(mamba130m, `time_step_rank="auto"`, "hidden_size=770", "-intermediate_size"), HuggingFace,
			with(func(c *model.Config) { c.DModel, c.DInner, c.DtRank = 770, 1540, 49 }), "false", "false"},
		{"expand 1.5", hfConfig(mamba130m, "-intermediate_size", "expand=1.5"), HuggingFace,
			with(func(c *model.Config) { c.DInner = 1152 }), "false", "false"},
		{"intermediate_size beats expand", hfConfig(mamba130m, "expand=4"), HuggingFace, mamba130m, "false", "false"},
		{"ssm_cfg", strings.Replace(config130m, `"ssm_cfg":{}`,
			`"ssm_cfg":{"layer":"Mamba1","d_state":8,"d_conv":3,"expand":1,"dt_rank":7,"bias":true,"conv_bias":false}`, 1), StateSpaces,
			with(func(c *model.Config) { c.DState, c.DConv, c.DInner, c.DtRank = 8, 3, 768, 7 }), "true", "false"},
		{"no padding", strings.Replace(config130m, `,"pad_vocab_size_multiple":8`, "", 1), StateSpaces,
			with(func(c *model.Config) { c.VocabSize = 50277 }), "false", "true"},
		{"padded already", strings.Replace(config130m, `50277`, "50280", 1), StateSpaces, mamba130m, "false", "true"},
	} {
		got, err := parseConfig([]byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		say := func(b *bool) string {
			if b == nil {
				return "open"
			}
			return fmt.Sprint(*b)
		}
		if got.form != c.form || got.dims != c.want || say(got.useBias) != c.bias || say(got.convBias) != c.conv {
			t.Errorf("%s: %s %+v bias %s conv %s\nwant %s %+v bias %s conv %s", c.name, got.form, got.dims, say(got.useBias), say(got.convBias),
				c.form, c.want, c.bias, c.conv)
		}
	}
}

func TestParseConfigRefuses(t *testing.T) {
	hf := func(changes ...string) string { return hfConfig(mamba130m, changes...) }
	orig := func(old, new string) string { return strings.Replace(config130m, old, new, 1) }
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "ends in the middle"},
		{"a list", "[]", "is not a JSON object"},
		{"a string", `"x"`, "is not a JSON object"},
		{"null", "null", "is not a JSON object"},
		{"NaN", `{"hidden_size":NaN}`, "is not JSON"},
		{"a key twice", `{"hidden_size":1,"hidden_size":2}`, `has the key "hidden_size" twice`},
		{"a key twice inside", orig(`"ssm_cfg":{}`, `"ssm_cfg":{"d_state":1,"d_state":2}`), `has the key "d_state" twice`},
		{"nothing of Mamba", `{"n_embd":768}`, "has neither hidden_size nor d_model"},
		{"other letter case", `{"Hidden_Size":768}`, "has neither hidden_size nor d_model"},
		{"mamba2", hf(`model_type="mamba2"`), "is a Mamba-2 model"},
		{"mamba2 by architecture", hf("-model_type", `architectures=["Mamba2ForCausalLM"]`), "is a Mamba-2 model"},
		{"mamba2 by layer", orig(`"ssm_cfg":{}`, `"ssm_cfg":{"layer":"Mamba2"}`), "is a Mamba-2 model"},
		{"another layer", orig(`"ssm_cfg":{}`, `"ssm_cfg":{"layer":"Mamba3"}`), `ssm_cfg layer "Mamba3", want "Mamba1"`},
		{"falcon", hf(`model_type="falcon_mamba"`), "is a Falcon-Mamba model"},
		{"llama", hf(`model_type="llama"`), `has model_type "llama", want "mamba"`},
		{"a control in a name", hf(`model_type="\u001b[2J"`), `has model_type "\x1b[2J"`},
		{"another architecture", hf(`architectures=["LlamaForCausalLM"]`), `has architecture "LlamaForCausalLM"`},
		{"no layers", hf("-num_hidden_layers"), "has no num_hidden_layers"},
		{"no state", hf("-state_size"), "has no state_size"},
		{"no kernel", hf("-conv_kernel"), "has no conv_kernel"},
		{"no vocabulary", hf("-vocab_size"), "has no vocab_size"},
		{"no n_layer", orig(`"n_layer":24,`, ""), "has no n_layer"},
		{"state a string", hf(`state_size="16"`), `state_size is "16", want a whole number`},
		{"state a fraction", hf("state_size=16.5"), "state_size is 16.5, want a whole number"},
		{"state negative", hf("state_size=-1"), "state_size is -1, want 0 to 2147483647"},
		{"state zero", hf("state_size=0"), "d_state is 0"},
		{"too large", hf("hidden_size=2147483647"), "asks for the impossible"},
		{"beyond int64", hf("hidden_size=99999999999999999999"), "want a whole number"},
		{"product too large", hf("hidden_size=1000000", "intermediate_size=1000000", "num_hidden_layers=4000"), "asks for the impossible"},
		{"expand zero", hf("-intermediate_size", "expand=0"), "has expand 0"},
		{"expand too large", hf("-intermediate_size", "expand=1e300"), "has expand 1e+300"},
		{"rank a word", hf(`time_step_rank="many"`), `time_step_rank is "many", want a whole number or "auto"`},
		{"activation", hf(`hidden_act="gelu"`), `hidden_act "gelu", but a Mamba block uses "silu"`},
		{"eps zero", hf("layer_norm_epsilon=0"), "norm eps is 0"},
		{"bias a number", hf("use_bias=1"), "use_bias is 1, want true or false"},
		{"LayerNorm", orig(`"rms_norm":true`, `"rms_norm":false`), "has rms_norm false"},
		{"attention", orig(`"ssm_cfg":{}`, `"ssm_cfg":{},"attn_layer_idx":[3]`), "1 attention layers"},
		{"MLP", orig(`"ssm_cfg":{}`, `"ssm_cfg":{},"d_intermediate":2048`), "d_intermediate 2048"},
		{"padding by zero", orig(`multiple":8`, `multiple":0`), "pad_vocab_size_multiple 0, want 1 to 65536"},
		{"card a string", hf(`mamba_tui="x"`), `mamba_tui is "x", want an object`},
		{"card without provenance", hf(`mamba_tui={"name":"x"}`), `mamba_tui: provenance is "", want "hand-written"`},
		{"card without name", hf(`mamba_tui={"provenance":"trained"}`), "mamba_tui: name is empty"},
		{"card of lies", hf(`mamba_tui={"name":"x","provenance":"\u001b[31mreal"}`), `provenance is "\x1b[31mreal"`},
		{"card symbols", hf(`mamba_tui={"name":"x","provenance":"trained","symbols":"abc"}`), "mamba_tui: symbols is"},
		{"card too long", hf(`mamba_tui={"name":"` + strings.Repeat("x", 200) + `","provenance":"trained"}`), "name has 200 bytes, at most 128"},
		{"card of prompts", hf(`mamba_tui={"name":"x","provenance":"trained","prompts":[` + strings.Repeat(`{},`, 64) + `{}]}`), "has 65 prompts"},
	} {
		_, err := parseConfig([]byte(c.text))
		wantError(t, c.name, err, c.want)
	}
}

func TestParseCard(t *testing.T) {
	c, err := parseConfig([]byte(hfConfig(mamba130m, `mamba_tui={"name":"n","provenance":"trained","task":"t","note":"o","command":"c",
"symbols":["a","b"],"other":"b","aliases":[{"text":"x","symbol":"a"}],"prompts":[{"title":"p","text":"ab"}],"later":{"version":2}}`)))
	if err != nil {
		t.Fatal(err)
	}
	want := model.Card{
		Name: "n", Kind: model.Trained, Task: "t", Note: "o", Command: "c", Symbols: []string{"a", "b"}, Other: "b",
		Aliases: []model.Alias{{Text: "x", Symbol: "a"}}, Prompts: []model.Example{{Title: "p", Text: "ab"}},
	}
	if fmt.Sprint(c.card) != fmt.Sprint(want) || !c.carded {
		t.Errorf("card %+v, want %+v", c.card, want)
	}
}

// FuzzConfig: whatever is accepted is a possible model.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(config130mHF))
	f.Add([]byte(config130m))
	f.Add([]byte(hfConfig(odd, `mamba_tui={"name":"x","provenance":"trained"}`, "-intermediate_size", "expand=1e9")))
	f.Add([]byte(`{"d_model":1,"n_layer":1,"vocab_size":1,"pad_vocab_size_multiple":65536,"ssm_cfg":{"expand":0.5}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parseConfig(text)
		if err != nil {
			wantError(t, "fuzz", err, "")
			return
		}
		if err := c.dims.Validate(); err != nil {
			t.Fatalf("accepted %+v: %v", c.dims, err)
		}
		if c.carded {
			if err := checkCard(c.card); err != nil {
				t.Fatalf("accepted card: %v", err)
			}
		}
	})
}
