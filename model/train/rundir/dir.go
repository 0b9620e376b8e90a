package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/tokenizer"
	"mamba-tui/model/train"
)

const recipeName = "recipe.json"

// Schema is the version of recipe.json and of the state. A member that is
// added does not change it; one that changes its meaning does.
const Schema = 1

// Dir is the folder of a run under way: its train.Store. It belongs to the
// goroutine of train.Run.
type Dir struct {
	path string
	text string
	name string // of the model, or "" for the task's
}

// Create makes the folder for a new run of r; text is the name and sum of the
// text it learns from, or empty. A folder that holds a run, or another model,
// is refused; files that have nothing to do with it are left alone.
func Create(path string, r train.Recipe, text string) (*Dir, error) {
	for _, name := range []string{recipeName, stateName, "config.json", "model.safetensors"} {
		switch _, err := os.Lstat(filepath.Join(path, name)); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("rundir: %w", err)
		default:
			return nil, occupied(path)
		}
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("rundir: %w", err)
	}
	if err := writeRecipe(path, r, text); err != nil {
		return nil, err
	}
	return &Dir{path: path, text: text}, nil
}

// writeRecipe writes what is asked for.
func writeRecipe(path string, r train.Recipe, text string) error {
	return checkpoint.Replace(filepath.Join(path, recipeName), func(out io.Writer) error {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(recipeFile{Schema, r, text})
	})
}

// recipeFile is recipe.json.
type recipeFile struct {
	Schema int          `json:"schema"`
	Recipe train.Recipe `json:"recipe"`
	Text   string       `json:"text,omitempty"`
}

// occupied says what stands in a folder that is no place for a new run.
func occupied(path string) error {
	if c, _, err := Load(path); err == nil {
		return fmt.Errorf("rundir: %s holds another run (task %s, seed %d, %d of %d steps): go on with it by --resume, or choose another folder",
			shown(path), c.Recipe.Task, c.Recipe.Seed, c.Step, c.Recipe.Steps)
	}
	return fmt.Errorf("rundir: %s holds another run or another model already: choose another folder", shown(path))
}

// Resume opens the folder of a run to go on with it: the checkpoint to go on
// from, with its recipe lengthened to steps if that is more, and the name and
// sum of the text it learns from.
func Resume(path string, steps int) (*Dir, *train.Checkpoint, error) {
	c, text, err := Load(path)
	if err != nil {
		return nil, nil, err
	}
	if steps != 0 && steps < c.Step {
		return nil, nil, fmt.Errorf("rundir: %s has done %d steps, more than the %d asked for", shown(path), c.Step, steps)
	}
	if steps > c.Recipe.Steps {
		c.Recipe.Steps = steps
		if err := writeRecipe(path, c.Recipe, text); err != nil {
			return nil, nil, err
		}
	}
	return &Dir{path: path, text: text}, c, nil
}

// Text is the name and sum of the text that the run learns from, or empty.
func (d *Dir) Text() string { return d.text }

// Name gives the model another name than the task's.
func (d *Dir) Name(name string) { d.name = name }

// Save keeps a checkpoint: the numbered weights, the model and, last, the
// state. It is train.Store's.
func (d *Dir) Save(c *train.Checkpoint) error {
	card, meta := d.describe(c)
	cfg, w := c.Parameters.Config, c.Parameters.Weights
	if c.Step > 0 {
		err := checkpoint.Replace(filepath.Join(d.path, SnapshotName(c.Step)), func(out io.Writer) error {
			return checkpoint.WriteWeights(out, cfg, w, meta)
		})
		if err != nil {
			return err
		}
	}
	if err := checkpoint.Save(d.path, cfg, w, card, meta); err != nil {
		return err
	}
	return checkpoint.Replace(filepath.Join(d.path, stateName), func(out io.Writer) error { return writeState(out, c, d.text) })
}

// describe is the card and the metadata of a checkpoint.
func (d *Dir) describe(c *train.Checkpoint) (model.Card, map[string]string) {
	card, meta := c.Card, c.Metadata()
	card.TaskName = c.Recipe.Task
	if c.Evaluated != c.Step { // measured on earlier weights
		delete(meta, "accuracy")
		delete(meta, "accuracy_length")
	}
	if d.name != "" {
		card.Name, meta["name"] = d.name, d.name
	}
	if d.text != "" {
		meta["text"] = d.text
	}
	return card, meta
}

// shown is a path that is safe to print.
func shown(path string) string { return tokenizer.Visible(strings.ToValidUTF8(path, "\ufffd")) }
