package rundir

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"mamba-tui/model/checkpoint"
	"mamba-tui/model/train"
)

// stateName holds everything that going on needs, in one file, so that no kill
// can leave two halves of different steps.
const stateName = "train-state.safetensors"

// Bounds of what is read back.
const (
	maxJSON    = 1 << 20 // bytes of recipe.json
	maxVocab   = 1 << 16 // of the models that are trained here
	stateKey   = "state" // of the metadata
	stateParam = "parameters"
	stateFirst = "adamw.m"
	stateSecnd = "adamw.v"
)

// state is what the metadata of the state file says, as JSON.
type state struct {
	Schema    int            `json:"schema"`
	Recipe    train.Recipe   `json:"recipe"`
	Text      string         `json:"text,omitempty"`
	Vocab     int            `json:"vocab"`
	Step      int            `json:"step"`
	Stage     int            `json:"stage"`
	Tokens    int64          `json:"tokens"`
	Average   train.Averages `json:"average"`
	Source    []byte         `json:"source"` // of the training sequences
	Updates   int            `json:"updates"`
	Evaluated int            `json:"evaluated"`
	Accuracy  float64        `json:"accuracy"`
	Length    int            `json:"length"`
}

// writeState writes a checkpoint as a safetensors file of three flat arrays:
// the parameters and AdamW's two moments.
func writeState(out io.Writer, c *train.Checkpoint, text string) error {
	meta, err := json.Marshal(state{Schema: Schema, Recipe: c.Recipe, Text: text, Vocab: c.Parameters.Config.VocabSize,
		Step: c.Step, Stage: c.Stage, Tokens: c.Tokens, Average: c.Average, Source: c.Source, Updates: c.Updates,
		Evaluated: c.Evaluated, Accuracy: c.Accuracy, Length: c.Length})
	if err != nil {
		return fmt.Errorf("rundir: %w", err)
	}
	flat := func(name string, data []float32) checkpoint.Array {
		return checkpoint.Array{Name: name, Shape: []uint64{uint64(len(data))}, Data: data}
	}
	return checkpoint.WriteArrays(out, []checkpoint.Array{
		flat(stateParam, c.Parameters.Flat), flat(stateFirst, c.First), flat(stateSecnd, c.Second),
	}, map[string]string{stateKey: string(meta)})
}

// readState reads what writeState wrote. Nothing in the file is believed that
// the sizes in it do not bear out.
func readState(r io.Reader, size int64) (*train.Checkpoint, string, error) {
	arrays, meta, err := checkpoint.ReadArrays(r, size)
	if err != nil {
		return nil, "", err
	}
	var s state
	if err := json.Unmarshal([]byte(meta[stateKey]), &s); err != nil {
		return nil, "", fmt.Errorf("its metadata %q is not a training state: %w", stateKey, err)
	}
	switch {
	case s.Schema != Schema:
		return nil, "", fmt.Errorf("has schema %d, this program reads %d", s.Schema, Schema)
	case s.Vocab < 1 || s.Vocab > maxVocab:
		return nil, "", fmt.Errorf("has a vocabulary of %d, want 1 to %d", s.Vocab, maxVocab)
	case s.Step < 0 || s.Updates < 0 || s.Stage < 0 || s.Tokens < 0 || s.Length < 0:
		return nil, "", fmt.Errorf("counts below zero: step %d, update %d, stage %d", s.Step, s.Updates, s.Stage)
	}
	cfg := s.Recipe.Config(s.Vocab)
	if err := cfg.Validate(); err != nil {
		return nil, "", err
	}
	data := map[string][]float32{}
	for _, a := range arrays {
		data[a.Name] = a.Data
	}
	want := cfg.Parameters()
	if !s.Recipe.Tied {
		want += cfg.VocabSize * cfg.DModel
	}
	for _, name := range []string{stateParam, stateFirst, stateSecnd} {
		if have := len(data[name]); have != want {
			return nil, "", fmt.Errorf("its array %s has %d elements, the recipe's model has %d", name, have, want)
		}
	}
	p := train.NewParameters(cfg, s.Recipe.Tied)
	copy(p.Flat, data[stateParam])
	return &train.Checkpoint{Recipe: s.Recipe, Step: s.Step, Stage: s.Stage, Tokens: s.Tokens, Average: s.Average, Source: s.Source,
		Parameters: p, First: data[stateFirst], Second: data[stateSecnd], Updates: s.Updates,
		Evaluated: s.Evaluated, Accuracy: s.Accuracy, Length: s.Length}, s.Text, nil
}

// errNoRun says that a folder holds none.
var errNoRun = errors.New("holds no training run to go on with")

// Load reads the checkpoint of the run in a folder, and the name and sum of its
// text, if it learns from one.
func Load(dir string) (c *train.Checkpoint, text string, err error) {
	f, err := os.Open(filepath.Join(dir, stateName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("rundir: %s %w: it has no %s", shown(dir), errNoRun, stateName)
	}
	if err != nil {
		return nil, "", fmt.Errorf("rundir: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is not a file")
	}
	if err == nil {
		c, text, err = readState(bufio.NewReaderSize(f, 1<<18), info.Size())
	}
	if err != nil {
		return nil, "", fmt.Errorf("rundir: %s: %w", shown(filepath.Join(dir, stateName)), err)
	}
	return c, text, nil
}
