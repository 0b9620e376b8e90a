package trace

import (
	"fmt"
	"io"
	"strconv"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
)

// StateInfo says what a state by itself is of.
type StateInfo struct {
	Model  string // the model's name: untrusted text when it comes from a file
	SHA256 string // of its weight file
	Steps  int    // tokens the model had read
}

const (
	stateFormat  = "mamba-state"
	stateVersion = "1"
)

// WriteState writes a state by itself as a safetensors file: layers.i.h (D, N)
// and layers.i.conv (K−1, D), float32, and StateInfo in the metadata.
func WriteState(w io.Writer, c model.Config, s *model.Snapshot, i StateInfo) error {
	var list []checkpoint.Array
	for l := range s.H {
		list = append(list,
			checkpoint.Array{Name: fmt.Sprintf("layers.%d.h", l), Shape: []uint64{uint64(c.DInner), uint64(c.DState)}, Data: s.H[l]},
			checkpoint.Array{Name: fmt.Sprintf("layers.%d.conv", l), Shape: []uint64{uint64(c.DConv - 1), uint64(c.DInner)}, Data: s.Conv[l]})
	}
	return checkpoint.WriteArrays(w, list, map[string]string{
		"format": stateFormat, "version": stateVersion, "model": i.Model, "sha256": i.SHA256, "steps": strconv.Itoa(i.Steps),
	})
}

// ReadState reads what WriteState wrote, of size bytes, for a model of
// configuration c. Whether it is of the same weights is the caller's to compare.
func ReadState(r io.Reader, size int64, c model.Config) (*model.Snapshot, StateInfo, error) {
	list, meta, err := checkpoint.ReadArrays(r, size)
	if err != nil {
		return nil, StateInfo{}, fmt.Errorf("trace: state: %w", err)
	}
	if meta["format"] != stateFormat {
		return nil, StateInfo{}, fmt.Errorf("trace: state: the file says format %q, want %q: it holds no state", clip(meta["format"]), stateFormat)
	}
	if meta["version"] != stateVersion {
		return nil, StateInfo{}, fmt.Errorf("%w: the state says %q, this program reads %s", ErrVersion, clip(meta["version"]), stateVersion)
	}
	i := StateInfo{Model: meta["model"], SHA256: meta["sha256"]}
	if i.Steps, err = strconv.Atoi(meta["steps"]); err != nil || i.Steps < 0 || i.Steps > maxSteps {
		return nil, i, fmt.Errorf("trace: state: %q steps, want a number", clip(meta["steps"]))
	}
	byName := map[string]checkpoint.Array{}
	for _, a := range list {
		byName[a.Name] = a
	}
	s := &model.Snapshot{}
	for l := range c.NLayer {
		for _, want := range []struct {
			name string
			rows int
			cols int
			dst  *[][]float32
		}{{"h", c.DInner, c.DState, &s.H}, {"conv", c.DConv - 1, c.DInner, &s.Conv}} {
			name := fmt.Sprintf("layers.%d.%s", l, want.name)
			a, ok := byName[name]
			if !ok {
				return nil, i, fmt.Errorf("trace: state: %s is missing: the state is of a model with other layers, want %d", name, c.NLayer)
			}
			if len(a.Shape) != 2 || a.Shape[0] != uint64(want.rows) || a.Shape[1] != uint64(want.cols) {
				return nil, i, fmt.Errorf("trace: state: %s has shape %v, the model wants [%d %d]", name, a.Shape, want.rows, want.cols)
			}
			*want.dst = append(*want.dst, a.Data)
		}
	}
	if len(list) != 2*c.NLayer {
		return nil, i, fmt.Errorf("trace: state: %d arrays, the model's %d layers have %d", len(list), c.NLayer, 2*c.NLayer)
	}
	return s, i, nil
}
