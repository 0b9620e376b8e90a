// Command generate writes the hand-written models to the folder models in the
// working directory, a recorded session to demo.npz, and the table of all
// built-in models to docs/models.md.
// It is run by go generate in package assets. The trained models are made by
// the command train.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"mamba-tui/assets"
	"mamba-tui/assets/demo"
	"mamba-tui/assets/measured"
	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/task"
)

func main() {
	err := write("models")
	if err == nil {
		err = record("demo.npz")
	}
	if err == nil {
		err = document("models", filepath.Join("docs", "models.md"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// write makes every hand-written model in a folder of dir that bears its name.
func write(dir string) error {
	for _, builtin := range []func() (model.Config, *model.Weights, model.Card){task.HeaderExact, task.InductionExact} {
		cfg, w, card := builtin()
		metadata := map[string]string{
			"name":       card.Name,
			"provenance": string(card.Kind),
			"command":    card.Command,
		}
		if err := checkpoint.Save(filepath.Join(dir, card.Name), cfg, w, card, metadata); err != nil {
			return err
		}
	}
	return nil
}

// record writes the demo recording.
func record(name string) error {
	b, err := demo.Make()
	if err != nil {
		return err
	}
	return checkpoint.Replace(name, func(out io.Writer) error {
		_, err := out.Write(b)
		return err
	})
}

// document writes the table of the models in dir.
func document(dir, name string) error {
	var files []*checkpoint.File
	for _, m := range assets.Models() {
		f, err := checkpoint.LoadDir(filepath.Join(dir, m))
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	text, err := measured.Markdown(files)
	if err != nil {
		return err
	}
	return checkpoint.Replace(name, func(out io.Writer) error {
		_, err := io.WriteString(out, text)
		return err
	})
}
