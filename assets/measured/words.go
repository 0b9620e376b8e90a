package measured

import (
	"fmt"
	"strings"

	"mamba-tui/model/task"
)

// Note is what the card says of a model: one line, every figure of which was
// measured.
func Note(t task.Task, f Figures) string {
	events := classes(t.About().Events)
	var parts []string
	if t.Name() == "chars" {
		parts = append(parts, fmt.Sprintf("measured on the held-out tenth: %.3f nats a character, %.1f %% guessed right", f.Loss, 100*f.Accuracy()))
	} else {
		parts = append(parts, fmt.Sprintf("measured: %s right at %d tokens", Percent(f.Accuracy()), f.Length))
	}
	parts = append(parts, fmt.Sprintf("%s with Δ frozen at its mean", Percent(f.Frozen)),
		fmt.Sprintf("Δ opens on %s in %d of %d channels of layer %d", events, f.Openers, f.Channels, f.Layer))
	if k := f.Kept(1); k >= 0 {
		parts = append(parts, fmt.Sprintf("one token after ¶, h differs by %.2f when what came before is swapped (%.2f before ¶)", k, f.Kept(-1)))
	}
	if f.Other != nil {
		parts = append(parts, fmt.Sprintf("%s right %s, which training never showed", Percent(f.Other.Accuracy()), f.OtherTask))
	}
	if a, ok := f.breaks(); ok {
		what := "at %d tokens"
		if Hold(t) != t {
			what = "in one document of %d tokens"
		}
		parts = append(parts, fmt.Sprintf("%s right "+what+": memory leaks away", Percent(a.Accuracy()), a.Length))
	}
	return strings.Join(parts, "; ")
}

// breaks is the first length beyond the trained one where fewer than 90 % are
// right, if more were at the trained one.
func (f Figures) breaks() (AtLength, bool) {
	if f.Accuracy() < 0.9 {
		return AtLength{}, false
	}
	for _, a := range f.Lengths {
		if a.Length > f.Length && a.Accuracy() < 0.9 {
			return a, true
		}
	}
	return AtLength{}, false
}

// Percent is a share with as many digits as it takes not to call 99.96 % all.
func Percent(x float64) string {
	switch {
	case x == 1:
		return "100 %"
	case x > 0.9995:
		return fmt.Sprintf("%.2f %%", 100*min(x, 0.9999))
	}
	return fmt.Sprintf("%.1f %%", 100*x)
}

// classes lists the names of a set, as a viewer calls them.
func classes(s task.ClassSet) string {
	var names []string
	for c := range task.NumClasses {
		if s.Has(c) {
			names = append(names, c.String())
		}
	}
	return strings.Join(names, " and ")
}
