package checkpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"mamba-tui/model"
)

func TestLoad(t *testing.T) {
	w := model.RandomWeights(odd, 1)
	weights := pack(tensorsOf(odd, w), `{"format":"pt","note":"x"}`)
	f, err := Load(folder(map[string]string{"config.json": hfConfig(odd), "model.safetensors": string(weights)}), "m")
	if err != nil {
		t.Fatal(err)
	}
	sameWeights(t, odd, f.Weights, w)
	if f.Config != odd || f.Form != HuggingFace || f.Dtype != "F32" || f.Parameters != odd.Parameters() || f.NonFinite != 0 {
		t.Errorf("%+v", f)
	}
	sum := sha256.Sum256(weights)
	if f.SHA256 != hex.EncodeToString(sum[:]) || f.Bytes != int64(len(weights)) || len(f.Parts) != 1 || f.Parts[0].Name != "model.safetensors" {
		t.Errorf("sum %s of %d bytes, parts %v", f.SHA256, f.Bytes, f.Parts)
	}
	if f.Card.Name != "m" || f.Card.Kind != model.Unknown || f.Metadata["note"] != "x" {
		t.Errorf("card %+v, metadata %v", f.Card, f.Metadata)
	}
}

// The original names, a head that is a copy, half precision, 24 layers: the
// file of mamba-130m in small.
func TestLoadOriginalNames(t *testing.T) {
	c := model.Config{VocabSize: 24, DModel: 16, DInner: 32, DState: 16, DConv: 4, DtRank: 1, NLayer: 24, Eps: 1e-5, ConvBias: true}
	w := model.RandomWeights(c, 130)
	for _, x := range w.Tensors(c) { // what BF16 can hold
		for i, v := range *x.Data {
			var one [1]float32
			decode(one[:], bf16([]float32{v}), BF16)
			(*x.Data)[i] = one[0]
		}
	}
	list := tensorsOf(c, w)
	for i := range list {
		if list[i].name == "backbone.embeddings.weight" {
			list[i].name = "backbone.embedding.weight"
		}
	}
	list = append(list, raw{"lm_head.weight", "F32", []int{24, 16}, f32(w.Embedding)})
	for i, x := range tensorsOf(c, w) {
		if strings.HasSuffix(x.name, "_proj.weight") {
			for _, t := range w.Tensors(c) {
				if "backbone."+t.Name == x.name {
					list[i].dtype, list[i].data = "BF16", bf16(*t.Data)
				}
			}
		}
	}
	const config = `{"d_model":16,"n_layer":24,"vocab_size":21,"ssm_cfg":{},"rms_norm":true,"residual_in_fp32":true,"fused_add_norm":true,"pad_vocab_size_multiple":8}`
	f, err := Load(folder(map[string]string{"config.json": config, "model.safetensors": string(pack(list, ""))}), "m")
	if err != nil {
		t.Fatal(err)
	}
	sameWeights(t, c, f.Weights, w)
	if f.Form != StateSpaces || f.Dtype != "BF16, F32" || f.Config != c || f.Weights.Head != nil {
		t.Errorf("form %s, dtype %s, config %+v, head of %d", f.Form, f.Dtype, f.Config, len(f.Weights.Head))
	}
	if len(f.Weights.Layers) != 24 || f.Parameters != c.Parameters() {
		t.Errorf("%d layers, %d parameters, want 24 and %d", len(f.Weights.Layers), f.Parameters, c.Parameters())
	}
}

func TestLoadBiasesFromTensors(t *testing.T) {
	c := odd
	c.Bias = true
	w := model.RandomWeights(c, 2)
	for i := range w.Layers {
		for j := range w.Layers[i].InBias {
			w.Layers[i].InBias[j] = float32(j)
		}
	}
	f, err := Load(folder(map[string]string{
		"config.json":       hfConfig(c, "-use_bias", "-use_conv_bias"),
		"model.safetensors": string(pack(tensorsOf(c, w), "")),
	}), "m")
	if err != nil {
		t.Fatal(err)
	}
	if f.Config != c {
		t.Errorf("config %+v, want %+v", f.Config, c)
	}
	sameWeights(t, c, f.Weights, w)
}

