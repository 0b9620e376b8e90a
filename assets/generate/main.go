// Command generate writes the built-in models to the folder models in the
// working directory. It is run by go generate in package assets.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/task"
)

func main() {
	if err := write("models"); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// write makes every built-in model in a folder of dir that bears its name.
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
