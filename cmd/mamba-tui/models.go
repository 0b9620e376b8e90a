package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"mamba-tui/assets"
	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/tokenizer"
)

// modelInfo is a model as "models" prints it.
type modelInfo struct {
	Name       string     `json:"name"`
	Builtin    bool       `json:"builtin"`
	Default    bool       `json:"default"`
	Provenance model.Kind `json:"provenance"`
	Task       string     `json:"task"`
	Note       string     `json:"note"`
	Command    string     `json:"command"`

	Parameters int `json:"parameters"`
	VocabSize  int `json:"vocab_size"`
	DModel     int `json:"d_model"`
	NLayer     int `json:"n_layer"`
	DInner     int `json:"d_inner"`
	DState     int `json:"d_state"`
	DConv      int `json:"d_conv"`
	DtRank     int `json:"dt_rank"`
	StateBytes int `json:"state_bytes"` // of h and the windows, as float32

	Form      checkpoint.Form `json:"form"`
	Dtype     string          `json:"dtype"`
	Bytes     int64           `json:"bytes"`
	SHA256    string          `json:"sha256"`
	TiedHead  bool            `json:"tied_head"`
	NonFinite int             `json:"non_finite"`

	Alphabet []string        `json:"alphabet"` // empty: token ids are typed
	Other    string          `json:"other"`
	Prompts  []model.Example `json:"prompts"`
}

func infoOf(f *checkpoint.File, builtin bool) modelInfo {
	c := f.Config
	i := modelInfo{
		Name: f.Card.Name, Builtin: builtin, Default: builtin && f.Card.Name == assets.Default,
		Provenance: f.Card.Kind, Task: f.Card.Task, Note: f.Card.Note, Command: f.Card.Command,
		Parameters: f.Parameters, VocabSize: c.VocabSize, DModel: c.DModel, NLayer: c.NLayer, DInner: c.DInner,
		DState: c.DState, DConv: c.DConv, DtRank: c.DtRank,
		StateBytes: 4 * c.NLayer * c.DInner * (c.DState + c.DConv - 1),
		Form:       f.Form, Dtype: f.Dtype, Bytes: f.Bytes, SHA256: f.SHA256,
		TiedHead: f.Weights.Head == nil, NonFinite: f.NonFinite,
		Alphabet: []string{}, Other: f.Card.Other, Prompts: f.Card.Prompts,
	}
	for _, s := range f.Card.Symbols {
		if s != f.Card.Other {
			i.Alphabet = append(i.Alphabet, s)
		}
	}
	if i.Prompts == nil {
		i.Prompts = []model.Example{}
	}
	return i
}

func (a *app) modelsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "models",
		Short: "List the built-in models",
		Long: `List the built-in models: what they are, how large they are and what they do.

A checkpoint of your own is a folder with config.json and model.safetensors, such
as the files of state-spaces/mamba-130m-hf; "models info DIR" describes it and
"--model DIR" opens it.`,
		Args: cobra.NoArgs,
		RunE: a.command(func(*cobra.Command) error { return a.listModels(asJSON) }),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	cmd.AddCommand(a.infoCommand())
	return cmd
}

func (a *app) infoCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "info NAME|DIR",
		Short: "Describe a built-in model or a checkpoint in a folder",
		Args:  cobra.ExactArgs(1),
		RunE: a.commandArg(func(_ *cobra.Command, name string) error {
			f, builtin, err := loadModel(name)
			if err != nil {
				return usage(err)
			}
			if asJSON {
				return a.printJSON(struct {
					Schema int    `json:"schema"`
					Type   string `json:"type"`
					modelInfo
				}{schema, "model", infoOf(f, builtin)})
			}
			return a.describeModel(infoOf(f, builtin))
		}),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return assets.Models(), cobra.ShellCompDirectiveFilterDirs
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