func TestLoadHead(t *testing.T) {
	w := model.RandomWeights(odd, 3)
	w.Head = slices.Clone(w.Embedding)
	w.Head[7]++
	load := func(changes ...string) (*File, error) {
		return Load(folder(map[string]string{
			"config.json":       hfConfig(odd, changes...),
			"model.safetensors": string(pack(tensorsOf(odd, w), "")),
		}), "m")
	}
	for _, changes := range [][]string{nil, {"tie_word_embeddings=false"}} {
		f, err := load(changes...)
		if err != nil {
			t.Fatal(err)
		}
		sameWeights(t, odd, f.Weights, w)
		if f.Parameters != odd.Parameters()+66 {
			t.Errorf("%d parameters, want %d", f.Parameters, odd.Parameters()+66)
		}
	}
	_, err := load("tie_word_embeddings=true")
	wantError(t, "tied", err, "lm_head.weight differs from it in 1 of 66 values")
	w.Head[7] = w.Embedding[7]
	f, err := load("tie_word_embeddings=true")
	if err != nil || f.Weights.Head != nil {
		t.Errorf("a head that is the embedding: %v, head of %d", err, len(f.Weights.Head))
	}
	w.Head = nil
	_, err = load("tie_word_embeddings=false")
	wantError(t, "no head", err, "says that the head is not tied to the embedding, but there is no lm_head.weight")
}

func TestLoadNonFinite(t *testing.T) {
	w := model.RandomWeights(odd, 4)
	list := tensorsOf(odd, w)
	copy(list[0].data, []byte{0, 0, 0xc0, 0x7f, 0, 0, 0x80, 0xff}) // NaN, −Inf
	f, err := Load(folder(map[string]string{"config.json": hfConfig(odd), "model.safetensors": string(pack(list, ""))}), "m")
	if err != nil || f.NonFinite != 2 {
		t.Errorf("%v, %d not finite, want 2", err, f.NonFinite)
	}
}

