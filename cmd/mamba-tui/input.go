package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"mamba-tui/assets"
	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/tokenizer"
	"mamba-tui/model/train/rundir"
	"mamba-tui/scan"
)

// maxPrompt bounds a prompt in bytes: a million tokens of any of the
// tokenizers fit.
const maxPrompt = 8 << 20

// inputFlags are the flags that name a model, a backend and a prompt.
type inputFlags struct {
	model, backend     string
	cpu                cpuFlag
	prompt, promptFile string
	strict             bool
	bare               bool // no prompt is no prompt, not the model's example
	flags              *cobra.Command
}

func (o *inputFlags) addTo(cmd *cobra.Command) {
	o.flags = cmd
	f := cmd.Flags()
	f.StringVarP(&o.model, "model", "m", assets.Default, "name of a built-in model, or a folder with config.json and model.safetensors")
	f.StringVarP(&o.prompt, "prompt", "p", "", "text to start with (default: the model's example)")
	f.StringVarP(&o.promptFile, "prompt-file", "f", "", "file to read the prompt from, - for standard input; one line break at its end is dropped")
	f.StringVarP(&o.backend, "backend", "b", "auto", "where to compute: auto, cpu, cuda or cuda:INDEX")
	o.cpu.addTo(cmd)
	o.cpu.addWeightsTo(cmd)
	f.BoolVar(&o.strict, "strict", false, "refuse characters outside the model's alphabet")
	cmd.MarkFlagsMutuallyExclusive("prompt", "prompt-file")
	cmd.RegisterFlagCompletionFunc("model", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return assets.Models(), cobra.ShellCompDirectiveFilterDirs
	})
	cmd.RegisterFlagCompletionFunc("backend", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"auto", "cpu", "cuda"}, cobra.ShellCompDirectiveNoFileComp
	})
}

// hasPrompt says that the command line brings a prompt, an empty one included.
func (o *inputFlags) hasPrompt() bool {
	return o.flags.Flags().Changed("prompt") || o.flags.Flags().Changed("prompt-file")
}

// input is a model that is ready to compute, and the prompt to start it with.
type input struct {
	name      string // as the command line has it; "": it has none
	file      *checkpoint.File
	builtin   bool
	model     *model.Model
	backend   scan.Backend
	note      string // why not another backend
	cpu       cpuFlag
	tokenizer tokenizer.Tokenizer
	prompt    string
	tokens    []tokenizer.Token // of the prompt
}

// open loads what the flags name. Its errors are usage errors, but for a
// backend that is not available.
func (a *app) open(o inputFlags) (*input, error) {
	file, builtin, err := loadModel(o.model)
	if err != nil {
		return nil, usage(err)
	}
	return a.openFile(o, file, builtin)
}

// openFile is open with a model that is loaded already.
func (a *app) openFile(o inputFlags, file *checkpoint.File, builtin bool) (*input, error) {
	in := &input{name: o.model, file: file, builtin: builtin}
	var err error
	if in.tokenizer, err = tokenizer.For(in.file.Card, in.file.Config.VocabSize); err != nil {
		return nil, usage(err)
	}
	if in.prompt, err = a.readPrompt(o, in.file.Card); err != nil {
		return nil, usage(err)
	}
	if in.tokens, err = in.tokenizer.Encode(in.prompt, o.strict); err != nil {
		return nil, usage(err)
	}
	in.cpu = o.cpu
	in.backend, in.model, in.note, err = openModel(o.backend, o.cpu, in.file)
	if err != nil {
		return nil, err
	}
	return in, nil
}

func (in *input) close() {
	in.model.Close()
	in.backend.Close()
}

// loadModel loads a built-in model by its name, or else the checkpoint in a
// folder, or the numbered weights of a training run. A folder wins over nothing: to open one that is called like a
// built-in, write ./name.
func loadModel(name string) (f *checkpoint.File, builtin bool, err error) {
	if dir, ok := assets.Dir(name); ok {
		f, err := checkpoint.Load(assets.FS, dir)
		return f, true, err
	}
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil, false, fmt.Errorf("no built-in model and no folder is called %s: the built-in models are %s",
			quote(name), strings.Join(assets.Models(), ", "))
	}
	if dir, step, ok := rundir.IsSnapshot(name); ok {
		f, err = rundir.OpenSnapshot(dir, step)
		return f, false, err
	}
	f, err = checkpoint.LoadDir(name)
	return f, false, err
}

// readPrompt is the prompt that the flags ask for, or the model's example.
func (a *app) readPrompt(o inputFlags, card model.Card) (string, error) {
	switch {
	case o.flags.Flags().Changed("prompt-file"):
		return a.readPromptFile(o.promptFile)
	case o.flags.Flags().Changed("prompt"):
		if len(o.prompt) > maxPrompt {
			return "", fmt.Errorf("the prompt has %d bytes, at most %d are read", len(o.prompt), maxPrompt)
		}
		return o.prompt, nil
	case len(card.Prompts) > 0 && !o.bare:
		return card.Prompts[0].Text, nil
	}
	return "", nil
}

func (a *app) readPromptFile(name string) (string, error) {
	in := a.in
	shown := "standard input"
	if name != "-" {
		shown = tokenizer.Visible(name)
		file, err := os.Open(name)
		if err != nil {
			return "", fmt.Errorf("prompt file: %w", err)
		}
		defer file.Close()
		if info, err := file.Stat(); err == nil && info.IsDir() {
			return "", fmt.Errorf("prompt file: %s is a folder", shown)
		}
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxPrompt+1))
	if err != nil {
		return "", fmt.Errorf("prompt file: %w", err)
	}
	if len(text) > maxPrompt {
		return "", fmt.Errorf("prompt file: %s has more than %d bytes, which is more than is read", shown, maxPrompt)
	}
	// Editors and echo end a file with a line break that nobody typed.
	s, cut := strings.CutSuffix(string(text), "\n")
	if cut {
		s = strings.TrimSuffix(s, "\r")
	}
	return s, nil
}

// quote shows what somebody typed in a message.
func quote(text string) string { return `"` + tokenizer.Visible(clip(text, 100)) + `"` }
