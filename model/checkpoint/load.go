package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mamba-tui/model"
	"mamba-tui/model/tokenizer"
)

// File is a checkpoint that was read.
type File struct {
	Config  model.Config
	Weights *model.Weights
	// Card is what config.json says of the model. Without a card, Name is the
	// folder's and Kind is model.Unknown.
	Card  model.Card
	Form  Form
	Dtype string // of the weights as stored, such as "F32" or "BF16, F32"
	// Parameters counts the weights, the head only where it is its own.
	Parameters int
	// NonFinite counts weights that are NaN or infinite; they are kept.
	NonFinite int
	Metadata  map[string]string // of the first weight file
	Parts     []Part            // the weight files, in order of name
	Bytes     int64             // of all weight files
	// SHA256 of the weight file in hexadecimal; of several, that of the lines
	// "sum  name\n" as sha256sum writes them.
	SHA256 string
}

// Part is one file of weights.
type Part struct {
	Name   string
	Bytes  int64
	SHA256 string
}

// LoadDir reads the checkpoint in a folder of the file system.
func LoadDir(dir string) (*File, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("checkpoint: %s: no such folder", tokenizer.Visible(dir))
	case err != nil:
		return nil, fmt.Errorf("checkpoint: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("checkpoint: %s is a file: give the folder with config.json and model.safetensors",
			tokenizer.Visible(dir))
	}
	f, err := load(os.DirFS(dir), ".")
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", tokenizer.Visible(dir), err)
	}
	if f.Card.Name == "" {
		if full, err := filepath.Abs(dir); err == nil {
			dir = full
		}
		f.Card.Name = nameOf(filepath.Base(dir))
	}
	return f, nil
}

// Load reads the checkpoint in folder dir of fsys.
func Load(fsys fs.FS, dir string) (*File, error) {
	f, err := load(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", tokenizer.Visible(dir), err)
	}
	if f.Card.Name == "" {
		f.Card.Name = nameOf(path.Base(dir))
	}
	return f, nil
}

// nameOf makes a name for a model that has none.
func nameOf(base string) string {
	base = strings.ToValidUTF8(base, "\ufffd")
	if len(base) > maxName {
		base = strings.ToValidUTF8(base[:maxName], "")
	}
	return base
}

// load reads the folder. Its steps go from cheap to dear: the config, the
// headers of every part, their agreement, and only then the data.
func load(fsys fs.FS, dir string) (*File, error) {
	text, err := readConfig(fsys, dir)
	if err != nil {
		return nil, err
	}
	c, err := parseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("config.json %w", err)
	}
	names, index, err := weightFiles(fsys, dir)
	if err != nil {
		return nil, err
	}
	parts := make([]*part, 0, len(names))
	defer func() {
		for _, p := range parts {
			p.file.Close()
		}
	}()
	for _, name := range names {
		p, err := openPart(fsys, dir, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", shortName(name), err)
		}
		parts = append(parts, p)
	}
	f := &File{Form: c.form, Card: c.card, Weights: &model.Weights{}}
	if !c.carded {
		f.Card = model.Card{Name: nameOf(c.name), Kind: model.Unknown}
	}
	plan, err := makePlan(c, f.Weights, parts, index)
	if err != nil {
		return nil, err
	}
	f.Config = c.dims
	if err := checkSymbols(f.Card, f.Config.VocabSize); err != nil {
		return nil, fmt.Errorf("config.json: %w", err)
	}
	dtypes := map[string]bool{}
	for _, p := range parts {
		bad, err := p.read(plan)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", shortName(p.name), err)
		}
		f.NonFinite += bad
		for _, t := range p.header.Tensors {
			dtypes[string(t.Dtype)] = true
		}
		f.Parts = append(f.Parts, Part{Name: p.name, Bytes: p.size, SHA256: p.sum()})
		f.Bytes += p.size
	}
	if err := c.settleHead(f.Weights); err != nil {
		return nil, err
	}
	if err := f.Weights.Validate(f.Config); err != nil {
		return nil, err
	}
	f.Metadata = parts[0].header.Metadata
	f.Parameters = f.Weights.Parameters()
	f.SHA256 = sumOf(f.Parts)
	var kinds []string
	for d := range dtypes {
		kinds = append(kinds, d)
	}
	slices.Sort(kinds)
	f.Dtype = strings.Join(kinds, ", ")
	return f, nil
}

// readConfig reads config.json whole, within its bound, and only if it is a
// file: a pipe or a device of that name could block or never end.
func readConfig(fsys fs.FS, dir string) ([]byte, error) {
	file, err := fsys.Open(path.Join(dir, "config.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("has no config.json: a checkpoint is a folder with config.json and model.safetensors")
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("config.json is not a file")
	}
	text, err := io.ReadAll(io.LimitReader(file, maxConfig+1))
	if err != nil {
		return nil, fmt.Errorf("config.json: %w", err)
	}
	if len(text) > maxConfig {
		return nil, fmt.Errorf("config.json has more than %d bytes, which is more than is read", maxConfig)
	}
	return text, nil
}

// settleHead drops a head that is a copy of the embedding, as files converted
// from PyTorch's format have it, and refuses what config.json and the tensors
// say differently: transformers would overwrite a head of its own by the
// embedding if told that they are tied, and answer something else than we do.
func (c *config) settleHead(w *model.Weights) error {
	if w.Head == nil {
		if c.tied != nil && !*c.tied {
			return errors.New("config.json says that the head is not tied to the embedding, but there is no lm_head.weight")
		}
		return nil
	}
	differ := 0
	for i, v := range w.Head {
		if v != w.Embedding[i] && (v == v || w.Embedding[i] == w.Embedding[i]) {
			differ++
		}
	}
	switch {
	case differ == 0:
		w.Head = nil
	case c.tied != nil && *c.tied:
		return fmt.Errorf("config.json ties the head to the embedding, but lm_head.weight differs from it in %d of %d values: "+
			"set tie_word_embeddings to false if the head is meant", differ, len(w.Head))
	}
	return nil
}