// Each way in which files do not fit together is one clear error.
func TestLoadRefuses(t *testing.T) {
	good := func() []raw { return tensorsOf(odd, model.RandomWeights(odd, 5)) }
	edit := func(change func(list []raw) []raw) string { return string(pack(change(good()), "")) }
	at := func(list []raw, name string) int {
		return slices.IndexFunc(list, func(r raw) bool { return r.name == "backbone."+name })
	}
	weights := edit(func(l []raw) []raw { return l })
	const embed = "backbone.embeddings.weight"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"empty folder", nil, "has no config.json: a checkpoint is a folder with config.json and model.safetensors"},
		{"no config", map[string]string{"model.safetensors": weights}, "has no config.json"},
		{"bad config", map[string]string{"config.json": "{", "model.safetensors": weights}, "config.json ends in the middle"},
		{"huge config", map[string]string{"config.json": strings.Repeat(" ", maxConfig+1)}, "config.json has more than 4194304 bytes"},
		{"no weights", map[string]string{"config.json": hfConfig(odd)}, "has no model.safetensors"},
		{"pickle", map[string]string{"config.json": hfConfig(odd), "pytorch_model.bin": "x"},
			"has pytorch_model.bin but no model.safetensors: PyTorch's pickle files are not read, use the -hf copy"},
		{"other name", map[string]string{"config.json": hfConfig(odd), "weights.safetensors": weights}, "has weights.safetensors but no model.safetensors: rename it"},
		{"not safetensors", map[string]string{"config.json": hfConfig(odd), "model.safetensors": "version https://git-lfs.github.com/spec/v1\noid"},
			"model.safetensors: says that its header has"},
		{"cut", map[string]string{"config.json": hfConfig(odd), "model.safetensors": weights[:len(weights)-4]}, "it is cut off"},
		{"trailing", map[string]string{"config.json": hfConfig(odd), "model.safetensors": weights + "x"}, "1 bytes after tensor"},
		{"missing", map[string]string{"config.json": hfConfig(odd), "model.safetensors": edit(func(l []raw) []raw { return l[:len(l)-1] })},
			`tensor "backbone.norm_f.weight" is missing`},
		{"no embedding", map[string]string{"config.json": hfConfig(odd), "model.safetensors": edit(func(l []raw) []raw { return l[1:] })},
			`tensor "` + embed + `" is missing`},
		{"both embeddings", map[string]string{"config.json": hfConfig(odd), "model.safetensors": edit(func(l []raw) []raw {
			return append(l, raw{"backbone.embedding.weight", "F32", l[0].shape, l[0].data})
		})}, "both backbone.embeddings.weight and backbone.embedding.weight are there"},
		{"one too many", map[string]string{"config.json": hfConfig(odd), "model.safetensors": edit(func(l []raw) []raw {
			return append(l, raw{"extra\x1b", "F32", []int{0}, nil})
		})}, `tensor "extra\x1b" does not belong to a Mamba model of 2 layers`},
		{"a third layer", map[string]string{"config.json": hfConfig(odd), "model.safetensors": edit(func(l []raw) []raw {
			return append(l, raw{"backbone.layers.2.norm.weight", "F32", []int{6}, make([]byte, 24)})
		})}, `tensor "backbone.layers.2.norm.weight" does not belong`},
		{"three layers asked for", map[string]string{"config.json": hfConfig(odd, "num_hidden_layers=3"), "model.safetensors": weights},
			`tensor "backbone.layers.2.norm.weight" is missing`},
		{"transposed", map[string]string{"config.json": hfConfig(odd), "model.safetensors": edit(func(l []raw) []raw {
			l[at(l, "layers.0.mixer.out_proj.weight")].shape = []int{14, 6}
			return l
		})}, `tensor "backbone.layers.0.mixer.out_proj.weight" has shape [14 6], config.json asks for [6 14]`},
		{"flat conv", map[string]string{"config.json": hfConfig(odd), "model.safetensors": edit(func(l []raw) []raw {
			l[at(l, "layers.1.mixer.conv1d.weight")].shape = []int{14, 4}
			return l
		})}, `has shape [14 4], config.json asks for [14 1 4]`},
		{"other vocabulary", map[string]string{"config.json": hfConfig(odd, "vocab_size=12"), "model.safetensors": weights},
			`tensor "` + embed + `" has shape [11 6], config.json asks for [12 6]`},
		{"integers", map[string]string{"config.json": hfConfig(odd), "model.safetensors": edit(func(l []raw) []raw {
			l[0].dtype = "I32"
			return l
		})}, `tensor "` + embed + `" is I32: weights are F32, F16 or BF16`},
		{"doubles", map[string]string{"config.json": hfConfig(odd), "model.safetensors": edit(func(l []raw) []raw {
			l[0].dtype, l[0].data = "F64", make([]byte, 8*66)
			return l
		})}, `is F64: weights are F32, F16 or BF16`},
		{"bias announced", map[string]string{"config.json": hfConfig(odd, "use_bias=true"), "model.safetensors": weights},
			`config.json has use_bias true, but tensor "backbone.layers.0.mixer.in_proj.bias" is missing`},
		{"bias denied", map[string]string{"config.json": hfConfig(odd, "use_conv_bias=false"), "model.safetensors": weights},
			`config.json has use_conv_bias false, but tensor "backbone.layers.0.mixer.conv1d.bias" is there`},
		{"bias in one layer", map[string]string{"config.json": hfConfig(odd), "model.safetensors": edit(func(l []raw) []raw {
			i := at(l, "layers.1.mixer.conv1d.bias")
			return slices.Delete(l, i, i+1)
		})}, `tensor "backbone.layers.1.mixer.conv1d.bias" is missing`},
		{"Mamba-2 tensors", map[string]string{"config.json": hfConfig(odd), "model.safetensors": edit(func(l []raw) []raw {
			return append(l, raw{"backbone.layers.0.mixer.dt_bias", "F32", []int{0}, nil})
		})}, "is a Mamba-2 model"},
		{"symbols missing", map[string]string{"config.json": hfConfig(odd, `mamba_tui={"name":"x","provenance":"trained","symbols":["a"]}`), "model.safetensors": weights},
			"the symbol table has 1 symbols, the model 11 token ids"},
	} {
		_, err := Load(folder(c.files), "m")
		wantError(t, c.name, err, c.want)
		if err != nil && !strings.HasPrefix(err.Error(), "checkpoint: m: ") {
			t.Errorf("%s: error %q does not begin with the folder", c.name, err)
		}
	}
}

