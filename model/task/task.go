package task

import (
	"fmt"
	"math/rand/v2"

	"mamba-tui/model"
)

// Task draws sequences of a vocabulary of tokens and says what the right
// answers are. A Task has no state: all that is random comes from the
// generator it is given, so the same generator gives the same sequences.
type Task interface {
	// Name is the task's short name, as in --task.
	Name() string
	// About says in words what the task is and what it shows.
	About() About
	// Card is the beginning of the model.Card of a model trained on the task:
	// its symbol table (one symbol for each of Vocab ids), aliases and
	// prompts. Name, Kind, Note and Command are the trainer's to fill in.
	Card() model.Card
	// Vocab is the number of token ids a sequence uses: ids are below it.
	Vocab() int
	// Shortest is the least length of a sequence.
	Shortest() int
	// Draw makes a sequence of exactly length tokens. A length below Shortest
	// is a programming error and panics.
	Draw(r *rand.Rand, length int) Sample
}

// HeldOut is a task that keeps material of its own for evaluation, such as the
// last part of a text. Tasks that draw from all possible sequences need none:
// a fresh draw was never seen.
type HeldOut interface {
	Task
	// HeldOut draws only from what Draw never shows.
	HeldOut() Task
}

// About is what a task is, for lists and captions.
type About struct {
	// Line is the definition in one line, such as "¶ h noise … ? → h".
	Line string
	// Shows is what a viewer can see in a model trained on it.
	Shows string
	// Events are the classes on whose tokens a selective model should open Δ,
	// Rest those it should ignore: what the AUC of a channel tells apart.
	Events, Rest ClassSet
	// Resets says that an Event starts a new document: nothing before it
	// matters from there on.
	Resets bool
}

// Class is the part a token plays in a sequence.
type Class uint8

// The classes of tokens.
const (
	Noise Class = iota // to be ignored
	Data               // to be remembered
	Event              // opens, ends or marks: ¶, the special key S
	Query              // asks, or is where an answer is due
	NumClasses
)

var classNames = [NumClasses]string{"noise", "data", "event", "query"}

// String is the name of the class: noise, data, event or query.
func (c Class) String() string {
	if c >= NumClasses {
		return fmt.Sprintf("class(%d)", uint8(c))
	}
	return classNames[c]
}

// ClassSet is a set of classes: bit c stands for Class c.
type ClassSet uint8

// Classes is the set of the given classes.
func Classes(cs ...Class) ClassSet {
	var s ClassSet
	for _, c := range cs {
		s |= 1 << c
	}
	return s
}

// Has says that c is in the set.
func (s ClassSet) Has(c Class) bool { return s>>c&1 != 0 }

// Sample is one sequence and what is asked in it.
type Sample struct {
	Tokens []int32
	// Asks are ascending in At; there is at least one. In the tasks with a
	// question at the end the last is at the last token.
	Asks []Ask
	// Classes holds the part each token plays.
	Classes []Class
}

// Targets is the right next token after each token, or −1 where nothing is
// asked. dst is reused when it is long enough.
func (s Sample) Targets(dst []int32) []int32 {
	if cap(dst) < len(s.Tokens) {
		dst = make([]int32, len(s.Tokens))
	}
	dst = dst[:len(s.Tokens)]
	for i := range dst {
		dst[i] = -1
	}
	for _, a := range s.Asks {
		dst[a.At] = a.Answer
	}
	return dst
}

// Ask says that after token At the right next token is Answer.
type Ask struct {
	At     int
	Answer int32
}

// Symbols is how many symbols both tasks choose from: ids 0 … Symbols−1.
const Symbols = 16

// other is a random symbol that is not avoid.
func other(r *rand.Rand, avoid int32) int32 {
	s := r.Int32N(Symbols - 1)
	if s >= avoid {
		s++
	}
	return s
}

// require panics when a sequence of the task cannot be that short.
func require(t Task, length int) {
	if length < t.Shortest() {
		panic(fmt.Sprintf("task: %s: length is too short", t.Name()))
	}
}
