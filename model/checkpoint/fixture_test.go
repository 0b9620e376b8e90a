package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"mamba-tui/model"
)

// raw is a tensor for pack, which writes safetensors files without the code
// under test.
type raw struct {
	name  string
	dtype string
	shape []int
	data  []byte
}

// pack lays tensors out one after the other and writes the header by hand.
func pack(tensors []raw, metadata string) []byte {
	var entries []string
	if metadata != "" {
		entries = append(entries, `"__metadata__":`+metadata)
	}
	var data bytes.Buffer
	for _, t := range tensors {
		shape, _ := json.Marshal(t.shape)
		if t.shape == nil {
			shape = []byte("[]")
		}
		begin := data.Len()
		data.Write(t.data)
		name, _ := json.Marshal(t.name)
		entries = append(entries, fmt.Sprintf(`%s:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`,
			name, t.dtype, shape, begin, data.Len()))
	}
	return file("{"+strings.Join(entries, ",")+"}", data.Bytes())
}

// file puts a header and data together.
func file(header string, data []byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

func f32(v []float32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// bf16 cuts float32 to its upper half.
func bf16(v []float32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint16(b, uint16(math.Float32bits(x)>>16))
	}
	return b
}

// odd is a model in which no two dimensions are equal or powers of two.
var odd = model.Config{
	VocabSize: 11, DModel: 6, DInner: 14, DState: 3, DConv: 4, DtRank: 5, NLayer: 2, Eps: 1e-5, ConvBias: true,
}

// tensorsOf lists w as raw F32 tensors under the names of a file.
func tensorsOf(c model.Config, w *model.Weights) []raw {
	var list []raw
	for _, t := range w.Tensors(c) {
		if !t.Use || *t.Data == nil {
			continue
		}
		name, shape := "backbone."+t.Name, t.Shape
		if t.Name == "lm_head.weight" {
			name = t.Name
		}
		if strings.Contains(name, "conv1d.weight") {
			shape = []int{shape[0], 1, shape[1]}
		}
		list = append(list, raw{name, "F32", shape, f32(*t.Data)})
	}
	return list
}

// hfConfig is config.json of c as transformers writes it, with changes:
// "-name" drops a member, "name=json" sets one.
func hfConfig(c model.Config, changes ...string) string {
	m := map[string]any{
		"model_type": "mamba", "architectures": []string{"MambaForCausalLM"},
		"vocab_size": c.VocabSize, "hidden_size": c.DModel, "intermediate_size": c.DInner, "state_size": c.DState,
		"conv_kernel": c.DConv, "time_step_rank": c.DtRank, "num_hidden_layers": c.NLayer,
		"layer_norm_epsilon": c.Eps, "use_bias": c.Bias, "use_conv_bias": c.ConvBias, "hidden_act": "silu",
	}
	for _, change := range changes {
		if name, ok := strings.CutPrefix(change, "-"); ok {
			delete(m, name)
			continue
		}
		name, value, _ := strings.Cut(change, "=")
		m[name] = json.RawMessage(value)
	}
	text, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// folder is a file system with one folder "m".
func folder(files map[string]string) fs.FS {
	fsys := fstest.MapFS{"m": {Mode: fs.ModeDir | 0o755}}
	for name, text := range files {
		fsys["m/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// sameWeights compares bit for bit, NaN included.
func sameWeights(t *testing.T, c model.Config, got, want *model.Weights) {
	t.Helper()
	g, w := got.Tensors(c), want.Tensors(c)
	if len(g) != len(w) {
		t.Fatalf("%d tensors, want %d", len(g), len(w))
	}
	for i := range w {
		a, b := *g[i].Data, *w[i].Data
		if len(a) != len(b) || (a == nil) != (b == nil) {
			t.Errorf("%s has %d elements, want %d", w[i].Name, len(a), len(b))
			continue
		}
		for j := range b {
			if math.Float32bits(a[j]) != math.Float32bits(b[j]) {
				t.Errorf("%s[%d] = %v, want %v", w[i].Name, j, a[j], b[j])
				break
			}
		}
	}
}

func wantError(t *testing.T, name string, err error, want string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want %q", name, want)
		return
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("%s:\n got %s\nwant %s", name, err, want)
	}
	if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }) {
		t.Errorf("%s: the error holds a control character: %q", name, err)
	}
}
