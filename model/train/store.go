package train

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"mamba-tui/model/checkpoint"
)

// Dir is a Store in a folder. The folder is a model that the explorer and
// transformers open (config.json, model.safetensors); beside it,
// training.safetensors holds all that a run needs to go on. Every file appears
// under its name only when it is whole, and a run goes on from
// training.safetensors alone, so a process that dies loses at most what came
// after the last Save.
type Dir struct {
	Path string
	// Snapshots keeps each checkpoint's model in a folder of its own as well,
	// named by SnapshotName.
	Snapshots bool
}

// trainingName is the file a run goes on from. It is a safetensors file, so
// NumPy opens it too.
const trainingName = "training.safetensors"

// SnapshotName is the folder, inside Dir.Path, of the model after a step, such
// as "step-00000250".
func SnapshotName(step int) string { return fmt.Sprintf("step-%08d", step) }

// Save implements Store.
func (d Dir) Save(c *Checkpoint) error {
	dirs := []string{d.Path}
	if d.Snapshots {
		dirs = append(dirs, filepath.Join(d.Path, SnapshotName(c.Step)))
	}
	for _, dir := range dirs {
		if err := checkpoint.Save(dir, c.Parameters.Config, c.Parameters.Weights, c.Card, c.Metadata()); err != nil {
			return err
		}
	}
	return writeWhole(filepath.Join(d.Path, trainingName), c.write)
}

// Load reads what the last Save wrote.
func (d Dir) Load() (*Checkpoint, error) {
	name := filepath.Join(d.Path, trainingName)
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("train: %s: there is no %s: a run goes on only where one was kept", d.Path, trainingName)
	}
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	c, err := readCheckpoint(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("train: %s %w", name, err)
	}
	return c, nil
}

// writeWhole writes a file beside its place and then moves it there.
func writeWhole(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	out := bufio.NewWriter(f)
	if err := errors.Join(write(out), out.Flush(), f.Chmod(0o644), f.Sync()); err != nil {
		return fmt.Errorf("train: %s: %w", name, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}

// state is the part of a Checkpoint that is not numbers by the thousand. It
// stands as JSON in the metadata of training.safetensors.
type state struct {
	Recipe    Recipe   `json:"recipe"`
	Vocab     int      `json:"vocab"`
	Step      int      `json:"step"`
	Stage     int      `json:"stage"`
	Tokens    int64    `json:"tokens"`
	Average   Averages `json:"average"`
	Source    []byte   `json:"source"`
	Updates   int      `json:"updates"`
	Evaluated int      `json:"evaluated"`
	Accuracy  float64  `json:"accuracy"`
	Length    int      `json:"length"`
}

// The three vectors of a checkpoint, by their names in PyTorch's AdamW.
var vectorNames = []string{"exp_avg", "exp_avg_sq", "parameters"}

func (c *Checkpoint) vectors() []*[]float32 {
	return []*[]float32{&c.First, &c.Second, &c.Parameters.Flat}
}

// write writes c as a safetensors file: the vectors in the layout of
// Parameters.Flat.
func (c *Checkpoint) write(out io.Writer) error {
	text, err := json.Marshal(state{c.Recipe, c.Parameters.Config.VocabSize, c.Step, c.Stage, c.Tokens, c.Average, c.Source,
		c.Updates, c.Evaluated, c.Accuracy, c.Length})
	if err != nil {
		return err
	}
	header := map[string]any{"__metadata__": map[string]string{"training": string(text)}}
	at := 0
	for i, v := range c.vectors() {
		end := at + 4*len(*v)
		header[vectorNames[i]] = map[string]any{"dtype": "F32", "shape": []int{len(*v)}, "data_offsets": []int{at, end}}
		at = end
	}
	head, err := json.Marshal(header)
	if err != nil {
		return err
	}
	for len(head)%8 != 0 {
		head = append(head, ' ')
	}
	if err := binary.Write(out, binary.LittleEndian, uint64(len(head))); err != nil {
		return err
	}
	if _, err := out.Write(head); err != nil {
		return err
	}
	for _, v := range c.vectors() {
		if err := binary.Write(out, binary.LittleEndian, *v); err != nil {
			return err
		}
	}
	return nil
}

// readCheckpoint reads what write wrote. The file is untrusted: its dimensions
// are compared with its size before room is made.
func readCheckpoint(r io.Reader, size int64) (*Checkpoint, error) {
	head, err := checkpoint.ReadHeader(r, size)
	if err != nil {
		return nil, err
	}
	text, ok := head.Metadata["training"]
	if !ok {
		return nil, errors.New(`has no metadata "training": it is another kind of file`)
	}
	var s state
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return nil, fmt.Errorf("has metadata that do not fit: %w", err)
	}
	n := s.Recipe
	if n.Layers < 1 || n.Layers > mostLayers || n.DModel < 1 || n.DModel > mostWidth || n.DtRank < 1 || n.DtRank > mostWidth ||
		n.DState < 1 || n.DState > mostStates || n.DConv < 1 || n.DConv > mostTaps {
		return nil, fmt.Errorf("asks for impossible dimensions: %d layers, d_model %d, d_state %d, d_conv %d, dt_rank %d",
			n.Layers, n.DModel, n.DState, n.DConv, n.DtRank)
	}
	cfg := n.Config(s.Vocab)
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("asks for a model that cannot be: %w", err)
	}
	count := cfg.Parameters()
	if !n.Tied {
		count += cfg.VocabSize * cfg.DModel
	}
	if len(head.Tensors) != len(vectorNames) {
		return nil, fmt.Errorf("has %d tensors, want %d", len(head.Tensors), len(vectorNames))
	}
	for i, t := range head.Tensors {
		if t.Name != vectorNames[i] || t.Dtype != checkpoint.F32 || t.End-t.Begin != 4*uint64(count) {
			return nil, fmt.Errorf("has the tensor %s of %d bytes, want %s of %d", strconv.Quote(t.Name), t.End-t.Begin, vectorNames[i], 4*count)
		}
	}
	c := &Checkpoint{Recipe: s.Recipe, Step: s.Step, Stage: s.Stage, Tokens: s.Tokens, Average: s.Average, Source: s.Source,
		Parameters: NewParameters(cfg, n.Tied), First: make([]float32, count), Second: make([]float32, count), Updates: s.Updates,
		Evaluated: s.Evaluated, Accuracy: s.Accuracy, Length: s.Length}
	in := bufio.NewReader(r)
	for i, v := range c.vectors() {
		if err := binary.Read(in, binary.LittleEndian, *v); err != nil {
			return nil, err
		}
		for k, x := range *v {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				return nil, fmt.Errorf("has %g as element %d of %s", x, k, vectorNames[i])
			}
		}
	}
	return c, nil
}
