package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"mamba-tui/model"
)

// maxConfig bounds config.json. Almost all of it can be a symbol table.
const maxConfig = 4 << 20

// Form names the code whose config.json a checkpoint has.
type Form string

// The two forms.
const (
	HuggingFace Form = "transformers" // "hidden_size", "num_hidden_layers", …
	StateSpaces Form = "state-spaces" // "d_model", "n_layer", "ssm_cfg", …
)

// config is what config.json says. The two biases and the tied head stay open
// where it is silent: the classes that read such files have had different
// defaults (use_bias was once True), so the tensors decide.
type config struct {
	form              Form
	dims              model.Config
	useBias, convBias *bool
	tied              *bool
	card              model.Card
	carded            bool
	name              string // "_name_or_path"
}

// parseConfig reads config.json of either form. Which one it is shows in its
// names: only transformers says hidden_size. (Its -hf copies of the released
// models also keep members of the original form, which must not win: early ones
// carry a wrong d_inner.)
//
// Errors are the end of a sentence that begins with "config.json".
func parseConfig(data []byte) (*config, error) {
	if err := checkJSON(data); err != nil {
		return nil, err
	}
	o, err := parseObject(data)
	if err != nil {
		return nil, err
	}
	if err := refuseOthers(o); err != nil {
		return nil, err
	}
	c := &config{}
	switch {
	case o.has("hidden_size"):
		c.form = HuggingFace
		err = c.parseHuggingFace(o)
	case o.has("d_model"):
		c.form = StateSpaces
		err = c.parseStateSpaces(o)
	default:
		return nil, errors.New("has neither hidden_size nor d_model: it describes no Mamba model")
	}
	if err != nil {
		return nil, err
	}
	if err := c.dims.Validate(); err != nil {
		return nil, fmt.Errorf("asks for the impossible: %w", err)
	}
	if _, err := o.get("_name_or_path", &c.name); err != nil {
		return nil, err
	}
	if c.carded, err = parseCard(o, &c.card); err != nil {
		return nil, err
	}
	return c, nil
}

// errMamba2 is what both the config and the tensors of such a file lead to.
var errMamba2 = errors.New("is a Mamba-2 model, whose block is another one (one A a head, no x_proj): " +
	"use a Mamba-1 checkpoint such as state-spaces/mamba-130m-hf")

// refuseOthers names architectures that look like Mamba and are not. Their
// tensors partly have the same names and shapes, so that reading on would end
// in an error about some tensor that explains nothing, or in no error at all.
func refuseOthers(o object) error {
	var kind string
	if _, err := o.get("model_type", &kind); err != nil {
		return err
	}
	var architectures []string
	if _, err := o.get("architectures", &architectures); err != nil {
		return err
	}
	var ssm object
	if _, err := o.get("ssm_cfg", &ssm); err != nil {
		return err
	}
	var layer string
	if _, err := ssm.get("layer", &layer); err != nil {
		return fmt.Errorf("ssm_cfg: %w", err)
	}
	switch {
	case kind == "mamba2", layer == "Mamba2":
		return errMamba2
	case kind == "falcon_mamba":
		return errors.New("is a Falcon-Mamba model, which normalises B, C and dt: use a Mamba-1 checkpoint such as state-spaces/mamba-130m-hf")
	case kind != "" && kind != "mamba":
		return fmt.Errorf("has model_type %s, want \"mamba\"", quote(kind))
	case layer != "" && layer != "Mamba1":
		return fmt.Errorf("has ssm_cfg layer %s, want \"Mamba1\"", quote(layer))
	}
	for _, a := range architectures {
		if strings.HasPrefix(a, "Mamba2") {
			return errMamba2
		}
		if !strings.HasPrefix(a, "Mamba") {
			return fmt.Errorf("has architecture %s, want \"MambaForCausalLM\"", quote(a))
		}
	}
	return nil
}

// parseHuggingFace reads the form of transformers' MambaConfig. Members that
// class always writes are required: its defaults have changed between versions
// (use_bias has been True, num_hidden_layers is 32 where mamba-130m has 24), so
// a guess could be wrong without a sign. What describes the initialisation of
// new models (time_step_min, initializer_range, …) is of no interest here.
func (c *config) parseHuggingFace(o object) error {
	d := &c.dims
	for _, f := range []struct {
		name string
		dst  *int
	}{
		{"vocab_size", &d.VocabSize}, {"hidden_size", &d.DModel}, {"state_size", &d.DState},
		{"conv_kernel", &d.DConv}, {"num_hidden_layers", &d.NLayer},
	} {
		if err := o.required(f.name, f.dst); err != nil {
			return err
		}
	}
	// Early copies carry a wrong d_inner; intermediate_size is what counts.
	ok, err := o.integer("intermediate_size", &d.DInner)
	if err != nil {
		return err
	}
	if !ok {
		if d.DInner, err = expanded(o, d.DModel); err != nil {
			return err
		}
	}
	if d.DtRank, err = rank(o, "time_step_rank", d.DModel); err != nil {
		return err
	}
	d.Eps = 1e-5
	if _, err := o.get("layer_norm_epsilon", &d.Eps); err != nil {
		return err
	}
	act := "silu"
	if _, err := o.get("hidden_act", &act); err != nil {
		return err
	}
	if act != "silu" && act != "swish" {
		return fmt.Errorf("has hidden_act %s, but a Mamba block uses \"silu\"", quote(act))
	}
	if c.useBias, err = o.boolean("use_bias"); err != nil {
		return err
	}
	if c.convBias, err = o.boolean("use_conv_bias"); err != nil {
		return err
	}
	c.tied, err = o.boolean("tie_word_embeddings")
	return err
}

