// Package assets holds what the program brings along: the built-in models,
// embedded, so that it needs no download and no set-up.
//
// The hand-written models under models are made by the program in generate
// from the constructors of package task; a test compares the committed files
// with what it makes. After a change there, run
//
//	go generate ./assets
//
// which also writes docs/models.md. The trained models are made by the program
// in train, which takes minutes; tests measure them and never train again.
package assets

import "embed"

//go:generate go run ./generate

// FS holds the folders lessons, the texts of package lesson by language, and
// models, with one folder for each built-in model: its
// config.json and model.safetensors, as package checkpoint reads them.
//
//go:embed models lessons
var FS embed.FS

// Demo is a recorded session of the default model, which package demo makes.
//
//go:embed demo.npz
var Demo []byte

// Default is the model the program starts with.
const Default = "header-exact"

// Models lists the names of the built-in models, the default first, the
// hand-written ones before the trained ones.
func Models() []string {
	return []string{"header-exact", "induction-exact", "header", "majority", "recall", "induction", "induction-long", "selective-copying", "chars"}
}

// Dir is the folder of a built-in model in FS, and whether there is one of
// that name.
func Dir(name string) (string, bool) {
	for _, m := range Models() {
		if m == name {
			return "models/" + m, true
		}
	}
	return "", false
}
