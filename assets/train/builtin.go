package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mamba-tui/model/task"
	"mamba-tui/model/train"
)

// builtin is a model to make.
type builtin struct {
	name    string
	recipe  train.Recipe // but for the seed
	seeds   []uint64
	lengths []int // beyond the trained one, at which it is measured too
	text    bool  // needs a text
}

// builtins are the trained models, in the order in which they are listed.
func builtins() []builtin {
	of := func(name string, seeds int, longest int, change func(*train.Recipe)) builtin {
		b := builtin{name: name, recipe: train.Defaults(name)}
		for s := range seeds {
			b.seeds = append(b.seeds, uint64(s+1))
		}
		if change != nil {
			change(&b.recipe)
		}
		for n := 2 * slices.Max(b.recipe.Lengths); n <= longest; n *= 2 {
			b.lengths = append(b.lengths, n)
		}
		return b
	}
	list := []builtin{
		of("header", 8, 1<<14, nil),
		of("majority", 4, 1<<14, nil),
		of("recall", 3, 1<<14, nil),
		of("induction", 4, 1<<16, nil),
		of("induction-long", 1, 1<<16, func(r *train.Recipe) {
			// A curriculum up to 2^14 tokens: each length once the one before is
			// learned, so that Δ on noise goes on shrinking.
			*r = train.Defaults("induction")
			r.Steps, r.MostTokens, r.Lengths = 1600, 1<<15, nil
			for n := 16; n <= 1<<14; n *= 2 {
				r.Lengths = append(r.Lengths, n)
			}
		}),
		of("selective-copying", 2, 1<<12, nil),
		of("chars", 2, 1<<12, func(r *train.Recipe) { r.Steps = 2400 }),
	}
	list[len(list)-1].text = true
	return list
}

// selected are the models that --only names, or all that can be made.
func selected(only, text string) ([]builtin, error) {
	var list []builtin
	left := map[string]bool{}
	if only != "" {
		for _, name := range strings.Split(only, ",") {
			left[name] = true
		}
	}
	for _, b := range builtins() {
		switch {
		case left[b.name] && b.text && text == "":
			return nil, fmt.Errorf("%s learns from a text: name one with --text", b.name)
		case left[b.name], only == "" && (!b.text || text != ""):
			list = append(list, b)
		}
		delete(left, b.name)
	}
	for name := range left {
		return nil, fmt.Errorf("there is no built-in model %q to train", name)
	}
	return list, nil
}

// seedsOf reads --seeds.
func seedsOf(text string) ([]uint64, error) {
	var list []uint64
	for _, part := range strings.Split(text, ",") {
		s, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("--seeds: %q is not a seed", part)
		}
		list = append(list, s)
	}
	return list, nil
}

// open is the task of a model.
func (b builtin) open(text string) (task.Task, error) {
	if !b.text {
		text = ""
	}
	return task.Open(b.recipe.Task, text)
}
