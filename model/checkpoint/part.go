package checkpoint

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"mamba-tui/model"
)

// readSize is how much of a file is read at once, in bytes.
const readSize = 1 << 18

// part is one open file of weights, read once from beginning to end while its
// sum is taken.
type part struct {
	name   string
	file   fs.File
	size   int64
	hash   hash.Hash
	reader io.Reader
	header *Header
}

// openPart opens a weight file and reads its header. The file is read once,
// front to back, through the sum: a file system need not offer seeking, and
// the sum is that of the very bytes that became weights.
func openPart(fsys fs.FS, dir, name string) (*part, error) {
	file, err := fsys.Open(path.Join(dir, name))
	if err != nil {
		return nil, err
	}
	p := &part{name: name, file: file, hash: sha256.New()}
	err = func() error {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return errors.New("is not a file")
		}
		p.size = info.Size()
		p.reader = io.TeeReader(bufio.NewReaderSize(file, int(min(p.size, readSize))), p.hash)
		p.header, err = ReadHeader(p.reader, p.size)
		return err
	}()
	if err != nil {
		file.Close()
		return nil, shrunk(err)
	}
	return p, nil
}

// plan maps the name of each tensor in the files to the weight it fills.
type plan map[string]*[]float32

// makePlan compares the tensors of the files with those that the config asks
// for, and settles the biases that the config left open. Every tensor must be
// wanted and every wanted one there, with its shape: only then is anything
// allocated, and no more than the files hold.
func makePlan(c *config, w *model.Weights, parts []*part, index map[string]string) (plan, error) {
	have := map[string]Tensor{}
	for _, p := range parts {
		for _, t := range p.header.Tensors {
			if _, twice := have[t.Name]; twice {
				return nil, fmt.Errorf("tensor %s stands in two files", quote(t.Name))
			}
			if index != nil && index[t.Name] != p.name {
				return nil, fmt.Errorf("tensor %s stands in %s, but %s says otherwise", quote(t.Name), shortName(p.name), indexName)
			}
			have[t.Name] = t
		}
	}
	for name := range index {
		if _, ok := have[name]; !ok {
			return nil, fmt.Errorf("%s lists tensor %s, but %s does not hold it", indexName, quote(name), shortName(index[name]))
		}
	}
	if err := c.settleBiases(have); err != nil {
		return nil, err
	}
	targets := plan{}
	for _, want := range w.Tensors(c.dims) {
		if !want.Use {
			continue
		}
		t, found, err := find(have, want)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		if !t.Dtype.weight() {
			return nil, fmt.Errorf("tensor %s is %s: weights are F32, F16 or BF16", quote(t.Name), t.Dtype)
		}
		if shape := stored(want); !slices.Equal(t.Shape, shape) {
			return nil, fmt.Errorf("tensor %s has shape %v, config.json asks for %v", quote(t.Name), t.Shape, shape)
		}
		targets[t.Name] = want.Data
	}
	for _, p := range parts {
		for _, t := range p.header.Tensors {
			if targets[t.Name] == nil {
				return nil, fmt.Errorf("tensor %s does not belong to a Mamba model of %d layers", quote(t.Name), c.dims.NLayer)
			}
		}
	}
	return targets, nil
}

// find looks a tensor up by its name in files: the embedding has two, one in
// transformers and one in the original code. Having both would leave open which
// is meant.
func find(have map[string]Tensor, want model.Tensor) (Tensor, bool, error) {
	name := fileName(want)
	t, ok := have[name]
	if want.Name == "embeddings.weight" {
		const original = "backbone.embedding.weight"
		o, also := have[original]
		if ok && also {
			return t, false, fmt.Errorf("both %s and %s are there: keep one", name, original)
		}
		if also {
			return o, true, nil
		}
	}
	if !ok && !want.Optional {
		return t, false, fmt.Errorf("tensor %s is missing", quote(name))
	}
	return t, ok, nil
}

// fileName is the name of a tensor in a checkpoint file.
func fileName(t model.Tensor) string {
	if t.Name == "lm_head.weight" {
		return t.Name
	}
	return "backbone." + t.Name
}

// stored is the shape of a tensor in a checkpoint file: that of PyTorch's
// Conv1d has a dimension for the channels of a group, which is one.
func stored(t model.Tensor) []uint64 {
	shape := make([]uint64, 0, len(t.Shape)+1)
	for _, n := range t.Shape {
		shape = append(shape, uint64(n))
	}
	if strings.HasSuffix(t.Name, "conv1d.weight") {
		shape = slices.Insert(shape, 1, 1)
	}
	return shape
}

// settleBiases decides the biases that config.json left open by what is there
// in the first layer; makePlan then demands the same of every other. It also
// recognises Mamba-2, whose blocks have a dt_bias and a norm of their own, for
// files whose config.json does not say so.
func (c *config) settleBiases(have map[string]Tensor) error {
	const mixer = "backbone.layers.0.mixer."
	for _, other := range []string{"dt_bias", "norm.weight"} {
		if _, ok := have[mixer+other]; ok {
			return errMamba2
		}
	}
	settle := func(said *bool, key, tensor string) (bool, error) {
		_, there := have[mixer+tensor]
		if said != nil && *said != there {
			return false, fmt.Errorf("config.json has %s %v, but tensor %s is %s", key, *said, quote(mixer+tensor),
				map[bool]string{true: "there", false: "missing"}[there])
		}
		return there, nil
	}
	key, convKey := "use_bias", "use_conv_bias"
	if c.form == StateSpaces {
		key, convKey = "bias", "conv_bias"
	}
	var err error
	if c.dims.Bias, err = settle(c.useBias, key, "in_proj.bias"); err != nil {
		return err
	}
	c.dims.ConvBias, err = settle(c.convBias, convKey, "conv1d.bias")
	return err
}

// read fills the weights of the plan from the file, in the order of its data,
// and returns how many are NaN or infinite.
func (p *part) read(targets plan) (nonFinite int, err error) {
	buffer := make([]byte, max(8, min(p.size, readSize)))
	for _, t := range p.header.Tensors {
		size := int(dtypeSize[t.Dtype])
		data := make([]float32, int(t.End-t.Begin)/size)
		*targets[t.Name] = data
		for len(data) > 0 {
			n := min(len(data), len(buffer)/size)
			if _, err := io.ReadFull(p.reader, buffer[:n*size]); err != nil {
				return nonFinite, fmt.Errorf("tensor %s: %w", quote(t.Name), shrunk(err))
			}
			nonFinite += decode(data[:n], buffer[:n*size], t.Dtype)
			data = data[n:]
		}
	}
	if n, err := p.reader.Read(buffer[:1]); n != 0 || err != io.EOF {
		return nonFinite, errors.New("has grown while it was read")
	}
	return nonFinite, nil
}

// shrunk explains an end of file that the size of the file did not announce:
// every length was compared with that size before.
func shrunk(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ended early: it has shrunk while it was read")
	}
	return err
}

// sum is the SHA256 of what was read, in hexadecimal.
func (p *part) sum() string { return hex.EncodeToString(p.hash.Sum(nil)) }

// sumOf is the SHA256 of a checkpoint, see File.SHA256.
func sumOf(parts []Part) string {
	if len(parts) == 1 {
		return parts[0].SHA256
	}
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%s  %s\n", p.SHA256, p.Name)
	}
	return hex.EncodeToString(h.Sum(nil))
}