// parseStateSpaces reads the form of the original code (mamba_ssm), whose
// files leave most members out: the defaults are those of its classes
// MambaConfig and Mamba, which have not changed since the models were released.
func (c *config) parseStateSpaces(o object) error {
	d := &c.dims
	for _, f := range []struct {
		name string
		dst  *int
	}{{"vocab_size", &d.VocabSize}, {"d_model", &d.DModel}, {"n_layer", &d.NLayer}} {
		if err := o.required(f.name, f.dst); err != nil {
			return err
		}
	}
	// The embedding is padded to a multiple: 50277 words have 50280 rows.
	multiple := 1
	if _, err := o.integer("pad_vocab_size_multiple", &multiple); err != nil {
		return err
	}
	if multiple < 1 || multiple > 1<<16 {
		return fmt.Errorf("has pad_vocab_size_multiple %d, want 1 to %d", multiple, 1<<16)
	}
	if r := d.VocabSize % multiple; r != 0 {
		d.VocabSize += multiple - r
	}
	norm, err := o.boolean("rms_norm")
	if err != nil {
		return err
	}
	if norm != nil && !*norm {
		return errors.New("has rms_norm false: blocks with LayerNorm are not read, released models have RMSNorm")
	}
	mlp := 0
	if _, err := o.integer("d_intermediate", &mlp); err != nil {
		return err
	}
	var attention []int
	if _, err := o.get("attn_layer_idx", &attention); err != nil {
		return err
	}
	if mlp != 0 || len(attention) > 0 {
		return fmt.Errorf("has d_intermediate %d and %d attention layers: only pure Mamba models are read", mlp, len(attention))
	}
	if c.tied, err = o.boolean("tie_embeddings"); err != nil {
		return err
	}
	d.Eps = 1e-5
	if _, err := o.get("norm_epsilon", &d.Eps); err != nil {
		return err
	}
	var ssm object
	if _, err := o.get("ssm_cfg", &ssm); err != nil {
		return err
	}
	if err := c.parseSSM(ssm); err != nil {
		return fmt.Errorf("ssm_cfg: %w", err)
	}
	return nil
}

// parseSSM reads ssm_cfg, the arguments of the original Mamba class: d_state
// 16, d_conv 4, expand 2, dt_rank "auto", bias off and conv_bias on unless it
// says otherwise. Released models have it empty.
func (c *config) parseSSM(ssm object) (err error) {
	d := &c.dims
	d.DState, d.DConv = 16, 4
	if _, err := ssm.integer("d_state", &d.DState); err != nil {
		return err
	}
	if _, err := ssm.integer("d_conv", &d.DConv); err != nil {
		return err
	}
	if d.DInner, err = expanded(ssm, d.DModel); err != nil {
		return err
	}
	if d.DtRank, err = rank(ssm, "dt_rank", d.DModel); err != nil {
		return err
	}
	no, yes := false, true
	if c.useBias, err = ssm.boolean("bias"); err != nil {
		return err
	}
	if c.useBias == nil {
		c.useBias = &no
	}
	if c.convBias, err = ssm.boolean("conv_bias"); err != nil {
		return err
	}
	if c.convBias == nil {
		c.convBias = &yes
	}
	return nil
}

// expanded is d_inner = int(expand · d_model), expand being 2 where absent. The
// bound keeps the product inside an int; Config.Validate judges the result.
func expanded(o object, dModel int) (int, error) {
	expand := 2.0
	if _, err := o.get("expand", &expand); err != nil {
		return 0, err
	}
	if !(expand > 0 && expand <= 1024) {
		return 0, fmt.Errorf("has expand %g, want above 0 and at most 1024", expand)
	}
	return int(expand * float64(dModel)), nil
}

// rank is dt_rank: a number, or "auto" (also where absent) for d_model/16
// rounded up, which is R of the paper's §3.6.
func rank(o object, name string, dModel int) (int, error) {
	var text string
	if json.Unmarshal(o[name], &text) == nil && text == "auto" || !o.has(name) {
		return int(math.Ceil(float64(dModel) / 16)), nil
	}
	var n int
	if _, err := o.integer(name, &n); err != nil {
		return 0, fmt.Errorf("%w or \"auto\"", err)
	}
	return n, nil
}

// boolean reads a member that is true, false or not there (nil).
func (o object) boolean(name string) (*bool, error) {
	var b bool
	ok, err := o.get(name, &b)
	if err != nil || !ok {
		return nil, err
	}
	return &b, nil
}

// integer reads a whole number that fits into 31 bits, so that sums and
// products of two of them fit into an int64.
func (o object) integer(name string, dst *int) (bool, error) {
	var v int64
	ok, err := o.get(name, &v)
	if err != nil || !ok {
		return ok, err
	}
	if v < 0 || v > math.MaxInt32 {
		return true, fmt.Errorf("%s is %d, want 0 to %d", name, v, math.MaxInt32)
	}
	*dst = int(v)
	return true, nil
}

// required is integer for a member that must be there.
func (o object) required(name string, dst *int) error {
	ok, err := o.integer(name, dst)
	if err == nil && !ok {
		return fmt.Errorf("has no %s", name)
	}
	return err
}
