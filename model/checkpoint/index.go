package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Names and bounds of the files of a checkpoint.
const (
	weightsName = "model.safetensors"
	indexName   = "model.safetensors.index.json"
	maxParts    = 256
)

// weightFiles lists the weight files of a folder in order of name: the one
// model.safetensors, or the parts that an index lists. index maps each tensor
// to its part and is nil for a single file.
func weightFiles(fsys fs.FS, dir string) (names []string, index map[string]string, err error) {
	if _, err := fs.Stat(fsys, path.Join(dir, weightsName)); err == nil {
		return []string{weightsName}, nil, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	file, err := fsys.Open(path.Join(dir, indexName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, explainMissing(fsys, dir)
	}
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxConfig+1))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", indexName, err)
	}
	if len(text) > maxConfig {
		return nil, nil, fmt.Errorf("%s has more than %d bytes, which is more than is read", indexName, maxConfig)
	}
	names, index, err = parseIndex(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s %w", indexName, err)
	}
	return names, index, nil
}

// parseIndex reads {"metadata": {…}, "weight_map": {"tensor": "file", …}}.
func parseIndex(text []byte) (names []string, index map[string]string, err error) {
	if err := checkJSON(text); err != nil {
		return nil, nil, err
	}
	o, err := parseObject(text)
	if err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(o["weight_map"], &index); err != nil || len(index) == 0 {
		return nil, nil, errors.New("has no weight_map of tensor names to file names")
	}
	for _, name := range index {
		// A part stands beside its index: no path leads out of the folder.
		if !strings.HasSuffix(name, ".safetensors") || strings.ContainsAny(name, `/\`) || !fs.ValidPath(name) {
			return nil, nil, fmt.Errorf("names the file %s, want one in the same folder that ends in .safetensors", quote(name))
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		if len(names) > maxParts {
			return nil, nil, fmt.Errorf("names more than %d files", maxParts)
		}
	}
	slices.Sort(names)
	return names, index, nil
}

// explainMissing says what a folder without readable weights has instead.
func explainMissing(fsys fs.FS, dir string) error {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasSuffix(name, ".bin"), strings.HasSuffix(name, ".pt"), strings.HasSuffix(name, ".pth"):
			return fmt.Errorf("has %s but no %s: PyTorch's pickle files are not read, "+
				"use the -hf copy of the model (such as state-spaces/mamba-130m-hf), which has safetensors",
				shortName(name), weightsName)
		case strings.HasSuffix(name, ".safetensors"):
			return fmt.Errorf("has %s but no %s: rename it, or add %s", shortName(name), weightsName, indexName)
		}
	}
	return fmt.Errorf("has no %s: a checkpoint is a folder with config.json and %s", weightsName, weightsName)
}
