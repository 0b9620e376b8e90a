package measured

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/task"
	"mamba-tui/model/train"
)

// Markdown is the documentation of the built-in models: what they are, what
// was measured, and how each was made. files are in the order of the list.
func Markdown(files []*checkpoint.File) (string, error) {
	var b strings.Builder
	b.WriteString(`# The built-in models

Made by ` + "`go generate ./assets`" + ` from what stands in the models' own files.

## Written by hand

`)
	for _, f := range files {
		if f.Card.Kind == model.HandWritten {
			fmt.Fprintf(&b, "- **%s** (%s, %s): %s. %s.\n", f.Card.Name, parameters(f), size(f), f.Card.Task, capital(f.Card.Note))
		}
	}
	var trained []entry
	for _, f := range files {
		if f.Card.Kind != model.Trained {
			continue
		}
		e, err := open(f)
		if err != nil {
			return "", fmt.Errorf("%s: %w", f.Card.Name, err)
		}
		trained = append(trained, e)
	}
	if len(trained) == 0 {
		return b.String(), nil
	}
	summary(&b, trained)
	lengths(&b, trained)
	boundaries(&b, trained)
	making(&b, trained)
	return b.String(), nil
}

// entry is a trained model with its figures.
type entry struct {
	*checkpoint.File
	f          Figures
	recipe     train.Recipe
	candidates []Candidate
}

func open(file *checkpoint.File) (entry, error) {
	e := entry{File: file}
	var err error
	if e.f, err = Decode(file.Metadata); err != nil {
		return e, err
	}
	for key, dst := range map[string]any{"recipe": &e.recipe, "candidates": &e.candidates} {
		if err := json.Unmarshal([]byte(file.Metadata[key]), dst); err != nil {
			return e, fmt.Errorf("measured: metadata %q: %w", key, err)
		}
	}
	return e, nil
}

func summary(b *strings.Builder, list []entry) {
	b.WriteString(`
## Trained by the program

Each is the best of a few seeds. Everything is measured on sequences that training never drew, and the figures of
a model are of other sequences than those it was chosen by. *Right* has its 95 % interval. *Frozen* is the share
right with every Δ held at its mean: what is left without selection. A channel *selects* if the probability that
its Δ is greater on an event than on what is to be ignored (AUC) is above 0.95; *closers* are below 0.05. Both are
of the layer with the most of the first.

| model | layers, d_model, N | parameters | trained at | right | frozen | channels that select | closers | mean Δ by class |
|---|---|---|---|---|---|---|---|---|
`)
	for _, e := range list {
		right := fmt.Sprintf("%s (%s to %s of %d)", Percent(e.f.Accuracy()), Percent(e.f.Low), Percent(e.f.High), e.f.Asked)
		if e.Card.TaskName == "chars" {
			right += fmt.Sprintf("; %.3f nats a character", e.f.Loss)
		}
		var delta []string
		for c := range task.NumClasses {
			if x, ok := e.f.Delta[c.String()]; ok {
				delta = append(delta, fmt.Sprintf("%s %.3g", c, x))
			}
		}
		fmt.Fprintf(b, "| %s | %d, %d, %d | %d | %d tokens | %s | %s | %d of %d (layer %d) | %d | %s |\n",
			e.Card.Name, e.Config.NLayer, e.Config.DModel, e.Config.DState, e.Parameters, e.f.Length, right, Percent(e.f.Frozen),
			e.f.Openers, e.f.Channels, e.f.Layer, e.f.Closers, strings.Join(delta, ", "))
	}
}