func TestLoadParts(t *testing.T) {
	w := model.RandomWeights(odd, 6)
	list := tensorsOf(odd, w)
	one, two := string(pack(list[:9], `{"format":"pt"}`)), string(pack(list[9:], ""))
	index := func(change func(m map[string]string)) string {
		m := map[string]string{}
		for i, x := range list {
			m[x.name] = "model-00001-of-00002.safetensors"
			if i >= 9 {
				m[x.name] = "model-00002-of-00002.safetensors"
			}
		}
		if change != nil {
			change(m)
		}
		var b strings.Builder
		for name, file := range m {
			fmt.Fprintf(&b, `,%q:%q`, name, file)
		}
		return `{"metadata":{"total_size":1},"weight_map":{` + strings.TrimPrefix(b.String(), ",") + `}}`
	}
	files := func(index string) map[string]string {
		return map[string]string{
			"config.json": hfConfig(odd), "model.safetensors.index.json": index,
			"model-00001-of-00002.safetensors": one, "model-00002-of-00002.safetensors": two,
		}
	}
	f, err := Load(folder(files(index(nil))), "m")
	if err != nil {
		t.Fatal(err)
	}
	sameWeights(t, odd, f.Weights, w)
	if len(f.Parts) != 2 || f.Bytes != int64(len(one)+len(two)) || f.Metadata["format"] != "pt" {
		t.Errorf("parts %v, %d bytes, metadata %v", f.Parts, f.Bytes, f.Metadata)
	}
	a, b := sha256.Sum256([]byte(one)), sha256.Sum256([]byte(two))
	all := sha256.Sum256(fmt.Appendf(nil, "%x  model-00001-of-00002.safetensors\n%x  model-00002-of-00002.safetensors\n", a, b))
	if f.SHA256 != hex.EncodeToString(all[:]) {
		t.Errorf("sum %s, want %x", f.SHA256, all)
	}

	name := list[0].name
	set := func(file string) func(map[string]string) { return func(m map[string]string) { m[name] = file } }
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"wrong part", files(index(set("model-00002-of-00002.safetensors"))), `stands in model-00001-of-00002.safetensors, but model.safetensors.index.json says otherwise`},
		{"unknown tensor", files(index(func(m map[string]string) { m["more"] = "model-00001-of-00002.safetensors" })), `lists tensor "more", but`},
		{"tensor left out", files(index(func(m map[string]string) { delete(m, name) })), "says otherwise"},
		{"missing part", files(index(set("model-3.safetensors"))), "model-3.safetensors: open"},
		{"outside", files(index(set("../x.safetensors"))), `names the file "../x.safetensors", want one in the same folder`},
		{"absolute", files(index(set("/etc/x.safetensors"))), "want one in the same folder"},
		{"backslash", files(index(set(`..\x.safetensors`))), "want one in the same folder"},
		{"no safetensors", files(index(set("x.bin"))), `names the file "x.bin"`},
		{"no map", files(`{"metadata":{}}`), "has no weight_map"},
		{"map of numbers", files(`{"weight_map":{"a":1}}`), "has no weight_map"},
		{"empty map", files(`{"weight_map":{}}`), "has no weight_map"},
		{"not JSON", files(`x`), "model.safetensors.index.json is not JSON"},
		{"in both", func() map[string]string {
			m := files(index(nil))
			m["model-00002-of-00002.safetensors"] = string(pack(list[8:], ""))
			return m
		}(), "stands in two files"},
	} {
		_, err := Load(folder(c.files), "m")
		wantError(t, c.name, err, c.want)
	}
	var many strings.Builder
	for i := range maxParts + 1 {
		fmt.Fprintf(&many, `,"t%d":"p%d.safetensors"`, i, i)
	}
	_, err = Load(folder(files(`{"weight_map":{`+many.String()[1:]+`}}`)), "m")
	wantError(t, "many parts", err, "names more than 256 files")
}

