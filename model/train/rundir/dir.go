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

// Dir is the folder of a run under way: its Store and its log. It belongs to
// the goroutine of train.Run.
type Dir struct {
	path string
	text string
	name string // of the model, or "" for the task's
	log  *logWriter
	err  error // the first of the log
}

// Create makes the folder for a new run of r; text is the name and sum of the
// text it learns from, or empty. A folder that holds a run, or another model,
// is refused; files that have nothing to do with it are left alone.
func Create(path string, r train.Recipe, text string) (*Dir, error) {
	for _, name := range []string{recipeName, stateName, logName, "config.json", "model.safetensors"} {
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
	err := checkpoint.Replace(filepath.Join(path, recipeName), func(out io.Writer) error {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(recipeFile{Schema, r, text})
	})
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path, text: text}
	d.log, err = createLog(filepath.Join(path, logName), Header{Schema, "run", r, text})
	return d, err
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
// sum of the text it learns from. What the log says of later steps is dropped.
func Resume(path string, steps int) (*Dir, *train.Checkpoint, error) {
	c, text, err := Load(path)
	if err != nil {
		return nil, nil, err
	}
	if steps != 0 && steps < c.Step {
		return nil, nil, fmt.Errorf("rundir: %s has done %d steps, more than the %d asked for", shown(path), c.Step, steps)
	}
	if steps != 0 {
		c.Recipe.Steps = steps
	}
	d := &Dir{path: path, text: text}
	d.log, err = resumeLog(filepath.Join(path, logName), Header{Schema, "run", c.Recipe, text}, c.Step)
	return d, c, err
}

// Text is the name and sum of the text that the run learns from, or empty.
func (d *Dir) Text() string { return d.text }

// Name gives the model another name than the task's.
func (d *Dir) Name(name string) { d.name = name }

// Save keeps a checkpoint: the numbered weights, the model, the log and, last,
// the state. It is train.Store's.
func (d *Dir) Save(c *train.Checkpoint) error {
	if err := errors.Join(d.err, d.log.sync()); err != nil {
		return fmt.Errorf("rundir: the log: %w", err)
	}
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

// Progress writes the step to the log. It is train.Observer's.
func (d *Dir) Progress(p train.Progress) { d.keep(d.log.add(StepOf(p))) }

// Evaluated writes the evaluation to the log. It is train.Observer's.
func (d *Dir) Evaluated(e *train.Evaluation, _ *model.Weights) { d.keep(d.log.add(EvaluationOf(e))) }

// keep remembers the first error of the log: an observer cannot return it, the
// next Save does.
func (d *Dir) keep(err error) {
	if d.err == nil {
		d.err = err
	}
}

// Close writes what is left of the log.
func (d *Dir) Close() error {
	if err := errors.Join(d.err, d.log.close()); err != nil {
		return fmt.Errorf("rundir: the log: %w", err)
	}
	return nil
}

// shown is a path that is safe to print.
func shown(path string) string { return tokenizer.Visible(strings.ToValidUTF8(path, "\ufffd")) }
