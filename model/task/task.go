package task

import (
	"fmt"
	"math/rand/v2"
)

// Task draws sequences of a vocabulary of tokens and says what the right
// answers are.
type Task interface {
	// Name is the task's short name.
	Name() string
	// Vocab is the number of token ids a sequence uses: ids are below it.
	Vocab() int
	// Shortest is the least length of a sequence.
	Shortest() int
	// Draw makes a sequence of exactly length tokens. A length below Shortest
	// is a programming error and panics.
	Draw(r *rand.Rand, length int) Sample
}

// Sample is one sequence and what is asked in it.
type Sample struct {
	Tokens []int32
	// Asks are ascending in At; there is at least one, and the last is at the
	// last token.
	Asks []Ask
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