// liar is a file whose content is not of the size that it announces.
type liar struct {
	fstest.MapFS
	content map[string]string
}

func (l liar) Open(name string) (fs.File, error) {
	f, err := l.MapFS.Open(name)
	if text, ok := l.content[name]; ok && err == nil {
		return lying{f, strings.NewReader(text)}, nil
	}
	return f, err
}

type lying struct {
	fs.File
	r io.Reader
}

func (l lying) Read(b []byte) (int, error) { return l.r.Read(b) }

func TestLoadChangingFile(t *testing.T) {
	weights := string(pack(tensorsOf(odd, model.RandomWeights(odd, 7)), ""))
	fsys := folder(map[string]string{"config.json": hfConfig(odd), "model.safetensors": weights}).(fstest.MapFS)
	for cut, want := range map[int]string{
		4:                "ended early: it has shrunk while it was read",
		20:               "ended early",
		len(weights) - 1: `tensor "backbone.norm_f.weight": the file ended early`,
	} {
		_, err := Load(liar{fsys, map[string]string{"m/model.safetensors": weights[:cut]}}, "m")
		wantError(t, fmt.Sprint("cut at ", cut), err, want)
	}
	_, err := Load(liar{fsys, map[string]string{"m/model.safetensors": weights + "more"}}, "m")
	wantError(t, "grown", err, "has grown while it was read")
}

func TestLoadDirRefuses(t *testing.T) {
	dir := t.TempDir()
	_, err := LoadDir(filepath.Join(dir, "no\x1bne"))
	wantError(t, "missing", err, `no\x1bne: no such folder`)
	file := filepath.Join(dir, "model.safetensors")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = LoadDir(file)
	wantError(t, "file", err, "is a file: give the folder with config.json and model.safetensors")
	if err := os.Mkdir(filepath.Join(dir, "config.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = LoadDir(dir)
	wantError(t, "folder as config", err, "config.json is not a file")
}

// FuzzLoad: no bytes in either file make the loader panic or hand out weights
// that do not fit its own config.
func FuzzLoad(f *testing.F) {
	tiny := model.Config{VocabSize: 2, DModel: 1, DInner: 1, DState: 1, DConv: 1, DtRank: 1, NLayer: 1, Eps: 1e-5}
	w := model.RandomWeights(tiny, 1)
	f.Add([]byte(hfConfig(tiny)), pack(tensorsOf(tiny, w), ""))
	f.Add([]byte(hfConfig(tiny, `mamba_tui={"name":"x","provenance":"trained","symbols":["a","b"],"other":"b"}`)), pack(tensorsOf(tiny, w), `{"format":"pt"}`))
	f.Fuzz(func(t *testing.T, config, weights []byte) {
		file, err := Load(folder(map[string]string{"config.json": string(config), "model.safetensors": string(weights)}), "m")
		if err != nil {
			wantError(t, "fuzz", err, "checkpoint: m: ")
			return
		}
		if err := file.Weights.Validate(file.Config); err != nil {
			t.Fatalf("accepted %+v: %v", file.Config, err)
		}
	})
}
