package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mamba-tui/model"
)

// shapes are configurations that a file must bring back as they were.
var shapes = map[string]model.Config{
	"odd":       odd,
	"smallest":  {VocabSize: 1, DModel: 1, DInner: 1, DState: 1, DConv: 1, DtRank: 1, NLayer: 1, Eps: 1e-6},
	"all bias":  {VocabSize: 5, DModel: 3, DInner: 6, DState: 2, DConv: 3, DtRank: 2, NLayer: 3, Eps: 1e-5, Bias: true, ConvBias: true},
	"narrow":    {VocabSize: 7, DModel: 9, DInner: 4, DState: 2, DConv: 2, DtRank: 1, NLayer: 1, Eps: 0.5, Bias: true},
	"11 layers": {VocabSize: 3, DModel: 2, DInner: 4, DState: 1, DConv: 2, DtRank: 1, NLayer: 11, Eps: 1e-5, ConvBias: true},
}

func TestSaveLoad(t *testing.T) {
	for name, c := range shapes {
		for _, head := range []bool{false, true} {
			w := model.RandomWeights(c, 8)
			if head {
				w.Head = slices.Clone(w.Embedding)
				w.Head[0] = -w.Head[0] - 1
			}
			w.NormF[0] = float32(math.NaN())
			card := model.Card{Name: name + " ¶", Kind: model.Untrained, TaskName: "header", Note: "<&> \u2028"}
			for i := range c.VocabSize {
				card.Symbols = append(card.Symbols, fmt.Sprint("s", i))
			}
			card.Other = card.Symbols[0]
			card.Aliases = []model.Alias{{Text: "\n", Symbol: card.Symbols[0]}}
			card.Prompts = []model.Example{{Title: "t", Text: "s0s0\n"}}
			dir := filepath.Join(t.TempDir(), "new", "folder")
			if err := Save(dir, c, w, card, map[string]string{"made": "by a test"}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			f, err := LoadDir(dir)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			sameWeights(t, c, f.Weights, w)
			if f.Config != c || fmt.Sprint(f.Card) != fmt.Sprint(card) || f.NonFinite != 1 {
				t.Errorf("%s: config %+v, card %+v, %d not finite", name, f.Config, f.Card, f.NonFinite)
			}
			if want := map[string]string{"format": "pt", "made": "by a test"}; !maps.Equal(f.Metadata, want) {
				t.Errorf("%s: metadata %v, want %v", name, f.Metadata, want)
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 2 {
				t.Errorf("%s: the folder holds %v, %v", name, entries, err)
			}
		}
	}
}

// The same arguments give the same bytes, also over an older file; a reader
// that knows only the format finds every tensor where the header says.
func TestSaveBytes(t *testing.T) {
	w := model.RandomWeights(odd, 9)
	dir := t.TempDir()
	save := func() (string, string) {
		if err := Save(dir, odd, w, model.Card{}, map[string]string{"b": "2", "a": "<1>"}); err != nil {
			t.Fatal(err)
		}
		config, err1 := os.ReadFile(filepath.Join(dir, "config.json"))
		weights, err2 := os.ReadFile(filepath.Join(dir, "model.safetensors"))
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		return string(config), string(weights)
	}
	config, weights := save()
	if c, x := save(); c != config || x != weights {
		t.Error("a second Save gives other bytes")
	}
	var direct bytes.Buffer
	if err := WriteWeights(&direct, odd, w, map[string]string{"a": "<1>", "b": "2"}); err != nil || direct.String() != weights {
		t.Errorf("WriteWeights gives other bytes than Save (%v)", err)
	}
	n := binary.LittleEndian.Uint64([]byte(weights))
	if n%8 != 0 {
		t.Errorf("the data begins at byte %d, which is no multiple of 8", n+8)
	}
	header, data := weights[8:8+n], weights[8+n:]
	if !strings.HasPrefix(header, `{"__metadata__":{"a":"<1>","b":"2","format":"pt"},"backbone.embeddings.weight":{"dtype":"F32","shape":[11,6],"data_offsets":[0,264]},`) {
		t.Errorf("header begins %.200s", header)
	}
	var entries map[string]struct {
		Offsets []int `json:"data_offsets"`
	}
	if err := json.Unmarshal([]byte(header), &entries); err != nil {
		t.Fatal(err)
	}
	for _, x := range tensorsOf(odd, w) {
		at := entries[x.name].Offsets
		if len(at) != 2 || data[at[0]:at[1]] != string(x.data) {
			t.Errorf("%s is not where its offsets %v say", x.name, at)
		}
	}
	if strings.Contains(config, "mamba_tui") || strings.Contains(weights, "lm_head") {
		t.Error("a card that is empty or a head that is tied was written")
	}
}

// config.json as transformers 5 accepts it: it compares the types of members.
func TestMarshalConfigForTransformers(t *testing.T) {
	for name, c := range shapes {
		text, err := MarshalConfig(c, model.NewWeights(c), model.Card{})
		if err != nil {
			t.Fatal(err)
		}
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber()
		var m map[string]any
		if err := dec.Decode(&m); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"vocab_size", "hidden_size", "state_size", "num_hidden_layers", "expand", "conv_kernel",
			"time_step_rank", "intermediate_size", "bos_token_id", "eos_token_id", "pad_token_id"} {
			if n, ok := m[key].(json.Number); !ok || strings.ContainsAny(n.String(), ".eE") {
				t.Errorf("%s: %s is %v, want a whole number", name, key, m[key])
			}
		}
		for _, key := range []string{"layer_norm_epsilon", "initializer_range", "time_step_scale", "time_step_min", "time_step_max", "time_step_floor"} {
			if n, ok := m[key].(json.Number); !ok || !strings.ContainsAny(n.String(), ".eE") {
				t.Errorf("%s: %s is %v, want a number with a point", name, key, m[key])
			}
		}
		if m["model_type"] != "mamba" || fmt.Sprint(m["architectures"]) != "[MambaForCausalLM]" || m["tie_word_embeddings"] != true {
			t.Errorf("%s: %v %v %v", name, m["model_type"], m["architectures"], m["tie_word_embeddings"])
		}
		if c.DInner%c.DModel == 0 && fmt.Sprint(m["expand"]) != fmt.Sprint(c.DInner/c.DModel) {
			t.Errorf("%s: expand %v for %d/%d", name, m["expand"], c.DInner, c.DModel)
		}
	}
}

func TestSaveRefuses(t *testing.T) {
	w := model.RandomWeights(odd, 10)
	short := model.RandomWeights(odd, 10)
	short.NormF = short.NormF[1:]
	card := model.Card{Name: "x", Kind: model.Trained}
	with := func(change func(*model.Card)) model.Card {
		c := card
		change(&c)
		return c
	}
	for _, c := range []struct {
		name string
		w    *model.Weights
		card model.Card
		meta map[string]string
		want string
	}{
		{"weights", short, card, nil, "norm_f.weight has 5 elements"},
		{"kind", w, with(func(c *model.Card) { c.Kind = "magic" }), nil, `provenance is "magic"`},
		{"symbols", w, with(func(c *model.Card) { c.Symbols = []string{"a"} }), nil, "has 1 symbols, the model 11"},
		{"not UTF-8", w, with(func(c *model.Card) { c.Task = "\xff" }), nil, `task "\xff" is not UTF-8`},
		{"alias not UTF-8", w, with(func(c *model.Card) { c.Aliases = []model.Alias{{Text: "\xff"}} }), nil, `symbol "\xff" is not UTF-8`},
		{"format", w, card, map[string]string{"format": "np"}, `metadata has format "np"`},
		{"metadata", w, card, map[string]string{"a": "\xff"}, `metadata "a" is not UTF-8`},
	} {
		dir := t.TempDir()
		err := Save(dir, odd, c.w, c.card, c.meta)
		wantError(t, c.name, err, c.want)
		if entries, _ := os.ReadDir(dir); len(entries) != 0 {
			t.Errorf("%s: a failed Save leaves %v", c.name, entries)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Save(file, odd, w, card, nil); err == nil {
		t.Error("Save into a file succeeds")
	}
}

// A Save that fails leaves the files of the one before.
func TestSaveReplacesWhole(t *testing.T) {
	dir := t.TempDir()
	if err := Save(dir, odd, model.RandomWeights(odd, 11), model.Card{}, nil); err != nil {
		t.Fatal(err)
	}
	before, err := LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := Save(dir, odd, model.RandomWeights(odd, 12), model.Card{}, map[string]string{"a": "\xff"}); err == nil {
		t.Fatal("Save with broken metadata succeeds")
	}
	after, err := LoadDir(dir)
	if err != nil || after.SHA256 != before.SHA256 {
		t.Errorf("after a failed Save: %v, sum %s, want %s", err, after.SHA256, before.SHA256)
	}
	info, err := fs.Stat(os.DirFS(dir), "config.json")
	if err != nil || info.Mode().Perm()&0o444 != 0o444 {
		t.Errorf("config.json has mode %v (%v): others cannot read it", info.Mode(), err)
	}
}

func Example() {
	cfg := model.Config{VocabSize: 3, DModel: 4, DInner: 8, DState: 2, DConv: 4, DtRank: 1, NLayer: 1, Eps: 1e-5, ConvBias: true}
	dir, err := os.MkdirTemp("", "checkpoint")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	card := model.Card{Name: "tiny", Kind: model.Untrained, Symbols: []string{"a", "b", "c"}}
	if err := Save(dir, cfg, model.RandomWeights(cfg, 1), card, nil); err != nil {
		fmt.Println(err)
		return
	}
	f, err := LoadDir(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Card.Name, f.Card.Kind, f.Dtype, f.Parameters == cfg.Parameters())
	// Output: tiny untrained F32 true
}