func (a *app) listModels(asJSON bool) error {
	if asJSON {
		err := a.printJSON(struct {
			Schema  int    `json:"schema"`
			Type    string `json:"type"`
			Default string `json:"default"`
		}{schema, "models", assets.Default})
		if err != nil {
			return err
		}
	}
	for n, name := range assets.Models() {
		f, _, err := loadModel(name)
		if err != nil {
			return err
		}
		i := infoOf(f, true)
		if asJSON {
			err = a.printJSON(struct {
				Type string `json:"type"`
				modelInfo
			}{"model", i})
		} else {
			if n > 0 {
				fmt.Fprintln(a.out)
			}
			err = a.listModel(i)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *app) listModel(i modelInfo) error {
	mark := ""
	if i.Default {
		mark = " (the default)"
	}
	_, err := fmt.Fprintf(a.out, "%s%s\n  %s, %s in %s, %s\n  task: %s\n  note: %s\n",
		sentence(i.Name), mark, provenance(i.Provenance), plural(i.Parameters, "parameter"), plural(i.NLayer, "layer"),
		bytesText(i.Bytes), sentence(i.Task), sentence(i.Note))
	return err
}

func (a *app) describeModel(i modelInfo) error {
	rows := [][2]string{
		{"model", sentence(i.Name)},
		{"provenance", provenance(i.Provenance)},
		{"task", sentence(i.Task)},
		{"note", sentence(i.Note)},
		{"made by", sentence(i.Command)},
		{"parameters", fmt.Sprint(i.Parameters)},
		{"shape", fmt.Sprintf("%s, d_model %d, d_inner %d, d_state %d, d_conv %d, dt_rank %d",
			plural(i.NLayer, "layer"), i.DModel, i.DInner, i.DState, i.DConv, i.DtRank)},
		{"vocabulary", fmt.Sprintf("%d ids, head %s", i.VocabSize, map[bool]string{true: "tied to the embedding", false: "of its own"}[i.TiedHead])},
		{"state", fmt.Sprintf("%s, however long the text", bytesText(int64(i.StateBytes)))},
		{"file", fmt.Sprintf("%s of %s, config.json in the form of %s", bytesText(i.Bytes), i.Dtype, i.Form)},
		{"sha256", i.SHA256},
	}
	if i.NonFinite > 0 {
		rows = append(rows, [2]string{"warning", plural(i.NonFinite, "weight") + " not finite"})
	}
	if len(i.Alphabet) == 0 {
		rows = append(rows, [2]string{"type", fmt.Sprintf("token ids from 0 to %d with spaces between them: the model brings no symbol table", i.VocabSize-1)})
	} else {
		const most = 200
		shown := make([]string, 0, min(len(i.Alphabet), most))
		for _, s := range i.Alphabet[:min(len(i.Alphabet), most)] {
			shown = append(shown, tokenizer.Visible(s))
		}
		text := strings.Join(shown, " ")
		if more := len(i.Alphabet) - len(shown); more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		if i.Other != "" {
			text += "; any other character is read as " + tokenizer.Visible(i.Other)
		}
		rows = append(rows, [2]string{"type", text})
	}
	for _, p := range i.Prompts {
		rows = append(rows, [2]string{"example", sentence(p.Title) + ": " + tokenizer.Visible(clip(p.Text, 200))})
	}
	for _, r := range rows {
		if r[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(a.out, "%-11s %s\n", r[0], r[1]); err != nil {
			return err
		}
	}
	return nil
}

// provenance says where weights come from.
func provenance(k model.Kind) string {
	if k == model.Unknown {
		return "of unknown origin"
	}
	return string(k)
}

// clip is the first n characters of text.
func clip(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i] + "…"
		}
		n--
	}
	return text
}

func bytesText(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1e6:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1e9:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}

// printJSON writes v as one line in which no character is left that a terminal
// might obey.
func (a *app) printJSON(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = a.out.Write(append(escapeJSON(text), '\n'))
	return err
}
