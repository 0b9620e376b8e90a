package task

import (
	"fmt"
	"strings"
)

// All lists the tasks that need nothing but a name, with their default
// settings, in the order in which they are shown. The character model is not
// among them: it needs a text (OpenChars).
func All() []Task {
	return []Task{Header{Often: true}, Majority{}, Recall{}, Induction{}, SelectiveCopying{}, Copying{}}
}

// Names lists the names that Open knows: those of All, and chars.
func Names() []string {
	var names []string
	for _, l := range List() {
		names = append(names, l.Name)
	}
	return names
}

// Listing is one line of the list of tasks.
type Listing struct {
	Name string
	About
	Lengths   []int // the lengths it is trained at by default
	NeedsText bool  // it is made from a text file
}

// List describes every task by name, those of All first.
func List() []Listing {
	var list []Listing
	for _, t := range All() {
		list = append(list, Listing{Name: t.Name(), About: t.About(), Lengths: t.(Sized).Lengths()})
	}
	var chars *Chars // says what it is without a text
	return append(list, Listing{Name: chars.Name(), About: chars.About(), Lengths: chars.Lengths(), NeedsText: true})
}

// ByName is the task of All with that name.
func ByName(name string) (Task, error) {
	for _, t := range All() {
		if t.Name() == name {
			return t, nil
		}
	}
	if name == charsName {
		return nil, fmt.Errorf("task: %s needs a text file to learn from: name one", name)
	}
	return nil, fmt.Errorf("task: there is no task %q: the tasks are %s", name, strings.Join(Names(), ", "))
}

// Open is the task with that name. For chars, text is the path of the text
// file; for every other task it is empty.
func Open(name, text string) (Task, error) {
	switch {
	case name == charsName && text != "":
		return OpenChars(text, CharsOptions{})
	case text == "":
		return ByName(name)
	}
	t, err := ByName(name)
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("task: %s does not learn from a text, but %q is given: leave it out, or choose %s",
		t.Name(), text, charsName)
}
