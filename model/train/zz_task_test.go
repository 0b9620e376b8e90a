package train

import (
	"math/rand/v2"

	"mamba-tui/model/task"
)

type zzHeader struct{ task.Header; answers int; same bool }

func (h zzHeader) Draw(r *rand.Rand, L int) task.Sample {
	var s task.Sample
	put := func(tok int32, c task.Class) { s.Tokens = append(s.Tokens, tok); s.Classes = append(s.Classes, c) }
	for len(s.Tokens) < L {
		put(task.HeaderMark, task.Event)
		x := r.Int32N(16)
		put(x, task.Data)
		n := 4 + r.IntN(40)
		for range n {
			if r.IntN(8) == 0 {
				s.Asks = append(s.Asks, task.Ask{At: len(s.Tokens), Answer: x})
				put(task.HeaderAsk, task.Query)
				if h.answers > 0 && r.IntN(h.answers) == 0 {
					put(x, task.Query)
				}
			} else {
				y := r.Int32N(15)
				if y >= x { y++ }
				if h.same { y = r.Int32N(16) }
				put(y, task.Noise)
			}
		}
	}
	s.Tokens, s.Classes = s.Tokens[:L], s.Classes[:L]
	for len(s.Asks) > 0 && s.Asks[len(s.Asks)-1].At >= L {
		s.Asks = s.Asks[:len(s.Asks)-1]
	}
	return s
}
