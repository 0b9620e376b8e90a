package assets_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"mamba-tui/assets"
	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/task"
)

// The committed files are what the generator makes, byte for byte.
func TestModelsAreCurrent(t *testing.T) {
	var names []string
	for _, builtin := range []func() (model.Config, *model.Weights, model.Card){task.HeaderExact, task.InductionExact} {
		cfg, w, card := builtin()
		names = append(names, card.Name)
		config, err := checkpoint.MarshalConfig(cfg, w, card)
		if err != nil {
			t.Fatal(err)
		}
		var weights bytes.Buffer
		err = checkpoint.WriteWeights(&weights, cfg, w, map[string]string{
			"name": card.Name, "provenance": string(card.Kind), "command": card.Command,
		})
		if err != nil {
			t.Fatal(err)
		}
		dir, ok := assets.Dir(card.Name)
		if !ok {
			t.Fatalf("%s is not embedded", card.Name)
		}
		for name, want := range map[string][]byte{"config.json": config, "model.safetensors": weights.Bytes()} {
			got, err := fs.ReadFile(assets.FS, dir+"/"+name)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s/%s is not what the generator makes: run go generate ./assets", dir, name)
			}
		}
	}
	if n := len(names); len(assets.Models()) < n || !slices.Equal(names, assets.Models()[:n]) {
		t.Errorf("the generator makes %v, Models lists %v", names, assets.Models())
	}
}

// Every built-in loads, says what it is and brings an example that can be
// typed; nothing else is embedded.
func TestModelsLoad(t *testing.T) {
	if assets.Models()[0] != assets.Default {
		t.Errorf("the default %s is not the first of %v", assets.Default, assets.Models())
	}
	files := 0
	err := fs.WalkDir(assets.FS, "models", func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files++
		}
		return err
	})
	if err != nil || files != 2*len(assets.Models()) {
		t.Errorf("%d files are embedded, want %d (%v)", files, 2*len(assets.Models()), err)
	}
	for _, name := range assets.Models() {
		dir, _ := assets.Dir(name)
		f, err := checkpoint.Load(assets.FS, dir)
		if err != nil {
			t.Fatal(err)
		}
		kind := model.Trained
		if strings.HasSuffix(name, "-exact") {
			kind = model.HandWritten
		}
		if f.Card.Name != name || f.Card.Kind != kind || f.Card.Task == "" || f.Card.TaskName == "" || f.Card.Note == "" || f.Card.Command == "" ||
			len(f.Card.Prompts) == 0 || f.NonFinite != 0 || f.Metadata["provenance"] != string(kind) {
			t.Errorf("%s: card %+v, metadata %v, %d not finite", name, f.Card, f.Metadata, f.NonFinite)
		}
	}
}

func TestDir(t *testing.T) {
	for _, name := range []string{"", "models", "../models", "Header-exact", "header-exact/"} {
		if dir, ok := assets.Dir(name); ok {
			t.Errorf("there is a model called %q in %q", name, dir)
		}
	}
}

func ExampleModels() {
	fmt.Println(assets.Models()[0], assets.Default)
	// Output: header-exact header-exact
}
