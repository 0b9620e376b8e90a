package task_test

import (
	"fmt"
	"math/rand/v2"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// The hand-written header model reads two documents and is asked for the
// header of the second.
func ExampleHeaderExact() {
	cfg, w, card := task.HeaderExact()
	m, err := model.New(scan.NewCPU(scan.Options{}), cfg, w)
	if err != nil {
		panic(err)
	}
	s, err := m.NewState()
	if err != nil {
		panic(err)
	}
	// ¶ 4 a c ? 4 ¶ 9 c a ?
	tokens := []int32{16, 4, 10, 12, 17, 4, 16, 9, 12, 10, 17}
	logits := make([]float32, cfg.VocabSize)
	if err := m.Forward(s, tokens, model.Options{Logits: logits}); err != nil {
		panic(err)
	}
	for _, g := range model.Top(logits, 2) {
		fmt.Printf("%s %.2f\n", card.Symbols[g.ID], g.P)
	}
	// Output:
	// 9 0.97
	// · 0.00
}

// A sequence of the induction task: the answer followed S the last time.
func ExampleInduction() {
	s := task.Induction{}.Draw(rand.New(rand.NewPCG(1, 2)), 12)
	for _, id := range s.Tokens {
		if id == task.InductionKey {
			fmt.Print("S ")
			continue
		}
		fmt.Printf("%c ", 'a'+id)
	}
	fmt.Printf("→ %c\n", 'a'+s.Asks[0].Answer)
	// Output:
	// a m i k a m j S j a p S → j
}

// Sequence 3 of seed 1 of selective copying with four values: the same at every
// call, on every machine. What is asked stands after the arrow.
func ExampleNth() {
	t := task.SelectiveCopying{Tokens: 4}
	symbols := t.Card().Symbols
	s := task.Nth(t, 1, 3, 20)
	for _, id := range s.Tokens {
		fmt.Print(symbols[id])
	}
	fmt.Print(" → ")
	for _, a := range s.Asks {
		fmt.Print(symbols[a.Answer])
	}
	fmt.Println()
	// Output:
	// g........d.n...n???? → gdnn
}
