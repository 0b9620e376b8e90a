package rundir

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"mamba-tui/model/checkpoint"
)

// SnapshotName is the name of the file with the weights after a step.
func SnapshotName(step int) string { return fmt.Sprintf("step-%06d.safetensors", step) }

// SnapshotStep is the step in the name of a file, and whether it is such a
// name.
func SnapshotStep(name string) (int, bool) {
	digits, ok := strings.CutPrefix(name, "step-")
	if !ok {
		return 0, false
	}
	digits, ok = strings.CutSuffix(digits, ".safetensors")
	step, err := strconv.Atoi(digits)
	return step, ok && err == nil && step >= 0 && SnapshotName(step) == name
}

// Snapshots lists the steps whose weights the run in a folder kept, ascending.
func Snapshots(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("rundir: %w", err)
	}
	var steps []int
	for _, e := range entries {
		if step, ok := SnapshotStep(e.Name()); ok {
			steps = append(steps, step)
		}
	}
	slices.Sort(steps)
	return steps, nil
}

// OpenSnapshot reads the model as it was after a step: the numbered weights
// with the folder's config.json. The card says which step it is, and no longer
// what the finished model does.
func OpenSnapshot(dir string, step int) (*checkpoint.File, error) {
	f, err := checkpoint.Load(snapshotFS{os.DirFS(dir), SnapshotName(step)}, ".")
	if err != nil {
		return nil, fmt.Errorf("rundir: step %d of %s: %w", step, shown(dir), err)
	}
	// What the weights say of themselves is newer than the card.
	f.Card.Name = fmt.Sprintf("%s@%d", f.Card.Name, step)
	f.Card.Note = fmt.Sprintf("after %d steps of training", step)
	if at := f.Metadata["accuracy_length"]; at != "" {
		f.Card.Note += fmt.Sprintf("; measured: %s right at %s tokens", f.Metadata["accuracy"], at)
	}
	return f, nil
}

// IsSnapshot says that a path names numbered weights, and gives their folder
// and step.
func IsSnapshot(path string) (dir string, step int, ok bool) {
	step, ok = SnapshotStep(filepath.Base(path))
	return filepath.Dir(path), step, ok
}

// snapshotFS shows numbered weights under the name of a model's.
type snapshotFS struct {
	fs.FS
	weights string
}

// Open is that of fs.FS.
func (s snapshotFS) Open(name string) (fs.File, error) {
	if name == "model.safetensors" {
		name = s.weights
	}
	return s.FS.Open(name)
}