func lengths(b *strings.Builder, list []entry) {
	b.WriteString(`
### Beyond the trained length

What the models do not do: memory leaks away. For header there is one document as long as the sequence, so that the
header has to be kept over all of it; the documents of majority and recall stay short, and what is asked is whether
resetting goes on working. In brackets: how many questions.

`)
	for _, e := range list {
		if e.f.Other != nil {
			fmt.Fprintf(b, "- %s: %s right (%s to %s of %d) %s, which training never showed.\n", e.Card.Name, Percent(e.f.Other.Accuracy()),
				Percent(e.f.Other.Low), Percent(e.f.Other.High), e.f.Other.Asked, e.f.OtherTask)
		}
	}
	b.WriteString("\n")
	var columns []int
	for _, e := range list {
		for _, a := range e.f.Lengths {
			columns = append(columns, a.Length)
		}
	}
	slices.Sort(columns)
	columns = slices.Compact(columns)
	b.WriteString("| model |")
	for _, n := range columns {
		fmt.Fprintf(b, " %d |", n)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(columns)) + "\n")
	for _, e := range list {
		fmt.Fprintf(b, "| %s |", e.Card.Name)
		for _, n := range columns {
			cell := ""
			for _, a := range e.f.Lengths {
				if a.Length == n {
					cell = fmt.Sprintf("%s (%d)", Percent(a.Accuracy()), a.Asked)
				}
			}
			fmt.Fprintf(b, " %s |", cell)
		}
		b.WriteString("\n")
	}
}

func boundaries(b *strings.Builder, list []entry) {
	b.WriteString(`
### What is left after a boundary

How much h of that layer differs, relative to its size, when the documents before ¶ are swapped for others: 0 is a
complete reset, √2 is nothing in common. Channels that do not matter for the answer keep old content, so resets are
partial.

| model | before ¶ | at ¶ | 1 after | 4 after | 8 after |
|---|---|---|---|---|---|
`)
	for _, e := range list {
		if len(e.f.Resets) == 0 {
			continue
		}
		fmt.Fprintf(b, "| %s |", e.Card.Name)
		for _, offset := range []int{-1, 0, 1, 4, 8} {
			if k := e.f.Kept(offset); k >= 0 {
				fmt.Fprintf(b, " %.2f |", k)
			} else {
				b.WriteString("  |")
			}
		}
		b.WriteString("\n")
	}
}

func making(b *strings.Builder, list []entry) {
	fmt.Fprintf(b, `
### How they were made

Chosen by: %s.

A command makes all seeds of a model, measures them, chooses, and sorts the channels of the chosen one by their AUC,
which changes nothing but what a viewer sees first. Training is the same bit for bit for any number of threads, on
one kind of processor.

`, Rule)
	for _, e := range list {
		fmt.Fprintf(b, "- **%s**: `%s`; the chosen seed alone: `%s`", e.Card.Name, e.Card.Command, e.Metadata["training"])
		if text := e.Metadata["text"]; text != "" {
			fmt.Fprintf(b, " on the text %s", text)
		}
		b.WriteString(".\n")
	}
	b.WriteString("\nEvery seed, on the sequences that were used to choose:\n\n| model | seed | right | loss | frozen | channels that select | h 1 after ¶ | demands unmet | |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, e := range list {
		t := named(e.Card.TaskName)
		for _, c := range e.candidates {
			kept, unmet, chosen := "", "", ""
			if k := c.Figures.Kept(1); k >= 0 {
				kept = fmt.Sprintf("%.2f", k)
			}
			if t != nil {
				unmet = fmt.Sprint(DemandOf(t).Unmet(c.Figures))
			}
			if c.Seed == e.recipe.Seed {
				chosen = "chosen"
			}
			fmt.Fprintf(b, "| %s | %d | %s | %.4f | %s | %d of %d | %s | %s | %s |\n", e.Card.Name, c.Seed, Percent(c.Figures.Accuracy()),
				c.Figures.Loss, Percent(c.Figures.Frozen), c.Figures.Openers, c.Figures.Channels, kept, unmet, chosen)
		}
	}
}

// named is the task of that name, or nil where it takes a text.
func named(name string) task.Task {
	t, err := task.ByName(name)
	if err != nil {
		return nil
	}
	return t
}

func parameters(f *checkpoint.File) string { return fmt.Sprintf("%d parameters", f.Parameters) }

func size(f *checkpoint.File) string { return fmt.Sprintf("%.0f KB", float64(f.Bytes)/1000) }

// capital makes the first letter a capital.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
