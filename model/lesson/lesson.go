package lesson

import (
	"context"
	"fmt"
	"strings"

	"mamba-tui/model/session"
)

// Lesson is one question and what answers it.
type Lesson struct {
	Name   string // as it is called on the command line and in the texts
	Model  string // the built-in model that the explorer opens
	Prompt string // what it reads
	// Tweaks are in force when the lesson begins.
	Tweaks []session.Tweak
	Steps  []Step
	Claims []Claim
}

// Step is one thing to do in the explorer, and what to see there. Its words
// stand in the text of its name.
type Step struct {
	Name string
	// Keys do the step, one after the other, as the explorer names them; a
	// test walks through every lesson with them.
	Keys []string
	// Done says that the frame shows what the step is about.
	Done func(f *session.Frame) bool
	// Values are what the frame says for the places in the step's text; nil
	// where it has none. A value that the frame does not have is left out.
	Values func(f *session.Frame) []Value
}

// Claim is a sentence that a measurement makes true or false. Its words stand
// in the text of its name, with a place for every value.
type Claim struct {
	Name  string
	Check func(ctx context.Context, lab *Lab) (Finding, error)
}

// Finding is what a check measured.
type Finding struct {
	Holds  bool
	Values []Value
}

// Verdict is a claim with what was found.
type Verdict struct {
	Lesson, Claim string
	Finding
	Err error // the claim could not be measured; Holds is then false
}

// All are the lessons in the order in which they are offered.
func All() []*Lesson { return []*Lesson{fading(), boundary(), gating()} }

// Names lists them.
func Names() []string {
	var names []string
	for _, l := range All() {
		names = append(names, l.Name)
	}
	return names
}

// ByName is the lesson called name.
func ByName(name string) (*Lesson, error) {
	for _, l := range All() {
		if l.Name == name {
			return l, nil
		}
	}
	return nil, fmt.Errorf("lesson: there is no lesson %q: there are %s", name, strings.Join(Names(), ", "))
}

// Check measures the lesson's claims one after the other and hands out each
// verdict as it is found. It is the same code that the tests run. When ctx
// ends it returns its error; claims that were not measured get no verdict.
func (l *Lesson) Check(ctx context.Context, lab *Lab, found func(Verdict)) error {
	for i := range l.Claims {
		v, err := l.Measure(ctx, lab, i)
		if err != nil {
			return err
		}
		found(v)
	}
	return nil
}

// Measure is the verdict on claim i. Its error is that of ctx; what else fails
// stands in the verdict.
func (l *Lesson) Measure(ctx context.Context, lab *Lab, i int) (Verdict, error) {
	if err := ctx.Err(); err != nil {
		return Verdict{}, err
	}
	v := Verdict{Lesson: l.Name, Claim: l.Claims[i].Name}
	v.Finding, v.Err = l.Claims[i].Check(ctx, lab)
	if v.Err != nil {
		v.Holds = false
	}
	return v, ctx.Err()
}
